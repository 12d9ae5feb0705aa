// Owns what a reconciliation is asked for with: the fields of each kind's file, how the last one was read, and the request itself.
// Must not draw and must not send.
import { minorOf } from './amount-field.js'
import { columnsIn } from './column-mapping.js'
import { majorText } from './formats.js'

/** Fields of each kind's file; what it cannot do without first. */
export const fileFields = {
  parcs_report: [
    ['date', 'Day'],
    ['gross', 'Amount with tax'],
    ['time', 'Time'],
    ['device', 'Device'],
    ['method', 'Way of payment'],
    ['ticket', 'Ticket'],
    ['transaction', 'Transaction'],
    ['tax', 'Tax'],
    ['count', 'Number, where a row is a sum'],
    ['currency', 'Currency'],
  ],
  meter_readings: [
    ['meter', 'Meter'],
    ['time', 'Time'],
    ['registerKwh', 'Register in kWh'],
    ['registerWh', 'Register in Wh'],
  ],
  processor_settlement: [
    ['type', 'Kind of movement'],
    ['reference', 'Reference'],
    ['gross', 'Gross'],
    ['created', 'Time'],
    ['fee', 'Fee'],
    ['net', 'Net'],
    ['currency', 'Currency'],
    ['id', 'Id of the row'],
    ['availableOn', 'Paid out on'],
    ['payout', 'Payout'],
  ],
}

/** Columns of Stripe's itemized balance reports that are called otherwise (docs.stripe.com/reports/report-types). */
export const stripeTitles = {
  id: 'balance_transaction_id',
  type: 'reporting_category',
  reference: 'source_id',
  created: 'created_utc',
  availableOn: 'available_on_utc',
  payout: 'automatic_payout_id',
}

/** How the last file of this kind was read: the next one mostly looks the same. */
export function asLastTime(app, kind) {
  const last = app.data.items('reconciliations').find((one) => one.kind === kind)
  const { mapping, methodNames, methods, fee, ...rest } = last?.options ?? {}
  return {
    columns: mapping?.columns ?? {},
    decimalComma: mapping?.decimalComma ?? false,
    dateOrder: mapping?.dateOrder ?? 'ymd',
    methodNames: Object.entries(methodNames ?? {})
      .map((pair) => pair.join('='))
      .join(', '),
    methods: (methods ?? []).join(', '),
    feePercent: fee?.percent ?? '',
    feeFixed: fee ? majorText(fee.fixedMinor, last.currency) : '',
    format: rest.format ?? 'plain',
    connectionId: rest.connectionId ?? '',
    meters: Object.fromEntries((rest.meters ?? []).map(({ meter, stationIds }) => [meter, stationIds])),
  }
}

/** Meters that the file names. */
export function metersOf({ file, columns }) {
  if (!file?.rows) return []
  const title = (columns.meter ?? 'meter').toLowerCase()
  const at = file.columns.findIndex((one) => one.toLowerCase() === title)
  return at === -1 ? [] : [...new Set(file.rows.map((cells) => cells[at]?.trim()).filter(Boolean))].slice(0, 200)
}

const words = (text) =>
  text
    .split(',')
    .map((one) => one.trim())
    .filter(Boolean)

/** The request as the API has it, of what was typed. */
export function bodyOf(app, typed) {
  const { kind, from, to, file } = typed
  const fields = fileFields[kind]
  const given = (condition, part) => (condition ? part : {})
  return {
    siteId: app.siteId,
    kind,
    from,
    to,
    ...given(typed.connectionId && kind !== 'session_energy' && kind !== 'meter_readings', {
      connectionId: typed.connectionId,
    }),
    ...given(fields, {
      fileName: file?.name,
      ...(file?.lines ? { lines: file.lines } : { csv: file?.text }),
      mapping: {
        columns: columnsIn(typed.columns, file?.columns ?? []),
        decimalComma: typed.decimalComma,
        dateOrder: typed.dateOrder,
      },
    }),
    ...given(kind === 'parcs_report' && typed.methodNames, {
      methodNames: Object.fromEntries(words(typed.methodNames).map((pair) => pair.split('=').map((one) => one.trim()))),
    }),
    ...given(kind === 'meter_readings' && metersOf(typed).length > 1, {
      meters: metersOf(typed)
        .filter((meter) => typed.meters[meter]?.length > 0)
        .map((meter) => ({ meter, stationIds: typed.meters[meter] })),
    }),
    ...given(kind === 'processor_settlement', {
      format: typed.format,
      ...given(typed.methods, { methods: words(typed.methods) }),
      ...given(typed.feePercent || typed.feeFixed, {
        fee: {
          percent: typed.feePercent.trim() || '0',
          fixedMinor: minorOf(typed.feeFixed, app.site.currency) ?? 0,
        },
      }),
    }),
  }
}
