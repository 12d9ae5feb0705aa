// Owns what the end of a command says about the rows it was for: in line, drifted, refused, to be tried again.
// Must not decide what comes next.
import type { CertificateHash } from '../station-command.ts'
import { type Aim, type Known, nextTry, patientAttempts } from './known-item.ts'
import { sameSetting } from './setting-value.ts'
import { thingFor, thingsThere } from './things-there.ts'

/** How a command ended, in the few ways that matter here. */
export type End =
  | { kind: 'accepted'; result: Record<string, unknown>; items: readonly unknown[] }
  | { kind: 'refused'; reason: string }
  | { kind: 'unsupported'; reason: string }
  /** `lost`: with its connection, which stands again. */
  | { kind: 'silent'; reason: string; lost?: boolean }

export interface Absorbing {
  now: Date
  bootedAt: Date | null
  readable: boolean
  /** Of a desired root certificate. */
  hashesOf(pem: string): readonly CertificateHash[]
}

export function afterWrite(row: Known, value: unknown, end: End, { now, readable }: Absorbing): Known {
  const known = settled(row, now)
  switch (end.kind) {
    case 'accepted': {
      const written = { ...known, writtenHash: row.desiredHash, writtenValue: value, writtenAt: now, silent: false }
      if (end.result.rebootRequired === true)
        return {
          ...written,
          state: 'pending',
          bootWait: 'waits',
          reason: 'The station takes this over at its next start.',
        }
      // Attempts are counted until what was written is seen to stand there.
      if (readable) return { ...written, state: 'pending', checkedAt: null, reason: 'Accepted; it is being read back.' }
      return { ...written, ...inLine, checkedAt: now }
    }
    case 'refused':
      return { ...known, state: 'refused', reason: `The station refused it: ${end.reason}` }
    case 'unsupported':
      return { ...known, state: 'unsupported', reason: `The station cannot do this: ${end.reason}` }
    case 'silent':
      // Whether it was taken over is not known: it is read before it is written again. What stands there then and did not before
      // is what was sent.
      return {
        ...unanswered(known, end, now),
        ...(wasAbsent(row) ? { writtenHash: row.desiredHash, writtenValue: value, writtenAt: now } : {}),
        state: 'unknown',
        checkedAt: null,
      }
  }
}

const wasAbsent = ({ kind, checkedAt, actual }: Known) => kind !== 'setting' && checkedAt !== null && actual === null

/** A row without a wish is gone once this gives null. */
export function afterWithdrawal(row: Known, end: End, { now }: Absorbing): Known | null {
  if (end.kind === 'silent') return unanswered(settled(row, now), end, now)
  // "Unknown" is as good as cleared; what a station will not give back stays there, and is not asked for without end.
  return row.desiredHash === null ? null : { ...settled(row, now), writtenHash: null, writtenValue: null }
}

export function afterReset(row: Known, end: End, { now }: Absorbing): Known {
  const reason =
    end.kind === 'accepted'
      ? 'The station takes this over at its next start, which comes when it is idle.'
      : `The station takes this over at its next start; it would not restart: ${end.reason}`
  return { ...settled(row, now), bootWait: 'reset_asked', reason }
}

export function afterRead(row: Known, aim: Aim | undefined, end: End, context: Absorbing): Known {
  const { now, bootedAt } = context
  const known = settled(row, now)
  if (aim === undefined || aim.hash !== row.desiredHash) return { ...known, checkedAt: null }
  switch (end.kind) {
    case 'silent':
      return unanswered(known, end, now)
    case 'unsupported':
      return { ...known, state: 'unsupported', checkedAt: now, reason: `The station cannot do this: ${end.reason}` }
    case 'refused':
      if (aim.kind === 'setting')
        return { ...known, state: 'refused', checkedAt: now, reason: `The station would not tell it: ${end.reason}` }
      return unreadable(known, aim, bootedAt, now)
    case 'accepted':
      return aim.kind === 'setting' ? readSetting(known, aim, end.result, now) : readThing(known, aim, end, context)
  }
}

