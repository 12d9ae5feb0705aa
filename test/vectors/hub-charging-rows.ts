// Owns reading examples of plain charging sessions and of idle time.
// Must not price.
import type { PricedSession, SessionPeriod } from '../../core/plugin/index.ts'
import type { ChargingRules } from '../../plugins/tariff-standard/rules.ts'
import {
  currencyOf,
  type Fields,
  fieldsOf,
  iso,
  minutesLater,
  pricedRow,
  quoteRow,
  refuse,
  someMorning,
  taxRule,
} from './row-reader.ts'
import type { PricedVector, Vector } from './vector.ts'

export function idleRow(vector: Vector): PricedVector {
  const tariff = fieldsOf(vector.tariff, 'tariff')
  const session = fieldsOf(vector.session, 'session')
  const currency = currencyOf(tariff, vector)
  const rules: ChargingRules = {
    scope: 'charging',
    ...taxRule(tariff.text('tax_percent')),
    idle: idleRule(tariff, tariff.text('idle_per_minute')),
  }
  const seconds = session.number('idle_seconds') ?? (session.number('idle_minutes') ?? 0) * 60
  tariff.done()
  session.done()
  return pricedRow(quoteSession(rules, sessionOf([['finished', seconds / 60, 0]]), currency, vector.time_zone))
}

export function idleRule(fields: Fields, price = '0'): NonNullable<ChargingRules['idle']> {
  const grace = fields.number('grace_minutes')
  const mode = fields.text('grace_mode') ?? 'threshold'
  const rounding = fields.text('rounding') ?? 'per_minute'
  const maximum = fields.text('cap') ?? fields.text('max') ?? fields.text('idle_cap') ?? fields.text('idle_max')
  if (mode !== 'threshold' && mode !== 'deduct' && mode !== 'cliff') refuse(`there is no grace "${mode}"`)
  return {
    price,
    ...(grace === undefined ? {} : { graceMinutes: grace, graceMode: mode }),
    ...(maximum === undefined ? {} : { maximum }),
    step: rounding === 'per_second' ? 'second' : 'minute',
  }
}

/** A session without times: lengths are exact to the second, and segments follow each other as tiers. */
export function chargingRow(vector: Vector): PricedVector {
  const tariff = fieldsOf(vector.tariff, 'tariff')
  const session = fieldsOf(vector.session, 'session')
  const prices = (tariff.list('segments') ?? []).map((each, i) => fieldsOf(each, `tariff.segments.${i}`))
  const parts = (session.list('segments') ?? []).map((each, i) => fieldsOf(each, `session.segments.${i}`))
  const currency = currencyOf(tariff, vector)
  const reserved = session.number('reservation_minutes')
  session.ignore('description')
  const grace = tariff.number('idle_grace_minutes')
  const pricedAt = prices.length > 0 ? prices.map(segmentPrice) : [segmentPrice(tariff)]
  const measured = (parts.length > 0 ? parts : [session]).map(segmentLength)
  for (const fields of [tariff, session, ...prices, ...parts]) fields.done()
  if (pricedAt.some((each) => each.currency !== undefined && each.currency !== currency)) refuse('mixed currencies')
  if (measured.length !== pricedAt.length) refuse('segments of tariff and session differ in number')
  const [first] = pricedAt
  const tiersOf = (name: 'perMinute' | 'idlePerMinute', ends: readonly number[]) => {
    const tiers = pricedAt.map((each, i) => ({ price: each[name] ?? '0', ...each.tax, until: ends[i] ?? 0 }))
    return reached(tiers, ends, 'untilMinutes')
  }
  const time = sums(measured.map((each) => each.minutes))
  const idle = sums(measured.map((each) => each.idleMinutes))
  const energy = sums(measured.map((each) => each.energyWh))
  const energyTiers = reached(
    pricedAt.map((each) => ({ price: each.perKwh ?? '0', ...each.tax })),
    energy.map((wh) => wh / 1000),
    'untilKwh',
  )
  const main = first?.tax?.tax
  const rules = {
    scope: 'charging',
    ...(main === undefined ? {} : { tax: { ...main, included: false } }),
    energy: { price: '0', tiers: energyTiers },
    time: { price: '0', tiers: tiersOf('perMinute', time), step: 'second' },
    ...(first?.perSession === undefined ? {} : { session: { price: first.perSession, withoutEnergy: true } }),
    ...(first?.reservationPerMinute === undefined
      ? {}
      : { reservation: { price: first.reservationPerMinute, step: 'second' } }),
    idle: {
      price: '0',
      tiers: tiersOf('idlePerMinute', idle),
      step: 'second',
      ...(grace === undefined ? {} : { graceMinutes: grace, graceMode: 'deduct' }),
    },
  } as ChargingRules
  const whole = sessionOf(
    [
      ['charging', time.at(-1) ?? 0, energy.at(-1) ?? 0],
      ['finished', idle.at(-1) ?? 0, 0],
    ],
    reserved,
  )
  return pricedRow(quoteSession(rules, whole, currency, vector.time_zone))
}

