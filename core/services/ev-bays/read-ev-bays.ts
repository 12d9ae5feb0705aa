// Owns listing charging bays and telling what one was over a time.
// Must not write; the history is derived from what is stored, so late and corrected facts are in it.
import { type EvBayInterval, evBayHistory, evBaySettings } from '../../domain/ev-bay/index.ts'
import { bayFacts, type EvBay, evBays, readEvBay } from '../../store/ev-bays.ts'
import type { Page } from '../../store/keyset.ts'
import { getRecord, type ListQuery, listRecords } from '../../store/record-table.ts'
import { type Access, invalid, notFound, type Outcome, ok } from '../manage/outcome.ts'
import type { ServiceDeps } from '../service-deps.ts'

const dayMs = 86_400_000
const longestMs = 92 * dayMs

export function listEvBays(deps: Pick<ServiceDeps, 'db'>) {
  return (access: Access, query: ListQuery): Promise<Page<EvBay>> =>
    listRecords(deps.db, evBays, access, { ...query, withEvse: true })
}

export function readEvBayHistory(deps: Pick<ServiceDeps, 'db' | 'clock'>) {
  return async (
    access: Access,
    bayId: string,
    query: { from?: string | undefined; to?: string | undefined },
  ): Promise<Outcome<{ items: EvBayInterval[] }>> => {
    const bay = await getRecord(deps.db, evBays, access, bayId)
    if (bay === undefined) return notFound
    const now = deps.clock.now()
    const to = query.to === undefined || new Date(query.to) > now ? now : new Date(query.to)
    const from = query.from === undefined ? new Date(to.getTime() - dayMs) : new Date(query.from)
    if (from >= to) return invalid('/from', 'must lie before the end')
    if (to.getTime() - from.getTime() > longestMs) return invalid('/from', 'must be at most 92 days before the end')
    const { organizationId } = access
    const place = await readEvBay(deps.db, { organizationId, siteId: bay.siteId, bayId })
    if (place === undefined) return ok({ items: [] })
    // What happened before may reach into the time asked about: a car that was seen, a session that had just ended.
    const facts = await bayFacts(deps.db, place, new Date(from.getTime() - dayMs), to)
    return ok({ items: evBayHistory(facts, evBaySettings(place.settings), from, to) })
  }
}
