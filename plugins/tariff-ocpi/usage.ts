// Owns what each price component is used for over a session: energy, seconds, fees, in order, with steps by edition.
// Must not multiply by prices.
import { Decimal } from '../../core/plugin/index.ts'
import type { ActiveComponent } from './match-element.ts'
import type { Dimension, Edition, RoundRule } from './tariff.ts'

export interface Usage extends ActiveComponent {
  /** Wh, seconds, or 1. */
  measured: Decimal
  billed: Decimal
  notes: string[]
}

export type UsageKey = string

export interface UsageBook {
  byKey: Map<UsageKey, Usage>
  /** The last that was used, of energy, of either kind of time, of the time of a reservation. */
  last: Map<'ENERGY' | 'TIME' | 'RESERVATION', UsageKey>
}

export function usageBook(): UsageBook {
  return { byKey: new Map(), last: new Map() }
}

export function keyOf({ tariff, element, index, component, reservation }: ActiveComponent): UsageKey {
  const dimension = `${reservation ? 'RESERVATION_' : ''}${component.type}`
  return `${dimension}:${tariff === 0 ? '' : `${tariff}.`}${element}.${index}`
}

export function use(book: UsageBook, active: ActiveComponent, quantity: Decimal, notes: readonly string[] = []): void {
  const key = keyOf(active)
  const before = book.byKey.get(key)
  const usage = before ?? { ...active, measured: new Decimal(0), billed: new Decimal(0), notes: [] }
  usage.measured = usage.measured.plus(quantity)
  usage.billed = usage.measured
  for (const note of notes) if (!usage.notes.includes(note)) usage.notes.push(note)
  book.byKey.set(key, usage)
  if (active.component.type === 'FLAT') return
  book.last.set(active.reservation ? 'RESERVATION' : active.component.type === 'ENERGY' ? 'ENERGY' : 'TIME', key)
}

/**
 * Steps, once all is measured. 2.1.1: each component has its own. 2.2: energy once, all time together once. From 2.2.1 on:
 * energy once, and of time only the dimension that was used last, in steps of its last component.
 */
export function applySteps(book: UsageBook, edition: Edition): void {
  if (edition === '2.1.1') {
    for (const usage of book.byKey.values()) stepUp(usage, [usage])
    return
  }
  for (const group of ['ENERGY', 'TIME', 'RESERVATION'] as const) {
    const last = book.byKey.get(book.last.get(group) ?? '')
    if (last === undefined) continue
    stepUp(
      last,
      [...book.byKey.values()].filter((each) => counts(each, last, group, edition)),
    )
  }
}

function isTime({ component }: Usage): boolean {
  return component.type === 'TIME' || component.type === 'PARKING_TIME'
}

function counts(each: Usage, last: Usage, group: 'ENERGY' | 'TIME' | 'RESERVATION', edition: Edition): boolean {
  if (each.reservation !== (group === 'RESERVATION')) return false
  if (group === 'ENERGY') return each.component.type === 'ENERGY'
  if (group === 'TIME' && edition === '2.2') return isTime(each)
  return each.component.type === last.component.type
}

const granularity = { UNIT: 0, TENTH: 1, HUNDREDTH: 2, THOUSANDTH: 3 } as const
const roundModes = {
  ROUND_UP: Decimal.ROUND_UP,
  ROUND_DOWN: Decimal.ROUND_DOWN,
  ROUND_NEAR: Decimal.ROUND_HALF_UP,
} as const

export function rounded(value: Decimal, { round_granularity, round_rule }: RoundRule): Decimal {
  return value.toDecimalPlaces(granularity[round_granularity], roundModes[round_rule])
}

/** The total of the members in steps of the last one, which carries what is added. */
function stepUp(last: Usage, members: readonly Usage[]): void {
  const { component } = last
  if (component.type === 'FLAT' || component.step_size === 0) return
  const step = component.step_size ?? 1
  const total = Decimal.sum(0, ...members.map(({ measured }) => measured))
  // Instants have milliseconds, OCPI counts whole seconds.
  const steps = (isTime(last) ? total.toDecimalPlaces(0, Decimal.ROUND_HALF_UP) : total).div(step)
  const whole = component.step_round === undefined ? steps.ceil() : rounded(steps, component.step_round)
  const surplus = whole.times(step).minus(total)
  if (surplus.isZero()) return
  last.billed = Decimal.max(last.measured.plus(surplus), 0)
  const unit: Record<Exclude<Dimension, 'FLAT'>, string> = { ENERGY: 'Wh', TIME: 's', PARKING_TIME: 's' }
  const [of, u] = [members.length > 1 ? 'The total of ' : '', unit[component.type]]
  last.notes.push(
    `${of}${total} ${u} counts as ${whole.times(step)} ${u} (steps of ${step} ${u}); the difference of ${surplus} ${u} is billed here, at the last price.`,
  )
}
