// Owns the replay property of the stored side: shuffled, doubled, chunked and concurrent facts end in the same stays.
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { StayFact } from '../../../core/domain/stay/index.ts'
import { recordParkingFacts } from '../../../core/services/parking/record-parking-facts.ts'
import { factStream, nearStream } from '../../domain/stay/arbitrary-facts.ts'
import { createTestDatabase, type TestDatabase } from '../../setup/database.ts'
import { addSite, type Garage, openGarage, staysOf } from './garage.ts'

let database: TestDatabase
let home: Garage
beforeAll(async () => {
  database = await createTestDatabase()
  home = await openGarage(database.db)
})
afterAll(() => database.drop())

async function endsIn(chunks: readonly (readonly StayFact[])[]) {
  const garage = await addSite(database.db, home.organizationId)
  const record = recordParkingFacts(garage.deps)(garage)
  for (const chunk of chunks) await record(chunk)
  const stays = await staysOf(garage)
  const facts = await database.db
    .selectFrom('parking_fact as f')
    .leftJoin('stay as s', 's.stay_id', 'f.stay_id')
    .select(['f.vendor_event_id', 's.stay_key', 's.flags'])
    .where('f.connection_id', '=', garage.connectionId)
    .where('f.superseded', '=', false)
    .where('f.type', '=', 'gate.passed')
    .orderBy('f.vendor_event_id')
    .execute()
  return {
    facts: facts.map(({ vendor_event_id, stay_key, flags }) => [
      vendor_event_id,
      flags?.includes('withdrawn') ? null : stay_key,
    ]),
    stays: stays.map(
      ({ stay_id, site_id, connection_id, version, created_at, updated_at, presentations, bays, price, ...rest }) => ({
        ...rest,
        presentations: JSON.parse(JSON.stringify(presentations).replaceAll(site_id, 'site')),
        bays,
        discounts: [],
        // Rows are named anew in each garage; what they say is the same.
        price: price === null ? null : { ...(price as object), factId: '' },
      }),
    ),
  }
}

const replayOf = (stream: fc.Arbitrary<StayFact[]>) =>
  stream.chain((facts) =>
    fc.record({
      facts: fc.constant(facts),
      order: fc.shuffledSubarray(facts, { minLength: facts.length, maxLength: facts.length }),
      again: fc.subarray(facts),
      size: fc.integer({ min: 1, max: 7 }),
    }),
  )

test.each([
  ['a fact stream', factStream],
  ['passages of nearly one plate', nearStream],
])('any order, doubling and chunking of %s ends in the same stays', async (_, stream) => {
  await fc.assert(
    fc.asyncProperty(replayOf(stream), async ({ facts, order, again, size }) => {
      const told = [...order, ...again]
      const chunks = Array.from({ length: Math.ceil(told.length / size) }, (_, i) =>
        told.slice(i * size, (i + 1) * size),
      )
      expect(await endsIn(chunks)).toEqual(await endsIn([facts]))
    }),
    { numRuns: 40, interruptAfterTimeLimit: 40_000 },
  )
})
