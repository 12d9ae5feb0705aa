// Owns the way into a new hub: an organization, and one key with all rights.
// Must not make a second key while a live one exists.
import { HubError } from '../../domain/hub-error.ts'
import { roles } from '../../domain/scope.ts'
import {
  anyLiveKey,
  findKey,
  firstKeyTurn,
  firstOrganization,
  insertKey,
  insertOrganization,
} from '../../store/api-keys.ts'
import { transaction } from '../../store/transaction.ts'
import type { ServiceDeps } from '../service-deps.ts'
import { type Entropy, hashApiKey, keyPrefix, newApiKey } from './api-key-text.ts'

/** What anybody could guess is no key. */
const shortestKey = 20

export interface FirstKey {
  organizationId: string
  /** The key to show, when it was made now by the hub; null when the operator gave it or one was there. */
  key: string | null
}

/** Called at every start. `given` (BAYWATT_ADMIN_KEY) is added when it is not known yet. */
export function ensureFirstKey(deps: ServiceDeps & { entropy: Entropy; now(): Date }) {
  return async (input: { organizationName: string; given?: string | undefined }): Promise<FirstKey> => {
    const { given } = input
    if (given !== undefined && given.length < shortestKey) {
      throw new HubError('admin_key_too_short', `BAYWATT_ADMIN_KEY must have at least ${shortestKey} characters.`)
    }
    return transaction(deps.db, async (trx) => {
      await firstKeyTurn(trx)
      const now = deps.now()
      let organizationId = await firstOrganization(trx)
      if (organizationId === undefined) {
        organizationId = deps.newId()
        await insertOrganization(trx, organizationId, input.organizationName, deps.clock.now())
      }
      const found = given === undefined ? undefined : await findKey(trx, { hash: hashApiKey(given) })
      const usable =
        found !== undefined && found.revokedAt === null && (found.expiresAt === null || found.expiresAt > now)
      // A given key that was revoked stays revoked, unless nobody could get in any more.
      const open =
        usable || ((given === undefined || found !== undefined) && (await anyLiveKey(trx, organizationId, now)))
      if (open) return { organizationId, key: null }
      const text = given ?? newApiKey(deps.entropy)
      await insertKey(trx, organizationId, {
        keyId: deps.newId(),
        name: given === undefined ? 'First key' : 'Key from the configuration',
        prefix: keyPrefix(text),
        hash: hashApiKey(text),
        scopes: [...roles.owner],
        siteIds: null,
        createdAt: now,
        createdBy: 'hub',
        expiresAt: null,
      })
      return { organizationId, key: given === undefined ? text : null }
    })
  }
}
