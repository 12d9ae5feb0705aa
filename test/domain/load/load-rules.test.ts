// Owns examples of the load guard's rules, one by one: what counts for an EVSE, how room is shared, who is believed.
// Must not play; the property test does.
import { describe, expect, test } from 'vitest'
import {
  type Circuit,
  guardSettings,
  guardSite,
  isCircular,
  type LoadEvse,
  overbooked,
  type Told,
  watch,
} from '../../../core/domain/load/index.ts'

const now = new Date('2026-03-10T08:00:00Z')
const at = (seconds: number) => new Date(now.getTime() + seconds * 1_000)
const circuit = (more: Partial<Circuit> = {}): Circuit => ({
  circuitId: 'c',
  parentId: null,
  limitA: 40,
  otherLoad: null,
  ...more,
})
const evse = (evseId: string, more: Partial<LoadEvse> = {}): LoadEvse => ({
  evseId,
  circuitId: 'c',
  phases: 3,
  phase: null,
  minA: 6,
  maxA: 32,
  failsafeA: 6,
  installedA: 6,
  connected: true,
  bootedAt: null,
  charging: true,
  told: [],
  measured: null,
  overSince: null,
  ignoringSince: null,
  ...more,
})
const told = (amps: number, more: Partial<Told> = {}): Told => ({
  amps,
  queuedAt: at(-300),
  until: at(600),
  state: 'accepted',
  endedAt: at(-299),
  ...more,
})
const guard = (evses: LoadEvse[], circuits = [circuit()]) => guardSite({ circuits, evses }, now, guardSettings)
const reserved = (one: LoadEvse) => guard([one]).evses[0]?.reservedA
const shares = (evses: LoadEvse[], circuits?: Circuit[]) => guard(evses, circuits).evses.map(({ shareA }) => shareA)
const gone = { connected: false }

describe('what counts for an EVSE', () => {
  test.each<[string, Partial<LoadEvse>, number]>([
    ['its failsafe share, when it was told nothing', {}, 6],
    ['all that its hardware can, while no failsafe profile stands there', { installedA: null }, 32],
    ['an older failsafe share until the lower one is there', { installedA: 10 }, 10],
    ['the limit that it took', { told: [told(20)] }, 20],
    ['not what it refused', { told: [told(20), told(30, { state: 'refused' })] }, 20],
    ['what is on its way, where that is more', { told: [told(20), told(30, { state: 'open', endedAt: null })] }, 30],
    [
      'what it has, where what is on its way is less',
      { told: [told(20), told(8, { state: 'open', endedAt: null })] },
      20,
    ],
    ['what it may have heard', { told: [told(8), told(30, { state: 'unknown' })] }, 30],
    ['only the last that it took', { told: [told(30), told(8)] }, 8],
    ['a limit that has just ended', { told: [told(20, { until: at(-59) })] }, 20],
    ['no limit that has ended for longer than clocks are off', { told: [told(20, { until: at(-60) })] }, 6],
    ['its failsafe share at least', { told: [told(0)] }, 6],
    ['no more than its hardware can', { told: [told(80)] }, 32],
    ['all that its hardware can, once it ignores limits', { told: [told(8)], ignoringSince: at(-9) }, 32],
    [
      'all that its hardware can, after three refusals in a row',
      { told: [told(8), ...[1, 2, 3].map(() => told(9, { state: 'refused' }))] },
      32,
    ],
  ])('%s', (_what, more, amps) => {
    expect(reserved(evse('a', { ...gone, ...more }))).toBe(amps)
  })
})

