// Owns the task `preload.reconcile`: what a parking system is to know of credentials, compared with what it was last asked, and the
// difference put in its queue. Removals first, in batches, and the newest wish about a credential takes the place of an older one.
// Must not call a vendor; what became of each action is told by settle-action.ts.
import type { PreloadedCredential } from '../../domain/parking-action.ts'
import { addJobs } from '../../store/event-log.ts'
import { type LinkInForce, linksInForce, markReconciled } from '../../store/parcs-links.ts'
import {
  forgetPreloads,
  forgetRefusals,
  gone,
  type KnownPreload,
  lockPreloads,
  type PreloadAim,
  preloadAims,
  preloadJob,
  writeAims,
} from '../../store/parcs-preloads.ts'
import { lockOpenAbout, type ParkingActionRow } from '../../store/parking-actions.ts'
import type { Db } from '../../store/record-table.ts'
import { revocationJobsOf } from '../../store/revocations.ts'
import { setTimer } from '../../store/timers.ts'
import { transaction } from '../../store/transaction.ts'
import type { ServiceDeps } from '../service-deps.ts'
import { notOffered } from './carry-out-actions.ts'
import { preloadContent, type WantedPreload } from './preload-content.ts'
import { type ActionRequest, queueActions } from './queue-actions.ts'
import { settleAction, verdict } from './settle-action.ts'

/** Of one transaction. Ten thousand new cards are twenty of them. */
const batch = 500
const dayMs = 24 * 3_600_000
export const preloader = 'hub:preload'

export function reconcilePreload(deps: ServiceDeps) {
  return async (of: { organizationId: string; connectionId: string }): Promise<void> => {
    const [link] = await linksInForce(deps.db, of.organizationId, of.connectionId)
    if (link === undefined) return
    if (link.archived) return forgetPreloads(deps.db, of)
    const now = deps.clock.now()
    const due = link.reconciledAt === null || now.getTime() - link.reconciledAt.getTime() >= dayMs
    if (due) await forgetRefusals(deps.db, of, now)
    const offered = link.actions['credential.put'] !== undefined
    const { wanted, nextChange } = await preloadContent(deps.db, {
      ...of,
      siteId: link.siteId,
      mode: offered ? link.preload : 'none',
      groups: link.preloadGroups,
      at: now,
    })
    const asked = await preloadAims(deps.db, of)
    const removals = [...asked].flatMap(([id, aim]) => (aim !== gone && !wanted.has(id) ? [id] : []))
    const puts = [...wanted].flatMap(([id, { fingerprint }]) => (asked.get(id) === fingerprint ? [] : [id]))
    const all = [...removals.sort(), ...puts.sort()]
    for (let i = 0; i < all.length; i += batch) {
      const part = all.slice(i, i + batch)
      await transaction(deps.db, (trx) => bringInLine(deps, trx, link, part, wanted))
    }
    await transaction(deps.db, async (trx) => {
      if (due) await markReconciled(trx, of, now)
      await setTimer(trx, {
        ...of,
        siteId: link.siteId,
        kind: 'preload.reconcile',
        key: `preload:${of.connectionId}`,
        dueAt: new Date(Math.min(now.getTime() + dayMs, nextChange?.getTime() ?? Number.POSITIVE_INFINITY)),
        data: of,
      })
    })
  }
}

async function bringInLine(
  deps: ServiceDeps,
  trx: Db,
  link: LinkInForce,
  credentialIds: readonly string[],
  wanted: ReadonlyMap<string, WantedPreload>,
): Promise<void> {
  const known = await lockPreloads(trx, link, credentialIds)
  const open = new Map<string, ParkingActionRow[]>()
  for (const row of await lockOpenAbout(trx, link, 'credential', credentialIds)) {
    open.set(row.subject_key, [...(open.get(row.subject_key) ?? []), row])
  }
  const aims: PreloadAim[] = []
  const requests: { aim: PreloadAim; request: ActionRequest }[] = []
  for (const credentialId of credentialIds) {
    const row = known.get(credentialId)
    const want = wanted.get(credentialId)
    if ((row?.asked ?? gone) === (want?.fingerprint ?? gone)) continue
    const left = await supersede(deps, trx, link, open.get(credentialId) ?? [], want === undefined)
    const aim = want === undefined ? removal(link, row, left) : placing(credentialId, want, row, left)
    if (aim === null) continue
    aims.push(aim)
    if (aim.settled || aim.state === 'refused') continue
    requests.push({ aim, request: requestOf(link, aim, want, row) })
  }
  const ids = await queueActions(
    deps,
    trx,
    requests.map(({ request }) => request),
  )
  for (const [i, { aim }] of requests.entries()) aim.actionId = ids[i] ?? null
  await writeAims(trx, link, aims, deps.clock.now())
  for (const { credentialId, settled } of aims) {
    if (settled) await addJobs(trx, await revocationJobsOf(trx, link.organizationId, { credentialId }))
  }
}

