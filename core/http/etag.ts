// Owns record versions as entity tags: "v7" is version 7.
// Must not hash bodies: a version says the same for every form of the record.
import { type ProblemReply, problem } from './problem.ts'

export function etagOf(version: number): string {
  return `"v${version}"`
}

/** The version that the change is to be made from; undefined when the caller does not care. */
export function ifMatch(headers: Headers): { version: number | undefined } | ProblemReply {
  const tag = headers.get('if-match')?.trim()
  if (tag === undefined || tag === '*') return { version: undefined }
  const version = /^"v(\d{1,9})"$/.exec(tag)?.[1]
  // A tag that was never given here cannot match anything.
  return version === undefined
    ? problem('record_changed', { detail: 'This If-Match is none of the ETags that the hub gives.' })
    : { version: Number(version) }
}

/** Whether the caller has this version already. Weak comparison, as RFC 9110 asks for here. */
export function ifNoneMatch(headers: Headers, etag: string | undefined): boolean {
  const tags = headers.get('if-none-match')
  if (tags === null || etag === undefined) return false
  return tags.split(',').some((tag) => tag.trim() === '*' || tag.trim().replace(/^W\//, '') === etag)
}