describe('room', () => {
  test('is shared equally, an amp more for some where it does not come out even', () => {
    expect(shares([evse('a'), evse('b')])).toEqual([20, 20])
    expect(shares([evse('a'), evse('b'), evse('c')]).sort()).toEqual([13, 13, 14])
    expect(shares([evse('a', { maxA: 16 }), evse('b')])).toEqual([16, 24])
  })

  test('goes to those that charge; the others keep their failsafe share', () => {
    expect(shares([evse('a'), evse('b', { charging: false })])).toEqual([32, 6])
    expect(shares([evse('a'), evse('b', { ...gone, told: [told(18)] })])).toEqual([22, 18])
  })

  test('is bounded by every circuit above', () => {
    const tree = [circuit({ limitA: 50 }), circuit({ circuitId: 'd', parentId: 'c', limitA: 20 })]
    const below = { circuitId: 'd' }
    expect(shares([evse('a', below), evse('b', below), evse('x')], tree)).toEqual([10, 10, 30])
  })

  test('is counted phase by phase where the phase is known', () => {
    const single = (id: string, phase: 1 | 2 | 3 | null) => evse(id, { phases: 1, phase })
    expect(shares([single('a', 1), single('b', 2)])).toEqual([32, 32])
    expect(shares([single('a', 1), single('b', null)])).toEqual([20, 20])
  })

  test('below the minimum is none, and others have their turn', () => {
    const none = { failsafeA: 0, installedA: 0 }
    const site = { circuits: [circuit({ limitA: 13 })], evses: ['a', 'b', 'c'].map((id) => evse(id, none)) }
    const held = (turn: number) =>
      guardSite(site, new Date(now.getTime() + turn * guardSettings.turnMs), guardSettings).evses.flatMap((one) =>
        one.shareA === 0 ? [one.why] : [],
      )
    expect(held(0)).toEqual(['suspended'])
    const waiting = [0, 1, 2].map((turn) => {
      const { evses } = guardSite(site, new Date(now.getTime() + turn * guardSettings.turnMs), guardSettings)
      return evses.find(({ shareA }) => shareA === 0)?.evseId
    })
    expect(waiting.sort()).toEqual(['a', 'b', 'c'])
  })

  test('is left by others when somebody takes more than the failsafe shares leave', () => {
    const { commands, circuits } = guard([evse('a', { ignoringSince: at(-1) }), evse('b'), evse('c')])
    // 32 of 40 are gone: one of the others can have 8 A or both nothing that a car could use.
    expect(circuits).toMatchObject([{ over: true, reservedA: 44 }])
    expect(commands.reduce((sum, { amps }) => sum + amps, 0)).toBeLessThanOrEqual(8)
  })
})

describe('what is told', () => {
  test('lower limits first; what needs their room waits', () => {
    const both = [evse('a', { told: [told(32)] }), evse('b')]
    expect(guard(both).commands).toMatchObject([{ evseId: 'a', amps: 20 }])
    const heard = [evse('a', { told: [told(32), told(20)] }), evse('b')]
    expect(guard(heard).commands).toMatchObject([{ evseId: 'b', amps: 20, until: at(900) }])
  })

  test('a limit that rests on a reading ends before that is stale', () => {
    const reading = { amps: 10, readAt: at(-30) }
    const other = { reserveA: 30, riseA: 4, staleAfterMs: 300_000, reading }
    const { commands } = guard([evse('a')], [circuit({ otherLoad: other })])
    expect(commands).toEqual([{ evseId: 'a', amps: 26, until: at(210) }])
    // With little time left it is not worth it.
    const late = { ...other, reading: { ...reading, readAt: at(-211) } }
    expect(guard([evse('a')], [circuit({ otherLoad: late })]).commands).toEqual([])
  })

  test('nothing to a station that is away, nor twice what is on its way', () => {
    expect(guard([evse('a', gone)]).commands).toEqual([])
    expect(guard([evse('a', { told: [told(32, { state: 'open', endedAt: null })] })]).commands).toEqual([])
  })
})

describe('who is believed', () => {
  const drawing = (amps: number, seconds: number, more: Partial<LoadEvse> = {}) =>
    watch(evse('a', { told: [told(16)], measured: { amps, at: at(seconds) }, ...more }), now, guardSettings)

  test('is who keeps to the limit, as meters go', () => {
    expect(drawing(17, -1)).toEqual({ overSince: null, ignoringSince: null })
    expect(drawing(15, -1, { overSince: at(-60) })).toEqual({ overSince: null, ignoringSince: null })
  })

  test('is not who draws more for longer than the grace', () => {
    expect(drawing(20, -31)).toEqual({ overSince: at(-31), ignoringSince: null })
    expect(drawing(20, -1, { overSince: at(-31) })).toEqual({ overSince: at(-31), ignoringSince: now })
    expect(drawing(20, -2, { overSince: at(-31) })).toEqual({ overSince: at(-31), ignoringSince: null })
  })

  test('has time to follow a lower limit', () => {
    const lower = [told(32), told(16, { queuedAt: at(-11), endedAt: at(-10) })]
    expect(drawing(32, -1, { told: lower })).toEqual({ overSince: null, ignoringSince: null })
    expect(drawing(32, 0, { told: [told(32), told(16, { endedAt: at(-15) })] })).toMatchObject({ overSince: now })
  })
})

test('a tree that is no tree, and one that could not hold, are seen', () => {
  const tree = [circuit(), circuit({ circuitId: 'd', parentId: 'e' }), circuit({ circuitId: 'e', parentId: 'd' })]
  expect([isCircular(tree, 'c'), isCircular(tree, 'd')]).toEqual([false, true])
  const other = { reserveA: 30, riseA: 0, staleAfterMs: 1, reading: { amps: 0, readAt: now } }
  expect(overbooked([circuit({ otherLoad: other })], [evse('a')])).toEqual([])
  expect(overbooked([circuit({ otherLoad: other })], [evse('a'), evse('b')])).toEqual([{ circuitId: 'c', amps: 42 }])
})
