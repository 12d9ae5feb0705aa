// Owns the replay property of the whole chain: the same facts, in any order, doubled and delayed, end in the same stays, sessions,
// links, bills and books.
// Must not compare ids or receive times. BAYWATT_REPLAY_RUNS=200 BAYWATT_TEST_SEED=random searches longer than CI does.
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../setup/database.ts'
import { type Heard, play } from './replayed-hub.ts'
import { cars, opening, recording, type Told } from './replayed-stream.ts'

let database: TestDatabase
let playing: Promise<unknown> = Promise.resolve()
beforeAll(async () => {
  database = await createTestDatabase()
})
// A search that ran out of time leaves its last playing unfinished.
afterAll(async () => {
  await playing.catch(() => undefined)
  await database.drop()
})

function playIn(heard: readonly Heard[]) {
  const played = play(database, heard)
  playing = played
  return played
}

const accounts = cars.flatMap(({ account }) => account ?? [])
const runs = Number(process.env.BAYWATT_REPLAY_RUNS ?? 6)
/** Searching and shrinking together; about four times what a quiet machine needs. */
const longestMs = runs * 15_000
const at = (minute: number) => new Date(opening + minute * 60_000)

/** As it happened: every fact heard when it was told, the work done as it comes. */
function straight(told: readonly Told[]): Heard[] {
  return told.flatMap((one, i): Heard[] => [
    { do: 'wait', until: at(one.minute) },
    one.door === 'parcs' ? { do: 'parcs', facts: [one.fact] } : { do: 'charger', told: one },
    ...(i % 10 === 9 ? [{ do: 'work' } as const] : []),
  ])
}

const enrolled = (people: readonly string[]) => people.map((account): Heard => ({ do: 'enrol', account }))

const pauses = fc.constantFrom<'none' | 'work' | 'reconnect' | number>(
  ...(['none', 'none', 'none', 'none', 'none', 'none', 'work', 'reconnect', 20, 200, 1_500, 6_000] as const),
)

/**
 * Everything late: in any order, some of it twice, in posts of any size, with hours between and bills issued meanwhile, and some
 * people enrolled in the midst of it.
 */
const replay = recording.chain((told) =>
  fc
    .record({
      twice: fc.subarray([...told.keys()]),
      pauses: fc.array(pauses, { minLength: 2 * told.length, maxLength: 2 * told.length }),
      post: fc.integer({ min: 1, max: 6 }),
      people: fc.array(fc.record({ account: fc.constantFrom(...accounts), at: fc.nat(999) }), { maxLength: 2 }),
    })
    .chain(({ twice, ...rest }) => {
      const all = [...told.keys(), ...twice]
      return fc.record({
        told: fc.constant(told),
        order: fc.shuffledSubarray(all, { minLength: all.length, maxLength: all.length }),
        rest: fc.constant(rest),
      })
    })
    .map(({ told, order, rest: { pauses, post, people } }) => {
      let now = told.at(-1)?.minute ?? 0
      const heard: Heard[] = [{ do: 'wait', until: at(now) }]
      for (const [i, index] of order.entries()) {
        const one = told[index]
        if (one === undefined) continue
        const last = heard.at(-1)
        if (one.door === 'charger') heard.push({ do: 'charger', told: one })
        else if (last?.do === 'parcs' && last.facts.length < post)
          heard[heard.length - 1] = { do: 'parcs', facts: [...last.facts, one.fact] }
        else heard.push({ do: 'parcs', facts: [one.fact] })
        const pause = pauses[i] ?? 'none'
        if (pause === 'none') continue
        if (pause === 'reconnect') heard.push({ do: 'reconnect' })
        if (typeof pause === 'number') {
          now += pause
          heard.push({ do: 'wait', until: at(now) })
        }
        if (pause !== 'reconnect') heard.push({ do: 'work' })
      }
      const late = [...new Map(people.map((one) => [one.account, one.at]))]
      for (const [account, place] of late)
        heard.splice(Math.floor((place / 1_000) * heard.length) + 1, 0, { do: 'enrol', account })
      return { told, heard, late: late.map(([account]) => account) }
    }),
)

/** Those who have an account, enrolled at some moment: before, between or after everything that was told, work done or not. */
const late = recording.chain((told) =>
  fc
    .record({
      moments: fc.array(fc.nat(told.length), { minLength: accounts.length, maxLength: accounts.length }),
      worked: fc.array(fc.boolean(), { minLength: accounts.length, maxLength: accounts.length }),
      daysLater: fc.constantFrom(0, 0, 3),
    })
    .map(({ moments, worked, daysLater }) => {
      const enrolAt = (moment: number) =>
        accounts.flatMap((account, i): Heard[] =>
          moments[i] !== moment ? [] : [...(worked[i] ? [{ do: 'work' } as const] : []), { do: 'enrol', account }],
        )
      const [before, ...between] = [...told.keys(), told.length].map(enrolAt)
      const heard = told.flatMap((one, i) => [...straight([one]), ...(i + 1 < told.length ? (between[i] ?? []) : [])])
      const end = told.at(-1)?.minute ?? 0
      const afterwards: Heard[] = [{ do: 'wait', until: at(end + daysLater * 1_440) }, { do: 'work' }]
      const last = between.at(-1) ?? []
      return { told, heard: [...(before ?? []), ...heard, ...(last.length > 0 ? afterwards : []), ...last] }
    }),
)

test(
  'cars and cards enrolled before, between or after the facts end in the same holders, links and bills',
  async () => {
    const seen = { held: 0, links: 0, payers: 0 }
    await fc.assert(
      fc.asyncProperty(late, async ({ told, heard }) => {
        const once = await playIn([...enrolled(accounts), ...straight(told)])
        expect(once).toMatchObject({ trouble: [], failedJobs: 0 })
        seen.held += [...once.stays, ...once.sessions].filter(({ account }) => account !== null).length
        seen.links += once.links.filter(({ state }) => state === 'linked').length
        seen.payers += Object.keys(once.bills).filter((name) => !name.includes(' to nobody: ')).length
        expect(await playIn(heard)).toEqual(once)
      }),
      { numRuns: runs, interruptAfterTimeLimit: longestMs, markInterruptAsFailure: false },
    )
    expect(seen.held).toBeGreaterThan(0)
    expect(seen.links).toBeGreaterThan(0)
    expect(seen.payers).toBeGreaterThan(0)
  },
  longestMs + 120_000,
)

test(
  'any order, doubling, chunking and delay of what a garage told ends in the same books',
  async () => {
    const seen = { links: 0, bills: 0, payments: 0 }
    await fc.assert(
      fc.asyncProperty(replay, async ({ told, heard, late }) => {
        const once = await playIn([...enrolled(late), ...straight(told)])
        expect(once).toMatchObject({ trouble: [], failedJobs: 0 })
        seen.links += once.links.filter(({ state }) => state === 'linked').length
        seen.bills += Object.keys(once.bills).length
        seen.payments += Object.keys(once.payments).length
        expect(await playIn(heard)).toEqual(once)
      }),
      {
        numRuns: runs,
        interruptAfterTimeLimit: longestMs,
        markInterruptAsFailure: false,
      },
    )
    // A property about nothing proves nothing.
    expect(seen.links).toBeGreaterThan(0)
    expect(seen.bills).toBeGreaterThan(0)
    expect(seen.payments).toBeGreaterThan(0)
  },
  longestMs + 120_000,
)
