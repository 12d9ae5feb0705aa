// Owns matching sessions to their holders anew, from the cards that were shown and whose those were then.
// Must not touch whether they were allowed to charge: that was decided when they asked.
import { type CardProfiles, isPayment, kindOfTokenType, type Presentation } from '../../domain/credential/index.ts'
import { findEnrolled } from '../../store/credentials.ts'
import { loadCardProfiles } from '../../store/decode-profiles.ts'
import { addJobs, appendEvents, type NewEvent } from '../../store/event-log.ts'
import type { Db } from '../../store/record-table.ts'
import {
  type HeldTransaction,
  type Holding,
  type RewrittenSession,
  transactionsOfSessions,
  writeSessionHolders,
  writeTransactionHolders,
} from '../../store/session-holders.ts'
import { transaction } from '../../store/transaction.ts'
import { identifyCredential, lookupKeys } from '../access/identify-credential.ts'
import type { ServiceDeps } from '../service-deps.ts'
import { billJob, linkJob } from './save-links.ts'

export interface RematchDeps extends ServiceDeps {
  /** Runs `body` between two facts of the station and has the charger path read its rows again; at once when nobody else writes. */
  quietly?<T>(station: { organizationId: string; stationId: string }, body: () => Promise<T>): Promise<T>
}

/** Sessions of one station. Returns those that changed hands. */
export async function rematchSessions(
  deps: RematchDeps,
  station: { organizationId: string; stationId: string },
  sessionIds: readonly string[],
): Promise<string[]> {
  const { organizationId } = station
  const stale = await otherHolders(deps.db, organizationId, sessionIds)
  if (stale.sessions.length === 0) return []
  const run = () => transaction(deps.db, (trx) => rewrite(deps, trx, organizationId, sessionIds))
  return deps.quietly === undefined ? run() : deps.quietly(station, run)
}

/** Which of these sessions ought to be somebody else's. */
export async function sessionsOfOthers(
  db: Db,
  organizationId: string,
  sessionIds: readonly string[],
): Promise<string[]> {
  return (await otherHolders(db, organizationId, sessionIds)).sessions.map(({ sessionId }) => sessionId)
}

async function rewrite(
  deps: ServiceDeps,
  trx: Db,
  organizationId: string,
  sessionIds: readonly string[],
): Promise<string[]> {
  const now = deps.clock.now()
  const { transactions, sessions } = await otherHolders(trx, organizationId, sessionIds)
  await writeTransactionHolders(trx, organizationId, transactions)
  const written = await writeSessionHolders(trx, organizationId, sessions, now)
  await appendEvents(
    trx,
    written.map((session) => eventOf(deps.newId(), organizationId, session, now)),
  )
  await addJobs(
    trx,
    written.flatMap(({ sessionId, siteId, state }) => {
      if (siteId === null) return []
      const scope = { organizationId, siteId }
      return [linkJob(scope, sessionId), ...(state === 'active' ? [] : [billJob(scope, `session:${sessionId}`)])]
    }),
  )
  return written.map(({ sessionId }) => sessionId)
}

/** What the rows ought to say where they say something else. Sessions without transactions were not made by cards. */
async function otherHolders(
  db: Db,
  organizationId: string,
  sessionIds: readonly string[],
): Promise<{
  transactions: (Holding & { transactionId: string })[]
  sessions: (Holding & { sessionId: string })[]
}> {
  const all = await transactionsOfSessions(db, organizationId, sessionIds)
  const profiles = await loadCardProfiles(db, organizationId)
  const shown = new Map(all.map((one) => [one, presentationOf(one, profiles)]))
  const searchKeys = [...new Set([...shown.values()].flatMap((one) => (one === null ? [] : lookupKeys(one))))]
  // As when they asked: what a link taught says which stay it was, not in whose name it charged.
  const enrolled = (await findEnrolled(db, organizationId, searchKeys)).filter(({ learned }) => !learned)
  const held = all.map((one) => {
    const presented = shown.get(one) ?? null
    if (presented === null) return { ...one, ...nobody }
    const keys = lookupKeys(presented)
    const rows = enrolled.filter(({ searchKey }) => keys.includes(searchKey))
    const identified = identifyCredential(presented, rows, one.startedAt)
    if (identified.kind !== 'one') return { ...one, ...nobody }
    const { accountId, vehicleId, credentialId } = identified.row
    return { ...one, accountId, vehicleId, credentialId }
  })
  const transactions = held.filter((one, i) => !sameHolder(one, all[i] ?? one))
  const changed = new Set(transactions.map(({ sessionId }) => sessionId))
  const sessions = [...changed].map((sessionId) => {
    const members = held.filter((one) => one.sessionId === sessionId)
    const { accountId, vehicleId, credentialId } =
      members.find((one) => one.accountId !== null || one.credentialId !== null) ?? nobody
    return { sessionId, accountId, vehicleId, credentialId }
  })
  return {
    transactions: transactions.map(({ transactionId, accountId, vehicleId, credentialId }) => ({
      transactionId,
      accountId,
      vehicleId,
      credentialId,
    })),
    sessions,
  }
}

const nobody: Holding = { accountId: null, vehicleId: null, credentialId: null }

function sameHolder(a: Holding, b: Holding): boolean {
  return a.accountId === b.accountId && a.vehicleId === b.vehicleId && a.credentialId === b.credentialId
}

function presentationOf({ token, tokenKind, stationId }: HeldTransaction, profiles: CardProfiles): Presentation | null {
  return token === null || token === '' || tokenKind === 'none' || isPayment({ kind: tokenKind })
    ? null
    : { raw: token, kind: kindOfTokenType(tokenKind), readerProfile: profiles.ofStation(stationId) }
}

function eventOf(id: string, organizationId: string, session: RewrittenSession, now: Date): NewEvent {
  const { sessionId, siteId, stationId, evse, energyWh, state, version } = session
  return {
    id,
    type: state === 'active' ? 'charging_session.updated' : 'charging_session.corrected',
    organizationId,
    siteId,
    subject: { type: 'charging_session', id: sessionId, version },
    occurredAt: now,
    recordedAt: now,
    data: { sessionId, stationId, evse, energyWh },
  }
}
