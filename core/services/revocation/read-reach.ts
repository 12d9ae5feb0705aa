// Owns what is shown of a credential's reach: where it is known, and how far its latest revocation has come at every place.
// Must not look anew; follow-revocation.ts does.

import { preloadsOf } from '../../store/parcs-preloads.ts'
import { credentials } from '../../store/people.ts'
import { getRecord } from '../../store/record-table.ts'
import {
  latestRevocation,
  placesOfRevocation,
  type Revocation,
  type RevocationPlace,
  stationsListing,
} from '../../store/revocations.ts'
import { tokensOf } from '../../store/standing.ts'
import { type Access, notFound, type Outcome, ok } from '../manage/outcome.ts'
import type { ServiceDeps } from '../service-deps.ts'

export interface Reach {
  credentialId: string
  knownAt: { connectionIds: string[]; stationIds: string[] }
  revocation: (Omit<Revocation, 'organizationId' | 'credentialId'> & { seconds: number; places: ReachedPlace[] }) | null
}

interface ReachedPlace extends Omit<RevocationPlace, 'place' | 'placeId' | 'commandId'> {
  place: RevocationPlace['place'] | 'hub'
  placeId: string | null
}

export function readReach(deps: Pick<ServiceDeps, 'db' | 'clock'>) {
  return async (access: Access, credentialId: string): Promise<Outcome<Reach>> => {
    const { organizationId, siteIds } = access
    if (!(await getRecord(deps.db, credentials, access, credentialId))) return notFound
    const seen = ({ siteId }: { siteId: string | null }) =>
      siteIds === null || (siteId !== null && siteIds.includes(siteId))
    const tokens = await tokensOf(deps.db, organizationId, credentialId)
    const known = (await preloadsOf(deps.db, organizationId, credentialId)).filter(
      (one) => one.state !== 'removed' && seen(one),
    )
    const listing = (await stationsListing(deps.db, organizationId, tokens)).filter(seen)
    const knownAt = {
      connectionIds: known.map(({ connectionId }) => connectionId),
      stationIds: listing.map(({ stationId }) => stationId),
    }
    const revocation = await latestRevocation(deps.db, organizationId, credentialId)
    if (revocation === undefined) return ok({ credentialId, knownAt, revocation: null })
    const { revocationId, cause, state, begunAt, stalledAt, endedAt } = revocation
    const places = await placesOfRevocation(deps.db, organizationId, revocationId)
    const seconds = ((endedAt ?? deps.clock.now()).getTime() - begunAt.getTime()) / 1_000
    const shown = places.filter(seen).map(({ place, placeId, siteId, state, reason, since, doneAt }) => ({
      place,
      placeId,
      siteId,
      state,
      reason,
      since,
      doneAt,
    }))
    // The hub's own answers to gates and chargers are looked up each time: they changed with the record.
    const hub = {
      place: 'hub' as const,
      placeId: null,
      siteId: null,
      state: 'done' as const,
      reason: null,
      since: begunAt,
      doneAt: begunAt,
    }
    return ok({
      credentialId,
      knownAt,
      revocation: { revocationId, cause, state, begunAt, stalledAt, endedAt, seconds, places: [hub, ...shown] },
    })
  }
}
