// Owns what a charging bay is at an instant, and was before: a pure function of the evidence, the same in any order of arrival.
// Must not read a clock: the instant is given.
import type {
  BaySession,
  ConnectorMark,
  EvBayEvidence,
  EvBayInterval,
  EvBayNow,
  EvBaySettings,
  EvBayState,
} from './ev-bay.ts'

interface Span {
  from: number
  to: number
}

interface Prepared {
  evses: readonly string[]
  present: readonly Span[]
  sessions: readonly BaySession[]
  connectors: ReadonlyMap<string, { evse: string; marks: readonly ConnectorMark[] }>
  settings: EvBaySettings
  /** Every instant at which the answer may change. */
  turns: readonly number[]
}

const never = Number.POSITIVE_INFINITY
const broken: ReadonlySet<string> = new Set(['faulted', 'unavailable'])

export function evBayNow(evidence: EvBayEvidence, settings: EvBaySettings, now: Date): EvBayNow {
  const prepared = prepare(evidence, settings)
  const t = now.getTime()
  const { state, session, occupied, working, idleFrom } = lookAt(prepared, t)
  const overstayAt = idleFrom === null ? never : idleFrom + settings.overstayMs
  const nextAt = Math.min(...prepared.turns.filter((at) => at > t), overstayAt > t ? overstayAt : never)
  return {
    state,
    ...sinceWhen(prepared, t, state),
    working,
    occupied,
    sessionId: session?.sessionId ?? null,
    idleSince: state === 'plugged_idle' && idleFrom !== null ? new Date(idleFrom) : null,
    overstay: state === 'plugged_idle' && overstayAt <= t,
    nextAt: nextAt === never ? null : new Date(nextAt),
  }
}

/** States between two instants, without gaps, the last one open. */
export function evBayHistory(evidence: EvBayEvidence, settings: EvBaySettings, from: Date, to: Date): EvBayInterval[] {
  const prepared = prepare(evidence, settings)
  const turns = [from.getTime(), ...prepared.turns.filter((at) => at > from.getTime() && at < to.getTime())]
  const intervals: EvBayInterval[] = []
  for (const at of turns) {
    const { state, session } = lookAt(prepared, at)
    const last = intervals.at(-1)
    const sessionId = session?.sessionId ?? null
    if (last?.state === state && last.sessionId === sessionId) continue
    if (last) last.to = new Date(at)
    intervals.push({ state, from: new Date(at), to: null, sessionId })
  }
  return intervals
}

function prepare(evidence: EvBayEvidence, settings: EvBaySettings): Prepared {
  const present = presence(evidence, settings)
  const sessions = [...evidence.sessions].sort(
    (a, b) => a.pluggedAt.getTime() - b.pluggedAt.getTime() || (a.sessionId < b.sessionId ? -1 : 1),
  )
  const connectors = new Map<string, { evse: string; marks: ConnectorMark[] }>()
  const marks = [...evidence.statuses].sort((a, b) => a.at.getTime() - b.at.getTime() || (a.status < b.status ? -1 : 1))
  for (const mark of marks) {
    const known = connectors.get(mark.connector)
    if (known) known.marks.push(mark)
    else connectors.set(mark.connector, { evse: mark.evse, marks: [mark] })
  }
  const { graceMs, idleGraceMs } = settings
  const turns = new Set<number>(marks.map(({ at }) => at.getTime()))
  for (const { from, to } of present) for (const at of [from, from + graceMs, to]) turns.add(at)
  for (const session of sessions) {
    const end = endOf(session)
    for (const at of [session.pluggedAt.getTime(), end, end + graceMs]) turns.add(at)
    for (const { from, to } of session.idle) {
      turns.add(from.getTime() + idleGraceMs)
      if (to !== null) turns.add(to.getTime())
    }
  }
  turns.delete(never)
  return { evses: evidence.evses, present, sessions, connectors, settings, turns: [...turns].sort((a, b) => a - b) }
}