function segmentPrice(fields: Fields) {
  const rate = fields.number('tax_rate')
  const percent = fields.text('tax_percent') ?? (rate === undefined ? undefined : `${Math.round(rate * 1e6) / 1e4}`)
  return {
    currency: fields.text('currency'),
    perKwh: fields.text('price_per_kwh'),
    perMinute: fields.text('price_per_minute'),
    perSession: fields.text('price_per_session'),
    idlePerMinute: fields.text('idle_per_minute'),
    reservationPerMinute: fields.text('reservation_per_minute'),
    ...(percent === undefined ? {} : { tax: { tax: { code: `row${percent}`, percent } } }),
  }
}

function segmentLength(fields: Fields) {
  return {
    energyWh: fields.number('energy_wh') ?? (fields.number('energy_kwh') ?? 0) * 1000,
    minutes: fields.number('minutes') ?? 0,
    idleMinutes: fields.number('idle_minutes') ?? 0,
  }
}

const sums = (parts: readonly number[]) =>
  parts.map((_, i) => parts.slice(0, i + 1).reduce((sum, each) => sum + each, 0))

/** Tiers that hold something, the last of them open-ended. */
function reached(
  tiers: readonly { price: string; tax?: object }[],
  ends: readonly number[],
  measure: string,
): object[] {
  const kept = tiers
    .map((tier, i) => ({ price: tier.price, ...(tier.tax === undefined ? {} : { tax: tier.tax }), end: ends[i] ?? 0 }))
    .filter(({ end }, i) => end > (ends[i - 1] ?? 0))
  const [first] = tiers
  if (kept.length === 0) return [{ price: first?.price ?? '0' }]
  return kept.map(({ end, ...tier }, i) =>
    i === kept.length - 1 ? tier : { ...tier, [measure]: measure === 'untilKwh' ? `${end}` : end },
  )
}

export type Part = [state: SessionPeriod['state'], minutes: number, energyWh: number]

export function sessionOf(parts: readonly Part[], reservedMinutes?: number): PricedSession {
  let at = someMorning
  const periods = parts.map(([state, minutes, energyWh]): SessionPeriod => {
    const from = iso(at)
    at = minutesLater(at, minutes)
    return { from, to: iso(at), state, energyWh }
  })
  const energyWh = periods.reduce((sum, period) => sum + period.energyWh, 0)
  if (!Number.isSafeInteger(energyWh)) refuse('the energy is not a count of watt-hours')
  return {
    sessionId: 'row',
    pluggedAt: iso(someMorning),
    unpluggedAt: iso(at),
    startedAt: iso(someMorning),
    endedAt: periods.findLast((period) => period.state === 'charging')?.to ?? iso(at),
    energyWh,
    periods,
    flags: [],
    ...(reservedMinutes === undefined
      ? {}
      : {
          reservation: {
            from: iso(minutesLater(someMorning, -reservedMinutes)),
            to: iso(someMorning),
            outcome: 'used' as const,
          },
        }),
  }
}

export function quoteSession(rules: ChargingRules, session: PricedSession, currency: string, zone: string) {
  return quoteRow({ scope: 'charging', rules, currency, zone, stay: null, session })
}
