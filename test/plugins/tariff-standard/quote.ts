// Owns short ways to ask the engine, for the tests beside it.
// Must not assert anything.
import {
  type AppliedDiscount,
  Decimal,
  type ParkerKind,
  type PricedLine,
  type PriceResult,
  type SessionPeriod,
} from '../../../core/plugin/index.ts'
import { standardEngine } from '../../../plugins/tariff-standard/index.ts'

export const engine = standardEngine()

export interface StayAsked {
  minutes?: number
  entry?: string | null
  exit?: string
  zone?: string
  currency?: string
  parkerKind?: ParkerKind
  discounts?: AppliedDiscount[]
  paidAt?: string
  lostTicket?: boolean
}

export function park(rules: object, asked: StayAsked): PriceResult {
  const entry = asked.entry === undefined ? '2024-01-15T08:00:00Z' : asked.entry
  const exit =
    asked.exit ?? new Date(Date.parse(entry ?? '2024-01-15T08:00:00Z') + (asked.minutes ?? 0) * 60_000).toISOString()
  return engine.quote({
    scope: 'parking',
    rules: { scope: 'parking', ...rules },
    currency: asked.currency ?? 'USD',
    zone: asked.zone ?? 'UTC',
    groups: [],
    session: null,
    stay: {
      stayId: 's',
      enteredAt: entry,
      exitedAt: exit,
      parkerKind: asked.parkerKind ?? 'transient',
      discounts: asked.discounts ?? [],
      ...(asked.lostTicket === undefined ? {} : { lostTicket: asked.lostTicket }),
      ...(asked.paidAt === undefined ? {} : { paidAt: asked.paidAt }),
    },
  })
}

/** A part of a session: how long, in what state, with how much energy. */
export type Part = [minutes: number, state: SessionPeriod['state'], energyWh?: number]

export function periodsFrom(start: string, parts: readonly Part[]): SessionPeriod[] {
  let at = Date.parse(start)
  return parts.map(([minutes, state, energyWh = 0]) => {
    const from = new Date(at).toISOString()
    at += minutes * 60_000
    return { from, to: new Date(at).toISOString(), state, energyWh }
  })
}

export function charge(
  rules: object,
  periods: readonly SessionPeriod[],
  more: { zone?: string; energyWh?: number; currency?: string } = {},
): PriceResult {
  const from = periods[0]?.from ?? '2024-01-15T08:00:00Z'
  const to = periods.at(-1)?.to ?? from
  return engine.quote({
    scope: 'charging',
    rules: { scope: 'charging', ...rules },
    currency: more.currency ?? 'USD',
    zone: more.zone ?? 'UTC',
    groups: [],
    stay: null,
    session: {
      sessionId: 'c',
      pluggedAt: from,
      unpluggedAt: to,
      startedAt: from,
      endedAt: periods.findLast((period) => period.state === 'charging')?.to ?? to,
      energyWh: more.energyWh ?? periods.reduce((sum, period) => sum + period.energyWh, 0),
      periods,
      flags: [],
    },
  })
}

export function linesOf(result: PriceResult): readonly PricedLine[] {
  if (result.kind !== 'priced') throw new Error(`not priced: ${result.reason}`)
  return result.lines
}

export function stated(line: PricedLine): Decimal {
  return new Decimal(line.gross ?? line.net)
}

export function total(result: PriceResult): Decimal {
  return Decimal.sum(0, ...linesOf(result).map(stated))
}

/** key → amount, for a whole quote at a glance. */
export function amounts(result: PriceResult): Record<string, string> {
  return Object.fromEntries(linesOf(result).map((line) => [line.key, stated(line).toString()]))
}
