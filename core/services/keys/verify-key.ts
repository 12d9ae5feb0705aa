// Owns finding out who is behind a key or a dashboard session.
// Must not read a request; core/http takes the key out of it.
import { type FoundKey, findKey, markUsed } from '../../store/api-keys.ts'
import type { ServiceDeps } from '../service-deps.ts'
import { hashApiKey } from './api-key-text.ts'

export type { FoundKey }

export type KeyVerdict =
  | { kind: 'valid'; key: FoundKey }
  | { kind: 'unknown' }
  | { kind: 'revoked' }
  | { kind: 'expired' }

/** A use is written down at most this often for each key. */
const usedEveryMs = 60_000

/** `now` is real time, as for makers of keys. */
export function verifyKey(deps: Pick<ServiceDeps, 'db' | 'log'> & { now(): Date }) {
  return async (presented: { text: string } | { keyId: string }): Promise<KeyVerdict> => {
    const key = await findKey(deps.db, 'text' in presented ? { hash: hashApiKey(presented.text) } : presented)
    if (!key) return { kind: 'unknown' }
    const now = deps.now()
    if (key.revokedAt) return { kind: 'revoked' }
    if (key.expiresAt && key.expiresAt <= now) return { kind: 'expired' }
    if (!key.lastUsedAt || now.getTime() - key.lastUsedAt.getTime() >= usedEveryMs) {
      markUsed(deps.db, key.organizationId, key.keyId, now).catch((error: unknown) =>
        deps.log.warn({ err: error, key: key.keyId }, 'the use of a key was not written down'),
      )
    }
    return { kind: 'valid', key }
  }
}
