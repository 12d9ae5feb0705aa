// Owns the rows of revocations: a credential that lost its rights, and every place that has to hear of it.
// Must not decide whether a place has followed; core/services/revocation does.
import { sql } from 'kysely'
import type { NewJob } from './event-log.ts'
import { jsonText } from './json-text.ts'
import type { Db } from './record-table.ts'
import type { NewTimer } from './timers.ts'

export const revocationCauses = [
  'blocked',
  'revoked',
  'expired',
  'archived',
  'account_suspended',
  'account_closed',
  'account_expired',
  'moved',
] as const
export type RevocationCause = (typeof revocationCauses)[number]
export type RevocationState = 'running' | 'stalled' | 'completed' | 'lifted'
export type PlaceKind = 'connection' | 'station_list' | 'station_cache' | 'session'
/** `left`: by the site's own setting nothing is done there. */
export type PlaceState = 'waiting' | 'away' | 'refused' | 'needs_person' | 'done' | 'left'

export interface Revocation {
  organizationId: string
  revocationId: string
  credentialId: string
  cause: RevocationCause
  state: RevocationState
  begunAt: Date
  stalledAt: Date | null
  endedAt: Date | null
}

export interface RevocationPlace {
  siteId: string | null
  place: PlaceKind
  placeId: string
  state: PlaceState
  reason: string | null
  commandId: string | null
  since: Date
  doneAt: Date | null
}

const revocationColumns = sql.raw(`r.organization_id as "organizationId", r.revocation_id as "revocationId",
  r.credential_id as "credentialId", r.cause, r.state, r.begun_at as "begunAt", r.stalled_at as "stalledAt", r.ended_at as "endedAt"`)

/** One that runs already goes on under the newest cause, with its time. */
export async function beginRevocationRow(
  trx: Db,
  of: { organizationId: string; revocationId: string; credentialId: string; cause: RevocationCause },
  now: Date,
): Promise<Revocation> {
  const { rows } = await sql<Revocation>`
    insert into revocation as r (organization_id, revocation_id, credential_id, cause, state, begun_at, updated_at)
    values (${of.organizationId}, ${of.revocationId}, ${of.credentialId}, ${of.cause}, 'running', ${now}, ${now})
    on conflict (organization_id, credential_id) where state in ('running', 'stalled')
      do update set cause = excluded.cause, updated_at = excluded.updated_at
    returning ${revocationColumns}`.execute(trx)
  const [row] = rows
  if (row === undefined) throw new Error('the revocation was not written')
  return row
}

export async function lockRevocation(
  trx: Db,
  organizationId: string,
  revocationId: string,
): Promise<Revocation | undefined> {
  const { rows } = await sql<Revocation>`
    select ${revocationColumns} from revocation r
    where r.organization_id = ${organizationId} and r.revocation_id = ${revocationId} for update`.execute(trx)
  return rows[0]
}

/** The latest of a credential. */
export async function latestRevocation(
  db: Db,
  organizationId: string,
  credentialId: string,
): Promise<Revocation | undefined> {
  const { rows } = await sql<Revocation>`
    select ${revocationColumns} from revocation r
    where r.organization_id = ${organizationId} and r.credential_id = ${credentialId}
    order by r.begun_at desc, r.revocation_id desc limit 1`.execute(db)
  return rows[0]
}

export async function moveRevocation(
  trx: Db,
  { organizationId, revocationId }: Pick<Revocation, 'organizationId' | 'revocationId'>,
  to: { state: RevocationState; stalledAt?: Date; endedAt?: Date },
  now: Date,
): Promise<void> {
  await trx
    .updateTable('revocation')
    .set({
      state: to.state,
      ...(to.stalledAt === undefined ? {} : { stalled_at: to.stalledAt }),
      ...(to.endedAt === undefined ? {} : { ended_at: to.endedAt }),
      updated_at: now,
    })
    .where('organization_id', '=', organizationId)
    .where('revocation_id', '=', revocationId)
    .execute()
}

