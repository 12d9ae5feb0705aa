// Owns the proof that whoever follows a list of changes sees each of them, whatever commits late or changes between two pages.
// Must not look into the cursor.
import fc from 'fast-check'
import type { ControlledTransaction } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { systemNewId } from '../../../core/runtime/random.ts'
import { parkingBook } from '../../../core/services/parking/parking-book.ts'
import type { HubTables } from '../../../core/store/schema.ts'
import { createTestDatabase, type TestDatabase } from '../../setup/database.ts'
import { openGarage } from './garage.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())

const staysPerWriter = 5
const writers = 3
/** What a writer takes between stamping a row and committing it; the hub's sessions end after 30 s. */
const longestOpenMs = 30_000

type Step =
  | { do: 'change'; writer: number; stay: number }
  | { do: 'commit'; writer: number }
  | { do: 'page'; limit: number }
  | { do: 'wait'; ms: number }

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('change' as const),
      writer: fc.nat(writers - 1),
      stay: fc.nat(staysPerWriter - 1),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('commit' as const), writer: fc.nat(writers - 1) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('page' as const), limit: fc.integer({ min: 1, max: 4 }) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 0, max: 90_000 }) }) },
)

test('every change is seen at least once, and no page holds a row twice', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 60 }), async (steps) => {
      const garage = await openGarage(database.db)
      const { clock, organizationId: organization_id, siteId: site_id, connectionId: connection_id } = garage
      const book = parkingBook(garage.deps)(garage)
      const ids = Array.from({ length: writers * staysPerWriter }, () => systemNewId())
      await garage.db
        .insertInto('stay')
        .values(
          ids.map((stay_id) => ({
            organization_id,
            site_id,
            stay_id,
            connection_id,
            stay_key: `ref:${stay_id}`,
            state: 'open',
            facts_at: clock.now(),
            created_at: clock.now(),
            updated_at: clock.now(),
          })),
        )
        .execute()
      const open: ({ trx: ControlledTransaction<HubTables>; since: number } | undefined)[] = []
      const seen = new Map<string, number>()
      let since: Date | undefined
      let asked = clock.now()
      let after: string | undefined

      const commit = async (writer: number) => {
        await open[writer]?.trx.commit().execute()
        open[writer] = undefined
      }
      const page = async (limit: number) => {
        if (after === undefined) asked = clock.now()
        const { items, next } = await book.stays({
          limit,
          ...(since ? { changedSince: since } : {}),
          ...(after === undefined ? {} : { after }),
        })
        expect(new Set(items.map(({ stayId }) => stayId)).size).toBe(items.length)
        for (const { stayId, version } of items) seen.set(stayId, Math.max(version, seen.get(stayId) ?? 0))
        after = next ?? undefined
        if (next === null) since = asked
        return next
      }
      const wait = async (ms: number) => {
        for (const [writer, held] of open.entries())
          if (held && clock.now().getTime() + ms - held.since > longestOpenMs) await commit(writer)
        clock.advance(ms)
      }
      for (const each of steps) {
        if (each.do === 'commit') await commit(each.writer)
        else if (each.do === 'wait') await wait(each.ms)
        else if (each.do === 'page') await page(each.limit)
        else {
          open[each.writer] ??= { trx: await garage.db.startTransaction().execute(), since: clock.now().getTime() }
          await open[each.writer]?.trx
            .updateTable('stay')
            .set((row) => ({ version: row('version', '+', 1), updated_at: clock.now() }))
            .where('organization_id', '=', organization_id)
            .where('stay_id', '=', ids[each.writer * staysPerWriter + each.stay] ?? '')
            .execute()
        }
      }
      for (let writer = 0; writer < writers; writer++) await commit(writer)
      // The walk under way to its end, and one more.
      while ((await page(3)) !== null);
      while ((await page(3)) !== null);
      const rows = await garage.db
        .selectFrom('stay')
        .select(['stay_id', 'version'])
        .where('site_id', '=', site_id)
        .execute()
      expect(seen).toEqual(new Map(rows.map(({ stay_id, version }) => [stay_id, version])))
    }),
    { numRuns: 30 },
  )
})
