// Owns the task `terminal.cost`: the station where a driver pays at the terminal is told what the transaction costs so far, and at its end.
// Must not bill: the bill is made from the same rules once the session's data are whole.
import { toBillLines, totalsOf } from '../../domain/bill/index.ts'
import { majorText } from '../../domain/money.ts'
import { latestArgs } from '../../store/commands.ts'
import type { BillingDeps } from '../billing/billing-deps.ts'
import { type QueueCommandDeps, queueCommand } from '../charger/queue-command.ts'
import { runningPrice } from './running-price.ts'

export interface CostQuestion {
  organizationId: string
  stationId: string
  transactionId: string
}

export function tellCost(deps: Pick<BillingDeps, 'engine'> & QueueCommandDeps) {
  return async ({ organizationId, stationId, transactionId }: CostQuestion): Promise<void> => {
    const { db } = deps
    const row = await db
      .selectFrom('ocpp_transaction')
      .select(['station_ref', 'session_id', 'site_id'])
      .where('organization_id', '=', organizationId)
      .where('transaction_id', '=', transactionId)
      .executeTakeFirst()
    const { session_id: sessionId, site_id: siteId, station_ref: ref } = row ?? {}
    if (sessionId == null || siteId == null || ref == null) return
    const running = await runningPrice(deps, { organizationId, siteId, sessionId })
    // What cannot be priced is not told: the station shows no cost then, and none that is wrong.
    if (running === null || running.price.missing !== null) return
    const { price, settings } = running
    const { totalMinor } = totalsOf(toBillLines(price.groups, price.basis.currency, settings.rounding))
    const command = {
      name: 'update_cost' as const,
      transaction: { ref },
      totalCost: majorText(totalMinor, price.basis.currency),
    }
    const told = await latestArgs(db, { organizationId, stationId, name: command.name, transactionRef: ref })
    if (told?.totalCost === command.totalCost) return
    await queueCommand(deps)({ organizationId, stationId, command, requestedBy: 'hub:terminal' })
  }
}
