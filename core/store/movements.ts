// Owns the rows of movements: the facts that may belong to one, writing what was derived, and how they are listed.
// Must not derive anything.
import { type RawBuilder, sql } from 'kysely'
import type { Movement, MovementKind } from '../domain/movement/index.ts'
import type { Direction } from '../domain/parking-fact.ts'
import { jsonText } from './json-text.ts'
import type { ParkingFactRow, ParkingSource } from './parking-facts.ts'
import { before, type Db, from, is, recordTable } from './record-table.ts'

export interface MovementRecord {
  movementId: string
  siteId: string
  at: Date
  from: Date
  lane: string | null
  direction: Direction | null
  kind: MovementKind
  reason: string | null
  plate: string | null
  /** The stay that it began, ended or belongs to. */
  stayId: string | null
  factIds: string[]
}

const ofMovement = 'f.organization_id = t.organization_id and f.movement_id = t.movement_id and not f.superseded'

export const movements = recordTable<MovementRecord>()('movement', {
  type: 'movement',
  id: 'movement_id',
  columns: {
    movementId: 'movement_id',
    siteId: 'site_id',
    at: 'at',
    from: 'from_at',
    lane: 'lane_code',
    direction: 'direction',
    kind: 'kind',
    reason: 'reason',
    plate: 'plate',
  },
  expressions: {
    stayId: `(select f.stay_id from parking_fact f where ${ofMovement} and f.stay_id is not null
      order by f.type = 'gate.passed' desc, f.occurred_at, f.fact_id limit 1)`,
    factIds: `array(select f.fact_id from parking_fact f where ${ofMovement} order by f.occurred_at, f.vendor_event_id)`,
  },
  reach: 'site',
  sorts: {
    at: [
      { expression: 't.at', type: 'timestamptz' },
      { expression: 't.movement_id', type: 'uuid' },
    ],
  },
  defaultSort: '-at',
  filters: {
    siteId: is('site_id'),
    lane: is('lane_code'),
    kind: is('kind'),
    searchKeys: (keys: readonly string[]) => sql<boolean>`t.search_keys && ${keys}::text[]`,
    stayId: (stayId: string): RawBuilder<boolean> => sql`t.movement_id in (select f.movement_id from parking_fact f
      where f.organization_id = t.organization_id and f.stay_id = ${stayId} and not f.superseded)`,
    from: from('t.at'),
    to: before('t.at'),
  },
})

type OfSite = Pick<ParkingSource, 'organizationId' | 'siteId'>

/** Gate facts of the same requests of the same connections, not further away than `withinMs`. */
export async function factsOfSiteRequests(
  db: Db,
  { organizationId, siteId }: OfSite,
  asked: readonly { connectionId: string; requestId: string; at: Date }[],
  withinMs: number,
): Promise<ParkingFactRow[]> {
  if (asked.length === 0) return []
  const { rows } = await sql<ParkingFactRow>`
    select distinct on (f.fact_id) f.*
    from json_to_recordset(${jsonText(asked)}::json) as r("connectionId" uuid, "requestId" text, at timestamptz)
    join parking_fact f on f.organization_id = ${organizationId} and f.site_id = ${siteId}
      and f.connection_id = r."connectionId" and f.request_id = r."requestId" and not f.superseded
      and f.occurred_at between r.at - ${withinMs} * interval '1 millisecond' and r.at + ${withinMs} * interval '1 millisecond'
    `.execute(db)
  return rows
}

/** Facts at the same lanes that share a key, not further away than `withinMs`. */
export async function factsAtLanes(
  db: Db,
  { organizationId, siteId }: OfSite,
  seen: readonly { lane: string | null; keys: readonly string[]; at: Date }[],
  withinMs: number,
): Promise<ParkingFactRow[]> {
  if (seen.length === 0) return []
  const { rows } = await sql<ParkingFactRow>`
    select distinct on (f.fact_id) f.*
    from json_to_recordset(${jsonText(seen)}::json) as r(lane text, keys text[], at timestamptz)
    join parking_fact f on f.organization_id = ${organizationId} and f.site_id = ${siteId}
      and f.occurred_at between r.at - ${withinMs} * interval '1 millisecond' and r.at + ${withinMs} * interval '1 millisecond'
      and f.search_keys && r.keys and f.lane_code is not distinct from r.lane and not f.superseded
      and (f.type like 'gate.%' or f.type = 'credential.observed')`.execute(db)
  return rows
}

/** Writes movements under their ids, and which of them each fact belongs to; those that nothing speaks for any more go. */
export async function writeMovements(
  trx: Db,
  { organizationId, siteId }: OfSite,
  rows: readonly { movementId: string; movement: Movement }[],
  gone: readonly string[],
  moved: readonly { factId: string; movementId: string | null }[],
): Promise<void> {
  if (rows.length > 0) {
    await trx
      .insertInto('movement')
      .values(
        rows.map(({ movementId, movement }) => ({
          organization_id: organizationId,
          site_id: siteId,
          movement_id: movementId,
          at: movement.at,
          from_at: movement.from,
          lane_code: movement.lane,
          direction: movement.direction,
          kind: movement.kind,
          reason: movement.reason,
          plate: movement.plate,
          search_keys: [...movement.searchKeys],
        })),
      )
      .onConflict((conflict) =>
        conflict.columns(['organization_id', 'movement_id']).doUpdateSet((set) => ({
          at: set.ref('excluded.at'),
          from_at: set.ref('excluded.from_at'),
          lane_code: set.ref('excluded.lane_code'),
          direction: set.ref('excluded.direction'),
          kind: set.ref('excluded.kind'),
          reason: set.ref('excluded.reason'),
          plate: set.ref('excluded.plate'),
          search_keys: set.ref('excluded.search_keys'),
        })),
      )
      .execute()
  }
  if (moved.length > 0) {
    await sql`
      update parking_fact f set movement_id = m."movementId"
      from json_to_recordset(${jsonText(moved)}::json) as m("factId" uuid, "movementId" uuid)
      where f.organization_id = ${organizationId} and f.site_id = ${siteId} and f.fact_id = m."factId"`.execute(trx)
  }
  if (gone.length > 0) {
    await trx
      .deleteFrom('movement')
      .where('organization_id', '=', organizationId)
      .where('movement_id', '=', sql<string>`any(${gone}::uuid[])`)
      .execute()
  }
}
