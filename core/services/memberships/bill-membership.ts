// Owns the bills of memberships: one subject for each period, its charge first, what is given back or added later as adjustments.
// Must not decide when something is billed. The membership's row must be locked.
import { type BillLine, billingSettings, emptyBasis, roundLines, totalsOf } from '../../domain/bill/index.ts'
import { daysBetween, startOfLocalDate } from '../../domain/local-time.ts'
import { type DateSpan, type PeriodPrice, prorationPolicy, slice } from '../../domain/membership/index.ts'
import { majorText, minor, sumMinor } from '../../domain/money.ts'
import { type BillingSite, readBillingSite } from '../../store/billing-facts.ts'
import { billedLines, issuedBills } from '../../store/bills.ts'
import { insertCharges, type Membership, type MembershipPlan, type NewCharge } from '../../store/memberships.ts'
import type { Db } from '../../store/record-table.ts'
import { type BillSummary, issueBill } from '../billing/issue-bill.ts'
import type { ServiceDeps } from '../service-deps.ts'
import { appointRecognition } from './recognise-memberships.ts'

export interface Draft extends PeriodPrice, DateSpan {
  plan: Pick<MembershipPlan, 'planId' | 'name' | 'currency' | 'taxCode' | 'taxPercent' | 'taxIncluded' | 'priceMinor'>
  number: number
  kind: NewCharge['kind']
  sign: 1 | -1
}

/** Net and tax of a whole period by a plan, as it is today. */
export function wholePeriod(plan: MembershipPlan, rounding: ReturnType<typeof billingSettings>['rounding']) {
  const price = majorText(minor(plan.priceMinor), plan.currency)
  const line = { net: price, taxCode: plan.taxCode, taxRate: plan.taxPercent }
  const [amounts] = roundLines([plan.taxIncluded ? { ...line, gross: price } : line], plan.currency, rounding)
  return { netMinor: amounts?.netMinor ?? minor(0), taxMinor: amounts?.taxMinor ?? minor(0) }
}

/** One bill for each period that the drafts are about, in order. */
export async function billDrafts(
  deps: Pick<ServiceDeps, 'newId' | 'clock'>,
  trx: Db,
  of: { organizationId: string; actor: string },
  membership: Membership,
  drafts: readonly Draft[],
  reason: string,
): Promise<BillSummary[]> {
  const site = await readBillingSite(trx, of.organizationId, membership.siteId)
  if (site === undefined) throw new Error(`membership ${membership.membershipId} is at no site`)
  const bills: BillSummary[] = []
  for (const number of new Set(drafts.map((draft) => draft.number))) {
    const mine = drafts.filter((draft) => draft.number === number)
    bills.push(await billPeriod(deps, trx, of, { membership, site, number, drafts: mine, reason }))
  }
  return bills
}

interface PeriodBill {
  membership: Membership
  site: BillingSite
  number: number
  drafts: readonly Draft[]
  reason: string
}

async function billPeriod(
  deps: Pick<ServiceDeps, 'newId' | 'clock'>,
  trx: Db,
  { organizationId, actor }: { organizationId: string; actor: string },
  { membership, site, number, drafts, reason }: PeriodBill,
): Promise<BillSummary> {
  const { membershipId, accountId, siteId } = membership
  const now = deps.clock.now()
  const settings = billingSettings(site.settings, site.code)
  const subjectKey = `membership:${membershipId}:${number}` as const
  const earlier = await issuedBills(trx, organizationId, subjectKey)
  const before = earlier.length === 0 ? [] : await billedLines(trx, organizationId, subjectKey)
  const currency = drafts[0]?.plan.currency ?? site.currency
  const lines = drafts.map((draft, i) => lineOf(draft, before.length + i + 1))
  const days = {
    from: drafts.map((each) => each.from).sort()[0] ?? '',
    to:
      drafts
        .map((each) => each.to)
        .sort()
        .at(-1) ?? '',
  }
  const bill = await issueBill(
    deps,
    trx,
    {
      organizationId,
      site,
      numbering: settings.numbering,
      subjectKey,
      accountId,
      earlier,
      beforeMinor: totalsOf(before).totalMinor,
      lines,
      stay: null,
      sessions: [],
      basis: emptyBasis(site.zone, currency),
      rounding: settings.rounding,
      tariffs: [],
      reason,
      service: { from: startOfLocalDate(days.from, site.zone), to: startOfLocalDate(days.to, site.zone) },
      membership: 'deferred',
      issuedBy: actor,
    },
    now,
  )
  const charges = drafts.map((draft) => ({
    ...draft,
    chargeId: deps.newId(),
    planId: draft.plan.planId,
    currency,
    amount: amountOf(draft),
  }))
  await insertCharges(trx, { organizationId, siteId, membershipId, billId: bill.billId, at: now }, charges)
  await appointRecognition(trx, { organizationId, siteId }, site.zone, now)
  return bill
}

export function amountOf(draft: Pick<Draft, 'period' | 'netMinor' | 'taxMinor' | 'from' | 'to' | 'sign'>) {
  const part = slice(draft, draft)
  return { netMinor: minor(draft.sign * part.netMinor + 0), taxMinor: minor(draft.sign * part.taxMinor + 0) }
}

function lineOf(draft: Draft, place: number): BillLine {
  const { plan, period } = draft
  const { netMinor, taxMinor } = amountOf(draft)
  const days = daysBetween(draft.from, draft.to)
  const all = daysBetween(period.from, period.to)
  const price = majorText(minor(plan.priceMinor), plan.currency)
  const whole = majorText(sumMinor([draft.netMinor, draft.taxMinor]), plan.currency)
  const quantity = `${draft.sign * days}`
  return {
    key: `membership/${place}`,
    kind: 'MEMBERSHIP',
    description: draft.sign === 1 ? plan.name : `${plan.name}, given back`,
    stayId: null,
    sessionId: null,
    tariffId: null,
    tariffVersion: null,
    rulePath: `plan/${plan.planId}`,
    quantity,
    billedQuantity: quantity,
    unit: 'day',
    unitPrice: price,
    per: `${all}`,
    taxIncluded: plan.taxIncluded,
    netMinor,
    taxCode: plan.taxCode,
    taxRate: plan.taxPercent,
    taxMinor,
    totalMinor: sumMinor([netMinor, taxMinor]),
    rounding: prorationPolicy,
    explanation: [
      `${draft.from} until before ${draft.to}: ${days} of the ${all} days from ${period.from}, of ${whole} ${plan.currency} for all of them.`,
    ],
    addedBy: null,
  }
}
