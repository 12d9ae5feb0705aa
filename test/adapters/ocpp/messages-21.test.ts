// Owns the tests of what only OCPP 2.1 has: its own messages, SEND and CALLRESULTERROR, its tokens, a whole charge under it.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { coversAll } from '../../conformance/covers.ts'
import { type Station, startHub, startOfTest, type TestHub, until } from './hub.ts'

let hub: TestHub
let station: Station
beforeAll(async () => {
  hub = await startHub()
  station = await hub.station('CS21', 'ocpp2.1')
})
afterAll(() => hub.stop())

const timestamp = '2025-06-01T11:59:30.000Z'
const time = { at: new Date(timestamp), device: new Date(timestamp) }
const received = { at: startOfTest, device: null }
const last = (code = 'CS21') => hub.port.factsOf(code).at(-1)
const hash = { hashAlgorithm: 'SHA256', issuerNameHash: 'aa', issuerKeyHash: 'bb', serialNumber: '01' } as const
const curve = {
  id: 'c1',
  curveType: 'VoltVar',
  isDefault: true,
  isSuperseded: false,
  curve: { priority: 1, yUnit: 'PctMaxVar', curveData: [{ x: 1, y: 2 }] },
}
const gradient = { id: 'g1', gradient: { priority: 1, gradient: 2, softGradient: 3 } }
const battery = { evseId: 1, serialNumber: 'B1', soC: 80.5, soH: 99 }
const company = { name: 'Acme', address1: 'Road 1', city: 'Bremen', country: 'DE' }

type Told = [action: string, payload: object, fact: object, answer: object]

const told: Told[] = [
  [
    'NotifyPriorityCharging',
    { transactionId: 'tx-1', activated: true },
    {
      kind: 'notice',
      topic: 'priority_charging',
      data: { transaction: { ref: 'tx-1' }, activated: true },
      time: received,
    },
    {},
  ],
  [
    'NotifyDERAlarm',
    { controlType: 'HVMustTrip', gridEventFault: 'OverVoltage', alarmEnded: true, timestamp, extraInfo: 'x' },
    {
      kind: 'notice',
      topic: 'der.alarm',
      data: { controlType: 'HVMustTrip', fault: 'over_voltage', ended: true, info: 'x' },
      time,
    },
    {},
  ],
  [
    'NotifyDERStartStop',
    { controlId: 'c1', started: true, timestamp, supersededIds: ['c0'] },
    {
      kind: 'notice',
      topic: 'der.started_stopped',
      data: { controlId: 'c1', started: true, superseded: ['c0'] },
      time,
    },
    {},
  ],
  [
    'BatterySwap',
    {
      batteryData: [battery],
      eventType: 'BatteryOutTimeout',
      idToken: { idToken: 'A', type: 'Central' },
      requestId: 4,
    },
    {
      kind: 'notice',
      topic: 'battery.swap',
      data: {
        event: 'battery_out_timeout',
        requestId: 4,
        token: { value: 'A', kind: 'central' },
        batteries: [battery],
      },
      time: received,
    },
    {},
  ],
  [
    'ReportDERControl',
    { requestId: 8, curve: [curve], gradient: [gradient] },
    {
      kind: 'notice',
      topic: 'report.part',
      data: {
        requestId: 8,
        report: 'der_controls',
        sequence: 0,
        last: true,
        items: [
          { kind: 'curve', ...curve },
          { kind: 'gradient', ...gradient },
        ],
      },
      time: received,
    },
    {},
  ],
  [
    'ClosePeriodicEventStream',
    { id: 2 },
    { kind: 'notice', topic: 'stream.closed', data: { streamId: 2 }, time: received },
    {},
  ],
  [
    'NotifySettlement',
    {
      transactionId: 'tx-1',
      pspRef: 'psp',
      status: 'Canceled',
      statusInfo: 'x',
      settlementAmount: 12.34,
      settlementTime: timestamp,
      receiptId: 'r',
      receiptUrl: 'https://r',
      vatNumber: 'DE1',
      vatCompany: company,
    },
    {
      kind: 'inquiry',
      topic: 'payment.settled',
      ask: {
        transaction: 'tx-1',
        pspRef: 'psp',
        status: 'canceled',
        info: 'x',
        amount: '12.34',
        at: timestamp,
        receiptId: 'r',
        receiptUrl: 'https://r',
        vatNumber: 'DE1',
        vatCompany: company,
      },
      time,
    },
    { receiptId: 'R-1' },
  ],
  [
    'VatNumberValidation',
    { vatNumber: 'DE1', evseId: 1 },
    { kind: 'inquiry', topic: 'vat_number.check', ask: { vatNumber: 'DE1' }, evse: 1, time: received },
    { status: 'Accepted', vatNumber: 'DE1', evseId: 1 },
  ],
  [
    'PullDynamicScheduleUpdate',
    { chargingProfileId: 9 },
    { kind: 'inquiry', topic: 'schedule.pull', ask: { profileId: 9 }, time: received },
    { status: 'Accepted', scheduleUpdate: { limit: 11_000 } },
  ],
  [
    'OpenPeriodicEventStream',
    { constantStreamData: { id: 2, variableMonitoringId: 7, params: { interval: 10, values: 5 } } },
    {
      kind: 'inquiry',
      topic: 'stream.open',
      ask: { streamId: 2, monitorId: 7, intervalSeconds: 10, values: 5 },
      time: received,
    },
    { status: 'Accepted' },
  ],
  [
    'GetCertificateChainStatus',
    { certificateStatusRequests: [{ certificateHashData: hash, source: 'CRL', urls: ['http://crl'] }] },
    {
      kind: 'inquiry',
      topic: 'certificate.chain_status',
      ask: { requests: [{ hash, source: 'crl', urls: ['http://crl'] }] },
      time: received,
    },
    {
      certificateStatus: [
        { certificateHashData: hash, source: 'CRL', status: 'Failed', nextUpdate: startOfTest.toISOString() },
      ],
    },
  ],
]

