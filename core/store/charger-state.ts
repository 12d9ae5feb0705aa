// Owns reading what the charger path keeps in memory: a station with its EVSEs, connectors, recent transactions and status.
// Must not write. Everything is asked for many stations at once, because stations come back in storms.

import type { Pool } from 'pg'
import type { StationTraits } from '../domain/station-model.ts'
import type { TransactionRow } from './charger-effects.ts'
import { jsonText } from './json-text.ts'

export interface StationKey {
  organizationId: string
  stationId: string
}

export interface StationRecord {
  organization_id: string
  site_id: string | null
  station_id: string
  code: string
  admission: 'pending' | 'accepted' | 'rejected'
  default_protocol: string | null
  security_profile: number
  secret_hash: Buffer | null
  /** On their way to the station: good beside the others until it has come with them. */
  pending_secret_hash: Buffer | null
  pending_profile: number | null
  max_power_w: number | null
  vendor: string | null
  model: string | null
  firmware: string | null
  settings: Record<string, unknown>
  /** How its model departs from the standard, as its adapter last said. */
  traits: StationTraits
  next_transaction_number: number
}

/** A station at the door, with what its adapter may want to know of its site. */
export interface FoundStation extends StationRecord {
  time_zone: string | null
}

export interface EvseRecord {
  evse_id: string
  number: number
  bay_id: string | null
  max_power_w: number | null
  /** Facts of this EVSE before this instant were not read, or not all; null when nothing was left out. */
  completeFrom: Date | null
}

export interface ConnectorRecord {
  evse_number: number
  number: number
  status: string
  error_code: string | null
  status_at: Date | null
}

export interface StatusRecord {
  evse_number: number
  connector_number: number
  at: Date
  status: string
}

export interface StateRecord {
  transaction_id: string
  at: Date
  charging_state: string
}

export interface PendingStart {
  command_id: string
  evse: number | null
  token: string
  remote_start_id: number
  sent_at: Date
}

export interface StationMemory {
  station: StationRecord
  evses: EvseRecord[]
  connectors: ConnectorRecord[]
  transactions: TransactionRow[]
  statuses: StatusRecord[]
  states: StateRecord[]
  sessions: StoredSession[]
  pendingStarts: PendingStart[]
}

export interface StoredSession {
  session_id: string
  evse_number: number
  state: 'active' | 'ended' | 'closed' | 'void'
  version: number
  created_at: Date
  energy_wh: number
  periods: unknown
  plugged_at: Date
  unplugged_at: Date | null
  started_at: Date
  ended_at: Date | null
  account_id: string | null
  vehicle_id: string | null
  credential_id: string | null
  id_token: string | null
  flags: string[]
}

/** Read per EVSE for normal traffic: a station's busy socket must not crowd out the last session of a quiet one. */
const recentTransactions = 2
const recentStatuses = 16

const pairs = (keys: readonly StationKey[]): [string[], string[]] => [
  keys.map((k) => k.organizationId),
  keys.map((k) => k.stationId),
]
const stationColumns = `organization_id, site_id, station_id, code, admission, default_protocol, security_profile, secret_hash,
  pending_secret_hash, pending_profile, max_power_w, vendor, model, firmware, settings, traits, next_transaction_number`

/** Stations by the identity in their path, without regard to case; unknown identities are left out. */
export async function findStations(pool: Pool, identities: readonly string[]): Promise<Map<string, FoundStation>> {
  const { rows } = await pool.query<FoundStation & { identity: string }>({
    name: 'charger-find-stations',
    text: `select i.identity, ${stationColumns.replace(/(\w+)/g, 's.$1')}, t.time_zone
      from station_identity i
      join station s on s.organization_id = i.organization_id and s.station_id = i.station_id and s.archived_at is null
      left join site t on t.organization_id = s.organization_id and t.site_id = s.site_id
      where i.identity = any($1::text[])`,
    values: [identities],
  })
  return new Map(rows.map((row) => [row.identity, row]))
}

/** Takes the socket for this node: every call raises the epoch, so whoever came last holds the station. */
export async function claimStations(
  pool: Pool,
  claims: readonly (StationKey & {
    siteId: string | null
    nodeId: string
    protocol: string
    remoteAddress: string
    at: Date
  })[],
): Promise<Map<string, number>> {
  const { rows } = await pool.query<{ station_id: string; epoch: string | number }>({
    name: 'charger-claim-stations',
    text: `insert into station_link as l
        (organization_id, site_id, station_id, node_id, epoch, protocol, remote_address, connected_at, disconnected_at)
      select organization_id, site_id, station_id, node_id, 1, protocol, remote_address, connected_at, null
      from json_populate_recordset(null::station_link, $1::json)
      on conflict (organization_id, station_id) do update set epoch = l.epoch + 1, node_id = excluded.node_id,
        protocol = excluded.protocol, remote_address = excluded.remote_address, connected_at = excluded.connected_at,
        disconnected_at = null, site_id = excluded.site_id
      returning station_id, epoch`,
    values: [
      jsonText(
        claims.map((c) => ({
          organization_id: c.organizationId,
          site_id: c.siteId,
          station_id: c.stationId,
          node_id: c.nodeId,
          protocol: c.protocol,
          remote_address: c.remoteAddress,
          connected_at: c.at,
        })),
      ),
    ],
  })
  return new Map(rows.map((row) => [row.station_id, Number(row.epoch)]))
}

