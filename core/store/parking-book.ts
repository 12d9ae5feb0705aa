// Owns the lists that a parking system may read of its site, in the order of their last change: stays, charging, rights.
// Must not show another site's rows; what the change of a row is, is said once here and holds for its order and its filter.
import { type RawBuilder, sql } from 'kysely'
import { changeOverlapMs } from '../domain/parking-book.ts'
import type { ParkerKind } from '../domain/parking-fact.ts'
import type { StayPlace, StayPresentation } from '../domain/stay/index.ts'
import { after, keyOf, type Order, orderBy, type Page, type Place, page } from './keyset.ts'
import { all, type Db } from './record-table.ts'

export interface BookScope {
  organizationId: string
  siteId: string
  connectionId: string
}

interface ChangedQuery {
  place: Place | undefined
  limit: number
  changedSince?: Date
  /** Letters and digits only, in capitals. */
  plateText?: string
}

/** By last change; `id` tells two of the same microsecond apart. */
const byChange = (id: string): Order => ({
  name: 'changedAt',
  columns: [
    { expression: 't."updatedAt"', type: 'timestamptz' },
    { expression: `t."${id}"`, type: 'uuid' },
  ],
  descending: false,
})

/** The earliest change that can be on the page, for reading no more than that; null reads all. */
function since({ changedSince, place }: ChangedQuery): RawBuilder<Date | null> {
  const asked = changedSince === undefined ? null : new Date(changedSince.getTime() - changeOverlapMs)
  return sql<Date | null>`greatest(${asked}::timestamptz, ${place?.[1] ?? null}::timestamptz)`
}

const plateTextOf = (expression: string) =>
  sql.raw(`upper(regexp_replace(coalesce(${expression}, ''), '[^A-Za-z0-9]', '', 'g'))`)

/** A plate on an element of a JSON list of {text, country}. */
const hasPlate = (plateText: string) =>
  sql<boolean>`exists (select from jsonb_array_elements(t.plates) p where ${plateTextOf(`p ->> 'text'`)} = ${plateText})`

async function changed<R extends object>(
  db: Db,
  id: string,
  query: ChangedQuery,
  from: RawBuilder<R>,
  conditions: (RawBuilder<boolean> | undefined)[],
): Promise<Page<R>> {
  const order = byChange(id)
  // The place is checked before its time is used.
  const behind = after(order, query.place)
  const early =
    query.place === undefined && query.changedSince === undefined
      ? undefined
      : sql<boolean>`t."updatedAt" >= ${since(query)}`
  const { rows } = await sql<R & { key: string[] }>`
    select t.*, ${keyOf(order)} as key from (${from}) t
    where ${all([sql<boolean>`true`, early, behind, ...conditions])}
    order by ${orderBy(order)} limit ${query.limit + 1}`.execute(db)
  return page(rows, query.limit, order, ({ key: _, ...row }) => row as unknown as R)
}

export interface BookedStayRow {
  stayId: string
  connectionId: string
  stayRef: string | null
  version: number
  state: 'open' | 'closed' | 'exit_only' | 'voided'
  parkerKind: ParkerKind
  enteredAt: Date | null
  exitedAt: Date | null
  presentations: StayPresentation[]
  plate: string | null
  accountNumber: string | null
  places: StayPlace[]
  charging: { sessionId: string; pluggedAt: string; unpluggedAt: string | null; energyWh: number }[]
  paidMinor: number
  currency: string
  updatedAt: Date
}

