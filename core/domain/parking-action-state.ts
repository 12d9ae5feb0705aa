// Owns the life of an action asked of a parking system: its states, every move between them, and what follows from each answer.
// Must not touch a clock, the database or a vendor; core/services/parking-actions carries it out.
import type { ActionOutcome, OutcomeInquiry } from './parking-action.ts'

export const parkingActionStates = [
  'queued',
  'sent',
  'done',
  'refused',
  'unknown',
  'expired',
  'superseded',
  'cancelled',
] as const
export type ParkingActionState = (typeof parkingActionStates)[number]

export type ParkingActionTrigger =
  /** The attempt is written down, before the vendor is called. */
  | 'send'
  | 'finish'
  | 'refuse'
  /** Surely not done: it waits for its next try. */
  | 'postpone'
  /** Nobody knows what became of the attempt. */
  | 'lose'
  | 'expire'
  | 'supersede'
  | 'cancel'

/**
 * State × trigger → state; a move that is not listed is never made. Only what is surely not done may expire, and what
 * is unknown is sent again only when the vendor takes it twice for once.
 */
export const parkingActionMoves: Readonly<
  Record<ParkingActionState, Readonly<Partial<Record<ParkingActionTrigger, ParkingActionState>>>>
> = {
  queued: { send: 'sent', refuse: 'refused', expire: 'expired', supersede: 'superseded', cancel: 'cancelled' },
  sent: { finish: 'done', refuse: 'refused', postpone: 'queued', lose: 'unknown' },
  unknown: {
    send: 'sent',
    finish: 'done',
    refuse: 'refused',
    postpone: 'queued',
    lose: 'unknown',
    supersede: 'superseded',
    cancel: 'cancelled',
  },
  done: {},
  refused: {},
  expired: {},
  superseded: {},
  cancelled: {},
}

export function hasEnded(state: ParkingActionState): boolean {
  return Object.keys(parkingActionMoves[state]).length === 0
}

/** @throws when the table has no such move: a bug, never an answer of the vendor. */
export function moveParkingAction(state: ParkingActionState, trigger: ParkingActionTrigger): ParkingActionState {
  const next = parkingActionMoves[state][trigger]
  if (next === undefined) throw new Error(`a parking action that is ${state} cannot ${trigger}`)
  return next
}

/** What the vendor offers for an action of this kind. */
export interface ActionMeans {
  repeatable: boolean
  canAsk: boolean
}

export interface OpenAction {
  state: ParkingActionState
  attempt: number
  asks: number
  deadline: Date | null
  unknownSince: Date | null
}

/** What is to be done with an open action now. */
export type ActionStep =
  | { kind: 'send' }
  | { kind: 'ask' }
  /** A `sent` that nobody waits for: whoever sent it is gone. */
  | { kind: 'recover' }
  | { kind: 'expire' }
  | { kind: 'refuse' }
  | { kind: 'person'; reason: string }

const noWayToAsk =
  'Nobody knows whether it was done: the parking system cannot be asked, and doing it twice would count twice.'
const tooLateToRepeat = 'Nobody knows whether it was done, and it is too late to do it again.'
const unknownForLong = 'The parking system has not been able to say for a day whether it was done.'

/** `means` null: the vendor does not offer this kind of action (any more). */
export function nextActionStep(action: OpenAction, means: ActionMeans | null, now: Date): ActionStep {
  const late = action.deadline !== null && action.deadline <= now
  switch (action.state) {
    case 'queued':
      return late ? { kind: 'expire' } : means === null ? { kind: 'refuse' } : { kind: 'send' }
    case 'sent':
      return { kind: 'recover' }
    case 'unknown':
      if (means?.canAsk) return { kind: 'ask' }
      if (!means?.repeatable) return { kind: 'person', reason: noWayToAsk }
      return late ? { kind: 'person', reason: tooLateToRepeat } : { kind: 'send' }
    default:
      throw new Error(`a parking action that is ${action.state} has no next step`)
  }
}

