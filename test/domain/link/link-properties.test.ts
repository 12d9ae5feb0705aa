// Owns the laws of linking over random neighbourhoods, crowded on purpose so that everything collides.
// Must not hold single examples; decide-links.test.ts has those.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  decideLinks,
  defaultLinkPolicy,
  type ExistingLink,
  explainDecision,
  type LinkDecision,
  linkIndexKeys,
  type SessionView,
  type StayView,
  scoreLink,
} from '../../../core/domain/link/index.ts'
import { at } from './link-views.ts'

// Two cards, one of them in three forms, a piece that fits both, a ticket and its QR code, rubbish.
const presentation = fc.constantFrom(
  { raw: '04AF68DAC85A80', kind: 'card' as const },
  { raw: '805AC8DA68AF04', kind: 'card' as const },
  { raw: '04AF6811223344' },
  { raw: '68AF04', kind: 'card' as const },
  { raw: '68AF04', kind: 'card' as const, fitsEnrolled: 1 },
  { raw: '68AF04', kind: 'card' as const, fitsEnrolled: 2 },
  { raw: '26DEFAE7' },
  { raw: '0652147431', kind: 'card' as const, credentialId: 'c1' },
  { raw: '0099123456', kind: 'ticket' as const },
  { raw: '0099123456', kind: 'qr' as const },
  { raw: '1234', kind: 'pin' as const },
  { raw: 'MAB1234', kind: 'plate' as const },
  { raw: '\u0000', kind: 'card' as const },
)
const plateText = fc.constantFrom(
  'MAB1234',
  'MA81234',
  'MABI234',
  'HAB1234',
  'W0B8S1',
  'WOBBS1',
  'WOB851',
  'HXY999',
  'unknown',
  'A1',
)
const country = fc.constantFrom(undefined, undefined, 'DE', 'AT')
const confidence = fc.constantFrom(undefined, 0.4, 0.95)
const maybe = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(value, { nil: null, freq: 2 })
const minute = fc.nat(60).map((step) => new Date(at('08:00').getTime() + step * 5 * 60_000))
const account = fc.constantFrom('a1', 'a2')
const vehicle = fc.constantFrom('v1', 'v2')
const bayId = fc.constantFrom('b1', 'b2')
const site = fc.constantFrom('garage', 'garage', 'garage', 'other')

const stayView = (id: string): fc.Arbitrary<StayView> =>
  fc
    .record({
      siteId: site,
      enteredAt: maybe(minute),
      minutes: maybe(fc.nat(240)),
      presentations: fc.array(presentation, { maxLength: 2 }),
      plateReads: fc.array(
        fc.record({
          text: plateText,
          at: minute,
          confidence,
          country,
          candidates: fc.constantFrom(undefined, [{ text: 'MAB1234' }]),
        }),
        { maxLength: 2 },
      ),
      accountId: maybe(account),
      vehicleId: maybe(vehicle),
      accountPlates: fc.constantFrom(undefined, ['MAB1234'], ['HXY999', 'WOBBS1']),
      bays: fc.array(
        fc.record({
          bayId,
          from: minute,
          to: maybe(minute),
          source: fc.constantFrom(undefined, 'camera' as const, 'session' as const),
          plate: fc.constantFrom(undefined, 'MAB1234'),
        }),
        { maxLength: 2 },
      ),
      state: fc.constantFrom('open' as const, 'closed' as const, 'closed' as const, 'voided' as const),
    })
    .map(({ minutes, ...rest }) => ({
      ...rest,
      id,
      parkerKind: 'transient' as const,
      exitedAt: minutes === null ? null : new Date((rest.enteredAt ?? at('09:00')).getTime() + minutes * 60_000),
    }))

const sessionView = (id: string): fc.Arbitrary<SessionView> =>
  fc
    .record({
      siteId: site,
      evseId: fc.constantFrom('e1', 'e2', 'e3'),
      bayId: maybe(bayId),
      pluggedAt: minute,
      minutes: maybe(fc.nat(180)),
      presentations: fc.array(presentation, { maxLength: 2 }),
      accountId: maybe(account),
      vehicleId: maybe(vehicle),
      plate: maybe(fc.record({ text: plateText, country, confidence })),
      accountPlates: fc.constantFrom(undefined, undefined, ['MAB1234'], ['MA81234', 'HXY999']),
      idTokenKind: fc.constantFrom(null, 'iso14443', 'emaid', 'central'),
    })
    .map(({ minutes, ...rest }) => ({
      ...rest,
      id,
      unpluggedAt: minutes === null ? null : new Date(rest.pluggedAt.getTime() + minutes * 60_000),
    }))

