// Owns the price of a charging session as it stands, whether it runs or has ended.
// Must not bill: the bill is made from the same rules once the session's data are whole.
import { type BillingSettings, billingSettings } from '../../domain/bill/index.ts'
import { readBillingSite, readSubjectFacts } from '../../store/billing-facts.ts'
import { basesOfSessions } from '../../store/bills.ts'
import type { BillingDeps } from '../billing/billing-deps.ts'
import { type PricedSubject, priceSubject } from '../billing/price-subject.ts'
import type { ServiceDeps } from '../service-deps.ts'

export type RunningPriceDeps = Pick<BillingDeps, 'engine'> & Pick<ServiceDeps, 'db' | 'clock'>

/** Null where charging is not billed, or what there is cannot be priced. */
export async function runningPrice(
  deps: RunningPriceDeps,
  { organizationId, siteId, sessionId }: { organizationId: string; siteId: string; sessionId: string },
): Promise<{ price: PricedSubject; settings: BillingSettings } | null> {
  const { db } = deps
  const facts = await readSubjectFacts(db, organizationId, `session:${sessionId}`)
  const site = await readBillingSite(db, organizationId, siteId)
  if (facts === null || site === undefined) return null
  const settings = billingSettings(site.settings, site.code)
  if (!settings.billCharging) return null
  const now = deps.clock.now()
  const sessions = facts.sessions.map((session) => ({
    ...session,
    endedAt: session.endedAt ?? now,
    unpluggedAt: session.unpluggedAt ?? now,
  }))
  const price = await priceSubject(deps, db, {
    organizationId,
    site,
    facts: { ...facts, sessions },
    wanted: { parking: false, sessionIds: [sessionId] },
    earlier: await basesOfSessions(db, organizationId, [sessionId]),
    settings,
    now,
  })
  return price.kind === 'blocked' ? null : { price, settings }
}
