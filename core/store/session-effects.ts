// Owns the rows of charging sessions as the charger path writes them.
// Must not decide anything: each statement may run again and changes nothing then.
import { insertAll, type OfStation, takeNew } from './effect-columns.ts'
import { defineEffect } from './group-commit.ts'

export interface SessionRow extends OfStation {
  session_id: string
  evse_number: number
  evse_id: string | null
  bay_id: string | null
  state: 'active' | 'ended' | 'closed' | 'void'
  account_id: string | null
  vehicle_id: string | null
  credential_id: string | null
  id_token: string | null
  id_token_kind: string | null
  plugged_at: Date
  unplugged_at: Date | null
  started_at: Date
  ended_at: Date | null
  energy_wh: number
  charging_seconds: number
  suspended_vehicle_seconds: number
  suspended_station_seconds: number
  idle_seconds: number
  periods: unknown
  registers: unknown
  flags: readonly string[]
  facts_at: Date
  version: number
  created_at: Date
  updated_at: Date
}

export interface VoidSessionRow {
  organization_id: string
  session_id: string
  version: number
  updated_at: Date
}

export interface SessionChangeRow {
  organization_id: string
  site_id: string
  change_id: string
  session_id: string
  /** There is no bill while it runs. */
  billable: boolean
}

const sessionColumns = [
  'organization_id',
  'site_id',
  'session_id',
  'station_id',
  'evse_number',
  'evse_id',
  'bay_id',
  'state',
  'account_id',
  'vehicle_id',
  'credential_id',
  'id_token',
  'id_token_kind',
  'plugged_at',
  'unplugged_at',
  'started_at',
  'ended_at',
  'energy_wh',
  'charging_seconds',
  'suspended_vehicle_seconds',
  'suspended_station_seconds',
  'idle_seconds',
  'periods',
  'registers',
  'flags',
  'facts_at',
  'version',
  'created_at',
  'updated_at',
] as const

export const session = defineEffect<SessionRow>({
  name: 'charging_session',
  order: 40,
  key: (row) => row.session_id,
  sql: insertAll(
    'charging_session',
    sessionColumns,
    `on conflict (organization_id, session_id) do update set
      ${takeNew(sessionColumns.filter((c) => c !== 'organization_id' && c !== 'session_id' && c !== 'created_at'))}`,
  ),
})

export const voidSession = defineEffect<VoidSessionRow>({
  name: 'void_session',
  order: 44,
  key: (row) => row.session_id,
  sql: `update charging_session s set state = 'void', version = r.version, updated_at = r.updated_at, energy_wh = 0,
      periods = '[]'
    from json_populate_recordset(null::charging_session, $1::json) r
    where s.organization_id = r.organization_id and s.session_id = r.session_id`,
})

export const sessionChange = defineEffect<SessionChangeRow>({
  name: 'session_change',
  order: 62,
  sql: insertAll(
    'session_change',
    ['organization_id', 'site_id', 'change_id', 'session_id', 'billable'],
    'on conflict (organization_id, change_id) do nothing',
  ),
})
