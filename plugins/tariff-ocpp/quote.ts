// Owns the price of one charging session by OCPP 2.1 rules: what each price was used for, lines, limits.
// Must not bill time in which the station held the energy back as idling.
import {
  Decimal,
  isIdle,
  limitedPrice,
  type MeteredSegment,
  meteredSegments,
  type PricedLine,
  type PricedSession,
  type PriceInput,
  type PriceLimit,
  type PriceResult,
} from '../../core/plugin/index.ts'
import { freeEnergyLine, lineOf } from './lines.ts'
import { activePrice, edgesOf, lacking } from './match-price.ts'
import type { Cost, Dimension, OcppRules, Tariff } from './tariff.ts'

/** kWh of the energy, minutes of times, or 1. */
type Used = Map<Dimension, Map<number, Decimal>>

export function quoteSession({ tariff }: OcppRules, session: PricedSession, { zone }: PriceInput): PriceResult {
  const edges = edgesOf(tariff, zone)
  const metered = meteredSegments(session, session.periodsOf === 'record' ? null : edges)
  if (metered.kind === 'wrong') return { kind: 'unpriceable', reason: metered.reason }
  const segments = metered.segments.filter(isUsed)
  const missing = lacking(tariff, session, !segments.some(({ currentA }) => currentA === null))
  if (missing !== null) return { kind: 'unpriceable', reason: missing }
  const used: Used = new Map()
  const use = (dimension: Dimension, segment: MeteredSegment, quantity: Decimal) => {
    const prices = tariff[dimension]?.prices
    if (prices === undefined || quantity.lte(0)) return
    const price = activePrice(prices, segment, session, zone)
    const uses = used.get(dimension) ?? new Map<number, Decimal>()
    uses.set(price, quantity.plus(uses.get(price) ?? 0))
    used.set(dimension, uses)
  }
  const reserved = reservationSegments(tariff, session, zone)
  if (typeof reserved === 'string') return { kind: 'unpriceable', reason: reserved }
  // A plug-in that never came to charge is no session that a least price could be due for.
  if (segments.length === 0 && reserved.length === 0) return { kind: 'priced', lines: [] }
  for (const [i, segment] of reserved.entries()) {
    if (i === 0) use('reservationFixed', segment, new Decimal(1))
    use('reservationTime', segment, minutes(segment))
  }
  for (const [i, segment] of segments.entries()) {
    if (i === 0) use('fixedFee', segment, new Decimal(1))
    use('energy', segment, segment.energyWh.div(1000))
    if (segment.state === 'charging') use('chargingTime', segment, minutes(segment))
    if (isIdle(segment.state)) use('idleTime', segment, minutes(segment))
  }
  return limited(tariff, linesOf(tariff, used, session))
}

function isUsed({ state, energyWh }: MeteredSegment): boolean {
  return energyWh.gt(0) || state === 'charging' || isIdle(state)
}

function minutes({ from, to }: MeteredSegment): Decimal {
  return new Decimal(to - from).div(60_000)
}

function reservationSegments(tariff: Tariff, session: PricedSession, zone: string): MeteredSegment[] | string {
  if (session.reservation === undefined) return []
  const { from, to } = session.reservation
  const metered = meteredSegments(
    {
      ...session,
      pluggedAt: from,
      unpluggedAt: to,
      startedAt: from,
      endedAt: to,
      energyWh: 0,
      periods: [{ from, to, state: 'connected', energyWh: 0 }],
    },
    edgesOf(tariff, zone),
  )
  return metered.kind === 'wrong' ? `The reservation: ${metered.reason}` : metered.segments
}

function linesOf(tariff: Tariff, used: Used, session: PricedSession): PricedLine[] {
  const lines: PricedLine[] = []
  for (const [dimension, uses] of used) {
    for (const [price, quantity] of uses) {
      if (price !== -1) lines.push(lineOf(tariff, dimension, price, quantity))
      else if (dimension === 'energy') lines.push(freeEnergyLine(quantity))
    }
  }
  if (tariff.energy === undefined && session.energyWh > 0) {
    lines.push(freeEnergyLine(new Decimal(session.energyWh).div(1000)))
  }
  return lines
}

function limited(tariff: Tariff, lines: readonly PricedLine[]): PriceResult {
  const minimum = limitOf(tariff.minCost, '/tariff/minCost')
  const maximum = limitOf(tariff.maxCost, '/tariff/maxCost')
  const result = limitedPrice(lines, {
    ...(minimum === undefined ? {} : { minimum }),
    ...(maximum === undefined ? {} : { maximum }),
  })
  if (result.kind === 'review') return { kind: 'unpriceable', reason: result.reason }
  return { kind: 'priced', lines: [...lines, ...result.lines] }
}

function limitOf(cost: Cost | undefined, rulePath: string): PriceLimit | undefined {
  if (cost === undefined) return undefined
  const { exclTax, inclTax } = cost
  return {
    ...(exclTax === undefined ? {} : { excl: new Decimal(exclTax).toString() }),
    ...(inclTax === undefined ? {} : { incl: new Decimal(inclTax).toString() }),
    rulePath,
  }
}
