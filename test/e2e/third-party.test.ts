// Owns the proof by a charger of another maker: `ocpp-rpc`, strict about every frame in both directions, finds no fault in the hub.
// Must not share schemas or code with the hub or with the simulators: the package brings its own.
import { type IHandlersOption, RPCClient } from 'ocpp-rpc'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { covers } from '../conformance/covers.ts'
import type { OcppVersion } from '../setup/ocpp-versions.ts'
import { type AddedStation, freshCode, type LiveHub, liveHub } from './live-hub.ts'

type Payload = Record<string, unknown>

let hub: LiveHub
beforeAll(async () => {
  hub = await liveHub()
}, 300_000)
afterAll(() => hub.stop())

interface Charger {
  client: RPCClient
  station: AddedStation
  /** What the package calls a fault, and what it could not understand. */
  faults: string[]
  /** Requests of the hub, by action. */
  asked: { action: string; params: Payload }[]
  call(action: string, params: Payload): Promise<Payload>
}

async function charger(version: OcppVersion): Promise<Charger> {
  const station = await hub.addStation(freshCode('RPC'), version)
  const client = new RPCClient({
    endpoint: hub.ocppUrl,
    identity: station.code,
    password: station.password,
    protocols: [version],
    strictMode: true,
    reconnect: false,
    // Its types ask for everything that has a default.
  } as ConstructorParameters<typeof RPCClient>[0])
  const faults: string[] = []
  const asked: Charger['asked'] = []
  client.on('strictValidationFailure', (failure: unknown) => faults.push(`strict: ${String(failure)}`))
  client.on('badMessage', (bad: unknown) => faults.push(`bad message: ${String(bad)}`))
  const answers: Record<string, Payload> = { ...usual, ...(version === 'ocpp1.6' ? answers16 : answers2x) }
  client.handle(async ({ method, params }: IHandlersOption) => {
    const action = String(method)
    asked.push({ action, params: params as Payload })
    const answer = answers[action]
    if (answer === undefined) throw new Error(`the hub sent ${action}`)
    return answer
  })
  await client.connect()
  const call = async (action: string, params: Payload) => (await client.call(action, params)) as Payload
  await call(
    'BootNotification',
    version === 'ocpp1.6'
      ? { chargePointVendor: 'Other', chargePointModel: 'Maker' }
      : { reason: 'PowerUp', chargingStation: { vendorName: 'Other', model: 'Maker' } },
  )
  return { client, station, faults, asked, call }
}

/** Answers of the simplest charger. */
const usual: Record<string, Payload> = {
  Reset: { status: 'Accepted' },
  UnlockConnector: { status: 'Unlocked' },
  ChangeAvailability: { status: 'Accepted' },
  TriggerMessage: { status: 'Accepted' },
  ClearCache: { status: 'Accepted' },
}
const answers16: Record<string, Payload> = {
  RemoteStartTransaction: { status: 'Accepted' },
  RemoteStopTransaction: { status: 'Accepted' },
  GetConfiguration: { configurationKey: [{ key: 'HeartbeatInterval', readonly: false, value: '300' }] },
  ChangeConfiguration: { status: 'Accepted' },
}
const place = { component: { name: 'OCPPCommCtrlr' }, variable: { name: 'HeartbeatInterval' } }
const answers2x: Record<string, Payload> = {
  RequestStartTransaction: { status: 'Accepted' },
  RequestStopTransaction: { status: 'Accepted' },
  GetVariables: { getVariableResult: [{ ...place, attributeStatus: 'Accepted', attributeValue: '300' }] },
  SetVariables: { setVariableResult: [{ ...place, attributeStatus: 'Accepted' }] },
}

interface Row {
  /** Body of POST /stations/{id}/commands. */
  command: Payload
  /** What is sent for it. */
  v16: string
  v2x: string
}

/** Every command that the API takes; a row for each new one is all that this test needs. */
const commands: Row[] = [
  {
    command: { name: 'start', evse: 1, token: { value: 'REMOTE', kind: 'central' } },
    v16: 'RemoteStartTransaction',
    v2x: 'RequestStartTransaction',
  },
  { command: { name: 'reset', mode: 'immediate' }, v16: 'Reset', v2x: 'Reset' },
  { command: { name: 'reset', mode: 'on_idle' }, v16: 'Reset', v2x: 'Reset' },
  { command: { name: 'unlock', evse: 1 }, v16: 'UnlockConnector', v2x: 'UnlockConnector' },
  { command: { name: 'availability', operative: false }, v16: 'ChangeAvailability', v2x: 'ChangeAvailability' },
  { command: { name: 'availability', evse: 2, operative: true }, v16: 'ChangeAvailability', v2x: 'ChangeAvailability' },
  ...['boot', 'status', 'meter', 'heartbeat'].map((message) => ({
    command: { name: 'trigger', message, evse: 1 },
    v16: 'TriggerMessage',
    v2x: 'TriggerMessage',
  })),
  { command: { name: 'read_settings' }, v16: 'GetConfiguration', v2x: 'GetVariables' },
  {
    command: { name: 'read_settings', keys: ['OCPPCommCtrlr.HeartbeatInterval'] },
    v16: 'GetConfiguration',
    v2x: 'GetVariables',
  },
  {
    command: { name: 'write_setting', key: 'OCPPCommCtrlr.HeartbeatInterval', value: '300' },
    v16: 'ChangeConfiguration',
    v2x: 'SetVariables',
  },
  { command: { name: 'clear_cache' }, v16: 'ClearCache', v2x: 'ClearCache' },
]

