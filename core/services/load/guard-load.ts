// Owns the load guard at work: under the site's lease it reads how things stand, marks who does not keep to limits, and queues what may be told.
// Must not decide shares; core/domain/load does. All that it goes by is stored: after a kill it goes on where it was.
import { guardSite, type LoadEvse, refusalsOf, watch } from '../../domain/load/index.ts'
import { guardedSites, lockLoad, type SitePlace } from '../../store/circuits.ts'
import { acquireLease, fenced, releaseLease } from '../../store/leases.ts'
import { type LoadEvseRow, type WatchedRow, writeWatched } from '../../store/load-sites.ts'
import type { Db } from '../../store/record-table.ts'
import { closeReviewsOf, openReview } from '../../store/review-items.ts'
import { transaction } from '../../store/transaction.ts'
import { type QueueCommandDeps, queueCommand } from '../charger/queue-command.ts'
import type { ServiceDeps } from '../service-deps.ts'
import { loadGuard } from './guard-job.ts'
import { readLoadSite, settings } from './load-site.ts'

export interface GuardDeps extends Omit<QueueCommandDeps, 'veto'> {
  nodeId: string
}

/** Longer than one look takes; a node that dies gives the site free after it. */
const leaseMs = 30_000
/** A limit that waits longer than this in the queue is thought over again. */
const commandTtlMs = 30_000

/** Called every few seconds. */
export function sweepLoad(deps: GuardDeps) {
  const guard = guardLoad(deps)
  return async (): Promise<void> => {
    for (const place of await guardedSites(deps.db)) {
      // One site in trouble leaves no other without its guard.
      await guard(place).catch((error: unknown) => {
        deps.log.error({ err: error, siteId: place.siteId }, 'the load guard could not look at a site')
      })
    }
  }
}

/** Task `load.guard`: something changed at this site. Where another node has it in hand, that one goes on. */
export function guardLoad(deps: GuardDeps) {
  return async (place: SitePlace): Promise<void> => {
    const { organizationId, siteId } = place
    const lease = await acquireLease(deps.db, { name: `load:${siteId}`, holder: deps.nodeId, ttlMs: leaseMs })
    if (lease === undefined) return
    const woken = new Set<string>()
    try {
      await transaction(deps.db, async (trx) => {
        woken.clear()
        if (!(await fenced(trx, lease))) return
        await lockLoad(trx, siteId)
        await look({ ...deps, db: trx, wake: (stationId) => woken.add(stationId) }, trx, { organizationId, siteId })
      })
    } finally {
      await releaseLease(deps.db, lease)
    }
    for (const stationId of woken) deps.wake(stationId)
  }
}

async function look(deps: Omit<GuardDeps, 'nodeId'>, trx: Db, place: SitePlace): Promise<void> {
  const now = deps.clock.now()
  const { site, rows } = await readLoadSite(trx, place, now)
  const evses: LoadEvse[] = []
  for (const evse of site.evses) {
    const row = rows.get(evse.evseId)
    if (row === undefined) continue
    const watched = { ...watch(evse, now, settings), refusingSince: refusingSince(evse, row, now) }
    await mark(deps, trx, place, row, watched)
    evses.push({ ...evse, overSince: watched.overSince, ignoringSince: watched.ignoringSince })
  }
  const { commands } = guardSite({ ...site, evses }, now, settings)
  const queue = queueCommand(deps)
  for (const { evseId, amps, until } of commands) {
    const row = rows.get(evseId)
    if (row === undefined) continue
    const { stationId, evseNumber: evse, phases } = row
    await queue({
      organizationId: place.organizationId,
      stationId,
      command: { name: 'limit', evse, amps, phases, until: until.toISOString() },
      requestedBy: loadGuard,
      ttlMs: commandTtlMs,
    })
  }
}

function refusingSince(evse: LoadEvse, row: LoadEvseRow, now: Date): Date | null {
  return refusalsOf(evse) < settings.mostRefusals ? null : (row.refusingSince ?? now)
}

type Trouble = 'load_limit_ignored' | 'load_limits_refused'

/** Keeps what was noticed, and puts it before a person when it begins. */
async function mark(
  deps: ServiceDeps,
  trx: Db,
  place: SitePlace,
  row: LoadEvseRow,
  watched: Omit<WatchedRow, 'circuitEvseId'>,
): Promise<void> {
  const now = deps.clock.now()
  const same = (a: Date | null, b: Date | null) => a?.getTime() === b?.getTime()
  const marks = ['overSince', 'ignoringSince', 'refusingSince'] as const
  if (marks.every((name) => same(row[name], watched[name]))) return
  await writeWatched(trx, place.organizationId, { circuitEvseId: row.circuitEvseId, ...watched })
  const open = (kind: Trouble, since: Date, reason: string) =>
    openReview(trx, deps.newId, {
      ...place,
      reviewId: deps.newId(),
      contentKey: `${kind}:${row.circuitEvseId}:${since.toISOString()}`,
      kind,
      subjectType: 'circuit_evse',
      subjectId: row.circuitEvseId,
      reason,
      data: { evseId: row.evseId, stationId: row.stationId, evse: row.evseNumber, measuredMa: row.measuredMa },
      at: now,
    })
  if (row.ignoringSince === null && watched.ignoringSince !== null)
    await open(
      'load_limit_ignored',
      watched.ignoringSince,
      'Its meter shows more than it may draw: its hardware maximum counts now, and others make room.',
    )
  if (row.refusingSince === null && watched.refusingSince !== null)
    await open(
      'load_limits_refused',
      watched.refusingSince,
      'It refuses limits: its hardware maximum counts now, and others make room.',
    )
  if (row.refusingSince !== null && watched.refusingSince === null)
    await closeTrouble(deps, trx, place, row.circuitEvseId, 'load_limits_refused', loadGuard, 'It takes limits again.')
}

export async function closeTrouble(
  deps: ServiceDeps,
  trx: Db,
  { organizationId }: SitePlace,
  circuitEvseId: string,
  kind: Trouble,
  by: string,
  text: string,
): Promise<void> {
  const of = { organizationId, kind, subjectId: circuitEvseId }
  await closeReviewsOf(trx, deps.newId, of, { by, text, at: deps.clock.now() })
}
