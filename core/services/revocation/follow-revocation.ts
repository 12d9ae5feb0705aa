// Owns the task `revocation.follow`: every place that knows a credential which lost its rights, and how far each has come.
// Must not remove anything from a parking system or a local list itself: their own reconciling does, and is only watched here.
import { addJobs, appendEvents } from '../../store/event-log.ts'
import { preloadsOf } from '../../store/parcs-preloads.ts'
import { parkingActionsNeedingPerson } from '../../store/parking-actions.ts'
import type { Db } from '../../store/record-table.ts'
import {
  listsOf,
  lockRevocation,
  moveRevocation,
  placesOfRevocation,
  type Revocation,
  type RevocationPlace,
  revocationJobsOf,
  revocationTimer,
  runningSessions,
  stationsListing,
  stationsRemembering,
  writePlaces,
} from '../../store/revocations.ts'
import { type CredentialStanding, credentialStanding, tokensOf } from '../../store/standing.ts'
import { setTimer } from '../../store/timers.ts'
import { transaction } from '../../store/transaction.ts'
import { backSoon, followCaches, followSessions, type PlaceNews } from './follow-stations.ts'
import type { RevocationDeps } from './revocation-deps.ts'
import { revocationSettings } from './revocation-settings.ts'

const shortestLookMs = 1_000
const longestLookMs = 120_000
/** OCPP 1.6 parentIdTag, as judge-access.ts cuts it. */
const longestGroupToken = 20

export function followRevocation(deps: RevocationDeps) {
  return async (of: { organizationId: string; revocationId: string }): Promise<void> => {
    const woken: string[] = []
    await transaction(deps.db, async (trx) => {
      woken.length = 0
      const inside = { ...deps, db: trx, wake: (stationId: string) => void woken.push(stationId) }
      await lookAt(inside, trx, of)
    })
    for (const stationId of woken) deps.wake(stationId)
  }
}

/** Task `revocation.station`: the station answered one who revoked. */
export function followRevocationsAt(deps: Pick<RevocationDeps, 'db'>) {
  return async ({ organizationId, stationId }: { organizationId: string; stationId: string }): Promise<void> =>
    addJobs(deps.db, await revocationJobsOf(deps.db, organizationId, { stationId }))
}

async function lookAt(
  deps: RevocationDeps,
  trx: Db,
  of: { organizationId: string; revocationId: string },
): Promise<void> {
  const revocation = await lockRevocation(trx, of.organizationId, of.revocationId)
  if (revocation === undefined || (revocation.state !== 'running' && revocation.state !== 'stalled')) return
  const now = deps.clock.now()
  const standing = await credentialStanding(trx, of.organizationId, revocation.credentialId)
  if (revocation.cause !== 'moved' && standing !== undefined && isGood(standing, now)) {
    await moveRevocation(trx, revocation, { state: 'lifted', endedAt: now }, now)
    return
  }
  const tokens = await tokensOf(trx, of.organizationId, revocation.credentialId)
  const known = await placesOfRevocation(trx, of.organizationId, of.revocationId)
  const places = [...known, ...(await newPlaces(trx, revocation, tokens, known, now))]
  const news = new Map<RevocationPlace, PlaceNews>()
  const open = places.filter(({ state }) => state !== 'done' && state !== 'left')
  const at = (place: RevocationPlace['place']) => open.filter((one) => one.place === place)
  await followConnections(deps, trx, revocation, at('connection'), news)
  await followLists(trx, revocation, standing, tokens, at('station_list'), news)
  await followCaches(deps, trx, revocation, at('station_cache'), news)
  await followSessions(deps, trx, revocation, at('session'), news)
  const after = places.map((place) => moved(place, news.get(place), now))
  await writePlaces(trx, revocation, after, now)
  await conclude(deps, trx, revocation, after, now)
}

/** Whether it may do anything again. */
function isGood(standing: CredentialStanding, now: Date): boolean {
  const within = (from: Date | null, until: Date | null) =>
    (from === null || from <= now) && (until === null || until > now)
  return (
    standing.status === 'active' &&
    standing.archivedAt === null &&
    (standing.accountStatus === null || standing.accountStatus === 'active') &&
    within(standing.validFrom, standing.validUntil) &&
    within(standing.accountValidFrom, standing.accountValidUntil)
  )
}

function moved(place: RevocationPlace, news: PlaceNews | undefined, now: Date): RevocationPlace {
  if (news === undefined) return place
  const { state, reason = null, commandId = place.commandId } = news
  return {
    ...place,
    state,
    reason,
    commandId,
    since: state === place.state ? place.since : now,
    doneAt: state === 'done' || state === 'left' ? now : null,
  }
}

