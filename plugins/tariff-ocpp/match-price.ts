// Owns which price of a list holds at the beginning of a segment: the first whose conditions all do.
// Must not cut time or count anything.
import {
  Decimal,
  localEdges,
  type MeteredSegment,
  minutesOf,
  type PricedSession,
  type PriceEdges,
  wallClock,
} from '../../core/plugin/index.ts'
import { dimensions } from './read-rules.ts'
import type { Amount, Conditions, Tariff } from './tariff.ts'

export type Driver = Pick<PricedSession, 'evseKind' | 'payment'>

/** Place of the price in the list; -1: none, which is free. */
export function activePrice(
  prices: readonly { conditions?: Conditions }[],
  segment: MeteredSegment,
  driver: Driver,
  zone: string,
): number {
  return prices.findIndex(({ conditions = {} }) => matches(conditions, segment, driver, zone))
}

function matches(c: Conditions, segment: MeteredSegment, { evseKind, payment = {} }: Driver, zone: string): boolean {
  const { before, powerW, currentA } = segment
  const wall = wallClock(segment.from, zone)
  return (
    inClock(c, wall.minute) &&
    (c.dayOfWeek === undefined ||
      c.dayOfWeek.length === 0 ||
      c.dayOfWeek.some((day) => day.slice(0, 3).toLowerCase() === wall.weekday)) &&
    (c.validFromDate === undefined || wall.date >= c.validFromDate) &&
    (c.validToDate === undefined || wall.date < c.validToDate) &&
    (c.evseKind === undefined || c.evseKind === evseKind) &&
    (c.paymentBrand === undefined || c.paymentBrand === payment.brand) &&
    (c.paymentRecognition === undefined || c.paymentRecognition === payment.recognition) &&
    within(before.energyWh, c.minEnergy, c.maxEnergy) &&
    within(currentA, c.minCurrent, c.maxCurrent) &&
    within(powerW, c.minPower, c.maxPower) &&
    within(seconds(before.elapsedMs), c.minTime, c.maxTime) &&
    within(seconds(before.chargingMs), c.minChargingTime, c.maxChargingTime) &&
    within(seconds(before.idleMs), c.minIdleTime, c.maxIdleTime)
  )
}

const seconds = (ms: number) => new Decimal(ms).div(1000)

/** Both the same is the whole day; an end before the beginning is on the next. */
function inClock({ startTimeOfDay, endTimeOfDay }: Conditions, minute: number): boolean {
  const from = startTimeOfDay === undefined ? 0 : minutesOf(startTimeOfDay) % 1440
  const to = endTimeOfDay === undefined ? 1440 : minutesOf(endTimeOfDay)
  if (from === to % 1440) return true
  return from < to ? minute >= from && minute < to : minute >= from || minute < to
}

function within(value: Decimal | null, min: Amount | undefined, max: Amount | undefined): boolean {
  if (value === null) return min === undefined && max === undefined
  return (min === undefined || value.gte(min)) && (max === undefined || value.lt(max))
}

function allConditions(tariff: Tariff): Conditions[] {
  return dimensions.flatMap((name) => (tariff[name]?.prices ?? []).map(({ conditions = {} }) => conditions))
}

/** Wherever some price may come to hold, or cease to. */
export function edgesOf(tariff: Tariff, zone: string): PriceEdges {
  const all = allConditions(tariff)
  const local = all.filter((c) => c.startTimeOfDay ?? c.endTimeOfDay ?? c.validFromDate ?? c.validToDate ?? c.dayOfWeek)
  const windows = local.map((c) => ({ from: c.startTimeOfDay ?? '00:00', to: c.endTimeOfDay ?? '24:00' }))
  const listed = (pick: (c: Conditions) => (Amount | undefined)[]) =>
    all.flatMap(pick).filter((value) => value !== undefined)
  const ms = (pick: (c: Conditions) => (Amount | undefined)[]) => listed(pick).map((s) => Number(s) * 1000)
  return {
    instants: (from, to) => (windows.length === 0 ? [] : localEdges(from, to, zone, windows)),
    energyWh: listed((c) => [c.minEnergy, c.maxEnergy]),
    elapsedMs: ms((c) => [c.minTime, c.maxTime]),
    chargingMs: ms((c) => [c.minChargingTime, c.maxChargingTime]),
    idleMs: ms((c) => [c.minIdleTime, c.maxIdleTime]),
  }
}

/** What the price depends on and nobody measured or said; null when nothing is lacking. */
export function lacking(tariff: Tariff, { evseKind }: Driver, currentMeasured: boolean): string | null {
  const all = allConditions(tariff)
  if (!currentMeasured && all.some((c) => c.minCurrent !== undefined || c.maxCurrent !== undefined)) {
    return 'The price depends on the current, which was not measured.'
  }
  if (evseKind === undefined && all.some((c) => c.evseKind !== undefined)) {
    return 'The price depends on the kind of charger (AC or DC), which is not known.'
  }
  return null
}
