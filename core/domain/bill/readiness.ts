// Owns when a subject may be billed, and for what: a pure function of its facts, the site's settings and the hub's clock.
// Must not price, and must not wait for ever: every wait but that for a running charger or a parked car has an end.
import type { BillingSettings } from './billing-settings.ts'
import type { LinkFacts, SessionFacts, StayFacts, SubjectFacts } from './subject-facts.ts'
import { awaitsPrice } from './vendor-price.ts'

export type Readiness =
  | { kind: 'wait'; state: 'pending' | 'held'; reason: string; dueAt: Date | null }
  | {
      kind: 'ready'
      /** The stay itself is part of the bill. */
      parking: boolean
      sessionIds: readonly string[]
      /** Why this is not all yet, or why there is nothing. */
      note: string | null
      lookAgainAt: Date | null
    }

/** @param billed sessions with lines that stand in this subject's bills, and whether there are any lines at all */
export function readiness(
  facts: SubjectFacts,
  settings: BillingSettings,
  now: Date,
  billed: { anything: boolean; sessionIds: ReadonlySet<string> },
): Readiness {
  const { stay, sessions, links } = facts
  const latest = latestFact(facts)
  const settledAt = latest === null ? null : later(latest, settings.settleDelayMs)
  const unsettled = settledAt !== null && settledAt > now
  const settling = pending('Late facts may still arrive.', settledAt)
  if (facts.key.startsWith('session:')) {
    const ready = sessionAlone(sessions[0], links, settings, now, billed.anything)
    if (ready.kind === 'ready' && ready.sessionIds.length === 0 && !billed.anything) return ready
    return ready.kind === 'ready' && unsettled ? settling : ready
  }
  if (stay === null) return nothing('There is no such stay.')
  if (stay.state === 'voided') {
    if (!billed.anything) return nothing('The stay was voided.')
    return unsettled ? settling : nothing('The stay was voided.')
  }
  if (stay.state === 'open') {
    const ready = openStay(sessions, settings, now, billed)
    return ready.kind === 'ready' && unsettled ? settling : ready
  }
  if (unsettled) return settling
  return closedStay(stay, sessions, links, settings, now)
}

function nothing(note: string): Readiness {
  return { kind: 'ready', parking: false, sessionIds: [], note, lookAgainAt: null }
}

function pending(reason: string, dueAt: Date | null): Readiness {
  return { kind: 'wait', state: 'pending', reason, dueAt }
}

function later(at: Date, ms: number): Date {
  return new Date(at.getTime() + ms)
}

function latestOf(times: readonly Date[]): Date | null {
  return times.reduce<Date | null>((latest, at) => (latest === null || at > latest ? at : latest), null)
}

function latestFact({ stay, sessions, links }: SubjectFacts): Date | null {
  return latestOf([
    ...(stay === null ? [] : [stay.factsAt]),
    ...sessions.map((session) => session.factsAt),
    ...links.map((link) => link.decidedAt),
  ])
}

/** Links that may still bring a session to a stay, and until when they are waited for. */
function underReview(links: readonly LinkFacts[], settings: BillingSettings): Date | null {
  const open = links.filter((link) => link.state === 'review' && !link.decidedElsewhere)
  return latestOf(open.map((link) => later(link.decidedAt, settings.reviewHoldMs)))
}

function heldForReview(until: Date): Readiness {
  return {
    kind: 'wait',
    state: 'held',
    reason: 'Whether a charging session belongs to this stay waits for a person to decide.',
    dueAt: until,
  }
}

function sessionAlone(
  session: SessionFacts | undefined,
  links: readonly LinkFacts[],
  settings: BillingSettings,
  now: Date,
  billed: boolean,
): Readiness {
  if (session === undefined) return nothing('There is no such charging session.')
  if (session.state === 'void') return nothing('The charging session was found to be part of another.')
  if (links.some((link) => link.state === 'linked' && link.stayState !== 'voided')) {
    return nothing('The charging session belongs to a stay and is billed with it.')
  }
  const until = later(session.factsAt, settings.sessionHoldMs)
  if (session.state === 'active') {
    if (!billed) return pending('The car is charging.', null)
    // It was over, then it was not: what was billed is given back unless the end is told again soon.
    return until > now ? pending('The car is charging again.', until) : nothing('The charging session is not over.')
  }
  if (session.state === 'ended' && until > now) return pending('The cable is still plugged in.', until)
  const review = underReview(links, settings)
  if (review !== null && review > now) return heldForReview(review)
  const metering = meterWait([session], settings, now)
  if (metering !== null) return metering
  const window = later(session.factsAt, settings.linkWindowMs)
  if (window > now) return pending('A stay that the session belongs to may still become known.', window)
  const note = meterNote([session], settings, null)
  return { kind: 'ready', parking: false, sessionIds: [session.sessionId], note, lookAgainAt: null }
}

