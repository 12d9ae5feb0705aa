// Owns reading an OCPI charge detail record of any edition into one form; every fault is named by its JSON pointer.
// Must not price it nor look for its session. Facts about the editions: OCPI 2.1.1, 2.2, 2.2.1-d2 and 2.3.0, mod_cdrs.
import { currencyExponent, Decimal } from '../money.ts'
import type { Edition, Tariff } from '../tariff-exchange/ocpi-shape.ts'

export interface CdrPeriod {
  /** Milliseconds since the epoch. */
  at: number
  energyWh: Decimal
  chargingMs: number | null
  parkingMs: number | null
  reservationMs: number | null
  currentMa?: number
  powerW?: number
  tariffRef?: string
}

export interface Cdr {
  externalId: string
  edition: Edition
  startedAt: Date
  endedAt: Date
  currency: string
  /** As claimed, in minor units. Null where the record does not say it (2.1.1 knows no tax). */
  netMinor: number
  grossMinor: number | null
  energyWh: number
  chargingMs: number | null
  parkingMs: number | null
  /** Whatever may name the session: references of authorisation, session, EVSE, token. */
  authorizationReference: string | null
  sessionRef: string | null
  evseNames: readonly string[]
  tokens: readonly string[]
  credit: boolean
  creditReference: string | null
  periods: readonly CdrPeriod[]
  /** Tariffs that the record brings along. */
  tariffs: readonly Tariff[]
}

export interface CdrProblem {
  pointer: string
  message: string
}
export type CdrReading = { kind: 'cdr'; cdr: Cdr } | { kind: 'invalid'; problems: CdrProblem[] }

type Fields = Readonly<Record<string, unknown>>
const mostPeriods = 5_000
/** Hours have four digits on the wire: what is this close to a whole second was one. */
const hourSlackMs = 400

export function readCdr(value: unknown, edition: Edition): CdrReading {
  const problems: CdrProblem[] = []
  const wrong = (pointer: string, message: string) => {
    problems.push({ pointer, message })
  }
  if (!isFields(value)) return { kind: 'invalid', problems: [{ pointer: '', message: 'must be an object' }] }
  const text = (name: string, longest: number) => {
    const found = value[name]
    if (typeof found === 'string' && found.trim() !== '' && found.length <= longest) return found
    wrong(`/${name}`, `must be a text of at most ${longest} characters`)
    return ''
  }
  const externalId = text('id', 39)
  const currency = text('currency', 3)
  if (currency !== '' && !/^[A-Z]{3}$/.test(currency)) wrong('/currency', 'must be an ISO 4217 code')
  const startedAt = instant(value.start_date_time, '/start_date_time', wrong)
  const endName = edition === '2.1.1' ? 'stop_date_time' : 'end_date_time'
  const endedAt = instant(value[endName], `/${endName}`, wrong)
  if (endedAt < startedAt) wrong(`/${endName}`, 'lies before the start')
  const energy = decimal(value.total_energy, '/total_energy', wrong)
  const cost = costOf(value.total_cost, edition, wrong)
  const credit = value.credit === true
  const periods = periodsOf(value.charging_periods, wrong)
  if (problems.length > 0) return { kind: 'invalid', problems }
  const unit = new Decimal(10).pow(currencyExponent(currency))
  const minorOf = (amount: Decimal) => amount.times(unit).toDecimalPlaces(0, Decimal.ROUND_HALF_UP).toNumber()
  const optional = (name: string) => {
    const found = value[name]
    return typeof found === 'string' && found !== '' ? found.slice(0, 255) : null
  }
  const parkingMs = value.total_parking_time == null ? null : hoursMs(value.total_parking_time)
  const totalMs = value.total_time == null ? null : hoursMs(value.total_time)
  const location = fieldsOf(value.cdr_location)
  const token = fieldsOf(value.cdr_token)
  const cdr: Cdr = {
    externalId,
    edition,
    startedAt: new Date(startedAt),
    endedAt: new Date(endedAt),
    currency,
    netMinor: minorOf(cost.net),
    grossMinor: cost.gross === null ? null : minorOf(cost.gross),
    energyWh: energy.times(1000).round().toNumber(),
    chargingMs: totalMs === null ? null : totalMs - (parkingMs ?? 0),
    parkingMs,
    authorizationReference: optional('authorization_reference'),
    sessionRef: optional('session_id'),
    evseNames: [
      ...[location.evse_uid, location.evse_id, location.connector_id].slice(0, 2),
      ...evsesOf211(value.location),
    ].filter((name): name is string => typeof name === 'string' && name !== ''),
    tokens: [value.auth_id, token.uid, token.contract_id].filter(
      (name): name is string => typeof name === 'string' && name !== '',
    ),
    credit,
    creditReference: optional('credit_reference_id'),
    periods,
    tariffs: (Array.isArray(value.tariffs) ? value.tariffs : []).filter(isFields) as unknown as Tariff[],
  }
  const sizes = [cdr.netMinor, cdr.grossMinor ?? 0, cdr.energyWh]
  if (sizes.some((size) => !Number.isSafeInteger(size) || Math.abs(size) > 1e12)) {
    return { kind: 'invalid', problems: [{ pointer: '/total_cost', message: 'is larger than any session' }] }
  }
  return { kind: 'cdr', cdr }
}

