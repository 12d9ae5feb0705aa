// Owns places that are promised or taken: counting them for limits, holding one until it is taken, giving it back.
// Must not say what a limit is; core/domain/access/limits.ts does.
import { type Kysely, sql } from 'kysely'
import type { Limit, Limits } from '../domain/access/index.ts'
import { jsonText } from './json-text.ts'
import { prepared } from './pool.ts'
import type { HubTables } from './schema.ts'

export interface Asker {
  organizationId: string
  siteId: string | null
  /** Names the place that this question asks for: asked again, it is the same one. */
  holdKey: string
  credentialId: string | null
  stationId: string | null
  /** Null where any plug of the station may be meant. */
  evse: number | null
  now: Date
}

export interface NewHold {
  kind: 'gate' | 'charger'
  accountId: string
  connectionId: string | null
  requestId: string | null
  searchKeys: readonly string[]
  until: Date
}

const nameOf = ({ kind, id }: Limit) => `${kind}:${id}`

/** Until the transaction ends nobody else counts these: two cars that ask in the same moment are asked one after the other. */
export async function lockLimits(trx: Kysely<HubTables>, { what, all, any }: Limits): Promise<void> {
  const names = [...new Set([...all, ...any].map((limit) => `baywatt places ${what} ${nameOf(limit)}`))].sort()
  // In one order for everybody, so that none waits in a circle; the array keeps it.
  await sql`${prepared('lock-limits')}
    select pg_advisory_xact_lock(hashtextextended(name, 0)) from unnest(${names}::text[]) with ordinality as n(name, i)
    order by i`.execute(trx)
}

/**
 * How many places of each limit are taken, those of the asker itself left out: stays at the site or sessions anywhere, and places
 * that are held. A stay from before the account's reset counts no more.
 */
export async function countTaken(
  db: Kysely<HubTables>,
  { what, all, any }: Limits,
  asker: Asker,
): Promise<(limit: Limit) => number> {
  const limits = [...all, ...any].map((limit) => ({ name: nameOf(limit), kind: limit.kind, id: limit.id }))
  const { organizationId, siteId, holdKey, credentialId, stationId, evse, now } = asker
  const taken =
    what === 'inside'
      ? sql`(select count(*) from stay s where s.organization_id = ${organizationId} and s.site_id = ${siteId}::uuid
          and s.account_id = m.account_id and s.state = 'open'
          and coalesce(s.entered_at, s.facts_at) > coalesce(m.passback_reset_at, '-infinity'))`
      : sql`(select count(*) from charging_session s where s.organization_id = ${organizationId}
          and s.account_id = m.account_id and s.state = 'active'
          and not (s.station_id = ${stationId}::uuid and case when ${evse}::int is null
            then s.credential_id is not distinct from ${credentialId}::uuid else s.evse_number = ${evse}::int end))`
  const { rows } = await sql<{ name: string; taken: number }>`${prepared(`count-taken-${what}`)}
    select l.name, coalesce(sum(${taken} + (
        select count(*) from access_hold h
        where h.organization_id = ${organizationId} and h.account_id = m.account_id and h.until_at > ${now}
          and h.kind = ${what === 'inside' ? 'gate' : 'charger'} and h.hold_key <> ${holdKey}
          and (${what}::text = 'charging' or h.site_id = ${siteId}::uuid)
          and not exists (select from charging_session s where s.organization_id = h.organization_id
            and s.account_id = h.account_id and s.station_id = h.station_id
            and s.credential_id is not distinct from h.credential_id and s.created_at >= h.made_at)))::int, 0) as taken
    from json_to_recordset(${jsonText(limits)}::json) as l(name text, kind text, id uuid)
    left join lateral (
      select a.account_id, a.passback_reset_at from account a
        where l.kind in ('account', 'pool') and a.organization_id = ${organizationId} and a.account_id = l.id
      union all
      select a.account_id, a.passback_reset_at from account a
        where l.kind = 'pool' and a.organization_id = ${organizationId} and a.parent_account_id = l.id
      union all
      select a.account_id, a.passback_reset_at from account_group_member g
        join account a on a.organization_id = g.organization_id and a.account_id = g.account_id
        where l.kind = 'group' and g.organization_id = ${organizationId} and g.group_id = l.id
    ) m on true
    group by l.name`.execute(db)
  const byName = new Map(rows.map(({ name, taken: n }) => [name, n]))
  return (limit) => byName.get(nameOf(limit)) ?? 0
}

/** Holds the place, or holds it anew. What charges there already needs no holding. */
export async function takeHold(trx: Kysely<HubTables>, asker: Asker, hold: NewHold): Promise<void> {
  const { organizationId, siteId, holdKey, credentialId, stationId, evse, now } = asker
  await sql`${prepared('take-hold')}
    insert into access_hold (organization_id, site_id, hold_key, kind, account_id, credential_id, station_id, connection_id,
      request_id, search_keys, made_at, until_at)
    select ${organizationId}::uuid, ${siteId}::uuid, ${holdKey}::text, ${hold.kind}::text, ${hold.accountId}::uuid,
      ${credentialId}::uuid, ${stationId}::uuid, ${hold.connectionId}::uuid, ${hold.requestId}::text,
      ${hold.searchKeys}::text[], ${now}::timestamptz, ${hold.until}::timestamptz
    where not exists (select from charging_session s where s.organization_id = ${organizationId} and s.state = 'active'
      and s.account_id = ${hold.accountId}::uuid and s.station_id = ${stationId}::uuid
      and s.credential_id is not distinct from ${credentialId}::uuid
      and (${evse}::int is null or s.evse_number = ${evse}::int))
    on conflict (organization_id, hold_key) do update set account_id = excluded.account_id,
      request_id = excluded.request_id, search_keys = excluded.search_keys, made_at = excluded.made_at,
      until_at = excluded.until_at`.execute(trx)
}

/** Not one that was taken anew since. */
export async function releaseHold(
  db: Kysely<HubTables>,
  { organizationId, holdKey, now }: Pick<Asker, 'organizationId' | 'holdKey' | 'now'>,
): Promise<void> {
  await db
    .deleteFrom('access_hold')
    .where('organization_id', '=', organizationId)
    .where('hold_key', '=', holdKey)
    .where('made_at', '=', now)
    .execute()
}

/** Places held by questions of this connection that these requests or credentials speak of. */
export async function releaseHoldsOf(
  trx: Kysely<HubTables>,
  { organizationId, connectionId }: { organizationId: string; connectionId: string },
  of: { requestIds: readonly string[]; searchKeys: readonly string[] },
): Promise<void> {
  if (of.requestIds.length + of.searchKeys.length === 0) return
  await sql`${prepared('release-holds')}
    delete from access_hold where organization_id = ${organizationId} and connection_id = ${connectionId}
      and (request_id = any(${of.requestIds}::text[]) or search_keys && ${of.searchKeys}::text[])`.execute(trx)
}

/** Those whose time is over count no more; this only clears them away. */
export async function forgetHolds(db: Kysely<HubTables>, now: Date): Promise<void> {
  await db.deleteFrom('access_hold').where('until_at', '<', now).execute()
}