interface MeterLack {
  sessions: readonly SessionFacts[]
  holdMs: number
  waits: string
  gaveUp: string
}

function meterLacks(sessions: readonly SessionFacts[], settings: BillingSettings): readonly MeterLack[] {
  const over = sessions.filter((session) => session.state === 'closed' || session.state === 'ended')
  const lacks: readonly MeterLack[] = [
    {
      sessions: over.filter((session) => session.flags.includes('meter_stop_missing')),
      holdMs: settings.meterEndHoldMs,
      waits: 'The last meter reading has not come yet.',
      gaveUp: 'The last meter reading did not come in time; what it changes follows as a correction.',
    },
    {
      sessions: over.filter((session) => !session.signedEnd),
      holdMs: settings.signedDataHoldMs,
      waits: 'The signed meter data has not come yet.',
      gaveUp: 'The signed meter data did not come in time.',
    },
  ]
  return lacks.filter((lack) => lack.sessions.length > 0 && lack.holdMs > 0)
}

/** Sites that bill by signed values, or whose stations deliver the last reading late, wait for it, for a time. */
function meterWait(sessions: readonly SessionFacts[], settings: BillingSettings, now: Date): Readiness | null {
  for (const lack of meterLacks(sessions, settings)) {
    const until = latestOf(lack.sessions.map((session) => later(session.factsAt, lack.holdMs)))
    if (until !== null && until > now) return pending(lack.waits, until)
  }
  return null
}

/** What was waited for and did not come, with what else is to be said. */
function meterNote(sessions: readonly SessionFacts[], settings: BillingSettings, other: string | null): string | null {
  const notes = [...(other === null ? [] : [other]), ...meterLacks(sessions, settings).map(({ gaveUp }) => gaveUp)]
  return notes.length === 0 ? null : notes.join(' ')
}

/** A car that stays for weeks does not keep the energy of its first day unbilled. */
function openStay(
  sessions: readonly SessionFacts[],
  settings: BillingSettings,
  now: Date,
  billed: { anything: boolean; sessionIds: ReadonlySet<string> },
): Readiness {
  const finished = sessions.filter((session) => session.state === 'closed')
  const dueOf = (session: SessionFacts) => later(session.factsAt, settings.openStayHoldMs)
  const due = finished.filter((session) => dueOf(session) <= now || billed.sessionIds.has(session.sessionId))
  const waiting = finished.filter((session) => !due.includes(session)).map(dueOf)
  const lookAgainAt = waiting.reduce<Date | null>((first, at) => (first === null || at < first ? at : first), null)
  const note = 'The vehicle is still inside; parking is billed when it leaves.'
  if (due.length === 0 && !billed.anything) return pending(note, lookAgainAt)
  return { kind: 'ready', parking: false, sessionIds: due.map((s) => s.sessionId), note, lookAgainAt }
}

function closedStay(
  stay: StayFacts,
  sessions: readonly SessionFacts[],
  links: readonly LinkFacts[],
  settings: BillingSettings,
  now: Date,
): Readiness {
  const review = underReview(links, settings)
  if (review !== null && review > now) return heldForReview(review)
  const running = sessions.filter((session) => session.state === 'active')
  const until = latestOf(
    running.map((session) => later(latestOf([session.factsAt, stay.factsAt]) ?? now, settings.sessionHoldMs)),
  )
  if (until !== null && until > now) {
    return pending('The vehicle has left, but the charger has not yet said that charging is over.', until)
  }
  const metering = meterWait(sessions, settings, now)
  if (metering !== null) return metering
  if (settings.billParking && settings.parkingPrice === 'parcs' && awaitsPrice(stay)) {
    const priceBy = later(stay.factsAt, settings.priceHoldMs)
    if (priceBy > now) return pending('The parking system has not told its final price yet.', priceBy)
  }
  return {
    kind: 'ready',
    parking: true,
    // The car has left, so a session that ended is over even if nobody saw the cable come out.
    sessionIds: sessions.filter((s) => s.state === 'closed' || s.state === 'ended').map((session) => session.sessionId),
    note: meterNote(
      sessions,
      settings,
      running.length === 0 ? null : 'A charging session that has not ended follows as a correction.',
    ),
    lookAgainAt: null,
  }
}
