// Owns random recordings of a small garage: what its gates, pay station and chargers told over some hours, in the order it happened.
// Must not hold expectations; nothing in a recording is impossible, but much of it is corrected later.
import fc from 'fast-check'
import type { ChargerFact, ConnectorStatus } from '../../core/domain/charger-fact.ts'
import type { ParkingFact, ReportedCredential } from '../../core/domain/parking-fact.ts'

export const opening = Date.parse('2026-03-02T06:00:00Z')
const at = (minute: number) => new Date(opening + minute * 60_000)
const time = (minute: number) => ({ at: at(minute), device: at(minute) })

export type Told = { minute: number } & (
  | { door: 'parcs'; fact: ParkingFact }
  | { door: 'charger'; station: number; fact: ChargerFact }
)

/** The form at the gate, the form at the charger, and the plate. The last two have no card. */
export const cars = [
  { plate: 'ADA1111', gate: '04A3C6CAE26180', charger: '8061E2CAC6A304', account: 'ada' },
  { plate: 'BOB8510', gate: '26DEFAE7', charger: 'E7FADE26', account: 'bob' },
  { plate: 'VIS7700', gate: '04A3C611223344', charger: '04A3C611223344', account: null },
  { plate: 'EVA2233', gate: null, charger: null, account: 'eva' },
  { plate: 'TOM9090', gate: null, charger: null, account: null },
] as const

const often = (weight: number) => fc.nat(99).map((n) => n < weight)

const plugIn = fc.record({
  gap: fc.integer({ min: 2, max: 20 }),
  lead: fc.integer({ min: 0, max: 3 }),
  steps: fc.array(
    fc.record({
      wh: fc.integer({ min: 0, max: 2_500 }),
      state: fc.constantFrom('charging' as const, 'suspended_vehicle' as const, 'suspended_station' as const),
    }),
    { maxLength: 3 },
  ),
  restarted: often(20),
  linger: fc.integer({ min: 0, max: 30 }),
  card: often(80),
  seen: often(40),
})

const visit = fc.record({
  car: fc.nat(cars.length - 1),
  arrives: fc.integer({ min: 0, max: 120 }),
  stays: fc.integer({ min: 5, max: 60 }),
  referenced: often(80),
  leaves: often(92),
  backedOut: often(20),
  misread: fc.constantFrom('no', 'no', 'revised', 'corrected'),
  exitCorrected: often(20),
  voided: often(10),
  pays: fc.constantFrom('no', 'once', 'once', 'revised', 'refunded'),
  discount: fc.constantFrom('no', 'no', 'amount', 'percent', 'minutes'),
  plugIns: fc.array(plugIn, { maxLength: 2 }),
})
type Visit = typeof visit extends fc.Arbitrary<infer V> ? V : never

/** Two stations with two EVSEs; the fifth visit and on come hours later to the same places. */
const places = 4
const laterByMinutes = 700

export const recording: fc.Arbitrary<Told[]> = fc.array(visit, { minLength: 2, maxLength: 6 }).map((visits) => {
  const registers = [5_000, 60_000, 700_000, 0]
  const told = visits.flatMap((one, i) => tellVisit(one, i, registers))
  return told.sort((a, b) => a.minute - b.minute)
})

