// Owns the check that a unit was written by the socket that holds its station now, in the transaction that stores it.
// Must not raise epochs; whoever accepts a socket does (one update of station_link, which waits for locks taken here).
import type { PoolClient } from 'pg'
import type { Statement } from './statement-batch.ts'

/** The connection of a station that a unit speaks for. */
export interface Fence {
  readonly organizationId: string
  readonly stationId: string
  readonly epoch: number
}

const asked = `select * from json_to_recordset($1::json) as f(organization_id uuid, station_id uuid, epoch bigint)`

/**
 * Fails with division_by_zero unless every fence holds: a stale one is rare (only a socket replaced a moment ago), so the
 * flush bets on none and needs no extra round trip to look. `for share` makes a reconnect wait for this commit.
 */
const allHoldSql = `with asked as (${asked}), held as materialized (
    select 1 from station_link l join asked f using (organization_id, station_id) where l.epoch = f.epoch for share of l)
  select 1 / (case when (select count(*) from held) = (select count(*) from asked) then 1 else 0 end)`

const liveSql = `with asked as (${asked})
  select l.organization_id, l.station_id, l.epoch::text as epoch
  from station_link l join asked f using (organization_id, station_id) where l.epoch = f.epoch for share of l`

export const fenceBroken = '22012'

export function fenceKey(fence: Fence): string {
  return `${fence.organizationId}/${fence.stationId}/${fence.epoch}`
}

/** The statement for a flush's fences, each station and epoch once; undefined when no unit has one. */
export function fenceStatement(units: Iterable<{ readonly fence: Fence | undefined }>): Statement | undefined {
  const value = fenceRows(units)
  return value === undefined ? undefined : { name: 'fence', text: allHoldSql, value }
}

/** Locks the fences that hold, inside the caller's transaction, and returns their keys. */
export async function liveFences(
  client: PoolClient,
  units: Iterable<{ readonly fence: Fence | undefined }>,
): Promise<Set<string>> {
  const value = fenceRows(units)
  if (value === undefined) return new Set()
  const { rows } = await client.query<{ organization_id: string; station_id: string; epoch: string }>(liveSql, [value])
  return new Set(
    rows.map((row) =>
      fenceKey({ organizationId: row.organization_id, stationId: row.station_id, epoch: Number(row.epoch) }),
    ),
  )
}

function fenceRows(units: Iterable<{ readonly fence: Fence | undefined }>): string | undefined {
  // A station's units of one epoch share their fence; another object of the same content only asks twice.
  const asked = new Set<Fence>()
  for (const { fence } of units) if (fence) asked.add(fence)
  if (asked.size === 0) return undefined
  const rows: object[] = []
  for (const { organizationId, stationId, epoch } of asked)
    rows.push({ organization_id: organizationId, station_id: stationId, epoch })
  return JSON.stringify(rows)
}
