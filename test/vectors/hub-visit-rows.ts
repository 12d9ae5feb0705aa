// Owns reading examples of one visit that parks and charges: each part by its own rules, refunds as lines of their own.
// Must not price.
import { refundOfPart } from '../../core/domain/bill/index.ts'
import { Decimal, type PricedLine } from '../../core/plugin/index.ts'
import type { ChargingRules, ParkingRules } from '../../plugins/tariff-standard/rules.ts'
import { idleRule, type Part, quoteSession, sessionOf } from './hub-charging-rows.ts'
import {
  currencyOf,
  type Fields,
  fieldsOf,
  inclOf,
  iso,
  minutesLater,
  pricedRow,
  quoteRow,
  refuse,
  someMorning,
  taxRule,
} from './row-reader.ts'
import type { PricedVector, Vector } from './vector.ts'

export function visitRow(vector: Vector): PricedVector {
  const tariff = fieldsOf(vector.tariff, 'tariff')
  const facts = fieldsOf(vector.session, 'session')
  const currency = currencyOf(tariff, vector)
  const stayMinutes = facts.number('stay_minutes') ?? refuse('session.stay_minutes is missing')
  const session = sessionOf(partsOf(facts, stayMinutes))
  const parking = parkingOf(tariff)
  const charging = chargingOf(tariff)
  const refunded = facts.text('refund_kwh')
  tariff.done()
  facts.done()
  const zone = vector.time_zone
  const stay = {
    stayId: 'row',
    enteredAt: iso(someMorning),
    exitedAt: iso(minutesLater(someMorning, stayMinutes)),
    parkerKind: 'transient' as const,
    discounts: [],
  }
  const lines = [
    ...(parking === null
      ? []
      : quoteRow({ scope: 'parking', rules: parking, currency, zone, stay, session: null, sessions: [session] })),
    ...quoteSession(charging, session, currency, zone),
  ]
  const refunds = refunded === undefined ? [] : refundOf(lines, refunded)
  const sum = (all: readonly PricedLine[]) => Decimal.sum(0, ...all.map(inclOf)).toString()
  return pricedRow([...lines, ...refunds], { original_incl: sum(lines), refund_incl: sum(refunds) })
}

function partsOf(facts: Fields, stayMinutes: number): Part[] {
  const energyWh = new Decimal(facts.text('energy_kwh') ?? '0').times(1000).toNumber()
  const charging = facts.number('charging_minutes')
  const idle = facts.number('idle_minutes') ?? 0
  const rest = facts.number('other_minutes') ?? 0
  return [
    ['charging', charging ?? Math.max(stayMinutes - idle - rest, 0), energyWh],
    ['finished', idle, 0],
  ]
}

/** How idle fee and parking share the minutes; both are charged where nothing is said. */
const policies: Record<string, ParkingRules['charging']> = {
  additive: {},
  idle_replaces_parking: { idleReplacesParking: true },
  idle_replaces_parking_after_full: { idleReplacesParking: true },
}

function parkingOf(tariff: Fields): ParkingRules | null {
  const fields = tariff.object('parking')
  const policy = tariff.text('policy') ?? 'additive'
  const rule = policies[policy] ?? refuse(`there is no policy "${policy}"`)
  if (fields === undefined) return null
  const free = fields.number('free_minutes_while_charging') ?? tariff.number('free_parking_minutes_while_charging')
  const everyMinutes = fields.number('every_min') ?? refuse('tariff.parking.every_min is missing')
  const dayMaximum = fields.text('day_max')
  const charging = { ...rule, ...(free === undefined ? {} : { freeMinutes: free }) }
  return {
    scope: 'parking',
    ...taxRule(fields.text('tax_percent')),
    bands: [{ everyMinutes, price: fields.text('price') ?? '0' }],
    ...(dayMaximum === undefined ? {} : { day: 'rolling', dayMaximum }),
    ...(Object.keys(charging).length === 0 ? {} : { charging }),
  }
}

function chargingOf(tariff: Fields): ChargingRules {
  const energy = tariff.object('energy')
  const idle = tariff.object('idle')
  const session = tariff.object('session')
  const taxes = new Map<string, { code: string; percent: string }>()
  const taxed = (fields: Fields) => {
    const percent = fields.text('tax_percent')
    if (percent === undefined) return {}
    const tax = { code: `row${percent}`, percent }
    taxes.set(percent, tax)
    return { tax }
  }
  const parts = {
    ...(energy === undefined ? {} : { energy: { price: energy.text('price_per_kwh') ?? '0', ...taxed(energy) } }),
    ...(idle === undefined ? {} : { idle: { ...idleRule(idle, idle.text('per_minute')), ...taxed(idle) } }),
    ...(session === undefined ? {} : { session: { price: session.text('price') ?? '0', ...taxed(session) } }),
  }
  // Where only some parts are taxed, the others are at nothing.
  const main = taxes.size === 0 ? {} : { tax: { code: 'row0', percent: '0', included: false } }
  return { scope: 'charging', ...main, ...parts }
}

function refundOf(lines: readonly PricedLine[], kwh: string): PricedLine[] {
  const energy = lines.find((line) => line.kind === 'ENERGY') ?? refuse('there is no energy to refund')
  const refund = refundOfPart(energy, kwh)
  return refund.kind === 'refund' ? [refund.line] : refuse(refund.reason)
}
