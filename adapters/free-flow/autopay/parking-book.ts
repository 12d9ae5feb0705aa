// Owns what the hub has to remember of each Autopay parking to act on it: its handle, its car, whether the hub has claimed it.
// Must not call Autopay; and every step of a claim is written before it is taken.
import type { Kysely, Updateable } from 'kysely'
import type { PluginMigration } from '../../../core/plugin/index.ts'

/** `asked` is committed before the call; what stays there has an end that nobody knows. */
export type ClaimState = 'none' | 'wanted' | 'asked' | 'claimed' | 'refused'

export interface Parking {
  parkingId: string
  /** The handle for product changes. */
  sessionId: string | null
  facilityCode: string | null
  zoneCode: string | null
  plate: string
  /** ISO 3166 alpha-2. */
  country: string | null
  subdivision: string | null
  claim: ClaimState
  claimReference: string | null
  claimReason: string | null
  productWanted: string | null
  productPut: string | null
  /** Autopay has called back about it, which it does to whoever has claimed it alone. */
  calledBack: boolean
}

interface ParkingRow {
  connection_id: string
  parking_id: string
  session_id: string | null
  facility_code: string | null
  zone_code: string | null
  plate: string
  country: string | null
  subdivision: string | null
  claim: ClaimState
  claim_reference: string | null
  claim_reason: string | null
  product_wanted: string | null
  product_put: string | null
  product_tries: number
  called_back: boolean
  seen_at: Date
}

interface Tables {
  parking: ParkingRow
}

export const parkingMigration: PluginMigration = {
  name: '0002-parking',
  async up(db) {
    await db.schema
      .createTable('parking')
      .addColumn('connection_id', 'uuid', (column) => column.notNull())
      .addColumn('parking_id', 'text', (column) => column.notNull())
      .addColumn('session_id', 'text')
      .addColumn('facility_code', 'text')
      .addColumn('zone_code', 'text')
      .addColumn('plate', 'text', (column) => column.notNull())
      .addColumn('country', 'text')
      .addColumn('subdivision', 'text')
      .addColumn('claim', 'text', (column) => column.notNull())
      .addColumn('claim_reference', 'text')
      .addColumn('claim_reason', 'text')
      .addColumn('product_wanted', 'text')
      .addColumn('product_put', 'text')
      .addColumn('product_tries', 'integer', (column) => column.notNull().defaultTo(0))
      .addColumn('called_back', 'boolean', (column) => column.notNull().defaultTo(false))
      .addColumn('seen_at', 'timestamptz', (column) => column.notNull())
      .addPrimaryKeyConstraint('parking_key', ['connection_id', 'parking_id'])
      .addUniqueConstraint('parking_reference', ['connection_id', 'claim_reference'])
      .execute()
    await db.schema.createIndex('parking_age').on('parking').columns(['connection_id', 'seen_at']).execute()
  },
}

export type Seen = Pick<
  Parking,
  'parkingId' | 'sessionId' | 'facilityCode' | 'zoneCode' | 'plate' | 'country' | 'subdivision'
>

export interface ParkingBook {
  /** `claim`: whether this one is to be claimed, unless that has been decided before. */
  seen(parking: Seen, claim: boolean, at: Date): Promise<void>
  get(parkingId: string): Promise<Parking | undefined>
  /** A callback names the hub's own reference; the parking may have another id there. */
  byReference(reference: string): Promise<Parking | undefined>
  wantClaim(parkingId: string): Promise<void>
  wantProduct(parkingId: string, product: string): Promise<void>
  putProduct(parkingId: string, product: string | null): Promise<void>
  /** Its end is not known; after so many times it is not wanted any more. */
  triedProduct(parkingId: string, most: number): Promise<void>
  /** Writes down that the claim is about to be sent. Null when somebody else has, or it needs no sending. */
  beginClaim(parkingId: string, reference: string, from: readonly ClaimState[]): Promise<Parking | null>
  endClaim(parkingId: string, state: ClaimState, reason: string | null): Promise<void>
  calledBack(parkingId: string): Promise<void>
  /** What waits to be told to Autopay. */
  waiting(limit: number): Promise<Parking[]>
  forget(before: Date): Promise<void>
}