/** The socket is gone; a newer one under a higher epoch is not touched. */
export async function releaseStation(pool: Pool, key: StationKey, epoch: number, at: Date): Promise<void> {
  await pool.query({
    name: 'charger-release-station',
    text: `update station_link set disconnected_at = $4
      where organization_id = $1 and station_id = $2 and epoch = $3 and disconnected_at is null`,
    values: [key.organizationId, key.stationId, epoch, at],
  })
}

/** Sockets that an earlier process on this host held went down with it. */
export async function releaseStationsOf(pool: Pool, hostname: string, at: Date): Promise<void> {
  await pool.query(
    `update station_link set disconnected_at = $2 where disconnected_at is null and split_part(node_id, ':', 1) = $1`,
    [hostname, at],
  )
}

/**
 * Memory of stations for normal traffic: the latest transactions and status reports of each EVSE.
 * @param from reads everything since that instant besides (a late fact that reaches further back)
 */
export async function loadStations(
  pool: Pool,
  keys: readonly StationKey[],
  from: Date | null = null,
): Promise<Map<string, StationMemory>> {
  const values = pairs(keys)
  const key = `select * from unnest($1::uuid[], $2::uuid[]) k(organization_id, station_id)`
  const of = (alias: string) => `${alias}.organization_id = k.organization_id and ${alias}.station_id = k.station_id`
  const evseOf = `(${key}) k join evse e on ${of('e')}`
  const recent = (table: string, column: string, limit: number) =>
    `select f.* from ${evseOf} cross join lateral (select * from ${table} f
        where ${of('f')} and f.evse_number = e.number order by f.${column} desc limit ${limit}) f`
  const since = (table: string, column: string) =>
    from === null ? '' : `union select f.* from (${key}) k join ${table} f on ${of('f')} and f.${column} >= $3`
  const named = (name: string, text: string) => ({
    name: `charger-load-${name}${from === null ? '' : '-since'}`,
    text,
    values: from !== null && text.includes('$3') ? [...values, from] : values,
  })
  const [stations, evses, connectors, transactions, statuses, starts] = await Promise.all([
    pool.query<StationRecord>(
      named(
        'station',
        `select ${stationColumns.replace(/(\w+)/g, 's.$1')} from (${key}) k join station s on ${of('s')}`,
      ),
    ),
    pool.query<Omit<EvseRecord, 'completeFrom'> & { station_id: string }>(
      named('evse', `select e.station_id, e.evse_id, e.number, e.bay_id, e.max_power_w from ${evseOf}`),
    ),
    pool.query<ConnectorRecord & { station_id: string }>(
      named(
        'connector',
        `select c.station_id, c.evse_number, c.number, c.status, c.error_code, c.status_at
          from (${key}) k join connector c on ${of('c')}`,
      ),
    ),
    pool.query<TransactionRow>(
      named(
        'transaction',
        `${recent('ocpp_transaction', 'started_at', recentTransactions)} ${since('ocpp_transaction', 'started_at')}
          union select t.* from (${key}) k join ocpp_transaction t on ${of('t')} and t.state = 'open'`,
      ),
    ),
    pool.query<StatusRecord & { station_id: string }>(
      named('status', `${recent('connector_status', 'at', recentStatuses)} ${since('connector_status', 'at')}`),
    ),
    pool.query<PendingStart & { station_id: string }>(
      named(
        'start',
        `select c.station_id, c.command_id, (c.args->>'evse')::int as evse, c.args->'token'->>'value' as token,
            (c.args->>'remoteStartId')::int as remote_start_id, c.sent_at
          from (${key}) k join command c on ${of('c')} and c.outcome = 'pending' and c.name = 'start'`,
      ),
    ),
  ])
  const sessionIds = transactions.rows.flatMap((t) => (t.session_id === null ? [] : [t.session_id]))
  const [states, sessions] = await Promise.all([
    transactions.rows.length === 0
      ? { rows: [] }
      : pool.query<StateRecord & { station_id: string }>({
          name: 'charger-load-states',
          text: `select e.station_id, e.transaction_id, e.at, e.charging_state
            from unnest($1::uuid[], $2::uuid[], $3::uuid[]) k(organization_id, station_id, transaction_id)
            join transaction_event e on ${of('e')} and e.transaction_id = k.transaction_id
            where e.charging_state is not null`,
          values: [
            transactions.rows.map((t) => t.organization_id),
            transactions.rows.map((t) => t.station_id),
            transactions.rows.map((t) => t.transaction_id),
          ],
        }),
    sessionIds.length === 0
      ? { rows: [] }
      : pool.query<StoredSession & { station_id: string }>({
          name: 'charger-load-sessions',
          text: `select s.station_id, s.session_id, s.evse_number, s.state, s.version, s.created_at, s.energy_wh, s.periods,
              s.plugged_at, s.unplugged_at, s.started_at, s.ended_at, s.account_id, s.vehicle_id, s.credential_id, s.id_token, s.flags
            from unnest($1::uuid[], $2::uuid[]) k(organization_id, session_id)
            join charging_session s on s.organization_id = k.organization_id and s.session_id = k.session_id`,
          values: [transactions.rows.flatMap((t) => (t.session_id === null ? [] : [t.organization_id])), sessionIds],
        }),
  ])
  const memory = new Map<string, StationMemory>()
  for (const station of stations.rows) {
    memory.set(station.station_id, {
      station,
      evses: [],
      connectors: [],
      transactions: [],
      statuses: [],
      states: [],
      sessions: [],
      pendingStarts: [],
    })
  }
  const spread = <R extends { station_id: string }>(rows: readonly R[], pick: (m: StationMemory) => R[]) => {
    for (const row of rows) {
      const found = memory.get(row.station_id)
      if (found !== undefined) pick(found).push(row)
    }
  }
  spread(
    evses.rows.map((e) => ({ ...e, completeFrom: from })),
    (m) => m.evses as (EvseRecord & { station_id: string })[],
  )
  spread(connectors.rows, (m) => m.connectors as (ConnectorRecord & { station_id: string })[])
  spread(transactions.rows, (m) => m.transactions)
  spread(statuses.rows, (m) => m.statuses as (StatusRecord & { station_id: string })[])
  spread(states.rows, (m) => m.states as (StateRecord & { station_id: string })[])
  spread(starts.rows, (m) => m.pendingStarts as (PendingStart & { station_id: string })[])
  spread(sessions.rows, (m) => m.sessions as (StoredSession & { station_id: string })[])
  if (from === null) {
    for (const m of memory.values()) for (const evse of m.evses) evse.completeFrom = oldestComplete(m, evse.number)
  }
  return memory
}

