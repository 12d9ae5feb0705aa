// Owns issuing one bill or adjustment: number, lines, receipt, journal entry and event, all in the caller's transaction.
// Must not decide what is billed. The subject's row must be locked.
import {
  type BillBasis,
  type BillBooks,
  type BillLine,
  billPostings,
  buildReceipt,
  type MissingItem,
  missingItems,
  type Numbering,
  outstandingLines,
  owedBy,
  type Receipt,
  type RoundingPolicy,
  regimesOf,
  type SessionFacts,
  type StayFacts,
  seriesOf,
  subjectOf,
  totalsOf,
} from '../../domain/bill/index.ts'
import { businessClock, businessDate } from '../../domain/business-day.ts'
import type { Minor } from '../../domain/money.ts'
import { type BillingSite, readPlaces } from '../../store/billing-facts.ts'
import { type BillKey, billedLines, type IssuedBill, insertBill, nextBillNumber } from '../../store/bills.ts'
import { addJobs, appendEvents, type NewEvent } from '../../store/event-log.ts'
import { sendEntry } from '../../store/journal.ts'
import { paymentsOf } from '../../store/payments.ts'
import type { Db } from '../../store/record-table.ts'
import { openReview } from '../../store/review-items.ts'
import { signedDigest, signedValuesOf } from '../../store/signed-meter-values.ts'
import { tellBill } from '../parking-actions/tell-bill.ts'
import type { ServiceDeps } from '../service-deps.ts'

export interface BillToIssue {
  organizationId: string
  site: BillingSite
  numbering: Numbering
  subjectKey: BillKey
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
  /** Of what is not a stay or session: when it was or will be served. */
  service?: { from: Date; to: Date }
  /** Default: earned at once. */
  membership?: BillBooks['membership']
  issuedBy?: string
}

export interface BillSummary {
  billId: string
  number: string
  kind: 'bill' | 'adjustment'
  subjectKey: BillKey
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
  const clock = businessClock(basis.zone, site.settings)
  const issuedOn = businessDate(now, clock)
  const { series, print } = seriesOf(bill.numbering, kind, issuedOn)
  const subject = subjectOf(subjectKey)
  const totals = totalsOf(lines)
  const currency = basis.currency
  const reason = kind === 'bill' ? null : bill.reason
  const adjusts = first === undefined ? null : { billId: first.billId, number: first.number }
  const sessionIds = bill.sessions.map((session) => session.sessionId)
  // Nobody else gets a number of the series until this transaction ends, so it comes last, and what follows is not waited for.
  const [signed, stood, payments, counted] = await Promise.all([
    signedValuesOf(trx, organizationId, sessionIds),
    readPlaces(trx, organizationId, sessionIds),
    paymentsOf(trx, organizationId, subjectKey),
    nextBillNumber(trx, organizationId, series),
  ])
  const places = stood.map((place) => ({ ...place, signed: signedDigest(signed.get(place.sessionId) ?? []) }))
  const number = print(counted)
  const told = buildReceipt({
    bill: { kind, billId, number, adjusts, reason, issuedAt: now, currency },
    site: { ...site, zone: basis.zone },
    organizationName: site.organizationName,
    stay: bill.stay,
    sessions: bill.sessions,
    places,
    lines,
    beforeMinor: bill.beforeMinor,
    payments,
    tariffs: bill.tariffs,
  })
  const missing = missingItems(told, regimesOf(settingOf(site.settings, 'receipt_regimes')))
  const receipt: Receipt = { ...told, missing }
  const service = bill.service ?? serviceTimes(bill, now)
  const owed = owedBy(basis.billing)
  await insertBill(
    trx,
    {
      organizationId,
      siteId,
      billId,
      series,
      number: counted,
      numberText: number,
      kind,
      subjectKey,
      sequence: bill.earlier.length + 1,
      adjustsBillId: adjusts?.billId ?? null,
      stayId: subject?.kind === 'stay' ? subject.id : null,
      sessionId: subject?.kind === 'session' ? subject.id : null,
      accountId: bill.accountId,
      owedBy: owed,
      currency,
      ...totals,
      reason,
      serviceFrom: service.from,
      serviceTo: service.to,
      issuedAt: now,
      issuedBy: bill.issuedBy ?? 'hub',
      businessDate: issuedOn,
      rounding: bill.rounding,
      basis,
      receipt,
    },
    lines,
  )
  const what = kind === 'bill' ? 'Bill' : 'Adjustment'
  const entry = { organizationId, siteId, entryId: deps.newId(), sourceType: 'bill' as const, sourceId: billId }
  await sendEntry(
    trx,
    {
      ...entry,
      description: `${what} ${number}`,
      businessDate: issuedOn,
      factDate: businessDate(service.to, clock),
      corrects: adjusts === null ? null : { sourceType: 'bill', sourceId: adjusts.billId },
      postedAt: now,
      currency,
      billId,
    },
    billPostings(lines, { owedBy: owed, membership: bill.membership ?? 'earned' }),
  )
  if (subject?.kind === 'stay') {
    const standing = outstandingLines(first === undefined ? lines : await billedLines(trx, organizationId, subjectKey))
    await tellBill(deps, trx, {
      organizationId,
      siteId,
      siteSettings: site.settings,
      billId,
      number,
      kind,
      stayId: subject.id,
      currency,
      lines,
      owedBy: owed,
      standing: [...standing.values()],
      issuedAt: now,
    })
  }
  if (kind === 'adjustment' && totals.totalMinor < 0) {
    const name = `refund:${subjectKey}`
    const payload = { organizationId, siteId, subjectKey, billId, number }
    await addJobs(trx, [{ task: 'refund.consider', payload, key: `refund:${billId}`, queue: name }])
  }
  if (missing.length > 0)
    await tellOfMissing(deps, trx, { organizationId, siteId, billId, number, missing, issuedOn, now })
  await appendEvents(trx, [
    eventOf(deps.newId(), bill, { billId, number, adjusts, totalMinor: totals.totalMinor, currency }, now),
  ])
  return { billId, number, kind, subjectKey, totalMinor: totals.totalMinor, currency }
}

/** Once a day for the same lack: what is missing at a site is missing on all of its receipts. */
async function tellOfMissing(
  deps: Pick<ServiceDeps, 'newId'>,
  trx: Db,
  lack: {
    organizationId: string
    siteId: string
    billId: string
    number: string
    missing: readonly MissingItem[]
    issuedOn: string
    now: Date
  },
): Promise<void> {
  const { organizationId, siteId, billId, number, missing, issuedOn } = lack
  const names = missing.map(({ regime, item }) => `${item} (${regime})`)
  await openReview(trx, deps.newId, {
    organizationId,
    siteId,
    reviewId: deps.newId(),
    contentKey: `receipt:${siteId}:${issuedOn}:${names.join()}`,
    kind: 'receipt_incomplete',
    subjectType: 'bill',
    subjectId: billId,
    reason: `The receipt ${number} lacks what rules ask for: ${names.join(', ')}.`,
    data: { billId, number, missing },
    at: lack.now,
  })
}

function settingOf(settings: unknown, name: string): unknown {
  return typeof settings === 'object' && settings !== null ? (settings as Record<string, unknown>)[name] : undefined
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