const ids = (prefix: string, count: number) => Array.from({ length: count }, (_, i) => `${prefix}${i}`)
const world = fc
  .tuple(fc.integer({ min: 0, max: 7 }), fc.integer({ min: 1, max: 6 }))
  .chain(([stayCount, sessionCount]) =>
    fc.record({
      stays: fc.tuple(...ids('stay', stayCount).map(stayView)) as fc.Arbitrary<StayView[]>,
      sessions: fc.tuple(...ids('session', sessionCount).map(sessionView)) as fc.Arbitrary<SessionView[]>,
      existing: fc.array(
        fc.record({
          stayId: fc.constantFrom(...ids('stay', 8)),
          sessionId: fc.constantFrom(...ids('session', 6)),
          state: fc.constantFrom(
            'linked' as const,
            'rejected' as const,
            'unlinked' as const,
            'review' as const,
            'withdrawn' as const,
          ),
          decidedBy: fc.constantFrom('hub' as const, 'person' as const),
          decidedAt: fc.constantFrom(undefined, at('12:00'), at('13:00')),
        }),
        { maxLength: 4 },
      ) as fc.Arbitrary<ExistingLink[]>,
    }),
  )

const runs = { numRuns: 1500 }
const overlap = (a: SessionView, b: SessionView) =>
  (Math.min(a.unpluggedAt?.getTime() ?? Infinity, b.unpluggedAt?.getTime() ?? Infinity) -
    Math.max(a.pluggedAt.getTime(), b.pluggedAt.getTime())) /
  60_000

/** The pairs a person decided last, by time only where times differ. */
function refusedPairs(existing: readonly ExistingLink[]): Set<string> {
  const pairs = new Map<string, ExistingLink[]>()
  for (const link of existing) {
    if (link.decidedBy !== 'person') continue
    const key = `${link.sessionId} ${link.stayId}`
    pairs.set(key, [...(pairs.get(key) ?? []), link])
  }
  return new Set(
    [...pairs].flatMap(([key, links]) =>
      links.every(({ state }) => state === 'rejected' || state === 'unlinked') ? [key] : [],
    ),
  )
}

