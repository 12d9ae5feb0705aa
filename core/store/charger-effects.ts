// Owns the rows that the charger path writes through the group commit, one statement per table whatever the number of stations.
// Must not decide anything: each statement is an upsert or an insert-once, so that running it again changes nothing.
import type { TransactionTerms } from '../domain/charger-fact.ts'
import type { StationTraits } from '../domain/station-model.ts'
import { type InOrganization, insertAll, type OfStation, takeNew } from './effect-columns.ts'
import { addJobsSql, appendEventsSql, eventRow, type NewEvent, type NewJob } from './event-log.ts'
import { defineEffect, type Effect } from './group-commit.ts'
import {
  type MeterValueRow,
  meterValue,
  meterValueAgain,
  type SignedMeterValueRow,
  signedMeterValue,
} from './meter-effects.ts'
import {
  type SessionChangeRow,
  type SessionRow,
  session,
  sessionChange,
  type VoidSessionRow,
  voidSession,
} from './session-effects.ts'

export interface StationMessageRow extends OfStation {
  received_at: Date
  message_id: string
  direction: 'in' | 'out'
  epoch: number
  action: string | null
  frame: string
}

export interface StationBootRow extends OfStation {
  vendor: string
  model: string
  serial: string | null
  firmware: string | null
  boot_reason: string | null
  booted_at: Date
  traits: StationTraits
}

export interface StationTraitsRow extends OfStation {
  traits: StationTraits
}

export interface StationDeviationRow extends OfStation {
  code: string
  vendor: string
  model: string
  count: number
  first_at: Date
  last_at: Date
}

export interface ConnectorRow extends OfStation {
  evse_number: number
  number: number
  status: string
  raw_status: string | null
  error_code: string | null
  error_info: string | null
  status_at: Date
  received_at: Date
}

export interface EvseRow extends OfStation {
  evse_id: string
  number: number
  code: string
  created_at: Date
}

export interface ConnectorStatusRow extends OfStation {
  evse_number: number
  connector_number: number
  at: Date
  status: string
  error_code: string
  raw_status: string | null
  error_info: string | null
  device_at: Date | null
  received_at: Date
}

export interface TransactionRow extends OfStation {
  transaction_id: string
  session_id: string | null
  protocol: string
  number: number | null
  station_ref: string | null
  start_key: string
  evse_number: number
  connector_number: number
  id_token: string | null
  id_token_kind: string | null
  authorization_status: string | null
  account_id: string | null
  vehicle_id: string | null
  credential_id: string | null
  state: 'open' | 'ended' | 'review'
  started_at: Date
  start_received_at: Date
  ended_at: Date | null
  end_received_at: Date | null
  meter_start_wh: number | null
  meter_stop_wh: number | null
  energy_wh: number
  last_register_wh: number | null
  last_register_at: Date | null
  stop_reason: string | null
  remote_start_id: number | null
  highest_sequence: number | null
  flags: readonly string[]
  /** Terms of the transaction, with the instant of the newest of them. */
  terms: ({ at: string } & TransactionTerms) | null
}

export interface TransactionEventRow extends OfStation {
  transaction_id: string
  event_key: string
  kind: 'started' | 'updated' | 'ended'
  sequence: number | null
  at: Date
  device_at: Date | null
  received_at: Date
  trigger: string | null
  charging_state: string | null
  stop_reason: string | null
  id_token: string | null
  register_wh: number | null
  offline: boolean
}

export interface ReviewRow extends InOrganization {
  review_id: string
  content_key: string
  kind: string
  station_id: string | null
  subject_type: string | null
  subject_id: string | null
  reason: string
  data: unknown
  at: Date
}

export interface DeviationRow {
  organization_id: string
  code: string
  vendor: string
  model: string
  firmware: string
  count: number
  first_at: Date
  last_at: Date
  last_station_id: string
  sample: string | null
}

export interface TimerRow extends InOrganization {
  kind: string
  key: string
  due_at: Date
  data: unknown
}

export interface RemoteStartRow {
  organization_id: string
  command_id: string
  outcome: 'started'
  outcome_at: Date
  session_id: string | null
}

const messageColumns = [
  'organization_id',
  'site_id',
  'station_id',
  'received_at',
  'message_id',
  'direction',
  'epoch',
  'action',
  'frame',
] as const
const stationMessage = defineEffect<StationMessageRow>({
  name: 'station_message',
  order: 10,
  sql: insertAll('station_message', messageColumns, 'on conflict do nothing'),
})

