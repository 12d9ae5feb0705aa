// Owns short ways to ask the OCPI and OCPP engines, for the tests of both.
// Must not assert anything.
import {
  Decimal,
  exclOf,
  inclOf,
  type PricedLine,
  type PricedReservation,
  type PriceResult,
  type SessionPeriod,
  type TariffEngine,
} from '../../../core/plugin/index.ts'
import { ocpiEngine } from '../../../plugins/tariff-ocpi/index.ts'

export const ocpi = ocpiEngine()

export interface Asked {
  zone?: string
  reservation?: PricedReservation
  evseKind?: 'AC' | 'DC'
  periodsOf?: 'hub' | 'record'
}

/** Minutes, state, watt-hours, and what else is known of the period. */
export type Part = [minutes: number, state: SessionPeriod['state'], energyWh?: number, more?: Partial<SessionPeriod>]

export function periodsFrom(start: string, parts: readonly Part[]): SessionPeriod[] {
  let at = Date.parse(start)
  return parts.map(([minutes, state, energyWh = 0, more = {}]) => {
    const from = new Date(at).toISOString()
    at += Math.round(minutes * 60_000)
    return { from, to: new Date(at).toISOString(), state, energyWh, ...more }
  })
}

export function ask(
  engine: TariffEngine,
  rules: unknown,
  periods: readonly SessionPeriod[],
  { zone = 'UTC', ...more }: Asked = {},
): PriceResult {
  const from = periods[0]?.from ?? '2024-01-15T08:00:00.000Z'
  const to = periods.at(-1)?.to ?? from
  return engine.quote({
    scope: 'charging',
    rules,
    currency: 'EUR',
    zone,
    groups: [],
    stay: null,
    session: {
      sessionId: 'c',
      pluggedAt: from,
      unpluggedAt: to,
      startedAt: from,
      endedAt: to,
      energyWh: Decimal.sum(0, ...periods.map(({ energyWh }) => energyWh)).toNumber(),
      periods,
      flags: [],
      ...more,
    },
  })
}

export function linesOf(result: PriceResult): readonly PricedLine[] {
  if (result.kind !== 'priced') throw new Error(`not priced: ${result.reason}`)
  return result.lines
}

export const excl = (result: PriceResult) => Decimal.sum(0, ...linesOf(result).map(exclOf))
export const incl = (result: PriceResult) => Decimal.sum(0, ...linesOf(result).map(inclOf))

/** key → billed quantity and amount before taxes, for a whole quote at a glance. */
export function bill(result: PriceResult): Record<string, string> {
  return Object.fromEntries(
    linesOf(result).map((line) => [line.key, `${line.billedQuantity} = ${exclOf(line).toDecimalPlaces(6)}`]),
  )
}

export function elements(list: readonly object[], more: object = {}, edition = '2.2.1'): object {
  return { edition, tariff: { currency: 'EUR', elements: list, ...more } }
}

export const component = (type: string, price: number | string, more: object = {}) => ({
  price_components: [{ type, price, step_size: 1, ...more }],
})
