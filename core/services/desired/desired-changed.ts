// Owns which stations are looked at again, and at what pace: after a change of what is wanted, of who may charge, and by the clock.
// Must not compare or send anything itself.
import { appliesTo, type DesiredScope, desiredOf, type Protocol } from '../../domain/desired/index.ts'
import type { ListEntry } from '../../domain/station-command.ts'
import { liveDesiredItems, type ReconciledStation, reconciledStations } from '../../store/desired-items.ts'
import { addJobs } from '../../store/event-log.ts'
import { type KnownRow, readKnown, readList, reconcileJob, stationsDue } from '../../store/station-actual.ts'
import type { ServiceDeps } from '../service-deps.ts'
import { contentHash, fitted, listContent } from './list-content.ts'
import { verifyAfterMs } from './reconcile-station.ts'

/** A site's stations are told within a second, and ten thousand do not all ask the database at once. */
const stationsPerSecond = 50
const mostPerSweep = 500

/** Task `desired.changed`: something is wanted otherwise at these places. */
export function desiredChanged(deps: ServiceDeps) {
  return async ({ organizationId, places }: { organizationId: string; places: DesiredScope[] }): Promise<void> => {
    const stations = await reconciledStations(deps.db, organizationId)
    await lookAgain(
      deps,
      stations.filter((station) => places.some((place) => appliesTo(place, station))),
    )
  }
}

/** Task `desired.lists_changed`: credentials changed; stations whose list is another now are looked at. */
export function localListsChanged(deps: ServiceDeps) {
  return async ({ organizationId }: { organizationId: string }): Promise<void> => {
    const items = await liveDesiredItems(deps.db, organizationId)
    const contents = new Map<string, ListEntry[]>()
    const touched: ReconciledStation[] = []
    for (const station of await reconciledStations(deps.db, organizationId)) {
      const { siteId } = station
      const item = desiredOf(station, items).find(({ kind }) => kind === 'local_list')
      if (item?.kind !== 'local_list' || siteId === null || station.protocol === null) continue
      const protocol = station.protocol as Protocol
      const name = `${siteId} ${protocol === 'ocpp1.6'}`
      const all =
        contents.get(name) ?? (await listContent(deps.db, { organizationId, siteId, protocol, at: deps.clock.now() }))
      contents.set(name, all)
      const known: KnownRow | undefined = (await readKnown(deps.db, station)).find((row) => row.kind === 'local_list')
      const limits = [item.value.maxEntries, (await readList(deps.db, station))?.maxEntries]
      const most = limits.filter((n): n is number => typeof n === 'number')
      const hash = contentHash(fitted(all, most.length === 0 ? null : Math.min(...most)))
      if (known?.desiredHash !== hash) touched.push(station)
    }
    await lookAgain(deps, touched)
  }
}

async function lookAgain(deps: ServiceDeps, stations: readonly ReconciledStation[]): Promise<void> {
  await addJobs(
    deps.db,
    stations.map((station, i) => reconcileJob(station, Math.floor((i * 1000) / stationsPerSecond))),
  )
}

/** Called about once a minute: what waited for its time, and what has not been verified for an hour. */
export function sweepDesired(deps: ServiceDeps) {
  return async (): Promise<void> => {
    const now = deps.clock.now()
    const due = await stationsDue(deps.db, {
      now,
      verifiedBefore: new Date(now.getTime() - verifyAfterMs),
      limit: mostPerSweep,
    })
    await addJobs(
      deps.db,
      due.map((station, i) => reconcileJob(station, Math.floor((i * 1000) / stationsPerSecond))),
    )
  }
}
