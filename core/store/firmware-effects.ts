// Owns the row that a boot with another firmware leaves in a group commit.
// Must not decide whether it is another one; the reducer does.
import { defineEffect, type Effect } from './effect.ts'

export interface FirmwareHistoryRow {
  organization_id: string
  site_id: string | null
  history_id: string
  station_id: string
  from_firmware: string | null
  to_firmware: string | null
  vendor: string
  model: string
  at: Date
}

const history = defineEffect<FirmwareHistoryRow>({
  name: 'firmware_history',
  order: 46,
  sql: `insert into firmware_history (organization_id, site_id, history_id, station_id, from_firmware, to_firmware,
      vendor, model, at)
    select organization_id, site_id, history_id, station_id, from_firmware, to_firmware, vendor, model, at
    from json_populate_recordset(null::firmware_history, $1::json) on conflict (organization_id, history_id) do nothing`,
})

export function firmwareHistoryEffect(row: FirmwareHistoryRow): Effect {
  return { template: history, row }
}
