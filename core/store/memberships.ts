// Owns the rows of membership plans, memberships, what was billed for them and how far that is earned.
// Must not compute an amount.
import { type Kysely, sql } from 'kysely'
import type { Charge, DateSpan, Rhythm } from '../domain/membership/index.ts'
import { minor } from '../domain/money.ts'
import { jsonText } from './json-text.ts'
import { type Stamped, stampColumns, usualSorts } from './places.ts'
import { is, recordTable } from './record-table.ts'
import type { HubTables } from './schema.ts'

type Db = Kysely<HubTables>

export interface MembershipPlan extends Stamped {
  planId: string
  siteId: string
  code: string
  name: string
  groupId: string | null
  every: Rhythm
  /** Null: the day on which a membership begins. */
  anchorDay: number | null
  /** A period is billed so many days before it begins. */
  advanceDays: number
  priceMinor: number
  currency: string
  taxIncluded: boolean
  taxCode: string
  taxPercent: string
  depositMinor: number
}

export const membershipPlans = recordTable<MembershipPlan>()('membership_plan', {
  type: 'membership_plan',
  id: 'plan_id',
  columns: {
    planId: 'plan_id',
    siteId: 'site_id',
    code: 'code',
    name: 'name',
    groupId: 'group_id',
    every: 'every',
    anchorDay: 'anchor_day',
    advanceDays: 'advance_days',
    priceMinor: 'price_minor',
    currency: 'currency',
    taxIncluded: 'tax_included',
    taxCode: 'tax_code',
    taxPercent: 'tax_percent',
    depositMinor: 'deposit_minor',
    ...stampColumns,
  },
  reach: 'site',
  archives: true,
  search: ['code', 'name'],
  sorts: usualSorts('plan_id'),
  filters: { siteId: is('site_id') },
})

export interface Membership {
  membershipId: string
  siteId: string
  accountId: string
  planId: string
  /** From the next period on. */
  nextPlanId: string | null
  state: 'scheduled' | 'active' | 'paused' | 'ended'
  startsOn: string
  anchorDay: number
  every: Rhythm
  /** Of them, how many have been begun or billed ahead. */
  periods: number
  periodFrom: string | null
  periodTo: string | null
  pausedOn: string | null
  pauseCredits: boolean | null
  resumesOn: string | null
  /** The first day that is not served any more. */
  endsOn: string | null
  endReason: string | null
  /** The group that the account is in because of it. */
  grantedGroupId: string | null
  version: number
  createdAt: Date
  updatedAt: Date
}

export const memberships = recordTable<Membership>()('membership', {
  type: 'membership',
  id: 'membership_id',
  columns: {
    membershipId: 'membership_id',
    siteId: 'site_id',
    accountId: 'account_id',
    planId: 'plan_id',
    nextPlanId: 'next_plan_id',
    state: 'state',
    startsOn: 'starts_on',
    anchorDay: 'anchor_day',
    every: 'every',
    periods: 'periods',
    periodFrom: 'period_from',
    periodTo: 'period_to',
    pausedOn: 'paused_on',
    pauseCredits: 'pause_credits',
    resumesOn: 'resumes_on',
    endsOn: 'ends_on',
    endReason: 'end_reason',
    grantedGroupId: 'granted_group_id',
    version: 'version',
    createdAt: 'created_at',
    updatedAt: 'updated_at',
  },
  reach: 'site',
  sorts: {
    createdAt: [
      { expression: 't.created_at', type: 'timestamptz' },
      { expression: 't.membership_id', type: 'uuid' },
    ],
  },
  defaultSort: '-createdAt',
  filters: { siteId: is('site_id'), accountId: is('account_id'), planId: is('plan_id'), state: is('state') },
})

/** Whether another membership of the account gives it the same group. */
export async function groupGrantedElsewhere(
  db: Db,
  organizationId: string,
  { membershipId, accountId }: Pick<Membership, 'membershipId' | 'accountId'>,
  groupId: string,
): Promise<boolean> {
  const row = await db
    .selectFrom('membership')
    .select('membership_id')
    .where('organization_id', '=', organizationId)
    .where('account_id', '=', accountId)
    .where('granted_group_id', '=', groupId)
    .where('membership_id', '<>', membershipId)
    .executeTakeFirst()
  return row !== undefined
}

export interface StoredCharge extends Charge {
  chargeId: string
  planId: string
  number: number
  kind: 'period' | 'resume' | 'change' | 'credit'
  billId: string
  currency: string
}

