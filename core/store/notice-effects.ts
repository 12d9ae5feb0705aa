// Owns the rows that a station's notices and inquiries leave in a group commit.
// Must not decide what they mean; the reducers do.
import { defineEffect, type Effect } from './effect.ts'

export interface NoticeRow {
  organization_id: string
  site_id: string | null
  notice_id: string
  station_id: string
  topic: string
  evse_number: number | null
  at: Date
  device_at: Date | null
  received_at: Date
  request_id: number | null
  sequence: number | null
  data: unknown
  answer: unknown
}

const notice = defineEffect<NoticeRow>({
  name: 'station_notice',
  order: 44,
  sql: `insert into station_notice (organization_id, site_id, notice_id, station_id, topic, evse_number, at, device_at,
      received_at, request_id, sequence, data, answer)
    select organization_id, site_id, notice_id, station_id, topic, evse_number, at, device_at,
      received_at, request_id, sequence, data, nullif(answer, 'null'::jsonb)
    from json_populate_recordset(null::station_notice, $1::json) on conflict (organization_id, notice_id) do nothing`,
})

export interface VariableRow {
  organization_id: string
  site_id: string | null
  station_id: string
  component: string
  component_instance: string
  evse_number: number
  connector_number: number
  variable: string
  variable_instance: string
  attribute: string
  value: string | null
  mutability: string | null
  persistent: boolean | null
  constant: boolean | null
  data_type: string | null
  unit: string | null
  min_limit: string | null
  max_limit: string | null
  values_list: string | null
  supports_monitoring: boolean | null
  updated_at: Date
}

const variable = defineEffect<VariableRow>({
  name: 'station_variable',
  order: 45,
  key: (row) =>
    JSON.stringify([
      row.station_id,
      row.component,
      row.component_instance,
      row.evse_number,
      row.connector_number,
      row.variable,
      row.variable_instance,
      row.attribute,
    ]),
  sql: `insert into station_variable as v
    select r.* from json_populate_recordset(null::station_variable, $1::json) r
    on conflict (organization_id, station_id, component, component_instance, evse_number, connector_number, variable,
      variable_instance, attribute) do update set
      value = coalesce(excluded.value, v.value), mutability = coalesce(excluded.mutability, v.mutability),
      persistent = coalesce(excluded.persistent, v.persistent), constant = coalesce(excluded.constant, v.constant),
      data_type = coalesce(excluded.data_type, v.data_type), unit = coalesce(excluded.unit, v.unit),
      min_limit = coalesce(excluded.min_limit, v.min_limit), max_limit = coalesce(excluded.max_limit, v.max_limit),
      values_list = coalesce(excluded.values_list, v.values_list),
      supports_monitoring = coalesce(excluded.supports_monitoring, v.supports_monitoring), updated_at = excluded.updated_at
    where v.updated_at <= excluded.updated_at`,
})

/** Makers of effects, by what they write. */
export const noticeEffect = {
  notice: (row: NoticeRow): Effect => ({ template: notice, row }),
  variable: (row: VariableRow): Effect => ({ template: variable, row }),
}
