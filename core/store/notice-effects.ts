// Owns the rows that a station's notices and inquiries leave in a group commit.
// Must not decide what they mean; the reducers do.
import type { Pool } from 'pg'
import { withoutCardNumbersIn } from '../domain/card-number.ts'
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
  /** The same content of one station is kept once. */
  content_key: string | null
}

const notice = defineEffect<NoticeRow>({
  name: 'station_notice',
  order: 44,
  sql: `insert into station_notice (organization_id, site_id, notice_id, station_id, topic, evse_number, at, device_at,
      received_at, request_id, sequence, data, answer, content_key)
    select organization_id, site_id, notice_id, station_id, topic, evse_number, at, device_at,
      received_at, request_id, sequence, data, nullif(answer, 'null'::jsonb), content_key
    from json_populate_recordset(null::station_notice, $1::json) on conflict do nothing`,
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

export interface SessionNeedsRow {
  organization_id: string
  site_id: string | null
  station_id: string
  session_id: string
  needs: { at: string } & Record<string, unknown>
}

/** After the session itself, which may begin in the same commit. */
const needs = defineEffect<SessionNeedsRow>({
  name: 'session_needs',
  order: 46,
  key: (row) => row.session_id,
  sql: `update charging_session s set needs = r.needs
    from json_populate_recordset(null::charging_session, $1::json) r
    where s.organization_id = r.organization_id and s.session_id = r.session_id
      and (s.needs is null or s.needs ->> 'at' <= r.needs ->> 'at')`,
})

/** What was answered when this was told for the first time; undefined when it is news. */
export async function noticeOfContent(
  pool: Pool,
  { organization_id, station_id, content_key }: { organization_id: string; station_id: string; content_key: string },
): Promise<unknown> {
  const { rows } = await pool.query<{ answer: unknown }>({
    name: 'notice-of-content',
    text: `select answer from station_notice where organization_id = $1 and station_id = $2 and content_key = $3`,
    values: [organization_id, station_id, content_key],
  })
  return rows[0] === undefined ? undefined : (rows[0].answer ?? {})
}

/** Makers of effects, by what they write. */
export const noticeEffect = {
  /** What a station says in its own words (DataTransfer, events, displays) may hold a card number; none is kept. */
  notice: (row: NoticeRow): Effect => ({
    template: notice,
    row: {
      ...row,
      data: withoutCardNumbersIn(row.data, row.topic === 'data_transfer' ? 'text' : 'identifier'),
      answer: withoutCardNumbersIn(row.answer),
    },
  }),
  needs: (row: SessionNeedsRow): Effect => ({ template: needs, row }),
  variable: (row: VariableRow): Effect => ({ template: variable, row }),
}
