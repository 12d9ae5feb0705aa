// Owns how firmware campaigns, their stations and firmware history are read and written.
// Must not decide what a campaign does next; core/domain/plan-campaign.ts does.
import { type Selectable, sql } from 'kysely'
import type { CampaignSchedule, CampaignStationState, CampaignStationView, Wave } from '../domain/plan-campaign.ts'
import { type Stamped, stampColumns } from './places.ts'
import { type Db, is, recordTable } from './record-table.ts'
import type { FirmwareCampaignStationTable } from './schema.ts'

/** Which stations: every list that is given narrows it down. */
export interface CampaignTarget {
  siteIds?: string[]
  vendors?: string[]
  models?: string[]
  /** Only from these versions. */
  firmwareFrom?: string[]
  stationIds?: string[]
}

export type CampaignState = 'draft' | 'running' | 'paused' | 'stopped' | 'finished' | 'cancelled'

export interface Campaign extends Stamped {
  campaignId: string
  siteId: string | null
  name: string
  fileId: string | null
  url: string | null
  firmwareVersion: string
  signingCertificate: string | null
  signature: string | null
  target: CampaignTarget
  waves: Wave[]
  schedule: CampaignSchedule | null
  onlyWhenIdle: boolean
  maxFailures: number | null
  failurePercent: number | null
  maxAttempts: number
  retryMinutes: number
  offlineHours: number
  state: CampaignState
  reason: string | null
  wave: number
  waveAt: Date | null
  startedAt: Date | null
  endedAt: Date | null
}

const idColumn = { expression: 't.campaign_id', type: 'uuid' } as const

export const campaigns = recordTable<Campaign>()('firmware_campaign', {
  type: 'firmware_campaign',
  id: 'campaign_id',
  columns: {
    campaignId: 'campaign_id',
    siteId: 'site_id',
    name: 'name',
    fileId: 'file_id',
    url: 'url',
    firmwareVersion: 'firmware_version',
    signingCertificate: 'signing_certificate',
    signature: 'signature',
    target: 'target',
    waves: 'waves',
    schedule: 'schedule',
    onlyWhenIdle: 'only_when_idle',
    maxFailures: 'max_failures',
    failurePercent: 'failure_percent',
    maxAttempts: 'max_attempts',
    retryMinutes: 'retry_minutes',
    offlineHours: 'offline_hours',
    state: 'state',
    reason: 'reason',
    wave: 'wave',
    waveAt: 'wave_at',
    startedAt: 'started_at',
    endedAt: 'ended_at',
    ...stampColumns,
  },
  json: ['target', 'waves', 'schedule'],
  reach: 'site',
  archives: true,
  search: ['name', 'firmware_version'],
  sorts: {
    createdAt: [{ expression: 't.created_at', type: 'timestamptz' }, idColumn],
    name: [{ expression: 't.name', type: 'text' }, idColumn],
  },
  defaultSort: '-createdAt',
  filters: { siteId: is('site_id'), state: is('state') },
})

export interface CampaignStation {
  stationId: string
  siteId: string | null
  code: string
  wave: number
  state: CampaignStationState
  commandId: string | null
  attempts: number
  fromFirmware: string | null
  toFirmware: string | null
  reason: string | null
  at: Date
  nextAt: Date | null
}

const codeOf = `(select s.code from station s where s.organization_id = t.organization_id and s.station_id = t.station_id)`

export const campaignStations = recordTable<CampaignStation>()('firmware_campaign_station', {
  type: 'firmware_campaign_station',
  columns: {
    stationId: 'station_id',
    siteId: 'site_id',
    wave: 'wave',
    state: 'state',
    commandId: 'command_id',
    attempts: 'attempts',
    fromFirmware: 'from_firmware',
    toFirmware: 'to_firmware',
    reason: 'reason',
    at: 'at',
    nextAt: 'next_at',
  },
  expressions: { code: codeOf },
  // The campaign was looked up before.
  reach: 'organization',
  sorts: {
    place: [
      { expression: 't.wave', type: 'int8' },
      { expression: 't.place', type: 'int8' },
      { expression: 't.station_id', type: 'uuid' },
    ],
  },
  filters: { campaignId: is('campaign_id'), state: is('state'), wave: is('wave') },
})

export interface FirmwareChange {
  historyId: string
  stationId: string
  fromFirmware: string | null
  toFirmware: string | null
  vendor: string | null
  model: string | null
  at: Date
}

export const firmwareHistory = recordTable<FirmwareChange>()('firmware_history', {
  type: 'firmware_history',
  columns: {
    historyId: 'history_id',
    stationId: 'station_id',
    fromFirmware: 'from_firmware',
    toFirmware: 'to_firmware',
    vendor: 'vendor',
    model: 'model',
    at: 'at',
  },
  reach: 'organization',
  sorts: {
    at: [
      { expression: 't.at', type: 'timestamptz' },
      { expression: 't.history_id', type: 'uuid' },
    ],
  },
  defaultSort: '-at',
  filters: { stationId: is('station_id') },
})