describe('messages of its own', () => {
  test.each(told)('%s', async (action, payload, fact, answer) => {
    expect(await station.ask(action, payload)).toEqual(answer)
    expect(last()).toEqual(fact)
  })

  test.each(told)('%s: bad input is refused', async (action, payload) => {
    expect(await station.call(action, {})).toMatchObject({ code: 'OccurrenceConstraintViolation' })
    const wrong = Object.fromEntries(Object.keys(payload).map((key) => [key, { no: 'such' }]))
    expect(await station.call(action, wrong)).toMatchObject({ code: expect.stringMatching(/ConstraintViolation$/) })
    expect(await station.call(action, 'text')).toMatchObject({ code: 'FormatViolation' })
  })

  test.each(told)('%s is unknown to 2.0.1', async (action, payload) => {
    const older = await hub.station(`older-${action}`, 'ocpp2.0.1')
    expect(await older.call(action, payload)).toMatchObject({ code: 'NotImplemented' })
  })

  test('W15 a station that waits is not served', async () => {
    const waiting = await hub.station('PENDING21', 'ocpp2.1', { admission: 'pending' })
    for (const [action, payload, fact] of told) {
      const answer = await waiting.ask(action, payload)
      if ('status' in answer) expect([action, answer.status]).toEqual([action, 'Rejected'])
      else expect(answer).not.toHaveProperty('receiptId')
      expect(hub.port.factsOf('PENDING21').at(-1)).toMatchObject({ kind: (fact as { kind: string }).kind })
    }
  })

  test('noes and results', async () => {
    const { answers } = hub.port
    const no = { reasonCode: 'Unspecified', additionalInfo: 'no' }
    answers['vat_number.check'] = { accepted: true, company }
    expect(await station.ask('VatNumberValidation', { vatNumber: 'DE1' })).toEqual({
      status: 'Accepted',
      vatNumber: 'DE1',
      company,
    })
    answers['vat_number.check'] = { accepted: false, company, reason: 'no' }
    expect(await station.ask('VatNumberValidation', { vatNumber: 'DE1' })).toEqual({
      status: 'Rejected',
      vatNumber: 'DE1',
      statusInfo: no,
    })
    answers['schedule.pull'] = { accepted: false, reason: 'no' }
    expect(await station.ask('PullDynamicScheduleUpdate', { chargingProfileId: 9 })).toEqual({
      status: 'Rejected',
      statusInfo: no,
    })
    answers['stream.open'] = { accepted: false }
    const stream = { constantStreamData: { id: 2, variableMonitoringId: 7, params: {} } }
    expect(await station.ask('OpenPeriodicEventStream', stream)).toEqual({ status: 'Rejected' })
    answers['certificate.chain_status'] = {
      results: [{ hash, source: 'crl', status: 'revoked', nextUpdate: timestamp }],
    }
    const chain = { certificateStatusRequests: [{ certificateHashData: hash, source: 'CRL', urls: ['http://crl'] }] }
    expect(await station.ask('GetCertificateChainStatus', chain)).toMatchObject({
      certificateStatus: [{ status: 'Revoked', nextUpdate: timestamp }],
    })
    // What the schema allows to be answered is answered: an unknown algorithm, endless names, a question about nothing.
    const broken = { hashAlgorithm: 'MD5', issuerNameHash: 'a'.repeat(200), issuerKeyHash: 'bb', serialNumber: '01' }
    const odd = { certificateStatusRequests: [{ certificateHashData: broken, source: 'CRL', urls: ['http://crl'] }] }
    expect(await station.ask('GetCertificateChainStatus', odd)).toMatchObject({
      certificateStatus: [{ status: 'Failed', source: 'CRL', certificateHashData: { hashAlgorithm: 'SHA256' } }],
    })
    expect(await station.ask('GetCertificateChainStatus', { certificateStatusRequests: [] })).toMatchObject({
      certificateStatus: [{ status: 'Failed' }],
    })
    answers['contract.certificate'] = { accepted: true, exiResponse: 'x'.repeat(17_000), remainingContracts: 2 }
    const contract = {
      iso15118SchemaVersion: 'urn:x',
      action: 'Install',
      exiRequest: 'RQ==',
      maximumContractCertificateChains: 3,
      prioritizedEMAIDs: ['DE-1'],
    }
    expect(await station.ask('Get15118EVCertificate', contract)).toMatchObject({
      status: 'Accepted',
      remainingContracts: 2,
    })
    expect(last()).toMatchObject({ ask: { maximumChains: 3, prioritizedEmaids: ['DE-1'] } })
  })

  test('what 2.1 adds to shared messages', async () => {
    await station.ask('FirmwareStatusNotification', {
      status: 'DownloadFailed',
      statusInfo: { reasonCode: 'NoSpace', additionalInfo: 'full' },
    })
    expect(last()).toMatchObject({ data: { status: 'download_failed', info: 'NoSpace: full' } })
    await station.ask('SignCertificate', { csr: 'PEM', certificateType: 'V2G20Certificate', requestId: 4 })
    expect(last()).toMatchObject({ ask: { csr: 'PEM', use: 'v2g20', requestId: 4 } })
    await station.ask('ReservationStatusUpdate', { reservationId: 1, reservationUpdateStatus: 'NoTransaction' })
    expect(last()).toMatchObject({ data: { status: 'no_transaction' } })
    await station.ask('NotifyChargingLimit', { chargingLimit: { chargingLimitSource: 'GridOperator' } })
    expect(last()).toMatchObject({ data: { source: 'grid_operator' } })
  })
})

