// Owns which price components hold at the beginning of a segment, by edition.
// Must not cut time or count anything.
import {
  Decimal,
  localEdges,
  type MeteredSegment,
  minutesOf,
  type PriceEdges,
  wallClock,
} from '../../core/plugin/index.ts'
import type { Amount, Dimension, Edition, PriceComponent, Restrictions, Tariff } from './tariff.ts'

/** A component with its place: what a price, a step and a line belong to. */
export interface ActiveComponent {
  tariff: number
  element: number
  index: number
  component: PriceComponent
  restrictions: Restrictions
  reservation: boolean
}

export type ReservationWord = NonNullable<Restrictions['reservation']>

const shortDays: Readonly<Record<string, string>> = {
  MONDAY: 'mon',
  TUESDAY: 'tue',
  WEDNESDAY: 'wed',
  THURSDAY: 'thu',
  FRIDAY: 'fri',
  SATURDAY: 'sat',
  SUNDAY: 'sun',
}

/**
 * 2.1.1: all components of the first element that matches. Later: for each dimension the first element that has it and
 * matches.
 */
export function activeComponents(
  tariff: Tariff,
  place: number,
  edition: Edition,
  segment: MeteredSegment,
  zone: string,
  reservation?: ReservationWord,
): Map<Dimension, ActiveComponent> {
  const active = new Map<Dimension, ActiveComponent>()
  for (const [element, { price_components, restrictions = {} }] of tariff.elements.entries()) {
    if (restrictions.reservation !== reservation) continue
    if (!matches(restrictions, segment, zone)) continue
    for (const [index, component] of price_components.entries()) {
      if (active.has(component.type)) continue
      active.set(component.type, {
        tariff: place,
        element,
        index,
        component,
        restrictions,
        reservation: reservation !== undefined,
      })
    }
    if (edition === '2.1.1') break
  }
  return active
}

function matches(r: Restrictions, { from, before, powerW, currentA }: MeteredSegment, zone: string): boolean {
  const wall = wallClock(from, zone)
  return (
    inClock(r, wall.minute) &&
    (r.start_date === undefined || wall.date >= r.start_date) &&
    (r.end_date === undefined || wall.date < r.end_date) &&
    (r.day_of_week === undefined ||
      r.day_of_week.length === 0 ||
      r.day_of_week.some((day) => shortDays[day] === wall.weekday)) &&
    within(before.energyWh.div(1000), r.min_kwh, r.max_kwh) &&
    within(powerW?.div(1000) ?? null, r.min_power, r.max_power) &&
    within(currentA, r.min_current, r.max_current) &&
    within(new Decimal(before.elapsedMs).div(1000), r.min_duration, r.max_duration)
  )
}

/** Both the same is the whole day; an end before the beginning is on the next. */
function inClock({ start_time, end_time }: Restrictions, minute: number): boolean {
  const from = start_time === undefined ? 0 : minutesOf(start_time) % 1440
  const to = end_time === undefined ? 1440 : minutesOf(end_time)
  if (from === to % 1440) return true
  return from < to ? minute >= from && minute < to : minute >= from || minute < to
}

/** From the minimum on, below the maximum. What was not measured is inside only where nothing is asked. */
function within(value: Decimal | null, min: Amount | undefined, max: Amount | undefined): boolean {
  if (value === null) return min === undefined && max === undefined
  return (min === undefined || value.gte(min)) && (max === undefined || value.lt(max))
}

/** Wherever the answer of some element may change. */
export function edgesOf(tariffs: readonly Tariff[], zone: string): PriceEdges {
  const all = tariffs.flatMap(({ elements }) => elements.map(({ restrictions = {} }) => restrictions))
  const local = all.filter((r) => r.start_time ?? r.end_time ?? r.start_date ?? r.end_date ?? r.day_of_week)
  const windows = local.map((r) => ({ from: r.start_time ?? '00:00', to: r.end_time ?? '24:00' }))
  const listed = (...values: (Amount | undefined)[]) => values.filter((value) => value !== undefined)
  return {
    instants: (from, to) => (windows.length === 0 ? [] : localEdges(from, to, zone, windows)),
    energyWh: all.flatMap((r) => listed(r.min_kwh, r.max_kwh)).map((kwh) => new Decimal(kwh).times(1000).toString()),
    elapsedMs: all.flatMap((r) => listed(r.min_duration, r.max_duration)).map((s) => Number(s) * 1000),
  }
}

/** The element asks for a current that nobody measured. */
export function asksForCurrent(tariff: Tariff): boolean {
  return tariff.elements.some(({ restrictions: r = {} }) => r.min_current !== undefined || r.max_current !== undefined)
}
