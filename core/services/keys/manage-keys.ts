// Owns making and revoking API keys. A key never gives more than it has.
// Must not hand out a key a second time: only its hash is kept.

import { type Role, reaches, roles, type Scope } from '../../domain/scope.ts'
import { type ApiKey, apiKeys, insertKey, markRevoked } from '../../store/api-keys.ts'
import { appendAudit } from '../../store/audit.ts'
import type { Page } from '../../store/keyset.ts'
import { getRecord, type ListQuery, listRecords } from '../../store/record-table.ts'
import { refusable } from '../manage/manage-record.ts'
import { type Access, invalid, notFound, type Outcome, ok } from '../manage/outcome.ts'
import { brokenSites } from '../manage/references.ts'
import type { ServiceDeps } from '../service-deps.ts'
import { type Entropy, hashApiKey, keyPrefix, newApiKey } from './api-key-text.ts'

export interface KeyCreate {
  name: string
  role?: Role
  scopes?: readonly Scope[]
  siteIds?: readonly string[] | null
  expiresAt?: string | null
}

export interface KeyAccess extends Access {
  scopes: readonly Scope[]
}

export function listKeys(deps: ServiceDeps) {
  return (access: Access, query: ListQuery): Promise<Page<ApiKey>> =>
    listRecords(deps.db, apiKeys, access, { ...query, ...(access.siteIds === null ? {} : { within: access.siteIds }) })
}

export function getKey(deps: ServiceDeps) {
  return async (access: Access, keyId: string): Promise<Outcome<ApiKey>> => {
    const key = await getRecord(deps.db, apiKeys, access, keyId)
    return key && within(access, key) ? ok(key) : notFound
  }
}

/** `now` is real time: keys expire by the calendar, whatever clock a demo runs on. */
export function createKey(deps: ServiceDeps & { entropy: Entropy; now(): Date }) {
  return (access: KeyAccess, input: KeyCreate): Promise<Outcome<{ key: ApiKey; text: string }>> =>
    refusable(deps, async (trx) => {
      const { role, siteIds = null, expiresAt = null } = input
      if ((role === undefined) === (input.scopes === undefined))
        return invalid('/scopes', 'give either scopes or a role')
      const granted = [...(role === undefined ? (input.scopes ?? []) : roles[role])]
      const beyond = granted.find((scope) => !reaches(access.scopes, scope))
      if (beyond) return { kind: 'forbidden', message: `A key cannot give a scope that it does not have: ${beyond}.` }
      const limits = await brokenSites(trx, access, siteIds)
      if (limits) return limits
      const now = deps.now()
      if (expiresAt !== null && Date.parse(expiresAt) <= now.getTime()) return invalid('/expiresAt', 'is in the past')
      const text = newApiKey(deps.entropy)
      const keyId = deps.newId()
      await insertKey(trx, access.organizationId, {
        keyId,
        name: input.name,
        prefix: keyPrefix(text),
        hash: hashApiKey(text),
        scopes: granted,
        siteIds: siteIds === null ? null : [...siteIds],
        createdAt: now,
        createdBy: access.actor,
        expiresAt: expiresAt === null ? null : new Date(expiresAt),
      })
      const key = await getRecord(trx, apiKeys, access, keyId)
      if (!key) throw new Error('the new key is not there')
      await log(deps, trx, access, 'created', null, key)
      return ok({ key, text })
    })
}

export function revokeKey(deps: ServiceDeps & { now(): Date }) {
  return (access: Access, keyId: string): Promise<Outcome<null>> =>
    refusable(deps, async (trx) => {
      const before = await getRecord(trx, apiKeys, access, keyId, 'lock')
      if (!before || !within(access, before)) return notFound
      if (!(await markRevoked(trx, access.organizationId, keyId, deps.now()))) {
        return { kind: 'conflict', message: 'It has been revoked already.' }
      }
      await log(deps, trx, access, 'revoked', before, (await getRecord(trx, apiKeys, access, keyId)) ?? before)
      return ok(null)
    })
}

function within(access: Access, key: ApiKey): boolean {
  const { siteIds } = access
  return siteIds === null || (key.siteIds?.every((id) => siteIds.includes(id)) ?? false)
}

async function log(
  deps: ServiceDeps,
  trx: ServiceDeps['db'],
  access: Access,
  action: string,
  before: ApiKey | null,
  after: ApiKey,
): Promise<void> {
  await appendAudit(trx, access.organizationId, {
    auditId: deps.newId(),
    siteId: null,
    at: deps.clock.now(),
    actor: access.actor,
    action: `api_key.${action}`,
    subjectType: 'api_key',
    subjectId: after.keyId,
    before,
    after,
    requestId: access.requestId,
  })
}
