// Owns where credentials were used to charge: the transactions that still run, and the stations that may remember a verdict.
// Must not judge whether they may.
import { sql } from 'kysely'
import type { Db } from './record-table.ts'

export interface CredentialUse {
  siteId: string | null
  stationId: string
  idToken: string
  idTokenKind: string
  settings: Record<string, unknown>
  /** Transactions of this card that have not ended. */
  running: { number: number | null; ref: string | null }[]
}

/** Every station and form of these credentials since then. */
export async function usesOf(
  db: Db,
  organizationId: string,
  credentialIds: readonly string[],
  since: Date,
): Promise<CredentialUse[]> {
  const { rows } = await sql<CredentialUse>`
    select t.site_id as "siteId", t.station_id as "stationId", t.id_token as "idToken",
      coalesce(t.id_token_kind, 'unknown') as "idTokenKind", coalesce(s.settings, '{}') as settings,
      coalesce(jsonb_agg(jsonb_build_object('number', t.number, 'ref', t.station_ref)) filter (where t.state = 'open'), '[]')
        as running
    from ocpp_transaction t left join site s on s.organization_id = t.organization_id and s.site_id = t.site_id
    where t.organization_id = ${organizationId} and t.credential_id = any(${credentialIds}::uuid[])
      and t.id_token is not null and (t.started_at >= ${since} or t.state = 'open')
    group by 1, 2, 3, 4, 5 order by 2, 3`.execute(db)
  return rows
}

/** Whether such a command waits for the station, or is on its way. */
export async function hasOpenCommand(
  db: Db,
  organizationId: string,
  stationId: string,
  { name, ...args }: { name: string },
): Promise<boolean> {
  const row = await db
    .selectFrom('command')
    .select('command_id')
    .where('organization_id', '=', organizationId)
    .where('station_id', '=', stationId)
    .where('state', 'in', ['queued', 'sent'])
    .where('name', '=', name)
    .where(sql<boolean>`args = ${JSON.stringify(args)}::jsonb`)
    .limit(1)
    .executeTakeFirst()
  return row !== undefined
}
