// Owns the rows of stays: finding those that new facts touch, and writing what was derived.
// Must not derive anything, and must not list stays for people (core/store/parking-read.ts does).
import { type Insertable, type Kysely, type Selectable, sql } from 'kysely'
import { jsonText } from './json-text.ts'
import type { ParkingSource } from './parking-facts.ts'
import type { HubTables, StayTable } from './schema.ts'

export type StayRow = Selectable<StayTable>
export type NewStay = Insertable<StayTable>

function ofSource(db: Kysely<HubTables>, { organizationId, connectionId }: ParkingSource) {
  return db
    .selectFrom('stay')
    .selectAll()
    .where('organization_id', '=', organizationId)
    .where('connection_id', '=', connectionId)
}

/** Stays by natural key or by id, locked until the transaction ends, in the order every writer locks them. */
export async function lockStays(
  trx: Kysely<HubTables>,
  source: ParkingSource,
  stayKeys: readonly string[],
  stayIds: readonly string[],
): Promise<StayRow[]> {
  return ofSource(trx, source)
    .where((on) =>
      on.or([
        on('stay_key', '=', sql<string>`any(${stayKeys}::text[])`),
        on('stay_id', '=', sql<string>`any(${stayIds}::uuid[])`),
      ]),
    )
    .orderBy('stay_id')
    .forNoKeyUpdate()
    .execute()
}

export async function staysById(
  db: Kysely<HubTables>,
  organizationId: string,
  ids: readonly string[],
): Promise<StayRow[]> {
  if (ids.length === 0) return []
  return db
    .selectFrom('stay')
    .selectAll()
    .where('organization_id', '=', organizationId)
    .where('stay_id', '=', sql<string>`any(${ids}::uuid[])`)
    .orderBy('stay_id')
    .execute()
}

export interface SpanningStay {
  stay_id: string
  from: Date
  search_keys: string[]
}

/**
 * Unnamed stays that share a key with one of these sightings and reach over its instant: begun before, not over by then. `lingerMs` is how long after its exit
 * a stay still takes up passages. One that was paired by plate still takes up its exact exit.
 */
export async function unnamedStaysSpanning(
  db: Kysely<HubTables>,
  source: ParkingSource,
  sightings: readonly { keys: readonly string[]; at: Date }[],
  lingerMs: number,
): Promise<SpanningStay[]> {
  const { rows } = await sql<SpanningStay>`
    select distinct on (stay_id) stay_id, coalesce(entered_at, exited_at) as from, search_keys
    from json_to_recordset(${jsonText(sightings)}::json) as seen(keys text[], at timestamptz)
    join stay on organization_id = ${source.organizationId} and connection_id = ${source.connectionId}
      and search_keys && seen.keys and stay_ref is null and state <> 'voided'
      and coalesce(entered_at, exited_at) < seen.at
      -- One that is only taken to have left still takes up its exit.
      and greatest(exited_at + ${lingerMs} * interval '1 millisecond',
        case when exited_at is null or 'paired_by_plate' = any(flags)
          then coalesce(case when 'exit_unknown' = any(flags) then null else exit_before end, 'infinity') end) >= seen.at`.execute(
    db,
  )
  return rows
}

/** Unnamed stays that share a key and hang on an exit at `since` or later that no stay is sure of: their plates may be others'. */
export async function doubtfulStays(
  db: Kysely<HubTables>,
  source: ParkingSource,
  keys: readonly string[],
  since: Date,
): Promise<SpanningStay[]> {
  const { rows } = await sql<SpanningStay>`
    select stay_id, coalesce(entered_at, exited_at) as from, search_keys from stay
    where organization_id = ${source.organizationId} and connection_id = ${source.connectionId}
      and search_keys && ${keys}::text[] and stay_ref is null
      and (state = 'exit_only' or 'paired_by_plate' = any(flags)) and exited_at >= ${since}`.execute(db)
  return rows
}

/**
 * Unnamed stays whose other half may still come: all that are open, and exits of the last month without an entry. Those that are
 * open first, so that every stay that comes into question for such an exit can be found by then.
 */
export async function waitingStays(db: Kysely<HubTables>, source: ParkingSource): Promise<string[]> {
  const { rows } = await sql<{ stay_id: string }>`
    select stay_id from stay
    where organization_id = ${source.organizationId} and connection_id = ${source.connectionId} and stay_ref is null
      and (state = 'open' or (state = 'exit_only' and exited_at > (
        select max(facts_at) - interval '31 days' from stay
        where organization_id = ${source.organizationId} and connection_id = ${source.connectionId})))
    order by state = 'open' desc, coalesce(entered_at, exited_at), stay_id`.execute(db)
  return rows.map((row) => row.stay_id)
}

const derivedColumns = [
  'stay_key',
  'stay_ref',
  'state',
  'parker_kind',
  'account_id',
  'vehicle_id',
  'credential_id',
  'plate',
  'entered_at',
  'exited_at',
  'exit_before',
  'entry_lane',
  'exit_lane',
  'presentations',
  'search_keys',
  'bays',
  'discounts',
  'paid_minor',
  'paid_until',
  'price',
  'presumed_left_at',
  'presumed_left_by',
  'flags',
  'facts_at',
  'version',
  'updated_at',
] as const satisfies readonly (keyof NewStay)[]

/** New stays are added, known ones (by id) take the new content. */
export async function writeStays(trx: Kysely<HubTables>, rows: readonly NewStay[]): Promise<void> {
  if (rows.length === 0) return
  await trx
    .insertInto('stay')
    .values([...rows])
    .onConflict((conflict) =>
      conflict
        .columns(['organization_id', 'stay_id'])
        .doUpdateSet((set) => Object.fromEntries(derivedColumns.map((name) => [name, set.ref(`excluded.${name}`)]))),
    )
    .execute()
}
