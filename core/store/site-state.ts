// Owns the live rows that parking facts keep up: bay occupancy, counters, equipment; and the payments they report.
// Must not decide which fact is the newest.

import { type Insertable, type Kysely, sql } from 'kysely'
import { jsonText } from './json-text.ts'
import type { BayStateTable, DeviceTable, HubTables, OccupancyTable, PaymentTable, ReviewItemTable } from './schema.ts'

interface OfSite {
  organizationId: string
  siteId: string
}

export async function baysByCode(
  db: Kysely<HubTables>,
  { organizationId, siteId }: OfSite,
  codes: readonly string[],
): Promise<Map<string, string>> {
  const rows = await db
    .selectFrom('bay')
    .select(['bay_id', 'code'])
    .where('organization_id', '=', organizationId)
    .where('site_id', '=', siteId)
    .where('code', '=', sql<string>`any(${codes}::text[])`)
    .execute()
  return new Map(rows.map(({ code, bay_id }) => [code, bay_id]))
}

/** The ids of bays whose row changed. */
export async function writeBayStates(
  trx: Kysely<HubTables>,
  rows: readonly Insertable<BayStateTable>[],
): Promise<Set<string>> {
  if (rows.length === 0) return new Set()
  const changed = await trx
    .insertInto('bay_state')
    .values([...rows])
    .onConflict((conflict) =>
      conflict
        .columns(['organization_id', 'bay_id'])
        .doUpdateSet((set) => ({
          occupied: set.ref('excluded.occupied'),
          since: set.ref('excluded.since'),
          presentations: set.ref('excluded.presentations'),
        }))
        .where(
          sql<boolean>`(bay_state.occupied, bay_state.since, bay_state.presentations) is distinct from
            (excluded.occupied, excluded.since, excluded.presentations)`,
        ),
    )
    .returning('bay_id')
    .execute()
  return new Set(changed.map(({ bay_id }) => bay_id))
}

/** The counters (with category) whose row changed. */
export async function writeOccupancy(
  trx: Kysely<HubTables>,
  rows: readonly Insertable<OccupancyTable>[],
): Promise<{ counter: string; category: string }[]> {
  if (rows.length === 0) return []
  return trx
    .insertInto('occupancy')
    .values([...rows])
    .onConflict((conflict) =>
      conflict
        .columns(['organization_id', 'site_id', 'counter', 'category'])
        .doUpdateSet((set) => ({
          area_code: set.ref('excluded.area_code'),
          free: set.ref('excluded.free'),
          occupied: set.ref('excluded.occupied'),
          capacity: set.ref('excluded.capacity'),
          at: set.ref('excluded.at'),
        }))
        .where(
          sql<boolean>`(occupancy.area_code, occupancy.free, occupancy.occupied, occupancy.capacity, occupancy.at)
            is distinct from (excluded.area_code, excluded.free, excluded.occupied, excluded.capacity, excluded.at)`,
        ),
    )
    .returning(['counter', 'category'])
    .execute()
}

/** Devices whose state changed. A device that nobody configured is added under its code. */
export async function writeDeviceStates(
  trx: Kysely<HubTables>,
  rows: readonly Insertable<DeviceTable>[],
): Promise<{ device_id: string; code: string }[]> {
  if (rows.length === 0) return []
  return trx
    .insertInto('device')
    .values([...rows])
    .onConflict((conflict) =>
      conflict
        .columns(['organization_id', 'site_id', 'code'])
        .doUpdateSet((set) => ({
          state: set.ref('excluded.state'),
          state_code: set.ref('excluded.state_code'),
          state_text: set.ref('excluded.state_text'),
          state_at: set.ref('excluded.state_at'),
        }))
        .where(
          sql<boolean>`(device.state, device.state_code, device.state_text, device.state_at)
            is distinct from (excluded.state, excluded.state_code, excluded.state_text, excluded.state_at)`,
        ),
    )
    .returning(['device_id', 'code'])
    .execute()
}

/** The ids of payments that were not there before. */
export async function appendPayments(
  trx: Kysely<HubTables>,
  rows: readonly Insertable<PaymentTable>[],
): Promise<Set<string>> {
  if (rows.length === 0) return new Set()
  const added = await trx
    .insertInto('payment')
    .values([...rows])
    .onConflict((conflict) => conflict.columns(['organization_id', 'content_key']).doNothing())
    .returning('payment_id')
    .execute()
  return new Set(added.map(({ payment_id }) => payment_id))
}

/** The ids of reviews that were not open or resolved before. */
export async function openReviews(
  trx: Kysely<HubTables>,
  rows: readonly Insertable<ReviewItemTable>[],
): Promise<Set<string>> {
  if (rows.length === 0) return new Set()
  const added = await trx
    .insertInto('review_item')
    .values([...rows])
    .onConflict((conflict) => conflict.columns(['organization_id', 'content_key']).doNothing())
    .returning('review_id')
    .execute()
  return new Set(added.map(({ review_id }) => review_id))
}

/** Sessions at these EVSEs or bays around an instant. */
export async function sessionsAtPlaces(
  db: Kysely<HubTables>,
  { organizationId, siteId }: OfSite,
  places: readonly { code: string; at: Date }[],
  toleranceMs: number,
): Promise<string[]> {
  if (places.length === 0) return []
  const { rows } = await sql<{ session_id: string }>`
    select distinct s.session_id
    from json_to_recordset(${jsonText(places)}::json) as p(code text, at timestamptz)
    join charging_session s on s.organization_id = ${organizationId} and s.site_id = ${siteId}
      and s.plugged_at between p.at - interval '14 days' and p.at + ${toleranceMs} * interval '1 millisecond'
      and coalesce(s.unplugged_at, 'infinity') >= p.at - ${toleranceMs} * interval '1 millisecond'
    left join bay b on b.organization_id = s.organization_id and b.bay_id = s.bay_id
    left join evse e on e.organization_id = s.organization_id and e.evse_id = s.evse_id
    where p.code in (b.code, e.code)`.execute(db)
  return rows.map(({ session_id }) => session_id)
}
