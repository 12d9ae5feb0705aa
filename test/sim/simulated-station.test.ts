// Owns the tests of the simulated station in all three versions, against a scripted central system.
// Must not use the hub: whatever it gets wrong must not hide what the simulator gets wrong.
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { faultsOf, officialSchemas } from '../adapters/ocpp/official-schemas.ts'
import { actionsTo } from '../conformance/messages.ts'
import { valuesOf } from '../e2e/hostile/schema-values.ts'
import { allVersions, type OcppVersion } from '../setup/ocpp-versions.ts'
import { createEchoHub, type EchoHub } from './echo-hub.ts'
import { selfSignedRoot } from './self-signed-root.ts'
import {
  answeredActions,
  raise,
  type SimulatedStation,
  type SimulatedStationOptions,
  simulatedStation,
  streamValue,
} from './station/index.ts'

type Payload = Record<string, unknown>

let hub: EchoHub
const stations: SimulatedStation[] = []

beforeEach(async () => {
  hub = await createEchoHub()
})
afterEach(async () => {
  await Promise.all(stations.splice(0).map((one) => one.disconnect()))
  await hub.close()
})

const noon = new Date('2026-03-02T12:00:00.000Z')

async function station(version: OcppVersion, more: Partial<SimulatedStationOptions> = {}) {
  const clock = { at: noon.getTime(), now: () => new Date(clock.at) }
  const one = simulatedStation({ url: hub.ocppUrl, code: 'SIM-1', version, evses: 2, clock, ...more })
  stations.push(one)
  expect(await one.connect()).toBe('accepted')
  const ask = async (action: string, payload: Payload): Promise<Payload> => {
    const answer = await hub.command('/ocpp/SIM-1', action, payload)
    await one.settled()
    expect(answer[0], JSON.stringify(answer)).toBe(3)
    return answer[2] as Payload
  }
  const told = (action: string) => hub.calls.filter((call) => call.action === action).map((call) => call.payload)
  const pass = (seconds: number) => {
    one.elapse(seconds)
    clock.at += seconds * 1000
  }
  return { one, ask, told, pass }
}

const card = { value: 'CARD-1', type: 'ISO14443' }
const callFaults = (version: OcppVersion) =>
  hub.calls.flatMap((call) => faultsOf(version, [2, call.messageId, call.action, call.payload], () => undefined))