function tellVisit(one: Visit, index: number, registers: number[]): Told[] {
  const place = index % places
  const car = cars[one.car] ?? cars[0]
  const enters = one.arrives + Math.floor(index / places) * laterByMinutes
  const out: Told[] = []
  const charging = tellCharging(one, index, place, enters, registers)
  const exits = charging.end + one.stays
  const ref = one.referenced ? { stayRef: `S-${index}` } : {}
  const parcs = (
    minute: number,
    type: ParkingFact['type'],
    id: string,
    data: unknown,
    more: Partial<Pick<ParkingFact, 'revision' | 'stayRef' | 'lane'>> = {},
  ) =>
    out.push({
      door: 'parcs',
      minute,
      fact: {
        id: `${id}-${index}`,
        revision: 1,
        type,
        occurredAt: at(minute),
        backfilled: false,
        data,
        ...more,
      } as ParkingFact,
    })
  const shown = (plate: string): ReportedCredential[] => [
    { kind: 'plate', value: plate, confidence: 0.97 },
    ...(car.gate === null ? [] : [{ kind: 'card' as const, value: car.gate, encoding: 'hex' }]),
  ]
  const misread = car.plate.replace('1', 'I').replace('0', 'O').replace('2', 'Z')
  const entry = (plate: string) => ({ direction: 'entry', requestId: `r-${index}`, credentials: shown(plate) })

  if (one.backedOut) {
    const credentials = shown(car.plate)
    parcs(
      enters - 3,
      'gate.requested',
      'asked',
      { direction: 'entry', requestId: `b-${index}`, credentials },
      { lane: 'IN' },
    )
    parcs(
      enters - 2,
      'gate.backedOut',
      'back',
      { direction: 'entry', requestId: `b-${index}`, credentials },
      { lane: 'IN' },
    )
  }
  parcs(enters, 'gate.passed', 'in', entry(one.misread === 'no' ? car.plate : misread), { ...ref, lane: 'IN' })
  if (one.misread === 'revised')
    parcs(enters, 'gate.passed', 'in', entry(car.plate), { ...ref, lane: 'IN', revision: 2 })
  for (const seen of charging.seen) {
    const data = { role: 'charger', evse: `E-${place}`, credentials: [{ kind: 'plate', value: car.plate }] }
    parcs(seen, 'credential.observed', `seen${seen}`, data)
  }
  out.push(...charging.told)
  if (one.leaves) {
    const data = { direction: 'exit', credentials: shown(car.plate) }
    parcs(exits, 'gate.passed', 'out', data, { ...ref, lane: 'OUT' })
  }
  if (!one.referenced) return out
  if (one.misread === 'corrected') parcs(exits + 5, 'stay.corrected', 'plate', { changed: { plate: car.plate } }, ref)
  if (one.leaves && one.exitCorrected) {
    const changed = { exitedAt: at(exits + 90).toISOString() }
    parcs(exits + 95, 'stay.corrected', 'exit', { changed }, ref)
  }
  if (one.discount !== 'no') {
    const size = { amount: { amountMinor: 150 }, percent: { percent: 50 }, minutes: { minutes: 60 } }[one.discount]
    parcs(exits - 1, 'discount.applied', 'discount', { kind: 'validation', providerNo: '7', ...size }, ref)
  }
  const money = (amountMinor: number) => ({ amountMinor, currency: 'USD', method: 'card', scope: 'parking' })
  if (one.pays !== 'no') parcs(exits - 1, 'payment.captured', 'paid', money(400), ref)
  if (one.pays === 'revised') parcs(exits - 1, 'payment.captured', 'paid', money(600), { ...ref, revision: 2 })
  if (one.pays === 'refunded') parcs(exits + 30, 'payment.refunded', 'refund', money(100), ref)
  if (one.voided) parcs(exits + 40, 'stay.voided', 'void', { reason: 'opened by mistake' }, ref)
  return out
}

function tellCharging(one: Visit, index: number, place: number, from: number, registers: number[]) {
  const station = Math.floor(place / 2)
  const evse = (place % 2) + 1
  const told: Told[] = []
  const seen: number[] = []
  const token = cars[one.car]?.charger ?? null
  let minute = from
  let register = registers[place] ?? 0
  const tell = (fact: ChargerFact) => told.push({ door: 'charger', station, minute, fact })
  const status = (now: ConnectorStatus) =>
    tell({ kind: 'connector.status', evse, connector: 1, status: now, rawStatus: now, time: time(minute) })
  for (const [i, plug] of one.plugIns.entries()) {
    minute += plug.gap
    status('occupied')
    if (plug.seen) seen.push(minute)
    minute += plug.lead
    for (const round of plug.restarted ? [0, 1] : [0]) {
      let sequence = 0
      const event = (phase: 'started' | 'updated' | 'ended', more: object = {}) =>
        tell({
          kind: 'transaction',
          phase,
          name: { by: 'station', ref: `tx-${index}-${i}-${round}` },
          sequence: sequence++,
          evse,
          connector: 1,
          time: time(minute),
          samples: [{ time: time(minute), context: 'periodic', registerWh: register }],
          offline: false,
          ...more,
        })
      event('started', plug.card && token !== null ? { token: { value: token, kind: 'iso14443' } } : {})
      for (const step of plug.steps) {
        minute += 15
        register += step.wh
        event('updated', { chargingState: step.state })
      }
      minute += 1
      event('ended', { stopReason: 'Local' })
      minute += 1
    }
    minute += plug.linger
    status('available')
  }
  registers[place] = register
  return { told, seen, end: minute }
}