describe('decisions', () => {
  test('there is one per session, whatever the order of stays, sessions and earlier decisions', () => {
    fc.assert(
      fc.property(
        world,
        fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })),
        ({ stays, sessions, existing }, chance) => {
          const shuffled = <T>(items: readonly T[]) =>
            items
              .map((item) => [chance.next().value as number, item] as const)
              .sort(([a], [b]) => a - b)
              .map(([, item]) => item)
          const decided = decideLinks(stays, sessions, existing)
          expect(decided.map(({ sessionId }) => sessionId)).toEqual(sessions.map(({ id }) => id).sort())
          expect(decideLinks(shuffled(stays), shuffled(sessions), shuffled(existing))).toEqual(decided)
        },
      ),
      runs,
    )
  })

  test('a person always wins', () => {
    fc.assert(
      fc.property(world, ({ stays, sessions, existing }) => {
        const refused = refusedPairs(existing)
        const decided = decideLinks(stays, sessions, existing)
        const hubOnly = existing.filter(({ decidedBy }) => decidedBy === 'person')
        expect(decideLinks(stays, sessions, hubOnly)).toEqual(decided)
        for (const decision of decided) {
          const words = existing.filter(
            ({ sessionId, decidedBy }) => sessionId === decision.sessionId && decidedBy === 'person',
          )
          const [only] = words
          if (words.length === 1 && only?.state === 'linked') {
            expect(decision).toMatchObject({ outcome: 'linked', stayId: only.stayId, decidedBy: 'person' })
          }
          if (decision.outcome === 'linked') {
            expect(refused.has(`${decision.sessionId} ${decision.stayId}`)).toBe(false)
            if (decision.decidedBy === 'person') expect(words.some(({ state }) => state === 'linked')).toBe(true)
          }
          if (decision.outcome === 'review') {
            for (const { stayId } of decision.candidates)
              expect(refused.has(`${decision.sessionId} ${stayId}`)).toBe(false)
          }
        }
      }),
      runs,
    )
  })

  test('no link by the hub without knowing who it is, above the threshold, and alone in front', () => {
    fc.assert(
      fc.property(world, ({ stays, sessions, existing }) => {
        for (const decision of decideLinks(stays, sessions, existing)) {
          if (decision.outcome !== 'linked' || decision.decidedBy === 'person') continue
          expect(decision.score).toBeGreaterThanOrEqual(defaultLinkPolicy.autoThreshold)
          const who = decision.evidence.filter(
            ({ method, weight }) => weight > 0 && method !== 'time' && method !== 'bay',
          )
          expect(who).not.toEqual([])
          expect(['time', 'bay']).not.toContain(decision.method)
          const certain = who.some((one) => one.certain)
          if (!certain) expect(who.some(({ ambiguous }) => ambiguous)).toBe(false)
          // A misread plate or a cut card with nothing beside it: only the nearest plate, only the one enrolled card.
          const place = decision.evidence.some(({ method, weight }) => method === 'bay' && weight > 0)
          const [only] = who
          if (!certain && who.length === 1 && !place)
            expect(only?.unique === true || only?.method === 'plate-fuzzy').toBe(true)
          const stay = stays.find(({ id }) => id === decision.stayId)
          const session = sessions.find(({ id }) => id === decision.sessionId)
          expect(stay?.siteId).toBe(session?.siteId)
          expect(stay?.state).not.toBe('voided')
        }
      }),
      runs,
    )
  })

  test('one car is never plugged in at two chargers at once, unless its card started both', () => {
    fc.assert(
      fc.property(world, ({ stays, sessions, existing }) => {
        const linked = decideLinks(stays, sessions, existing).filter(
          (decision): decision is LinkDecision & { outcome: 'linked' } => decision.outcome === 'linked',
        )
        const byCard = ({ evidence }: LinkDecision & { outcome: 'linked' }) =>
          evidence.some(({ method, certain }) => certain && ['credential', 'card-form', 'ticket'].includes(method))
        for (const one of linked) {
          for (const other of linked) {
            if (one.sessionId >= other.sessionId || one.stayId !== other.stayId) continue
            if (one.decidedBy === 'person' && other.decidedBy === 'person') continue
            const [a, b] = [one, other].map(({ sessionId }) => sessions.find(({ id }) => id === sessionId))
            if (!a || !b || a.evseId === b.evseId || overlap(a, b) <= defaultLinkPolicy.skewToleranceMinutes) continue
            for (const hub of [one, other]) if (hub.decidedBy === 'hub') expect(byCard(hub)).toBe(true)
          }
        }
      }),
      runs,
    )
  })

  test('every decision is explained, in whole sentences', () => {
    fc.assert(
      fc.property(world, ({ stays, sessions, existing }) => {
        for (const decision of decideLinks(stays, sessions, existing)) {
          const told = explainDecision(decision, (id) => `the stay ${id}`)
          expect(told.length).toBeGreaterThan(0)
          for (const sentence of told) expect(sentence).toMatch(/^[A-Z].*[.:]$/s)
          if (decision.outcome === 'review') expect(decision.candidates.length).toBeGreaterThan(0)
          expect(told.join(' ')).not.toMatch(/undefined|NaN|null|100 %/)
        }
      }),
      runs,
    )
  })
})

describe('index keys', () => {
  test('every pair worth a look shares one', () => {
    fc.assert(
      fc.property(stayView('A'), sessionView('s'), (stay, session) => {
        const found = scoreLink(stay, session)
        expect(found.score).toBeGreaterThanOrEqual(0)
        expect(found.score).toBeLessThanOrEqual(1)
        if (found.score < defaultLinkPolicy.reviewThreshold) return
        const keys = new Set(linkIndexKeys(stay))
        expect(linkIndexKeys(session).some((key) => keys.has(key))).toBe(true)
      }),
      { numRuns: 5000 },
    )
  })

  test('what is loaded beyond the neighbourhood changes nothing', () => {
    fc.assert(
      fc.property(world, ({ stays, sessions, existing }) => {
        const all = decideLinks(stays, sessions, existing)
        const meets = (a: StayView | SessionView, b: StayView | SessionView) => {
          const keys = new Set(linkIndexKeys(a))
          return linkIndexKeys(b).some((key) => keys.has(key))
        }
        const joined = (session: SessionView, stay: StayView) =>
          meets(session, stay) || existing.some((link) => link.sessionId === session.id && link.stayId === stay.id)
        for (const session of sessions) {
          const near = stays.filter((stay) => joined(session, stay))
          const rivals = sessions.filter((other) => other === session || near.some((stay) => joined(other, stay)))
          const around = stays.filter((stay) => rivals.some((rival) => joined(rival, stay)))
          const alone = decideLinks(around, rivals, existing)
          expect(alone.find(({ sessionId }) => sessionId === session.id)).toEqual(
            all.find(({ sessionId }) => sessionId === session.id),
          )
        }
      }),
      { numRuns: 600 },
    )
  })

  test('are few', () => {
    fc.assert(
      fc.property(stayView('A'), (stay) => {
        expect(linkIndexKeys(stay).length).toBeLessThanOrEqual(120)
      }),
    )
  })
})