describe('Authorize', () => {
  test.each([
    ['DirectPayment', 'direct_payment'],
    ['EVCCID', 'evccid'],
    ['VIN', 'vin'],
    ['MyOwnKind', 'my_own_kind'],
  ])('token of type %s', async (type, kind) => {
    const idToken = { idToken: 'x'.repeat(200), type }
    expect(await station.ask('Authorize', { idToken })).toEqual({ idTokenInfo: { status: 'Accepted' } })
    expect(last()).toEqual({ kind: 'token.presented', token: { value: 'x'.repeat(200), kind } })
  })

  test("the driver's own tariff, modes and a long group", async () => {
    const tariff = { tariffId: 'T1', currency: 'EUR', fixedFee: { prices: [{ priceFixed: 1 }] } }
    hub.port.verdicts.set('rich', {
      status: 'accepted',
      reason: '',
      groupToken: 'g'.repeat(100),
      tariff,
      energyTransfers: ['DC_BPT'],
    })
    const idToken = { idToken: 'rich', type: 'Central' }
    expect(await station.ask('Authorize', { idToken })).toEqual({
      idTokenInfo: { status: 'Accepted', groupIdToken: { idToken: 'g'.repeat(100), type: 'Central' } },
      tariff,
      allowedEnergyTransfer: ['DC_BPT'],
    })
    const older = await hub.station('older-rich', 'ocpp2.0.1')
    expect(await older.ask('Authorize', { idToken })).toEqual({ idTokenInfo: { status: 'Accepted' } })
  })
})

