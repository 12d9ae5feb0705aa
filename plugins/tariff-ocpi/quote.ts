// Owns the price of one charging session by OCPI rules: what was used of which component, its steps, lines, limits.
// Must not bill time in which the station held the energy back: OCPI's parking time is the car's own.
import {
  Decimal,
  isIdle,
  limitedPrice,
  type MeteredSegment,
  meteredSegments,
  type PricedLine,
  type PricedSession,
  type PriceInput,
  type PriceResult,
} from '../../core/plugin/index.ts'
import { limitOf } from './limits.ts'
import { freeEnergyLine, lineOf } from './lines.ts'
import { type ActiveComponent, activeComponents, asksForCurrent, edgesOf } from './match-element.ts'
import { useReservation } from './reservation.ts'
import type { Dimension, OcpiRules, Tariff } from './tariff.ts'
import { tariffPath } from './tariff-path.ts'
import { applySteps, keyOf, type UsageBook, usageBook, use } from './usage.ts'

export function quoteSession(rules: OcpiRules, session: PricedSession, { zone }: PriceInput): PriceResult {
  const tariffs = [rules.tariff, ...(rules.alternatives ?? [])]
  const edges = edgesOf(tariffs, zone)
  const record = session.periodsOf === 'record'
  const metered = meteredSegments(session, record ? null : edges)
  if (metered.kind === 'wrong') return { kind: 'unpriceable', reason: metered.reason }
  if (metered.segments.some((each) => each.currentA === null && isUsed(each)) && tariffs.some(asksForCurrent)) {
    return { kind: 'unpriceable', reason: 'The price depends on the current, which was not measured.' }
  }
  // A plug-in that never came to charge is no session that a least price could be due for.
  if (!record && session.reservation === undefined && !metered.segments.some(isUsed))
    return { kind: 'priced', lines: [] }
  const warnings = record ? spanning(rules, tariffs, session, zone) : []
  const book = usageBook()
  const wrong = useReservation(book, rules, session, zone)
  if (wrong !== null) return { kind: 'unpriceable', reason: wrong }
  const free = useSegments(book, rules, tariffs, metered.segments, zone)
  if (free.kind === 'wrong') return { kind: 'unpriceable', reason: free.reason }
  applySteps(book, rules.edition)
  const lines = [...book.byKey.values()].map((usage) => lineOf(usage, keyOf(usage), rules, tariffs))
  if (free.energyWh.gt(0)) lines.push(freeEnergyLine(free.energyWh))
  return withLimits(lines, tariffs, warnings)
}

function isUsed({ state, energyWh }: MeteredSegment): boolean {
  return energyWh.gt(0) || state === 'charging' || isIdle(state)
}

/** Fees once for charging, whichever element comes to hold later; energy and time by what holds when each segment begins. */
function useSegments(
  book: UsageBook,
  { edition }: OcpiRules,
  tariffs: readonly Tariff[],
  segments: readonly MeteredSegment[],
  zone: string,
): { kind: 'used'; energyWh: Decimal } | { kind: 'wrong'; reason: string } {
  let flat = false
  let freeWh = new Decimal(0)
  for (const segment of segments) {
    if (!isUsed(segment)) continue
    const place = tariffOf(tariffs, segment.tariffRef)
    const tariff = tariffs[place]
    if (tariff === undefined)
      return { kind: 'wrong', reason: `There is no tariff ${segment.tariffRef} among these rules.` }
    const active = activeComponents(tariff, place, edition, segment, zone)
    const fee = active.get('FLAT')
    if (fee !== undefined && !flat) {
      use(book, fee, new Decimal(1))
      flat = true
    }
    const time = active.get(isIdle(segment.state) ? 'PARKING_TIME' : 'TIME')
    if (time !== undefined && (segment.state === 'charging' || isIdle(segment.state)) && segment.to > segment.from) {
      use(book, time, new Decimal(segment.to - segment.from).div(1000), notesOf(time, segment, false))
    }
    if (segment.energyWh.lte(0)) continue
    const energy = active.get('ENERGY')
    if (energy === undefined) freeWh = freeWh.plus(segment.energyWh)
    else use(book, energy, segment.energyWh, notesOf(energy, segment, segment.part))
  }
  return { kind: 'used', energyWh: freeWh }
}

/** A period that names no tariff, or the only one by whatever name, has the first. */
function tariffOf(tariffs: readonly Tariff[], ref: string | undefined): number {
  if (ref === undefined || tariffs.length === 1) return 0
  return tariffs.findIndex(({ id }) => id === ref)
}

function notesOf({ restrictions: r }: ActiveComponent, segment: MeteredSegment, shared: boolean): string[] {
  const byPower = r.min_power !== undefined || r.max_power !== undefined
  return [
    ...(byPower && !segment.powerMeasured ? ['The power is the average of the period: none was measured.'] : []),
    ...(shared ? ['Energy measured across a change of price is shared by time, to the watt-hour.'] : []),
  ]
}

/** A record should have begun a new period where the price changed. Priced by its beginning, but somebody should look. */
function spanning(rules: OcpiRules, tariffs: readonly Tariff[], session: PricedSession, zone: string): string[] {
  const cut = meteredSegments(session, edgesOf(tariffs, zone))
  if (cut.kind === 'wrong') return []
  const seen = new Map<number, string>()
  const wrong = new Set<number>()
  for (const segment of cut.segments) {
    const place = tariffOf(tariffs, segment.tariffRef)
    const tariff = tariffs[place]
    if (tariff === undefined) continue
    const active = activeComponents(tariff, place, rules.edition, segment, zone)
    const asked: Dimension[] = [...(segment.energyWh.gt(0) ? (['ENERGY'] as const) : [])]
    if (segment.state === 'charging') asked.push('TIME')
    if (isIdle(segment.state)) asked.push('PARKING_TIME')
    const held = asked
      .map((dimension) => active.get(dimension))
      .map((each) => (each === undefined ? '-' : keyOf(each)))
      .join(' ')
    const before = seen.get(segment.period)
    if (before === undefined) seen.set(segment.period, held)
    else if (before !== held) wrong.add(segment.period)
  }
  return [...wrong].map(
    (period) =>
      `PERIOD_SPANS_BOUNDARY: the price changes inside period ${period + 1}; it is priced by what held when it began.`,
  )
}

/** Each tariff's limits hold for what was used under it. */
function withLimits(
  lines: readonly PricedLine[],
  tariffs: readonly Tariff[],
  warnings: readonly string[],
): PriceResult {
  const all = [...lines]
  for (const [place, { min_price, max_price }] of tariffs.entries()) {
    const at = tariffPath(place)
    const own = tariffs.length === 1 ? lines : lines.filter(({ rulePath }) => rulePath.startsWith(`${at}/`))
    if (tariffs.length > 1 && own.length === 0) continue
    const [minimum, maximum] = [limitOf(min_price, `${at}/min_price`), limitOf(max_price, `${at}/max_price`)]
    const limited = limitedPrice(own, {
      ...(minimum === undefined ? {} : { minimum }),
      ...(maximum === undefined ? {} : { maximum }),
    })
    if (limited.kind === 'review') return { kind: 'unpriceable', reason: limited.reason }
    all.push(...limited.lines.map((line) => (place === 0 ? line : { ...line, key: `${line.key}:${place}` })))
  }
  return { kind: 'priced', lines: all, ...(warnings.length > 0 ? { warnings } : {}) }
}