/** Where a limited reading may have cut history off. Older open transactions are read besides, so the latest ones count. */
function oldestComplete(memory: StationMemory, evse: number): Date | null {
  const nth = (times: Date[], limit: number) => times.map((t) => t.getTime()).sort((a, b) => b - a)[limit - 1]
  const cuts = [
    nth(
      memory.transactions.flatMap((t) => (t.evse_number === evse ? [t.started_at] : [])),
      recentTransactions,
    ),
    nth(
      memory.statuses.flatMap((s) => (s.evse_number === evse ? [s.at] : [])),
      recentStatuses,
    ),
  ].filter((t) => t !== undefined)
  // The session that holds the oldest row may have begun before it.
  return cuts.length === 0 ? null : new Date(Math.max(...cuts) + 1)
}

export interface MeterRecord {
  transaction_id: string | null
  at: Date
  register_wh: number
  if_kwh_wh: number | null
  power_w: number | null
}

/** Import-register readings of one transaction: its own, and those of its EVSE inside its time that name no transaction. */
export async function readRegisters(
  pool: Pool,
  of: StationKey & { transactionId: string; evse: number; from: Date; to: Date | null },
): Promise<MeterRecord[]> {
  const { rows } = await pool.query<MeterRecord>({
    name: 'charger-read-registers',
    text: `select transaction_id, at, register_wh, if_kwh_wh, power_w from meter_value
      where organization_id = $1 and station_id = $2 and transaction_id = $3 and register_wh is not null and suspect is null
      union all
      select transaction_id, at, register_wh, if_kwh_wh, power_w from meter_value
      where organization_id = $1 and station_id = $2 and evse_number = $4 and at >= $5 and at <= $6
        and transaction_id is null and register_wh is not null and suspect is null`,
    values: [of.organizationId, of.stationId, of.transactionId, of.evse, of.from, of.to ?? new Date('9999-12-31')],
  })
  return rows
}

/** A transaction that is no longer in memory, by the number or the content key it was stored under. */
export async function findTransaction(
  pool: Pool,
  of: StationKey & { number?: number; startKey?: string; stationRef?: string },
): Promise<TransactionRow[]> {
  const { rows } = await pool.query<TransactionRow>({
    name: 'charger-find-transaction',
    text: `select * from ocpp_transaction where organization_id = $1 and station_id = $2
      and (number = $3 or start_key = $4 or station_ref = $5) order by started_at desc limit 20`,
    values: [of.organizationId, of.stationId, of.number ?? null, of.startKey ?? null, of.stationRef ?? null],
  })
  return rows
}
