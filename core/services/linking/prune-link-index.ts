// Owns letting go of the keys of stays and sessions that are history; the hub's hourly round calls it.
// Must not touch links: those stay for ever. What is pruned can be found by no new stay or session, and none could belong to it.

import { sitesWithSettings } from '../../store/identity-changes.ts'
import { pruneIndex } from '../../store/links.ts'
import type { ServiceDeps } from '../service-deps.ts'
import { historyFrom, linkSettings, openHistoryFrom } from './link-settings.ts'

/** Rows of one statement: a first pruning after a long time must not hold a lock for minutes. */
const mostRows = 5_000

/** Returns how many rows went. */
export function pruneLinkIndex(
  deps: Pick<ServiceDeps, 'db' | 'clock'>,
): (of: { organizationId: string }) => Promise<number> {
  return async ({ organizationId }) => {
    const now = deps.clock.now()
    let total = 0
    for (const { siteId, settings } of await sitesWithSettings(deps.db, organizationId)) {
      const own = linkSettings(settings)
      const before = { ended: historyFrom(own, now), open: openHistoryFrom(own, now) }
      for (let gone = mostRows; gone === mostRows; total += gone) {
        gone = await pruneIndex(deps.db, { organizationId, siteId }, before, mostRows)
      }
    }
    return total
  }
}