export function parkingBook(db: Kysely<unknown>, connectionId: string): ParkingBook {
  const tables = db as Kysely<Tables>
  const all = () => tables.selectFrom('parking').selectAll().where('connection_id', '=', connectionId)
  const of = (parkingId: string) =>
    tables.updateTable('parking').where('connection_id', '=', connectionId).where('parking_id', '=', parkingId)
  const change = (parkingId: string, set: Updateable<ParkingRow>) => of(parkingId).set(set)
  const one = (row: ParkingRow | undefined) => (row === undefined ? undefined : parkingOf(row))
  return {
    async seen({ parkingId, sessionId, facilityCode, zoneCode, plate, country, subdivision }, claim, at) {
      const known = {
        session_id: sessionId,
        facility_code: facilityCode,
        zone_code: zoneCode,
        plate,
        country,
        subdivision,
        seen_at: at,
      }
      await tables
        .insertInto('parking')
        .values({
          connection_id: connectionId,
          parking_id: parkingId,
          claim: claim ? 'wanted' : 'none',
          claim_reference: null,
          claim_reason: null,
          product_wanted: null,
          product_put: null,
          product_tries: 0,
          called_back: false,
          ...known,
        })
        .onConflict((conflict) => conflict.columns(['connection_id', 'parking_id']).doUpdateSet(known))
        .execute()
    },
    get: async (parkingId) => one(await all().where('parking_id', '=', parkingId).executeTakeFirst()),
    byReference: async (reference) => one(await all().where('claim_reference', '=', reference).executeTakeFirst()),
    async wantClaim(parkingId) {
      await change(parkingId, { claim: 'wanted' }).where('claim', '=', 'none').execute()
    },
    async wantProduct(parkingId, product) {
      await change(parkingId, { product_wanted: product, product_tries: 0 }).execute()
    },
    async triedProduct(parkingId, most) {
      await of(parkingId)
        .set((row) => ({ product_tries: row('product_tries', '+', 1) }))
        .execute()
      await change(parkingId, { product_wanted: null }).where('product_tries', '>=', most).execute()
    },
    async putProduct(parkingId, product) {
      await change(parkingId, { product_wanted: null, ...(product === null ? {} : { product_put: product }) }).execute()
    },
    async beginClaim(parkingId, reference, from) {
      const row = await change(parkingId, { claim: 'asked', claim_reference: reference, claim_reason: null })
        .where('claim', 'in', from)
        .returningAll()
        .executeTakeFirst()
      return row === undefined ? null : parkingOf(row)
    },
    async endClaim(parkingId, state, reason) {
      await change(parkingId, { claim: state, claim_reason: reason }).where('claim', '=', 'asked').execute()
    },
    async calledBack(parkingId) {
      await change(parkingId, { called_back: true }).execute()
      await change(parkingId, { claim: 'claimed', claim_reason: null }).where('claim', '=', 'asked').execute()
    },
    async waiting(limit) {
      const rows = await all()
        .where((where) => where.or([where('claim', '=', 'wanted'), where('product_wanted', 'is not', null)]))
        .orderBy('seen_at')
        .limit(limit)
        .execute()
      return rows.map(parkingOf)
    },
    async forget(before) {
      await tables
        .deleteFrom('parking')
        .where('connection_id', '=', connectionId)
        .where('seen_at', '<', before)
        .execute()
    },
  }
}

function parkingOf(row: ParkingRow): Parking {
  return {
    parkingId: row.parking_id,
    sessionId: row.session_id,
    facilityCode: row.facility_code,
    zoneCode: row.zone_code,
    plate: row.plate,
    country: row.country,
    subdivision: row.subdivision,
    claim: row.claim,
    claimReference: row.claim_reference,
    claimReason: row.claim_reason,
    productWanted: row.product_wanted,
    productPut: row.product_put,
    calledBack: row.called_back,
  }
}
