// Owns running a reconciliation: rows gathered, compared, judged by what people decided before, and kept; again whenever asked.
// Must not lose a decision, and must not book anything: what differs is for people to put right.
import { businessClock } from '../../domain/business-day.ts'
import { type Compared, isExplained } from '../../domain/reconciliation/book-row.ts'
import { compareRows, totalsOf } from '../../domain/reconciliation/compare-rows.ts'
import { tolerancesOf } from '../../domain/reconciliation/judge-pair.ts'
import { meterSpan, readingsByMeter } from '../../domain/reconciliation/meter-span.ts'
import type { ReadingLine } from '../../domain/reconciliation/read-meter-readings.ts'
import { appendAudit } from '../../store/audit.ts'
import { connectionRecords } from '../../store/connections.ts'
import { appendEvents } from '../../store/event-log.ts'
import { type Site, sites } from '../../store/places.ts'
import { decisionsOf } from '../../store/reconciliation-decisions.ts'
import { stationCodes } from '../../store/reconciliation-sources.ts'
import {
  type FreshItem,
  insertLines,
  lockSiteRuns,
  type Reconciliation,
  reconciliations,
  sameRun,
  writeItems,
} from '../../store/reconciliations.ts'
import { type Db, getRecord, insertRecord, updateRecord } from '../../store/record-table.ts'
import { inTurns, rowsInTurns } from '../in-turns.ts'
import { refusable } from '../manage/manage-record.ts'
import { type Access, type FieldProblem, invalid, notFound, type Outcome, ok } from '../manage/outcome.ts'
import type { ServiceDeps } from '../service-deps.ts'
import { gatherRows, instantsOf } from './gather-rows.ts'
import {
  checkInput,
  hashOf,
  optionsOf,
  type ReadLine,
  type ReconciliationInput,
  readInput,
} from './reconciliation-input.ts'

type Deps = Pick<ServiceDeps, 'db' | 'clock' | 'newId'>

export interface Started {
  run: Reconciliation
  /** False: the same input for the same days was there, and was run again. */
  created: boolean
}

export function startReconciliation(deps: Deps) {
  return async (access: Access, asked: ReconciliationInput): Promise<Outcome<Started>> => {
    const checked = checkInput(asked)
    if (checked.kind !== 'ok') return checked
    const input = checked.value
    const site = await getRecord(deps.db, sites, access, input.siteId)
    if (site === undefined) return invalid('/siteId', 'no such site')
    const read = await inTurns(readInput(input, { zone: site.timeZone, currency: site.currency }))
    if (read.kind !== 'ok') return read
    const { lines, fileHash, inputHash } = read.value
    return refusable<Started>(deps, async (trx) => {
      const wrong = await wrongOptions(trx, access, site, input, lines)
      if (wrong.length > 0) return { kind: 'invalid', problems: wrong }
      const { organizationId } = access
      const { siteId, kind, from, to } = input
      await lockSiteRuns(trx, organizationId, siteId)
      const same = await sameRun(trx, { organizationId, siteId, kind, from, to, inputHash })
      if (same !== undefined) {
        const again = await runAgain(deps, trx, access, same)
        return again.kind === 'ok' ? ok({ run: again.value, created: false }) : again
      }
      const now = deps.clock.now()
      const reconciliationId = deps.newId()
      const made = await insertRecord(trx, reconciliations, {
        organization_id: organizationId,
        site_id: siteId,
        reconciliation_id: reconciliationId,
        kind,
        from_date: from,
        to_date: to,
        currency: site.currency,
        input_hash: inputHash,
        file_hash: fileHash,
        file_name: input.fileName ?? null,
        options: optionsOf(input),
        state: 'agreed',
        totals: [],
        counts: { classes: {}, states: {} },
        open_items: 0,
        runs: 0,
        last_run_at: now,
        created_by: access.actor,
        created_at: now,
        updated_at: now,
      })
      await insertLines(trx, { organizationId, siteId, reconciliationId }, lines)
      return ok({ run: await compute(deps, trx, access, site, made, 'created'), created: true })
    })
  }
}

export function rerunReconciliation(deps: Deps) {
  return (access: Access, reconciliationId: string): Promise<Outcome<Reconciliation>> =>
    refusable(deps, (trx) => runAgain(deps, trx, access, reconciliationId))
}

async function runAgain(deps: Deps, trx: Db, access: Access, id: string): Promise<Outcome<Reconciliation>> {
  const run = await getRecord(trx, reconciliations, access, id, 'lock')
  const site = run && (await getRecord(trx, sites, access, run.siteId))
  return run && site ? ok(await compute(deps, trx, access, site, run, 'rerun')) : notFound
}

