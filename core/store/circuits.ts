// Owns how circuits, their meters and the EVSEs on them are read and configured.
// Must not decide what may be drawn; core/domain/load does.
import { type Kysely, sql } from 'kysely'
import { type Stamped, stampColumns, usualSorts } from './places.ts'
import { type Db, is, recordTable } from './record-table.ts'
import type { HubTables } from './schema.ts'

export interface CircuitOtherLoad {
  reserveA: number
  riseA: number
  staleAfterSeconds: number
}

export interface CircuitRecord extends Stamped {
  circuitId: string
  siteId: string
  parentId: string | null
  code: string
  name: string
  limitA: number
  otherLoad: CircuitOtherLoad | null
}

export interface CircuitEvseRecord extends Stamped {
  circuitEvseId: string
  siteId: string
  circuitId: string
  stationId: string
  evseId: string
  evseNumber: number
  phases: 1 | 3
  phase: 1 | 2 | 3 | null
  minA: number
  maxA: number
  failsafeA: number
  ignoringSince: Date | null
  refusingSince: Date | null
}

export interface CircuitMeterRecord {
  circuitId: string
  amps: number
  readAt: Date
  receivedAt: Date
}

export const circuits = recordTable<CircuitRecord>()('circuit', {
  type: 'circuit',
  id: 'circuit_id',
  columns: {
    circuitId: 'circuit_id',
    siteId: 'site_id',
    parentId: 'parent_id',
    code: 'code',
    name: 'name',
    limitA: 'limit_a',
    otherLoad: 'other_load',
    ...stampColumns,
  },
  json: ['other_load'],
  reach: 'site',
  archives: true,
  search: ['code', 'name'],
  sorts: usualSorts('circuit_id'),
  filters: { siteId: is('site_id'), parentId: is('parent_id') },
})

export const circuitEvses = recordTable<CircuitEvseRecord>()('circuit_evse', {
  type: 'circuit_evse',
  id: 'circuit_evse_id',
  columns: {
    circuitEvseId: 'circuit_evse_id',
    siteId: 'site_id',
    circuitId: 'circuit_id',
    stationId: 'station_id',
    evseId: 'evse_id',
    evseNumber: 'evse_number',
    phases: 'phases',
    phase: 'phase',
    minA: 'min_a',
    maxA: 'max_a',
    failsafeA: 'failsafe_a',
    ignoringSince: 'ignoring_since',
    refusingSince: 'refusing_since',
    ...stampColumns,
  },
  reach: 'site',
  archives: true,
  sorts: {
    createdAt: [
      { expression: 't.created_at', type: 'timestamptz' },
      { expression: 't.circuit_evse_id', type: 'uuid' },
    ],
  },
  filters: {
    siteId: is('site_id'),
    circuitId: is('circuit_id'),
    stationId: is('station_id'),
    evseId: is('evse_id'),
  },
})

/** Whoever changes the tree of a site, and the guard, take turns. Held until the transaction ends. */
export async function lockLoad(trx: Kysely<HubTables>, siteId: string): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`baywatt load ${siteId}`}, 0))`.execute(trx)
}

export interface SitePlace {
  organizationId: string
  siteId: string
}

export async function liveCircuits(db: Db, { organizationId, siteId }: SitePlace): Promise<CircuitRecord[]> {
  const rows = await db
    .selectFrom('circuit')
    .selectAll()
    .where('organization_id', '=', organizationId)
    .where('site_id', '=', siteId)
    .where('archived_at', 'is', null)
    .orderBy('code')
    .execute()
  return rows.map((row) => ({
    circuitId: row.circuit_id,
    siteId: row.site_id,
    parentId: row.parent_id,
    code: row.code,
    name: row.name,
    limitA: row.limit_a,
    otherLoad: row.other_load as CircuitOtherLoad | null,
    version: row.version,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    archivedAt: row.archived_at,
  }))
}

export type PlacedRecord = Pick<CircuitEvseRecord, 'circuitEvseId' | 'circuitId' | 'phases' | 'phase' | 'failsafeA'>

export async function livePlacements(db: Db, { organizationId, siteId }: SitePlace): Promise<PlacedRecord[]> {
  const rows = await db
    .selectFrom('circuit_evse')
    .select(['circuit_evse_id', 'circuit_id', 'phases', 'phase', 'failsafe_a'])
    .where('organization_id', '=', organizationId)
    .where('site_id', '=', siteId)
    .where('archived_at', 'is', null)
    .execute()
  return rows.map((row) => ({
    circuitEvseId: row.circuit_evse_id,
    circuitId: row.circuit_id,
    phases: row.phases as 1 | 3,
    phase: row.phase as 1 | 2 | 3 | null,
    failsafeA: row.failsafe_a,
  }))
}

/** Whether the load guard sets limits at this station. */
export async function isGuarded(db: Db, organizationId: string, stationId: string): Promise<boolean> {
  const row = await db
    .selectFrom('circuit_evse')
    .select('circuit_evse_id')
    .where('organization_id', '=', organizationId)
    .where('station_id', '=', stationId)
    .where('archived_at', 'is', null)
    .limit(1)
    .executeTakeFirst()
  return row !== undefined
}

/** All sites that the guard looks after. */
export async function guardedSites(db: Db): Promise<SitePlace[]> {
  const rows = await db
    .selectFrom('circuit_evse')
    .select(['organization_id', 'site_id'])
    .distinct()
    .where('archived_at', 'is', null)
    .execute()
  return rows.map((row) => ({ organizationId: row.organization_id, siteId: row.site_id }))
}

export async function circuitMeters(db: Db, { organizationId, siteId }: SitePlace): Promise<CircuitMeterRecord[]> {
  const rows = await db
    .selectFrom('circuit_meter')
    .selectAll()
    .where('organization_id', '=', organizationId)
    .where('site_id', '=', siteId)
    .execute()
  return rows.map((row) => ({
    circuitId: row.circuit_id,
    amps: Number(row.amps),
    readAt: row.read_at,
    receivedAt: row.received_at,
  }))
}

/** Keeps the later of the two; what was there comes back where it is. */
export async function keepReading(
  trx: Db,
  { organizationId, siteId }: SitePlace,
  reading: CircuitMeterRecord,
): Promise<CircuitMeterRecord> {
  await trx
    .insertInto('circuit_meter')
    .values({
      organization_id: organizationId,
      site_id: siteId,
      circuit_id: reading.circuitId,
      amps: reading.amps,
      read_at: reading.readAt,
      received_at: reading.receivedAt,
    })
    .onConflict((conflict) =>
      conflict
        .columns(['organization_id', 'circuit_id'])
        .doUpdateSet((set) => ({
          amps: set.ref('excluded.amps'),
          read_at: set.ref('excluded.read_at'),
          received_at: set.ref('excluded.received_at'),
        }))
        .where(sql<boolean>`circuit_meter.read_at < excluded.read_at`),
    )
    .execute()
  const row = await trx
    .selectFrom('circuit_meter')
    .selectAll()
    .where('organization_id', '=', organizationId)
    .where('circuit_id', '=', reading.circuitId)
    .executeTakeFirstOrThrow()
  return { circuitId: row.circuit_id, amps: Number(row.amps), readAt: row.read_at, receivedAt: row.received_at }
}
