// Owns reading a partner's CSV of records by its mapping: each row becomes an OCPI record of one period.
// Must not check more than the file itself; core/domain/cdr does.
import { readCsv } from '../../domain/imports/read-csv.ts'
import type { CsvMapping } from '../../store/partners.ts'

/** Fields that a mapping may name, and whether a row cannot do without. */
export const cdrColumns = {
  id: true,
  start: true,
  end: true,
  energyKwh: true,
  net: true,
  gross: false,
  currency: false,
  chargingHours: false,
  parkingHours: false,
  evse: false,
  token: false,
  authorizationReference: false,
  sessionReference: false,
  creditReference: false,
} as const
type CdrColumn = keyof typeof cdrColumns

export type CdrRows =
  | { kind: 'rows'; cdrs: unknown[] }
  | { kind: 'invalid'; problems: { pointer: string; message: string }[] }

const mostRows = 20_000

export function readCdrRows(text: string, mapping: CsvMapping | null, currency: string): CdrRows {
  const csv = readCsv(text)
  if (csv.kind === 'broken') return { kind: 'invalid', problems: [{ pointer: '/csv', message: csv.message }] }
  if (csv.rows.length > mostRows) {
    return { kind: 'invalid', problems: [{ pointer: '/csv', message: `has more than ${mostRows} rows` }] }
  }
  const names = Object.keys(cdrColumns) as CdrColumn[]
  const places = new Map(
    names.map((name) => [name, csv.header.indexOf((mapping?.columns[name] ?? name).trim().toLowerCase())]),
  )
  const missing = names.filter((name) => cdrColumns[name] && places.get(name) === -1)
  if (missing.length > 0) {
    const message = `has no column ${missing.map((name) => mapping?.columns[name] ?? name).join(', ')}`
    return { kind: 'invalid', problems: [{ pointer: '/csv', message }] }
  }
  const cdrs = csv.rows.map(({ cells }) => {
    const at = (name: CdrColumn) => cells[places.get(name) ?? -1]?.trim() || undefined
    const number = (name: CdrColumn) =>
      mapping?.decimalComma === true ? at(name)?.replaceAll('.', '').replace(',', '.') : at(name)
    const creditReference = at('creditReference')
    const dimensions = [
      { type: 'ENERGY', volume: number('energyKwh') },
      ...(at('chargingHours') === undefined ? [] : [{ type: 'TIME', volume: number('chargingHours') }]),
      ...(at('parkingHours') === undefined ? [] : [{ type: 'PARKING_TIME', volume: number('parkingHours') }]),
    ]
    return {
      id: at('id'),
      start_date_time: at('start'),
      end_date_time: at('end'),
      currency: at('currency') ?? currency,
      total_cost: { excl_vat: number('net'), ...(at('gross') === undefined ? {} : { incl_vat: number('gross') }) },
      total_energy: number('energyKwh'),
      ...(at('parkingHours') === undefined ? {} : { total_parking_time: number('parkingHours') }),
      ...(at('evse') === undefined ? {} : { cdr_location: { evse_id: at('evse') } }),
      ...(at('token') === undefined ? {} : { cdr_token: { uid: at('token') } }),
      ...(at('authorizationReference') === undefined ? {} : { authorization_reference: at('authorizationReference') }),
      ...(at('sessionReference') === undefined ? {} : { session_id: at('sessionReference') }),
      ...(creditReference === undefined ? {} : { credit: true, credit_reference_id: creditReference }),
      charging_periods: [{ start_date_time: at('start'), dimensions }],
    }
  })
  return { kind: 'rows', cdrs }
}