/** In the order in which they were made. */
export async function chargesOf(db: Db, organizationId: string, membershipId: string): Promise<StoredCharge[]> {
  const rows = await db
    .selectFrom('membership_charge')
    .selectAll()
    .where('organization_id', '=', organizationId)
    .where('membership_id', '=', membershipId)
    .orderBy('created_at')
    .orderBy('charge_id')
    .execute()
  return rows.map((row) => ({
    chargeId: row.charge_id,
    planId: row.plan_id,
    number: row.period,
    kind: row.kind as StoredCharge['kind'],
    billId: row.bill_id,
    currency: row.currency,
    period: { from: row.period_from, to: row.period_to },
    netMinor: minor(row.base_net_minor),
    taxMinor: minor(row.base_tax_minor),
    from: row.from_date,
    to: row.to_date,
    sign: row.sign === 1 ? 1 : -1,
  }))
}

export interface NewCharge extends Omit<StoredCharge, 'billId'> {
  amount: { netMinor: number; taxMinor: number }
}

export async function insertCharges(
  trx: Db,
  of: { organizationId: string; siteId: string; membershipId: string; billId: string; at: Date },
  charges: readonly NewCharge[],
): Promise<void> {
  await trx
    .insertInto('membership_charge')
    .values(
      charges.map((charge) => ({
        organization_id: of.organizationId,
        site_id: of.siteId,
        charge_id: charge.chargeId,
        membership_id: of.membershipId,
        plan_id: charge.planId,
        period: charge.number,
        kind: charge.kind,
        period_from: charge.period.from,
        period_to: charge.period.to,
        base_net_minor: charge.netMinor,
        base_tax_minor: charge.taxMinor,
        from_date: charge.from,
        to_date: charge.to,
        sign: charge.sign,
        net_minor: charge.amount.netMinor,
        tax_minor: charge.amount.taxMinor,
        currency: charge.currency,
        bill_id: of.billId,
        recognised_to: charge.from,
        created_at: of.at,
      })),
    )
    .execute()
}

export interface OpenCharge extends Charge {
  chargeId: string
  currency: string
  recognisedTo: string
  recognisedMinor: number
}

/** Charges of a site with days before `date` that are not earned yet; locked until the transaction ends. */
export async function lockUnearned(
  trx: Db,
  { organizationId, siteId }: { organizationId: string; siteId: string },
  date: string,
): Promise<OpenCharge[]> {
  const { rows } = await sql<{
    chargeId: string
    currency: string
    recognisedTo: string
    recognisedMinor: number
    period: DateSpan
    netMinor: number
    taxMinor: number
    from: string
    to: string
    sign: 1 | -1
  }>`
    select charge_id as "chargeId", currency, recognised_to as "recognisedTo", recognised_minor as "recognisedMinor",
      json_build_object('from', period_from, 'to', period_to) as period, base_net_minor as "netMinor",
      base_tax_minor as "taxMinor", from_date as "from", to_date as "to", sign
    from membership_charge
    where organization_id = ${organizationId} and site_id = ${siteId} and recognised_to < to_date and recognised_to < ${date}::date
    order by charge_id for update`.execute(trx)
  return rows.map((row) => ({ ...row, netMinor: minor(row.netMinor), taxMinor: minor(row.taxMinor) }))
}

export interface Recognised {
  chargeId: string
  /** Of all together that is earned now, and what of it is new. */
  recognisedMinor: number
  amountMinor: number
}

/** All days before `date` are earned; what of that is new stands for ever under the run. */
export async function writeRecognised(
  trx: Db,
  of: { organizationId: string; siteId: string; runId: string; date: string; through: string },
  earned: readonly Recognised[],
): Promise<void> {
  const { organizationId, siteId, runId, date, through } = of
  const rows = jsonText(earned)
  await sql`update membership_charge c
    set recognised_to = least(c.to_date, ${date}::date), recognised_minor = r."recognisedMinor"
    from json_to_recordset(${rows}::json) as r("chargeId" uuid, "recognisedMinor" bigint)
    where c.organization_id = ${organizationId} and c.charge_id = r."chargeId"`.execute(trx)
  await sql`insert into membership_recognition (organization_id, site_id, run_id, charge_id, through_date, amount_minor)
    select ${organizationId}, ${siteId}, ${runId}, r."chargeId", ${through}::date, r."amountMinor"
    from json_to_recordset(${rows}::json) as r("chargeId" uuid, "amountMinor" bigint)`.execute(trx)
}

/** The earliest day of a site that is billed and not earned; undefined when all is earned. */
export async function firstUnearned(
  db: Db,
  { organizationId, siteId }: { organizationId: string; siteId: string },
): Promise<string | undefined> {
  const row = await db
    .selectFrom('membership_charge')
    .select((on) => on.fn.min('recognised_to').as('date'))
    .where('organization_id', '=', organizationId)
    .where('site_id', '=', siteId)
    .whereRef('recognised_to', '<', 'to_date')
    .executeTakeFirst()
  return row?.date ?? undefined
}