const inLine = { state: 'in_line', attempts: 0, nextTryAt: null, silent: false, bootWait: null, reason: null } as const

const settled = (row: Known, now: Date): Known => ({ ...row, commandId: null, triedAt: now, silent: false })

export function unanswered(known: Known, end: End & { kind: 'silent' }, now: Date): Known {
  const attempts = known.attempts + 1
  const soon = end.lost === true && attempts < patientAttempts
  return { ...known, silent: true, attempts, nextTryAt: soon ? null : nextTry(attempts, now), reason: end.reason }
}

/** What was accepted and does not stand there is tried again, later each time (S13). */
export function mismatch(known: Known, actual: unknown, now: Date, reason: string): Known {
  const drifted = { ...known, state: 'drifted' as const, actual, checkedAt: now, silent: false }
  if (known.state !== 'pending') return { ...drifted, reason }
  const attempts = known.attempts + 1
  return {
    ...drifted,
    attempts,
    nextTryAt: nextTry(attempts, now),
    reason: `The station accepted it, but it is not so: ${reason}`,
  }
}

export function matched(known: Known, actual: unknown, now: Date): Known {
  return { ...known, ...inLine, actual, checkedAt: now }
}

/** Stations that will not say what they have are believed what they accepted, except for profiles after a start. */
function unreadable(known: Known, aim: Aim, bootedAt: Date | null, now: Date): Known {
  const lost = aim.kind === 'profile' && bootedAt !== null && (known.writtenAt === null || known.writtenAt < bootedAt)
  if (known.writtenHash === aim.hash && !lost) return matched(known, null, now)
  return { ...known, state: 'drifted', checkedAt: now, reason: 'The station does not tell what it has.' }
}

function readSetting(known: Known, aim: Aim & { kind: 'setting' }, result: Record<string, unknown>, now: Date): Known {
  const settings = (result.settings ?? {}) as Record<string, { value?: unknown; readonly?: unknown } | undefined>
  const name = Object.keys(settings).find((key) => sameName(key, aim.key))
  const found = name === undefined ? undefined : settings[name]
  if (found === undefined) {
    // Stations may answer a part of what was asked; what is left is asked for again, a few times.
    const attempts = known.attempts + 1
    const denied = Array.isArray(result.unknown) && result.unknown.some((key) => sameName(key, aim.key))
    if (!denied && attempts < mostPartialReads) return { ...known, attempts, checkedAt: null }
    return {
      ...known,
      state: 'unsupported',
      actual: null,
      checkedAt: now,
      reason: 'The station does not know this setting.',
    }
  }
  const actual = typeof found.value === 'string' ? found.value : null
  if (actual !== null && sameSetting(actual, aim.value.value)) return matched(known, actual, now)
  if (actual === null && known.writtenHash === aim.hash) return matched(known, null, now)
  if (found.readonly === true)
    return { ...known, state: 'refused', actual, checkedAt: now, reason: 'The station does not let this be changed.' }
  return mismatch(known, actual, now, actual === null ? 'it has no value' : `it is "${actual}"`)
}

const mostPartialReads = 4

/** Keys are compared without regard to case (OCPP 1.6 CiString50Type). */
const sameName = (a: unknown, b: string) => typeof a === 'string' && a.toLowerCase() === b.toLowerCase()

function readThing(known: Known, aim: Aim, end: End & { kind: 'accepted' }, { now, hashesOf }: Absorbing): Known {
  const things = thingsThere(aim.kind, [end.result, end.items])
  const hashes = aim.kind === 'root_certificate' ? hashesOf(aim.value.pem) : []
  const thing = thingFor(aim, things, hashes)
  if (thing === undefined) return mismatch(known, null, now, 'the station does not have it')
  // One that the hub did not write in this form may stand there under the same name with another content.
  const ours = known.writtenHash === aim.hash || aim.kind === 'root_certificate'
  return ours ? matched(known, thing, now) : mismatch(known, thing, now, 'another one stands in its place')
}