/** A stay changes with itself, with its links, and with the sessions linked to it. */
export function bookedStays(
  db: Db,
  scope: BookScope,
  query: ChangedQuery & { open?: boolean; stayIds?: readonly string[] },
): Promise<Page<BookedStayRow>> {
  const { organizationId, siteId } = scope
  const from = since(query)
  const rows = sql<BookedStayRow>`
    with touched as (
      select s.stay_id from stay s
      where s.organization_id = ${organizationId} and s.site_id = ${siteId} and (${from} is null or s.updated_at >= ${from})
      union
      select l.stay_id from link l
      where l.organization_id = ${organizationId} and l.site_id = ${siteId} and l.updated_at >= ${from}
      union
      select l.stay_id from charging_session c
      join link l on l.organization_id = c.organization_id and l.session_id = c.session_id and l.state = 'linked'
      where c.organization_id = ${organizationId} and c.site_id = ${siteId} and c.updated_at >= ${from}
    )
    select s.stay_id as "stayId", s.connection_id as "connectionId", s.stay_ref as "stayRef", s.version, s.state,
      s.parker_kind as "parkerKind", s.entered_at as "enteredAt", s.exited_at as "exitedAt", s.presentations, s.plate,
      a.number as "accountNumber", s.bays as places, coalesce(c.charging, '[]'::jsonb) as charging,
      s.paid_minor as "paidMinor", i.currency, greatest(s.updated_at, c.changed_at) as "updatedAt"
    from touched h
    join stay s on s.organization_id = ${organizationId} and s.stay_id = h.stay_id and s.site_id = ${siteId}
    join site i on i.organization_id = s.organization_id and i.site_id = s.site_id
    left join account a on a.organization_id = s.organization_id and a.account_id = s.account_id
    left join lateral (
      select max(greatest(l.updated_at, case when l.state = 'linked' then c.updated_at end)) as changed_at,
        jsonb_agg(jsonb_build_object('sessionId', c.session_id, 'pluggedAt', c.plugged_at, 'unpluggedAt', c.unplugged_at,
          'energyWh', c.energy_wh) order by c.plugged_at, c.session_id)
          filter (where l.state = 'linked' and c.state <> 'void') as charging
      from link l
      join charging_session c on c.organization_id = l.organization_id and c.session_id = l.session_id
      where l.organization_id = s.organization_id and l.stay_id = s.stay_id
    ) c on true`
  return changed(db, 'stayId', query, rows, [
    query.open === true ? sql<boolean>`t.state = 'open'` : undefined,
    query.stayIds === undefined ? undefined : sql<boolean>`t."stayId" = any(${query.stayIds}::uuid[])`,
    query.plateText === undefined ? undefined : sql<boolean>`${plateTextOf('t.plate')} = ${query.plateText}`,
  ])
}

export interface BookedChargingRow {
  sessionId: string
  stationIdentity: string
  evse: number
  bay: string | null
  pluggedAt: Date
  unpluggedAt: Date | null
  stayId: string | null
  plates: { text: string; country: string | null }[]
  updatedAt: Date
}

/** The car is known by the session's own vehicle, by the cars of its account, and by the plate of the stay it is linked to. */
export function bookedCharging(
  db: Db,
  { organizationId, siteId }: BookScope,
  query: ChangedQuery & { now?: boolean },
): Promise<Page<BookedChargingRow>> {
  const rows = sql<BookedChargingRow>`
    select c.session_id as "sessionId", n.identity as "stationIdentity", c.evse_number as evse, b.code as bay,
      c.plugged_at as "pluggedAt", c.unplugged_at as "unpluggedAt", l.stay_id as "stayId", coalesce(p.plates, '[]'::jsonb) as plates,
      greatest(c.updated_at, l.updated_at) as "updatedAt"
    from charging_session c
    join station_identity n on n.organization_id = c.organization_id and n.station_id = c.station_id
    left join bay b on b.organization_id = c.organization_id and b.bay_id = c.bay_id
    left join link l on l.organization_id = c.organization_id and l.session_id = c.session_id and l.state = 'linked'
    left join stay s on s.organization_id = l.organization_id and s.stay_id = l.stay_id
    left join lateral (
      select jsonb_agg(jsonb_build_object('text', q.text, 'country', q.country) order by q.text, q.country) as plates from (
        select v.plate as text, v.plate_country as country from vehicle v
        where v.organization_id = c.organization_id and v.plate is not null and v.archived_at is null
          and (v.vehicle_id = c.vehicle_id or (c.vehicle_id is null and v.account_id = c.account_id))
        union select s.plate, null where s.plate is not null
      ) q
    ) p on true
    where c.organization_id = ${organizationId} and c.site_id = ${siteId} and c.state <> 'void'`
  return changed(db, 'sessionId', query, rows, [
    query.now === true ? sql<boolean>`t."unpluggedAt" is null` : undefined,
    query.plateText === undefined ? undefined : hasPlate(query.plateText),
  ])
}

