// Owns the proof of the load guard: stations, meters and buildings are played in every order, and no breaker carries more than its rating.
// Must not read a database.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { guardSettings, overbooked } from '../../../core/domain/load/index.ts'
import { type Mood, PlayedSite, type SiteShape } from './played-site.ts'

const limited = guardSettings.limitMs + guardSettings.slackMs

/** Trees of up to four circuits, up to six EVSEs; every failsafe share has its place, and with `spare` so has their hardware maximum. */
const shapes = (spare: boolean): fc.Arbitrary<SiteShape> =>
  fc
    .record({
      parents: fc.array(fc.nat(), { minLength: 1, maxLength: 4 }),
      limits: fc.array(fc.integer({ min: 0, max: 60 }), { minLength: 4, maxLength: 4 }),
      others: fc.array(
        fc.option(fc.record({ reserveA: fc.integer({ min: 0, max: 60 }), riseA: fc.integer({ min: 0, max: 20 }) }), {
          nil: null,
        }),
        { minLength: 4, maxLength: 4 },
      ),
      evses: fc.array(
        fc.record({
          place: fc.nat(),
          phases: fc.constantFrom<1 | 3>(1, 3),
          phase: fc.constantFrom<1 | 2 | 3 | null>(1, 2, 3, null),
          maxA: fc.constantFrom(16, 32),
          failsafeA: fc.constantFrom(0, 6, 8, 10),
          skewMs: fc.integer({ min: -guardSettings.slackMs, max: guardSettings.slackMs }),
        }),
        { minLength: 1, maxLength: 6 },
      ),
    })
    .map(({ parents, limits, others, evses: drawn }) => {
      const id = (i: number) => `circuit ${i}`
      const evses = drawn.map(({ place, ...evse }, i) => ({
        ...evse,
        evseId: `evse ${i}`,
        circuitId: id(place % parents.length),
      }))
      const bare = parents.map((parent, i) => ({
        circuitId: id(i),
        parentId: i === 0 ? null : id(parent % i),
        limitA: 0,
        otherLoad: others[i] ?? null,
      }))
      const whole = bare.map((one) => ({
        ...one,
        otherLoad: one.otherLoad && { ...one.otherLoad, staleAfterMs: 0, reading: null },
      }))
      const held = evses.map((evse) => (spare ? { ...evse, failsafeA: evse.maxA } : evse))
      // With all limits at -1, everything is overbooked: what is said then is what is needed.
      const needed = new Map(
        overbooked(
          whole.map((one) => ({ ...one, limitA: -1 })),
          held,
        ).map(({ circuitId, amps }) => [circuitId, amps]),
      )
      const circuits = bare.map((one, i) => ({ ...one, limitA: (needed.get(one.circuitId) ?? 0) + (limits[i] ?? 0) }))
      return { circuits, evses }
    })

type Step =
  | { act: 'pass'; seconds: number }
  | { act: 'guard' }
  /** Half a minute in which everybody listens and answers. */
  | { act: 'calm' }
  /** One limit goes all the way; one is taken, and its answer lost with the connection. */
  | { act: 'exchange' | 'unheard'; at: number }
  | { act: 'send' | 'take' | 'answer' | 'giveUp' | 'cut' | 'connect' | 'sample'; at: number }
  | { act: 'charge' | 'reboot'; at: number; yes: boolean }
  | { act: 'mood'; at: number; mood: Mood }
  | { act: 'build'; at: number; amps: number }
  | { act: 'read'; at: number }

