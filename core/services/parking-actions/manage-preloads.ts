// Owns what people see and set of preloading: which connection is to know whom, what is known there, looking now.
// Must not compare anything itself; reconcile-preload.ts does.
import { appendAudit } from '../../store/audit.ts'
import { connectionRecords } from '../../store/connections.ts'
import { addJobs } from '../../store/event-log.ts'
import type { Page } from '../../store/keyset.ts'
import { type ParcsLinkRecord, type PreloadMode, parcsLinks, writePreloadMode } from '../../store/parcs-links.ts'
import {
  countPreloads,
  forgetRefusals,
  type PreloadCounts,
  type PreloadRecord,
  preloadJob,
  preloads,
} from '../../store/parcs-preloads.ts'
import { type Db, getRecord, type ListQuery, listRecords } from '../../store/record-table.ts'
import { refusable } from '../manage/manage-record.ts'
import { type Access, invalid, notFound, type Outcome, ok } from '../manage/outcome.ts'
import type { ServiceDeps } from '../service-deps.ts'
import { type ParkingActionDeps, readAbilities, unable } from './manage-actions.ts'

export interface PreloadPage extends Page<PreloadRecord> {
  counts: PreloadCounts
}

export function listPreloads(deps: Pick<ServiceDeps, 'db'>) {
  return async (
    access: Access,
    query: ListQuery & { connectionId?: string; credentialId?: string; siteId?: string },
  ): Promise<PreloadPage> => ({
    ...(await listRecords(deps.db, preloads, access, query)),
    counts: await countPreloads(deps.db, access, query),
  })
}

export interface PreloadSetting {
  mode: PreloadMode
  groups?: readonly string[]
}

export interface PreloadView {
  connectionId: string
  mode: PreloadMode
  groups: readonly string[]
  reconciledAt: Date | null
  counts: PreloadCounts
}

export function getPreload(deps: Pick<ServiceDeps, 'db'>) {
  return async (access: Access, connectionId: string): Promise<Outcome<PreloadView>> => {
    if (!(await getRecord(deps.db, connectionRecords, access, connectionId))) return notFound
    return ok(await view(deps.db, access, connectionId, await getRecord(deps.db, parcsLinks, access, connectionId)))
  }
}

async function view(
  db: Db,
  access: Access,
  connectionId: string,
  link: ParcsLinkRecord | undefined,
): Promise<PreloadView> {
  return {
    connectionId,
    mode: link?.preload ?? 'none',
    groups: link?.preloadGroups ?? [],
    reconciledAt: link?.reconciledAt ?? null,
    counts: await countPreloads(db, access, { connectionId }),
  }
}

export function setPreload(deps: ParkingActionDeps) {
  return (access: Access, connectionId: string, { mode, groups = [] }: PreloadSetting): Promise<Outcome<PreloadView>> =>
    refusable(deps, async (trx) => {
      const connection = await getRecord(trx, connectionRecords, access, connectionId)
      if (!connection || connection.archivedAt !== null) return notFound
      const abilities = await readAbilities({ db: trx, door: deps.door })(access, connectionId)
      if (abilities.kind !== 'ok') return abilities
      const refusal = mode === 'none' ? undefined : unable('credential.put', abilities.value)
      if (refusal) return refusal
      if (mode === 'groups' && groups.length === 0) return invalid('/groups', 'name at least one group')
      if (mode !== 'groups' && groups.length > 0) return invalid('/groups', 'belong to the mode "groups"')
      const { siteId } = connection
      if (siteId === null) return { kind: 'conflict', message: 'It is no connection of a parking system.' }
      const before = await getRecord(trx, parcsLinks, access, connectionId)
      const of = { organizationId: access.organizationId, siteId, connectionId }
      await writePreloadMode(trx, of, { mode, groups }, deps.clock.now())
      await addJobs(trx, [preloadJob(of)])
      await audit(deps, trx, access, { siteId, connectionId }, 'preload_set', {
        before: before === undefined ? null : { mode: before.preload, groups: before.preloadGroups },
        after: { mode, groups },
      })
      return ok(await view(trx, access, connectionId, await getRecord(trx, parcsLinks, access, connectionId)))
    })
}

/** What was refused is asked anew. */
export function reconcilePreloadNow(deps: ServiceDeps) {
  return (access: Access, connectionId: string): Promise<Outcome<PreloadView>> =>
    refusable(deps, async (trx) => {
      const link = await getRecord(trx, parcsLinks, access, connectionId)
      if (!link) return notFound
      const of = { organizationId: access.organizationId, connectionId }
      await forgetRefusals(trx, of, deps.clock.now())
      await addJobs(trx, [preloadJob(of)])
      const change = { before: null, after: null }
      await audit(deps, trx, access, { siteId: link.siteId, connectionId }, 'preload_reconcile_asked', change)
      return ok(await view(trx, access, connectionId, link))
    })
}

async function audit(
  deps: ServiceDeps,
  trx: Db,
  access: Access,
  { siteId, connectionId }: { siteId: string; connectionId: string },
  action: string,
  change: { before: object | null; after: object | null },
): Promise<void> {
  await appendAudit(trx, access.organizationId, {
    auditId: deps.newId(),
    siteId,
    at: deps.clock.now(),
    actor: access.actor,
    action: `connection.${action}`,
    subjectType: 'connection',
    subjectId: connectionId,
    ...change,
    requestId: access.requestId,
  })
}
