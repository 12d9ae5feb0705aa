// Owns the rows of credentials that are known, or are to be known, at parking systems.
// Must not decide which are wanted; core/services/parking-actions/preload does.
import { sql } from 'kysely'
import type { PreloadedCredential } from '../domain/parking-action.ts'
import type { NewJob } from './event-log.ts'
import { jsonText } from './json-text.ts'
import { type Db, is, recordTable } from './record-table.ts'

export type PreloadState = 'pending' | 'in_place' | 'removing' | 'removed' | 'refused' | 'unknown'
export const gone = 'gone'

export interface PreloadRecord {
  connectionId: string
  siteId: string
  credentialId: string
  state: PreloadState
  reference: string | null
  actionId: string | null
  reason: string | null
  since: Date
  doneAt: Date | null
  updatedAt: Date
}

export const preloads = recordTable<PreloadRecord>()('parcs_preload', {
  type: 'parcs_preload',
  columns: {
    connectionId: 'connection_id',
    siteId: 'site_id',
    credentialId: 'credential_id',
    state: 'state',
    reference: 'reference',
    actionId: 'action_id',
    reason: 'reason',
    since: 'since',
    doneAt: 'done_at',
    updatedAt: 'updated_at',
  },
  reach: 'site',
  sorts: {
    place: [
      { expression: 't.connection_id', type: 'uuid' },
      { expression: 't.credential_id', type: 'uuid' },
    ],
  },
  filters: {
    siteId: is('site_id'),
    connectionId: is('connection_id'),
    credentialId: is('credential_id'),
    state: is('state'),
  },
})

export type PreloadForms = PreloadedCredential['presentations']

/** A row as the comparison works on it. */
export interface KnownPreload {
  credentialId: string
  /** Fingerprint of what was last asked of the vendor, or `gone`; empty when that was refused and may be asked anew. */
  asked: string
  /** Of what the vendor last confirmed; null when it never confirmed anything. */
  done: string | null
  forms: PreloadForms
  state: PreloadState
}

type Of = { organizationId: string; connectionId: string }

/** Every row of the connection, without its forms. */
export async function preloadAims(db: Db, of: Of): Promise<Map<string, string>> {
  const rows = await db
    .selectFrom('parcs_preload')
    .select(['credential_id', 'asked'])
    .where('organization_id', '=', of.organizationId)
    .where('connection_id', '=', of.connectionId)
    .execute()
  return new Map(rows.map((row) => [row.credential_id, row.asked]))
}

export async function lockPreloads(
  trx: Db,
  of: Of,
  credentialIds: readonly string[],
): Promise<Map<string, KnownPreload>> {
  const rows = await trx
    .selectFrom('parcs_preload')
    .select(['credential_id', 'asked', 'done', 'forms', 'state'])
    .where('organization_id', '=', of.organizationId)
    .where('connection_id', '=', of.connectionId)
    .where('credential_id', '=', sql<string>`any(${credentialIds}::uuid[])`)
    .orderBy('credential_id')
    .forUpdate()
    .execute()
  return new Map(
    rows.map((row) => [
      row.credential_id,
      {
        credentialId: row.credential_id,
        asked: row.asked,
        done: row.done,
        forms: row.forms as PreloadForms,
        state: row.state as PreloadState,
      },
    ]),
  )
}

export interface PreloadAim {
  credentialId: string
  asked: string
  /** What is known there, should this be done. */
  forms: PreloadForms
  actionId: string | null
  state: PreloadState
  reason: string | null
  /** It is so already: nothing has to be asked of the vendor. */
  settled: boolean
}

export async function writeAims(
  trx: Db,
  of: Of & { siteId: string },
  aims: readonly PreloadAim[],
  now: Date,
): Promise<void> {
  if (aims.length === 0) return
  const rows = aims.map((aim) => ({
    credential_id: aim.credentialId,
    asked: aim.asked,
    forms: aim.forms,
    action_id: aim.actionId,
    state: aim.state,
    reason: aim.reason,
    settled: aim.settled,
  }))
  await sql`
    insert into parcs_preload as p (organization_id, site_id, connection_id, credential_id, asked, done, forms, action_id, state,
      reason, since, done_at, updated_at)
    select ${of.organizationId}::uuid, ${of.siteId}::uuid, ${of.connectionId}::uuid, credential_id, asked,
      case when settled then asked end, forms, action_id, state, reason, ${now}::timestamptz,
      case when settled then ${now}::timestamptz end, ${now}::timestamptz
    from jsonb_to_recordset(${jsonText(rows)}::jsonb) as r(credential_id uuid, asked text, forms jsonb, action_id uuid, state text,
      reason text, settled boolean)
    on conflict (organization_id, connection_id, credential_id) do update set asked = excluded.asked, forms = excluded.forms,
      action_id = excluded.action_id, state = excluded.state, reason = excluded.reason, updated_at = excluded.updated_at,
      since = case when p.state = excluded.state then p.since else excluded.since end,
      done = coalesce(excluded.done, p.done), done_at = coalesce(excluded.done_at, p.done_at)`.execute(trx)
}

