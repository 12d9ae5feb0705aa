// Owns the tests of every OCPP 1.6J message that the hub receives: the fact it becomes and the answer it gets.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { covers } from '../../conformance/covers.ts'
import { type Station, startHub, startOfTest, type TestHub } from './hub.ts'

let hub: TestHub
let station: Station
beforeAll(async () => {
  hub = await startHub()
  station = await hub.station('CP16')
})
afterAll(() => hub.stop())

const timestamp = '2025-06-01T11:59:30Z'
const time = { at: new Date(timestamp), device: new Date(timestamp) }
const last = (code = 'CP16') => hub.port.factsOf(code).at(-1)

describe('BootNotification', () => {
  test('accepted, with time and interval', async () => {
    const answer = await station.ask('BootNotification', {
      chargePointVendor: 'Acme',
      chargePointModel: 'Wall 11',
      chargePointSerialNumber: 'SN1',
      firmwareVersion: '1.2.3',
    })
    expect(answer).toEqual({ status: 'Accepted', currentTime: startOfTest.toISOString(), interval: 300 })
    expect(last()).toEqual({
      kind: 'station.booted',
      vendor: 'Acme',
      model: 'Wall 11',
      serial: 'SN1',
      firmware: '1.2.3',
    })
  })

  test('an interval of 0 from the core means the configured one', async () => {
    hub.port.intervalSeconds = 0
    const answer = await station.ask('BootNotification', { chargePointVendor: 'Acme', chargePointModel: 'Wall 11' })
    expect(answer.interval).toBe(300)
    hub.port.intervalSeconds = 300
  })

  test('without its model it is refused: nothing could be made of it', async () => {
    expect(await station.call('BootNotification', { chargePointVendor: 'Acme' })).toMatchObject({
      kind: 'error',
      code: 'OccurenceConstraintViolation',
    })
  })
})

test('Heartbeat gives the time', async () => {
  expect(await station.ask('Heartbeat', {})).toEqual({ currentTime: startOfTest.toISOString() })
})

describe('StatusNotification', () => {
  test.each([
    ['Available', 'available'],
    ['Preparing', 'preparing'],
    ['Charging', 'charging'],
    ['SuspendedEV', 'suspended_vehicle'],
    ['SuspendedEVSE', 'suspended_station'],
    ['Finishing', 'finishing'],
    ['Reserved', 'reserved'],
    ['Unavailable', 'unavailable'],
    ['Faulted', 'faulted'],
  ])('%s', async (status, neutral) => {
    expect(
      await station.ask('StatusNotification', { connectorId: 2, errorCode: 'NoError', status, timestamp }),
    ).toEqual({})
    expect(last()).toEqual({
      kind: 'connector.status',
      evse: 2,
      connector: 1,
      status: neutral,
      rawStatus: status,
      time,
    })
  })

  test('connector 0 is the station; errors are kept; without a time the receive time counts', async () => {
    await station.ask('StatusNotification', {
      connectorId: 0,
      errorCode: 'GroundFailure',
      status: 'Faulted',
      info: 'relay',
      vendorId: 'acme',
      vendorErrorCode: 'E7',
    })
    expect(last()).toEqual({
      kind: 'connector.status',
      evse: 0,
      connector: 0,
      status: 'faulted',
      rawStatus: 'Faulted',
      errorCode: 'GroundFailure',
      errorInfo: 'acme E7 relay',
      time: { at: startOfTest, device: null },
    })
  })
})