describe.each(allVersions)('%s', (version) => {
  const v16 = version === 'ocpp1.6'

  test('carries out every request that the version has', () => {
    expect(actionsTo(version, 'out').filter((action) => !answeredActions.includes(action))).toEqual([])
  })

  test('any request that fits the schema has an answer that fits it, and so has everything that follows', async () => {
    const { one } = await station(version)
    // Nothing outside this machine is asked for: addresses are of a closed port.
    const hints = {
      location: fc.constant('http://127.0.0.1:9/file'),
      remoteLocation: fc.constant('http://127.0.0.1:9/logs/'),
      connectorId: fc.nat({ max: 2 }),
      evseId: fc.nat({ max: 2 }),
      reportBase: fc.constantFrom('FullInventory', 'SummaryInventory'),
    }
    for (const action of actionsTo(version, 'out')) {
      const root = officialSchemas[version][`${action}Request`] as Payload
      for (const payload of fc.sample(valuesOf(root, { root, hints }, 3), { numRuns: 8, seed: 3 })) {
        const sent = JSON.parse(JSON.stringify(payload)) as Payload
        const answer = await hub.command('/ocpp/SIM-1', action, sent)
        await one.settled()
        expect(
          faultsOf(version, answer, () => action),
          `${action} ${JSON.stringify(sent)}`,
        ).toEqual([])
        expect(answer[0], `${action} ${JSON.stringify(answer)}`).toBe(3)
      }
    }
    expect(callFaults(version)).toEqual([])
    expect(one.ownFaults).toEqual([])
    expect(one.violations.filter((fault) => !fault.includes('Request'))).toEqual([])
  })

  test('a charge with its energy: power times time, to the watt-hour', async () => {
    const { one, told, pass } = await station(version, { maxPowerW: 7_200 })
    await one.plug(1)
    expect(await one.presentCard(1, card)).toBe('Accepted')
    pass(600)
    await one.meter(1)
    pass(1_800)
    await one.stopLocally(1)
    await one.unplug(1)
    const stopped = v16
      ? told('StopTransaction').map((each) => each.meterStop)
      : told('TransactionEvent')
          .filter((each) => each.eventType === 'Ended')
          .map((each) => (each.meterValue as { sampledValue: { value: number }[] }[])[0]?.sampledValue[0]?.value)
    expect(stopped).toEqual([4_800])
    expect(callFaults(version)).toEqual([])
    expect(one.violations).toEqual([])
  })

  test('offline messages are kept, in order, and replayed under new ids', async () => {
    const { one, told, pass } = await station(version)
    await one.cut()
    await one.plug(1)
    await one.startLocally(1, card)
    pass(60)
    await one.meter(1)
    await one.stopLocally(1)
    expect(one.queueLength()).toBe(v16 ? 3 : 4)
    expect(hub.calls.filter((call) => /Transaction|Meter/.test(call.action))).toEqual([])
    await one.connect()
    expect(one.queueLength()).toBe(0)
    if (v16) expect(told('StopTransaction')).toMatchObject([{ transactionId: 1 }])
    else
      expect(told('TransactionEvent').map((each) => [each.seqNo, each.offline])).toEqual([
        [0, true],
        [1, true],
        [2, true],
        [3, true],
      ])
    expect(callFaults(version)).toEqual([])
  })

  test('remote start waits for the cable; remote stop ends it', async () => {
    const { one, ask, told } = await station(version)
    const start = v16
      ? await ask('RemoteStartTransaction', { connectorId: 2, idTag: 'CARD-1' })
      : await ask('RequestStartTransaction', {
          evseId: 2,
          idToken: { idToken: 'CARD-1', type: 'Central' },
          remoteStartId: 7,
        })
    expect(start.status).toBe('Accepted')
    expect(one.state.evses[1]?.transaction).toBeNull()
    await one.plug(2)
    const { ref, number } = one.state.evses[1]?.transaction ?? { ref: '', number: 0 }
    if (!v16) {
      expect(told('TransactionEvent')[0]).toMatchObject({
        triggerReason: 'RemoteStart',
        transactionInfo: { remoteStartId: 7 },
      })
      expect(await ask('GetTransactionStatus', { transactionId: ref })).toEqual({
        ongoingIndicator: true,
        messagesInQueue: false,
      })
    }
    const stop = v16
      ? await ask('RemoteStopTransaction', { transactionId: number })
      : await ask('RequestStopTransaction', { transactionId: ref })
    expect(stop.status).toBe('Accepted')
    expect(one.state.evses[1]?.transaction).toBeNull()
    expect(one.executed.map((each) => each.action).filter((each) => each.startsWith('R'))).toHaveLength(2)
  })

  test('a reset ends what runs and boots again', async () => {
    const { one, ask, told } = await station(version)
    await one.plug(1)
    await one.startLocally(1, card)
    expect(await ask('Reset', { type: v16 ? 'Hard' : 'Immediate' })).toMatchObject({ status: 'Accepted' })
    expect(told('BootNotification')).toHaveLength(2)
    expect(one.state.evses[0]?.transaction).toBeNull()
    expect(one.online()).toBe(true)
  })

  test('the local list: versions, differences, and who may charge while the hub is away', async () => {
    const { one, ask } = await station(version)
    const entry = (token: string, status?: string) =>
      v16
        ? { idTag: token, ...(status === undefined ? {} : { idTagInfo: { status } }) }
        : {
            idToken: { idToken: token, type: 'ISO14443' },
            ...(status === undefined ? {} : { idTokenInfo: { status } }),
          }
    const send = (updateType: string, at: number, entries: Payload[]) =>
      ask('SendLocalList', { [v16 ? 'listVersion' : 'versionNumber']: at, updateType, localAuthorizationList: entries })
    expect(await send('Full', 3, [entry('A', 'Accepted'), entry('B', 'Accepted')])).toMatchObject({
      status: 'Accepted',
    })
    expect(await send('Differential', 3, [entry('A')])).toMatchObject({ status: 'VersionMismatch' })
    expect(await send('Differential', 4, [entry('A', 'Blocked'), entry('B')])).toMatchObject({ status: 'Accepted' })
    expect(await ask('GetLocalListVersion', {})).toEqual(v16 ? { listVersion: 4 } : { versionNumber: 4 })
    expect([...one.state.localList.entries.keys()]).toEqual(['A'])
    await one.cut()
    expect(await one.presentCard(1, { value: 'A' })).toBe('Blocked')
  })

  test('a charging profile limits the power, shows in the composite schedule, and can be cleared', async () => {
    const { one, ask, pass } = await station(version)
    const schedule = {
      startSchedule: noon.toISOString(),
      duration: 3_600,
      chargingRateUnit: 'W',
      chargingSchedulePeriod: [
        { startPeriod: 0, limit: 3_600 },
        { startPeriod: 1_800, limit: 1_800 },
      ],
    }
    const common = { stackLevel: 1, chargingProfilePurpose: 'TxDefaultProfile', chargingProfileKind: 'Absolute' }
    const set = v16
      ? { connectorId: 1, csChargingProfiles: { chargingProfileId: 5, ...common, chargingSchedule: schedule } }
      : { evseId: 1, chargingProfile: { id: 5, ...common, chargingSchedule: [{ id: 1, ...schedule }] } }
    expect(await ask('SetChargingProfile', set)).toMatchObject({ status: 'Accepted' })
    const at = v16 ? { connectorId: 1 } : { evseId: 1 }
    const composite = await ask('GetCompositeSchedule', { ...at, duration: 7_200, chargingRateUnit: 'W' })
    expect((v16 ? composite.chargingSchedule : composite.schedule) as Payload).toMatchObject({
      chargingSchedulePeriod: [
        { startPeriod: 0, limit: 3_600 },
        { startPeriod: 1_800, limit: 1_800 },
        { startPeriod: 3_600, limit: 11_000 },
      ],
    })
    await one.plug(1)
    await one.startLocally(1, card)
    pass(1_800)
    expect(one.state.evses[0]?.registerWs).toBe(3_600 * 1_800)
    pass(600)
    expect(one.state.evses[0]?.registerWs).toBe(3_600 * 1_800 + 1_800 * 600)
    expect(await ask('ClearChargingProfile', v16 ? { id: 5 } : { chargingProfileId: 5 })).toMatchObject({
      status: 'Accepted',
    })
    expect(await ask('ClearChargingProfile', v16 ? { id: 5 } : { chargingProfileId: 5 })).toMatchObject({
      status: 'Unknown',
    })
  })

  test('firmware is fetched and installed, or the download fails; a log travels to where it was asked for', async () => {
    const { one, ask, told } = await station(version)
    const retrieveDateTime = noon.toISOString()
    const update = (location: string) =>
      ask(
        'UpdateFirmware',
        v16 ? { location, retrieveDate: retrieveDateTime } : { requestId: 9, firmware: { location, retrieveDateTime } },
      )
    hub.http = () => ({ status: 200, body: {} })
    await update(`${hub.url}/firmware.bin`)
    await update('http://127.0.0.1:9/none')
    expect(told('FirmwareStatusNotification').map((each) => each.status)).toEqual([
      'Downloading',
      'Downloaded',
      'Installing',
      'Installed',
      'Downloading',
      'DownloadFailed',
    ])
    const answer = await ask('GetLog', {
      logType: 'SecurityLog',
      requestId: 4,
      log: { remoteLocation: `${hub.url}/logs/` },
    })
    expect(told('LogStatusNotification')).toEqual([
      { status: 'Uploading', requestId: 4 },
      { status: 'Uploaded', requestId: 4 },
    ])
    expect(hub.requests.find((each) => each.path === `/logs/${answer.filename}`)).toMatchObject({ method: 'PUT' })
    expect(one.state.firmware.version).toMatch(/^[0-9a-f]{12}$/)
  })

  test('roots are installed, listed by their hashes and deleted; a signing request is real', async () => {
    const { ask, told } = await station(version)
    const { pem, serialNumber } = selfSignedRoot('Test root')
    const certificateType = v16 ? 'CentralSystemRootCertificate' : 'CSMSRootCertificate'
    expect(await ask('InstallCertificate', { certificateType, certificate: pem })).toEqual({ status: 'Accepted' })
    expect(await ask('InstallCertificate', { certificateType, certificate: 'no PEM' })).toEqual({ status: 'Rejected' })
    const listed = await ask(
      'GetInstalledCertificateIds',
      v16 ? { certificateType } : { certificateType: [certificateType] },
    )
    const [first] = (v16 ? listed.certificateHashData : listed.certificateHashDataChain) as Payload[]
    const hash = (v16 ? first : first?.certificateHashData) as Payload
    expect(hash).toMatchObject({ hashAlgorithm: 'SHA256', serialNumber })
    expect(await ask('DeleteCertificate', { certificateHashData: hash })).toEqual({ status: 'Accepted' })
    expect(await ask('DeleteCertificate', { certificateHashData: hash })).toEqual({ status: 'NotFound' })
    await ask(v16 ? 'ExtendedTriggerMessage' : 'TriggerMessage', {
      requestedMessage: v16 ? 'SignChargePointCertificate' : 'SignChargingStationCertificate',
    })
    expect(String(told('SignCertificate')[0]?.csr)).toMatch(/^-----BEGIN CERTIFICATE REQUEST-----\nMIH/)
  })

  test('quirks: late, doubled and stray answers, silence, refusals and unknown actions as told', async () => {
    const delays: number[] = []
    const { one } = await station(version, {
      quirks: {
        wrongIds: true,
        duplicateFrames: true,
        answerDelayMs: 50,
        silentOn: ['ClearCache'],
        notImplemented: ['Reset'],
      },
      answers: { GetLocalListVersion: v16 ? { listVersion: -1 } : { versionNumber: 99 } },
      pause: async (ms) => void delays.push(ms),
    })
    expect(await hub.command('/ocpp/SIM-1', 'Reset', { type: 'Hard' })).toMatchObject([
      4,
      'hub-1',
      'NotImplemented',
      expect.any(String),
      {},
    ])
    expect((await hub.command('/ocpp/SIM-1', 'GetLocalListVersion', {}))[2]).toEqual(
      v16 ? { listVersion: -1 } : { versionNumber: 99 },
    )
    void hub.command('/ocpp/SIM-1', 'ClearCache', {})
    await one.heartbeat()
    await one.settled()
    expect(delays).toEqual([50, 50])
    expect(hub.calls.filter((call) => call.action === 'Heartbeat')).toHaveLength(2)
    expect(one.executed.map((each) => each.action)).toEqual(['GetLocalListVersion'])
  })

  test('a hub that is away or refuses is told as such, and the next try can succeed', async () => {
    const away = simulatedStation({ url: 'ws://127.0.0.1:9/ocpp', code: 'SIM-1', version })
    await expect(away.connect()).rejects.toThrow('ECONNREFUSED')
    const { one } = await station(version)
    await one.cut()
    hub.refuse = 401
    await expect(one.connect()).rejects.toThrow('HTTP 401')
    hub.refuse = null
    expect(await one.connect()).toBe('accepted')
  })

  test('a frame of the hub that breaks the standard is told', async () => {
    const { one } = await station(version)
    await hub.command('/ocpp/SIM-1', 'ChangeAvailability', { type: 'Sometimes' })
    hub.write('[2,"x","NoSuchAction",{}]')
    hub.write('[3,"nobody-asked",{}]')
    await one.heartbeat()
    expect(one.violations.length).toBeGreaterThanOrEqual(3)
  })
})

