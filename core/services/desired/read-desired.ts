// Owns what is shown of desired state: merged for one station, what it has beside it, and having it looked at now.
// Must not compare anew; the rows say what was found.
import { desiredOf } from '../../domain/desired/index.ts'
import { appendAudit } from '../../store/audit.ts'
import { liveDesiredItems, reconciledStations } from '../../store/desired-items.ts'
import { addJobs } from '../../store/event-log.ts'
import type { Page } from '../../store/keyset.ts'
import { getRecord, type ListQuery, listRecords } from '../../store/record-table.ts'
import {
  countStates,
  type Drift,
  drifts,
  forgetTroubles,
  readKnown,
  reconcileJob,
  type StateCounts,
} from '../../store/station-actual.ts'
import { stations } from '../../store/stations.ts'
import { refusable } from '../manage/manage-record.ts'
import { type Access, notFound, type Outcome, ok } from '../manage/outcome.ts'
import type { ServiceDeps } from '../service-deps.ts'

export function stationDesired(deps: ServiceDeps) {
  return async (access: Access, stationId: string) => {
    const station = await getRecord(deps.db, stations, access, stationId)
    if (!station) return notFound
    const { organizationId } = access
    const { siteId, vendor, model, firmware } = station
    const items = desiredOf(
      { stationId, siteId, vendor, model, firmware },
      await liveDesiredItems(deps.db, organizationId),
    )
    const known = await readKnown(deps.db, { organizationId, siteId, stationId })
    const rowOf = (kind: string, key: string) => known.find((row) => row.kind === kind && row.key === key)
    return ok({
      stationId,
      items: items.map(({ kind, key, value, itemId, scope }) => {
        const row = rowOf(kind, key)
        return {
          kind,
          key,
          value: { ...value } as Record<string, unknown>,
          desiredItemId: itemId,
          scope,
          state: row?.state ?? ('unknown' as const),
          reason: row?.reason ?? null,
        }
      }),
    })
  }
}

export interface DriftPage extends Page<Drift> {
  counts: StateCounts
}

export function listDrift(deps: ServiceDeps) {
  return async (access: Access, query: ListQuery & { siteId?: string; kind?: string; stationId?: string }) => {
    const { siteId, kind, stationId } = query
    const page: DriftPage = {
      ...(await listRecords(deps.db, drifts, access, query)),
      counts: await countStates(deps.db, access, { siteId, kind, stationId }),
    }
    return page
  }
}

export function listStationDrift(deps: ServiceDeps) {
  return async (access: Access, stationId: string, query: ListQuery): Promise<Outcome<DriftPage>> => {
    const station = await getRecord(deps.db, stations, access, stationId)
    return station ? ok(await listDrift(deps)(access, { ...query, stationId })) : notFound
  }
}

export function reconcileNow(deps: ServiceDeps) {
  return (access: Access, stationId: string): Promise<Outcome<{ stationId: string; connected: boolean }>> =>
    refusable(deps, async (trx) => {
      const station = await getRecord(trx, stations, access, stationId)
      if (!station) return notFound
      const [state] = await reconciledStations(trx, access.organizationId, stationId)
      if (state === undefined) return { kind: 'conflict', message: 'The station is archived or has not been accepted.' }
      const at = deps.clock.now()
      await forgetTroubles(trx, state, at)
      await addJobs(trx, [reconcileJob(state)])
      await appendAudit(trx, access.organizationId, {
        auditId: deps.newId(),
        siteId: state.siteId,
        at,
        actor: access.actor,
        action: 'station.reconcile_asked',
        subjectType: 'station',
        subjectId: stationId,
        before: null,
        after: null,
        requestId: access.requestId,
      })
      return ok({ stationId, connected: state.connected })
    })
}
