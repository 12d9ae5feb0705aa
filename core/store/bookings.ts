// Owns how bookings and visitor passes are read and written, and which entries were made on them.
// Must not decide what a booking is worth; core/domain/access does.
import { type Insertable, sql } from 'kysely'
import type { BookingState, Patience } from '../domain/access/index.ts'
import type { ReportedCredential } from '../domain/parking-fact.ts'
import { jsonText } from './json-text.ts'
import { before, type Db, from, is, recordTable } from './record-table.ts'
import type { ParkingReservationTable } from './schema.ts'

export interface ParkingReservation {
  reservationId: string
  siteId: string
  connectionId: string | null
  reservationRef: string | null
  kind: 'reservation' | 'visitor'
  state: BookingState
  name: string | null
  accountId: string | null
  from: Date
  until: Date
  rights: ('park' | 'charge')[]
  uses: 'single' | 'multiple'
  credentials: ReportedCredential[]
  usedCount: number
  firstUsedAt: Date | null
  lastUsedAt: Date | null
  product: string | null
  amountMinor: number | null
  currency: string | null
  note: string | null
  version: number
  createdAt: Date
  updatedAt: Date
}

const bySorts = (column: string) => [
  { expression: column, type: 'timestamptz' as const },
  { expression: 't.reservation_id', type: 'uuid' as const },
]

export const parkingReservations = recordTable<ParkingReservation>()('parking_reservation', {
  type: 'parking_reservation',
  id: 'reservation_id',
  columns: {
    reservationId: 'reservation_id',
    siteId: 'site_id',
    connectionId: 'connection_id',
    reservationRef: 'reservation_ref',
    kind: 'kind',
    state: 'state',
    name: 'name',
    accountId: 'account_id',
    from: 'from_at',
    until: 'until_at',
    rights: 'rights',
    uses: 'uses',
    credentials: 'credentials',
    usedCount: 'used_count',
    firstUsedAt: 'first_used_at',
    lastUsedAt: 'last_used_at',
    product: 'product',
    amountMinor: 'amount_minor',
    currency: 'currency',
    note: 'note',
    version: 'version',
    createdAt: 'created_at',
    updatedAt: 'updated_at',
  },
  json: ['credentials'],
  reach: 'site',
  search: ['name', 'reservation_ref'],
  sorts: { from: bySorts('t.from_at'), createdAt: bySorts('t.created_at') },
  defaultSort: '-from',
  filters: {
    siteId: is('site_id'),
    state: is('state'),
    kind: is('kind'),
    accountId: is('account_id'),
    from: from('t.until_at'),
    to: before('t.from_at'),
  },
})

/** A booking with the entries made in its window. */
export interface BookedEntries {
  reservationId: string
  siteId: string
  state: BookingState
  said: 'used' | 'expired' | null
  uses: 'single' | 'multiple'
  from: Date
  until: Date
  version: number
  usedCount: number
  firstUsedAt: Date | null
  entries: number
  firstAt: Date | null
  lastAt: Date | null
}

/** Locked until the transaction ends. */
export async function bookedEntries(
  trx: Db,
  organizationId: string,
  ids: readonly string[],
  { earlyMs, lateMs }: Patience,
): Promise<BookedEntries[]> {
  if (ids.length === 0) return []
  const { rows } = await sql<BookedEntries>`
    with r as materialized (
      select * from parking_reservation where organization_id = ${organizationId} and reservation_id = any(${ids}::uuid[])
      order by reservation_id for update)
    select r.reservation_id as "reservationId", r.site_id as "siteId", r.state, r.said, r.uses, r.from_at as "from",
      r.until_at as "until", r.version, r.used_count as "usedCount", r.first_used_at as "firstUsedAt",
      e.n as entries, e.first as "firstAt", e.last as "lastAt"
    from r cross join lateral (
      select count(*)::int as n, min(s.entered_at) as first, max(s.entered_at) as last from stay s
      where s.organization_id = r.organization_id and s.site_id = r.site_id and s.search_keys && r.search_keys
        and s.state in ('open', 'closed') and s.entered_at >= r.from_at - ${earlyMs} * interval '1 millisecond'
        and s.entered_at < r.until_at + ${lateMs} * interval '1 millisecond') e`.execute(trx)
  return rows
}

export async function writeBookingUse(
  trx: Db,
  organizationId: string,
  reservationId: string,
  use: { state: BookingState; entries: number; firstAt: Date | null; lastAt: Date | null; now: Date },
): Promise<void> {
  const { state, entries, firstAt, lastAt, now } = use
  await sql`update parking_reservation set state = ${state}, used_count = ${entries}, first_used_at = ${firstAt},
      last_used_at = ${lastAt}, updated_at = ${now}, version = version + 1
    where organization_id = ${organizationId} and reservation_id = ${reservationId}`.execute(trx)
}

/** Bookings of the site that these facts may be about: by what they show, and by all that was shown in their stays. */
export async function bookingsTouched(
  trx: Db,
  of: { organizationId: string; siteId: string; connectionId: string },
  facts: { vendorIds: readonly string[]; searchKeys: readonly string[] },
): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    with shown as materialized (
      select ${facts.searchKeys}::text[] || array(
        select distinct unnest(s.search_keys) from stay s where s.organization_id = ${of.organizationId} and s.stay_id in (
          select f.stay_id from parking_fact f where f.organization_id = ${of.organizationId}
            and f.connection_id = ${of.connectionId} and f.vendor_event_id = any(${facts.vendorIds}::text[]))) as keys)
    select r.reservation_id as id from shown, parking_reservation r
    where r.organization_id = ${of.organizationId} and r.site_id = ${of.siteId} and r.search_keys && shown.keys`.execute(
    trx,
  )
  return rows.map(({ id }) => id)
}

export type NewBooking = Insertable<ParkingReservationTable>

/** What a parking system says of its booking now. Null when that is what is stored. */
export async function upsertBooking(trx: Db, row: NewBooking): Promise<{ id: string; isNew: boolean } | null> {
  const said = [
    'state',
    'said',
    'from_at',
    'until_at',
    'credentials',
    'search_keys',
    'product',
    'amount_minor',
    'currency',
  ] as const
  const stored = await trx
    .insertInto('parking_reservation')
    .values({ ...row, credentials: jsonText(row.credentials) })
    .onConflict((conflict) =>
      conflict
        .columns(['organization_id', 'connection_id', 'reservation_ref'])
        .doUpdateSet((set) => ({
          ...Object.fromEntries(said.map((column) => [column, set.ref(`excluded.${column}`)])),
          updated_at: set.ref('excluded.updated_at'),
          version: sql<number>`parking_reservation.version + 1`,
        }))
        .where(
          sql<boolean>`(parking_reservation.said, parking_reservation.from_at, parking_reservation.until_at,
            parking_reservation.credentials, parking_reservation.product, parking_reservation.amount_minor,
            parking_reservation.state = 'cancelled')
          is distinct from (excluded.said, excluded.from_at, excluded.until_at, excluded.credentials, excluded.product,
            excluded.amount_minor, excluded.state = 'cancelled')`,
        ),
    )
    .returning(['reservation_id', 'version'])
    .executeTakeFirst()
  return stored ? { id: stored.reservation_id, isNew: stored.version === 1 } : null
}
