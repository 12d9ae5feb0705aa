// Owns who held a credential or a plate at some instant: enrolments reach back, what ended stays true for its time.
// Must not ask what it may do: blocking and validity are rights, and rights do not change who somebody was.

/** One enrolment's word on what is shown: from when it was enrolled until it was taken back. */
export interface Claim {
  from: Date
  /** When it was archived or removed; null while it stands. */
  until: Date | null
  /** Given up without being removed: yields to whoever was enrolled for it since. */
  revoked: boolean
}

/**
 * Of several enrolments of one thing, those that say whose it was at `at`. Those in force then; of them, those that nobody has
 * taken back since. Where none was enrolled yet, the first: people enrol late, and the card was theirs already. What began only
 * after the first had ended is another's time. Nothing more once all have ended.
 */
export function claimsAt<C extends Claim>(claims: readonly C[], at: Date): C[] {
  const live = claims.filter(({ until }) => until === null || until > at)
  const begun = live.filter(({ from }) => from <= at)
  if (begun.length === 0) {
    const [first] = live.toSorted((a, b) => a.from.getTime() - b.from.getTime())
    return live.filter(
      ({ from }) =>
        first !== undefined &&
        (from.getTime() === first.from.getTime() || (!first.revoked && (first.until === null || from < first.until))),
    )
  }
  const kept = begun.filter(({ revoked }) => !revoked)
  const standing = kept.filter(({ until }) => until === null)
  if (standing.length > 0) return standing
  if (kept.length > 0) return kept
  const last = Math.max(...begun.map(({ from }) => from.getTime()))
  return begun.filter(({ from }) => from.getTime() === last)
}

/** What a field was until it changed; oldest first. */
export interface Former<T> {
  until: Date
  value: T | null
}

/** What held at `at`. A null of the past says nothing: the next holder is taken to have had it before, until told otherwise. */
export function heldAt<T>(former: readonly Former<T>[], now: T | null, at: Date): T | null {
  return former.find(({ until, value }) => until > at && value !== null)?.value ?? now
}