describe.each(['ocpp2.0.1', 'ocpp2.1'] as const)('%s alone', (version) => {
  test('a full report comes in parts, the last one says so', async () => {
    const { ask, told, one } = await station(version)
    expect(await ask('GetBaseReport', { requestId: 31, reportBase: 'FullInventory' })).toEqual({ status: 'Accepted' })
    const parts = told('NotifyReport')
    expect(parts.length).toBeGreaterThan(3)
    expect(parts.map((each) => each.seqNo)).toEqual(parts.map((_, i) => i))
    expect(parts.map((each) => each.tbc)).toEqual(parts.map((_, i) => i < parts.length - 1))
    expect(parts.flatMap((each) => each.reportData as unknown[])).toHaveLength(one.state.settings.size)
  })

  test('monitors, messages, customers, profiles: what was set is reported, part by part', async () => {
    const { ask, told, one } = await station(version)
    const target = { component: { name: 'TxCtrlr' }, variable: { name: 'EVConnectionTimeOut' } }
    const monitor = (value: number) => ({ ...target, type: 'UpperThreshold', severity: 5, value })
    await ask('SetVariableMonitoring', { setMonitoringData: [monitor(1), monitor(2)] })
    await ask('GetMonitoringReport', { requestId: 1, monitoringCriteria: ['ThresholdMonitoring'] })
    expect(told('NotifyMonitoringReport').map((each) => each.tbc)).toEqual([true, false])
    await ask('SetDisplayMessage', {
      message: { id: 8, priority: 'InFront', message: { format: 'UTF8', content: 'Hello' } },
    })
    await ask('GetDisplayMessages', { requestId: 2 })
    expect(told('NotifyDisplayMessages')).toMatchObject([{ requestId: 2, messageInfo: [{ id: 8 }] }])
    await one.presentCard(1, card)
    await ask('CustomerInformation', {
      requestId: 3,
      report: true,
      clear: true,
      idToken: { idToken: 'CARD-1', type: 'ISO14443' },
    })
    expect(told('NotifyCustomerInformation')).toMatchObject([{ data: 'CARD-1: Accepted', tbc: false }])
    const chargingSchedule = [{ id: 1, chargingRateUnit: 'A', chargingSchedulePeriod: [{ startPeriod: 0, limit: 16 }] }]
    const profile = {
      stackLevel: 0,
      chargingProfilePurpose: 'TxDefaultProfile',
      chargingProfileKind: 'Relative',
      chargingSchedule,
    }
    for (const id of [1, 2]) await ask('SetChargingProfile', { evseId: id, chargingProfile: { id, ...profile } })
    await ask('GetChargingProfiles', { requestId: 4, chargingProfile: {} })
    expect(told('ReportChargingProfiles').map((each) => [each.evseId, each.tbc])).toEqual([
      [1, true],
      [2, false],
    ])
    expect(callFaults(version)).toEqual([])
  })

  test('Plug & Charge: a contract is authorised with its hashes, a certificate asked for', async () => {
    const { one, told } = await station(version)
    hub.answer.set('Get15118EVCertificate', () => ({ result: { status: 'Accepted', exiResponse: 'RVhJ' } }))
    const hash = {
      hashAlgorithm: 'SHA256',
      issuerNameHash: 'aa',
      issuerKeyHash: 'bb',
      serialNumber: '01',
      responderURL: 'http://ocsp.test',
    }
    await one.call('Authorize', {
      idToken: { idToken: 'DE8AA1A2B3C4D5', type: 'eMAID' },
      iso15118CertificateHashData: [hash],
    })
    await one.call('Get15118EVCertificate', {
      iso15118SchemaVersion: 'urn:iso:15118:2:2013:MsgDef',
      action: 'Install',
      exiRequest: 'RVhJ',
    })
    expect(told('Authorize')).toHaveLength(1)
    expect(one.violations).toEqual([])
    expect(one.ownFaults).toEqual([])
  })
})

