// Owns the usual answers: a page, a record with its version, a new record, done.
// Must not know any one operation.
import type { Outcome } from '../services/manage/outcome.ts'
import type { Page } from '../services/manage/records.ts'
import { cursorOf } from './cursor.ts'
import { etagOf } from './etag.ts'
import { type ProblemReply, refused } from './problem.ts'

export interface PageReply<T> {
  status: 200
  body: { items: T[]; nextCursor: string | null }
}

export function listed<T>(page: Page<T>): PageReply<T> {
  return { status: 200, body: { items: page.items, nextCursor: cursorOf(page.next) } }
}

type Versioned = { version: number }

/** The record, with its version as ETag. */
export function found<T extends Versioned>(
  outcome: Outcome<T>,
): { status: 200; headers: { ETag: string }; body: T } | ProblemReply {
  if (outcome.kind !== 'ok') return refused(outcome)
  return { status: 200, headers: { ETag: etagOf(outcome.value.version) }, body: outcome.value }
}

/** A record without a version of its own. */
export function shown<T>(outcome: Outcome<T>): { status: 200; body: T } | ProblemReply {
  return outcome.kind === 'ok' ? { status: 200, body: outcome.value } : refused(outcome)
}

export function made<T extends object>(
  outcome: Outcome<T>,
  at: (value: T) => string,
): { status: 201; headers: Record<string, string>; body: T } | ProblemReply {
  if (outcome.kind !== 'ok') return refused(outcome)
  const { value } = outcome
  const etag: Record<string, string> =
    'version' in value && typeof value.version === 'number' ? { ETag: etagOf(value.version) } : {}
  return { status: 201, headers: { ...etag, Location: `/api/v1${at(value)}` }, body: value }
}

export function done(outcome: Outcome<unknown>): { status: 204 } | ProblemReply {
  return outcome.kind === 'ok' ? { status: 204 } : refused(outcome)
}

/** The outcome with its value changed. */
export async function mapped<A, B>(
  outcome: Promise<Outcome<A>> | Outcome<A>,
  map: (value: A) => B | Promise<B>,
): Promise<Outcome<B>> {
  const result = await outcome
  return result.kind === 'ok' ? { kind: 'ok', value: await map(result.value) } : result
}