const stationBoot = defineEffect<StationBootRow>({
  name: 'station_boot',
  order: 20,
  key: (row) => row.station_id,
  sql: `update station s set vendor = r.vendor, model = r.model, serial = r.serial, firmware = r.firmware,
      boot_reason = r.boot_reason, booted_at = r.booted_at, last_seen_at = r.booted_at, traits = r.traits
    from json_populate_recordset(null::station, $1::json) r
    where s.organization_id = r.organization_id and s.station_id = r.station_id`,
})

const stationTraits = defineEffect<StationTraitsRow>({
  name: 'station_traits',
  order: 20,
  key: (row) => row.station_id,
  sql: `update station s set traits = r.traits from json_populate_recordset(null::station, $1::json) r
    where s.organization_id = r.organization_id and s.station_id = r.station_id`,
})

export interface TransactionNumberRow {
  organization_id: string
  station_id: string
  next_transaction_number: number
}
const transactionNumber = defineEffect<TransactionNumberRow>({
  name: 'transaction_number',
  order: 21,
  key: (row) => row.station_id,
  sql: `update station s set next_transaction_number = greatest(s.next_transaction_number, r.next_transaction_number)
    from json_populate_recordset(null::station, $1::json) r
    where s.organization_id = r.organization_id and s.station_id = r.station_id`,
})

const evse = defineEffect<EvseRow>({
  name: 'evse',
  order: 30,
  sql: `insert into evse (organization_id, site_id, station_id, evse_id, number, code, created_at, updated_at)
    select organization_id, site_id, station_id, evse_id, number, code, created_at, created_at
    from json_populate_recordset(null::evse, $1::json) on conflict do nothing`,
})

const connectorState = ['status', 'raw_status', 'error_code', 'error_info', 'status_at', 'received_at'] as const
const connector = defineEffect<ConnectorRow>({
  name: 'connector',
  order: 31,
  key: (row) => `${row.station_id}:${row.evse_number}:${row.number}`,
  sql: insertAll(
    'connector',
    ['organization_id', 'site_id', 'station_id', 'evse_number', 'number', ...connectorState],
    `on conflict (organization_id, station_id, evse_number, number) do update set ${takeNew(connectorState)}
      where connector.status_at is null or connector.status_at <= excluded.status_at`,
  ),
})

const connectorStatus = defineEffect<ConnectorStatusRow>({
  name: 'connector_status',
  order: 32,
  sql: insertAll(
    'connector_status',
    [
      'organization_id',
      'site_id',
      'station_id',
      'evse_number',
      'connector_number',
      'at',
      'status',
      'error_code',
      'raw_status',
      'error_info',
      'device_at',
      'received_at',
    ],
    'on conflict do nothing',
  ),
})

const transactionColumns = [
  'organization_id',
  'site_id',
  'station_id',
  'transaction_id',
  'session_id',
  'protocol',
  'number',
  'station_ref',
  'start_key',
  'evse_number',
  'connector_number',
  'id_token',
  'id_token_kind',
  'authorization_status',
  'account_id',
  'vehicle_id',
  'credential_id',
  'state',
  'started_at',
  'start_received_at',
  'ended_at',
  'end_received_at',
  'meter_start_wh',
  'meter_stop_wh',
  'energy_wh',
  'last_register_wh',
  'last_register_at',
  'stop_reason',
  'remote_start_id',
  'highest_sequence',
  'flags',
  'terms',
] as const
const transactionKey: readonly string[] = ['organization_id', 'station_id', 'transaction_id', 'start_key', 'number']
const chargerTransaction = defineEffect<TransactionRow>({
  name: 'ocpp_transaction',
  order: 41,
  key: (row) => row.transaction_id,
  sql: insertAll(
    'ocpp_transaction',
    transactionColumns,
    `on conflict (organization_id, station_id, transaction_id) do update set
      ${takeNew(transactionColumns.filter((c) => !transactionKey.includes(c)))}`,
  ),
})

const transactionEvent = defineEffect<TransactionEventRow>({
  name: 'transaction_event',
  order: 42,
  sql: insertAll(
    'transaction_event',
    [
      'organization_id',
      'site_id',
      'station_id',
      'transaction_id',
      'event_key',
      'kind',
      'sequence',
      'at',
      'device_at',
      'received_at',
      'trigger',
      'charging_state',
      'stop_reason',
      'id_token',
      'register_wh',
      'offline',
    ],
    'on conflict do nothing',
  ),
})

const review = defineEffect<ReviewRow>({
  name: 'review_item',
  order: 50,
  key: (row) => row.content_key,
  sql: `insert into review_item (organization_id, site_id, review_id, content_key, kind, station_id, subject_type,
      subject_id, reason, data, at)
    select organization_id, site_id, review_id, content_key, kind, station_id, subject_type, subject_id, reason, data, at
    from json_populate_recordset(null::review_item, $1::json) on conflict (organization_id, content_key) do nothing`,
})

