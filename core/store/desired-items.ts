// Owns reading what stations are wanted to have, for the API and for merging.
// Must not merge; core/domain/desired does.
import { type Kysely, sql } from 'kysely'
import type { DesiredItem, DesiredKind, DesiredScope, StationPlace } from '../domain/desired/index.ts'
import { is, listRecords, recordTable } from './record-table.ts'
import type { HubTables } from './schema.ts'

export interface DesiredRecord extends DesiredScope {
  desiredItemId: string
  kind: DesiredKind
  key: string
  value: Record<string, unknown>
  enabled: boolean
  version: number
  createdAt: Date
  updatedAt: Date
  archivedAt: Date | null
}

export const desiredItems = recordTable<DesiredRecord>()('desired_item', {
  type: 'desired_item',
  id: 'desired_item_id',
  columns: {
    desiredItemId: 'desired_item_id',
    scope: 'scope',
    siteId: 'site_id',
    vendor: 'vendor',
    model: 'model',
    firmwarePrefix: 'firmware_prefix',
    stationId: 'station_id',
    kind: 'kind',
    key: 'key',
    value: 'value',
    enabled: 'enabled',
    version: 'version',
    createdAt: 'created_at',
    updatedAt: 'updated_at',
    archivedAt: 'archived_at',
  },
  json: ['value'],
  reach: 'site_or_all',
  archives: true,
  search: ['key'],
  sorts: {
    key: [
      { expression: 't.key', type: 'text' },
      { expression: 't.desired_item_id', type: 'uuid' },
    ],
    createdAt: [
      { expression: 't.created_at', type: 'timestamptz' },
      { expression: 't.desired_item_id', type: 'uuid' },
    ],
  },
  filters: {
    kind: is('kind'),
    key: is('key'),
    scope: is('scope'),
    siteId: is('site_id'),
    stationId: is('station_id'),
    enabled: is('enabled'),
  },
})

type Db = Kysely<HubTables>

/** All that are in force anywhere in the organization. */
export async function liveDesiredItems(db: Db, organizationId: string): Promise<DesiredItem[]> {
  const rows = await db
    .selectFrom('desired_item')
    .selectAll()
    .where('organization_id', '=', organizationId)
    .where('archived_at', 'is', null)
    .where('enabled', '=', true)
    .execute()
  return rows.map(
    (row) =>
      ({
        itemId: row.desired_item_id,
        scope: row.scope,
        siteId: row.site_id,
        vendor: row.vendor,
        model: row.model,
        firmwarePrefix: row.firmware_prefix,
        stationId: row.station_id,
        kind: row.kind,
        key: row.key,
        value: row.value,
        enabled: row.enabled,
      }) as DesiredItem,
  )
}

/** What is wanted of one station alone. */
export async function ownItem(
  db: Db,
  organizationId: string,
  of: { stationId: string; kind: DesiredKind; key: string },
): Promise<DesiredRecord | undefined> {
  const sight = { organizationId, siteIds: null }
  const { items } = await listRecords(db, desiredItems, sight, { ...of, scope: 'station', limit: 1 })
  return items[0]
}

export async function wantsLocalLists(db: Db, organizationId: string): Promise<boolean> {
  const row = await db
    .selectFrom('desired_item')
    .select('desired_item_id')
    .where('organization_id', '=', organizationId)
    .where('kind', '=', 'local_list')
    .where('archived_at', 'is', null)
    .where('enabled', '=', true)
    .limit(1)
    .executeTakeFirst()
  return row !== undefined
}

export interface ReconciledStation extends StationPlace {
  organizationId: string
  protocol: string | null
  connected: boolean
  connectedAt: Date | null
  bootedAt: Date | null
}

/** Accepted, live stations: one, or all of the organization. */
export async function reconciledStations(
  db: Db,
  organizationId: string,
  stationId: string | null = null,
): Promise<ReconciledStation[]> {
  const { rows } = await sql<ReconciledStation>`
    select s.organization_id as "organizationId", s.station_id as "stationId", s.site_id as "siteId", s.vendor, s.model,
      s.firmware, s.booted_at as "bootedAt", l.protocol, l.connected_at as "connectedAt",
      (l.station_id is not null and l.disconnected_at is null) as connected
    from station s
    left join station_link l on l.organization_id = s.organization_id and l.station_id = s.station_id
    where s.organization_id = ${organizationId} and s.archived_at is null and s.admission = 'accepted'
      and (${stationId}::uuid is null or s.station_id = ${stationId}::uuid)
    order by s.station_id`.execute(db)
  return rows
}
