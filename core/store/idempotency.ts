// Owns answers that were given under an Idempotency-Key, and the lock that lets one request of a key run at a time.
// Must not read a body: it is kept sealed, since answers hold secrets that are shown once.

import { sql } from 'kysely'
import { jsonText } from './json-text.ts'
import type { Db } from './record-table.ts'

export interface StoredAnswer {
  requestHash: Buffer
  operation: string
  status: number
  headers: Record<string, string>
  body: string
  createdAt: Date
}

export interface AnswerKey {
  organizationId: string
  principal: string
  /** A hash of what the caller sent. */
  key: string
}

/**
 * Holds the key until the transaction ends. False while another transaction holds it: it dies with its connection, so a
 * crash leaves no key behind.
 */
export async function holdKey(trx: Db, at: AnswerKey): Promise<boolean> {
  const name = `idempotency ${at.organizationId} ${at.principal} ${at.key}`
  const { rows } = await sql<{
    held: boolean
  }>`select pg_try_advisory_xact_lock(hashtextextended(${name}, 0)) as held`.execute(trx)
  return rows[0]?.held ?? false
}

export async function findAnswer(db: Db, at: AnswerKey): Promise<StoredAnswer | undefined> {
  const row = await db
    .selectFrom('idempotency')
    .selectAll()
    .where('organization_id', '=', at.organizationId)
    .where('principal', '=', at.principal)
    .where('key', '=', at.key)
    .executeTakeFirst()
  if (row?.status == null) return undefined
  return {
    requestHash: row.request_hash,
    operation: row.operation,
    status: row.status,
    headers: (row.headers ?? {}) as Record<string, string>,
    body: row.body ?? '',
    createdAt: row.created_at,
  }
}

export async function keepAnswer(db: Db, at: AnswerKey, answer: StoredAnswer): Promise<void> {
  const { requestHash, headers, createdAt, ...rest } = answer
  const values = { ...rest, request_hash: requestHash, headers: jsonText(headers), created_at: createdAt }
  await db
    .insertInto('idempotency')
    .values({ organization_id: at.organizationId, principal: at.principal, key: at.key, ...values })
    .onConflict((conflict) => conflict.columns(['organization_id', 'principal', 'key']).doUpdateSet(values))
    .execute()
}

export async function forgetAnswers(db: Db, before: Date): Promise<number> {
  const result = await db.deleteFrom('idempotency').where('created_at', '<', before).executeTakeFirst()
  return Number(result.numDeletedRows)
}
