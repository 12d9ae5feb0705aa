// Owns finding enrolled credentials by index keys, with everything a decision about access needs, in one round trip.
// Must not decide: a shared key only proposes, and partial keys propose less.
import { type Kysely, sql } from 'kysely'
import type { HeldAccount } from '../domain/access/index.ts'
import { type Claim, type Former, heldAt } from '../domain/credential/index.ts'
import { prepared } from './pool.ts'
import type { HubTables } from './schema.ts'

export interface EnrolledAccount extends HeldAccount {
  parkerKind: string
  archivedAt: Date | null
}

/** Whose it was, until when. */
export interface FormerHolder {
  until: Date
  accountId: string | null
  vehicleId: string | null
}

/** One form of one credential, found by one key; a claim on what is shown. */
export interface Enrolled extends Claim {
  searchKey: string
  partial: boolean
  /** Found by a piece that so many forms share that it tells none of them from another; then `account` is not read. */
  crowded: boolean
  presentationId: string
  /** Taught by a link, not enrolled by a person: it may tell whose something was, and opens nothing. */
  learned: boolean
  presentationKind: string
  raw: string
  encoding: string | null
  bitLength: number | null
  canonicalKey: string
  credentialId: string
  kind: string
  label: string | null
  status: string
  neutral: boolean
  rights: string[]
  siteIds: string[] | null
  validFrom: Date | null
  validUntil: Date | null
  vehicleId: string | null
  /** Who holds it now, archived or not. */
  account: EnrolledAccount | null
  /** Oldest first. */
  former: FormerHolder[]
}

/** One plate that a vehicle goes or went by; a claim on what a camera reads. */
export interface EnrolledPlate extends Claim {
  vehicleId: string
  /** Who holds the vehicle now. */
  accountId: string | null
  former: Pick<FormerHolder, 'until' | 'accountId'>[]
  plate: string
  country: string | null
  plateKey: string
}

/**
 * Of all times: credentials and forms that are gone are among them, as their `until` says, since what is asked may lie in the
 * past. Archived groups are as good as none.
 */
export async function findEnrolled(
  db: Kysely<HubTables>,
  organizationId: string,
  searchKeys: readonly string[],
): Promise<Enrolled[]> {
  if (searchKeys.length === 0) return []
  const { rows } = await sql<{ enrolled: Enrolled[] }>`${prepared('find-enrolled')}
    select ${enrolledJson(organizationId, searchKeys, null)} as enrolled`.execute(db)
  return (rows[0]?.enrolled ?? []).map(withDates)
}

/** A piece of a card that more forms share than this says nothing about which it is. Cards bought together are numbered alike. */
const mostSharing = 8

/**
 * An expression: the forms found by these keys, of a piece that is crowded no more than show that it is. `siteId`: where the
 * accounts' stays are wanted of. Each `offset 0` keeps its lookup one of a primary key for each piece found: of tables that
 * grew a moment ago the planner knows nothing, and it would rather read whatever the organization has.
 */
export function enrolledJson(organizationId: string, searchKeys: readonly string[], siteId: string | null) {
  return sql`(select coalesce(json_agg(json_build_object(
          'searchKey', k.search_key, 'partial', k.partial, 'crowded', k.crowded,
          'presentationId', p.presentation_id, 'learned', p.source = 'learned', 'presentationKind', p.kind, 'raw', p.raw,
          'encoding', p.encoding, 'bitLength', p.bit_length, 'canonicalKey', p.canonical_key,
          'credentialId', c.credential_id, 'kind', c.kind, 'label', c.label, 'status', c.status, 'rights', c.rights,
          'neutral', c.neutral,
          'siteIds', c.site_ids, 'validFrom', c.valid_from, 'validUntil', c.valid_until, 'vehicleId', c.vehicle_id,
          'from', p.created_at, 'until', least(p.removed_at, c.archived_at), 'revoked', c.status = 'revoked',
          'former', (
            select coalesce(json_agg(json_build_object('until', h.until_at, 'accountId', h.account_id, 'vehicleId', h.vehicle_id)
              order by h.until_at), '[]'::json)
            from former_holding h
            where h.organization_id = c.organization_id and h.kind = 'credential' and h.subject_id = c.credential_id),
          'account', ${accountJson(siteId)}
          ) order by p.presentation_id, k.search_key), '[]'::json)
        from (select distinct unnest(${searchKeys}::text[]) as search_key) asked cross join lateral (
          select asked.search_key, presentation_id, credential_id, partial, false as crowded from presentation_key
          where organization_id = ${organizationId} and search_key = asked.search_key and not partial
          union all
          select asked.search_key, presentation_id, credential_id, true, count(*) over () > ${sql.lit(mostSharing)} from (
            select presentation_id, credential_id from presentation_key
            where organization_id = ${organizationId} and search_key = asked.search_key and partial
            order by presentation_id limit ${sql.lit(mostSharing + 1)}) piece) k
        cross join lateral (select * from presentation
          where organization_id = ${organizationId} and presentation_id = k.presentation_id offset 0) p
        cross join lateral (select * from credential
          where organization_id = ${organizationId} and credential_id = k.credential_id offset 0) c
        left join lateral (select * from account
          where not k.crowded and organization_id = ${organizationId} and account_id = c.account_id offset 0) a on true)`
}