/** What the database has to be asked about. */
async function wrongOptions(
  trx: Db,
  access: Access,
  site: Site,
  input: ReconciliationInput,
  lines: readonly ReadLine[],
): Promise<FieldProblem[]> {
  const problems: FieldProblem[] = []
  const { connectionId, meters = [] } = input
  if (connectionId !== undefined) {
    const connection = await getRecord(trx, connectionRecords, access, connectionId)
    if (connection === undefined || (connection.siteId !== null && connection.siteId !== site.siteId)) {
      problems.push({ pointer: '/connectionId', message: 'no such connection at this site' })
    }
  }
  if (input.kind !== 'meter_readings') return problems
  const codes = await stationCodes(trx, access.organizationId, site.siteId)
  const told = readingsByMeter(lines as readonly ReadingLine[])
  for (const [i, { meter, stationIds }] of meters.entries()) {
    if (!told.has(meter)) problems.push({ pointer: `/meters/${i}/meter`, message: 'has no reading in the file' })
    if (meters.findIndex((other) => other.meter === meter) < i)
      problems.push({ pointer: `/meters/${i}/meter`, message: 'is there twice' })
    const strange = stationIds.findIndex((stationId) => !codes.has(stationId))
    if (strange >= 0)
      problems.push({ pointer: `/meters/${i}/stationIds/${strange}`, message: 'no such station at this site' })
  }
  const span = instantsOf({ clock: businessClock(site.timeZone, site.settings), from: input.from, to: input.to })
  const pointer = input.csv === undefined ? '/lines' : '/csv'
  for (const [meter, readings] of told) {
    if (meterSpan(meter, readings, span.fromAt.getTime(), span.toAt.getTime()) === null) {
      problems.push({
        pointer,
        message: `meter ${meter} has fewer than two readings from ${input.from} to ${input.to}`,
      })
    }
    if (told.size > 1 && !meters.some((each) => each.meter === meter)) {
      problems.push({ pointer: '/meters', message: `does not say which chargers are behind meter ${meter}` })
    }
  }
  return problems.slice(0, 100)
}

/** The run's row must be locked. */
export async function compute(
  deps: Deps,
  trx: Db,
  access: Access,
  site: Site,
  run: Reconciliation,
  action: string,
  why: string | null = null,
): Promise<Reconciliation> {
  const { organizationId } = access
  const { reconciliationId, siteId } = run
  const place = { organizationId, siteId, reconciliationId }
  const now = deps.clock.now()
  const decisions = await decisionsOf(trx, place)
  const undone = new Set(decisions.flatMap(({ undoes }) => (undoes === null ? [] : [undoes])))
  const standing = (kind: string) => decisions.filter((each) => each.kind === kind && !undone.has(each.decision_id))
  const { ours, theirs } = await gatherRows(trx, site, run, place, now)
  const comparison = {
    ours,
    theirs,
    tolerances: tolerancesOf(site.settings),
    together: standing('match'),
    // One that takes a match back says no more than that.
    apart: standing('unmatch').filter(({ undoes }) => undoes === null),
  }
  const items = await inTurns(compareRows(comparison))
  const verdicts = new Map(
    decisions.filter(({ kind }) => kind === 'accept' || kind === 'reopen').map((each) => [each.item_key, each]),
  )
  const fresh: FreshItem[] = []
  for await (const item of rowsInTurns(items)) fresh.push(judged(item, deps.newId(), verdicts))
  await writeItems(trx, place, fresh, { run: run.runs + 1, now })
  const openItems = fresh.filter(({ state }) => state === 'open').length
  const after = await updateRecord(trx, reconciliations, organizationId, reconciliationId, {
    state: openItems > 0 ? 'differs' : 'agreed',
    totals: totalsOf(items),
    open_items: openItems,
    counts: { classes: countsBy(fresh, (item) => item.class), states: countsBy(fresh, (item) => item.state) },
    runs: run.runs + 1,
    last_run_at: now,
    updated_at: now,
  })
  await appendAudit(trx, organizationId, {
    auditId: deps.newId(),
    siteId,
    at: now,
    actor: access.actor,
    action: `reconciliation.${action}`,
    subjectType: 'reconciliation',
    subjectId: reconciliationId,
    requestId: access.requestId,
    before: action === 'created' ? null : headline(run),
    after: { ...headline(after), ...(why === null ? {} : { reason: why }) },
  })
  const same = JSON.stringify(headline(run)) === JSON.stringify(headline(after))
  if (openItems > 0 && !same) {
    const { kind, from, to } = run
    await appendEvents(trx, [
      {
        id: deps.newId(),
        type: 'reconciliation.differs',
        organizationId,
        siteId,
        occurredAt: now,
        recordedAt: now,
        subject: { type: 'reconciliation', id: reconciliationId },
        data: { reconciliationId, kind, from, to, openItems },
      },
    ])
  }
  return after
}

const headline = ({ state, openItems, counts, totals }: Reconciliation) => ({ state, openItems, counts, totals })

type Verdicts = ReadonlyMap<string, Awaited<ReturnType<typeof decisionsOf>>[number]>

/** What was accepted stays so while it is the same difference; of another amount it is another question. */
function judged({ key, ...item }: Compared, itemId: string, verdicts: Verdicts): FreshItem {
  const itemKey = hashOf(key)
  const verdict = verdicts.get(itemKey)
  const nothing = { note: null, decidedBy: null, decidedAt: null }
  const made = { ...item, itemId, itemKey }
  if (item.class === 'matched') return { ...made, state: 'agreed', ...nothing }
  if (verdict === undefined) return { ...made, state: isExplained(item) ? 'explained' : 'open', ...nothing }
  const said = { note: verdict.reason, decidedBy: verdict.decided_by, decidedAt: verdict.decided_at }
  if (verdict.kind === 'reopen') return { ...made, state: 'open', ...said }
  if (verdict.difference === item.difference) return { ...made, state: 'accepted', ...said }
  return { ...made, state: 'open', ...said, words: `${item.words} It was accepted when it was another amount.` }
}

function countsBy<T>(items: readonly T[], nameOf: (item: T) => string): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const item of items) counts[nameOf(item)] = (counts[nameOf(item)] ?? 0) + 1
  return counts
}
