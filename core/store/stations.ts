// Owns how stations, EVSEs, connectors, frames and deviations are read, and how stations and EVSEs are configured.
// Must not touch what a station reports about itself; the charger services do.
import { type RawBuilder, sql } from 'kysely'
import type { ConnectorStatus } from '../domain/charger-fact.ts'
import { type Stamped, stampColumns, usualSorts } from './places.ts'
import { before, type Db, from, is, recordTable } from './record-table.ts'

/** What a station that waits for approval showed in the TLS handshake. */
export interface PresentedCertificate {
  pem: string
  fingerprint: string
  subject: string
  issuer: string
  notBefore: string
  notAfter: string
}

export interface Station extends Stamped {
  stationId: string
  siteId: string | null
  code: string
  name: string
  admission: 'pending' | 'accepted' | 'rejected'
  securityProfile: number
  defaultProtocol: 'ocpp1.6' | 'ocpp2.0.1' | 'ocpp2.1' | null
  maxPowerW: number | null
  settings: Record<string, unknown>
  tags: string[]
  hasSecret: boolean
  presentedCertificate: PresentedCertificate | null
  vendor: string | null
  model: string | null
  serial: string | null
  firmware: string | null
  bootReason: string | null
  bootedAt: Date | null
  lastSeenAt: Date | null
}

export interface Evse extends Stamped {
  evseId: string
  stationId: string
  siteId: string | null
  number: number
  code: string
  bayId: string | null
  maxPowerW: number | null
}

export interface Connector {
  stationId: string
  siteId: string | null
  evseNumber: number
  number: number
  standard: string | null
  status: ConnectorStatus
  rawStatus: string | null
  errorCode: string | null
  errorInfo: string | null
  statusAt: Date | null
  receivedAt: Date | null
}

export interface StationMessage {
  messageId: string
  receivedAt: Date
  direction: 'in' | 'out'
  action: string | null
  frame: string
  epoch: number
}

export interface ProtocolDeviation {
  code: string
  vendor: string
  model: string
  firmware: string
  count: number
  firstAt: Date
  lastAt: Date
  lastStationId: string
  sample: string | null
}

const hasSocket = (value: boolean): RawBuilder<boolean> => sql<boolean>`exists (select from station_link l
  where l.organization_id = t.organization_id and l.station_id = t.station_id and l.disconnected_at is null) = ${value}`

export const stations = recordTable<Station>()('station', {
  type: 'station',
  id: 'station_id',
  columns: {
    stationId: 'station_id',
    siteId: 'site_id',
    code: 'code',
    name: 'name',
    admission: 'admission',
    securityProfile: 'security_profile',
    defaultProtocol: 'default_protocol',
    maxPowerW: 'max_power_w',
    settings: 'settings',
    tags: 'tags',
    vendor: 'vendor',
    model: 'model',
    serial: 'serial',
    firmware: 'firmware',
    bootReason: 'boot_reason',
    bootedAt: 'booted_at',
    lastSeenAt: 'last_seen_at',
    presentedCertificate: 'presented_certificate',
    ...stampColumns,
  },
  expressions: { hasSecret: 't.secret_hash is not null' },
  json: ['settings', 'presented_certificate'],
  reach: 'site',
  archives: true,
  search: ['code', 'name'],
  sorts: usualSorts('station_id'),
  filters: { siteId: is('site_id'), admission: is('admission'), connected: hasSocket },
})

export const evses = recordTable<Evse>()('evse', {
  type: 'evse',
  id: 'evse_id',
  columns: {
    evseId: 'evse_id',
    stationId: 'station_id',
    siteId: 'site_id',
    number: 'number',
    code: 'code',
    bayId: 'bay_id',
    maxPowerW: 'max_power_w',
    ...stampColumns,
  },
  reach: 'site',
  archives: true,
  search: ['code'],
  sorts: {
    code: [
      { expression: 't.code', type: 'text' },
      { expression: 't.evse_id', type: 'uuid' },
    ],
    createdAt: [
      { expression: 't.created_at', type: 'timestamptz' },
      { expression: 't.evse_id', type: 'uuid' },
    ],
  },
  filters: { siteId: is('site_id'), stationId: is('station_id'), bayId: is('bay_id') },
})

export const connectors = recordTable<Connector>()('connector', {
  type: 'connector',
  columns: {
    stationId: 'station_id',
    siteId: 'site_id',
    evseNumber: 'evse_number',
    number: 'number',
    standard: 'standard',
    status: 'status',
    rawStatus: 'raw_status',
    errorCode: 'error_code',
    errorInfo: 'error_info',
    statusAt: 'status_at',
    receivedAt: 'received_at',
  },
  reach: 'site',
  sorts: {
    place: [
      { expression: 't.station_id', type: 'uuid' },
      { expression: 't.evse_number', type: 'int8' },
      { expression: 't.number', type: 'int8' },
    ],
  },
  filters: { siteId: is('site_id'), stationId: is('station_id'), status: is('status') },
})