describe('SEND, message type 6', () => {
  const values = {
    id: 2,
    pending: 1,
    basetime: timestamp,
    data: [
      { t: 0, v: '80.5' },
      { t: 1.5, v: '81' },
    ],
  }

  test('values of a stream are recorded and never answered', async () => {
    const sender = await hub.station('SEND', 'ocpp2.1')
    sender.send([6, 's1', 'NotifyPeriodicEventStream', values])
    await sender.settled()
    await until(() => hub.port.factsOf('SEND').length === 1, 'the values')
    expect(last('SEND')).toEqual({
      kind: 'notice',
      topic: 'stream.values',
      data: {
        streamId: 2,
        pending: 1,
        values: [
          { at: timestamp, value: '80.5' },
          { at: '2025-06-01T11:59:31.500Z', value: '81' },
        ],
      },
      time,
    })
    expect(sender.received).toHaveLength(1)
    const [first] = hub.port.frames
      .filter(({ frame }) => frame.action === 'NotifyPeriodicEventStream')
      .map(({ frame }) => frame.direction)
    expect(first).toBe('in')
  })

  test('what cannot be read is counted, not answered', async () => {
    const sender = await hub.station('SENDBAD', 'ocpp2.1')
    sender.send([6, 's1', 'NotifyPeriodicEventStream', { id: 2 }])
    sender.send([6, 's2', 'Heartbeat', {}])
    sender.send([6, 's3'])
    sender.send([6, 's4', 'NotifyPeriodicEventStream', 'text'])
    await sender.settled()
    expect(sender.received).toHaveLength(1)
    expect(hub.port.factsOf('SENDBAD')).toEqual([])
    await until(() => hub.port.codesOf('SENDBAD').length >= 4, 'all of them counted')
    expect(hub.port.codesOf('SENDBAD')).toEqual(expect.arrayContaining(['J17', 'X13', 'J19', 'J16']))
  })

  test('a failing store leaves the values in the queue until it is back', async () => {
    const sender = await hub.station('SENDLATE', 'ocpp2.1')
    hub.port.failure = new Error('the store is out')
    sender.send([6, 's1', 'NotifyPeriodicEventStream', values])
    await sender.settled()
    hub.port.failure = null
    await until(() => {
      hub.pulse.advance(500)
      return hub.port.factsOf('SENDLATE').length === 1
    }, 'the values')
    expect(sender.received).toHaveLength(1)
  })

  test('under type 2 it is no call', async () => {
    expect(await station.call('NotifyPeriodicEventStream', values)).toMatchObject({ code: 'NotSupported' })
  })

  test.each(['ocpp1.6', 'ocpp2.0.1'] as const)('X13 %s does not know types 5 and 6', async (version) => {
    const code = `X13-${version}`
    const other = await hub.station(code, version)
    other.send([6, 's', 'NotifyPeriodicEventStream', values])
    other.send([5, 'e', 'InternalError', '', {}])
    await other.settled()
    const errors = other.received.filter(([type]) => type === 4).map(([, id, word]) => [id, word])
    const unknown = 'MessageTypeNotSupported'
    expect(errors).toEqual(
      version === 'ocpp1.6'
        ? []
        : [
            ['s', unknown],
            ['e', unknown],
          ],
    )
    expect(hub.port.codesOf(code)).toEqual(['X13', 'X13'])
    expect(hub.port.factsOf(code)).toEqual([])
  })
})

