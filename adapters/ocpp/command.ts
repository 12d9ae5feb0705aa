// Owns the shape of a command on its way to a station: a few requests, each decided by the answer to the one before.
// Must not know sockets or timers; a time-out or a lost socket ends the steps from outside.
import type { CommandReply, StationCommand } from '../../core/plugin/index.ts'
import type { Loose } from './message.ts'
import type { AppliedProfile } from './profile.ts'

export interface OutgoingCall {
  action: string
  payload: object
}

export type CallAnswer =
  | { kind: 'result'; payload: Record<string, unknown> }
  | { kind: 'error'; code: string; description: string }

/** Yields requests, receives answers, returns what the command came to. */
export type CommandSteps = Generator<OutgoingCall, CommandReply, CallAnswer>

/** What a station told about its abilities, by the name of the setting; forgotten at its boot. Null: it could not be read. */
export type Memory = Map<string, string | null>

type CommandOf<N extends StationCommand['name']> = Extract<StationCommand, { name: N }>

export type Translator<N extends StationCommand['name']> = (
  command: CommandOf<N>,
  profile: AppliedProfile,
) => CommandSteps

export const refused = (reason: string, result?: Record<string, unknown>): CommandReply =>
  result === undefined ? { kind: 'refused', reason } : { kind: 'refused', reason, result }

/** For what a version has no message for. */
// biome-ignore lint/correctness/useYield: it ends before the first request
export function* cannot({ name }: { name: string }, why?: string): CommandSteps {
  const reason = why ?? `the station's OCPP version has no way to ${name.replaceAll('_', ' ')}`
  return { kind: 'unsupported', reason }
}

/** A CALLERROR in the neutral words. */
function fromError(answer: { code: string; description: string }): CommandReply {
  const reason = answer.description === '' ? answer.code : `${answer.code}: ${answer.description}`
  return answer.code === 'NotImplemented' || answer.code === 'NotSupported'
    ? { kind: 'unsupported', reason }
    : { kind: 'refused', reason }
}

/** Sends one request; the answer's payload typed loosely, or the reply that ends the command. */
export function* ask<Request extends object, Response>(
  action: string,
  payload: Request,
): Generator<OutgoingCall, { answer: Loose<Response> } | { ended: CommandReply }, CallAnswer> {
  const answer = yield { action, payload }
  if (answer.kind === 'error') return { ended: fromError(answer) }
  return { answer: answer.payload as Loose<Response> }
}

/** Sends one request whose answer is a status: `accepted` lists the words that mean yes, each with what to tell besides. */
export function* askForStatus<Request extends object>(
  action: string,
  payload: Request,
  accepted: Readonly<Record<string, Record<string, unknown> | null>>,
  unsupported: readonly string[] = [],
): CommandSteps {
  const said = yield* ask<Request, { status: string; statusInfo?: { reasonCode: string; additionalInfo?: string } }>(
    action,
    payload,
  )
  if ('ended' in said) return said.ended
  const { status, statusInfo } = said.answer
  if (status === undefined) return refused('the answer holds no status')
  if (Object.hasOwn(accepted, status)) {
    const result = accepted[status]
    return result === null || result === undefined ? { kind: 'accepted' } : { kind: 'accepted', result }
  }
  if (unsupported.includes(status)) return { kind: 'unsupported', reason: status }
  const why = [status, statusInfo?.reasonCode, statusInfo?.additionalInfo].filter(
    (part) => part !== undefined && part !== '',
  )
  return refused(why.join(': '))
}

/** A token as this station wants it (R2). */
export function tokenText(value: string, profile: AppliedProfile): string {
  const { tagTransform } = profile
  const text = tagTransform === 'upper' ? value.toUpperCase() : tagTransform === 'lower' ? value.toLowerCase() : value
  if (text !== value) profile.used('tagTransform')
  return text
}
