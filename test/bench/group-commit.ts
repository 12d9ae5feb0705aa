// Owns the measurement of the group commit beside one transaction per unit, on a private server that syncs to disk.
// Must not be run by the test suite: `node --import tsx test/bench/group-commit.ts`.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { startEmbeddedPostgres } from '../../core/runtime/postgres/index.ts'
import { systemClock } from '../../core/runtime/system-clock.ts'
import { defineEffect, groupCommit, type Unit } from '../../core/store/group-commit.ts'
import { connect } from '../../core/store/pool.ts'
import { transaction } from '../../core/store/transaction.ts'
import { silent } from '../setup/silent-log.ts'

const organizationId = '00000000-0000-7000-8000-000000000001'
const station = (n: number) => `00000000-0000-7000-8000-${String(n).padStart(12, '0')}`
const secondsEach = Number(process.argv[2] ?? 3)

// The three rows that a MeterValues call causes: the frame kept, the station's state, one sample.
const message = defineEffect<{ station_id: string; n: number; frame: string }>({
  name: 'message',
  order: 10,
  sql: `insert into message select station_id, n, frame from json_populate_recordset(null::message, $1::json) on conflict do nothing`,
})
const state = defineEffect<{ station_id: string; n: number; status: string }>({
  name: 'state',
  order: 20,
  key: (row) => row.station_id,
  sql: `insert into state select station_id, n, status from json_populate_recordset(null::state, $1::json)
    on conflict (station_id) do update set n = excluded.n, status = excluded.status`,
})
const sample = defineEffect<{ station_id: string; n: number; wh: number; extra: object }>({
  name: 'sample',
  order: 30,
  sql: `insert into sample select station_id, n, wh, extra from json_populate_recordset(null::sample, $1::json) on conflict do nothing`,
})
const frame = `[2,"${'0'.repeat(36)}","MeterValues",{"connectorId":1,"transactionId":17,"meterValue":[]}]`.padEnd(
  300,
  ' ',
)

function unitOf(stationNumber: number, n: number): Unit {
  const station_id = station(stationNumber)
  return {
    effects: [
      { template: message, row: { station_id, n, frame } },
      { template: state, row: { station_id, n, status: 'Charging' } },
      { template: sample, row: { station_id, n, wh: n, extra: { voltage: 230 } } },
    ],
    fence: { organizationId, stationId: station_id, epoch: 1 },
  }
}

const dataDir = mkdtempSync(join(tmpdir(), 'baywatt-bench-'))
const server = await startEmbeddedPostgres({ dataDir, log: silent, now: () => new Date() })
const { pool, db, close } = await connect<unknown>({ to: server.connection, role: 'owner', log: silent, max: 20 })
await pool.query(`
  create table message (station_id uuid, n bigint, frame text, primary key (station_id, n));
  create table state (station_id uuid primary key, n bigint, status text) with (fillfactor = 50);
  create table sample (station_id uuid, n bigint, wh bigint, extra jsonb, primary key (station_id, n));
  create table station_link (organization_id uuid, station_id uuid, epoch bigint, primary key (organization_id, station_id))
    with (fillfactor = 50)`)
for (let n = 0; n < 5_000; n++)
  await pool.query('insert into station_link values ($1, $2, 1)', [organizationId, station(n)])
await pool.query('analyze')

async function each(unit: Unit): Promise<void> {
  await transaction(db, async (trx) => {
    for (const { template, row } of unit.effects) {
      const [head = '', tail = ''] = template.sql.split('$1')
      await sql`${sql.raw(head)}${JSON.stringify([row])}${sql.raw(tail)}`.execute(trx)
    }
  })
}

async function closedLoop(name: string, concurrency: number, store: (unit: Unit) => Promise<unknown>): Promise<void> {
  await pool.query('truncate message, state, sample')
  const until = performance.now() + secondsEach * 1_000
  const before = process.cpuUsage()
  const began = performance.now()
  let units = 0
  const one = async (n: number) => {
    for (let i = 1; performance.now() < until; i++) {
      await store(unitOf(n, i))
      units += 1
    }
  }
  await Promise.all(Array.from({ length: concurrency }, (_, n) => one(n)))
  const seconds = (performance.now() - began) / 1_000
  const { user, system } = process.cpuUsage(before)
  console.log(
    `${name.padEnd(34)} ${String(concurrency).padStart(5)} at once  ${rate(units / seconds)} units/s ${rate((units * 3) / seconds)} rows/s  ` +
      `${((user + system) / units).toFixed(1).padStart(7)} µs hub CPU per unit`,
  )
}

async function openLoop(name: string, perSecond: number, store: (unit: Unit) => Promise<unknown>): Promise<void> {
  await pool.query('truncate message, state, sample')
  const latencies: number[] = []
  const pending: Promise<void>[] = []
  const began = performance.now()
  const count = perSecond * secondsEach
  for (let i = 0; i < count; ) {
    // Latency counts from when the unit was due, so that a stalled sender cannot hide a wait.
    for (; i < count && began + (i * 1_000) / perSecond <= performance.now(); i++) {
      const due = began + (i * 1_000) / perSecond
      pending.push(store(unitOf(i % 1_000, i)).then(() => void latencies.push(performance.now() - due)))
    }
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
  await Promise.all(pending)
  latencies.sort((a, b) => a - b)
  const at = (share: number) => (latencies[Math.floor(latencies.length * share)] ?? 0).toFixed(1).padStart(7)
  console.log(
    `${name.padEnd(34)} ${String(perSecond).padStart(5)} per s    p50 ${at(0.5)} ms  p99 ${at(0.99)} ms  max ${at(0.9999)} ms`,
  )
}

const rate = (value: number) => Math.round(value).toLocaleString('en').padStart(9)
const grouped = (flushers: number) => groupCommit({ pool, clock: systemClock, log: silent, flushers })

for (const concurrency of [1, 16, 256]) {
  await closedLoop('one transaction per unit', concurrency, each)
  for (const flushers of [1, 2])
    await closedLoop(`group commit, ${flushers} flusher(s)`, concurrency, grouped(flushers).commit)
}
for (const perSecond of [500, 2_000, 5_000, 10_000]) {
  for (const flushers of [1, 2, 3])
    await openLoop(`group commit, ${flushers} flusher(s)`, perSecond, grouped(flushers).commit)
}
await close()
await server.stop()
rmSync(dataDir, { recursive: true, force: true })