/** Where an answer leads. */
export interface ActionVerdict {
  trigger: ParkingActionTrigger
  reason: string | null
  code: string | null
  reference: string | null
  /** When it is looked at again; null when it has ended, or waits for a person alone. */
  nextAt: Date | null
  needsPerson: boolean
}

const second = 1_000
/** Between questions after an unknown outcome, and between tries of what was surely not done. */
const pauses = [1, 5, 30, 120, 600, 3_600]
/** From then on a person is told; the vendor is asked on, hour by hour. */
const personAfterMs = 24 * 3_600 * second

function pauseMs(times: number): number {
  return (pauses[Math.min(Math.max(times, 1), pauses.length) - 1] ?? 1) * second
}

/** After the vendor was called. */
export function afterAttempt(action: OpenAction, outcome: ActionOutcome, means: ActionMeans, now: Date): ActionVerdict {
  const lost = { ...nothing, trigger: 'lose' } as const
  // This answer is about this attempt; an earlier one may have been done all the same.
  if (action.unknownSince !== null && outcome.kind === 'refused')
    return {
      ...lost,
      reason: `An earlier attempt may have been done; this one was refused: ${outcome.reason}`,
      needsPerson: true,
    }
  if (action.unknownSince !== null && outcome.kind === 'later')
    return { ...settled(action, outcome, now), ...told(action, outcome.reason, now), trigger: 'lose' }
  if (outcome.kind !== 'unknown') return settled(action, outcome, now)
  if (!means.canAsk && !means.repeatable) {
    return { ...lost, reason: `${noWayToAsk} ${outcome.reason}`, needsPerson: true }
  }
  return { ...lost, ...told(action, outcome.reason, now), nextAt: later(now, pauseMs(action.attempt)) }
}

/** From a day on a person is told, while the hub goes on. */
function told({ unknownSince }: OpenAction, reason: string, now: Date): { reason: string; needsPerson: boolean } {
  const needsPerson = now.getTime() - (unknownSince ?? now).getTime() >= personAfterMs
  return { needsPerson, reason: needsPerson ? `${unknownForLong} ${reason}` : reason }
}

/** After the vendor was asked; `repeat` says that it may be sent again at once although nobody knows. */
export function afterInquiry(
  action: OpenAction,
  answer: OutcomeInquiry,
  means: ActionMeans,
  now: Date,
): ActionVerdict & { repeat: boolean } {
  if (answer.kind === 'not_done') {
    return { ...nothing, trigger: 'postpone', reason: 'It was not done.', nextAt: now, repeat: false }
  }
  if (answer.kind !== 'unknown') return { ...settled(action, answer, now), repeat: false }
  const late = action.deadline !== null && action.deadline <= now
  return {
    ...nothing,
    ...told(action, answer.reason, now),
    trigger: 'lose',
    nextAt: later(now, pauseMs(action.asks)),
    repeat: means.repeatable && !late,
  }
}

const nothing = { reason: null, code: null, reference: null, nextAt: null, needsPerson: false } as const

function settled(action: OpenAction, outcome: Exclude<ActionOutcome, { kind: 'unknown' }>, now: Date): ActionVerdict {
  switch (outcome.kind) {
    case 'done':
      return { ...nothing, trigger: 'finish', reference: outcome.reference ?? null }
    case 'refused':
      return { ...nothing, trigger: 'refuse', reason: outcome.reason, code: outcome.code ?? null }
    case 'later': {
      const asked = outcome.retryAfterSeconds
      const ms = asked === undefined ? pauseMs(action.attempt) : Math.min(Math.max(asked, 1), 86_400) * second
      return { ...nothing, trigger: 'postpone', reason: outcome.reason, nextAt: later(now, ms) }
    }
  }
}

function later(now: Date, ms: number): Date {
  return new Date(now.getTime() + ms)
}
