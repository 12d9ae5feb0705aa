// Owns random fact streams of a small, badly behaved garage: few cars, few references, close times, revisions.
// Must not hold expectations.
import fc from 'fast-check'
import type { ReportedCredential } from '../../../core/domain/parking-fact.ts'
import type { StayFact } from '../../../core/domain/stay/index.ts'
import { card, entry, exit, fact, minute, plate } from './fact-maker.ts'

/** Cars with the forms in which readers report their card; two share one card, and the first and last are nearly of one plate. */
const cars: readonly (readonly ReportedCredential[])[] = [
  [plate('AB123')],
  [plate('WOB851'), card('26DEFAE7')],
  [plate('XY777'), card('04A3C6CAE26180')],
  [plate('QR555'), card('04A3C6CAE26180')],
  [plate('AB128')],
]
const forms: Readonly<Record<string, string>> = { '26DEFAE7': '3891977766', AB123: 'A8123', WOB851: 'W0B851' }

const credentials = fc
  .record({ car: fc.nat(cars.length - 1), shows: fc.constantFrom('all', 'plate', 'last', 'none'), other: fc.boolean() })
  .map(({ car, shows, other }): ReportedCredential[] => {
    const all = (cars[car] ?? []).map((one) => (other ? { ...one, value: forms[one.value] ?? one.value } : one))
    if (shows === 'none') return []
    return shows === 'all' ? all : shows === 'plate' ? all.slice(0, 1) : all.slice(-1)
  })

const kinds = [
  'entry',
  'exit',
  'internal',
  'requested',
  'backedOut',
  'opened',
  'closed',
  'corrected',
  'voided',
  'paid',
  'priced',
  'wentBack',
] as const
const weights = [8, 8, 1, 2, 1, 1, 1, 1, 0.3, 1, 1, 1]

const seed = fc.record({
  kind: fc.oneof(
    ...kinds.map((kind, i) => ({ weight: Math.ceil((weights[i] ?? 1) * 10), arbitrary: fc.constant(kind) })),
  ),
  at: fc.nat(400),
  until: fc.nat(400),
  ref: fc.option(fc.constantFrom('S1', 'S2', 'S3'), { nil: undefined, freq: 2 }),
  request: fc.option(fc.constantFrom('r1', 'r2', 'r3'), { nil: undefined, freq: 2 }),
  credentials,
  lane: fc.constantFrom('L1', 'L2'),
  amount: fc.nat(2000),
})
type Seed = typeof seed extends fc.Arbitrary<infer S> ? S : never

function factOf(id: string, revision: number, one: Seed): StayFact {
  const { kind, at, credentials, lane } = one
  const request = one.request === undefined ? {} : { requestId: one.request }
  const rest = { revision, lane, ...(one.ref === undefined ? {} : { stayRef: one.ref }) }
  const named = { ...rest, stayRef: one.ref ?? 'S1' }
  switch (kind) {
    case 'entry':
      return entry(id, at, credentials, { ...rest, ...request })
    case 'exit':
      return exit(id, at, credentials, { ...rest, ...request })
    case 'internal':
      return fact('gate.passed', id, at, { direction: 'internal', credentials }, rest)
    case 'requested':
      return fact('gate.requested', id, at, { direction: 'entry', credentials, ...request }, rest)
    case 'backedOut':
      return fact('gate.backedOut', id, at, { direction: 'entry', credentials, requestId: one.request ?? 'r1' }, rest)
    case 'opened':
      return fact(
        'stay.opened',
        id,
        at,
        { credentials, enteredAt: minute(Math.min(at, one.until)).toISOString() },
        named,
      )
    case 'closed':
      return fact('stay.closed', id, at, { credentials }, named)
    case 'corrected': {
      const exitedAt = one.until % 2 ? null : minute(one.until).toISOString()
      return fact('stay.corrected', id, at, { changed: one.until % 3 ? { exitedAt } : { credentials } }, named)
    }
    case 'voided':
      return fact('stay.voided', id, at, {}, named)
    case 'wentBack':
      return fact('gate.backedOut', id, at, { direction: one.until % 2 ? 'entry' : 'exit', credentials }, rest)
    case 'priced':
      return fact(
        'stay.priced',
        id,
        at,
        { amountMinor: one.amount, currency: 'USD', final: one.until % 2 === 0 },
        named,
      )
    case 'paid':
      return fact('payment.captured', id, at, { amountMinor: one.amount, currency: 'USD', scope: 'parking' }, named)
  }
}

/** Up to 24 facts, some of which come in two revisions. */
export const factStream: fc.Arbitrary<StayFact[]> = fc
  .array(fc.record({ first: seed, second: fc.option(seed, { nil: undefined, freq: 4 }) }), { maxLength: 24 })
  .map((items) =>
    items.flatMap(({ first, second }, i) => [
      factOf(`f${i}`, 1, first),
      ...(second ? [factOf(`f${i}`, 2, { ...second, kind: first.kind })] : []),
    ]),
  )

/** Three cars of nearly one plate, read right and wrong, and a gate that misses some: what pairing by plate has to be careful with. */
export const nearStream: fc.Arbitrary<StayFact[]> = fc
  .array(
    fc.record({
      direction: fc.constantFrom('entry', 'exit', 'entry', 'exit', 'internal'),
      at: fc.nat(90),
      value: fc.constantFrom('ABC123', 'A8C123', 'ABC128', 'ABC1Z3', 'XYZ777'),
      ticket: fc.option(fc.constantFrom('0123456789', '0123456780'), { nil: undefined, freq: 6 }),
      candidates: fc.option(fc.constantFrom('ABC123', 'ABC128'), { nil: undefined, freq: 4 }),
    }),
    { maxLength: 12 },
  )
  .map((passages) =>
    passages.map(({ direction, at, value, ticket, candidates }, i) => {
      const read = plate(
        value,
        candidates === undefined ? {} : { candidates: [{ value: candidates, confidence: 0.4 }] },
      )
      const shown: ReportedCredential[] = [
        read,
        ...(ticket === undefined ? [] : [{ kind: 'ticket' as const, value: ticket }]),
      ]
      if (direction === 'entry') return entry(`n${i}`, at, shown)
      if (direction === 'exit') return exit(`n${i}`, at, shown)
      return fact('gate.passed', `n${i}`, at, { direction: 'internal', credentials: shown })
    }),
  )