async function newPlaces(
  trx: Db,
  { organizationId, credentialId, cause }: Revocation,
  tokens: readonly string[],
  known: readonly RevocationPlace[],
  now: Date,
): Promise<RevocationPlace[]> {
  const make = (place: RevocationPlace['place'], placeId: string, siteId: string | null): RevocationPlace => ({
    place,
    placeId,
    siteId,
    state: 'waiting',
    reason: null,
    commandId: null,
    since: now,
    doneAt: null,
  })
  const found: RevocationPlace[] = []
  for (const { connectionId, siteId, state } of await preloadsOf(trx, organizationId, credentialId)) {
    if (state !== 'removed') found.push(make('connection', connectionId, siteId))
  }
  for (const { stationId, siteId } of await stationsListing(trx, organizationId, tokens))
    found.push(make('station_list', stationId, siteId))
  // Caches and sessions are looked for once: what charges later was let in by somebody who looked.
  if (known.length === 0) {
    for (const { stationId, siteId } of await stationsRemembering(trx, organizationId, credentialId))
      found.push(make('station_cache', stationId, siteId))
    for (const session of cause === 'moved' ? [] : await runningSessions(trx, organizationId, credentialId)) {
      const place = make('session', session.sessionId, session.siteId)
      const stops = revocationSettings(session.settings).sessions === 'stop'
      found.push(stops ? place : { ...place, state: 'left', reason: 'It may finish, as the site is set.', doneAt: now })
    }
  }
  const name = ({ place, placeId }: RevocationPlace) => `${place} ${placeId}`
  const names = new Set(known.map(name))
  return found.filter((one) => !names.has(name(one)))
}

async function followConnections(
  deps: RevocationDeps,
  trx: Db,
  { organizationId, credentialId, cause, begunAt }: Revocation,
  open: readonly RevocationPlace[],
  news: Map<RevocationPlace, PlaceNews>,
): Promise<void> {
  if (open.length === 0) return
  const rows = new Map((await preloadsOf(trx, organizationId, credentialId)).map((row) => [row.connectionId, row]))
  const waiting = await parkingActionsNeedingPerson(trx, organizationId, 'credential', credentialId)
  for (const place of open) {
    const row = rows.get(place.placeId)
    const inPlace = row?.state === 'in_place' && cause === 'moved' && row.updatedAt > begunAt
    if (row === undefined || row.state === 'removed' || inPlace) news.set(place, { state: 'done' })
    else if (waiting.has(place.placeId)) news.set(place, { state: 'needs_person', reason: row.reason })
    else if (row.state === 'refused') news.set(place, { state: 'refused', reason: row.reason })
    else if (deps.door(place.placeId) === undefined) news.set(place, { state: 'away', reason: backSoon })
    else news.set(place, { state: 'waiting', reason: row.reason })
  }
}

async function followLists(
  trx: Db,
  { organizationId, cause }: Revocation,
  standing: CredentialStanding | undefined,
  tokens: readonly string[],
  open: readonly RevocationPlace[],
  news: Map<RevocationPlace, PlaceNews>,
): Promise<void> {
  if (open.length === 0) return
  const number = standing?.accountNumber ?? null
  const group = number !== null && number.length <= longestGroupToken ? number : null
  const ids = open.map(({ placeId }) => placeId)
  const lists = await listsOf(trx, organizationId, ids, tokens)
  for (const place of open) {
    const list = lists.get(place.placeId)
    const right = list?.entries.every(({ groupToken }) => cause === 'moved' && groupToken === group) ?? true
    if (list === undefined || (list.sure && !list.sending && right)) news.set(place, { state: 'done' })
    else if (!list.connected) news.set(place, { state: 'away', reason: backSoon })
    else news.set(place, { state: 'waiting' })
  }
}

async function conclude(
  deps: RevocationDeps,
  trx: Db,
  revocation: Revocation,
  places: readonly RevocationPlace[],
  now: Date,
): Promise<void> {
  const { organizationId, revocationId, credentialId, cause, begunAt } = revocation
  const passedMs = now.getTime() - begunAt.getTime()
  const about = {
    id: deps.newId(),
    organizationId,
    siteId: null,
    subject: { type: 'credential', id: credentialId },
    occurredAt: now,
    recordedAt: now,
  }
  const said = { credentialId, revocationId, cause, seconds: passedMs / 1_000 }
  const open = places.filter(({ state }) => state !== 'done' && state !== 'left')
  if (open.length === 0) {
    await moveRevocation(trx, revocation, { state: 'completed', endedAt: now }, now)
    const type = 'credential.revocation_completed'
    await appendEvents(trx, [{ ...about, type, data: { ...said, places: places.length } }])
    return
  }
  const away = open.filter(({ state }) => state === 'away').length
  const late = passedMs >= deps.stallAfterMs
  if (late && open.length > away && revocation.state === 'running') {
    await moveRevocation(trx, revocation, { state: 'stalled', stalledAt: now }, now)
    const type = 'credential.revocation_stalled'
    await appendEvents(trx, [{ ...about, type, data: { ...said, waiting: open.length - away, away } }])
  }
  // Ever less often; while it is not late, the moment at which it would be is not slept through.
  const pause = Math.min(Math.max(passedMs / 4, shortestLookMs), longestLookMs)
  const untilLate = late ? pause : Math.max(deps.stallAfterMs - passedMs, 1)
  const dueAt = new Date(now.getTime() + Math.min(pause, untilLate))
  await setTimer(trx, revocationTimer(organizationId, revocationId, dueAt))
}
