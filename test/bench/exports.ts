// Owns the bench of exports: a closed month is read, checked, written and stored in each format, with its time and memory.
// Must not be used as a test: it measures, it does not judge. `npm run bench:exports -- --entries 100000`
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay, performance } from 'node:perf_hooks'
import { parseArgs } from 'node:util'
import { startEmbeddedPostgres } from '../../core/runtime/postgres/index.ts'
import { systemNewId } from '../../core/runtime/random.ts'
import { systemClock } from '../../core/runtime/system-clock.ts'
import { closePeriod } from '../../core/services/ledger/close-period.ts'
import { createExport } from '../../core/services/ledger/exports/create-export.ts'
import { connect } from '../../core/store/pool.ts'
import type { HubTables } from '../../core/store/schema.ts'
import { cases, hledgerCase } from '../adapters/accounting/cases.ts'
import { benchDatabase, silent } from './ocpp/bench-database.ts'

const { values } = parseArgs({
  options: { entries: { type: 'string', default: '100000' }, format: { type: 'string' } },
})
const entries = Number(values.entries)

const dataDir = mkdtempSync(join(tmpdir(), 'baywatt-bench-exports-'))
const postgres = await startEmbeddedPostgres({ dataDir, log: silent, now: () => new Date() })
await benchDatabase(postgres.connection, 'exports', 0)
const to = { ...postgres.connection, database: 'exports' }
const { db, pool, close } = await connect<HubTables>({ to, role: 'owner', log: silent, max: 5 })
const { rows } = await pool.query('select organization_id, site_id from site')
const { organization_id: organizationId, site_id: siteId } = rows[0]
const service = { db, clock: systemClock, newId: systemNewId, log: silent }
const access = { organizationId, siteIds: null, actor: 'bench', requestId: 'bench' }

/** Two postings on average, as stays with and without charging have them. */
async function post(): Promise<void> {
  const some = `(select g as n, md5('entry ' || g)::uuid as id, date '2026-03-01' + g % 31 as day from generate_series(1, $3::int) g) n`
  const client = await pool.connect()
  const ask = (text: string) => client.query(text, [organizationId, siteId, entries])
  await client.query('begin')
  await ask(`insert into journal_entry (organization_id, site_id, entry_id, source_type, source_id, description, business_date,
      posted_at, fact_date, postings)
    select $1, $2, id, 'bill', gen_random_uuid(), 'Bill P1-' || n, day, day + time '12:00', day, 1 + n % 3 from ${some}`)
  await ask(`insert into journal_posting (organization_id, site_id, entry_id, posting, debit_account, credit_account, amount_minor,
      currency)
    select $1, $2, id, p, case p when 3 then 'clearing.card' else 'receivable' end,
      case p when 1 then 'revenue.parking' when 2 then 'revenue.energy' else 'receivable' end, 100 + n % 5000, 'EUR'
    from ${some}, generate_series(1, 1 + n % 3) p`)
  await client.query('commit')
  client.release()
}

async function timed<T>(name: string, work: () => Promise<T>): Promise<T> {
  const delay = monitorEventLoopDelay({ resolution: 10 })
  delay.enable()
  const from = performance.now()
  const before = process.cpuUsage()
  const result = await work()
  const seconds = ((performance.now() - from) / 1_000).toFixed(2)
  delay.disable()
  // Of this process alone: on a busy machine it says more than the clock.
  const { user, system } = process.cpuUsage(before)
  const cpu = ((user + system) / 1e6).toFixed(2)
  const memory = Math.round(process.memoryUsage().rss / 1e6)
  console.log(
    `${name}: ${seconds} s (${cpu} s of CPU), longest pause ${Math.round(delay.max / 1e6)} ms, memory ${memory} MB`,
  )
  return result
}

await timed(`posted ${entries} entries`, post)
const closed = await timed('closed the month', () => closePeriod(service)(access, { siteId, to: '2026-03-31' }))
if (closed.kind !== 'ok') throw new Error(JSON.stringify(closed))
const periodId = closed.value[0]?.periodId ?? ''

for (const [i, { format, mapping, options }] of [...cases, hledgerCase].entries()) {
  if (values.format !== undefined && values.format !== format.id) continue
  const now = systemClock.now()
  const mappingId = systemNewId()
  await pool.query(
    `insert into account_mapping (organization_id, mapping_id, target, name, accounts, tax_codes, created_at, updated_at)
     values ($1, $2, $3, $3, $4, $5, $6, $6)`,
    [organizationId, mappingId, `bench-${i}`, JSON.stringify(mapping.accounts), JSON.stringify(mapping.taxCodes), now],
  )
  const deps = { ...service, formats: () => [{ pluginId: 'bench', format }] }
  const input = { format: format.id, mappingId, options: options as Record<string, unknown> }
  const made = await timed(format.id, () => createExport(deps)(access, periodId, input))
  if (made.kind !== 'ok') throw new Error(JSON.stringify(made))
  const { files } = made.value.batch
  const megabytes = (files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) / 1e6).toFixed(1)
  console.log(`  ${files.length} files, ${megabytes} MB`)
}

await close()
await postgres.stop()
rmSync(dataDir, { recursive: true, force: true })
