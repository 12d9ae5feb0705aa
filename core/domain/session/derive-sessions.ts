// Owns how transactions and status reports of one EVSE become charging sessions: a pure function of the set of facts.
// Must not depend on the order in which facts arrived, nor on the present time.
import type { ChargingState, ConnectorStatus } from '../charger-fact.ts'

export interface StatusFact {
  at: Date
  status: ConnectorStatus
}

export interface TransactionFacts {
  id: string
  startedAt: Date
  /** Null while it runs, or when its end never arrived. */
  endedAt: Date | null
  stopReason: string | null
  token: string | null
  /** Last instant at which the station reported anything about it; its end is guessed from this when none came. */
  lastSeenAt: Date
  /** Charging states that the station reported inside the transaction (2.x). */
  states: readonly { at: Date; state: ChargingState }[]
}

export type PlugState = 'connected' | 'charging' | 'suspended_vehicle' | 'suspended_station' | 'finished'

export interface DerivedTransaction {
  id: string
  startedAt: Date
  endedAt: Date | null
  /** The end is ours, not the station's: a newer start on the same connector shows that it is over (catalogue T10). */
  estimated: boolean
}

export interface DerivedSession {
  transactions: DerivedTransaction[]
  pluggedAt: Date
  unpluggedAt: Date | null
  startedAt: Date
  endedAt: Date | null
  state: 'active' | 'ended' | 'closed'
  flags: SessionFlag[]
  /** What was going on, from plug to unplug (or to the last known change). */
  timeline: { at: Date; state: PlugState }[]
}

export type SessionFlag = 'end_estimated' | 'unplug_estimated'

const plugged: ReadonlySet<ConnectorStatus> = new Set([
  'preparing',
  'charging',
  'suspended_vehicle',
  'suspended_station',
  'finishing',
  'occupied',
])
const unplugged: ReadonlySet<ConnectorStatus> = new Set(['available', 'reserved'])

/** Stop reasons that say the cable is out (1.6 EVDisconnected; 2.x EVDisconnected, EVDeparted as trigger). */
const cableOut: ReadonlySet<string> = new Set(['EVDisconnected', 'EVDeparted'])

const byTime = <T extends { at: Date }>(a: T, b: T) => a.at.getTime() - b.at.getTime()

function statusRank(fact: StatusFact): number {
  return unplugged.has(fact.status) ? 1 : 0
}

function compareStatus(a: StatusFact, b: StatusFact): number {
  return byTime(a, b) || statusRank(a) - statusRank(b) || (a.status < b.status ? -1 : a.status > b.status ? 1 : 0)
}

function compareTransactions(a: TransactionFacts, b: TransactionFacts): number {
  return a.startedAt.getTime() - b.startedAt.getTime() || (a.id < b.id ? -1 : 1)
}

/** The last status at or before `at` that says anything about the plug. */
function plugStatusAt(statuses: readonly StatusFact[], at: Date): StatusFact | null {
  let found: StatusFact | null = null
  for (const fact of statuses) {
    if (fact.at > at) break
    if (plugged.has(fact.status) || unplugged.has(fact.status)) found = fact
  }
  return found
}

function firstUnpluggedAfter(statuses: readonly StatusFact[], at: Date): Date | null {
  for (const fact of statuses) if (fact.at >= at && unplugged.has(fact.status)) return fact.at
  return null
}

/** Start of the unbroken run of plugged statuses in effect at `at`, not before `floor`. */
function pluggedSince(statuses: readonly StatusFact[], at: Date, floor: Date | null): Date {
  let since = at
  for (let i = statuses.length - 1; i >= 0; i--) {
    const fact = statuses[i]
    if (fact === undefined || fact.at > at) continue
    if (floor !== null && fact.at < floor) break
    if (unplugged.has(fact.status)) break
    if (plugged.has(fact.status)) since = fact.at
  }
  return since
}

interface Ended {
  endedAt: Date | null
  estimated: boolean
  /** The cable is known to be out at the end. */
  out: boolean
}

function endOf(
  transaction: TransactionFacts,
  next: TransactionFacts | undefined,
  statuses: readonly StatusFact[],
): Ended {
  if (transaction.endedAt !== null) {
    const status = plugStatusAt(statuses, transaction.endedAt)
    const free = status !== null && unplugged.has(status.status) && status.at > transaction.startedAt
    const reason = transaction.stopReason !== null && cableOut.has(transaction.stopReason)
    return { endedAt: transaction.endedAt, estimated: false, out: free || reason }
  }
  if (next === undefined) return { endedAt: null, estimated: false, out: false }
  const free = firstUnpluggedAfter(statuses, transaction.startedAt)
  const limit = free !== null && free < next.startedAt ? free : next.startedAt
  const endedAt = transaction.lastSeenAt < limit ? transaction.lastSeenAt : limit
  return { endedAt: endedAt < transaction.startedAt ? transaction.startedAt : endedAt, estimated: true, out: false }
}

/** Whether `next` happens on the same plug-in as `last`: same card, and the connector says the cable stayed in. */
function samePlugIn(
  last: TransactionFacts,
  end: Ended,
  next: TransactionFacts,
  statuses: readonly StatusFact[],
): boolean {
  if (end.endedAt === null || end.out) return false
  if (last.token !== null && next.token !== null && last.token !== next.token) return false
  const free = firstUnpluggedAfter(statuses, end.endedAt)
  if (free !== null && free <= next.startedAt) return false
  const status = plugStatusAt(statuses, next.startedAt)
  return status !== null && plugged.has(status.status) && status.at >= last.startedAt
}

