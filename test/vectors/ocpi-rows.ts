// Owns pricing examples of OCPI tariffs: a row's session, in the form of a charge detail record, put to the hub's own engine.
// Must not price anything itself.
import { Decimal, type PricedReservation, type PricedSession, type SessionPeriod } from '../../core/plugin/index.ts'
import { ocpiEngine } from '../../plugins/tariff-ocpi/index.ts'
import { pricedVector } from './priced.ts'
import { BrokenRow, decimalOf, type Fields, fieldsOf, instantOf, iso, listOf, textOf } from './row-value.ts'
import type { Vector, VectorEngine } from './vector.ts'

const engine = ocpiEngine()

/** Hours have three or four digits on the wire: what is this close to a whole second was one. */
const hourSlackMs = 500

export const priceOcpi: VectorEngine = (vector) => {
  const rules = rulesOf(vector)
  const checked = engine.check(rules)
  if (checked.kind === 'invalid') {
    return { kind: 'refused', reason: checked.problems.map((each) => `${each.pointer}: ${each.message}`).join(' ') }
  }
  const session = sessionOf(fieldsOf(vector.session, 'session'))
  const result = engine.quote({
    scope: 'charging',
    rules,
    currency: 'EUR',
    zone: vector.time_zone,
    groups: [],
    stay: null,
    session,
  })
  return pricedVector(result, ({ key }) => dimensionNames[key.split(':')[0] ?? ''] ?? key.split(':')[0] ?? '')
}

const dimensionNames: Readonly<Record<string, string>> = { minimum: 'MIN_PRICE', maximum: 'MAX_PRICE' }

function rulesOf({ tariff, conformance, engine: name }: Vector & { conformance?: unknown }): unknown {
  const { list, said } = tariffsIn(tariff)
  const [first, ...others] = list
  const edition = said ?? editionOf(first, name, conformance)
  return { edition, tariff: first, ...(others.length > 0 ? { alternatives: others } : {}) }
}

function tariffsIn(tariff: unknown): { list: readonly unknown[]; said: unknown } {
  if (Array.isArray(tariff)) return { list: tariff, said: undefined }
  const fields = fieldsOf(tariff, 'tariff')
  const said = fields.edition ?? fields.ocpi_version ?? fields.version
  if (Array.isArray(fields.tariffs)) return { list: fields.tariffs, said }
  if (typeof fields.tariff === 'object') return { list: [fields.tariff], said }
  return { list: [tariff], said }
}

/** Rows do not always say their edition: rules that were withdrawn are 2.2's, a word on taxes is 2.3.0's. */
function editionOf(tariff: unknown, name: string, conformance: unknown): string {
  const said = /2[._]?1[._]?1|2[._]?2[._]?1|2[._]?3[._]?0|2[._]?2(?!\d)/.exec(name)?.[0]?.replace(/[._]/g, '')
  if (said !== undefined) return said.split('').join('.')
  if (conformance === 'superseded') return '2.2'
  return typeof tariff === 'object' && tariff !== null && 'tax_included' in tariff ? '2.3.0' : '2.2.1'
}

interface RowPeriod {
  at: number
  energyWh: Decimal
  times: { type: string; ms: number }[]
  currentMa?: number
  powerW?: number
  tariffRef?: string
}

function sessionOf(fields: Fields): PricedSession {
  const rows = listOf(fields.periods ?? fields.charging_periods, 'session.periods').map(periodOf)
  const sorted = [...rows].sort((a, b) => a.at - b.at)
  const start = startOf(fields.start ?? fields.start_date_time, sorted)
  const end = fields.end ?? fields.end_date_time
  const last = end === undefined ? Math.max(start, ...sorted.map(endOf)) : instantOf(end, 'session.end')
  const periods: SessionPeriod[] = []
  let reservation: PricedReservation | undefined
  for (const [i, row] of sorted.entries()) {
    const until = sorted.slice(i + 1).find(({ at }) => at > row.at)?.at ?? Math.max(last, row.at)
    const reserved = row.times.find(({ type }) => type === 'RESERVATION_TIME')
    if (reserved !== undefined) reservation = withReservation(reservation, row.at, reserved.ms, fields)
    const own = row.times.filter(({ type }) => type !== 'RESERVATION_TIME')
    if (own.length > 0 || !row.energyWh.isZero()) periods.push(...placed({ ...row, times: own }, until))
  }
  const charging = periods[0]?.from ?? iso(start)
  const endedAt = periods.at(-1)?.to ?? iso(last)
  return {
    sessionId: 'row',
    pluggedAt: charging,
    unpluggedAt: endedAt,
    startedAt: reservation === undefined && Date.parse(charging) > start ? iso(start) : charging,
    endedAt,
    energyWh: Decimal.sum(0, ...periods.map(({ energyWh }) => energyWh)).toNumber(),
    periods,
    flags: [],
    periodsOf: 'record',
    ...(reservation === undefined ? {} : { reservation }),
  }
}