/** An expression over the alias `a` of account: what a decision about access needs of it; null where there is none. */
export function accountJson(siteId: string | null) {
  return sql`case when a.account_id is not null then json_build_object(
            'accountId', a.account_id, 'number', a.number, 'name', a.name, 'status', a.status,
            'parkerKind', a.parker_kind, 'validFrom', a.valid_from, 'validUntil', a.valid_until,
            'archivedAt', a.archived_at, 'settings', a.settings, 'access', a.access,
            'pool', (
              select json_build_object('accountId', o.account_id, 'number', o.number, 'name', o.name, 'status', o.status,
                'access', o.access)
              from account o where o.organization_id = a.organization_id and o.account_id = a.parent_account_id),
            'groups', (
              select coalesce(json_agg(json_build_object('groupId', g.group_id, 'code', g.code, 'siteIds', g.site_ids,
                'rights', g.rights, 'access', g.access) order by g.code), '[]'::json)
              from account_group_member m
              join account_group g on g.organization_id = m.organization_id and g.group_id = m.group_id
              where m.organization_id = a.organization_id and m.account_id = a.account_id and g.archived_at is null),
            'schedules', (
              select coalesce(json_agg(json_build_object('scheduleId', d.schedule_id, 'code', d.code, 'name', d.name,
                'windows', d.windows, 'periods', d.periods, 'onHolidays', d.on_holidays) order by d.code), '[]'::json)
              from access_schedule d
              where d.organization_id = a.organization_id and d.archived_at is null and d.schedule_id in (
                select id::uuid from jsonb_array_elements_text(coalesce(a.access -> 'scheduleIds', '[]'::jsonb)) id
                union all
                select id::uuid from account_group_member m
                join account_group g on g.organization_id = m.organization_id and g.group_id = m.group_id,
                  jsonb_array_elements_text(coalesce(g.access -> 'scheduleIds', '[]'::jsonb)) id
                where m.organization_id = a.organization_id and m.account_id = a.account_id and g.archived_at is null)),
            'openStays', (
              select coalesce(json_agg(json_build_object('enteredAt', s.entered_at, 'credentialId', s.credential_id,
                'vehicleId', s.vehicle_id) order by s.entered_at), '[]'::json) from stay s
              where s.organization_id = a.organization_id and s.account_id = a.account_id and s.state = 'open'
                and s.site_id = ${siteId}::uuid
                and coalesce(s.entered_at, s.facts_at) > coalesce(a.passback_reset_at, '-infinity')),
            'lastExitAt', (
              select max(s.exited_at) from stay s
              where s.organization_id = a.organization_id and s.account_id = a.account_id and s.site_id = ${siteId}::uuid
                and s.exited_at > coalesce(a.passback_reset_at, '-infinity') and s.state in ('closed', 'exit_only'))
          ) end`
}

/** One account as decisions about access see it, with its stays at the site; null when it is not there. */
export async function accountFacts(
  db: Kysely<HubTables>,
  organizationId: string,
  accountId: string,
  siteId: string,
): Promise<EnrolledAccount | null> {
  const { rows } = await sql<{ account: EnrolledAccount }>`
    select ${accountJson(siteId)} as account from account a
    where a.organization_id = ${organizationId} and a.account_id = ${accountId}`.execute(db)
  return rows[0] ? accountWithDates(rows[0].account) : null
}

/** Plates of all times by their index key. */
export async function findPlates(
  db: Kysely<HubTables>,
  organizationId: string,
  plateKeys: readonly string[],
): Promise<EnrolledPlate[]> {
  if (plateKeys.length === 0) return []
  const keys = sql<string>`any(${plateKeys}::text[])`
  const found = await readPlates(
    db,
    organizationId,
    sql`select vehicle_id from vehicle where organization_id = ${organizationId} and plate_key = ${keys}
      union select subject_id from former_holding
        where organization_id = ${organizationId} and kind = 'vehicle' and plate_key = ${keys}`,
  )
  return found.filter(({ plateKey }) => plateKeys.includes(plateKey))
}

/** Plates of all times of vehicles, by those who hold or held them and by vehicle. */
export async function platesOf(
  db: Kysely<HubTables>,
  organizationId: string,
  accountIds: readonly string[],
  vehicleIds: readonly string[],
): Promise<EnrolledPlate[]> {
  if (accountIds.length + vehicleIds.length === 0) return []
  const accounts = sql<string>`any(${accountIds}::uuid[])`
  return readPlates(
    db,
    organizationId,
    sql`select vehicle_id from vehicle where organization_id = ${organizationId}
        and (account_id = ${accounts} or vehicle_id = any(${vehicleIds}::uuid[]))
      union select subject_id from former_holding
        where organization_id = ${organizationId} and kind = 'vehicle' and account_id = ${accounts}`,
  )
}