const at = fc.nat({ max: 23 })
const steps = (moods: readonly Mood[]): fc.Arbitrary<Step[]> =>
  fc.array(
    fc.oneof(
      {
        weight: 3,
        arbitrary: fc.record({
          act: fc.constant('pass' as const),
          // Also about as long as a limit holds.
          seconds: fc.oneof(fc.integer({ min: 0, max: 200 }), fc.integer({ min: 800, max: 980 })),
        }),
      },
      { weight: 2, arbitrary: fc.constant({ act: 'calm' as const }) },
      { weight: 3, arbitrary: fc.record({ act: fc.constantFrom('exchange' as const, 'unheard' as const), at }) },
      { weight: 5, arbitrary: fc.constant({ act: 'guard' as const }) },
      {
        weight: 9,
        arbitrary: fc.record({ act: fc.constantFrom('send' as const, 'take' as const, 'answer' as const), at }),
      },
      {
        weight: 3,
        arbitrary: fc.record({
          act: fc.constantFrom('giveUp' as const, 'cut' as const, 'connect' as const, 'sample' as const),
          at,
        }),
      },
      {
        weight: 2,
        arbitrary: fc.record({ act: fc.constantFrom('charge' as const, 'reboot' as const), at, yes: fc.boolean() }),
      },
      { weight: 1, arbitrary: fc.record({ act: fc.constant('mood' as const), at, mood: fc.constantFrom(...moods) }) },
      {
        weight: 2,
        arbitrary: fc.record({ act: fc.constant('build' as const), at, amps: fc.integer({ min: 0, max: 60 }) }),
      },
      { weight: 2, arbitrary: fc.record({ act: fc.constant('read' as const), at }) },
    ),
    { minLength: 20, maxLength: 150 },
  )

function play(site: PlayedSite, step: Step): void {
  const evse = 'at' in step ? step.at % site.evses.length : 0
  const circuit = 'at' in step ? step.at % site.circuits.length : 0
  switch (step.act) {
    case 'pass':
      site.pass(step.seconds * 1_000)
      break
    case 'guard':
      site.guard()
      break
    case 'calm':
      site.quiet(30_000)
      break
    case 'exchange':
    case 'unheard':
      site.connect(evse)
      site.guard()
      site.send(evse)
      site.take(evse)
      if (step.act === 'exchange') site.answer(evse)
      else site.cut(evse)
      break
    case 'charge':
      site.charge(evse, step.yes)
      break
    case 'reboot':
      site.reboot(evse, step.yes)
      break
    case 'mood': {
      const device = site.devices[evse]
      if (device !== undefined) device.mood = step.mood
      break
    }
    case 'build':
      site.build(circuit, step.amps)
      break
    case 'read':
      site.read(circuit)
      break
    default:
      site[step.act](evse)
  }
}

const start = (shape: SiteShape, charging = true) => {
  const site = new PlayedSite(shape, guardSettings)
  if (charging) for (const i of site.evses.keys()) site.charge(i, true)
  return site
}

describe('the total of a breaker', () => {
  test('is never above its rating as long as stations keep to what they accepted', () => {
    fc.assert(
      fc.property(shapes(false), steps(['obeys', 'refuses']), fc.boolean(), (shape, played, warm) => {
        const site = start(shape)
        if (warm) site.quiet(120_000)
        for (const step of played) {
          play(site, step)
          expect(site.broken()).toEqual([])
        }
      }),
      { numRuns: 600 },
    )
  }, 120_000)

  test('is within it wherever the accounts are, also with stations that are known to ignore limits', () => {
    fc.assert(
      fc.property(shapes(false), steps(['obeys', 'refuses', 'ignores']), (shape, played) => {
        const site = start(shape)
        site.quiet(120_000)
        for (const step of played) {
          play(site, step)
          const unseen = site.devices.some(({ mood }, i) => mood === 'ignores' && site.evses[i]?.ignoringSince === null)
          if (step.act !== 'guard' || unseen) continue
          for (const { circuitId, over } of site.last?.circuits ?? [])
            if (!over) expect(site.broken().filter((text) => text.startsWith(`${circuitId}:`))).toEqual([])
        }
      }),
      { numRuns: 300 },
    )
  }, 120_000)

  test('comes back within it once they are known, where the failsafe shares leave room for what their hardware can', () => {
    fc.assert(
      fc.property(
        shapes(true),
        steps(['obeys']),
        fc.array(at, { minLength: 1, maxLength: 2 }),
        (shape, played, bad) => {
          const site = start(shape)
          site.quiet(60_000)
          for (const step of played) play(site, step)
          for (const i of bad) {
            const device = site.devices[i % site.devices.length]
            if (device !== undefined) device.mood = 'ignores'
          }
          // Whatever is lost from here on: limits end by themselves.
          for (let passed = 0; passed < limited + 120_000; passed += 20_000) {
            site.pass(20_000)
            for (const i of site.evses.keys()) site.sample(i)
            site.guard()
          }
          expect(site.broken()).toEqual([])
        },
      ),
      { numRuns: 200 },
    )
  }, 120_000)
})