const deviation = defineEffect<DeviationRow>({
  name: 'protocol_deviation',
  order: 51,
  shared: true,
  key: (row) => `${row.organization_id}:${row.code}:${row.vendor}:${row.model}:${row.firmware}`,
  merge: (old, next) => ({
    ...next,
    count: old.count + next.count,
    first_at: old.first_at,
    sample: next.sample ?? old.sample,
  }),
  sql: insertAll(
    'protocol_deviation',
    [
      'organization_id',
      'code',
      'vendor',
      'model',
      'firmware',
      'count',
      'first_at',
      'last_at',
      'last_station_id',
      'sample',
    ],
    `on conflict (organization_id, code, vendor, model, firmware) do update set
      count = protocol_deviation.count + excluded.count, last_at = greatest(protocol_deviation.last_at, excluded.last_at),
      last_station_id = excluded.last_station_id, sample = coalesce(excluded.sample, protocol_deviation.sample)`,
  ),
})

const stationDeviation = defineEffect<StationDeviationRow>({
  name: 'station_deviation',
  order: 52,
  key: (row) => `${row.station_id}:${row.code}:${row.vendor}:${row.model}`,
  merge: (old, next) => ({ ...next, count: old.count + next.count, first_at: old.first_at }),
  sql: insertAll(
    'station_deviation',
    ['organization_id', 'site_id', 'station_id', 'code', 'vendor', 'model', 'count', 'first_at', 'last_at'],
    `on conflict (organization_id, station_id, code, vendor, model) do update set
      count = station_deviation.count + excluded.count, last_at = greatest(station_deviation.last_at, excluded.last_at),
      site_id = excluded.site_id`,
  ),
})

const timer = defineEffect<TimerRow>({
  name: 'timer',
  order: 60,
  key: (row) => `${row.kind}:${row.key}`,
  sql: insertAll(
    'timer',
    ['organization_id', 'site_id', 'kind', 'key', 'due_at', 'data'],
    `on conflict (organization_id, kind, key) do update set due_at = excluded.due_at, data = excluded.data`,
  ),
})

const remoteStart = defineEffect<RemoteStartRow>({
  name: 'remote_start',
  order: 61,
  key: (row) => row.command_id,
  sql: `update command c set outcome = r.outcome, outcome_at = r.outcome_at, session_id = r.session_id
    from json_populate_recordset(null::command, $1::json) r
    where c.organization_id = r.organization_id and c.command_id = r.command_id and c.outcome = 'pending'`,
})

const event = defineEffect<Record<string, unknown>>({ name: 'event', order: 70, sql: appendEventsSql })

const job = defineEffect<NewJob>({
  name: 'job',
  order: 80,
  sql: addJobsSql,
})

/** Makers of effects, by what they write. */
export const effect = {
  stationMessage: (row: StationMessageRow): Effect => ({ template: stationMessage, row }),
  stationBoot: (row: StationBootRow): Effect => ({ template: stationBoot, row }),
  transactionNumber: (row: TransactionNumberRow): Effect => ({ template: transactionNumber, row }),
  evse: (row: EvseRow): Effect => ({ template: evse, row }),
  connector: (row: ConnectorRow): Effect => ({ template: connector, row }),
  connectorStatus: (row: ConnectorStatusRow): Effect => ({ template: connectorStatus, row }),
  session: (row: SessionRow): Effect => ({ template: session, row }),
  voidSession: (row: VoidSessionRow): Effect => ({ template: voidSession, row }),
  transaction: (row: TransactionRow): Effect => ({ template: chargerTransaction, row }),
  transactionEvent: (row: TransactionEventRow): Effect => ({ template: transactionEvent, row }),
  meterValue: (row: MeterValueRow): Effect => ({ template: meterValue, row }),
  meterValueAgain: (row: MeterValueRow): Effect => ({ template: meterValueAgain, row }),
  signedMeterValue: (row: SignedMeterValueRow): Effect => ({ template: signedMeterValue, row }),
  review: (row: ReviewRow): Effect => ({ template: review, row }),
  deviation: (row: DeviationRow): Effect => ({ template: deviation, row }),
  stationDeviation: (row: StationDeviationRow): Effect => ({ template: stationDeviation, row }),
  stationTraits: (row: StationTraitsRow): Effect => ({ template: stationTraits, row }),
  timer: (row: TimerRow): Effect => ({ template: timer, row }),
  remoteStart: (row: RemoteStartRow): Effect => ({ template: remoteStart, row }),
  sessionChange: (row: SessionChangeRow): Effect => ({ template: sessionChange, row }),
  event: (input: NewEvent): Effect => ({ template: event, row: eventRow(input) }),
  job: (input: NewJob): Effect => ({ template: job, row: input }),
}
