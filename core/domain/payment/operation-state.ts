// Owns the life of one operation asked of a payment provider: its states, every move, and what follows from each answer.
// Must not touch a clock, the database or a provider; core/services/payments carries it out.
import type { PaymentInquiry, PaymentOutcome } from './payment-provider.ts'

export const operationStates = ['waiting', 'queued', 'sent', 'done', 'refused', 'unknown', 'dropped'] as const
export type OperationState = (typeof operationStates)[number]

export type OperationTrigger =
  /** Somebody who may has approved it. */
  | 'approve'
  /** Written down before the provider is called. */
  | 'send'
  | 'finish'
  | 'refuse'
  /** Surely not done: tried again, with the same key. */
  | 'postpone'
  /** Nobody knows what became of it. */
  | 'lose'
  /** Not needed any more, and surely not sent. */
  | 'drop'

/** State × trigger → state. What is unknown is never sent before the provider has said that it was not done. */
export const operationMoves: Readonly<
  Record<OperationState, Readonly<Partial<Record<OperationTrigger, OperationState>>>>
> = {
  waiting: { approve: 'queued', drop: 'dropped' },
  queued: { send: 'sent', refuse: 'refused', drop: 'dropped' },
  sent: { finish: 'done', refuse: 'refused', postpone: 'queued', lose: 'unknown' },
  unknown: { finish: 'done', refuse: 'refused', postpone: 'queued', lose: 'unknown' },
  done: {},
  refused: {},
  dropped: {},
}

/** @throws when the table has no such move: a bug, never an answer of the provider. */
export function moveOperation(state: OperationState, trigger: OperationTrigger): OperationState {
  const next = operationMoves[state][trigger]
  if (next === undefined) throw new Error(`a payment operation that is ${state} cannot ${trigger}`)
  return next
}

export const openOperationStates = ['queued', 'sent', 'unknown'] as const satisfies readonly OperationState[]

export interface OperationVerdict {
  trigger: OperationTrigger
  reason: string | null
  code: string | null
  nextAt: Date | null
  needsPerson: boolean
}

const second = 1_000
/** Between questions, and between tries of what was surely not done. */
const pauses = [2, 10, 60, 300, 1_800, 3_600]
/** After so many questions without an answer a person is told; the provider is asked on, hour by hour. */
export const asksBeforePerson = 5

export const pauseMs = (times: number): number =>
  (pauses[Math.min(Math.max(times, 1), pauses.length) - 1] ?? 2) * second

const nothing = { reason: null, code: null, nextAt: null, needsPerson: false } as const

/** What an answer leads to, to the first call or to a question. `times`: how often it was called or asked. */
export function judgeAnswer(
  answer: PaymentInquiry | PaymentOutcome,
  times: number,
  asked: boolean,
  now: Date,
): OperationVerdict {
  const after = (ms: number) => new Date(now.getTime() + ms)
  switch (answer.kind) {
    case 'done':
      return { ...nothing, trigger: 'finish' }
    case 'refused':
      return { ...nothing, trigger: 'refuse', reason: answer.reason, code: answer.code ?? null }
    case 'not_done':
      return { ...nothing, trigger: 'postpone', reason: 'The provider says that it was not done.', nextAt: now }
    case 'later': {
      const given = answer.retryAfterSeconds
      const ms = given === undefined ? pauseMs(times) : Math.min(Math.max(given, 1), 86_400) * second
      // "Later" to a question says nothing about the operation that is asked after.
      return { ...nothing, trigger: asked ? 'lose' : 'postpone', reason: answer.reason, nextAt: after(ms) }
    }
    case 'unknown': {
      const needsPerson = asked && times >= asksBeforePerson
      return { ...nothing, trigger: 'lose', reason: answer.reason, nextAt: after(pauseMs(times)), needsPerson }
    }
  }
}
