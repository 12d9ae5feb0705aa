// Owns the tests of every OCPP 2.0.1 message that the hub receives: the fact it becomes and the answer it gets.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { covers } from '../../conformance/covers.ts'
import { type Station, startHub, startOfTest, type TestHub } from './hub.ts'

let hub: TestHub
let station: Station
beforeAll(async () => {
  hub = await startHub()
  station = await hub.station('CS201', 'ocpp2.0.1')
})
afterAll(() => hub.stop())

const timestamp = '2025-06-01T11:59:30.250Z'
const time = { at: new Date(timestamp), device: new Date(timestamp) }
const last = (code = 'CS201') => hub.port.factsOf(code).at(-1)

const event = (more: object = {}) => ({
  eventType: 'Updated',
  timestamp,
  triggerReason: 'MeterValuePeriodic',
  seqNo: 3,
  transactionInfo: { transactionId: 'tx-1' },
  ...more,
})

describe('BootNotification', () => {
  test('accepted, with time and interval', async () => {
    const answer = await station.ask('BootNotification', {
      reason: 'PowerUp',
      chargingStation: { vendorName: 'Acme', model: 'Wall 22', serialNumber: 'SN2', firmwareVersion: '4.5' },
    })
    expect(answer).toEqual({ status: 'Accepted', currentTime: startOfTest.toISOString(), interval: 300 })
    expect(last()).toEqual({
      kind: 'station.booted',
      vendor: 'Acme',
      model: 'Wall 22',
      serial: 'SN2',
      firmware: '4.5',
      reason: 'PowerUp',
    })
  })

  test('refusals in the words of 2.0.1', async () => {
    expect(await station.call('BootNotification', { reason: 'PowerUp' })).toMatchObject({
      code: 'OccurrenceConstraintViolation',
    })
    expect(await station.call('BootNotification', { reason: 'PowerUp', chargingStation: 'Acme' })).toMatchObject({
      code: 'TypeConstraintViolation',
    })
    expect(await station.call('BootNotification', 7)).toMatchObject({ code: 'FormatViolation' })
  })
})

test('Heartbeat gives the time', async () => {
  expect(await station.ask('Heartbeat', {})).toEqual({ currentTime: startOfTest.toISOString() })
})

test.each([
  ['Available', 'available'],
  ['Occupied', 'occupied'],
  ['Reserved', 'reserved'],
  ['Unavailable', 'unavailable'],
  ['Faulted', 'faulted'],
])('StatusNotification %s', async (connectorStatus, status) => {
  expect(await station.ask('StatusNotification', { timestamp, connectorStatus, evseId: 2, connectorId: 3 })).toEqual({})
  expect(last()).toEqual({
    kind: 'connector.status',
    evse: 2,
    connector: 3,
    status,
    rawStatus: connectorStatus,
    time,
  })
})

describe('Authorize', () => {
  test.each([
    ['accepted', 'Accepted'],
    ['blocked', 'Blocked'],
    ['expired', 'Expired'],
    ['invalid', 'Invalid'],
    ['unknown', 'Unknown'],
    ['concurrent', 'ConcurrentTx'],
    ['not_allowed_here', 'NotAtThisLocation'],
  ] as const)('%s', async (status, word) => {
    hub.port.verdicts.set(`tag-${status}`, { status, reason: 'test' })
    const idToken = { idToken: `tag-${status}`, type: 'ISO14443' }
    expect(await station.ask('Authorize', { idToken })).toEqual({ idTokenInfo: { status: word } })
    expect(last()).toEqual({ kind: 'token.presented', token: { value: `tag-${status}`, kind: 'iso14443' } })
  })

  test('group and validity', async () => {
    const validUntil = new Date('2026-01-01T00:00:00Z')
    hub.port.verdicts.set('group', { status: 'accepted', reason: '', groupToken: 'FLEET', validUntil })
    expect(await station.ask('Authorize', { idToken: { idToken: 'group', type: 'eMAID' } })).toEqual({
      idTokenInfo: {
        status: 'Accepted',
        groupIdToken: { idToken: 'FLEET', type: 'Central' },
        cacheExpiryDateTime: '2026-01-01T00:00:00.000Z',
      },
    })
  })
})

