// Owns the words in which an unreadable message is told: where, and what is wrong there.
// Must not decide what is unreadable.

export interface BodyProblem {
  /** JSON pointer (RFC 6901) into the message, "" for all of it. */
  pointer: string
  message: string
}

export type Read<T> = { kind: 'ok'; value: T } | { kind: 'problem'; problem: BodyProblem }

export function ok<T>(value: T): Read<T> {
  return { kind: 'ok', value }
}

export function bad(pointer: string, message: string): { kind: 'problem'; problem: BodyProblem } {
  return { kind: 'problem', problem: { pointer, message } }
}