const fromStatus: Partial<Record<ConnectorStatus, PlugState>> = {
  preparing: 'connected',
  charging: 'charging',
  suspended_vehicle: 'suspended_vehicle',
  suspended_station: 'suspended_station',
  finishing: 'finished',
}
const fromCharging: Record<ChargingState, PlugState> = {
  charging: 'charging',
  vehicle_connected: 'connected',
  suspended_vehicle: 'suspended_vehicle',
  suspended_station: 'suspended_station',
  idle: 'finished',
}

function timelineOf(
  pluggedAt: Date,
  until: Date | null,
  members: readonly { facts: TransactionFacts; end: Ended }[],
  statuses: readonly StatusFact[],
): { at: Date; state: PlugState }[] {
  const changes: { at: Date; state: PlugState; rank: number }[] = []
  const inside = (at: Date) => at >= pluggedAt && (until === null || at < until)
  for (const { facts, end } of members) {
    // A station that never says what it is doing is charging from its start to its end.
    changes.push({ at: facts.startedAt, state: 'charging', rank: 0 })
    for (const { at, state } of facts.states) {
      if (inside(at) && (end.endedAt === null || at <= end.endedAt))
        changes.push({ at, state: fromCharging[state], rank: 2 })
    }
    if (end.endedAt !== null && inside(end.endedAt)) changes.push({ at: end.endedAt, state: 'finished', rank: 3 })
  }
  const during = (at: Date) =>
    members.some(({ facts, end }) => at >= facts.startedAt && (end.endedAt === null || at < end.endedAt))
  for (const { at, status } of statuses) {
    const state = fromStatus[status]
    if (state === undefined || !inside(at)) continue
    // Charging can only be true inside a transaction; a late "Charging" after its end changes nothing.
    if (!during(at) && (state === 'charging' || state === 'suspended_vehicle' || state === 'suspended_station'))
      continue
    if (during(at) && (state === 'finished' || state === 'connected')) continue
    if (!during(at) && state === 'connected' && changes.some((c) => c.at <= at)) continue
    changes.push({ at, state, rank: 1 })
  }
  changes.sort((a, b) => byTime(a, b) || a.rank - b.rank || (a.state < b.state ? -1 : 1))
  const timeline: { at: Date; state: PlugState }[] = []
  const first = changes[0]
  if (first === undefined || first.at > pluggedAt) timeline.push({ at: pluggedAt, state: 'connected' })
  for (const { at, state } of changes) {
    const last = timeline.at(-1)
    if (last !== undefined && last.at.getTime() === at.getTime()) last.state = state
    else if (last === undefined || last.state !== state) timeline.push({ at, state })
  }
  return timeline.filter((entry, i) => i === 0 || entry.state !== timeline[i - 1]?.state)
}

/**
 * Charging sessions of one EVSE from its facts.
 * @param transactions all transactions of the window, in any order
 * @param statuses status reports of the EVSE's connector in the same window, in any order
 */
export function deriveSessions(
  transactions: readonly TransactionFacts[],
  statuses: readonly StatusFact[],
): DerivedSession[] {
  const sorted = [...transactions].sort(compareTransactions)
  const reports = [...statuses].sort(compareStatus)
  const groups: { facts: TransactionFacts; end: Ended }[][] = []
  for (const [i, facts] of sorted.entries()) {
    const end = endOf(facts, sorted[i + 1], reports)
    const group = groups.at(-1)
    const last = group?.at(-1)
    if (group !== undefined && last !== undefined && samePlugIn(last.facts, last.end, facts, reports)) {
      group.push({ facts, end })
    } else groups.push([{ facts, end }])
  }
  const sessions: DerivedSession[] = []
  for (const [i, members] of groups.entries()) {
    const first = members[0]
    const last = members.at(-1)
    if (first === undefined || last === undefined) continue
    const before = sessions.at(-1)
    const pluggedAt = pluggedSince(reports, first.facts.startedAt, before?.unpluggedAt ?? before?.endedAt ?? null)
    const flags: SessionFlag[] = []
    if (members.some(({ end }) => end.estimated)) flags.push('end_estimated')
    const endedAt = last.end.endedAt
    let unpluggedAt: Date | null = null
    if (endedAt !== null) {
      const next = groups[i + 1]?.[0]
      const free = last.end.out ? endedAt : firstUnpluggedAfter(reports, endedAt)
      if (free !== null && (next === undefined || free <= next.facts.startedAt)) unpluggedAt = free
      else if (next !== undefined) {
        unpluggedAt = endedAt
        flags.push('unplug_estimated')
      }
    }
    sessions.push({
      transactions: members.map(({ facts, end }) => ({
        id: facts.id,
        startedAt: facts.startedAt,
        endedAt: end.endedAt,
        estimated: end.estimated,
      })),
      pluggedAt,
      unpluggedAt,
      startedAt: first.facts.startedAt,
      endedAt,
      state: endedAt === null ? 'active' : unpluggedAt === null ? 'ended' : 'closed',
      flags,
      timeline: timelineOf(pluggedAt, unpluggedAt, members, reports),
    })
  }
  return sessions
}
