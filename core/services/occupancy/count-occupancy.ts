// Owns what an operator counted: kept, compared, with proposals which stays are ghosts; closing those; taking a count back.
// Must not close a stay that nobody named.

import { reportedBy } from '../../domain/occupancy/counters.ts'
import { appendAudit } from '../../store/audit.ts'
import {
  countersOf,
  insideAt,
  type OccupancyCount,
  occupancyCounts,
  oldestOpen,
  type SuspectStay,
  siteOf,
  staysToMove,
} from '../../store/presence.ts'
import {
  type Db,
  getRecord,
  insertRecord,
  type ListQuery,
  listRecords,
  updateRecord,
} from '../../store/record-table.ts'
import { transaction } from '../../store/transaction.ts'
import { type Access, invalid, notFound, type Outcome, ok } from '../manage/outcome.ts'
import type { ServiceDeps } from '../service-deps.ts'
import { presumeLeft } from './presume-left.ts'

export interface CountInput {
  siteId: string
  counted: number
  at?: string
  area?: string
  category?: string
  note?: string
}

/** Proposals in one answer. */
const mostProposals = 200
/** Stays that one call closes. */
const mostStays = 1_000

export const listCounts = (deps: Pick<ServiceDeps, 'db'>) => (access: Access, query: ListQuery) =>
  listRecords(deps.db, occupancyCounts, access, query)

export function recordCount(deps: ServiceDeps) {
  return async (access: Access, input: CountInput): Promise<Outcome<OccupancyCount & { proposals: SuspectStay[] }>> => {
    const now = deps.clock.now()
    const at = input.at === undefined ? now : new Date(input.at)
    if (at > now) return invalid('/at', 'must not lie in the future')
    return transaction(deps.db, async (trx) => {
      const site = await siteOf(trx, access, input.siteId)
      if (site === undefined) return invalid('/siteId', 'is not a site that this key reaches')
      const of = { organizationId: access.organizationId, siteId: input.siteId }
      const whole = input.area === undefined && input.category === undefined
      const derived = whole ? await insideAt(trx, of, at) : null
      const total = (await countersOf(trx, of)).find(({ category, area_code }) => category === '' && area_code === null)
      const record = await insertRecord(trx, occupancyCounts, {
        organization_id: access.organizationId,
        count_id: deps.newId(),
        site_id: input.siteId,
        area_code: input.area ?? null,
        category: input.category ?? null,
        counted: input.counted,
        at,
        derived,
        reported: whole && total ? reportedBy({ ...total, area: null }) : null,
        note: input.note ?? null,
        counted_by: access.actor,
        created_at: now,
        updated_at: now,
      })
      await log(deps, trx, access, 'created', null, record, now)
      const ghosts = Math.min(Math.max(0, (derived ?? 0) - input.counted), mostProposals)
      return ok({ ...record, proposals: ghosts === 0 ? [] : await oldestOpen(trx, of, at, ghosts) })
    })
  }
}

/** Stays named by the operator are taken to have left by the time of the count. */
export function closeGhosts(deps: ServiceDeps) {
  return async (access: Access, countId: string, stayIds: readonly string[]): Promise<Outcome<OccupancyCount>> =>
    transaction(deps.db, async (trx) => {
      const now = deps.clock.now()
      const count = await getRecord(trx, occupancyCounts, access, countId, 'lock')
      if (count === undefined) return notFound
      if (count.undoneAt !== null) return { kind: 'conflict', message: 'The count was taken back.' }
      const of = { organizationId: access.organizationId, siteId: count.siteId }
      const stays = await staysToMove(trx, of, { open: stayIds }, mostStays)
      const known = new Set(stays.map(({ stayId }) => stayId))
      const missing = stayIds.findIndex((id) => !known.has(id))
      if (missing >= 0) return invalid(`/stayIds/${missing}`, 'is not an open stay of this site')
      await presumeLeft(deps, trx, of, stays, { at: count.at, by: byCount(countId) })
      const after = await updateRecord(trx, occupancyCounts, access.organizationId, countId, { updated_at: now })
      await log(deps, trx, access, 'closed_stays', { ...count }, { ...after, stayIds } as typeof after, now)
      return ok(after)
    })
}

/** The count does not count any more, and stays closed by it are as their facts say. */
export function undoCount(deps: ServiceDeps) {
  return async (access: Access, countId: string): Promise<Outcome<OccupancyCount>> =>
    transaction(deps.db, async (trx) => {
      const now = deps.clock.now()
      const count = await getRecord(trx, occupancyCounts, access, countId, 'lock')
      if (count === undefined) return notFound
      if (count.undoneAt !== null) return { kind: 'conflict', message: 'The count was taken back before.' }
      const of = { organizationId: access.organizationId, siteId: count.siteId }
      await presumeLeft(deps, trx, of, await staysToMove(trx, of, { by: byCount(countId) }, mostStays), null)
      const after = await updateRecord(trx, occupancyCounts, access.organizationId, countId, {
        undone_at: now,
        undone_by: access.actor,
        updated_at: now,
      })
      await log(deps, trx, access, 'undone', count, after, now)
      return ok(after)
    })
}

const byCount = (countId: string) => `count:${countId}`

async function log(
  deps: ServiceDeps,
  trx: Db,
  access: Access,
  action: string,
  before: object | null,
  after: Pick<OccupancyCount, 'siteId' | 'countId'>,
  now: Date,
): Promise<void> {
  await appendAudit(trx, access.organizationId, {
    auditId: deps.newId(),
    siteId: after.siteId,
    at: now,
    actor: access.actor,
    action: `occupancy_count.${action}`,
    subjectType: 'occupancy_count',
    subjectId: after.countId,
    before,
    after,
    requestId: access.requestId,
  })
}
