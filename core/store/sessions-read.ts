// Owns how charging sessions, their transactions and meter values are listed.
// Must not write: sessions are derived from charger facts.
import { sql } from 'kysely'
import type { TransactionTerms } from '../domain/charger-fact.ts'
import type { SessionPeriod } from '../domain/price.ts'
import { before, type Db, from, is, recordTable } from './record-table.ts'

export interface ChargingSession {
  sessionId: string
  siteId: string | null
  stationId: string
  evseNumber: number
  evseId: string | null
  bayId: string | null
  state: 'active' | 'ended' | 'closed' | 'void'
  accountId: string | null
  vehicleId: string | null
  credentialId: string | null
  idToken: string | null
  idTokenKind: string | null
  pluggedAt: Date
  unpluggedAt: Date | null
  startedAt: Date
  endedAt: Date | null
  energyWh: number
  chargingSeconds: number
  suspendedVehicleSeconds: number
  suspendedStationSeconds: number
  idleSeconds: number
  periods: SessionPeriod[]
  /** Instant and register, as the charger services keep them. */
  registers: [at: string, registerWh: number][]
  flags: string[]
  /** What the car asked for (ISO 15118), as far as its station told. */
  needs: { at: string; departureAt?: string; energyWh?: number; transfer?: string } | null
  tariffId: string | null
  tariffVersion: number | null
  stayId: string | null
  version: number
  createdAt: Date
  updatedAt: Date
}

export interface OcppTransaction {
  transactionId: string
  stationId: string
  sessionId: string | null
  protocol: string
  number: number | null
  stationRef: string | null
  evseNumber: number
  connectorNumber: number
  idToken: string | null
  authorizationStatus: string | null
  state: 'open' | 'ended' | 'review'
  startedAt: Date
  endedAt: Date | null
  meterStartWh: number | null
  meterStopWh: number | null
  energyWh: number
  stopReason: string | null
  flags: string[]
  terms: ({ at: string } & TransactionTerms) | null
}

export interface MeterValue {
  at: Date
  receivedAt: Date
  context: string
  transactionId: string | null
  registerWh: number | null
  exportWh: number | null
  powerW: number | null
  currentMa: number | null
  voltageMv: number | null
  soc: string | null
  suspect: string | null
}

export const chargingSessions = recordTable<ChargingSession>()('charging_session', {
  type: 'charging_session',
  id: 'session_id',
  columns: {
    sessionId: 'session_id',
    siteId: 'site_id',
    stationId: 'station_id',
    evseNumber: 'evse_number',
    evseId: 'evse_id',
    bayId: 'bay_id',
    state: 'state',
    accountId: 'account_id',
    vehicleId: 'vehicle_id',
    credentialId: 'credential_id',
    idToken: 'id_token',
    idTokenKind: 'id_token_kind',
    pluggedAt: 'plugged_at',
    unpluggedAt: 'unplugged_at',
    startedAt: 'started_at',
    endedAt: 'ended_at',
    energyWh: 'energy_wh',
    chargingSeconds: 'charging_seconds',
    suspendedVehicleSeconds: 'suspended_vehicle_seconds',
    suspendedStationSeconds: 'suspended_station_seconds',
    idleSeconds: 'idle_seconds',
    periods: 'periods',
    registers: 'registers',
    flags: 'flags',
    needs: 'needs',
    tariffId: 'tariff_id',
    tariffVersion: 'tariff_version',
    version: 'version',
    createdAt: 'created_at',
    updatedAt: 'updated_at',
  },
  expressions: {
    stayId: `(select l.stay_id from link l
      where l.organization_id = t.organization_id and l.session_id = t.session_id and l.state = 'linked')`,
  },
  reach: 'site',
  sorts: {
    pluggedAt: [
      { expression: 't.plugged_at', type: 'timestamptz' },
      { expression: 't.session_id', type: 'uuid' },
    ],
  },
  defaultSort: '-pluggedAt',
  filters: {
    siteId: is('site_id'),
    stationId: is('station_id'),
    state: is('state'),
    accountId: is('account_id'),
    from: from('t.plugged_at'),
    to: before('t.plugged_at'),
  },
})

