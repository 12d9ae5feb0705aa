// Owns the system's randomness and the ids made from it.
// Must not be imported outside core/runtime, tests and benches: everything else is given a source.
import { randomBytes, randomInt } from 'node:crypto'
import { type NewId, uuidv7Generator } from '../domain/ids.ts'

/** Time-ordered ids, strictly increasing within this process. */
export const systemNewId: NewId = uuidv7Generator(Date.now, (into) => {
  crypto.getRandomValues(into)
})

/** 0 (included) to 1 (not): for spreading retries, not for secrets. */
export function systemRandom(): number {
  return randomInt(2 ** 32) / 2 ** 32
}

/** A secret with `bytes` bytes of entropy, in characters that need no escaping in a URL or header. */
export function systemSecret(bytes = 32): string {
  return randomBytes(bytes).toString('base64url')
}

/** Names a report, a log or an update between hub and station: 1 to 2^31 - 1, since OCPP's integers are signed. */
export function systemRequestId(): number {
  return randomInt(1, 2 ** 31)
}