describe('TransactionEvent', () => {
  test('Started with token, EVSE and begin register', async () => {
    const answer = await station.ask(
      'TransactionEvent',
      event({
        eventType: 'Started',
        triggerReason: 'Authorized',
        seqNo: 0,
        transactionInfo: { transactionId: 'tx-1', chargingState: 'EVConnected', remoteStartId: 12 },
        evse: { id: 1, connectorId: 2 },
        idToken: { idToken: 'A1B2C3D4', type: 'ISO14443' },
        reservationId: 4,
        meterValue: [{ timestamp, sampledValue: [{ value: 2114135.6, context: 'Transaction.Begin' }] }],
      }),
    )
    expect(answer).toEqual({ idTokenInfo: { status: 'Accepted' } })
    expect(last()).toEqual({
      kind: 'transaction',
      phase: 'started',
      name: { by: 'station', ref: 'tx-1' },
      sequence: 0,
      evse: 1,
      connector: 2,
      token: { value: 'A1B2C3D4', kind: 'iso14443' },
      time,
      registerWh: 2_114_136,
      samples: [{ time, context: 'begin', registerWh: 2_114_136, registerIfKwhWh: 2_114_135_600 }],
      trigger: 'Authorized',
      chargingState: 'vehicle_connected',
      remoteStartId: 12,
      reservationId: 4,
      offline: false,
    })
  })

  test('Updated without token gets an empty answer', async () => {
    expect(
      await station.ask(
        'TransactionEvent',
        event({ offline: true, transactionInfo: { transactionId: 'tx-1', chargingState: 'SuspendedEV' } }),
      ),
    ).toEqual({})
    expect(last()).toEqual({
      kind: 'transaction',
      phase: 'updated',
      name: { by: 'station', ref: 'tx-1' },
      sequence: 3,
      time,
      samples: [],
      trigger: 'MeterValuePeriodic',
      chargingState: 'suspended_vehicle',
      offline: true,
    })
  })

  test('Ended: the reason, and what its absence means', async () => {
    await station.ask(
      'TransactionEvent',
      event({ eventType: 'Ended', transactionInfo: { transactionId: 'tx-1', stoppedReason: 'EVDisconnected' } }),
    )
    expect(last()).toMatchObject({ phase: 'ended', stopReason: 'EVDisconnected' })
    await station.ask('TransactionEvent', event({ eventType: 'Ended', seqNo: 5 }))
    expect(last()).toMatchObject({ phase: 'ended', stopReason: 'Local' })
  })

  const triggers = [
    'Authorized',
    'CablePluggedIn',
    'ChargingRateChanged',
    'ChargingStateChanged',
    'Deauthorized',
    'EnergyLimitReached',
    'EVCommunicationLost',
    'EVConnectTimeout',
    'MeterValueClock',
    'MeterValuePeriodic',
    'TimeLimitReached',
    'Trigger',
    'UnlockCommand',
    'StopAuthorized',
    'EVDeparted',
    'EVDetected',
    'RemoteStop',
    'RemoteStart',
    'AbnormalCondition',
    'SignedDataReceived',
    'ResetCommand',
  ]
  test.each(triggers)('trigger %s', async (triggerReason) => {
    await station.ask('TransactionEvent', event({ triggerReason }))
    expect(last()).toMatchObject({ trigger: triggerReason })
  })

  test('a refused token is answered in the event that presented it', async () => {
    hub.port.verdicts.set('stolen', { status: 'blocked', reason: 'test' })
    const idToken = { idToken: 'stolen', type: 'ISO14443' }
    expect(await station.ask('TransactionEvent', event({ seqNo: 9, idToken }))).toEqual({
      idTokenInfo: { status: 'Blocked' },
    })
  })

  test('no authorization needed', async () => {
    await station.ask('TransactionEvent', event({ idToken: { idToken: '', type: 'NoAuthorization' } }))
    expect(last()).toMatchObject({ token: { value: '', kind: 'none' } })
  })

  test('signed meter data is passed on byte for byte', async () => {
    const signedMeterValue = {
      signedMeterData: 'T0NNRnx7IkZWIjoiMS4wIn0=',
      signingMethod: 'ECDSA-secp256r1-SHA256',
      encodingMethod: 'OCMF',
      publicKey: 'MFkw',
    }
    const sampledValue = [{ value: 12.5, unitOfMeasure: { unit: 'kWh' }, signedMeterValue }]
    await station.ask('TransactionEvent', event({ meterValue: [{ timestamp, sampledValue }] }))
    expect(last()).toMatchObject({
      samples: [
        {
          registerWh: 12_500,
          signed: [
            {
              measurand: 'Energy.Active.Import.Register',
              data: 'T0NNRnx7IkZWIjoiMS4wIn0=',
              method: 'ECDSA-secp256r1-SHA256',
              encoding: 'OCMF',
              publicKey: 'MFkw',
            },
          ],
        },
      ],
    })
  })
})

