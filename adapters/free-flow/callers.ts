// Owns by which secrets a vendor's calls are known: one agreed secret, two while it is changed, in every header that the vendor may use.
// Must not keep a secret; the hub is asked for it at every call.
import { type CallerProof, ConfigInvalid } from '../../core/plugin/index.ts'

/** Shorter ones are guessed. */
const shortest = 12

export interface CallerWays {
  /** The name beside the secret in Basic. */
  user: string
  /** Headers that hold the secret itself. */
  headers: readonly string[]
}

/** @throws ConfigInvalid for a secret that anybody could guess */
export function callersOf(secret: string, { user, headers }: CallerWays): CallerProof[] {
  const secrets = secret.trim().split(/\s+/)
  if (secrets.some((one) => one.length < shortest))
    throw new ConfigInvalid('', `The secret "inbound" needs at least ${shortest} characters and holds no blanks.`)
  return secrets.flatMap((one): CallerProof[] => [
    { kind: 'bearer', token: one },
    { kind: 'basic', user, password: one },
    ...headers.map((name): CallerProof => ({ kind: 'header', name, value: one })),
  ])
}