type Wrong = (pointer: string, message: string) => void

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const fieldsOf = (value: unknown): Fields => (isFields(value) ? value : {})

/** A time without a zone is UTC: OCPI says so. */
function instant(value: unknown, pointer: string, wrong: Wrong): number {
  const text = typeof value === 'string' ? value : ''
  const full = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)?$/.test(text)
  const at = full ? Date.parse(/(Z|[+-]\d\d:\d\d)$/.test(text) ? text : `${text}Z`) : Number.NaN
  if (Number.isNaN(at) || at < Date.UTC(2000) || at > Date.UTC(2200)) {
    wrong(pointer, 'must be a date and time, as RFC 3339 has it')
    return 0
  }
  return at
}

function decimal(value: unknown, pointer: string, wrong: Wrong): Decimal {
  const valid =
    (typeof value === 'number' && Number.isFinite(value) && Math.abs(value) <= 1e9) ||
    (typeof value === 'string' && /^-?\d{1,9}(\.\d{1,10})?$/.test(value))
  if (!valid) wrong(pointer, 'must be a number')
  return new Decimal(valid ? (value as number | string) : 0)
}

function hoursMs(value: unknown): number | null {
  const hours = decimal(value, '', () => undefined)
  const ms = hours.times(3_600_000)
  const whole = ms.div(1000).round().times(1000)
  return (whole.minus(ms).abs().lte(hourSlackMs) ? whole : ms.round()).toNumber()
}

/** 2.1.1: a number, no tax told. 2.2 and 2.2.1: excl_vat and incl_vat. 2.3.0: before_taxes and the taxes one by one. */
function costOf(value: unknown, edition: Edition, wrong: Wrong): { net: Decimal; gross: Decimal | null } {
  if (edition === '2.1.1') return { net: decimal(value, '/total_cost', wrong), gross: null }
  const fields = fieldsOf(value)
  const named = edition === '2.3.0' && fields.before_taxes !== undefined ? 'before_taxes' : 'excl_vat'
  const net = decimal(fields[named], `/total_cost/${named}`, wrong)
  if (fields.incl_vat != null) return { net, gross: decimal(fields.incl_vat, '/total_cost/incl_vat', wrong) }
  if (!Array.isArray(fields.taxes)) return { net, gross: null }
  const taxes = fields.taxes.map((tax, i) => decimal(fieldsOf(tax).amount, `/total_cost/taxes/${i}/amount`, wrong))
  return { net, gross: taxes.reduce((sum, tax) => sum.plus(tax), net) }
}

function evsesOf211(location: unknown): unknown[] {
  const { evses } = fieldsOf(location)
  return Array.isArray(evses) ? evses.flatMap((evse) => [fieldsOf(evse).uid, fieldsOf(evse).evse_id]) : []
}

function periodsOf(value: unknown, wrong: Wrong): CdrPeriod[] {
  if (!Array.isArray(value) || value.length === 0) {
    wrong('/charging_periods', 'must name at least one period')
    return []
  }
  if (value.length > mostPeriods) {
    wrong('/charging_periods', `must be at most ${mostPeriods}`)
    return []
  }
  return value.map((each, i) => periodOf(fieldsOf(each), `/charging_periods/${i}`, wrong)).sort((a, b) => a.at - b.at)
}

const timeNames: Readonly<Record<string, 'chargingMs' | 'parkingMs' | 'reservationMs'>> = {
  TIME: 'chargingMs',
  PARKING_TIME: 'parkingMs',
  RESERVATION_TIME: 'reservationMs',
}

function periodOf(fields: Fields, pointer: string, wrong: Wrong): CdrPeriod {
  const period: CdrPeriod = {
    at: instant(fields.start_date_time, `${pointer}/start_date_time`, wrong),
    energyWh: new Decimal(0),
    chargingMs: null,
    parkingMs: null,
    reservationMs: null,
  }
  if (!Array.isArray(fields.dimensions)) wrong(`${pointer}/dimensions`, 'must be a list')
  for (const [j, each] of (Array.isArray(fields.dimensions) ? fields.dimensions : []).entries()) {
    const { type, volume } = fieldsOf(each)
    const place = `${pointer}/dimensions/${j}/volume`
    const time = typeof type === 'string' ? timeNames[type] : undefined
    if (type === 'ENERGY') period.energyWh = period.energyWh.plus(decimal(volume, place, wrong).times(1000))
    else if (time !== undefined) {
      decimal(volume, place, wrong)
      period[time] = (period[time] ?? 0) + (hoursMs(volume) ?? 0)
    } else if (type === 'MAX_CURRENT' || type === 'CURRENT') {
      period.currentMa = decimal(volume, place, wrong).times(1000).round().toNumber()
    } else if (type === 'MAX_POWER' || type === 'POWER') {
      period.powerW = decimal(volume, place, wrong).times(1000).round().toNumber()
    }
  }
  if (typeof fields.tariff_id === 'string') period.tariffRef = fields.tariff_id
  return period
}
