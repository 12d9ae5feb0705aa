// Owns reading and writing who a session belongs to, outside of the charger path.
// Must not be called while the charger path works on the station: its memory writes whole rows over these.
import { type Kysely, sql } from 'kysely'
import { jsonText } from './json-text.ts'
import type { HubTables } from './schema.ts'

type Db = Kysely<HubTables>

export interface HeldTransaction {
  transactionId: string
  sessionId: string
  stationId: string
  token: string | null
  tokenKind: string | null
  startedAt: Date
  accountId: string | null
  vehicleId: string | null
  credentialId: string | null
}

/** In order of starting, as the charger path derives a session's holder from them. */
export async function transactionsOfSessions(
  db: Db,
  organizationId: string,
  sessionIds: readonly string[],
): Promise<HeldTransaction[]> {
  if (sessionIds.length === 0) return []
  return db
    .selectFrom('ocpp_transaction')
    .select([
      'transaction_id as transactionId',
      sql<string>`session_id`.as('sessionId'),
      'station_id as stationId',
      'id_token as token',
      'id_token_kind as tokenKind',
      'started_at as startedAt',
      'account_id as accountId',
      'vehicle_id as vehicleId',
      'credential_id as credentialId',
    ])
    .where('organization_id', '=', organizationId)
    .where('session_id', '=', sql<string>`any(${sessionIds}::uuid[])`)
    .where('state', '<>', 'review')
    .orderBy('started_at')
    .orderBy('transaction_id')
    .execute()
}

export type Holding = Pick<HeldTransaction, 'accountId' | 'vehicleId' | 'credentialId'>

export async function writeTransactionHolders(
  trx: Db,
  organizationId: string,
  rows: readonly (Holding & { transactionId: string })[],
): Promise<void> {
  if (rows.length === 0) return
  await sql`
    update ocpp_transaction t set account_id = r."accountId", vehicle_id = r."vehicleId", credential_id = r."credentialId"
    from json_to_recordset(${jsonText(rows)}::json)
      as r("transactionId" uuid, "accountId" uuid, "vehicleId" uuid, "credentialId" uuid)
    where t.organization_id = ${organizationId} and t.transaction_id = r."transactionId"`.execute(trx)
}

export interface RewrittenSession {
  sessionId: string
  siteId: string | null
  stationId: string
  evse: number
  energyWh: number
  state: string
  version: number
}

/** Returns the sessions whose row said otherwise; a void one says nothing any more. */
export async function writeSessionHolders(
  trx: Db,
  organizationId: string,
  rows: readonly (Holding & { sessionId: string })[],
  now: Date,
): Promise<RewrittenSession[]> {
  if (rows.length === 0) return []
  const { rows: written } = await sql<RewrittenSession>`
    update charging_session c set account_id = r."accountId", vehicle_id = r."vehicleId", credential_id = r."credentialId",
      version = c.version + 1, facts_at = ${now}, updated_at = ${now}
    from json_to_recordset(${jsonText(rows)}::json)
      as r("sessionId" uuid, "accountId" uuid, "vehicleId" uuid, "credentialId" uuid)
    where c.organization_id = ${organizationId} and c.session_id = r."sessionId" and c.state <> 'void'
      and (c.account_id, c.vehicle_id, c.credential_id) is distinct from (r."accountId", r."vehicleId", r."credentialId")
    returning c.session_id as "sessionId", c.site_id as "siteId", c.station_id as "stationId", c.evse_number as evse,
      c.energy_wh as "energyWh", c.state, c.version`.execute(trx)
  return written
}