/**
 * Takes back what has not reached the vendor. An attempt that nobody knows the end of gives way to a removal always: removing what
 * may not be there harms nobody. To a newer put it gives way where the vendor takes two puts for one; else that waits.
 */
async function supersede(
  deps: ServiceDeps,
  trx: Db,
  link: LinkInForce,
  rows: readonly ParkingActionRow[],
  removing: boolean,
): Promise<ParkingActionRow[]> {
  const left: ParkingActionRow[] = []
  for (const row of rows) {
    const harmless = row.kind === 'credential.put' && (removing || link.actions['credential.put']?.repeatable === true)
    if (row.state === 'queued' || (row.state === 'unknown' && harmless)) {
      await settleAction(deps, trx, row, verdict('supersede', { reason: 'A newer wish took its place.' }))
      // What was sent once and is not known to be undone may stand there.
      if (row.state === 'unknown') left.push(row)
    } else left.push(row)
  }
  return left
}

function removal(
  link: LinkInForce,
  row: KnownPreload | undefined,
  left: readonly ParkingActionRow[],
): PreloadAim | null {
  if (row === undefined) return null
  const aim = { credentialId: row.credentialId, asked: gone, forms: row.forms, actionId: null, reason: null }
  const neverThere = (row.done === null || row.done === gone) && left.length === 0
  if (neverThere) return { ...aim, state: 'removed', settled: true }
  if (link.actions['credential.remove'] === undefined) {
    return { ...aim, state: 'refused', reason: notOffered('credential.remove'), settled: false }
  }
  return { ...aim, state: 'removing', settled: false }
}

function placing(
  credentialId: string,
  { fingerprint, data }: WantedPreload,
  row: KnownPreload | undefined,
  left: readonly ParkingActionRow[],
): PreloadAim {
  const keys = new Set(data.presentations.map(({ key }) => key))
  // Until the new forms are confirmed, the old ones may still open the gate: a removal has to name both.
  const forms = [...data.presentations, ...(row?.forms ?? []).filter(({ key }) => !keys.has(key))]
  const aim = { credentialId, asked: fingerprint, forms, actionId: null, reason: null }
  const there = row?.done === fingerprint && left.length === 0
  return there ? { ...aim, state: 'in_place', settled: true } : { ...aim, state: 'pending', settled: false }
}

function requestOf(
  link: LinkInForce,
  aim: PreloadAim,
  want: WantedPreload | undefined,
  row: KnownPreload | undefined,
): ActionRequest {
  const base = {
    organizationId: link.organizationId,
    siteId: link.siteId,
    connectionId: link.connectionId,
    requestedBy: preloader,
    deadline: null,
  }
  const { credentialId } = aim
  return want === undefined
    ? {
        ...base,
        kind: 'credential.remove',
        data: { credentialId, reason: 'It may not park here any more.', presentations: row?.forms ?? [] },
      }
    : { ...base, kind: 'credential.put', data: want.data satisfies PreloadedCredential }
}

/** In the transaction of a change of people, groups, vehicles or credentials: every connection that preloads is looked at. */
export async function tellPreloads(trx: Db, organizationId: string): Promise<void> {
  const links = await linksInForce(trx, organizationId)
  await addJobs(
    trx,
    links.filter(({ preload, archived }) => preload !== 'none' && !archived).map((link) => preloadJob(link, gatherMs)),
  )
}

/** A revoked card leaves within moments; an import of thousands is one look. */
const gatherMs = 300