describe('shares', () => {
  test('are fair once all is quiet, and everybody has them', () => {
    fc.assert(
      fc.property(shapes(false), steps(['obeys', 'refuses']), (shape, played) => {
        const site = start(shape)
        for (const step of played) play(site, step)
        site.evses.forEach((_, i) => {
          const device = site.devices[i]
          if (device !== undefined) device.mood = 'obeys'
          site.connect(i)
        })
        // Turns end on the quarter of an hour; nobody looks within the minutes in which they pass.
        site.quiet(2 * limited)
        site.now = new Date(Math.ceil(site.now.getTime() / guardSettings.turnMs) * guardSettings.turnMs + 60_000)
        site.quiet(8 * 60_000)
        expect(site.broken()).toEqual([])
        const shares = new Map(site.last?.evses.map((one) => [one.evseId, one]))
        const has = (i: number) => site.drawOf(i)
        site.evses.forEach((evse, i) => {
          if (!evse.charging) return
          const { shareA = -1 } = shares.get(evse.evseId) ?? {}
          expect(has(i), `${evse.evseId} has its share`).toBe(shareA)
          if (shareA === evse.maxA) return
          // What keeps it there: a full phase above, on which nobody has more by more than an amp unless by their failsafe share.
          const full = pathOf(site, evse.circuitId).flatMap((circuitId) =>
            phasesOf(evse)
              .filter((phase) => {
                const { limitA = 0 } = site.circuits.find((one) => one.circuitId === circuitId) ?? {}
                return reservedOn(site, circuitId, phase) + (shareA === 0 ? evse.minA : 1) > limitA
              })
              .map((phase) => ({ circuitId, phase })),
          )
          expect(full.length, `${evse.evseId} could have more`).toBeGreaterThan(0)
          const lower = ({ circuitId, phase }: { circuitId: string; phase: number }) =>
            site.evses.every((other, j) => {
              const shared = pathOf(site, other.circuitId).includes(circuitId) && phasesOf(other).includes(phase)
              return !shared || !other.charging || shareA === 0 || has(j) <= Math.max(shareA + 1, other.failsafeA)
            })
          expect(full.some(lower), `${evse.evseId} has as much as the others`).toBe(true)
        })
      }),
      { numRuns: 200 },
    )
  }, 180_000)
})

const phasesOf = ({ phases, phase }: Pick<SiteShape['evses'][number], 'phases' | 'phase'>) =>
  phases === 3 || phase === null ? [1, 2, 3] : [phase]

/** What counts on one phase of a circuit. */
function reservedOn(site: PlayedSite, circuitId: string, phase: number): number {
  const of = (id: string) => pathOf(site, id).includes(circuitId)
  const loads = site.evses.map((evse, i) =>
    of(evse.circuitId) && phasesOf(evse).includes(phase) ? (site.last?.evses[i]?.reservedA ?? 0) : 0,
  )
  const others = (site.last?.circuits ?? []).map((one) => (of(one.circuitId) ? one.otherA : 0))
  return [...loads, ...others].reduce((sum, amps) => sum + amps, 0)
}

function pathOf(site: PlayedSite, circuitId: string): string[] {
  const path: string[] = []
  for (let at: string | null | undefined = circuitId; at != null; ) {
    path.push(at)
    at = site.circuits.find((one) => one.circuitId === at)?.parentId
  }
  return path
}