/** When a car stood in the bay, by sensor and by what was seen; a sensor that says free ends both. */
function presence({ sensor, reads }: EvBayEvidence, { seenMs }: EvBaySettings): Span[] {
  // Two reports of one instant that disagree: the car is taken to be there, or nobody would be told of it.
  const reports = [...sensor].sort((a, b) => a.at.getTime() - b.at.getTime() || Number(a.occupied) - Number(b.occupied))
  const frees = reports.filter((report) => !report.occupied).map((report) => report.at.getTime())
  const freeAfter = (at: number) => frees.find((free) => free > at) ?? never
  const spans = [
    ...reports
      .filter((report) => report.occupied)
      .map(({ at }) => ({ from: at.getTime(), to: freeAfter(at.getTime()) })),
    ...reads.map((at) => ({ from: at.getTime(), to: Math.min(at.getTime() + seenMs, freeAfter(at.getTime())) })),
  ].sort((a, b) => a.from - b.from || a.to - b.to)
  const merged: Span[] = []
  for (const span of spans) {
    const last = merged.at(-1)
    if (last && span.from <= last.to && !frees.includes(span.from)) last.to = Math.max(last.to, span.to)
    else merged.push({ ...span })
  }
  return merged
}

interface Look {
  state: EvBayState
  session: BaySession | null
  occupied: boolean
  working: boolean
  idleFrom: number | null
}

function lookAt(prepared: Prepared, t: number): Look {
  const { settings, sessions, present } = prepared
  const session = sessions.findLast((one) => one.pluggedAt.getTime() <= t && t < endOf(one)) ?? null
  const words = statusesAt(prepared, t)
  const works = (evse: string) => words.get(evse)?.some((status) => !broken.has(status)) ?? true
  const working = prepared.evses.some(works)
  const span = present.find(({ from, to }) => from <= t && t < to)
  const occupied = session !== null || span !== undefined
  const look = { session, occupied, working, idleFrom: null }
  if (session !== null) {
    const idle = session.idle.find(({ from, to }) => from.getTime() <= t && (to === null || t < to.getTime()))
    const idleFrom = idle === undefined ? null : idle.from.getTime()
    const isIdle = idleFrom !== null && t >= idleFrom + settings.idleGraceMs
    return { ...look, state: isIdle ? 'plugged_idle' : 'charging', idleFrom }
  }
  // Nobody is blamed for not charging at a charger that cannot.
  if (!working) return { ...look, state: 'out_of_order' }
  if (span !== undefined) {
    const unplugged = Math.max(span.from, ...sessions.map(endOf).filter((end) => end <= t))
    if (t >= unplugged + settings.graceMs) return { ...look, state: 'occupied_not_charging' }
    return { ...look, state: 'free' }
  }
  const reserved = [...words.values()].some((statuses) => statuses.includes('reserved'))
  return { ...look, state: reserved ? 'reserved' : 'free' }
}

function endOf({ endedAt }: BaySession): number {
  return endedAt?.getTime() ?? never
}

/** The last word of each connector, by EVSE. A connector that has said nothing yet is taken to work. */
function statusesAt({ connectors }: Prepared, t: number): Map<string, string[]> {
  const words = new Map<string, string[]>()
  for (const { evse, marks } of connectors.values()) {
    const last = marks.findLast(({ at }) => at.getTime() <= t)
    words.set(evse, [...(words.get(evse) ?? []), last?.status ?? 'unknown'])
  }
  return words
}

function sinceWhen(prepared: Prepared, t: number, state: EvBayState): Pick<EvBayNow, 'since' | 'sinceOpen'> {
  let since = t
  for (const at of prepared.turns.filter((one) => one <= t).reverse()) {
    if (lookAt(prepared, at).state !== state) return { since: new Date(since), sinceOpen: false }
    since = at
  }
  return { since: new Date(since), sinceOpen: true }
}