describe('Authorize', () => {
  test.each([
    ['accepted', 'Accepted'],
    ['blocked', 'Blocked'],
    ['expired', 'Expired'],
    ['invalid', 'Invalid'],
    ['unknown', 'Invalid'],
    ['concurrent', 'ConcurrentTx'],
    ['not_allowed_here', 'Invalid'],
  ] as const)('%s', async (status, word) => {
    hub.port.verdicts.set(`tag-${status}`, { status, reason: 'test' })
    expect(await station.ask('Authorize', { idTag: `tag-${status}` })).toEqual({ idTagInfo: { status: word } })
    expect(last()).toEqual({ kind: 'token.presented', token: { value: `tag-${status}`, kind: 'unknown' } })
  })

  test('group and validity; a group that does not fit 1.6 is left out', async () => {
    const validUntil = new Date('2026-01-01T00:00:00Z')
    hub.port.verdicts.set('fits', { status: 'accepted', reason: '', groupToken: 'FLEET', validUntil })
    hub.port.verdicts.set('long', { status: 'accepted', reason: '', groupToken: 'x'.repeat(21) })
    expect(await station.ask('Authorize', { idTag: 'fits' })).toEqual({
      idTagInfo: { status: 'Accepted', parentIdTag: 'FLEET', expiryDate: '2026-01-01T00:00:00.000Z' },
    })
    expect(await station.ask('Authorize', { idTag: 'long' })).toEqual({ idTagInfo: { status: 'Accepted' } })
  })

  test('without a tag it is refused', async () => {
    expect(await station.call('Authorize', {})).toMatchObject({ code: 'OccurenceConstraintViolation' })
    expect(await station.call('Authorize', { idTag: { value: 'x' } })).toMatchObject({
      code: 'TypeConstraintViolation',
    })
    expect(await station.call('Authorize', 'x')).toMatchObject({ code: 'FormationViolation' })
  })
})

describe('StartTransaction', () => {
  test('becomes a started transaction and gets its number', async () => {
    const answer = await station.ask('StartTransaction', {
      connectorId: 1,
      idTag: 'A1B2C3D4',
      meterStart: 12_345,
      reservationId: 9,
      timestamp,
    })
    expect(answer).toEqual({ transactionId: expect.any(Number), idTagInfo: { status: 'Accepted' } })
    expect(answer.transactionId).toBeGreaterThan(0)
    expect(last()).toEqual({
      kind: 'transaction',
      phase: 'started',
      name: { by: 'hub', number: null },
      evse: 1,
      connector: 1,
      token: { value: 'A1B2C3D4', kind: 'unknown' },
      registerWh: 12_345,
      reservationId: 9,
      samples: [],
      offline: false,
      time,
    })
  })

  test('a refused tag still gets a number', async () => {
    hub.port.verdicts.set('stolen', { status: 'blocked', reason: 'test' })
    const answer = await station.ask('StartTransaction', { connectorId: 2, idTag: 'stolen', meterStart: 0, timestamp })
    expect(answer).toEqual({ transactionId: expect.any(Number), idTagInfo: { status: 'Blocked' } })
  })
})

describe('StopTransaction', () => {
  test('with stored samples', async () => {
    const { transactionId } = await station.ask('StartTransaction', {
      connectorId: 3,
      idTag: 'A1B2C3D4',
      meterStart: 100,
      timestamp,
    })
    const answer = await station.ask('StopTransaction', {
      transactionId,
      idTag: 'A1B2C3D4',
      meterStop: 7_400,
      timestamp: '2025-06-01T12:00:00Z',
      reason: 'EVDisconnected',
      transactionData: [
        { timestamp, sampledValue: [{ value: '100', context: 'Transaction.Begin' }] },
        {
          timestamp: '2025-06-01T12:00:00Z',
          sampledValue: [{ value: '7400', context: 'Transaction.End', unit: 'Wh' }],
        },
      ],
    })
    expect(answer).toEqual({ idTagInfo: { status: 'Accepted' } })
    expect(last()).toEqual({
      kind: 'transaction',
      phase: 'ended',
      name: { by: 'hub', number: transactionId },
      token: { value: 'A1B2C3D4', kind: 'unknown' },
      registerWh: 7_400,
      stopReason: 'EVDisconnected',
      offline: false,
      time: { at: startOfTest, device: startOfTest },
      samples: [
        { time, context: 'begin', registerWh: 100 },
        { time: { at: startOfTest, device: startOfTest }, context: 'end', registerWh: 7_400 },
      ],
    })
  })

  test('without tag and reason: no verdict, and the reason that absence means', async () => {
    expect(await station.ask('StopTransaction', { transactionId: 77, meterStop: 5, timestamp })).toEqual({})
    expect(last()).toMatchObject({ phase: 'ended', name: { by: 'hub', number: 77 }, stopReason: 'Local' })
  })
})

