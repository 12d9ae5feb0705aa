// Owns finding what happened on days that are to be closed and is not in the journal as it will be.
// Must not settle it; billing does.
import { type Kysely, sql } from 'kysely'
import type { Unsettled } from '../domain/ledger/chain.ts'
import type { Books } from './ledger-periods.ts'
import type { HubTables } from './schema.ts'

type Db = Kysely<HubTables>

/**
 * Stays and sessions that ended before `before` and wait to be billed, payments made before it that are not posted, and memberships
 * that were served before it without being billed or earned.
 */
export async function unsettledBefore(
  db: Db,
  { organizationId, siteId }: Books,
  { before, zone }: { before: Date; zone: string },
): Promise<Unsettled[]> {
  const { rows } = await sql<Unsettled>`
    select type, id, to_char(at at time zone ${zone}, 'YYYY-MM-DD') as date, reason from (
      select case when b.stay_id is null then 'charging_session' else 'stay' end as type, coalesce(b.stay_id, b.session_id) as id,
        coalesce(y.exited_at, s.unplugged_at, s.ended_at) as at, coalesce(b.reason, 'It is not billed yet.') as reason
      from billing_subject b
      left join stay y on y.organization_id = b.organization_id and y.stay_id = b.stay_id
      left join charging_session s on s.organization_id = b.organization_id and s.session_id = b.session_id
      where b.organization_id = ${organizationId} and b.site_id = ${siteId} and b.state in ('pending', 'held')
      union all
      select 'payment', p.payment_id, p.at, 'It is not posted yet.'
      from payment p
      where p.organization_id = ${organizationId} and p.site_id = ${siteId} and p.kind <> 'failed' and p.amount_minor > 0
        and not exists (select from payment_elsewhere w where w.organization_id = p.organization_id
          and w.payment_id = p.payment_id)
        and not exists (select from journal_entry e where e.organization_id = p.organization_id
          and e.source_type = 'payment' and e.source_id = p.payment_id)
      union all
      select 'membership', c.membership_id, c.recognised_to::timestamp at time zone ${zone}, 'What was served is not earned in the books yet.'
      from membership_charge c
      where c.organization_id = ${organizationId} and c.site_id = ${siteId} and c.recognised_to < c.to_date
      union all
      select 'membership', m.membership_id, coalesce(m.period_to, m.starts_on)::timestamp at time zone ${zone},
        'Its next period is not billed yet.'
      from membership m
      where m.organization_id = ${organizationId} and m.site_id = ${siteId} and m.state <> 'ended'
        and (m.ends_on is null or m.ends_on > coalesce(m.period_to, m.starts_on))
    ) as waiting
    where at < ${before}
    order by at, type, id`.execute(db)
  return rows
}

/** Payments made before `before` that belong to no stay and no session, so that no bill will ever post them. */
export async function unpostedStrays(db: Db, { organizationId, siteId }: Books, before: Date): Promise<string[]> {
  const { rows } = await sql<{ payment_id: string }>`
    select p.payment_id from payment p
    where p.organization_id = ${organizationId} and p.site_id = ${siteId} and p.kind <> 'failed' and p.at < ${before}
      and p.stay_id is null and p.subject_key is null
      and not exists (select from journal_entry e where e.organization_id = p.organization_id
        and e.source_type = 'payment' and e.source_id = p.payment_id)
    order by p.at, p.payment_id`.execute(db)
  return rows.map((row) => row.payment_id)
}