/** After its action came to something; does nothing when another one has taken its place. */
export async function followPreload(
  trx: Db,
  of: { organizationId: string; actionId: string },
  news: { state: PreloadState; reason: string | null; done: boolean; reference?: string | null },
  now: Date,
): Promise<void> {
  const { state, reason, done, reference = null } = news
  await sql`
    update parcs_preload set state = ${state}, reason = ${reason}, updated_at = ${now}::timestamptz,
      since = case when state = ${state} then since else ${now}::timestamptz end,
      done = case when ${done} then asked else done end,
      done_at = case when ${done} then ${now}::timestamptz else done_at end,
      forms = case when ${done} and asked <> ${gone} then coalesce((
        select a.data -> 'presentations' from parking_action a
        where a.organization_id = parcs_preload.organization_id and a.action_id = parcs_preload.action_id), forms) else forms end,
      reference = case when ${done} and asked = ${gone} then null else coalesce(${reference}, reference) end
    where organization_id = ${of.organizationId} and action_id = ${of.actionId}`.execute(trx)
}

export async function preloadReference(db: Db, of: Of & { credentialId: string }): Promise<string | undefined> {
  const row = await db
    .selectFrom('parcs_preload')
    .select('reference')
    .where('organization_id', '=', of.organizationId)
    .where('connection_id', '=', of.connectionId)
    .where('credential_id', '=', of.credentialId)
    .executeTakeFirst()
  return row?.reference ?? undefined
}

/** What was refused is asked anew at the next look. */
export async function forgetRefusals(trx: Db, of: Of, now: Date): Promise<void> {
  await trx
    .updateTable('parcs_preload')
    .set({ asked: '', updated_at: now })
    .where('organization_id', '=', of.organizationId)
    .where('connection_id', '=', of.connectionId)
    .where('state', '=', 'refused')
    .execute()
}

/** Of a connection that is archived: nobody can ask its vendor any more. */
export async function forgetPreloads(trx: Db, of: Of): Promise<void> {
  await trx
    .deleteFrom('parcs_preload')
    .where('organization_id', '=', of.organizationId)
    .where('connection_id', '=', of.connectionId)
    .execute()
}

/** Places at which the credential is known, or may be. */
export async function preloadsOf(
  db: Db,
  organizationId: string,
  credentialId: string,
): Promise<{ connectionId: string; siteId: string; state: PreloadState; reason: string | null; updatedAt: Date }[]> {
  const rows = await db
    .selectFrom('parcs_preload')
    .select(['connection_id', 'site_id', 'state', 'reason', 'updated_at'])
    .where('organization_id', '=', organizationId)
    .where('credential_id', '=', credentialId)
    .orderBy('connection_id')
    .execute()
  return rows.map((row) => ({
    connectionId: row.connection_id,
    siteId: row.site_id,
    state: row.state as PreloadState,
    reason: row.reason,
    updatedAt: row.updated_at,
  }))
}

export type PreloadCounts = Record<PreloadState, number>

export async function countPreloads(
  db: Db,
  sight: { organizationId: string; siteIds: readonly string[] | null },
  of: { connectionId?: string | undefined; credentialId?: string | undefined; siteId?: string | undefined },
): Promise<PreloadCounts> {
  const { connectionId = null, credentialId = null, siteId = null } = of
  const { rows } = await sql<{ state: PreloadState; n: number }>`
    select state, count(*)::int as n from parcs_preload
    where organization_id = ${sight.organizationId}
      and (${sight.siteIds}::uuid[] is null or site_id = any(${sight.siteIds}::uuid[]))
      and (${connectionId}::uuid is null or connection_id = ${connectionId}::uuid)
      and (${credentialId}::uuid is null or credential_id = ${credentialId}::uuid)
      and (${siteId}::uuid is null or site_id = ${siteId}::uuid)
    group by state`.execute(db)
  const none = { pending: 0, in_place: 0, removing: 0, removed: 0, refused: 0, unknown: 0 }
  return { ...none, ...Object.fromEntries(rows.map(({ state, n }) => [state, n])) }
}

/** `delayMs`: an import of thousands is one look, and a revoked card leaves within moments all the same. */
export function preloadJob(of: Of, delayMs = 0): NewJob {
  const { organizationId, connectionId } = of
  const name = `preload:${connectionId}`
  return {
    task: 'preload.reconcile',
    payload: { organizationId, connectionId },
    key: name,
    queue: name,
    delayMs,
    delayFrom: 'first',
  }
}