describe('CALLRESULTERROR, message type 5', () => {
  test('from a station: counted, kept, not answered', async () => {
    const sender = await hub.station('CRE', 'ocpp2.1')
    await sender.ask('Heartbeat', {}, 'h1')
    sender.send([5, 'h1', 'FormatViolation', 'no time', {}])
    await sender.settled()
    expect(sender.received).toHaveLength(2)
    expect(hub.port.deviations.filter((each) => each.station === 'CRE')).toEqual([
      { station: 'CRE', code: 'X14', sample: 'FormatViolation: no time' },
    ])
  })

  test.each([
    ['ocpp2.1', true],
    ['ocpp2.0.1', false],
  ] as const)('to a station whose answer lacks a field: %s %s', async (version, expected) => {
    const code = `CRE-${version}`
    const answering = await hub.station(code, version)
    answering.responder = () => ({})
    expect(await hub.port.deliver(code, { name: 'clear_cache' })).toMatchObject({ kind: 'refused' })
    const { id } = await answering.request('ClearCache')
    await answering.settled()
    const errors = answering.received.filter(([type]) => type === 5)
    expect(errors).toEqual(expected ? [[5, id, 'OccurrenceConstraintViolation', '/status: missing', {}]] : [])
  })
})

describe('negotiation', () => {
  test.each([
    [['ocpp2.1', 'ocpp2.0.1', 'ocpp1.6'], 'ocpp2.1'],
    [['ocpp2.0.1', 'ocpp2.1'], 'ocpp2.0.1'],
    [['ocpp3.0', 'ocpp2.1'], 'ocpp2.1'],
    [['OCPP2.1'], 'OCPP2.1'],
  ])('%j', async (offered, chosen) => {
    hub.port.add('NEGO')
    expect((await hub.connect('/ocpp/NEGO', offered)).socket.protocol).toBe(chosen)
  })

  test('W1 none offered: the default of the station, its profile, or the configuration may be 2.1', async () => {
    const speaks21 = async (other: TestHub, code: string) => {
      const silent = await other.connect(`/ocpp/${code}`, null)
      silent.version = 'ocpp2.1'
      return silent.call('ClosePeriodicEventStream', { id: 1 })
    }
    hub.port.add('W1-default', { defaultProtocol: 'ocpp2.1' })
    expect(await speaks21(hub, 'W1-default')).toMatchObject({ kind: 'result' })
    hub.port.add('W1-setting', { settings: { defaultOcppVersion: 'ocpp2.1' } })
    expect(await speaks21(hub, 'W1-setting')).toMatchObject({ kind: 'result' })
    const other = await startHub({ defaultProtocol: 'ocpp2.1' })
    other.port.add('W1-config')
    expect(await speaks21(other, 'W1-config')).toMatchObject({ kind: 'result' })
    await other.stop()
  })
})

test('Heartbeat gives the time, MeterValues are samples in Wh and W', async () => {
  const idle = await hub.station('IDLE21', 'ocpp2.1')
  expect(await idle.ask('Heartbeat', {})).toEqual({ currentTime: startOfTest.toISOString() })
  const sampledValue = [
    { value: 12.5, unitOfMeasure: { unit: 'kWh' }, context: 'Sample.Clock' },
    { value: 1_500, measurand: 'Power.Active.Import', unitOfMeasure: { unit: 'W' }, context: 'Sample.Clock' },
  ]
  expect(await idle.ask('MeterValues', { evseId: 1, meterValue: [{ timestamp, sampledValue }] })).toEqual({})
  expect(last('IDLE21')).toMatchObject({ kind: 'meter', evse: 1, samples: [{ registerWh: 12_500, powerW: 1_500 }] })
  expect(hub.port.codesOf('IDLE21')).toEqual([])
})

