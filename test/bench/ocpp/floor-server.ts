// Owns the two floors of the bench: bare ws that only answers, and bare ws that group-commits the rows the hub would write.
// Must do nothing else: no schema, no order, no state, no rules. What it costs is what the parts themselves cost.
import { randomFillSync } from 'node:crypto'
import { createServer } from 'node:http'
import { WebSocketServer } from 'ws'
import { uuidv7Generator } from '../../../core/domain/ids.ts'
import { systemClock } from '../../../core/runtime/system-clock.ts'
import { batchRead } from '../../../core/store/batch-read.ts'
import { effect } from '../../../core/store/charger-effects.ts'
import { claimStations } from '../../../core/store/charger-state.ts'
import { type Effect, groupCommit } from '../../../core/store/group-commit.ts'
import { connect } from '../../../core/store/pool.ts'

interface Station {
  organizationId: string
  siteId: string
  stationId: string
}

const mode = process.argv[2] === 'commit' ? 'commit' : 'echo'
const databaseUrl = process.argv[3] ?? ''
const silent = { debug() {}, info() {}, warn() {}, error() {} }
const newId = uuidv7Generator(Date.now, (into) => randomFillSync(into))

async function writer() {
  const { pool } = await connect({ to: databaseUrl, role: 'app', log: silent, max: 4 })
  const { rows } = await pool.query<{ code: string; organization_id: string; site_id: string; station_id: string }>(
    'select code, organization_id, site_id, station_id from station',
  )
  const stations = new Map<string, Station>(
    rows.map((r) => [r.code, { organizationId: r.organization_id, siteId: r.site_id, stationId: r.station_id }]),
  )
  const commits = groupCommit({ pool, clock: systemClock, log: silent })
  const claim = batchRead({
    load: async (ids: readonly string[]) => {
      const of = (id: string) => stations.get(id) ?? { organizationId: '', siteId: '', stationId: '' }
      const epochs = await claimStations(
        pool,
        ids.map((id) => ({
          ...of(id),
          nodeId: 'floor',
          protocol: 'ocpp1.6',
          remoteAddress: '127.0.0.1',
          at: new Date(),
        })),
      )
      return new Map(ids.map((id) => [id, epochs.get(of(id).stationId) ?? 0]))
    },
  })
  return { stations, commits, claim }
}

interface Payload {
  transactionId?: number
  idTag?: string
  status?: string
  timestamp?: string
  meterStart?: number
  meterStop?: number
  meterValue?: { timestamp: string; sampledValue: { value: string }[] }[]
}