export async function placesOfRevocation(
  db: Db,
  organizationId: string,
  revocationId: string,
): Promise<RevocationPlace[]> {
  const rows = await db
    .selectFrom('revocation_place')
    .selectAll()
    .where('organization_id', '=', organizationId)
    .where('revocation_id', '=', revocationId)
    .orderBy('place')
    .orderBy('place_id')
    .execute()
  return rows.map((row) => ({
    siteId: row.site_id,
    place: row.place as PlaceKind,
    placeId: row.place_id,
    state: row.state as PlaceState,
    reason: row.reason,
    commandId: row.command_id,
    since: row.since,
    doneAt: row.done_at,
  }))
}

/** Adds those that are new, and writes what has become of those that are known. */
export async function writePlaces(
  trx: Db,
  { organizationId, revocationId }: Pick<Revocation, 'organizationId' | 'revocationId'>,
  places: readonly RevocationPlace[],
  now: Date,
): Promise<void> {
  if (places.length === 0) return
  const rows = places.map((one) => ({
    site_id: one.siteId,
    place: one.place,
    place_id: one.placeId,
    state: one.state,
    reason: one.reason,
    command_id: one.commandId,
    since: one.since,
    done_at: one.doneAt,
  }))
  await sql`
    insert into revocation_place as p (organization_id, site_id, revocation_id, place, place_id, state, reason, command_id, since,
      done_at, updated_at)
    select ${organizationId}::uuid, site_id, ${revocationId}::uuid, place, place_id, state, reason, command_id, since, done_at,
      ${now}::timestamptz
    from jsonb_to_recordset(${jsonText(rows)}::jsonb) as r(site_id uuid, place text, place_id uuid, state text, reason text,
      command_id uuid, since timestamptz, done_at timestamptz)
    on conflict (organization_id, revocation_id, place, place_id) do update set state = excluded.state,
      reason = excluded.reason, command_id = excluded.command_id, since = excluded.since, done_at = excluded.done_at,
      updated_at = excluded.updated_at`.execute(trx)
}

export function revocationJob(organizationId: string, revocationId: string): NewJob {
  const name = `revocation:${revocationId}`
  return { task: 'revocation.follow', payload: { organizationId, revocationId }, key: name, queue: name }
}

export function revocationTimer(organizationId: string, revocationId: string, dueAt: Date): NewTimer {
  const data = { organizationId, revocationId }
  return { organizationId, siteId: null, kind: 'revocation.follow', key: `revocation:${revocationId}`, dueAt, data }
}

/** Jobs for the open revocations of a credential, or for those that wait for a station. */
export async function revocationJobsOf(
  db: Db,
  organizationId: string,
  about: { credentialId: string } | { stationId: string },
): Promise<NewJob[]> {
  const which =
    'credentialId' in about
      ? sql<boolean>`r.credential_id = ${about.credentialId}`
      : sql<boolean>`exists (select from revocation_place p where p.organization_id = r.organization_id
          and p.revocation_id = r.revocation_id and p.place_id = ${about.stationId} and p.state not in ('done', 'left'))`
  const { rows } = await sql<{ id: string }>`
    select r.revocation_id as id from revocation r
    where r.organization_id = ${organizationId} and r.state in ('running', 'stalled') and ${which}`.execute(db)
  return rows.map(({ id }) => revocationJob(organizationId, id))
}

/** Stations on whose list one of the tokens stands, or is on its way there. */
export async function stationsListing(
  db: Db,
  organizationId: string,
  tokens: readonly string[],
): Promise<{ stationId: string; siteId: string | null }[]> {
  if (tokens.length === 0) return []
  const { rows } = await sql<{ stationId: string; siteId: string | null }>`
    select l.station_id as "stationId", l.site_id as "siteId" from station_list l
    where l.organization_id = ${organizationId} and exists (
      select from jsonb_array_elements(coalesce(nullif(l.entries, 'null'), '[]') || coalesce(nullif(l.sending, 'null') -> 'entries', '[]')) e
      where upper(e -> 'token' ->> 'value') = any(${tokens}::text[]) and e -> 'authorization' is not null)
    order by l.station_id`.execute(db)
  return rows
}

export interface ListSight {
  stationId: string
  connected: boolean
  /** A change of the list is on its way. */
  sending: boolean
  /** What stands there is known. */
  sure: boolean
  /** How the tokens stand there. */
  entries: { token: string; groupToken: string | null }[]
}