describe.each(['ocpp1.6', 'ocpp2.0.1'] as const)('%s', (version) => {
  const v16 = version === 'ocpp1.6'
  covers('ocpp1.6', 'RemoteStartTransaction', 'out', 'TC_010_CSMS')
  covers('ocpp1.6', 'RemoteStopTransaction', 'out', 'TC_012_CSMS')
  covers('ocpp1.6', 'Reset', 'out', 'TC_013_CSMS')
  covers('ocpp1.6', 'UnlockConnector', 'out', 'TC_017_1_CSMS')
  covers('ocpp1.6', 'ChangeAvailability', 'out')
  covers('ocpp1.6', 'TriggerMessage', 'out', 'TC_054_CSMS')
  covers('ocpp1.6', 'GetConfiguration', 'out', 'TC_019_1_CSMS')
  covers('ocpp1.6', 'ChangeConfiguration', 'out', 'TC_021_CSMS')
  covers('ocpp1.6', 'ClearCache', 'out', 'TC_061_CSMS')
  covers('ocpp2.0.1', 'RequestStartTransaction', 'out', 'TC_F_01_CSMS')
  covers('ocpp2.0.1', 'RequestStopTransaction', 'out', 'TC_E_21_CSMS')
  covers('ocpp2.0.1', 'Reset', 'out', 'TC_B_20_CSMS')
  covers('ocpp2.0.1', 'UnlockConnector', 'out', 'TC_F_06_CSMS')
  covers('ocpp2.0.1', 'ChangeAvailability', 'out', 'TC_G_05_CSMS')
  covers('ocpp2.0.1', 'TriggerMessage', 'out', 'TC_F_20_CSMS')
  covers('ocpp2.0.1', 'GetVariables', 'out', 'TC_B_06_CSMS')
  covers('ocpp2.0.1', 'SetVariables', 'out', 'TC_B_09_CSMS')
  covers('ocpp2.0.1', 'ClearCache', 'out', 'TC_C_37_CSMS')

  test('each command of the API is carried out, and strict validation finds no fault', async () => {
    const { client, station, faults, asked } = await charger(version)
    for (const { command, v16: action16, v2x } of commands) {
      const wanted = v16 ? action16 : v2x
      asked.length = 0
      const row = await hub.command(station.stationId, command, 'pending')
      // Some are asked in several requests.
      expect([...new Set(asked.map((each) => each.action))], JSON.stringify(row)).toEqual([wanted])
      expect(row.state, JSON.stringify(row)).toBe('answered')
    }
    expect(faults).toEqual([])
    await client.close()
  }, 120_000)

  test('a whole charge, stopped by the operator', async () => {
    const { client, station, faults, asked, call } = await charger(version)
    const now = () => new Date().toISOString()
    expect(await call('Heartbeat', {})).toEqual({ currentTime: expect.any(String) })
    if (v16) {
      await call('StatusNotification', { connectorId: 1, errorCode: 'NoError', status: 'Preparing', timestamp: now() })
      expect(await call('Authorize', { idTag: hub.card })).toMatchObject({ idTagInfo: { status: 'Accepted' } })
      const { transactionId } = await call('StartTransaction', {
        connectorId: 1,
        idTag: hub.card,
        meterStart: 100,
        timestamp: now(),
      })
      const meterValue = [{ timestamp: now(), sampledValue: [{ value: '400', unit: 'Wh' }] }]
      await call('MeterValues', { connectorId: 1, transactionId, meterValue })
      await stopByOperator(station, asked, 'RemoteStopTransaction', { transactionId })
      await call('StopTransaction', { transactionId, meterStop: 900, timestamp: now(), reason: 'Remote' })
      await call('StatusNotification', { connectorId: 1, errorCode: 'NoError', status: 'Available', timestamp: now() })
    } else {
      await call('StatusNotification', { timestamp: now(), connectorStatus: 'Occupied', evseId: 1, connectorId: 1 })
      const idToken = { idToken: hub.card, type: 'ISO14443' }
      expect(await call('Authorize', { idToken })).toMatchObject({ idTokenInfo: { status: 'Accepted' } })
      const transactionId = freshCode('TX')
      const event = (eventType: string, seqNo: number, value: number, more: Payload = {}) =>
        call('TransactionEvent', {
          eventType,
          seqNo,
          timestamp: now(),
          triggerReason: 'ChargingStateChanged',
          transactionInfo: { transactionId, chargingState: 'Charging' },
          meterValue: [{ timestamp: now(), sampledValue: [{ value, unitOfMeasure: { unit: 'Wh' } }] }],
          ...more,
        })
      expect(await event('Started', 0, 100, { evse: { id: 1, connectorId: 1 }, idToken })).toMatchObject({
        idTokenInfo: { status: 'Accepted' },
      })
      await event('Updated', 1, 400)
      const meterValue = [{ timestamp: now(), sampledValue: [{ value: 400 }] }]
      await call('MeterValues', { evseId: 1, meterValue })
      await stopByOperator(station, asked, 'RequestStopTransaction', { transactionId })
      await event('Ended', 2, 900)
      await call('StatusNotification', { timestamp: now(), connectorStatus: 'Available', evseId: 1, connectorId: 1 })
    }
    const [session] = await hub.all(`charging-sessions?stationId=${station.stationId}`)
    expect(session).toMatchObject({ energyWh: 800 })
    expect(faults).toEqual([])
    await client.close()
  }, 120_000)
})

async function stopByOperator(station: AddedStation, asked: Charger['asked'], action: string, params: Payload) {
  const [session] = await hub.all(`charging-sessions?stationId=${station.stationId}`)
  const stopped = await hub.command(station.stationId, { name: 'stop', sessionId: session.sessionId }, 'pending')
  expect(stopped, JSON.stringify(stopped)).toMatchObject({ state: 'answered', outcome: 'accepted' })
  expect(asked).toEqual([{ action, params }])
}