/** The frames `[type, id, …]` of one request and its answer; some stations send both parts as other JSON types. */
function frameIdPattern(id: string): string {
  const literal = JSON.stringify(id)
    .slice(1, -1)
    .replace(/[^A-Za-z0-9]/gu, (each) => `\\${each}`)
  return `^\\s*\\[\\s*"?[2-6]"?\\s*,\\s*"?${literal}"?\\s*[,\\]]`
}

export const stationMessages = recordTable<StationMessage>()('station_message', {
  type: 'station_message',
  columns: {
    messageId: 'message_id',
    receivedAt: 'received_at',
    direction: 'direction',
    action: 'action',
    frame: 'frame',
    epoch: 'epoch',
  },
  // The station was looked up, and with it the site, before its frames are read.
  reach: 'organization',
  sorts: {
    receivedAt: [
      { expression: 't.received_at', type: 'timestamptz' },
      { expression: 't.message_id', type: 'uuid' },
    ],
  },
  defaultSort: '-receivedAt',
  filters: {
    stationId: is('station_id'),
    action: is('action'),
    direction: is('direction'),
    epoch: is('epoch'),
    contains: (text: string) => sql<boolean>`t.frame ilike ${`%${text.replace(/[\\%_]/g, '\\$&')}%`}`,
    frameId: (id: string) => sql<boolean>`t.frame ~ ${frameIdPattern(id)}`,
    from: from('t.received_at'),
    to: before('t.received_at'),
  },
})

export const protocolDeviations = recordTable<ProtocolDeviation>()('protocol_deviation', {
  type: 'protocol_deviation',
  columns: {
    code: 'code',
    vendor: 'vendor',
    model: 'model',
    firmware: 'firmware',
    count: 'count',
    firstAt: 'first_at',
    lastAt: 'last_at',
    lastStationId: 'last_station_id',
    sample: 'sample',
  },
  // Counted per model over all sites, so there is no row that a key limited to sites may see.
  reach: 'none',
  sorts: {
    model: (['code', 'vendor', 'model', 'firmware'] as const).map((column) => ({
      expression: `t.${column}`,
      type: 'text',
    })),
  },
  filters: { code: is('code'), vendor: is('vendor') },
})

export interface StationSocket {
  protocol: string | null
  since: Date
  remoteAddress: string | null
  node: string
}

/** The open sockets of these stations; stations without one are left out. */
export async function openSockets(
  db: Db,
  organizationId: string,
  stationIds: readonly string[],
): Promise<Map<string, StationSocket>> {
  if (stationIds.length === 0) return new Map()
  const rows = await db
    .selectFrom('station_link')
    .select(['station_id', 'protocol', 'connected_at', 'remote_address', 'node_id'])
    .where('organization_id', '=', organizationId)
    .where('station_id', 'in', stationIds)
    .where('disconnected_at', 'is', null)
    .execute()
  return new Map(
    rows.map((row) => [
      row.station_id,
      { protocol: row.protocol, since: row.connected_at, remoteAddress: row.remote_address, node: row.node_id },
    ]),
  )
}

export type EvseConnector = Pick<Connector, 'number' | 'standard' | 'status' | 'errorCode' | 'statusAt'>

/** Connectors of these EVSEs, by EVSE. */
export async function connectorsOf(
  db: Db,
  organizationId: string,
  evseIds: readonly string[],
): Promise<Map<string, EvseConnector[]>> {
  const found = new Map<string, EvseConnector[]>()
  if (evseIds.length === 0) return found
  const rows = await db
    .selectFrom('evse as e')
    .innerJoin('connector as c', (join) =>
      join
        .onRef('c.organization_id', '=', 'e.organization_id')
        .onRef('c.station_id', '=', 'e.station_id')
        .onRef('c.evse_number', '=', 'e.number'),
    )
    .select(['e.evse_id', 'c.number', 'c.standard', 'c.status', 'c.error_code', 'c.status_at'])
    .where('e.organization_id', '=', organizationId)
    .where('e.evse_id', 'in', evseIds)
    .orderBy('c.number')
    .execute()
  for (const row of rows) {
    const list = found.get(row.evse_id) ?? []
    const { number, standard } = row
    const status = row.status as ConnectorStatus
    list.push({ number, standard, status, errorCode: row.error_code, statusAt: row.status_at })
    found.set(row.evse_id, list)
  }
  return found
}

/** Takes the identity that the station dials in with, whatever its case; false when another station has it. */
export async function claimIdentity(db: Db, organizationId: string, stationId: string, code: string): Promise<boolean> {
  const claimed = await db
    .insertInto('station_identity')
    .values({ identity: code.toLowerCase(), organization_id: organizationId, station_id: stationId })
    .onConflict((conflict) => conflict.doNothing())
    .returning('station_id')
    .executeTakeFirst()
  return claimed !== undefined
}

/** A station that gets its site takes its EVSEs and what they reported there, too. */
export async function placeStation(db: Db, organizationId: string, stationId: string, siteId: string): Promise<void> {
  for (const table of ['evse', 'connector', 'station_link'] as const) {
    await db
      .updateTable(table)
      .set({ site_id: siteId })
      .where('organization_id', '=', organizationId)
      .where('station_id', '=', stationId)
      .execute()
  }
}
