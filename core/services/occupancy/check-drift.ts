// Owns the task `occupancy.check`: telling once that a counter and the stays have drifted apart.
// Must not tell of the past: a counter that has not spoken for a while is being filled in late.
import { derivedFor, reportedBy } from '../../domain/occupancy/counters.ts'
import { appendEvents, type NewEvent } from '../../store/event-log.ts'
import { siteSettings } from '../../store/links.ts'
import { countersOf, insideNow, setDriftTold } from '../../store/presence.ts'
import { transaction } from '../../store/transaction.ts'
import type { ServiceDeps } from '../service-deps.ts'

const staleMs = 15 * 60_000
const standardLimit = 10

export function checkDrift(deps: ServiceDeps): (of: { organizationId: string; siteId: string }) => Promise<void> {
  return async (of) => {
    await transaction(deps.db, async (trx) => {
      const now = deps.clock.now()
      const { occupancy_drift_limit: given } = ((await siteSettings(trx, of)) ?? {}) as Record<string, unknown>
      const limit = typeof given === 'number' && given > 0 ? given : standardLimit
      const inside = await insideNow(trx, of)
      const events: NewEvent[] = []
      for (const { area_code: area, drift_told: told, ...counter } of await countersOf(trx, of)) {
        const reading = { ...counter, area }
        const reported = reportedBy(reading)
        const derived = derivedFor(reading, inside)
        if (reported === null || derived === null || now.getTime() - counter.at.getTime() > staleMs) continue
        const drift = reported - derived
        const far = Math.abs(drift) >= limit
        if (far ? told !== 0 && Math.abs(drift - told) < limit : told === 0) continue
        await setDriftTold(trx, of, counter.counter, counter.category, far ? drift : 0)
        if (!far) continue
        events.push({
          id: deps.newId(),
          type: 'occupancy.drifted',
          ...of,
          subject: { type: 'site', id: of.siteId },
          occurredAt: counter.at,
          recordedAt: now,
          data: { counter: counter.counter, category: counter.category, reported, derived, drift },
        })
      }
      await appendEvents(trx, events)
    })
  }
}
