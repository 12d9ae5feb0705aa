// Owns issuing one bill or adjustment: number, lines, receipt, journal entry and event, all in the caller's transaction.
// Must not decide what is billed. The subject's row must be locked.
import {
  type BillBasis,
  type BillLine,
  billNumber,
  billPostings,
  buildReceipt,
  outstandingLines,
  type Receipt,
  type RoundingPolicy,
  type SessionFacts,
  type StayFacts,
  type SubjectKey,
  subjectOf,
  totalsOf,
} from '../../domain/bill/index.ts'
import { localDate } from '../../domain/local-time.ts'
import type { Minor } from '../../domain/money.ts'
import { type BillingSite, readPlaces } from '../../store/billing-facts.ts'
import { billedLines, type IssuedBill, insertBill, nextBillNumber } from '../../store/bills.ts'
import { appendEvents, type NewEvent } from '../../store/event-log.ts'
import { appendEntry } from '../../store/journal.ts'
import { paymentsOf } from '../../store/payments.ts'
import type { Db } from '../../store/record-table.ts'
import { tellBill } from '../parking-actions/tell-bill.ts'
import type { ServiceDeps } from '../service-deps.ts'

export interface BillToIssue {
  organizationId: string
  site: BillingSite
  series: string
  subjectKey: SubjectKey
  accountId: string | null
  /** Bills of the subject so far, the first one first. */
  earlier: readonly IssuedBill[]
  /** What they came to. */
  beforeMinor: Minor
  lines: readonly BillLine[]
  stay: StayFacts | null
  sessions: readonly SessionFacts[]
  basis: BillBasis
  rounding: RoundingPolicy
  tariffs: Receipt['tariffs']
  /** Of an adjustment. */
  reason: string
}

export interface BillSummary {
  billId: string
  number: string
  kind: 'bill' | 'adjustment'
  subjectKey: SubjectKey
  totalMinor: Minor
  currency: string
}

export async function issueBill(
  deps: Pick<ServiceDeps, 'newId' | 'clock'>,
  trx: Db,
  bill: BillToIssue,
  now: Date,
): Promise<BillSummary> {
  const { organizationId, site, subjectKey, lines, basis } = bill
  const { siteId } = site
  const first = bill.earlier[0]
  const kind = first === undefined ? 'bill' : 'adjustment'
  const billId = deps.newId()
  const series = bill.series
  const counted = await nextBillNumber(trx, organizationId, series)
  const number = billNumber(series, counted)
  const subject = subjectOf(subjectKey)
  const totals = totalsOf(lines)
  const currency = basis.currency
  const reason = kind === 'bill' ? null : bill.reason
  const adjusts = first === undefined ? null : { billId: first.billId, number: first.number }
  const places = await readPlaces(
    trx,
    organizationId,
    bill.sessions.map((session) => session.sessionId),
  )
  const receipt = buildReceipt({
    bill: { kind, billId, number, adjusts, reason, issuedAt: now, currency },
    site: { ...site, zone: basis.zone },
    organizationName: site.organizationName,
    stay: bill.stay,
    sessions: bill.sessions,
    places,
    lines,
    beforeMinor: bill.beforeMinor,
    payments: await paymentsOf(trx, organizationId, subjectKey),
    tariffs: bill.tariffs,
  })
  const businessDate = localDate(now, basis.zone)
  const service = serviceTimes(bill, now)
  await insertBill(
    trx,
    {
      organizationId,
      siteId,
      billId,
      series,
      number: counted,
      kind,
      subjectKey,
      sequence: bill.earlier.length + 1,
      adjustsBillId: adjusts?.billId ?? null,
      stayId: subject?.kind === 'stay' ? subject.id : null,
      sessionId: subject?.kind === 'session' ? subject.id : null,
      accountId: bill.accountId,
      currency,
      ...totals,
      reason,
      serviceFrom: service.from,
      serviceTo: service.to,
      issuedAt: now,
      issuedBy: 'hub',
      businessDate,
      rounding: bill.rounding,
      basis,
      receipt,
    },
    lines,
  )
  const what = kind === 'bill' ? 'Bill' : 'Adjustment'
  const entry = { organizationId, siteId, entryId: deps.newId(), sourceType: 'bill' as const, sourceId: billId }
  await appendEntry(
    trx,
    {
      ...entry,
      description: `${what} ${number}`,
      businessDate,
      factDate: localDate(service.to, basis.zone),
      corrects: adjusts === null ? null : { sourceType: 'bill', sourceId: adjusts.billId },
      postedAt: now,
      currency,
      billId,
    },
    billPostings(lines),
  )
  if (subject?.kind === 'stay') {
    await tellBill(deps, trx, {
      ...{
        organizationId,
        siteId,
        siteSettings: site.settings,
        billId,
        number,
        kind,
        stayId: subject.id,
        currency,
        lines,
      },
      standing: [...outstandingLines(await billedLines(trx, organizationId, subjectKey)).values()],
      issuedAt: now,
    })
  }
  await appendEvents(trx, [
    eventOf(deps.newId(), bill, { billId, number, adjusts, totalMinor: totals.totalMinor, currency }, now),
  ])
  return { billId, number, kind, subjectKey, totalMinor: totals.totalMinor, currency }
}

function eventOf(
  id: string,
  bill: BillToIssue,
  issued: { billId: string; number: string; adjusts: Receipt['adjusts']; totalMinor: Minor; currency: string },
  now: Date,
): NewEvent {
  const { adjusts, ...data } = issued
  const shared = {
    id,
    organizationId: bill.organizationId,
    siteId: bill.site.siteId,
    subject: { type: 'bill', id: issued.billId },
    occurredAt: now,
    recordedAt: now,
  }
  return adjusts === null
    ? { ...shared, type: 'bill.issued', data }
    : { ...shared, type: 'bill.adjusted', data: { ...data, adjustsBillId: adjusts.billId } }
}

/** From the first to the last thing that is billed; what was billed before, when nothing is any more. */
function serviceTimes({ stay, sessions, earlier, lines }: BillToIssue, now: Date): { from: Date; to: Date } {
  const times: Date[] = []
  const parking = lines.some((line) => line.key.startsWith('parking/'))
  if (stay !== null && parking) times.push(...[stay.enteredAt, stay.exitedAt].filter((at) => at !== null))
  for (const session of sessions) {
    if (!lines.some((line) => line.sessionId === session.sessionId)) continue
    times.push(session.pluggedAt, session.unpluggedAt ?? session.endedAt ?? session.startedAt)
  }
  const sorted = times.map((at) => at.getTime()).sort((a, b) => a - b)
  const from = sorted[0]
  const to = sorted.at(-1)
  if (from !== undefined && to !== undefined) return { from: new Date(from), to: new Date(to) }
  const last = earlier.at(-1)
  return { from: last?.serviceFrom ?? now, to: last?.serviceTo ?? now }
}