test('2.1: a monitor with a stream opens it, and its values come without being answered', async () => {
  const { one, ask, told } = await station('ocpp2.1')
  const target = { component: { name: 'TxCtrlr' }, variable: { name: 'EVConnectionTimeOut' } }
  await ask('SetVariableMonitoring', {
    setMonitoringData: [
      { ...target, type: 'Periodic', severity: 5, value: 1, periodicEventStream: { interval: 5, values: 2 } },
    ],
  })
  expect(told('OpenPeriodicEventStream')).toHaveLength(1)
  await ask('AdjustPeriodicEventStream', { id: 1, params: { interval: 1 } })
  expect(await ask('GetPeriodicEventStream', {})).toEqual({
    constantStreamData: [{ id: 1, variableMonitoringId: 1, params: { interval: 1, values: 2 } }],
  })
  streamValue(one.core, 1, '60')
  await raise(one.core, 1, '61')
  expect(told('NotifyEvent')).toMatchObject([{ eventData: [{ actualValue: '61', trigger: 'Periodic' }] }])
  expect(hub.frames.some((frame) => frame.text.startsWith('[6,'))).toBe(true)
  expect(one.ownFaults).toEqual([])
})

test('2.1: a dynamic profile follows what the hub says', async () => {
  const { one, ask, pass } = await station('ocpp2.1')
  const chargingSchedule = [
    {
      id: 1,
      chargingRateUnit: 'W',
      chargingSchedulePeriod: [{ startPeriod: 0, limit: 6_000, operationMode: 'ChargingOnly' }],
    },
  ]
  const profile = {
    id: 3,
    stackLevel: 0,
    chargingProfilePurpose: 'TxDefaultProfile',
    chargingProfileKind: 'Dynamic',
    chargingSchedule,
  }
  await ask('SetChargingProfile', { evseId: 1, chargingProfile: profile })
  await one.plug(1)
  await one.startLocally(1, card)
  expect(await ask('UpdateDynamicSchedule', { chargingProfileId: 3, scheduleUpdate: { limit: 3_600 } })).toEqual({
    status: 'Accepted',
  })
  expect(await ask('UpdateDynamicSchedule', { chargingProfileId: 4, scheduleUpdate: { limit: 1 } })).toEqual({
    status: 'Rejected',
  })
  pass(100)
  expect(one.state.evses[0]?.registerWs).toBe(360_000)
})

test('1.6: Plug & Charge travels inside DataTransfer', async () => {
  const { ask, told } = await station('ocpp1.6')
  const vendorId = 'org.openchargealliance.iso15118pnc'
  const { pem } = selfSignedRoot('V2G root')
  const data = JSON.stringify({ certificateType: 'V2GRootCertificate', certificate: pem })
  expect(await ask('DataTransfer', { vendorId, messageId: 'InstallCertificate', data })).toEqual({
    status: 'Accepted',
    data: '{"status":"Accepted"}',
  })
  const listed = await ask('DataTransfer', { vendorId, messageId: 'GetInstalledCertificateIds', data: '{}' })
  expect(JSON.parse(String(listed.data))).toMatchObject({
    certificateHashDataChain: [{ certificateType: 'V2GRootCertificate' }],
  })
  expect(await ask('DataTransfer', { vendorId: 'elsewhere' })).toEqual({ status: 'UnknownVendorId' })
  expect(told('StopTransaction')).toEqual([])
})
