// Owns reading a site as the load guard sees it: what each EVSE was told, answered and measured; and what the guard keeps of it.
// Must not judge it; core/domain/load does.
import { type Kysely, sql } from 'kysely'
import type { SitePlace } from './circuits.ts'
import type { HubTables } from './schema.ts'

type Db = Kysely<HubTables>

export interface ToldRow {
  commandId: string
  amps: number | null
  until: string | null
  state: string
  outcome: string | null
  queuedAt: string
  answeredAt: string | null
  /** Where the profile lies over others, as far as the answer tells. */
  stackLevel: number | null
}

export interface LoadEvseRow {
  circuitEvseId: string
  circuitId: string
  evseId: string
  stationId: string
  evseNumber: number
  phases: 1 | 3
  phase: 1 | 2 | 3 | null
  minA: number
  maxA: number
  failsafeA: number
  overSince: Date | null
  ignoringSince: Date | null
  refusingSince: Date | null
  connected: boolean
  bootedAt: Date | null
  charging: boolean
  failsafe: {
    state: string
    desiredHash: string | null
    writtenHash: string | null
    writtenValue: unknown
    writtenAt: string | null
  } | null
  told: ToldRow[]
  measuredAt: Date | null
  measuredMa: number | null
  measuredW: number | null
}

/** As many limits of one EVSE as can matter: all since the last that was taken, and some before it. */
const mostTold = 50

/** EVSEs that hang on a circuit; also those whose station somebody moved to another site: the wires stay. */
export async function loadEvses(
  db: Db,
  { organizationId, siteId }: SitePlace,
  { now, measuredAfter }: { now: Date; measuredAfter: Date },
): Promise<LoadEvseRow[]> {
  const { rows } = await sql<LoadEvseRow>`
    select ce.circuit_evse_id as "circuitEvseId", ce.circuit_id as "circuitId", ce.evse_id as "evseId",
      ce.station_id as "stationId", ce.evse_number as "evseNumber", ce.phases, ce.phase, ce.min_a as "minA",
      ce.max_a as "maxA", ce.failsafe_a as "failsafeA", ce.over_since as "overSince",
      ce.ignoring_since as "ignoringSince", ce.refusing_since as "refusingSince",
      (l.station_id is not null and l.disconnected_at is null and s.admission = 'accepted') as connected,
      s.booted_at as "bootedAt",
      exists (select from charging_session x where x.organization_id = ce.organization_id
        and x.station_id = ce.station_id and x.evse_number = ce.evse_number and x.state = 'active') as charging,
      (select json_build_object('state', a.state, 'desiredHash', a.desired_hash, 'writtenHash', a.written_hash,
          'writtenValue', a.written_value, 'writtenAt', a.written_at)
        from station_actual a where a.organization_id = ce.organization_id and a.station_id = ce.station_id
          and a.kind = 'profile' and a.key = 'load-failsafe-' || ce.evse_number) as failsafe,
      coalesce(told.all, '[]') as told, m.at as "measuredAt", m.current_ma as "measuredMa", m.power_w as "measuredW"
    from circuit_evse ce
    join circuit c on c.organization_id = ce.organization_id and c.circuit_id = ce.circuit_id and c.archived_at is null
    join station s on s.organization_id = ce.organization_id and s.station_id = ce.station_id and s.archived_at is null
    join evse e on e.organization_id = ce.organization_id and e.evse_id = ce.evse_id and e.archived_at is null
    left join station_link l on l.organization_id = ce.organization_id and l.station_id = ce.station_id
    left join lateral (
      select json_agg(json_build_object('commandId', t.command_id, 'amps', t.args -> 'amps', 'until', t.args -> 'until',
          'state', t.state, 'outcome', t.outcome, 'queuedAt', t.created_at, 'answeredAt', t.answered_at,
          'stackLevel', t.result -> 'stackLevel') order by t.created_at, t.command_id) as all
      from (select * from command t where t.organization_id = ce.organization_id and t.station_id = ce.station_id
          and t.name = 'limit' and t.args ->> 'evse' = ce.evse_number::text
          and t.state not in ('expired', 'cancelled', 'superseded')
        order by t.created_at desc, t.command_id desc limit ${mostTold}) t) told on true
    left join lateral (
      select least(v.at, v.received_at) as at, v.current_ma, v.power_w from meter_value v
      where v.organization_id = ce.organization_id and v.station_id = ce.station_id and v.evse_number = ce.evse_number
        and v.at > ${measuredAfter} and v.at <= ${now} and (v.current_ma is not null or v.power_w is not null)
      order by v.at desc limit 1) m on true
    where ce.organization_id = ${organizationId} and ce.site_id = ${siteId} and ce.archived_at is null
    order by ce.circuit_evse_id`.execute(db)
  return rows
}

export interface WatchedRow {
  circuitEvseId: string
  overSince: Date | null
  ignoringSince: Date | null
  refusingSince: Date | null
}

/** The guard's own marks are no change of configuration: the version stays. */
export async function writeWatched(trx: Db, organizationId: string, row: WatchedRow): Promise<void> {
  await trx
    .updateTable('circuit_evse')
    .set({ over_since: row.overSince, ignoring_since: row.ignoringSince, refusing_since: row.refusingSince })
    .where('organization_id', '=', organizationId)
    .where('circuit_evse_id', '=', row.circuitEvseId)
    .execute()
}