export const transactions = recordTable<OcppTransaction>()('ocpp_transaction', {
  type: 'ocpp_transaction',
  columns: {
    transactionId: 'transaction_id',
    stationId: 'station_id',
    sessionId: 'session_id',
    protocol: 'protocol',
    number: 'number',
    stationRef: 'station_ref',
    evseNumber: 'evse_number',
    connectorNumber: 'connector_number',
    idToken: 'id_token',
    authorizationStatus: 'authorization_status',
    state: 'state',
    startedAt: 'started_at',
    endedAt: 'ended_at',
    meterStartWh: 'meter_start_wh',
    meterStopWh: 'meter_stop_wh',
    energyWh: 'energy_wh',
    stopReason: 'stop_reason',
    flags: 'flags',
    terms: 'terms',
  },
  // The session was looked up, and with it the site, before its transactions are read.
  reach: 'organization',
  sorts: {
    startedAt: [
      { expression: 't.started_at', type: 'timestamptz' },
      { expression: 't.transaction_id', type: 'uuid' },
    ],
  },
  filters: { sessionId: is('session_id'), state: is('state') },
})

export const meterValues = recordTable<MeterValue>()('meter_value', {
  type: 'meter_value',
  columns: {
    at: 'at',
    receivedAt: 'received_at',
    context: 'context',
    transactionId: 'transaction_id',
    registerWh: 'register_wh',
    exportWh: 'export_wh',
    powerW: 'power_w',
    currentMa: 'current_ma',
    voltageMv: 'voltage_mv',
    soc: 'soc',
    suspect: 'suspect',
  },
  reach: 'organization',
  sorts: {
    at: [
      { expression: 't.at', type: 'timestamptz' },
      { expression: 't.context', type: 'text' },
      { expression: 't.evse_number', type: 'int8' },
    ],
  },
  filters: {
    // By the station, the transactions' own index; the time keeps other partitions out.
    session: (session: { stationId: string; sessionId: string }) => sql<boolean>`t.station_id = ${session.stationId}
      and t.transaction_id in (select x.transaction_id from ocpp_transaction x
        where x.organization_id = t.organization_id and x.session_id = ${session.sessionId})`,
  },
})

/** The latest transaction of a session that the hub gave a number to (1.6), if it has ended. */
export async function endedNumbered(db: Db, organizationId: string, sessionId: string): Promise<number | undefined> {
  const row = await db
    .selectFrom('ocpp_transaction')
    .select('number')
    .where('organization_id', '=', organizationId)
    .where('session_id', '=', sessionId)
    .where('state', '=', 'ended')
    .where('number', 'is not', null)
    .orderBy('started_at', 'desc')
    .limit(1)
    .executeTakeFirst()
  return row?.number ?? undefined
}

/** What a cost of a session rests on: the last register of the transaction with that number, and what was counted by then. */
export async function readCostBasis(
  db: Db,
  of: { organizationId: string; sessionId: string; number: number },
): Promise<
  | {
      registerWh: number | null
      registerAt: Date | null
      energyWh: number
      ended: boolean
      periods: readonly SessionPeriod[]
    }
  | undefined
> {
  const row = await db
    .selectFrom('ocpp_transaction as t')
    .innerJoin('charging_session as s', (join) =>
      join.onRef('s.organization_id', '=', 't.organization_id').onRef('s.session_id', '=', 't.session_id'),
    )
    .select(['t.last_register_wh', 't.last_register_at', 't.state', 's.energy_wh', 's.periods'])
    .where('t.organization_id', '=', of.organizationId)
    .where('t.session_id', '=', of.sessionId)
    .where('t.number', '=', of.number)
    .executeTakeFirst()
  return (
    row && {
      registerWh: row.last_register_wh,
      registerAt: row.last_register_at,
      energyWh: row.energy_wh,
      ended: row.state !== 'open',
      periods: row.periods as unknown as SessionPeriod[],
    }
  )
}

/** The transaction of a session that is still open, by the name its station knows; the newest, if there should be several. */
export async function openTransaction(
  db: Db,
  organizationId: string,
  sessionId: string,
): Promise<{ number: number | null; ref: string | null } | undefined> {
  const row = await db
    .selectFrom('ocpp_transaction')
    .select(['number', 'station_ref'])
    .where('organization_id', '=', organizationId)
    .where('session_id', '=', sessionId)
    .where('state', '=', 'open')
    .orderBy('started_at', 'desc')
    .limit(1)
    .executeTakeFirst()
  return row && { number: row.number, ref: row.station_ref }
}
