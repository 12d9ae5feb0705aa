// Owns one transaction of the parking side: facts in, everything that follows from them brought up to date.
// Must not talk to the outside, nor keep anything between two calls: it may run more than once.
import type { ParkingFact, ParkingResult } from '../../domain/parking-fact.ts'
import { credentialsOf, decodedFact, requestIdOf, type StayFact, searchKeysOf } from '../../domain/stay/index.ts'
import { releaseHoldsOf } from '../../store/access-holds.ts'
import { loadCardProfiles } from '../../store/decode-profiles.ts'
import { addJobs, appendEvents } from '../../store/event-log.ts'
import {
  factOfRow,
  insertFacts,
  lockSiteParking,
  type ParkingSource,
  revisionsOf,
  supersedeFacts,
} from '../../store/parking-facts.ts'
import { openReviews } from '../../store/site-state.ts'
import { transaction } from '../../store/transaction.ts'
import type { ServiceDeps } from '../service-deps.ts'
import { recordPayments } from './append-payments.ts'
import { classifyFacts } from './classify-facts.ts'
import { type ParkingChange, tell } from './parking-change.ts'
import { rederiveMovements } from './rederive-movements.ts'
import { rederiveStays } from './rederive-stays.ts'
import { stayContext } from './stay-context.ts'
import { updateBookings } from './update-bookings.ts'
import { updatePlaces } from './update-places.ts'

/** Stores checked facts in one commit. One result per fact, in order. */
export function storeFacts(deps: ServiceDeps) {
  return (source: ParkingSource, facts: readonly ParkingFact[]): Promise<ParkingResult[]> =>
    transaction(deps.db, async (trx) => {
      const site = await lockSiteParking(trx, source)
      if (!site) throw new Error(`connection ${source.connectionId} belongs to a site that does not exist`)
      const now = deps.clock.now()
      const stored = await revisionsOf(trx, source, [...new Set(facts.map(({ id }) => id))])
      const profiles = await loadCardProfiles(trx, source.organizationId)
      const sorted = classifyFacts(stored.map(factOfRow), facts, source, deps.newId, now, (fact) =>
        decodedFact(fact, profiles, source),
      )
      await insertFacts(trx, sorted.insert)
      await supersedeFacts(trx, source, sorted.superseded)
      if (sorted.gained.length + sorted.lost.length === 0) return sorted.results
      const change: ParkingChange = {
        trx,
        source,
        context: stayContext(source, site),
        profiles,
        now,
        newId: deps.newId,
        log: deps.log,
        gained: sorted.gained,
        lost: sorted.lost,
        events: [],
        jobs: [],
      }
      await updatePlaces(change)
      const lost = new Set(sorted.superseded)
      const stayIdOf = await rederiveStays(
        change,
        new Map(
          stored.flatMap((row) => (row.stay_id !== null && lost.has(row.fact_id) ? [[row.fact_id, row.stay_id]] : [])),
        ),
      )
      await rederiveMovements(
        change,
        stored.flatMap((row) => (row.movement_id !== null && lost.has(row.fact_id) ? [row.movement_id] : [])),
      )
      await recordPayments(change, stayIdOf)
      await giveBackPlaces(change)
      await updateBookings(change)
      tellOfGates(change)
      await reviewNameless(change)
      await appendEvents(trx, change.events)
      await addJobs(trx, [...new Map(change.jobs.map((job) => [job.key, job])).values()])
      return sorted.results
    })
}

/** What was granted is decided by now: the car is inside and counts as its stay, or it backed out and may ask again at once. */
async function giveBackPlaces({ trx, source, gained }: ParkingChange): Promise<void> {
  const decisive = gained.filter(({ type }) => ['gate.passed', 'gate.backedOut', 'stay.opened'].includes(type))
  await releaseHoldsOf(trx, source, {
    requestIds: decisive.flatMap((fact) => requestIdOf(fact) ?? []),
    searchKeys: [...new Set(decisive.flatMap((fact) => searchKeysOf(credentialsOf(fact))))],
  })
}

const flaggedCodes = new Set(['already_inside', 'not_inside', 'outside_schedule', 'overstay'])

function tellOfGates(change: ParkingChange): void {
  for (const fact of change.gained) {
    const subject = { type: 'parking_fact', id: fact.factId }
    if (fact.type === 'gate.backedOut') {
      tell(change, 'gate.backed_out', subject, fact.occurredAt, { lane: fact.lane ?? null })
    }
    if (fact.type !== 'gate.decided') continue
    const { requestId = fact.id, reasonCode = 'declined', decision } = fact.data
    const data = { requestId, lane: fact.lane ?? '', reason: reasonCode }
    if (decision === 'declined') tell(change, 'gate.declined', subject, fact.occurredAt, data)
    if (decision === 'granted' && flaggedCodes.has(reasonCode))
      tell(change, 'gate.flagged', subject, fact.occurredAt, data)
  }
}

/** A car went through a gate, and nothing says which: no stay can be made of it, and a person should know. */
async function reviewNameless(change: ParkingChange): Promise<void> {
  const { trx, source, newId } = change
  const rows = change.gained.filter(isNameless).map((fact) => ({
    organization_id: source.organizationId,
    site_id: source.siteId,
    review_id: newId(),
    content_key: `parking/${source.connectionId}/${fact.id}`,
    kind: 'passage',
    subject_type: 'parking_fact',
    subject_id: fact.factId,
    reason: 'A car passed a gate without a readable credential, and the parking system did not say which stay it is.',
    data: JSON.stringify({ lane: fact.lane ?? null, ...fact.data }),
    at: fact.occurredAt,
  }))
  const opened = await openReviews(trx, rows)
  for (const { review_id: reviewId, kind, reason, at } of rows) {
    if (opened.has(reviewId))
      tell(change, 'review.opened', { type: 'review', id: reviewId }, at, { reviewId, kind, reason })
  }
}

function isNameless(fact: StayFact): fact is Extract<StayFact, { type: 'gate.passed' }> {
  return (
    fact.type === 'gate.passed' &&
    fact.data.direction !== 'internal' &&
    fact.stayRef === undefined &&
    fact.data.requestId === undefined &&
    searchKeysOf(credentialsOf(fact)).length === 0
  )
}