function startOf(start: unknown, rows: readonly RowPeriod[]): number {
  if (start !== undefined) return instantOf(start, 'session.start')
  if (rows[0] === undefined) throw new BrokenRow('session has neither a start nor periods')
  return rows[0].at
}

const endOf = ({ at, times }: RowPeriod) => at + times.reduce((sum, { ms }) => sum + ms, 0)

const facts: Readonly<Record<string, (row: RowPeriod, value: Decimal) => void>> = {
  current_a: (row, value) => {
    row.currentMa = value.times(1000).toNumber()
  },
  power_kw: (row, value) => {
    row.powerW = value.times(1000).toNumber()
  },
}
const limits: Readonly<Record<string, string>> = {
  CURRENT: 'current_a',
  MAX_CURRENT: 'current_a',
  MIN_CURRENT: 'current_a',
  POWER: 'power_kw',
  MAX_POWER: 'power_kw',
  MIN_POWER: 'power_kw',
}

function periodOf(value: unknown, i: number): RowPeriod {
  const name = `session.periods[${i}]`
  const fields = fieldsOf(value, name)
  const row: RowPeriod = {
    at: instantOf(fields.start ?? fields.start_date_time, `${name}.start`),
    energyWh: new Decimal(0),
    times: [],
  }
  for (const [j, each] of listOf(fields.dimensions, `${name}.dimensions`).entries()) {
    const dimension = fieldsOf(each, `${name}.dimensions[${j}]`)
    const type = textOf(dimension.type, `${name}.dimensions[${j}].type`)
    const volume = `${name}.dimensions[${j}].volume`
    if (type === 'ENERGY') row.energyWh = row.energyWh.plus(decimalOf(dimension.volume, volume).times(1000))
    else if (type === 'TIME' || type === 'PARKING_TIME' || type === 'RESERVATION_TIME') {
      row.times.push({ type, ms: lengthOf(dimension, volume) })
    } else facts[limits[type] ?? '']?.(row, decimalOf(dimension.volume, volume))
  }
  for (const [fact, known] of Object.entries(
    fields.facts === undefined ? {} : fieldsOf(fields.facts, `${name}.facts`),
  )) {
    facts[fact]?.(row, decimalOf(known, `${name}.facts.${fact}`))
  }
  if (typeof fields.tariff_id === 'string') row.tariffRef = fields.tariff_id
  return row
}

function lengthOf({ seconds, volume }: Fields, name: string): number {
  if (seconds !== undefined) return decimalOf(seconds, name).times(1000).round().toNumber()
  const ms = decimalOf(volume, name).times(3_600_000)
  const whole = ms.div(1000).round().times(1000)
  return (whole.minus(ms).abs().lte(hourSlackMs) ? whole : ms.round()).toNumber()
}

/** Energy alone is energy without a clock; times of one period follow each other, the first carries its energy. */
function placed(row: RowPeriod, until: number): SessionPeriod[] {
  const more = {
    ...(row.currentMa === undefined ? {} : { currentMa: row.currentMa }),
    ...(row.powerW === undefined ? {} : { powerW: row.powerW }),
    ...(row.tariffRef === undefined ? {} : { tariffRef: row.tariffRef }),
  }
  const energyWh = row.energyWh.toNumber()
  if (row.times.length === 0) return [{ from: iso(row.at), to: iso(until), state: 'connected', energyWh, ...more }]
  let at = row.at
  return row.times.map(({ type, ms }, i) => {
    const from = iso(at)
    at += ms
    const state = type === 'TIME' ? 'charging' : 'suspended_vehicle'
    return { from, to: iso(at), state, energyWh: i === 0 ? energyWh : 0, ...more }
  })
}

const outcomes = ['used', 'expired', 'cancelled'] as const

function withReservation(
  before: PricedReservation | undefined,
  at: number,
  ms: number,
  { reservation_outcome = 'used' }: Fields,
): PricedReservation {
  const outcome = outcomes.find((each) => each === reservation_outcome)
  if (outcome === undefined) throw new BrokenRow(`session.reservation_outcome is none of ${outcomes.join(', ')}`)
  const from = before?.from ?? iso(at)
  const start = before === undefined ? at : Date.parse(before.to)
  return { from, to: iso(start + ms), outcome }
}
