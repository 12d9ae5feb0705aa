// Owns the replay property of reads beside a parking system: any order, doubling, chunking and correction ends in the same books.
// Must not compare a database with itself alone: the pure derivation of all facts at once is the measure.
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { deriveMovements } from '../../../core/domain/movement/index.ts'
import { deriveStays, joinReads, type StayFact } from '../../../core/domain/stay/index.ts'
import { recordParkingFacts } from '../../../core/services/parking/record-parking-facts.ts'
import { card, fact, plate } from '../../domain/stay/fact-maker.ts'
import { createTestDatabase, type TestDatabase } from '../../setup/database.ts'
import { addSite, type Garage, openGarage, staysOf } from './garage.ts'

let database: TestDatabase
let home: Garage
beforeAll(async () => {
  database = await createTestDatabase()
  home = await openGarage(database.db)
})
afterAll(() => database.drop())

const plates = ['AB123', 'WOB851', 'WOB85I', 'XY777']
const seed = fc.record({
  kind: fc.constantFrom('pass', 'pass', 'read', 'read', 'asked', 'opened'),
  at: fc.nat(40),
  direction: fc.constantFrom('entry' as const, 'exit' as const),
  ref: fc.option(fc.constantFrom('S1', 'S2', 'S3', 'S4'), { nil: undefined, freq: 3 }),
  request: fc.option(fc.constantFrom('r1', 'r2'), { nil: undefined }),
  plate: fc.constantFrom(...plates),
  shows: fc.constantFrom('nothing', 'nothing', 'card', 'plate'),
  lane: fc.constantFrom('L1', 'L1', 'L2'),
  corrected: fc.option(fc.constantFrom(...plates), { nil: undefined, freq: 5 }),
})

const stream = fc.array(seed, { minLength: 2, maxLength: 12 }).map((seeds) =>
  seeds.flatMap(({ kind, at, ref, request, shows, lane, corrected, direction, ...one }, i): StayFact[] => {
    const rest = { lane, ...(ref === undefined ? {} : { stayRef: ref }) }
    const asked = request === undefined ? {} : { requestId: request }
    const shown = { nothing: [], card: [card('04A3C6CAE26180')], plate: [plate(one.plate)] }[shows] ?? []
    const minutes = at / 60
    switch (kind) {
      case 'read':
        return [one.plate, ...(corrected === undefined ? [] : [corrected])].map((text, more) =>
          fact(
            'credential.observed',
            `e${i}`,
            minutes,
            { role: 'gate', credentials: [plate(text)] },
            { lane, revision: more + 1 },
          ),
        )
      case 'asked':
        return [fact('gate.requested', `e${i}`, minutes, { direction, credentials: shown, ...asked }, rest)]
      case 'opened':
        return [fact('stay.opened', `e${i}`, minutes, { credentials: shown }, { lane, stayRef: ref ?? 'S1' })]
      default:
        return [fact('gate.passed', `e${i}`, minutes, { direction, credentials: shown, ...asked }, rest)]
    }
  }),
)

const told = stream.chain((facts) =>
  fc.record({
    facts: fc.constant(facts),
    order: fc.shuffledSubarray(facts, { minLength: facts.length, maxLength: facts.length }),
    again: fc.subarray(facts),
    size: fc.integer({ min: 1, max: 5 }),
  }),
)

interface Shown {
  role: string
  raw: string
  at: string
}
const book = (
  stays: readonly { key: string; state: string; plate: string | null; presentations: readonly Shown[] }[],
) =>
  stays
    .map(({ key, state, plate: text, presentations }) => ({
      key,
      state,
      plate: text,
      shown: presentations.map(({ role, raw, at }) => `${role} ${raw} ${at}`).sort(),
    }))
    .sort((a, b) => (a.key < b.key ? -1 : 1))

function movementsOf({ organizationId, siteId }: Garage) {
  return database.db
    .selectFrom('movement')
    .select(['kind', 'at', 'lane_code as lane', 'plate', 'search_keys as searchKeys'])
    .where('organization_id', '=', organizationId)
    .where('site_id', '=', siteId)
    .execute()
}

const lanes = (
  movements: readonly {
    kind: string
    at: Date
    lane: string | null
    plate: string | null
    searchKeys: readonly string[]
  }[],
) =>
  movements
    .map(({ kind, at, lane, plate: text, searchKeys }) => JSON.stringify([at, lane, kind, text, searchKeys]))
    .sort()

test('any order, doubling and delay of reads and passages ends in the books of all facts at once', async () => {
  let joined = 0
  let together = 0
  await fc.assert(
    fc.asyncProperty(told, async ({ facts, order, again, size }) => {
      const garage = await addSite(database.db, home.organizationId)
      const record = recordParkingFacts(garage.deps)(garage)
      const all = [...order, ...again]
      for (let i = 0; i < all.length; i += size) await record(all.slice(i, i + size))
      const newest = new Map<string, StayFact>()
      for (const one of facts) if ((newest.get(one.id)?.revision ?? 0) < one.revision) newest.set(one.id, one)
      const counting = [...newest.values()]
      const pure = deriveStays(counting, { siteId: garage.siteId, currency: 'USD' }, joinReads(counting))
      const stored = (await staysOf(garage)).map((row) => ({
        key: row.stay_key,
        state: row.state,
        plate: row.plate,
        presentations: row.presentations as unknown as Shown[],
      }))
      expect(book(stored)).toEqual(book(pure))
      const movements = deriveMovements(
        counting.map((one) => ({ ...one, connectionId: garage.connectionId })),
        joinReads(counting),
      )
      expect(lanes(await movementsOf(garage))).toEqual(lanes(movements))
      together += movements.filter(({ kind, plate: text }) => kind !== 'seen' && text !== null).length
      joined += pure.filter(({ presentations }) => presentations.some(({ role }) => role === 'gate')).length
    }),
    { numRuns: 60, interruptAfterTimeLimit: 40_000 },
  )
  expect(joined).toBeGreaterThan(0)
  expect(together).toBeGreaterThan(0)
})
