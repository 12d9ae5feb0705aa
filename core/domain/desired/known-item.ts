// Owns what a station is known to have of one thing, and how that knowledge changes.
// Must not choose what is done next; plan-reconcile.ts does.
import type { DesiredContent, DesiredKind } from './desired-item.ts'

export type KnownState = 'unknown' | 'in_line' | 'drifted' | 'pending' | 'refused' | 'unsupported'

export interface Known {
  kind: DesiredKind
  key: string
  state: KnownState
  /** The desired value that the rest of the row speaks of; null when nothing is wanted any more. */
  desiredHash: string | null
  /** What the hub last wrote and the station accepted; null while nothing of the hub's stands there. */
  writtenHash: string | null
  writtenValue: unknown
  writtenAt: Date | null
  /** As it was read. */
  actual: unknown
  /** When the station last said how it stands; null asks for it. */
  checkedAt: Date | null
  /** When it last answered, or failed to answer, about this. */
  triedAt: Date | null
  attempts: number
  nextTryAt: Date | null
  /** The last attempt had no answer. */
  silent: boolean
  /** The station takes it over at its next start. */
  bootWait: 'waits' | 'reset_asked' | null
  commandId: string | null
  reason: string | null
}

/** What a station is to have, made ready for comparing. */
export type Aim = DesiredContent & {
  hash: string
  /** Why this station's version has no way to it; null where there is one. */
  inapplicable: string | null
}

export type Protocol = 'ocpp1.6' | 'ocpp2.0.1' | 'ocpp2.1'

const minute = 60_000
const longestPause = 6 * 60 * minute

/** A station may lose its connection over a command; from the third time on, a new start alone does not bring it again. */
export const patientAttempts = 3

/** One minute, then twice as long each time, up to six hours. */
export function nextTry(attempts: number, now: Date): Date {
  return new Date(now.getTime() + Math.min(minute * 2 ** Math.min(attempts - 1, 12), longestPause))
}

export function unknownItem(kind: DesiredKind, key: string): Known {
  return {
    kind,
    key,
    state: 'unknown',
    desiredHash: null,
    writtenHash: null,
    writtenValue: null,
    writtenAt: null,
    actual: null,
    checkedAt: null,
    triedAt: null,
    attempts: 0,
    nextTryAt: null,
    silent: false,
    bootWait: null,
    commandId: null,
    reason: null,
  }
}

/** Brings the row up to what is wanted now and to the station's latest start. */
export function renewed(known: Known, aim: Aim | undefined, bootedAt: Date | null): Known {
  const fresh = { attempts: 0, nextTryAt: null, silent: false, bootWait: null, reason: null }
  let next = known
  const wary = known.silent && known.attempts >= patientAttempts
  if (bootedAt !== null && known.triedAt !== null && known.triedAt < bootedAt && !wary) {
    const open = known.state === 'in_line' || known.state === 'drifted'
    // Attempts go on counting for what waited for this start: a station that ignores it must not be restarted without end.
    if (known.bootWait !== null)
      next = { ...next, ...fresh, attempts: known.attempts, state: 'pending', checkedAt: null }
    else next = { ...next, ...fresh, state: open ? known.state : 'unknown', checkedAt: open ? known.checkedAt : null }
  }
  if (aim === undefined) return next.desiredHash === null ? next : { ...next, ...fresh, desiredHash: null }
  if (aim.inapplicable !== null)
    return { ...next, ...fresh, state: 'unsupported', desiredHash: aim.hash, reason: aim.inapplicable }
  if (next.desiredHash === aim.hash) return next
  return {
    ...next,
    ...fresh,
    desiredHash: aim.hash,
    state: next.checkedAt === null ? 'unknown' : 'drifted',
    reason: 'It was changed here and the station has not been told yet.',
    // What was refused may have been refused for its value; what stands there is looked at again.
    checkedAt: next.state === 'in_line' || next.state === 'drifted' ? next.checkedAt : null,
  }
}
