// Owns API keys as rows: found by the hash of what was sent, never by the key itself.
// Must not know how a key is made or hashed; core/services/keys does.
import { sql } from 'kysely'
import type { Scope } from '../domain/scope.ts'
import { type Db, recordTable } from './record-table.ts'

export interface ApiKey {
  keyId: string
  name: string
  prefix: string
  scopes: Scope[]
  siteIds: string[] | null
  createdAt: Date
  createdBy: string
  expiresAt: Date | null
  revokedAt: Date | null
  lastUsedAt: Date | null
}

export const apiKeys = recordTable<ApiKey>()('api_key', {
  type: 'api_key',
  id: 'key_id',
  columns: {
    keyId: 'key_id',
    name: 'name',
    prefix: 'prefix',
    scopes: 'scopes',
    siteIds: 'site_ids',
    createdAt: 'created_at',
    createdBy: 'created_by',
    expiresAt: 'expires_at',
    revokedAt: 'revoked_at',
    lastUsedAt: 'last_used_at',
  },
  reach: 'organization',
  sorts: {
    createdAt: [
      { expression: 't.created_at', type: 'timestamptz' },
      { expression: 't.key_id', type: 'uuid' },
    ],
  },
  defaultSort: '-createdAt',
  filters: {
    revoked: (value: boolean) => sql<boolean>`(t.revoked_at is not null) = ${value}`,
    /** Keys that reach no further than these sites. */
    within: (siteIds: readonly string[]) => sql<boolean>`t.site_ids <@ ${siteIds}::uuid[]`,
  },
})

export interface FoundKey extends ApiKey {
  organizationId: string
}

/** By what was sent, or (for a dashboard session) by the key's own id. Revoked and expired keys are found, too. */
export async function findKey(db: Db, by: { hash: Buffer } | { keyId: string }): Promise<FoundKey | undefined> {
  const condition = 'hash' in by ? sql`hash = ${by.hash}` : sql`key_id = ${by.keyId}`
  const { rows } = await sql<FoundKey>`
    select organization_id as "organizationId", key_id as "keyId", name, prefix, scopes, site_ids as "siteIds",
      created_at as "createdAt", created_by as "createdBy", expires_at as "expiresAt", revoked_at as "revokedAt",
      last_used_at as "lastUsedAt"
    from api_key where ${condition} order by revoked_at desc nulls first limit 1`.execute(db)
  return rows[0]
}

export async function insertKey(
  db: Db,
  organizationId: string,
  key: Omit<ApiKey, 'revokedAt' | 'lastUsedAt'> & { hash: Buffer },
): Promise<void> {
  await db
    .insertInto('api_key')
    .values({
      organization_id: organizationId,
      key_id: key.keyId,
      name: key.name,
      prefix: key.prefix,
      hash: key.hash,
      scopes: key.scopes,
      site_ids: key.siteIds,
      created_at: key.createdAt,
      created_by: key.createdBy,
      expires_at: key.expiresAt,
    })
    .execute()
}

/** False when it was revoked before. */
export async function markRevoked(db: Db, organizationId: string, keyId: string, at: Date): Promise<boolean> {
  const revoked = await db
    .updateTable('api_key')
    .set({ revoked_at: at })
    .where('organization_id', '=', organizationId)
    .where('key_id', '=', keyId)
    .where('revoked_at', 'is', null)
    .returning('key_id')
    .executeTakeFirst()
  return revoked !== undefined
}

export async function markUsed(db: Db, organizationId: string, keyId: string, at: Date): Promise<void> {
  await db
    .updateTable('api_key')
    .set({ last_used_at: at })
    .where('organization_id', '=', organizationId)
    .where('key_id', '=', keyId)
    .execute()
}

export async function firstOrganization(db: Db): Promise<string | undefined> {
  const row = await db
    .selectFrom('organization')
    .select('organization_id')
    .orderBy('created_at')
    .limit(1)
    .executeTakeFirst()
  return row?.organization_id
}

export async function insertOrganization(db: Db, organizationId: string, name: string, at: Date): Promise<void> {
  await db.insertInto('organization').values({ organization_id: organizationId, name, created_at: at }).execute()
}

/** Whether any key could be used now: a hub without one cannot be reached by anybody. */
export async function anyLiveKey(db: Db, organizationId: string, now: Date): Promise<boolean> {
  const row = await db
    .selectFrom('api_key')
    .select('key_id')
    .where('organization_id', '=', organizationId)
    .where('revoked_at', 'is', null)
    .where((eb) => eb.or([eb('expires_at', 'is', null), eb('expires_at', '>', now)]))
    .limit(1)
    .executeTakeFirst()
  return row !== undefined
}

/** One node at a time looks whether the hub has a key, and makes it. */
export async function firstKeyTurn(trx: Db): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended('baywatt first key', 0))`.execute(trx)
}

export async function siteIdsByName(
  db: Db,
  organizationId: string,
  codes: readonly string[],
  ids: readonly string[],
): Promise<string[]> {
  const { rows } = await sql<{ site_id: string }>`
    select site_id from site where organization_id = ${organizationId}
      and (code = any(${codes}::text[]) or site_id = any(${ids}::uuid[]))`.execute(db)
  return rows.map((row) => row.site_id)
}
