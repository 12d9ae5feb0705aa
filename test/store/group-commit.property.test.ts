// Owns the comparison of the group commit with a model under random units, refused rows, stale fences and cut connections.
// Must not judge single behaviours; group-commit.test.ts does.
import fc from 'fast-check'
import type { Pool } from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { systemClock } from '../../core/runtime/system-clock.ts'
import { defineEffect, groupCommit, type Unit } from '../../core/store/group-commit.ts'
import { createTestDatabase, silent, type TestDatabase } from '../setup/database.ts'

const organizationId = '00000000-0000-7000-8000-000000000001'
const stations = 5
const station = (n: number) => `00000000-0000-7000-8000-${String(n).padStart(12, '0')}`
const heldEpoch = 7

const item = defineEffect<{ unit: number; n: number; amount: number; text: string }>({
  name: 'item',
  order: 10,
  sql: `insert into item (unit, n, amount, text)
    select unit, n, amount, text from json_populate_recordset(null::item, $1::json) on conflict do nothing`,
})
const latest = defineEffect<{ station: number; unit: number }>({
  name: 'latest',
  order: 20,
  key: (row) => String(row.station),
  sql: `insert into latest (station, unit) select station, unit from json_populate_recordset(null::latest, $1::json)
    on conflict (station) do update set unit = excluded.unit`,
})

interface Plan {
  station: number
  items: number
  /** What is wrong with it: nothing, a row the database refuses, one whose numbers fit no column, a replaced connection. */
  fault: 'none' | 'refused' | 'unreadable' | 'stale'
  fenced: boolean
  /** Turns of the event loop before it is handed in. */
  turns: number
}

const plans = fc.array(
  fc.record<Plan>({
    station: fc.nat(stations - 1),
    items: fc.integer({ min: 0, max: 4 }),
    fault: fc.oneof(
      { weight: 8, arbitrary: fc.constant('none' as const) },
      { weight: 1, arbitrary: fc.constantFrom('refused' as const, 'unreadable' as const, 'stale' as const) },
    ),
    fenced: fc.boolean(),
    turns: fc.oneof({ weight: 5, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(6) }),
  }),
  { minLength: 1, maxLength: 80 },
)
/** Milliseconds from one cut of all the hub's connections to the next. */
const cuts = fc.array(fc.nat(12), { maxLength: 5 })

let database: TestDatabase
let owner: Pool
beforeAll(async () => {
  database = await createTestDatabase({ empty: true })
  owner = database.ownerPool
  await owner.query(`
    create table item (unit int, n int, amount int not null check (amount >= 0), text text, primary key (unit, n));
    create table latest (station int primary key, unit int not null);
    create table station_link (organization_id uuid, station_id uuid, epoch bigint not null,
      primary key (organization_id, station_id))`)
  for (let n = 0; n < stations; n++)
    await owner.query('insert into station_link values ($1, $2, $3)', [organizationId, station(n), heldEpoch])
})
afterAll(() => database.drop())

function unitOf(plan: Plan, unit: number): Unit {
  const rows = Array.from({ length: plan.items }, (_, n) => ({ unit, n, amount: n, text: '' }))
  if (plan.fault === 'refused') rows.push({ unit, n: 99, amount: -1, text: '' })
  if (plan.fault === 'unreadable') rows.push({ unit, n: 99, amount: 1e12, text: '' })
  const epoch = plan.fault === 'stale' ? heldEpoch - 1 : heldEpoch
  return {
    effects: [
      ...rows.map((row) => ({ template: item, row })),
      { template: latest, row: { station: plan.station, unit } },
    ],
    partition: station(plan.station),
    ...((plan.fenced || plan.fault === 'stale') && {
      fence: { organizationId, stationId: station(plan.station), epoch },
    }),
  }
}

async function cutConnections(waits: readonly number[]): Promise<void> {
  for (const ms of waits) {
    await new Promise((resolve) => setTimeout(resolve, ms))
    await owner.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and application_name = 'baywatt app'`,
    )
  }
}

test('what resolved is stored once and in order, what was refused or fenced is not, whatever is cut', {
  timeout: 300_000,
}, async () => {
  await fc.assert(
    fc.asyncProperty(
      plans,
      cuts,
      fc.constantFrom(1, 2),
      fc.constantFrom(5, 40, 5_000),
      async (units, waits, flushers, maxRows) => {
        await owner.query('truncate item, latest')
        const commits = groupCommit({ pool: database.pool, clock: systemClock, log: silent, flushers, maxRows })
        const cutting = cutConnections(waits)
        const outcomes: Promise<string>[] = []
        for (const [i, plan] of units.entries()) {
          for (let turn = 0; turn < plan.turns; turn++) await new Promise((resolve) => setImmediate(resolve))
          outcomes.push(
            commits.commit(unitOf(plan, i)).then(
              ({ kind }) => kind,
              (error: Error & { code?: string }) => error.code ?? error.message,
            ),
          )
        }
        const seen = await Promise.all(outcomes)
        await Promise.all([cutting, commits.drain()])

        // Each unit was told what its plan made inevitable; a cut connection shows nowhere.
        const told = { none: 'committed', refused: '23514', unreadable: '22003', stale: 'fenced' } as const
        expect(seen).toEqual(units.map(({ fault }) => told[fault]))

        const committed = [...units.entries()].filter(([, { fault }]) => fault === 'none')
        const { rows: items } = await owner.query('select unit, n from item order by unit, n')
        expect(items).toEqual(
          committed.flatMap(([unit, plan]) => Array.from({ length: plan.items }, (_, n) => ({ unit, n }))),
        )
        const last = new Map<number, number>()
        for (const [unit, plan] of committed) last.set(plan.station, unit)
        const { rows: latestRows } = await owner.query<{ station: number; unit: number }>(
          'select station, unit from latest',
        )
        expect(new Map(latestRows.map((row) => [row.station, row.unit]))).toEqual(last)
        expect(commits.stats).toMatchObject({ queuedRows: 0, queuedUnits: 0, committed: committed.length })
      },
    ),
    { numRuns: 120 },
  )
})
