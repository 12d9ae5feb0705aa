// Owns the measurement of a year of money: stays and sessions billed, days closed, months exported; time, memory, and that all sums agree.
// Must not be used as a test: `npm run bench:billing -- --days 365 --stays 1000` takes its time.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { addDays } from '../../core/domain/local-time.ts'
import { startEmbeddedPostgres } from '../../core/runtime/postgres/index.ts'
import { evaluateBill } from '../../core/services/billing/evaluate-bill.ts'
import { closePeriod } from '../../core/services/ledger/close-period.ts'
import { trialBalance } from '../../core/services/ledger/read-ledger.ts'
import { readClosedPeriod, verifyPeriods } from '../../core/services/ledger/read-period.ts'
import { installJobs } from '../../core/store/jobs.ts'
import { migrate, migrationsIn } from '../../core/store/migrator.ts'
import { connect } from '../../core/store/pool.ts'
import type { HubTables } from '../../core/store/schema.ts'
import { type Garage, openGarage } from '../services/billing/garage.ts'
import { silent } from '../setup/silent-log.ts'
import { fillDay } from './billing/fill-day.ts'

const { values } = parseArgs({
  options: {
    days: { type: 'string', default: '30' },
    /** Each day; a quarter of them with a charging session, besides a twentieth of sessions without a stay. */
    stays: { type: 'string', default: '1000' },
    /** Bills at once, as the hub's workers do. */
    workers: { type: 'string', default: '4' },
  },
})
const days = Number(values.days)
const stays = Number(values.stays)
const workers = Number(values.workers)
/** The garage's tariffs begin the day before. */
const firstDay = '2024-06-11'
const mb = () => process.memoryUsage().rss / 1_048_576
const print = (line: string) => console.log(line)
const seconds = (ms: number) => (ms / 1_000).toFixed(1)

const dataDir = mkdtempSync(join(tmpdir(), 'baywatt-bench-billing-'))
const server = await startEmbeddedPostgres({ dataDir, log: silent, now: () => new Date() })
const owner = await connect<HubTables>({ to: server.connection, role: 'owner', log: silent, max: workers + 2 })
let wrong = 0
try {
  await installJobs(owner.pool, silent)
  await migrate({
    connection: server.connection,
    migrations: await migrationsIn(new URL('../../migrations/', import.meta.url)),
    now: () => new Date(),
    version: 'bench',
    log: silent,
  })
  const garage = await openGarage(owner.db)
  await run(garage)
} finally {
  await owner.close()
  await server.stop()
  rmSync(dataDir, { recursive: true, force: true })
}
if (wrong > 0) process.exitCode = 1

async function run(garage: Garage): Promise<void> {
  const access = { organizationId: garage.organizationId, siteIds: null, actor: 'bench', requestId: 'bench' }
  const evaluate = evaluateBill(garage.deps)
  const expected = { parking: 0, energy: 0, idle: 0, paid: 0, subjects: 0 }
  const billTimes: number[] = []
  let billing = 0
  let closing = 0
  let highest = 0
  const periodIds: string[] = []
  for (let day = 0; day < days; day++) {
    const date = addDays(firstDay, day)
    const filled = await fillDay(garage, { date, stays, seed: day })
    for (const key of ['parking', 'energy', 'idle', 'paid'] as const) expected[key] += filled.expected[key]
    expected.subjects += filled.subjects.length
    garage.clock.advanceTo(new Date(`${date}T21:50:00Z`))
    const queue = [...filled.subjects]
    const from = performance.now()
    const worker = async () => {
      for (let subjectKey = queue.pop(); subjectKey !== undefined; subjectKey = queue.pop()) {
        const begin = performance.now()
        const outcome = await evaluate({ organizationId: garage.organizationId, subjectKey })
        billTimes.push(performance.now() - begin)
        if (outcome.kind !== 'issued') throw new Error(`${subjectKey}: ${JSON.stringify(outcome)}`)
      }
    }
    await Promise.all(Array.from({ length: workers }, worker))
    billing += performance.now() - from
    garage.clock.advanceTo(new Date(`${addDays(date, 1)}T02:00:00Z`))
    const begin = performance.now()
    const closed = await closePeriod(garage.deps)(access, { siteId: garage.siteId, to: date })
    closing += performance.now() - begin
    if (closed.kind !== 'ok') throw new Error(`${date} could not be closed: ${JSON.stringify(closed)}`)
    periodIds.push(...closed.value.map((one) => one.periodId))
    highest = Math.max(highest, mb())
    if (day % 30 === 29) print(`${date}: ${expected.subjects} billed, ${seconds(billing)} s, ${mb().toFixed(0)} MB`)
  }
  billTimes.sort((a, b) => a - b)
  const at = (share: number) => (billTimes[Math.floor(billTimes.length * share)] ?? 0).toFixed(2)
  print(`\n${expected.subjects} bills in ${seconds(billing)} s with ${workers} at once:`)
  print(
    `  ${(billing / expected.subjects).toFixed(2)} ms a bill (target < 5), one waits ${at(0.5)} ms, p99 ${at(0.99)} ms`,
  )
  print(`  ${days} days closed in ${seconds(closing)} s, ${(closing / days).toFixed(0)} ms each`)
  print(`  highest resident memory after a day ${highest.toFixed(0)} MB`)

  const month = periodIds.slice(0, 31)
  const before = performance.now()
  let entries = 0
  const sums = new Map<string, number>()
  for (const periodId of month) {
    const period = await readClosedPeriod(garage.deps)(access, periodId)
    if (period.kind !== 'ok') throw new Error(period.kind)
    entries += period.value.entries.length
    for (const { postings } of period.value.entries) {
      for (const { debit, credit, amountMinor } of postings) {
        sums.set(debit, (sums.get(debit) ?? 0) + amountMinor)
        sums.set(credit, (sums.get(credit) ?? 0) - amountMinor)
      }
    }
  }
  print(`  a month read back: ${entries} entries in ${seconds(performance.now() - before)} s`)

  const checking = performance.now()
  const verdict = await verifyPeriods(garage.deps)(access, { siteId: garage.siteId })
  if (verdict.kind !== 'ok' || !verdict.value.intact) wrong++
  print(`  the chain of ${days} days verified in ${seconds(performance.now() - checking)} s`)

  const balance = await trialBalance(garage.deps)(access, { siteId: garage.siteId, date: addDays(firstDay, days - 1) })
  const net = (code: string) => {
    const row = balance.accounts.find(({ account }) => account === code)
    return row === undefined ? 0 : row.creditMinor - row.debitMinor
  }
  const tax = balance.accounts
    .filter(({ account }) => account.startsWith('tax.payable.'))
    .reduce((sum, { creditMinor, debitMinor }) => sum + creditMinor - debitMinor, 0)
  const gross = net('revenue.parking') + net('revenue.energy') + net('revenue.idle') + tax
  compare('revenue and tax', gross, expected.parking + expected.energy + expected.idle)
  compare('receivable left', -net('receivable'), expected.parking + expected.energy + expected.idle - expected.paid)
  compare('taken by card', -net('clearing.card'), expected.paid)
}

function compare(what: string, booked: number, worked: number): void {
  if (booked !== worked) wrong++
  print(`  ${what}: booked ${booked}, worked out apart ${worked}, difference ${booked - worked}`)
}
