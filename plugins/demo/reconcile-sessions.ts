// Owns the comparison of true plug-ins with recorded charging sessions: which belong together, and their energy.
// Must not look at links or bills.
import type { HubAnswers, HubSession } from './hub-answers.ts'
import type { Difference, Reconciliation } from './reconciliation.ts'
import type { Truth, TruthSession } from './scenario/index.ts'

type Note = (difference: Difference) => void

/** Recorded sessions of each true one; more than one when the record is in parts. */
export interface SessionMatch {
  partsOf: ReadonlyMap<string, readonly HubSession[]>
  /** Recorded, but at no time when a car was plugged in there. */
  strangers: readonly HubSession[]
}

/** Deviations that spoil or lose registers, so that no hub can know the energy. */
const spoiling = new Set(['quirk:T8', 'quirk:T9', 'quirk:M7', 'quirk:M8', 'quirk:M9', 'quirk:M12', 'quirk:X6'])

/** A session may be recorded up to this far beside the plug-in: cards come first, chargers lose their clocks' seconds. */
const toleranceMs = 2 * 60_000

export function matchSessions(truth: Truth, hub: HubAnswers): SessionMatch {
  const byPlace = new Map<string, TruthSession[]>()
  for (const session of truth.sessions) {
    const place = `${session.stationId}/${session.evse}`
    byPlace.set(place, [...(byPlace.get(place) ?? []), session])
  }
  const partsOf = new Map<string, HubSession[]>()
  const strangers: HubSession[] = []
  for (const session of hub.sessions) {
    if (session.state === 'void') continue
    const best = (byPlace.get(`${session.station}/${session.evse}`) ?? [])
      .map((one) => ({ one, overlap: overlapMs(one, session) }))
      .filter(({ overlap }) => overlap > -toleranceMs)
      .sort((a, b) => b.overlap - a.overlap)[0]
    if (best) partsOf.set(best.one.id, [...(partsOf.get(best.one.id) ?? []), session])
    else strangers.push(session)
  }
  return { partsOf, strangers }
}

/** Milliseconds that both last together; negative is the gap between them. */
function overlapMs(one: TruthSession, session: HubSession): number {
  const end = session.unpluggedAt ?? session.endedAt ?? session.pluggedAt
  const from = Math.max(one.pluggedAt.getTime(), session.pluggedAt.getTime())
  return Math.min(one.unpluggedAt.getTime(), end.getTime()) - from
}

export function reconcileSessions(
  truth: Truth,
  hub: HubAnswers,
  match: SessionMatch,
  note: Note,
): Reconciliation['sessions'] {
  let matched = 0
  for (const session of truth.sessions) {
    const parts = match.partsOf.get(session.id) ?? []
    const excuse = session.anomalies.find((one) => spoiling.has(one))
    if (parts.length === 0) {
      note({
        class: excuse ? `session lost inside the charger (${excuse})` : 'session not recorded',
        explained: excuse !== undefined,
        subject: session.id,
        detail: `${session.stationId} at ${session.pluggedAt.toISOString()}, ${session.energyWh} Wh`,
      })
      continue
    }
    matched += 1
    const recorded = parts.reduce((sum, part) => sum + part.energyWh, 0)
    if (recorded !== session.energyWh) {
      note({
        class: excuse ? `energy spoiled by the charger (${excuse})` : 'energy differs',
        explained: excuse !== undefined,
        subject: session.id,
        detail: `${recorded} Wh recorded, ${session.energyWh} Wh delivered [${session.anomalies.join(' ')}]`,
      })
    }
    if (parts.length > 1) {
      const restarted = session.charges.length > 1
      note({
        class: restarted ? 'session in parts after a stop and restart' : 'session recorded in parts',
        explained: restarted,
        subject: session.id,
        detail: `${parts.length} records [${session.anomalies.join(' ')}]`,
      })
    }
    for (const part of parts) {
      if (part.state === 'active') {
        note({ class: 'session never ended', explained: excuse !== undefined, subject: session.id, detail: part.id })
      }
    }
  }
  for (const session of match.strangers) {
    note({
      class: 'session that nobody had',
      explained: false,
      subject: session.id,
      detail: `${session.station} at ${session.pluggedAt.toISOString()}, ${session.energyWh} Wh`,
    })
  }
  return { true: truth.sessions.length, recorded: hub.sessions.filter((one) => one.state !== 'void').length, matched }
}