interface VehicleHistory {
  vehicleId: string
  accountId: string | null
  plate: string | null
  country: string | null
  plateKey: string | null
  createdAt: Date
  archivedAt: Date | null
  former: {
    until: string
    accountId: string | null
    plate: string | null
    country: string | null
    plateKey: string | null
  }[]
}

async function readPlates(
  db: Kysely<HubTables>,
  organizationId: string,
  which: ReturnType<typeof sql>,
): Promise<EnrolledPlate[]> {
  const { rows } = await sql<VehicleHistory>`
    select v.vehicle_id as "vehicleId", v.account_id as "accountId", v.plate, v.plate_country as country,
      v.plate_key as "plateKey", v.created_at as "createdAt", v.archived_at as "archivedAt", (
        select coalesce(json_agg(json_build_object('until', h.until_at, 'accountId', h.account_id, 'plate', h.plate,
          'country', h.plate_country, 'plateKey', h.plate_key) order by h.until_at), '[]'::json)
        from former_holding h
        where h.organization_id = v.organization_id and h.kind = 'vehicle' and h.subject_id = v.vehicle_id) as former
    from vehicle v
    where v.organization_id = ${organizationId} and v.vehicle_id in (${which})
    order by v.vehicle_id`.execute(db)
  return rows.flatMap(platesOfVehicle)
}

/** A vehicle that changed plates claims each for its time. */
function platesOfVehicle({ former, ...now }: VehicleHistory): EnrolledPlate[] {
  const { vehicleId, accountId, createdAt, archivedAt } = now
  const holders = former.map((one) => ({ until: new Date(one.until), accountId: one.accountId }))
  const plates: EnrolledPlate[] = []
  let from = createdAt
  for (const one of [...former, { ...now, until: null }]) {
    const until = one.until === null ? archivedAt : new Date(one.until)
    const { plate, country, plateKey } = one
    if (plate === null || plateKey === null) continue
    const last = plates.at(-1)
    if (last?.plateKey === plateKey) last.until = until
    else plates.push({ vehicleId, accountId, former: holders, plate, country, plateKey, from, until, revoked: false })
    if (until !== null) from = until
  }
  return plates
}

/** Who held the vehicle or credential at that instant. */
export function accountIdAt(
  { former, accountId }: { former: readonly { until: Date; accountId: string | null }[]; accountId: string | null },
  at: Date,
): string | null {
  const holders = former.map(({ until, accountId: value }): Former<string> => ({ until, value }))
  return heldAt(holders, accountId, at)
}

export function vehicleIdAt({ former, vehicleId }: Pick<Enrolled, 'former' | 'vehicleId'>, at: Date): string | null {
  const vehicles = former.map(({ until, vehicleId: value }): Former<string> => ({ until, value }))
  return heldAt(vehicles, vehicleId, at)
}

/** What each account was at an instant; undefined for one that is archived by then. */
export async function readParkers(
  db: Kysely<HubTables>,
  organizationId: string,
  accountIds: readonly string[],
): Promise<(accountId: string, at: Date) => { parkerKind: string } | undefined> {
  if (accountIds.length === 0) return () => undefined
  const { rows } = await sql<{
    accountId: string
    parkerKind: string
    archivedAt: Date | null
    former: { until: string; value: string | null }[]
  }>`
    select a.account_id as "accountId", a.parker_kind as "parkerKind", a.archived_at as "archivedAt", (
        select coalesce(json_agg(json_build_object('until', h.until_at, 'value', h.parker_kind) order by h.until_at), '[]'::json)
        from former_holding h
        where h.organization_id = a.organization_id and h.kind = 'account' and h.subject_id = a.account_id) as former
    from account a where a.organization_id = ${organizationId} and a.account_id = any(${accountIds}::uuid[])`.execute(
    db,
  )
  const byId = new Map(
    rows.map((row) => [
      row.accountId,
      { ...row, former: row.former.map(({ until, value }) => ({ until: new Date(until), value })) },
    ]),
  )
  return (accountId, at) => {
    const row = byId.get(accountId)
    if (!row || (row.archivedAt !== null && row.archivedAt <= at)) return undefined
    return { parkerKind: heldAt(row.former, row.parkerKind, at) ?? row.parkerKind }
  }
}

// json_build_object writes instants as text.
export function withDates(row: Enrolled): Enrolled {
  const { account } = row
  return {
    ...row,
    from: new Date(row.from),
    until: instant(row.until),
    former: row.former.map((one) => ({ ...one, until: new Date(one.until) })),
    validFrom: instant(row.validFrom),
    validUntil: instant(row.validUntil),
    account: account && accountWithDates(account),
  }
}

function accountWithDates(account: EnrolledAccount): EnrolledAccount {
  return {
    ...account,
    archivedAt: instant(account.archivedAt),
    validFrom: instant(account.validFrom),
    validUntil: instant(account.validUntil),
    openStays: account.openStays.map((stay) => ({ ...stay, enteredAt: instant(stay.enteredAt) })),
    lastExitAt: instant(account.lastExitAt),
  }
}

function instant(text: Date | string | null): Date | null {
  return text === null ? null : new Date(text)
}
