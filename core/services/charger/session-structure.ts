// Owns the short form of what a session was derived from: equal texts mean that nothing needs measuring again.
// Must not include readings; callers know when those arrived.
import {
  type DerivedSession,
  deriveSessions,
  type StatusFact,
  type TransactionFacts,
} from '../../domain/session/index.ts'
import type { EvseState, SessionState, TransactionState } from './station-state.ts'

/** The end is ours, proven only by the next start; it is derived again each time. */
export const estimatedEnd = 'end_estimated'

export function factsOf(transaction: TransactionState): TransactionFacts {
  const { row } = transaction
  return {
    id: row.transaction_id,
    startedAt: row.started_at,
    endedAt: row.flags.includes(estimatedEnd) ? null : row.ended_at,
    stopReason: row.stop_reason,
    token: row.id_token,
    lastSeenAt: transaction.lastSeenAt,
    states: transaction.states,
  }
}

export function structureOf(derived: DerivedSession, members: readonly TransactionState[]): string {
  const timeline = derived.timeline.map((t) => `${t.at.getTime()}${t.state}`).join()
  const ends = members.map((m) => `${m.row.transaction_id}:${m.row.ended_at?.getTime()}:${m.row.flags.join()}`).join()
  return [
    derived.state,
    derived.pluggedAt.getTime(),
    derived.unpluggedAt?.getTime(),
    derived.flags,
    timeline,
    ends,
  ].join('|')
}

export interface Membership {
  derived: DerivedSession
  members: TransactionState[]
}

/** Where Finishing stays on after the cable is out, it says as much as Available once the transaction is over (finishingMeansIdle). */
function statusesOf({ statuses, traits }: EvseState): readonly StatusFact[] {
  if (traits.finishingMeansIdle !== false) return statuses
  return statuses.map((each) => (each.status === 'finishing' ? { at: each.at, status: 'available' } : each))
}

export function deriveMemberships(evse: EvseState): Membership[] {
  const candidates = evse.transactions.filter((t) => t.row.state !== 'review')
  const byId = new Map(candidates.map((t) => [t.row.transaction_id, t]))
  return deriveSessions(candidates.map(factsOf), statusesOf(evse)).map((derived) => ({
    derived,
    members: derived.transactions.flatMap((t) => byId.get(t.id) ?? []),
  }))
}

/** Memory does not reach back far enough to say what this fact changes; the lane reads more and runs it again. */
export class NeedsHistory extends Error {
  readonly before: Date
  constructor(before: Date) {
    super('facts from before what is in memory are needed')
    this.name = 'NeedsHistory'
    this.before = before
  }
}

/** Part of this session may lie before what is in memory: it must not be derived again from the rest. */
export function isCut(evse: EvseState, derived: DerivedSession, known: SessionState | undefined): boolean {
  const { completeFrom } = evse
  if (completeFrom === null) return false
  if (known !== undefined && (derived.startedAt < completeFrom || known.startedAt < derived.startedAt)) return true
  // What came before the first one in memory may still be plugged in, unless the connector was seen free in between.
  const first = evse.transactions.every((t) => t.row.state === 'review' || t.row.started_at >= derived.startedAt)
  return (
    first && !evse.statuses.some((s) => s.status === 'available' && s.at >= completeFrom && s.at <= derived.startedAt)
  )
}

/** After loading: what is stored was derived from what was just read, so only news will be measured. */
export function rememberStructures(evse: EvseState): void {
  for (const { derived, members } of deriveMemberships(evse)) {
    const session = members.map((m) => m.row.session_id).find((id) => id !== null)
    const known = session == null ? undefined : evse.sessions.get(session)
    if (known === undefined || known.structure !== null) continue
    if (known.state === derived.state || isCut(evse, derived, known)) known.structure = structureOf(derived, members)
  }
}
