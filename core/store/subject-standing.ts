// Owns how much of a subject's bills is paid: billed, paid, asked for by open payment orders, and since when nothing is open. What a
// parking system bills the driver, and the money that it keeps for that, are not the payer's and do not count.
// Must not decide what follows from it.
import { type RawBuilder, sql } from 'kysely'
import { openOperationStates, openOrderStates } from '../domain/payment/index.ts'
import type { Db } from './record-table.ts'

export interface SubjectStanding {
  subjectKey: string
  billedMinor: number
  /** Taken less given back, whoever took it for the hub. */
  paidMinor: number
  /** Bills less payments; negative when more was paid than billed. */
  openMinor: number
  /** Asked for by payment orders that have not ended. */
  askedMinor: number
  /** Refunds that were asked for and are not booked yet. */
  refundingMinor: number
  /** When the last payment came, while nothing is open. */
  paidAt: Date | null
}

/**
 * An expression: the keys under which money for `key` may have been paid. What was paid for a session counts where the session is
 * billed: with the stay it is linked to, and not by itself any more.
 */
const paidUnder = (organizationId: string, key: unknown) => sql`(
  select ${key} as member where not exists (select from link l where l.organization_id = ${organizationId} and l.state = 'linked'
    and l.session_id = case when ${key} like 'session:%' then substr(${key}, 9)::uuid end)
  union all
  select 'session:' || l.session_id from link l where l.organization_id = ${organizationId} and l.state = 'linked'
    and l.stay_id = case when ${key} like 'stay:%' then substr(${key}, 6)::uuid end)`

/** An expression: an array of the keys under which money for this subject may have been paid. */
export const keysPaidUnder = (organizationId: string, subjectKey: string) => sql<string>`array(
  select m.member from (select ${subjectKey}::text as key) k cross join lateral ${paidUnder(organizationId, sql`k.key`)} m)`

/**
 * An expression: any payment of these subjects or of this stay. An array, and not a condition on the row: each is found by its key,
 * whatever the planner thinks of a table that has just grown.
 */
export const paymentsUnder = (
  organizationId: string,
  keys: RawBuilder<unknown>,
  stayId: string | null,
) => sql<string>`any(array(
  select x.payment_id from payment x
  where x.organization_id = ${organizationId} and x.subject_key is not null and x.subject_key = any(${keys})
  union all
  select x.payment_id from payment x where x.organization_id = ${organizationId} and x.stay_id = ${stayId}::uuid))`

/** The keys under which money for this subject may have been paid. */
export async function paidKeys(db: Db, organizationId: string, subjectKey: string): Promise<string[]> {
  const { rows } = await sql<{ keys: string[] }>`select ${keysPaidUnder(organizationId, subjectKey)} as keys`.execute(
    db,
  )
  return rows[0]?.keys ?? []
}

/** The subject on whose bill a session stands; any other subject is its own. */
export async function subjectOfSession(db: Db, organizationId: string, subjectKey: string): Promise<string> {
  if (!subjectKey.startsWith('session:')) return subjectKey
  const link = await db
    .selectFrom('link')
    .select('stay_id')
    .where('organization_id', '=', organizationId)
    .where('session_id', '=', subjectKey.slice('session:'.length))
    .where('state', '=', 'linked')
    .executeTakeFirst()
  return link === undefined ? subjectKey : `stay:${link.stay_id}`
}

export async function subjectStanding(
  db: Db,
  organizationId: string,
  subjectKeys: readonly string[],
): Promise<Map<string, SubjectStanding>> {
  const { rows } = await sql<Omit<SubjectStanding, 'openMinor'>>`
    select k.key as "subjectKey",
      coalesce((select sum(b.total_minor) from bill b
        where b.organization_id = ${organizationId} and b.subject_key = k.key and b.owed_by = 'payer'), 0)::bigint as "billedMinor",
      coalesce(paid.amount, 0)::bigint as "paidMinor", paid.at as "paidAt",
      coalesce((select sum(p.amount_minor) from payment_order_part p
        join payment_order o on o.organization_id = p.organization_id and o.order_id = p.order_id
        where p.organization_id = ${organizationId} and p.subject_key = any(k.members)
          and o.state = any(${openOrderStates as readonly string[]}::text[])), 0)::bigint as "askedMinor",
      coalesce((select sum(r.amount_minor) from payment_operation r
        where r.organization_id = ${organizationId} and r.subject_key = any(k.members) and r.kind = 'refund'
          and (r.state = any(${['waiting', ...openOperationStates]}::text[])
            or (r.state = 'done' and exists (select from payment_order o, jsonb_array_elements(o.money -> 'refunds') f
              where o.organization_id = r.organization_id and o.order_id = r.order_id
                and f ->> 'operationId' = r.operation_id::text and f ->> 'state' = 'pending')))), 0)::bigint as "refundingMinor"
    from (select key, array(select m.member from ${paidUnder(organizationId, sql`key`)} m) as members
      from unnest(${subjectKeys}::text[]) as u(key)) k
    left join lateral (
      select sum(case p.kind when 'captured' then p.amount_minor when 'refunded' then -p.amount_minor else 0 end) as amount,
        max(p.at) filter (where p.kind = 'captured') as at
      from payment p
      where p.organization_id = ${organizationId} and (p.subject_key = any(k.members)
        or (p.subject_key is null and k.key like 'stay:%' and p.stay_id::text = substr(k.key, 6)))
        and not exists (select from payment_elsewhere w where w.organization_id = p.organization_id and w.payment_id = p.payment_id)
    ) paid on true`.execute(db)
  return new Map(
    rows.map((row) => {
      const openMinor = row.billedMinor - row.paidMinor
      return [row.subjectKey, { ...row, openMinor, paidAt: openMinor <= 0 ? row.paidAt : null }]
    }),
  )
}