export async function targetStations(db: Db, organizationId: string, target: CampaignTarget) {
  let query = db
    .selectFrom('station')
    .select(['station_id', 'site_id', 'firmware'])
    .where('organization_id', '=', organizationId)
    .where('archived_at', 'is', null)
    .where('admission', '=', 'accepted')
  const { siteIds, vendors, models, firmwareFrom, stationIds } = target
  if (siteIds) query = query.where('site_id', 'in', siteIds)
  if (vendors) query = query.where('vendor', 'in', vendors)
  if (models) query = query.where('model', 'in', models)
  if (firmwareFrom) query = query.where('firmware', 'in', firmwareFrom)
  if (stationIds) query = query.where('station_id', 'in', stationIds)
  return query.orderBy('code').orderBy('station_id').execute()
}

export type CampaignStationRow = Selectable<FirmwareCampaignStationTable>
export type Progress = Record<CampaignStationState, number>

export async function progressOf(
  db: Db,
  organizationId: string,
  campaignIds: readonly string[],
): Promise<Map<string, Progress>> {
  const none = { waiting: 0, queued: 0, downloading: 0, installing: 0, installed: 0, failed: 0, skipped: 0 }
  const found = new Map<string, Progress>(campaignIds.map((id) => [id, { ...none }]))
  if (campaignIds.length === 0) return found
  const rows = await db
    .selectFrom('firmware_campaign_station')
    .select((eb) => ['campaign_id', 'state', eb.fn.countAll<string>().as('n')])
    .where('organization_id', '=', organizationId)
    .where('campaign_id', 'in', campaignIds)
    .groupBy(['campaign_id', 'state'])
    .execute()
  for (const row of rows) {
    const progress = found.get(row.campaign_id)
    if (progress) progress[row.state as CampaignStationState] = Number(row.n)
  }
  return found
}

/** Every station of a campaign as the planner looks at it. Those without a site go by UTC. */
export async function campaignViews(
  db: Db,
  organizationId: string,
  campaignId: string,
): Promise<CampaignStationView[]> {
  const { rows } = await sql<CampaignStationView>`
    select t.station_id as "stationId", t.wave, t.state, t.attempts, t.at, t.next_at as "nextAt",
      coalesce((select time_zone from site where site.organization_id = t.organization_id
        and site.site_id = t.site_id), 'UTC') as zone,
      exists (select from ocpp_transaction o where o.organization_id = t.organization_id
        and o.station_id = t.station_id and o.state = 'open') as busy,
      exists (select from station_link l where l.organization_id = t.organization_id and l.station_id = t.station_id
        and l.disconnected_at is null) as connected,
      exists (select from firmware_campaign_station x where x.organization_id = t.organization_id
        and x.station_id = t.station_id and x.campaign_id <> t.campaign_id
        and x.state in ('queued', 'downloading', 'installing')) as elsewhere
    from firmware_campaign_station t
    where t.organization_id = ${organizationId} and t.campaign_id = ${campaignId}
    order by t.wave, t.place`.execute(db)
  return rows
}

/** Those in work, with all that is known of each update. */
export async function updatesInWork(db: Db, organizationId: string, campaignId: string) {
  const { rows } = await sql<{
    stationId: string
    state: CampaignStationState
    attempts: number
    before: string | null
    firmware: string | null
    commandState: string | null
    outcome: string | null
    reason: string | null
    statuses: string[]
  }>`
    select t.station_id as "stationId", t.state, t.attempts, t.from_firmware as before, s.firmware,
      c.state as "commandState", c.outcome, c.reason,
      coalesce((select array_agg(n.data->>'status') from station_notice n
        where n.organization_id = t.organization_id and n.station_id = t.station_id and n.topic = 'firmware.status'
          and (n.request_id = c.request_id or (n.request_id is null and n.received_at >= c.created_at))
          and n.data->>'status' is not null), '{}') as statuses
    from firmware_campaign_station t
    join station s on s.organization_id = t.organization_id and s.station_id = t.station_id
    left join command c on c.organization_id = t.organization_id and c.command_id = t.command_id
    where t.organization_id = ${organizationId} and t.campaign_id = ${campaignId}
      and t.state in ('queued', 'downloading', 'installing')
    order by t.wave, t.place`.execute(db)
  return rows
}

export async function campaignsOfStation(db: Db, organizationId: string, stationId: string): Promise<string[]> {
  const rows = await db
    .selectFrom('firmware_campaign_station')
    .select('campaign_id')
    .where('organization_id', '=', organizationId)
    .where('station_id', '=', stationId)
    .where('state', 'in', ['queued', 'downloading', 'installing'])
    .execute()
  return rows.map((row) => row.campaign_id)
}

export async function setCampaignStation(
  db: Db,
  of: { organizationId: string; campaignId: string; stationId: string },
  set: Partial<Omit<CampaignStationRow, 'organization_id' | 'campaign_id' | 'station_id'>>,
): Promise<void> {
  await db
    .updateTable('firmware_campaign_station')
    .set(set)
    .where('organization_id', '=', of.organizationId)
    .where('campaign_id', '=', of.campaignId)
    .where('station_id', '=', of.stationId)
    .execute()
}
