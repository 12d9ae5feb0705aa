// Owns what managing records can end in: the value, or one of a few refusals that a caller has to expect.
// Must not know HTTP; core/http gives each refusal its status.
import type { Sight } from '../../store/record-table.ts'
import type { Actor } from '../service-deps.ts'

/** Who asks, for which organization, limited to which sites (null: none). */
export interface Access extends Sight {
  actor: Actor
  /** Goes into the audit log. */
  requestId: string
}

export interface FieldProblem {
  /** JSON pointer into the input. */
  pointer: string
  message: string
}

export type Refusal =
  /** No such record, or on a site that the caller does not reach. */
  | { kind: 'not_found' }
  /** The record has moved on since the version that the caller saw. */
  | { kind: 'stale'; version: number }
  /** In conflict with what is stored. */
  | { kind: 'conflict'; message: string; pointer?: string }
  | { kind: 'invalid'; problems: readonly FieldProblem[] }
  | { kind: 'forbidden'; message: string }

export type Outcome<T> = { kind: 'ok'; value: T } | Refusal

export const notFound: Refusal = { kind: 'not_found' }

export function ok<T>(value: T): Outcome<T> {
  return { kind: 'ok', value }
}

export function invalid(pointer: string, message: string): Refusal {
  return { kind: 'invalid', problems: [{ pointer, message }] }
}
