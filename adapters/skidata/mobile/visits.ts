// Owns telling which visit of a ticket an event is about, in whatever order events come.
// Must not store; and never joins two visits that a time keeps apart.
import type { TransactionEvent } from './read-event.ts'

export interface Visit {
  visit_ref: string
  started_at: Date | null
  started_event: string | null
  completed_at: Date | null
  completed_event: string | null
}

/** Durations are whole minutes, and a rate's EntryTime may lack the seconds. */
const near = 120_000
const close = (a: Date, b: Date) => Math.abs(a.getTime() - b.getTime()) <= near

/** Of the visits of this event's ticket, the one it belongs to; undefined for a new one. */
export function visitOf<V extends Visit>(event: TransactionEvent, visits: readonly V[]): V | undefined {
  return event.kind === 'started' ? startedVisit(event, visits) : completedVisit(event, visits)
}

function startedVisit<V extends Visit>(event: TransactionEvent, visits: readonly V[]): V | undefined {
  const told = visits.find(({ started_event }) => started_event === event.eventId)
  if (told) return told
  const open = visits.filter(({ started_event }) => started_event === null)
  // Known from CalculateRate, or from its end: both say when it began, near enough.
  const near = open.find(({ started_at }) => started_at !== null && close(started_at, event.at))
  // An end without a duration says only that it came after.
  return (
    near ?? open.find((one) => one.started_at === null && one.completed_at !== null && one.completed_at >= event.at)
  )
}

function completedVisit<V extends Visit>(event: TransactionEvent, visits: readonly V[]): V | undefined {
  const told = visits.find(({ completed_event }) => completed_event === event.eventId)
  if (told) return told
  const before = visits
    .filter(({ completed_event, started_at }) => completed_event === null && started_at !== null)
    .filter(({ started_at }) => (started_at as Date).getTime() <= event.at.getTime() + near)
    .sort((a, b) => (b.started_at as Date).getTime() - (a.started_at as Date).getTime())
  const began = beganAt(event)
  return before.find(({ started_at }) => began !== null && close(started_at as Date, began)) ?? before[0]
}

/** From a completion: when the visit must have begun. */
export function beganAt(event: TransactionEvent): Date | null {
  if (event.kind === 'started') return event.at
  return event.durationMinutes === null ? null : new Date(event.at.getTime() - event.durationMinutes * 60_000)
}