test('MeterValues inside a transaction', async () => {
  const answer = await station.ask('MeterValues', {
    connectorId: 1,
    transactionId: 5,
    meterValue: [
      {
        timestamp,
        sampledValue: [
          { value: '1234', measurand: 'Energy.Active.Import.Register', unit: 'Wh' },
          { value: '7.36', measurand: 'Power.Active.Import', unit: 'kW' },
          { value: '16.1', measurand: 'Current.Import', unit: 'A', phase: 'L1' },
          { value: '230.4', measurand: 'Voltage', unit: 'V', phase: 'L1-N' },
          { value: '55', measurand: 'SoC', unit: 'Percent', location: 'EV' },
          { value: '31', measurand: 'Temperature', unit: 'Celsius', location: 'Body' },
        ],
      },
    ],
  })
  expect(answer).toEqual({})
  expect(last()).toEqual({
    kind: 'meter',
    evse: 1,
    connector: 1,
    name: { by: 'hub', number: 5 },
    samples: [
      {
        time,
        context: 'periodic',
        registerWh: 1_234,
        powerW: 7_360,
        currentMa: 16_100,
        voltageMv: 230_400,
        soc: '55',
        extra: {
          'Current.Import.L1': '16.1 A',
          'Voltage.L1-N': '230.4 V',
          'Temperature@Body': '31 Celsius',
        },
      },
    ],
  })
})

describe('a station that is not admitted (W15)', () => {
  test('pending: boot Pending, statuses stored, transactions stored and refused validly', async () => {
    const waiting = await hub.station('PENDING16', 'ocpp1.6', { admission: 'pending' })
    const boot = await waiting.ask('BootNotification', { chargePointVendor: 'Acme', chargePointModel: 'Wall 11' })
    expect(boot).toMatchObject({ status: 'Pending', interval: 300 })
    const status = { connectorId: 1, errorCode: 'NoError', status: 'Available' }
    expect(await waiting.ask('StatusNotification', status)).toEqual({})
    expect(await waiting.ask('Authorize', { idTag: 'A' })).toEqual({ idTagInfo: { status: 'Invalid' } })
    const start = await waiting.ask('StartTransaction', { connectorId: 1, idTag: 'A', meterStart: 0, timestamp })
    expect(start).toEqual({ transactionId: expect.any(Number), idTagInfo: { status: 'Invalid' } })
    const { transactionId } = start
    expect(await waiting.ask('StopTransaction', { transactionId, idTag: 'A', meterStop: 1, timestamp })).toEqual({})
    expect(hub.port.factsOf('PENDING16').map(({ kind }) => kind)).toEqual([
      'station.booted',
      'connector.status',
      'token.presented',
      'transaction',
      'transaction',
    ])
  })

  test('once a boot is accepted the station is served', async () => {
    const waiting = await hub.station('LATER16', 'ocpp1.6', { admission: 'pending' })
    expect(await waiting.ask('Authorize', { idTag: 'A' })).toEqual({ idTagInfo: { status: 'Invalid' } })
    hub.port.admitStation('LATER16')
    await waiting.ask('BootNotification', { chargePointVendor: 'Acme', chargePointModel: 'Wall 11' })
    expect(await waiting.ask('Authorize', { idTag: 'A' })).toEqual({ idTagInfo: { status: 'Accepted' } })
  })
})

covers('ocpp1.6', 'BootNotification', 'in', 'TC_001_CSMS')
covers('ocpp1.6', 'Heartbeat', 'in')
covers('ocpp1.6', 'StatusNotification', 'in')
covers('ocpp1.6', 'Authorize', 'in', 'TC_023_1_CSMS')
covers('ocpp1.6', 'StartTransaction', 'in', 'TC_003_CSMS')
covers('ocpp1.6', 'StopTransaction', 'in', 'TC_003_CSMS')
covers('ocpp1.6', 'MeterValues', 'in')
