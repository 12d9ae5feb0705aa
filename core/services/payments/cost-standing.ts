// Owns what a station is told beside a cost: the meter reading that it rests on, and the prices that it grows by.
// Must not make a price of its own; where the tariff has none that is simple, there is none.
import type { SessionPeriod } from '../../domain/price.ts'
import type { CostStanding, UnitPrices } from '../../domain/station-command.ts'
import { isExchangeEngine, unitPrices } from '../../domain/tariff-exchange/index.ts'
import { readCostBasis } from '../../store/sessions-read.ts'
import { readRules } from '../../store/tariffs.ts'
import { type RunningPriceDeps, runningPrice } from './running-price.ts'

interface Costed {
  organizationId: string
  siteId: string
  sessionId: string
  /** Of the transaction, as the hub gave it. */
  number: number
  currency: string
}

/** Undefined while the station has told no register. */
export async function costStanding(deps: RunningPriceDeps, of: Costed): Promise<CostStanding | undefined> {
  const found = await readCostBasis(deps.db, of)
  if (found === undefined || found.registerWh === null || found.registerAt === null) return undefined
  const { registerWh, registerAt, energyWh, ended, periods } = found
  const prices = ended ? null : await pricesOf(deps, of)
  return {
    currency: of.currency,
    energyWh,
    registerWh,
    at: registerAt.toISOString(),
    state: ended ? 'ended' : isIdle(periods) ? 'idle' : 'charging',
    ...(prices === null ? {} : { prices }),
  }
}

/** As the clock of idling counts: the car takes no more, and it is not the hub or the station that paused it. */
function isIdle(periods: readonly SessionPeriod[]): boolean {
  const state = periods.at(-1)?.state
  return state === 'finished' || state === 'suspended_vehicle'
}

async function pricesOf(deps: RunningPriceDeps, of: Costed): Promise<UnitPrices | null> {
  const { organizationId, sessionId } = of
  const running = await runningPrice(deps, of)
  const choice = running?.price.basis.sessions[sessionId]?.tariff
  if (choice === undefined || running?.price.basis.currency !== of.currency) return null
  const tariff = await readRules(deps.db, organizationId, choice.tariffId, choice.version)
  if (tariff === undefined || !isExchangeEngine(tariff.engine)) return null
  return unitPrices({ engine: tariff.engine, rules: tariff.rules, currency: of.currency })
}
