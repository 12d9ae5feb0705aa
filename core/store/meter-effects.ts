// Owns the rows of what meters measured: samples of one instant joined, none lost, signed ones byte for byte.
// Must not decide anything: each statement may run again and changes nothing then.
import { columnList, insertAll, type OfStation } from './effect-columns.ts'
import { defineEffect } from './group-commit.ts'

export interface MeterValueRow extends OfStation {
  evse_number: number
  at: Date
  context: string
  transaction_id: string | null
  received_at: Date
  register_wh: number | null
  /** The register if its number was meant in kWh. */
  if_kwh_wh: number | null
  export_wh: number | null
  power_w: number | null
  current_ma: number | null
  voltage_mv: number | null
  soc: string | null
  extra: Record<string, string> | null
  suspect: string | null
}

export interface SignedMeterValueRow extends OfStation {
  evse_number: number
  sha256: string
  transaction_id: string | null
  at: Date
  context: string
  received_at: Date
  measurand: string
  encoding: string | null
  method: string | null
  public_key: string | null
  /** The bytes, in base64. */
  data: string
}

const measurands = [
  'register_wh',
  'if_kwh_wh',
  'export_wh',
  'power_w',
  'current_ma',
  'voltage_mv',
  'soc',
  'extra',
  'suspect',
] as const

export const meterValue = defineEffect<MeterValueRow>({
  name: 'meter_value',
  order: 43,
  key: (row) => `${row.station_id}:${row.evse_number}:${row.at.getTime()}:${row.context}`,
  // Several messages may carry measurands of one instant: what is known stays, what is new is added.
  merge: (old, next) => ({
    ...old,
    transaction_id: old.transaction_id ?? next.transaction_id,
    register_wh: old.register_wh ?? next.register_wh,
    if_kwh_wh: old.if_kwh_wh ?? next.if_kwh_wh,
    export_wh: old.export_wh ?? next.export_wh,
    power_w: old.power_w ?? next.power_w,
    current_ma: old.current_ma ?? next.current_ma,
    voltage_mv: old.voltage_mv ?? next.voltage_mv,
    soc: old.soc ?? next.soc,
    extra: old.extra ?? next.extra,
    suspect: old.suspect ?? next.suspect,
  }),
  sql: insertAll(
    'meter_value',
    [
      'organization_id',
      'site_id',
      'station_id',
      'evse_number',
      'at',
      'context',
      'transaction_id',
      'received_at',
      ...measurands,
    ],
    `on conflict (organization_id, station_id, evse_number, at, context) do update set
      transaction_id = coalesce(meter_value.transaction_id, excluded.transaction_id),
      ${measurands.map((c) => `${c} = coalesce(meter_value.${c}, excluded.${c})`).join(', ')}`,
  ),
})

/**
 * A register that differs from the one stored for its instant stands a microsecond behind it, so that neither is lost. Which of the
 * two came first does not matter: whoever reads times reads milliseconds.
 */
export const meterValueAgain = defineEffect<MeterValueRow>({
  name: 'meter_value_again',
  order: 44,
  key: (row) => `${row.station_id}:${row.evse_number}:${row.at.getTime()}:${row.context}:${row.register_wh}`,
  sql: `insert into meter_value (organization_id, site_id, station_id, evse_number, at, context, transaction_id, received_at,
      ${columnList(measurands)})
    select r.organization_id, r.site_id, r.station_id, r.evse_number, r.at + known.many * interval '1 microsecond', r.context,
      r.transaction_id, r.received_at, ${measurands.map((c) => `r.${c}`).join(', ')}
    from json_populate_recordset(null::meter_value, $1::json) r
    cross join lateral (select count(*) as many,
        bool_or(m.register_wh = r.register_wh and m.transaction_id = r.transaction_id) as same from meter_value m
      where m.organization_id = r.organization_id and m.station_id = r.station_id and m.evse_number = r.evse_number
        and m.at >= r.at and m.at < r.at + interval '1 millisecond' and m.context = r.context) known
    where known.many > 0 and known.same is not true
    on conflict do nothing`,
})

export const signedMeterValue = defineEffect<SignedMeterValueRow>({
  name: 'signed_meter_value',
  order: 44,
  key: (row) => `${row.station_id}:${row.evse_number}:${row.sha256}`,
  merge: (old, next) => ({ ...old, transaction_id: old.transaction_id ?? next.transaction_id }),
  sql: `insert into signed_meter_value (organization_id, site_id, station_id, evse_number, sha256, transaction_id, at, context,
      received_at, measurand, encoding, method, public_key, data)
    select organization_id, site_id, station_id, evse_number, sha256, transaction_id, at, context, received_at, measurand,
      encoding, method, public_key, decode(data, 'base64')
    from json_to_recordset($1::json) as r(organization_id uuid, site_id uuid, station_id uuid, evse_number integer, sha256 text,
      transaction_id uuid, at timestamptz, context text, received_at timestamptz, measurand text, encoding text, method text,
      public_key text, data text)
    on conflict do nothing`,
})