export interface BookedRightRow {
  credentialId: string
  version: number
  kind: string
  keys: string[]
  values: string[]
  plates: { text: string; country: string | null }[]
  accountNumber: string | null
  holder: string | null
  groups: string[]
  rights: ('park' | 'charge')[]
  status: 'active' | 'blocked' | 'revoked'
  validFrom: Date | null
  validUntil: Date | null
  updatedAt: Date
}

/**
 * Credentials that hold at the site, and those that did: archived ones, and those of an account that is closed, are revoked; those of
 * a suspended account are blocked. A right is as long as both the credential and its account are. It changes with the credential,
 * its holder, the holder's groups and cars; the version is the second of that change, since no single row counts them all.
 */
export function bookedRights(
  db: Db,
  { organizationId, siteId }: BookScope,
  query: ChangedQuery & { credentialIds?: readonly string[] },
): Promise<Page<BookedRightRow>> {
  const rows = sql<BookedRightRow>`
    select c.credential_id as "credentialId", c.kind, coalesce(f.keys, '{}') as keys, coalesce(f.values, '{}') as values,
      coalesce(v.plates, '[]'::jsonb) as plates, a.number as "accountNumber", a.name as holder,
      coalesce(g.codes, '{}') as groups, c.rights,
      case when c.status = 'revoked' or c.archived_at is not null or a.status = 'closed' or a.archived_at is not null
          then 'revoked' when c.status = 'blocked' or a.status = 'suspended' then 'blocked' else 'active' end as status,
      greatest(c.valid_from, a.valid_from) as "validFrom", least(c.valid_until, a.valid_until) as "validUntil",
      (extract(epoch from date_trunc('second', m.at)) - 946684800)::int as version, m.at as "updatedAt"
    from credential c
    left join account a on a.organization_id = c.organization_id and a.account_id = c.account_id
    left join lateral (
      select array_agg(p.canonical_key order by p.presentation_id) as keys, array_agg(p.raw order by p.presentation_id) as values
      from presentation p
      where p.organization_id = c.organization_id and p.credential_id = c.credential_id and p.removed_at is null
        and p.source <> 'learned'
    ) f on true
    left join lateral (
      select jsonb_agg(jsonb_build_object('text', v.plate, 'country', v.plate_country) order by v.plate)
          filter (where v.plate is not null and v.archived_at is null) as plates, max(v.updated_at) as changed_at
      from vehicle v
      where v.organization_id = c.organization_id
        and (v.vehicle_id = c.vehicle_id or (c.vehicle_id is null and v.account_id = c.account_id))
    ) v on true
    left join lateral (
      select array_agg(g.code order by g.code) filter (where g.archived_at is null) as codes, max(g.updated_at) as changed_at
      from account_group_member m
      join account_group g on g.organization_id = m.organization_id and g.group_id = m.group_id
      where m.organization_id = c.organization_id and m.account_id = c.account_id
    ) g on true
    cross join lateral (select greatest(c.updated_at, a.updated_at, v.changed_at, g.changed_at) as at) m
    where c.organization_id = ${organizationId} and (c.site_ids is null or ${siteId}::uuid = any(c.site_ids))`
  return changed(db, 'credentialId', query, rows, [
    query.credentialIds === undefined
      ? undefined
      : sql<boolean>`t."credentialId" = any(${query.credentialIds}::uuid[])`,
    query.plateText === undefined ? undefined : hasPlate(query.plateText),
  ])
}