/** The rows that the hub writes for each call, with no thought given to what is in them. */
function rowsOf(station: Station, epoch: number, action: string, text: string, reply: string, p: Payload): Effect[] {
  const now = new Date()
  const place = { organization_id: station.organizationId, site_id: station.siteId, station_id: station.stationId }
  const at = new Date(p.timestamp ?? p.meterValue?.[0]?.timestamp ?? now)
  const frame = (direction: 'in' | 'out', frameText: string) =>
    effect.stationMessage({
      ...place,
      received_at: now,
      message_id: newId(),
      direction,
      epoch,
      action,
      frame: frameText,
    })
  const event = (
    type: 'station.booted' | 'connector.status_changed' | 'charging_session.started' | 'charging_session.ended',
  ) =>
    effect.event({
      id: newId(),
      type,
      organizationId: station.organizationId,
      siteId: station.siteId,
      subject: { type: 'station', id: station.stationId },
      occurredAt: at,
      recordedAt: now,
      data: { stationId: station.stationId },
    } as Parameters<typeof effect.event>[0])
  const journal = [frame('in', text), frame('out', reply)]
  const meter = (register: number, context: string) =>
    effect.meterValue({
      ...place,
      evse_number: 1,
      at,
      context,
      transaction_id: null,
      received_at: now,
      register_wh: register,
      if_kwh_wh: null,
      export_wh: null,
      power_w: 7_200,
      current_ma: 31_200,
      voltage_mv: null,
      soc: '54',
      extra: null,
      suspect: null,
    })
  const jobs = (id: string, billable: boolean) => [
    effect.sessionChange({
      organization_id: place.organization_id,
      site_id: place.site_id,
      change_id: newId(),
      session_id: id,
      billable,
    }),
    effect.job({
      task: 'sessions.changed',
      payload: { organizationId: station.organizationId, siteId: station.siteId },
      key: `sessions:${station.siteId}`,
      queue: `sessions:${station.siteId}`,
      delayMs: 500,
      delayFrom: 'first',
    }),
  ]
  const sessionRow = (id: string, state: 'active' | 'closed') =>
    effect.session({
      ...place,
      session_id: id,
      evse_number: 1,
      evse_id: null,
      bay_id: null,
      state,
      account_id: null,
      vehicle_id: null,
      credential_id: null,
      id_token: p.idTag ?? null,
      id_token_kind: 'unknown',
      plugged_at: at,
      unplugged_at: null,
      started_at: at,
      ended_at: null,
      energy_wh: 0,
      charging_seconds: 0,
      suspended_vehicle_seconds: 0,
      suspended_station_seconds: 0,
      idle_seconds: 0,
      periods: [],
      registers: [],
      flags: [],
      facts_at: now,
      version: 1,
      created_at: now,
      updated_at: now,
    })
  const transaction = (id: string, state: 'open' | 'ended') =>
    effect.transaction({
      ...place,
      transaction_id: id,
      session_id: null,
      protocol: 'ocpp1.6',
      number: null,
      station_ref: null,
      start_key: id,
      evse_number: 1,
      connector_number: 1,
      id_token: p.idTag ?? null,
      id_token_kind: 'unknown',
      authorization_status: 'accepted',
      account_id: null,
      vehicle_id: null,
      credential_id: null,
      state,
      started_at: at,
      start_received_at: now,
      ended_at: null,
      end_received_at: null,
      meter_start_wh: p.meterStart ?? null,
      meter_stop_wh: p.meterStop ?? null,
      energy_wh: 0,
      last_register_wh: 0,
      last_register_at: at,
      stop_reason: null,
      remote_start_id: null,
      highest_sequence: null,
      terms: null,
      flags: [],
    })
  const transactionEvent = (id: string, kind: 'started' | 'ended') =>
    effect.transactionEvent({
      ...place,
      transaction_id: id,
      event_key: `${kind}:${at.toISOString()}`,
      kind,
      sequence: null,
      at,
      device_at: at,
      received_at: now,
      trigger: null,
      charging_state: null,
      stop_reason: null,
      id_token: p.idTag ?? null,
      register_wh: 0,
      offline: false,
    })
  switch (action) {
    case 'BootNotification':
      return [
        ...journal,
        effect.stationBoot({
          ...place,
          vendor: 'Bench',
          model: 'Load',
          serial: null,
          firmware: null,
          boot_reason: null,
          traits: {},
          booted_at: now,
        }),
        event('station.booted'),
      ]
    case 'StatusNotification':
      return [
        ...journal,
        effect.connectorStatus({
          ...place,
          evse_number: 1,
          connector_number: 1,
          at,
          status: p.status ?? '',
          error_code: '',
          raw_status: p.status ?? '',
          error_info: null,
          device_at: at,
          received_at: now,
        }),
        effect.connector({
          ...place,
          evse_number: 1,
          number: 1,
          status: p.status ?? '',
          raw_status: p.status ?? '',
          error_code: null,
          error_info: null,
          status_at: at,
          received_at: now,
        }),
        event('connector.status_changed'),
      ]
    case 'StartTransaction': {
      const id = newId()
      return [
        ...journal,
        effect.transactionNumber({
          organization_id: place.organization_id,
          station_id: place.station_id,
          next_transaction_number: 2,
        }),
        transactionEvent(id, 'started'),
        meter(p.meterStart ?? 0, 'begin'),
        sessionRow(id, 'active'),
        transaction(id, 'open'),
        event('charging_session.started'),
        ...jobs(id, false),
      ]
    }
    case 'StopTransaction': {
      const id = newId()
      return [
        ...journal,
        transactionEvent(id, 'ended'),
        meter(p.meterStop ?? 0, 'end'),
        sessionRow(id, 'closed'),
        transaction(id, 'ended'),
        event('charging_session.ended'),
        ...jobs(id, true),
      ]
    }
    case 'MeterValues':
      return [...journal, meter(Number(p.meterValue?.[0]?.sampledValue[0]?.value ?? 0), 'periodic')]
    default:
      return journal
  }
}

function replyTo(action: string): object {
  switch (action) {
    case 'BootNotification':
      return { currentTime: new Date().toISOString(), interval: 300, status: 'Accepted' }
    case 'Heartbeat':
      return { currentTime: new Date().toISOString() }
    case 'StartTransaction':
      return { transactionId: 1, idTagInfo: { status: 'Accepted' } }
    case 'StopTransaction':
      return { idTagInfo: { status: 'Accepted' } }
    default:
      return {}
  }
}

const store = mode === 'commit' ? await writer() : null
const server = createServer()
const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false })
server.on('upgrade', (request, socket, head) => {
  sockets.handleUpgrade(request, socket, head, (ws) => {
    const id = (request.url ?? '').split('/').at(-1) ?? ''
    const station = store?.stations.get(id)
    const epoch = store === null ? Promise.resolve(0) : store.claim(id).then((e) => e ?? 0)
    ws.on('message', async (data) => {
      const text = String(data)
      const [, messageId, action, payload] = JSON.parse(text) as [number, string, string, Payload]
      const reply = JSON.stringify([3, messageId, replyTo(action)])
      if (store !== null && station !== undefined && action !== 'Heartbeat') {
        await store.commits.commit({
          effects: rowsOf(station, await epoch, action, text, reply, payload),
          partition: station.stationId,
        })
      }
      ws.send(reply)
    })
  })
})
server.listen(0, '127.0.0.1', 4096, () => {
  const address = server.address()
  process.send?.({ kind: 'listening', port: typeof address === 'object' && address !== null ? address.port : 0 })
})