test('a whole charge: boot, status, authorize, start, meter, end', async () => {
  const car = await hub.station('CHARGE21', 'ocpp2.1')
  const idToken = { idToken: 'PAY-0815', type: 'DirectPayment' }
  const event = (eventType: string, seqNo: number, value: number, more: object = {}) =>
    car.ask('TransactionEvent', {
      eventType,
      seqNo,
      timestamp,
      triggerReason: eventType === 'Ended' ? 'StopAuthorized' : 'RunningCost',
      transactionInfo: {
        transactionId: 'tx-9',
        tariffId: 'T1',
        transactionLimit: { maxCost: 20 },
        operationMode: 'ChargingOnly',
      },
      meterValue: [
        {
          timestamp,
          sampledValue: [
            { value, unitOfMeasure: { unit: 'Wh' } },
            { value: 55, measurand: 'Display.PresentSOC' },
          ],
        },
      ],
      ...more,
    })
  const cost = { currency: 'EUR', typeOfCost: 'NormalCost', total: { exclTax: 1.5 } }
  expect(
    await car.ask('BootNotification', { reason: 'PowerUp', chargingStation: { vendorName: 'Acme', model: 'Wall 21' } }),
  ).toMatchObject({ status: 'Accepted' })
  expect(
    await car.ask('StatusNotification', { timestamp, connectorStatus: 'Occupied', evseId: 1, connectorId: 1 }),
  ).toEqual({})
  expect(await car.ask('Authorize', { idToken })).toEqual({ idTokenInfo: { status: 'Accepted' } })
  expect(await event('Started', 0, 1_000, { evse: { id: 1, connectorId: 1 }, idToken })).toEqual({
    idTokenInfo: { status: 'Accepted' },
  })
  const costDetails = { totalCost: cost, totalUsage: { energy: 1, chargingTime: 60, idleTime: 0 } }
  expect(await event('Updated', 1, 2_000, { costDetails, preconditioningStatus: 'Ready' })).toEqual({})
  expect(await event('Ended', 2, 3_000)).toEqual({})
  expect(hub.port.factsOf('CHARGE21')).toMatchObject([
    { kind: 'station.booted' },
    { kind: 'connector.status', status: 'occupied' },
    { kind: 'token.presented', token: { value: 'PAY-0815', kind: 'direct_payment' } },
    { kind: 'transaction', phase: 'started', sequence: 0, registerWh: 1_000, token: { kind: 'direct_payment' } },
    {
      kind: 'transaction',
      phase: 'updated',
      sequence: 1,
      trigger: 'RunningCost',
      samples: [{ registerWh: 2_000, extra: { 'Display.PresentSOC': '55' } }],
    },
    { kind: 'transaction', phase: 'ended', sequence: 2, registerWh: 3_000 },
  ])
  expect(hub.port.codesOf('CHARGE21')).toEqual([])
})

coversAll(['ocpp2.1'], 'in', {
  Authorize: [],
  BatterySwap: [],
  BootNotification: [],
  ClosePeriodicEventStream: [],
  FirmwareStatusNotification: [],
  Get15118EVCertificate: [],
  GetCertificateChainStatus: [],
  Heartbeat: [],
  MeterValues: [],
  NotifyChargingLimit: [],
  NotifyDERAlarm: [],
  NotifyDERStartStop: [],
  NotifyPeriodicEventStream: [],
  NotifyPriorityCharging: [],
  NotifySettlement: [],
  OpenPeriodicEventStream: [],
  PullDynamicScheduleUpdate: ['TC_K_121_CSMS'],
  ReportDERControl: [],
  ReservationStatusUpdate: [],
  SignCertificate: [],
  StatusNotification: [],
  TransactionEvent: [],
  VatNumberValidation: ['TC_C_108_CSMS'],
})
