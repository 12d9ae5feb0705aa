// Owns the proof by a charger of another maker: `ocpp-rpc`, strict about every frame in both directions, finds no fault in the hub.
// Must not share schemas or code with the hub or with the simulators: the package brings its own.
import { createRequire } from 'node:module'
import { createValidator, type IHandlersOption, RPCClient } from 'ocpp-rpc'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { coversAll } from '../conformance/covers.ts'
import { actionsTo } from '../conformance/messages.ts'
import { allVersions, type OcppVersion } from '../setup/ocpp-versions.ts'
import { type AddedStation, freshCode, type LiveHub, liveHub } from './live-hub.ts'
import { answerOf, idleRows, type Payload, type Row, sessionRows } from './third-party-commands.ts'

let hub: LiveHub
beforeAll(async () => {
  hub = await liveHub()
}, 300_000)
afterAll(() => hub.stop())

/**
 * Its schemas of 2.1 have names under which it does not look for them (2.2.1): `BootNotificationRequest`, not
 * `BootNotification.req`; and enumerations that rule out properties, which its own compiler complains of at length.
 */
function validatorOf21() {
  const schemas = createRequire(import.meta.url)('ocpp-rpc/lib/schemas/ocpp2_1.json') as { $id: string }[]
  const named = ({ $id, ...schema }: { $id: string }) => ({
    ...JSON.parse(JSON.stringify(schema), (_key, value) =>
      Array.isArray(value?.enum) ? { type: value.type, enum: value.enum } : value,
    ),
    $id: $id.replace(/Request$/, '.req').replace(/Response$/, '.conf'),
  })
  return createValidator('ocpp2.1', schemas.map(named))
}

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
    strictModeValidators: version === 'ocpp2.1' ? [validatorOf21()] : [],
    reconnect: false,
    // Its types ask for everything that has a default.
  } as ConstructorParameters<typeof RPCClient>[0])
  const faults: string[] = []
  const asked: Charger['asked'] = []
  client.on('strictValidationFailure', (failure: unknown) => faults.push(`strict: ${String(failure)}`))
  client.on('badMessage', (bad: unknown) => faults.push(`bad message: ${String(bad)}`))
  client.handle(async ({ method, params }: IHandlersOption) => {
    asked.push({ action: String(method), params: params as Payload })
    return answerOf(version, String(method), params as Payload)
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

/** Asks one command after the other; what is sent for each must be what its row says, and be accepted. */
async function askAll({ station, asked }: Charger, rows: readonly Row[]) {
  for (const { command, sent } of rows) {
    asked.length = 0
    const row = await hub.command(station.stationId, command, 'pending')
    expect([...new Set(asked.map((each) => each.action))], JSON.stringify(row)).toEqual(sent)
    expect(row.state, JSON.stringify(row)).toBe('answered')
    expect(['accepted', 'pending'], JSON.stringify(row)).toContain(row.outcome)
  }
}

describe.each(allVersions)('%s', (version) => {
  const v16 = version === 'ocpp1.6'
  coversAll(['ocpp1.6'], 'out', {
    CancelReservation: ['TC_051_CSMS'],
    CertificateSigned: ['TC_074_CSMS'],
    ChangeAvailability: [],
    ChangeConfiguration: ['TC_021_CSMS'],
    ClearCache: ['TC_061_CSMS'],
    ClearChargingProfile: ['TC_067_CSMS'],
    DataTransfer: [],
    DeleteCertificate: ['TC_076_CSMS'],
    ExtendedTriggerMessage: [],
    GetCompositeSchedule: ['TC_066_CSMS'],
    GetConfiguration: ['TC_019_1_CSMS', 'TC_019_2_CSMS'],
    GetDiagnostics: ['TC_045_1_CSMS'],
    GetInstalledCertificateIds: [],
    GetLocalListVersion: [],
    GetLog: ['TC_079_CSMS'],
    InstallCertificate: ['TC_075_2_CSMS'],
    RemoteStartTransaction: ['TC_010_CSMS', 'TC_059_CSMS'],
    RemoteStopTransaction: ['TC_012_CSMS'],
    ReserveNow: ['TC_046_CSMS'],
    Reset: ['TC_013_CSMS', 'TC_014_CSMS'],
    SendLocalList: ['TC_043_4_CSMS', 'TC_043_5_CSMS'],
    SetChargingProfile: ['TC_056_CSMS', 'TC_057_CSMS'],
    SignedUpdateFirmware: ['TC_080_CSMS'],
    TriggerMessage: ['TC_054_CSMS'],
    UnlockConnector: ['TC_017_1_CSMS'],
    UpdateFirmware: ['TC_044_1_CSMS'],
  })
  coversAll(['ocpp2.0.1', 'ocpp2.1'], 'out', {
    CancelReservation: ['TC_H_17_CSMS'],
    CertificateSigned: ['TC_A_11_CSMS'],
    ChangeAvailability: ['TC_G_05_CSMS'],
    ClearCache: ['TC_C_37_CSMS'],
    ClearChargingProfile: [],
    ClearDisplayMessage: ['TC_O_04_CSMS'],
    ClearVariableMonitoring: [],
    CostUpdated: ['TC_I_01_CSMS'],
    CustomerInformation: ['TC_N_27_CSMS'],
    DataTransfer: [],
    DeleteCertificate: ['TC_M_20_CSMS'],
    GetBaseReport: ['TC_B_13_CSMS'],
    GetChargingProfiles: ['TC_K_32_CSMS'],
    GetCompositeSchedule: ['TC_K_44_CSMS'],
    GetDisplayMessages: ['TC_O_08_CSMS'],
    GetInstalledCertificateIds: ['TC_M_12_CSMS', 'TC_M_19_CSMS'],
    GetLocalListVersion: ['TC_D_08_CSMS'],
    GetLog: ['TC_N_25_CSMS', 'TC_N_35_CSMS'],
    GetMonitoringReport: ['TC_N_01_CSMS'],
    GetReport: ['TC_B_18_CSMS'],
    GetTransactionStatus: ['TC_E_34_CSMS'],
    GetVariables: ['TC_B_06_CSMS'],
    InstallCertificate: ['TC_M_01_CSMS'],
    PublishFirmware: ['TC_L_17_CSMS'],
    RequestStartTransaction: ['TC_F_01_CSMS', 'TC_K_37_CSMS'],
    RequestStopTransaction: ['TC_E_21_CSMS'],
    ReserveNow: ['TC_H_01_CSMS'],
    Reset: ['TC_B_20_CSMS'],
    SendLocalList: ['TC_D_01_CSMS', 'TC_D_02_CSMS', 'TC_D_03_CSMS'],
    SetChargingProfile: ['TC_K_60_CSMS'],
    SetDisplayMessage: ['TC_O_01_CSMS', 'TC_O_06_CSMS'],
    SetMonitoringBase: ['TC_N_05_CSMS'],
    SetMonitoringLevel: ['TC_N_16_CSMS'],
    SetNetworkProfile: ['TC_B_42_CSMS'],
    SetVariableMonitoring: ['TC_N_08_CSMS'],
    SetVariables: ['TC_B_09_CSMS'],
    TriggerMessage: ['TC_F_20_CSMS'],
    UnlockConnector: ['TC_F_06_CSMS'],
    UnpublishFirmware: ['TC_L_21_CSMS'],
    UpdateFirmware: ['TC_L_01_CSMS'],
  })
  coversAll(['ocpp2.1'], 'out', {
    AFRRSignal: [],
    AdjustPeriodicEventStream: [],
    ChangeTransactionTariff: [],
    ClearDERControl: [],
    ClearTariffs: [],
    GetDERControl: [],
    GetPeriodicEventStream: ['TC_N_107_CSMS'],
    GetTariffs: [],
    NotifyAllowedEnergyTransfer: [],
    NotifyWebPaymentStarted: [],
    RequestBatterySwap: [],
    SetDERControl: [],
    SetDefaultTariff: [],
    UpdateDynamicSchedule: [],
    UsePriorityCharging: ['TC_K_118_CSMS'],
  })
  coversAll(['ocpp1.6'], 'in', {
    Authorize: [],
    BootNotification: [],
    Heartbeat: [],
    MeterValues: [],
    StartTransaction: ['TC_003_CSMS', 'TC_012_CSMS'],
    StatusNotification: [],
    StopTransaction: ['TC_003_CSMS', 'TC_012_CSMS'],
  })
  coversAll(['ocpp2.0.1', 'ocpp2.1'], 'in', {
    Authorize: [],
    BootNotification: ['TC_B_01_CSMS'],
    Heartbeat: [],
    MeterValues: [],
    StatusNotification: ['TC_G_01_CSMS'],
    TransactionEvent: ['TC_E_03_CSMS', 'TC_E_21_CSMS'],
  })

  test('the rows below name every message that the hub can send', () => {
    const named = [...idleRows(version), ...sessionRows(version, 'id')].flatMap(({ sent }) => sent)
    expect([...new Set(named)].sort()).toEqual([...actionsTo(version, 'out')].sort())
  })

  test('each command of the API is carried out, and strict validation finds no fault', async () => {
    const one = await charger(version)
    await askAll(one, idleRows(version))
    expect(one.faults).toEqual([])
    await one.client.close()
  }, 120_000)

  test('a whole charge, stopped by the operator', async () => {
    const one = await charger(version)
    const { client, station, faults, call } = one
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
      await askAboutSession(one, version, { transactionId })
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
      await askAboutSession(one, version, { transactionId })
      await event('Ended', 2, 900)
      await call('StatusNotification', { timestamp: now(), connectorStatus: 'Available', evseId: 1, connectorId: 1 })
    }
    const [session] = await hub.all(`charging-sessions?stationId=${station.stationId}`)
    expect(session).toMatchObject({ energyWh: 800 })
    expect(faults).toEqual([])
    await client.close()
  }, 120_000)
})

async function askAboutSession(one: Charger, version: OcppVersion, transaction: Payload) {
  const [session] = await hub.all(`charging-sessions?stationId=${one.station.stationId}`)
  await askAll(one, sessionRows(version, session.sessionId))
  expect(one.asked.map(({ params }) => params)).toEqual([transaction])
}
