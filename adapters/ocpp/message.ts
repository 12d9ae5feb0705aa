// Owns the shape of one message from a station, whatever its version: how it is read into a fact and how its outcome is answered.
// Must not know sockets or storage.
import type { ChargerFact, ChargerOutcome } from '../../core/plugin/index.ts'
import type { Noter } from './deviations.ts'
import type { AppliedProfile } from './profile.ts'

/** What a translator may know besides the payload. */
export interface Reading extends Noter {
  readonly profile: AppliedProfile
  /** False while the station waits for approval or was rejected: facts are kept, service is refused. */
  readonly served: boolean
  now(): Date
  /** Numbers the parts of a report whose message does not; `last` ends the count. */
  numberPart(report: string, last: boolean): number
}

/**
 * A payload after schema check or repair: every field that is there has its type, any field may be missing, and a text that
 * should be of a closed list may hold anything.
 */
export type Loose<T> = T extends string
  ? string
  : T extends number
    ? number
    : T extends boolean
      ? boolean
      : T extends readonly (infer Each)[]
        ? Loose<Each>[]
        : T extends object
          ? { [K in keyof T]?: Loose<T[K]> | undefined }
          : T

export interface FactMessage<F extends ChargerFact = ChargerFact, P = unknown> {
  kind: 'fact'
  action: string
  /** Concerns a transaction or its connector: whatever it holds, it is stored and never answered with an error. */
  kept: boolean
  read(payload: Loose<P>, reading: Reading, receivedAt: Date): F
  reply(outcome: ChargerOutcome<F>, fact: F, reading: Reading): object
}

/** A message that changes no record: answered and kept in the journal. */
export interface Notice<P = unknown> {
  kind: 'notice'
  action: string
  /** Answered ahead of messages that wait for storage. */
  immediate?: boolean
  reply(payload: Loose<P>, reading: Reading): object
}

/** Any message, for tables of them: the connection only passes what `read` made to `reply`. */
export interface AnyFactMessage {
  kind: 'fact'
  action: string
  kept: boolean
  read(payload: unknown, reading: Reading, receivedAt: Date): ChargerFact
  reply(outcome: unknown, fact: ChargerFact, reading: Reading): object
}

export interface AnyNotice {
  kind: 'notice'
  action: string
  immediate?: boolean
  reply(payload: unknown, reading: Reading): object
}

export type AnyMessage = AnyFactMessage | AnyNotice

export function factMessage<F extends ChargerFact, P>(message: Omit<FactMessage<F, P>, 'kind'>): AnyFactMessage {
  return { kind: 'fact', ...message } as unknown as AnyFactMessage
}

export function notice<P>(message: Omit<Notice<P>, 'kind'>): AnyNotice {
  return { kind: 'notice', ...message } as unknown as AnyNotice
}
