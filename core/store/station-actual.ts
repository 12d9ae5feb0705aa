// Owns what each station is known to have: its rows, its local list, and which stations are due for another look.
// Must not decide what follows from them.
import { type Kysely, type Selectable, sql } from 'kysely'
import type { DesiredKind, Known, KnownState, ListState } from '../domain/desired/index.ts'
import { defineEffect, type Effect } from './effect.ts'
import type { NewJob } from './event-log.ts'
import { jsonText } from './json-text.ts'
import { is, recordTable } from './record-table.ts'
import type { HubTables, StationActualTable } from './schema.ts'

type Db = Kysely<HubTables>

export interface StationRef {
  organizationId: string
  siteId: string | null
  stationId: string
}

/** A row with what is wanted, as it is shown. */
export interface KnownRow extends Known {
  desiredValue: unknown
}

/** One run at a time for each station, whatever started it. Held until the transaction ends. */
export async function lockReconcile(trx: Db, stationId: string): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`baywatt reconcile ${stationId}`}, 0))`.execute(trx)
}

export async function readKnown(db: Db, { organizationId, stationId }: StationRef): Promise<KnownRow[]> {
  const rows = await db
    .selectFrom('station_actual')
    .selectAll()
    .where('organization_id', '=', organizationId)
    .where('station_id', '=', stationId)
    .orderBy('kind')
    .orderBy('key')
    .execute()
  return rows.map(fromRow)
}

function fromRow(row: Selectable<StationActualTable>): KnownRow {
  return {
    kind: row.kind as DesiredKind,
    key: row.key,
    state: row.state as KnownState,
    desiredHash: row.desired_hash,
    desiredValue: row.desired_value,
    writtenHash: row.written_hash,
    writtenValue: row.written_value,
    writtenAt: row.written_at,
    actual: row.actual_value,
    checkedAt: row.checked_at,
    triedAt: row.tried_at,
    attempts: row.attempts,
    nextTryAt: row.next_try_at,
    silent: row.silent,
    bootWait: row.boot_wait as Known['bootWait'],
    commandId: row.command_id,
    reason: row.reason,
  }
}

const json = (value: unknown) => (value === null || value === undefined ? null : jsonText(value))

export async function writeKnown(trx: Db, of: StationRef, rows: readonly KnownRow[], now: Date): Promise<void> {
  for (const row of rows) {
    const values = {
      site_id: of.siteId,
      state: row.state,
      desired_hash: row.desiredHash,
      desired_value: json(row.desiredValue),
      written_hash: row.writtenHash,
      written_value: json(row.writtenValue),
      written_at: row.writtenAt,
      actual_value: json(row.actual),
      checked_at: row.checkedAt,
      tried_at: row.triedAt,
      attempts: row.attempts,
      next_try_at: row.nextTryAt,
      silent: row.silent,
      boot_wait: row.bootWait,
      command_id: row.commandId,
      reason: row.reason,
      updated_at: now,
    }
    await trx
      .insertInto('station_actual')
      .values({ organization_id: of.organizationId, station_id: of.stationId, kind: row.kind, key: row.key, ...values })
      .onConflict((conflict) => conflict.columns(['organization_id', 'station_id', 'kind', 'key']).doUpdateSet(values))
      .execute()
  }
}

export async function deleteKnown(
  trx: Db,
  { organizationId, stationId }: StationRef,
  rows: readonly Pick<Known, 'kind' | 'key'>[],
): Promise<void> {
  for (const { kind, key } of rows) {
    await trx
      .deleteFrom('station_actual')
      .where('organization_id', '=', organizationId)
      .where('station_id', '=', stationId)
      .where('kind', '=', kind)
      .where('key', '=', key)
      .execute()
  }
}

/** Everything is asked for again, and what was refused is tried again. What is under way goes on. */
export async function forgetTroubles(trx: Db, { organizationId, stationId }: StationRef, now: Date): Promise<void> {
  await sql`update station_actual set attempts = 0, next_try_at = null, silent = false, checked_at = null, updated_at = ${now},
      state = case when state in ('refused', 'unsupported') then 'unknown' else state end
    where organization_id = ${organizationId} and station_id = ${stationId}`.execute(trx)
}

export interface StoredList {
  state: ListState
  protocol: string | null
  maxEntries: number | null
  maxPerMessage: number | null
  limitsAt: Date | null
}

export async function readList(db: Db, { organizationId, stationId }: StationRef): Promise<StoredList | undefined> {
  const row = await db
    .selectFrom('station_list')
    .selectAll()
    .where('organization_id', '=', organizationId)
    .where('station_id', '=', stationId)
    .executeTakeFirst()
  if (row === undefined) return undefined
  return {
    state: {
      counter: row.counter,
      version: row.version,
      entries: row.entries as ListState['entries'],
      sending: row.sending as ListState['sending'],
    },
    protocol: row.protocol,
    maxEntries: row.max_entries,
    maxPerMessage: row.max_per_message,
    limitsAt: row.limits_at,
  }
}

export async function writeList(trx: Db, of: StationRef, list: StoredList): Promise<void> {
  const values = {
    site_id: of.siteId,
    protocol: list.protocol,
    counter: list.state.counter,
    version: list.state.version,
    entries: json(list.state.entries),
    sending: json(list.state.sending),
    max_entries: list.maxEntries,
    max_per_message: list.maxPerMessage,
    limits_at: list.limitsAt,
  }
  await trx
    .insertInto('station_list')
    .values({ organization_id: of.organizationId, station_id: of.stationId, ...values })
    .onConflict((conflict) => conflict.columns(['organization_id', 'station_id']).doUpdateSet(values))
    .execute()
}

/** What reports brought for one request, in their order. */
export async function reportItems(
  db: Db,
  { organizationId, stationId }: StationRef,
  requestId: number,
  since: Date,
): Promise<unknown[]> {
  const rows = await db
    .selectFrom('station_notice')
    .select('data')
    .where('organization_id', '=', organizationId)
    .where('station_id', '=', stationId)
    .where('request_id', '=', requestId)
    .where('topic', '=', 'report.part')
    .where('received_at', '>=', since)
    .orderBy('sequence')
    .execute()
  return rows.flatMap(({ data }) => (data as { items?: unknown[] }).items ?? [])
}

/** Connected stations with something to do by now, the longest untouched first. */
export async function stationsDue(
  db: Db,
  at: { now: Date; verifiedBefore: Date; limit: number },
): Promise<{ organizationId: string; stationId: string }[]> {
  const { rows } = await sql<{ organizationId: string; stationId: string }>`
    select a.organization_id as "organizationId", a.station_id as "stationId"
    from station_actual a
    join station_link l on l.organization_id = a.organization_id and l.station_id = a.station_id
      and l.disconnected_at is null
    where a.command_id is null and a.boot_wait is null and (a.next_try_at is null or a.next_try_at <= ${at.now}) and (
      a.state in ('unknown', 'drifted', 'pending')
      or (a.desired_hash is null and a.written_hash is not null and a.state = 'in_line')
      or (a.state = 'in_line' and a.kind not in ('network_profile') and a.checked_at < ${at.verifiedBefore}
        and not (a.kind = 'profile' and l.protocol = 'ocpp1.6')))
    group by a.organization_id, a.station_id
    order by min(a.updated_at)
    limit ${at.limit}`.execute(db)
  return rows
}

export interface Drift {
  siteId: string | null
  stationId: string
  kind: DesiredKind
  key: string
  state: KnownState
  desired: unknown
  actual: unknown
  reason: string | null
  attempts: number
  nextTryAt: Date | null
  checkedAt: Date | null
  commandId: string | null
  updatedAt: Date
}

export const drifts = recordTable<Drift>()('station_actual', {
  type: 'station_actual',
  columns: {
    siteId: 'site_id',
    stationId: 'station_id',
    kind: 'kind',
    key: 'key',
    state: 'state',
    desired: 'desired_value',
    actual: 'actual_value',
    reason: 'reason',
    attempts: 'attempts',
    nextTryAt: 'next_try_at',
    checkedAt: 'checked_at',
    commandId: 'command_id',
    updatedAt: 'updated_at',
  },
  reach: 'site',
  sorts: {
    station: [
      { expression: 't.station_id', type: 'uuid' },
      { expression: 't.kind', type: 'text' },
      { expression: 't.key', type: 'text' },
    ],
  },
  filters: {
    siteId: is('site_id'),
    stationId: is('station_id'),
    kind: is('kind'),
    state: is('state'),
    outOfLine: (value: boolean) =>
      value
        ? sql<boolean>`t.state not in ('in_line', 'unsupported')`
        : sql<boolean>`t.state in ('in_line', 'unsupported')`,
  },
})

export type StateCounts = Record<KnownState, number>

/** How many rows of the caller's sites are in each state. */
export async function countStates(
  db: Db,
  sight: { organizationId: string; siteIds: readonly string[] | null },
  of: { siteId?: string | undefined; kind?: string | undefined; stationId?: string | undefined },
): Promise<StateCounts> {
  const { rows } = await sql<{ state: KnownState; n: number }>`
    select state, count(*)::int as n from station_actual t
    where organization_id = ${sight.organizationId}
      and (${sight.siteIds}::uuid[] is null or site_id = any(${sight.siteIds}::uuid[]))
      and (${of.siteId ?? null}::uuid is null or site_id = ${of.siteId ?? null}::uuid)
      and (${of.kind ?? null}::text is null or kind = ${of.kind ?? null})
      and (${of.stationId ?? null}::uuid is null or station_id = ${of.stationId ?? null}::uuid)
    group by state`.execute(db)
  const none = { unknown: 0, in_line: 0, drifted: 0, pending: 0, refused: 0, unsupported: 0 }
  return { ...none, ...Object.fromEntries(rows.map(({ state, n }) => [state, n])) }
}

interface BootRow {
  organization_id: string
  station_id: string
}

/**
 * After a start: adds the station's reconcile job, but only where anything is wanted or known, and a look at what a revocation still
 * waits for it, so that others cost no job.
 */
const reconcileBoot = defineEffect<BootRow>({
  name: 'reconcile_boot',
  order: 79,
  key: (row) => row.station_id,
  sql: `with r as (select * from json_to_recordset($1::json) as r(organization_id uuid, station_id uuid))
    select hub_add_jobs(specs) from (
      select json_agg(spec) as specs from (
        select json_build_object('task', 'station.reconcile',
          'payload', json_build_object('organizationId', r.organization_id, 'stationId', r.station_id),
          'key', 'reconcile:' || r.station_id, 'queue', 'reconcile:' || r.station_id, 'delayMs', 1000) as spec
        from r
        where exists (select from desired_item i where i.organization_id = r.organization_id and i.archived_at is null)
          or exists (select from station_actual a where a.organization_id = r.organization_id and a.station_id = r.station_id)
        union all
        select json_build_object('task', 'revocation.station',
          'payload', json_build_object('organizationId', r.organization_id, 'stationId', r.station_id),
          'key', 'revocation-station:' || r.station_id, 'queue', 'revocation-station:' || r.station_id, 'delayMs', 1000)
        from r
        where exists (select from revocation v
          join revocation_place p on p.organization_id = v.organization_id and p.revocation_id = v.revocation_id
          where v.organization_id = r.organization_id and v.state in ('running', 'stalled')
            and p.place_id = r.station_id and p.state not in ('done', 'left'))
      ) wanted
    ) s where specs is not null`,
})

export const reconcileBootEffect = (row: BootRow): Effect => ({ template: reconcileBoot, row })

/** Looks at one station: what came back, what is wanted, what is next. */
export function reconcileJob({ organizationId, stationId }: Omit<StationRef, 'siteId'>, delayMs?: number): NewJob {
  const name = `reconcile:${stationId}`
  return {
    task: 'station.reconcile',
    payload: { organizationId, stationId },
    key: name,
    queue: name,
    ...(delayMs === undefined ? {} : { delayMs }),
  }
}

/** Who asked for commands that bring a station in line. */
export const reconciler = 'hub:reconcile'