export async function listsOf(
  db: Db,
  organizationId: string,
  stationIds: readonly string[],
  tokens: readonly string[],
): Promise<Map<string, ListSight>> {
  const { rows } = await sql<ListSight>`
    select s.station_id as "stationId", (k.station_id is not null and k.disconnected_at is null) as connected,
      coalesce(nullif(l.sending, 'null') is not null, false) as sending,
      (l.station_id is null or coalesce(nullif(l.entries, 'null') is not null, false)) as sure,
      coalesce((select json_agg(json_build_object('token', e -> 'token' ->> 'value',
          'groupToken', e -> 'authorization' -> 'groupToken' ->> 'value'))
        from jsonb_array_elements(coalesce(nullif(l.entries, 'null'), '[]')) e
        where upper(e -> 'token' ->> 'value') = any(${tokens}::text[])), '[]') as entries
    from station s
    left join station_list l on l.organization_id = s.organization_id and l.station_id = s.station_id
    left join station_link k on k.organization_id = s.organization_id and k.station_id = s.station_id
    where s.organization_id = ${organizationId} and s.station_id = any(${stationIds}::uuid[])`.execute(db)
  return new Map(rows.map((row) => [row.stationId, row]))
}

/**
 * Stations at which the credential has charged and that may remember it: accepted, live, and not known to have their cache
 * switched off (1.6 AuthorizationCacheEnabled, 2.x AuthCacheCtrlr.Enabled).
 */
export async function stationsRemembering(
  db: Db,
  organizationId: string,
  credentialId: string,
): Promise<{ stationId: string; siteId: string | null }[]> {
  const { rows } = await sql<{ stationId: string; siteId: string | null }>`
    select s.station_id as "stationId", s.site_id as "siteId" from station s
    where s.organization_id = ${organizationId} and s.archived_at is null and s.admission = 'accepted'
      and exists (select from charging_session c where c.organization_id = s.organization_id
        and c.credential_id = ${credentialId} and c.station_id = s.station_id)
      and not exists (select from station_variable v where v.organization_id = s.organization_id
        and v.station_id = s.station_id and lower(v.value) = 'false' and v.attribute in ('', 'Actual')
        and (lower(v.variable) = 'authorizationcacheenabled' or (v.component = 'AuthCacheCtrlr' and v.variable = 'Enabled')))
    order by s.station_id`.execute(db)
  return rows
}

export interface RunningSession {
  sessionId: string
  stationId: string
  siteId: string | null
  settings: unknown
}

/** With the settings of their sites. */
export async function runningSessions(db: Db, organizationId: string, credentialId: string): Promise<RunningSession[]> {
  const { rows } = await sql<RunningSession>`
    select c.session_id as "sessionId", c.station_id as "stationId", c.site_id as "siteId", s.settings
    from charging_session c
    left join site s on s.organization_id = c.organization_id and s.site_id = c.site_id
    where c.organization_id = ${organizationId} and c.credential_id = ${credentialId} and c.state = 'active'
    order by c.session_id`.execute(db)
  return rows
}

export async function sessionStates(
  db: Db,
  organizationId: string,
  sessionIds: readonly string[],
): Promise<Map<string, { state: string; stationId: string; connected: boolean }>> {
  const { rows } = await sql<{ id: string; state: string; stationId: string; connected: boolean }>`
    select c.session_id as id, c.state, c.station_id as "stationId",
      (k.station_id is not null and k.disconnected_at is null) as connected
    from charging_session c
    left join station_link k on k.organization_id = c.organization_id and k.station_id = c.station_id
    where c.organization_id = ${organizationId} and c.session_id = any(${sessionIds}::uuid[])`.execute(db)
  return new Map(rows.map(({ id, ...row }) => [id, row]))
}

export async function connectedStations(
  db: Db,
  organizationId: string,
  stationIds: readonly string[],
): Promise<Set<string>> {
  const rows = await db
    .selectFrom('station_link')
    .select('station_id')
    .where('organization_id', '=', organizationId)
    .where('station_id', '=', sql<string>`any(${stationIds}::uuid[])`)
    .where('disconnected_at', 'is', null)
    .execute()
  return new Set(rows.map((row) => row.station_id))
}
