// Owns pricing examples of OCPP 2.1 tariffs: a row's lengths and energy, put to the hub's own engine.
// Must not price anything itself.
import { Decimal, type PricedSession, type SessionPeriod } from '../../core/plugin/index.ts'
import { ocppEngine } from '../../plugins/tariff-ocpp/index.ts'
import { pricedVector } from './priced.ts'
import { BrokenRow, decimalOf, type Fields, fieldsOf, instantOf, iso, listOf } from './row-value.ts'
import type { VectorEngine } from './vector.ts'

const engine = ocppEngine()

export const priceOcpp: VectorEngine = (vector) => {
  const rules = { edition: '2.1', tariff: vector.tariff }
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
  return pricedVector(result, ({ key }) => names[key.split(':')[0] ?? ''] ?? key.split(':')[0] ?? '')
}

const names: Readonly<Record<string, string>> = { minimum: 'MIN_COST', maximum: 'MAX_COST' }

/** A Monday morning, for rows that leave the time open. */
const someMorning = '2024-01-15T10:00:00Z'

function sessionOf(fields: Fields): PricedSession {
  const start = instantOf(fields.start ?? fields.start_date_time ?? someMorning, 'session.start')
  const reserved = msOf(fields, 'reservation_s')
  const periods =
    fields.periods === undefined ? inOrder(fields, start) : listOf(fields.periods, 'session.periods').flatMap(periodOf)
  const first = periods[0]?.from ?? iso(start)
  const last = periods.at(-1)?.to ?? first
  const { kind, brand, recognition } = {
    kind: fields.evse_kind ?? fields.evseKind,
    brand: fields.payment_brand ?? fields.paymentBrand,
    recognition: fields.payment_recognition ?? fields.paymentRecognition,
  }
  return {
    sessionId: 'row',
    pluggedAt: first,
    unpluggedAt: last,
    startedAt: first,
    endedAt: last,
    energyWh: Decimal.sum(0, ...periods.map(({ energyWh }) => energyWh)).toNumber(),
    periods,
    flags: [],
    ...(reserved === 0
      ? {}
      : { reservation: { from: iso(Date.parse(first) - reserved), to: first, outcome: outcomeOf(fields) } }),
    ...(kind === 'AC' || kind === 'DC' ? { evseKind: kind } : {}),
    payment: {
      ...(typeof brand === 'string' ? { brand } : {}),
      ...(typeof recognition === 'string' ? { recognition } : {}),
    },
  }
}

function outcomeOf({ reservation_outcome: said = 'used' }: Fields): 'used' | 'expired' | 'cancelled' {
  if (said === 'used' || said === 'expired' || said === 'cancelled') return said
  throw new BrokenRow('session.reservation_outcome is none of used, expired, cancelled')
}

function msOf(fields: Fields, name: string): number {
  return fields[name] === undefined ? 0 : decimalOf(fields[name], `session.${name}`).times(1000).round().toNumber()
}

/** Charging with all the energy, then idling. Energy without a length of charging takes no time. */
function inOrder(fields: Fields, start: number): SessionPeriod[] {
  const charging = msOf(fields, 'charging_s')
  const idle = msOf(fields, 'idle_s')
  const energyWh = fields.energy_wh === undefined ? 0 : decimalOf(fields.energy_wh, 'session.energy_wh').toNumber()
  const facts = factsOf(fields)
  const periods: SessionPeriod[] = []
  if (charging > 0 || energyWh > 0) {
    const state = charging > 0 ? 'charging' : 'connected'
    periods.push({ from: iso(start), to: iso(start + charging), state, energyWh, ...facts })
  }
  if (idle > 0) {
    const from = start + charging
    periods.push({
      from: iso(from),
      to: iso(from + idle),
      state: 'suspended_vehicle',
      energyWh: 0,
      currentMa: 0,
      powerW: 0,
    })
  }
  return periods
}

function periodOf(value: unknown, i: number): SessionPeriod[] {
  const fields = fieldsOf(value, `session.periods[${i}]`)
  return inOrder(fields, instantOf(fields.start, `session.periods[${i}].start`))
}

function factsOf(fields: Fields): { currentMa?: number; powerW?: number } {
  const facts = { ...fields, ...(fields.facts === undefined ? {} : fieldsOf(fields.facts, 'facts')) }
  const scaled = (name: string, by: number) => decimalOf(facts[name], name).times(by).toNumber()
  return {
    ...(facts.current_a === undefined ? {} : { currentMa: scaled('current_a', 1000) }),
    ...(facts.power_w === undefined ? {} : { powerW: scaled('power_w', 1) }),
    ...(facts.power_kw === undefined ? {} : { powerW: scaled('power_kw', 1000) }),
  }
}
