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

/**
 * A report with its instant as a number. A running session is derived again with each status, and comparing Dates, each of which is
 * asked for its number first, was most of what that took.
 */
interface Report {
  at: Date
  ms: number
  status: ConnectorStatus
}

/** A transaction with its instants as numbers. */
interface Dated {
  facts: TransactionFacts
  startedMs: number
  endedMs: number | null
}

const reportOf = ({ at, status }: StatusFact): Report => ({ at, ms: at.getTime(), status })

const dated = (facts: TransactionFacts): Dated => ({
  facts,
  startedMs: facts.startedAt.getTime(),
  endedMs: facts.endedAt?.getTime() ?? null,
})

function statusRank({ status }: Report): number {
  return unplugged.has(status) ? 1 : 0
}

function compareReports(a: Report, b: Report): number {
  return a.ms - b.ms || statusRank(a) - statusRank(b) || (a.status < b.status ? -1 : a.status > b.status ? 1 : 0)
}

function compareTransactions(a: Dated, b: Dated): number {
  return a.startedMs - b.startedMs || (a.facts.id < b.facts.id ? -1 : 1)
}

/** The last report at or before `ms` that says anything about the plug. */
function plugReportAt(reports: readonly Report[], ms: number): Report | null {
  let found: Report | null = null
  for (const report of reports) {
    if (report.ms > ms) break
    if (plugged.has(report.status) || unplugged.has(report.status)) found = report
  }
  return found
}

function firstUnpluggedAfter(reports: readonly Report[], ms: number): Report | null {
  for (const report of reports) if (report.ms >= ms && unplugged.has(report.status)) return report
  return null
}

/** Start of the unbroken run of plugged statuses in effect at `at`, not before `floor`. */
function pluggedSince(reports: readonly Report[], at: Date, floor: Date | null): Date {
  let since = at
  const ms = at.getTime()
  const floorMs = floor?.getTime() ?? Number.NEGATIVE_INFINITY
  for (let i = reports.length - 1; i >= 0; i--) {
    const report = reports[i]
    if (report === undefined || report.ms > ms) continue
    if (report.ms < floorMs) break
    if (unplugged.has(report.status)) break
    if (plugged.has(report.status)) since = report.at
  }
  return since
}

interface Ended {
  endedAt: Date | null
  estimated: boolean
  /** The cable is known to be out at the end. */
  out: boolean
}

function endOf({ facts, startedMs, endedMs }: Dated, next: Dated | undefined, reports: readonly Report[]): Ended {
  if (endedMs !== null) {
    const report = plugReportAt(reports, endedMs)
    const free = report !== null && unplugged.has(report.status) && report.ms > startedMs
    const reason = facts.stopReason !== null && cableOut.has(facts.stopReason)
    return { endedAt: facts.endedAt, estimated: false, out: free || reason }
  }
  if (next === undefined) return { endedAt: null, estimated: false, out: false }
  const free = firstUnpluggedAfter(reports, startedMs)
  const limit = free !== null && free.ms < next.startedMs ? free.at : next.facts.startedAt
  const endedAt = facts.lastSeenAt < limit ? facts.lastSeenAt : limit
  return { endedAt: endedAt.getTime() < startedMs ? facts.startedAt : endedAt, estimated: true, out: false }
}

/** A transaction with the end that it has or that is guessed for it. */
interface Member extends Dated {
  end: Ended
  /** Infinite while it runs. */
  overMs: number
}

/** Whether `next` happens on the same plug-in as `last`: same card, and the connector says the cable stayed in. */
function samePlugIn({ facts, startedMs, end, overMs }: Member, next: Dated, reports: readonly Report[]): boolean {
  if (end.endedAt === null || end.out) return false
  if (facts.token !== null && next.facts.token !== null && facts.token !== next.facts.token) return false
  const free = firstUnpluggedAfter(reports, overMs)
  if (free !== null && free.ms <= next.startedMs) return false
  const report = plugReportAt(reports, next.startedMs)
  return report !== null && plugged.has(report.status) && report.ms >= startedMs
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

interface Change {
  at: Date
  ms: number
  state: PlugState
  rank: number
}

function timelineOf(
  pluggedAt: Date,
  until: Date | null,
  members: readonly Member[],
  reports: readonly Report[],
): { at: Date; state: PlugState }[] {
  const changes: Change[] = []
  const fromMs = pluggedAt.getTime()
  const untilMs = until?.getTime() ?? Number.POSITIVE_INFINITY
  const inside = (ms: number) => ms >= fromMs && ms < untilMs
  for (const { facts, startedMs, end, overMs } of members) {
    // A station that never says what it is doing is charging from its start to its end.
    changes.push({ at: facts.startedAt, ms: startedMs, state: 'charging', rank: 0 })
    for (const { at, state } of facts.states) {
      const ms = at.getTime()
      if (inside(ms) && ms <= overMs) changes.push({ at, ms, state: fromCharging[state], rank: 2 })
    }
    if (end.endedAt !== null && inside(overMs))
      changes.push({ at: end.endedAt, ms: overMs, state: 'finished', rank: 3 })
  }
  const during = (ms: number) => members.some(({ startedMs, overMs }) => ms >= startedMs && ms < overMs)
  for (const { at, ms, status } of reports) {
    const state = fromStatus[status]
    if (state === undefined || !inside(ms)) continue
    const isDuring = during(ms)
    // Charging can only be true inside a transaction; a late "Charging" after its end changes nothing.
    if (!isDuring && (state === 'charging' || state === 'suspended_vehicle' || state === 'suspended_station')) continue
    if (isDuring && (state === 'finished' || state === 'connected')) continue
    if (!isDuring && state === 'connected' && changes.some((c) => c.ms <= ms)) continue
    changes.push({ at, ms, state, rank: 1 })
  }
  changes.sort((a, b) => a.ms - b.ms || a.rank - b.rank || (a.state < b.state ? -1 : 1))
  const timeline: Omit<Change, 'rank'>[] = []
  const first = changes[0]
  if (first === undefined || first.ms > fromMs) timeline.push({ at: pluggedAt, ms: fromMs, state: 'connected' })
  for (const { at, ms, state } of changes) {
    const last = timeline.at(-1)
    if (last !== undefined && last.ms === ms) last.state = state
    else if (last === undefined || last.state !== state) timeline.push({ at, ms, state })
  }
  return timeline
    .filter((entry, i) => i === 0 || entry.state !== timeline[i - 1]?.state)
    .map(({ at, state }) => ({ at, state }))
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
  const sorted = transactions.map(dated).sort(compareTransactions)
  const reports = statuses.map(reportOf).sort(compareReports)
  const groups: Member[][] = []
  for (const [i, each] of sorted.entries()) {
    const end = endOf(each, sorted[i + 1], reports)
    const member: Member = { ...each, end, overMs: end.endedAt?.getTime() ?? Number.POSITIVE_INFINITY }
    const group = groups.at(-1)
    const last = group?.at(-1)
    if (group !== undefined && last !== undefined && samePlugIn(last, each, reports)) group.push(member)
    else groups.push([member])
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
      const free = last.end.out ? endedAt : (firstUnpluggedAfter(reports, last.overMs)?.at ?? null)
      if (free !== null && (next === undefined || free.getTime() <= next.startedMs)) unpluggedAt = free
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