test('MeterValues with multiplier', async () => {
  const sampledValue = [
    { value: 81.25, measurand: 'Energy.Active.Import.Register', unitOfMeasure: { unit: 'Wh', multiplier: 3 } },
    { value: 11, measurand: 'Power.Active.Import', unitOfMeasure: { unit: 'kW' } },
    { value: 3, measurand: 'Energy.Active.Export.Register', unitOfMeasure: { unit: 'kWh' } },
  ]
  expect(await station.ask('MeterValues', { evseId: 1, meterValue: [{ timestamp, sampledValue }] })).toEqual({})
  expect(last()).toEqual({
    kind: 'meter',
    evse: 1,
    samples: [{ time, context: 'periodic', registerWh: 81_250, exportWh: 3_000, powerW: 11_000 }],
  })
})

test('W15 pending: boot Pending, statuses stored, events stored and refused validly', async () => {
  const waiting = await hub.station('PENDING201', 'ocpp2.0.1', { admission: 'pending' })
  const boot = { reason: 'PowerUp', chargingStation: { vendorName: 'Acme', model: 'Wall 22' } }
  expect(await waiting.ask('BootNotification', boot)).toMatchObject({ status: 'Pending' })
  expect(
    await waiting.ask('StatusNotification', { timestamp, connectorStatus: 'Available', evseId: 1, connectorId: 1 }),
  ).toEqual({})
  const idToken = { idToken: 'A', type: 'ISO14443' }
  expect(await waiting.ask('Authorize', { idToken })).toEqual({ idTokenInfo: { status: 'Invalid' } })
  expect(await waiting.ask('TransactionEvent', event({ eventType: 'Started', seqNo: 0, idToken }))).toEqual({
    idTokenInfo: { status: 'Invalid' },
  })
  expect(await waiting.ask('TransactionEvent', event())).toEqual({})
  expect(hub.port.factsOf('PENDING201')).toHaveLength(5)
})

covers('ocpp2.0.1', 'BootNotification', 'in', 'TC_B_01_CSMS')
covers('ocpp2.0.1', 'Heartbeat', 'in')
covers('ocpp2.0.1', 'StatusNotification', 'in', 'TC_G_01_CSMS')
covers('ocpp2.0.1', 'Authorize', 'in', 'TC_C_02_CSMS')
covers('ocpp2.0.1', 'TransactionEvent', 'in', 'TC_E_03_CSMS')
covers('ocpp2.0.1', 'MeterValues', 'in')
