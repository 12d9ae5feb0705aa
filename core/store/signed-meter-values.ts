// Owns reading signed meter data as the station sent it, and the keys it is checked with.
// Must not change or trust a byte of it; the charger path writes it through the group commit.
import { createHash } from 'node:crypto'
import { sql } from 'kysely'
import { type Db, is, recordTable } from './record-table.ts'

export interface SignedMeterValue {
  sha256: string
  at: Date
  context: string
  receivedAt: Date
  measurand: string
  encoding: string | null
  method: string | null
  /** As it came with the data; null: none did. */
  publicKey: string | null
  data: Buffer
}

/** Of a session's transactions, and what its EVSE sent meanwhile without naming one; in order of time. */
export async function signedValuesOf(
  db: Db,
  organizationId: string,
  sessionIds: readonly string[],
): Promise<Map<string, SignedMeterValue[]>> {
  const found = new Map<string, SignedMeterValue[]>()
  if (sessionIds.length === 0) return found
  const { rows } = await sql<SignedMeterValue & { sessionId: string }>`
    select c.session_id as "sessionId", v.sha256, v.at, v.context, v.received_at as "receivedAt", v.measurand, v.encoding,
      v.method, v.public_key as "publicKey", v.data
    from charging_session c
    join signed_meter_value v on v.organization_id = c.organization_id and v.station_id = c.station_id
      and v.evse_number = c.evse_number and (
        v.transaction_id in (select t.transaction_id from ocpp_transaction t
          where t.organization_id = c.organization_id and t.station_id = c.station_id and t.session_id = c.session_id)
        or (v.transaction_id is null and v.at between c.started_at and coalesce(c.ended_at, c.unplugged_at, c.facts_at)))
    where c.organization_id = ${organizationId} and c.session_id = any(${sessionIds}::uuid[])
    order by v.at, case v.context when 'begin' then 0 when 'end' then 2 else 1 end, v.sha256`.execute(db)
  for (const { sessionId, ...value } of rows) found.set(sessionId, [...(found.get(sessionId) ?? []), value])
  return found
}

/** What a receipt says of them: how many, and one hash over theirs in order. */
export function signedDigest(values: readonly SignedMeterValue[]): { records: number; sha256: string } | null {
  if (values.length === 0) return null
  const all = values.map((value) => value.sha256).join('\n')
  return { records: values.length, sha256: createHash('sha256').update(all).digest('hex') }
}

export interface MeterKey {
  keyId: string
  siteId: string | null
  stationId: string
  /** 0: of every EVSE of the station. */
  evse: number
  meterSerial: string | null
  publicKey: string
  addedBy: string
  createdAt: Date
  archivedAt: Date | null
}

export const meterKeys = recordTable<MeterKey>()('meter_key', {
  type: 'meter_key',
  id: 'key_id',
  columns: {
    keyId: 'key_id',
    siteId: 'site_id',
    stationId: 'station_id',
    evse: 'evse_number',
    meterSerial: 'meter_serial',
    publicKey: 'public_key',
    addedBy: 'added_by',
    createdAt: 'created_at',
    archivedAt: 'archived_at',
  },
  reach: 'site',
  archives: true,
  sorts: {
    createdAt: [
      { expression: 't.created_at', type: 'timestamptz' },
      { expression: 't.key_id', type: 'uuid' },
    ],
  },
  defaultSort: 'createdAt',
  filters: { stationId: is('station_id') },
})

/** Keys that stand for an EVSE, those of the EVSE itself first. */
export async function keysOf(
  db: Db,
  of: { organizationId: string; stationId: string; evse: number },
): Promise<{ meterSerial: string | null; publicKey: string }[]> {
  return db
    .selectFrom('meter_key')
    .select(['meter_serial as meterSerial', 'public_key as publicKey'])
    .where('organization_id', '=', of.organizationId)
    .where('station_id', '=', of.stationId)
    .where('evse_number', 'in', [0, of.evse])
    .where('archived_at', 'is', null)
    .orderBy('evse_number', 'desc')
    .orderBy('created_at')
    .execute()
}
