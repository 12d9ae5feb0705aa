// Owns the tests of what OCPP 2.0.1 and 2.1 stations tell and ask in the same words: the fact, the valid answer, bad input.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { InquiryAnswer, InquiryTopic } from '../../../core/plugin/index.ts'
import { coversAll } from '../../conformance/covers.ts'
import { type Station, startHub, type TestHub } from './hub.ts'
import type { Version } from './official-schemas.ts'

let hub: TestHub
const stations = new Map<Version, Station>()
beforeAll(async () => {
  hub = await startHub()
  for (const version of ['ocpp2.0.1', 'ocpp2.1'] as const)
    stations.set(version, await hub.station(`N-${version}`, version))
})
afterAll(() => hub.stop())

const stationOf = (version: Version): Station => {
  const station = stations.get(version)
  if (station === undefined) throw new Error('no station')
  return station
}

const timestamp = '2025-06-01T11:59:30.000Z'
const time = { at: new Date(timestamp), device: new Date(timestamp) }
const received = { at: new Date('2025-06-01T12:00:00.000Z'), device: null }
const place = {
  component: { name: 'Connector', instance: 'a', evse: { id: 1, connectorId: 2 } },
  variable: { name: 'Temp', instance: 'b' },
}
const schedule = { id: 1, chargingRateUnit: 'A', chargingSchedulePeriod: [{ startPeriod: 0, limit: 16 }] }
const profile = {
  id: 1,
  stackLevel: 0,
  chargingProfilePurpose: 'TxDefaultProfile',
  chargingProfileKind: 'Absolute',
  chargingSchedule: [schedule],
}
const hash = { hashAlgorithm: 'SHA256', issuerNameHash: 'aa', issuerKeyHash: 'bb', serialNumber: '01' }
const display = { id: 3, priority: 'InFront', message: { format: 'UTF8', content: 'Moin' } }

type Told = [action: string, payload: object, fact: object, answer: object]

const notices: Told[] = [
  [
    'FirmwareStatusNotification',
    { status: 'InstallVerificationFailed', requestId: 5 },
    { topic: 'firmware.status', data: { status: 'install_verification_failed', requestId: 5 }, time: received },
    {},
  ],
  [
    'FirmwareStatusNotification',
    { status: 'Idle' },
    { topic: 'firmware.status', data: { status: 'idle' }, time: received },
    {},
  ],
  [
    'PublishFirmwareStatusNotification',
    { status: 'Published', location: ['http://local/f'], requestId: 6 },
    {
      topic: 'publish_firmware.status',
      data: { status: 'published', requestId: 6, locations: ['http://local/f'] },
      time: received,
    },
    {},
  ],
  [
    'LogStatusNotification',
    { status: 'UploadFailure', requestId: 7 },
    { topic: 'log.status', data: { status: 'upload_failure', requestId: 7 }, time: received },
    {},
  ],
  [
    'SecurityEventNotification',
    { type: 'StartupOfTheDevice', timestamp, techInfo: 'x' },
    { topic: 'security.event', data: { type: 'StartupOfTheDevice', info: 'x' }, time },
    {},
  ],
  [
    'ReservationStatusUpdate',
    { reservationId: 3, reservationUpdateStatus: 'Removed' },
    { topic: 'reservation.status', data: { reservationId: 3, status: 'removed' }, time: received },
    {},
  ],
  [
    'NotifyReport',
    {
      requestId: 1,
      generatedAt: timestamp,
      seqNo: 2,
      tbc: true,
      reportData: [{ ...place, variableAttribute: [{ value: '22' }] }],
    },
    {
      topic: 'report.part',
      data: {
        requestId: 1,
        report: 'variables',
        sequence: 2,
        last: false,
        items: [{ ...place, variableAttribute: [{ value: '22' }] }],
      },
      time,
    },
    {},
  ],
  [
    'NotifyMonitoringReport',
    { requestId: 1, generatedAt: timestamp, seqNo: 0 },
    { topic: 'report.part', data: { requestId: 1, report: 'monitors', sequence: 0, last: true, items: [] }, time },
    {},
  ],
  [
    'NotifyCustomerInformation',
    { requestId: 4, generatedAt: timestamp, seqNo: 0, data: 'name' },
    {
      topic: 'report.part',
      data: { requestId: 4, report: 'customer', sequence: 0, last: true, items: ['name'] },
      time,
    },
    {},
  ],
  [
    'NotifyEvent',
    {
      generatedAt: timestamp,
      seqNo: 1,
      tbc: true,
      eventData: [
        {
          eventId: 9,
          timestamp,
          trigger: 'Alerting',
          actualValue: '81',
          eventNotificationType: 'HardWiredMonitor',
          cause: 8,
          cleared: false,
          transactionId: 'tx',
          techCode: 'T1',
          techInfo: 'hot',
          variableMonitoringId: 4,
          ...place,
        },
        {
          eventId: 10,
          timestamp,
          trigger: 'Delta',
          actualValue: '',
          eventNotificationType: 'CustomMonitor',
          component: { name: 'X' },
          variable: { name: 'Y' },
        },
      ],
    },
    {
      topic: 'station.events',
      data: {
        sequence: 1,
        last: false,
        events: [
          {
            eventId: 9,
            at: timestamp,
            trigger: 'alerting',
            kind: 'hard_wired_monitor',
            component: 'Connector[a]',
            variable: 'Temp[b]',
            evse: 1,
            connector: 2,
            actualValue: '81',
            cleared: false,
            causedBy: 8,
            monitorId: 4,
            transaction: 'tx',
            techCode: 'T1',
            techInfo: 'hot',
          },
          {
            eventId: 10,
            at: timestamp,
            trigger: 'delta',
            kind: 'custom_monitor',
            component: 'X',
            variable: 'Y',
            actualValue: '',
          },
        ],
      },
      time,
    },
    {},
  ],
  [
    'NotifyChargingLimit',
    { chargingLimit: { chargingLimitSource: 'EMS', isGridCritical: true }, chargingSchedule: [schedule], evseId: 1 },
    {
      topic: 'charging_limit.set',
      evse: 1,
      data: { source: 'ems', gridCritical: true, schedules: [schedule] },
      time: received,
    },
    {},
  ],
  [
    'ClearedChargingLimit',
    { chargingLimitSource: 'SO' },
    { topic: 'charging_limit.cleared', data: { source: 'so' }, time: received },
    {},
  ],
  [
    'NotifyEVChargingSchedule',
    { timeBase: timestamp, evseId: 1, chargingSchedule: schedule },
    { topic: 'ev.schedule', evse: 1, data: { schedule }, time },
    { status: 'Accepted' },
  ],
]

const needs = { requestedEnergyTransfer: 'AC_three_phase', departureTime: timestamp }

const inquiries: Told[] = [
  [
    'SignCertificate',
    { csr: 'PEM' },
    { topic: 'certificate.sign', ask: { csr: 'PEM', use: 'station' } },
    { status: 'Accepted' },
  ],
  [
    'SignCertificate',
    { csr: 'PEM', certificateType: 'V2GCertificate' },
    { topic: 'certificate.sign', ask: { csr: 'PEM', use: 'v2g' } },
    { status: 'Accepted' },
  ],
  [
    'GetCertificateStatus',
    { ocspRequestData: { ...hash, responderURL: 'http://o' } },
    { topic: 'certificate.status', ask: { ...hash, responderUrl: 'http://o' } },
    { status: 'Accepted', ocspResult: 'T0NTUA==' },
  ],
  [
    'Get15118EVCertificate',
    { iso15118SchemaVersion: 'urn:x', action: 'Update', exiRequest: 'RQ==' },
    { topic: 'contract.certificate', ask: { schemaVersion: 'urn:x', action: 'update', exiRequest: 'RQ==' } },
    { status: 'Accepted', exiResponse: 'RVhJ' },
  ],
  [
    'NotifyEVChargingNeeds',
    { evseId: 1, maxScheduleTuples: 3, chargingNeeds: needs },
    {
      topic: 'ev.needs',
      evse: 1,
      ask: { needs, maxScheduleTuples: 3, departureAt: timestamp, transfer: 'ac_three_phase' },
    },
    { status: 'Accepted' },
  ],
  [
    'DataTransfer',
    { vendorId: 'com.example', messageId: 'm', data: { a: [1] } },
    { topic: 'data_transfer', ask: { vendorId: 'com.example', messageId: 'm', data: { a: [1] } } },
    { status: 'UnknownVendorId' },
  ],
]

describe.each(['ocpp2.0.1', 'ocpp2.1'] as const)('%s', (version) => {
  const last = () => hub.port.factsOf(`N-${version}`).at(-1)

  test.each(notices)('%s is a notice', async (action, payload, fact, answer) => {
    expect(await stationOf(version).ask(action, payload)).toEqual(answer)
    expect(last()).toEqual({ kind: 'notice', ...fact })
  })

  test.each(inquiries)('%s is an inquiry', async (action, payload, fact, answer) => {
    expect(await stationOf(version).ask(action, payload)).toEqual(answer)
    expect(last()).toEqual({ kind: 'inquiry', time: received, ...fact })
  })

  test.each([...notices, ...inquiries])(
    '%s without its fields or with wrong types is refused in the words of 2.x',
    async (action, payload) => {
      const station = stationOf(version)
      const before = hub.port.factsOf(`N-${version}`).length
      expect(await station.call(action, {})).toMatchObject({ kind: 'error', code: 'OccurrenceConstraintViolation' })
      const wrong = Object.fromEntries(Object.keys(payload).map((key) => [key, { no: 'such' }]))
      expect(await station.call(action, wrong)).toMatchObject({
        kind: 'error',
        code: expect.stringMatching(/^(Type|Occurrence)ConstraintViolation$/),
      })
      expect(await station.call(action, 'text')).toMatchObject({ kind: 'error', code: 'FormatViolation' })
      expect(hub.port.factsOf(`N-${version}`)).toHaveLength(before)
    },
  )

  test('words that the standard does not have pass, numbers beyond the records do not', async () => {
    const station = stationOf(version)
    await station.ask('FirmwareStatusNotification', { status: 'WaitingForMoon', requestId: 1e300 })
    expect(last()).toMatchObject({ data: { status: 'waiting_for_moon' } })
    expect(last()).not.toHaveProperty('data.requestId')
  })

  test('parts of reports that carry no number are counted per request', async () => {
    const station = stationOf(version)
    const parts: unknown[] = []
    const send = async (action: string, payload: object) => {
      await station.ask(action, payload)
      const fact = last()
      parts.push(
        fact?.kind === 'notice' && fact.topic === 'report.part'
          ? [fact.data.report, fact.data.requestId, fact.data.sequence, fact.data.last, fact.data.items.length]
          : fact,
      )
    }
    const profiles = { chargingLimitSource: 'CSO', evseId: 1, chargingProfile: [profile] }
    await send('ReportChargingProfiles', { requestId: 1, tbc: true, ...profiles })
    await send('ReportChargingProfiles', { requestId: 2, tbc: true, ...profiles })
    await send('ReportChargingProfiles', { requestId: 1, tbc: true, ...profiles })
    await send('NotifyDisplayMessages', { requestId: 1, messageInfo: [display] })
    await send('ReportChargingProfiles', { requestId: 1, ...profiles })
    await send('ReportChargingProfiles', { requestId: 1, ...profiles })
    expect(parts).toEqual([
      ['profiles', 1, 0, false, 1],
      ['profiles', 2, 0, false, 1],
      ['profiles', 1, 1, false, 1],
      ['messages', 1, 0, true, 1],
      ['profiles', 1, 2, true, 1],
      ['profiles', 1, 0, true, 1],
    ])
    expect(last()).toMatchObject({ evse: 1, data: { items: [{ chargingLimitSource: 'CSO', evseId: 1, id: 1 }] } })
  })

  test('a structure nested beyond measure is cut, names that no record holds are dropped', async () => {
    const station = stationOf(version)
    let deep: unknown = 'bottom'
    for (let i = 0; i < 2_000; i++) deep = { deep }
    await station.ask('DataTransfer', { vendorId: 'x', data: deep })
    expect(JSON.stringify(last()).length).toBeLessThan(1_000)
    await station.ask('DataTransfer', { vendorId: 'x', data: { 'a\u0000b': 1, c: 2 } })
    expect(last()).toMatchObject({ ask: { data: { c: 2 } } })
    expect(JSON.stringify(last())).not.toContain('u0000')
  })

  const answered = async <T extends InquiryTopic>(
    topic: T,
    answer: InquiryAnswer<T>,
    action: string,
    payload: object,
  ) => {
    const before = hub.port.answers[topic]
    hub.port.answers[topic] = answer as (typeof hub.port.answers)[T]
    try {
      return await stationOf(version).ask(action, payload)
    } finally {
      hub.port.answers[topic] = before
    }
  }
  const no = { reasonCode: 'Unspecified', additionalInfo: 'no' }

  test('the noes of inquiries', async () => {
    const csr = { csr: 'PEM' }
    expect(await answered('certificate.sign', { accepted: false, reason: 'no' }, 'SignCertificate', csr)).toEqual({
      status: 'Rejected',
      statusInfo: no,
    })
    expect(await answered('certificate.sign', { accepted: false }, 'SignCertificate', csr)).toEqual({
      status: 'Rejected',
    })
    const question = { ocspRequestData: { ...hash, responderURL: 'http://o' } }
    expect(
      await answered('certificate.status', { accepted: false, reason: 'no' }, 'GetCertificateStatus', question),
    ).toEqual({ status: 'Failed', statusInfo: no })
    expect(
      await answered(
        'certificate.status',
        { accepted: true, ocspResult: 'x'.repeat(20_000) },
        'GetCertificateStatus',
        question,
      ),
    ).toMatchObject({ status: 'Failed' })
    const contract = { iso15118SchemaVersion: 'urn:x', action: 'Install', exiRequest: 'RQ==' }
    expect(
      await answered(
        'contract.certificate',
        { accepted: false, exiResponse: 'AA==', reason: 'no' },
        'Get15118EVCertificate',
        contract,
      ),
    ).toEqual({ status: 'Failed', exiResponse: 'AA==', statusInfo: no })
    expect(
      await answered(
        'contract.certificate',
        { accepted: true, exiResponse: 'x'.repeat(20_000) },
        'Get15118EVCertificate',
        contract,
      ),
    ).toMatchObject({ status: 'Failed', exiResponse: '' })
  })

  test.each([
    ['accepted', 'Accepted'],
    ['rejected', 'Rejected'],
    ['processing', 'Processing'],
    ['no_profile', version === 'ocpp2.1' ? 'NoChargingProfile' : 'Rejected'],
  ] as const)('needs of a car: %s', async (status, word) => {
    expect(
      await answered('ev.needs', { status }, 'NotifyEVChargingNeeds', { evseId: 1, chargingNeeds: needs }),
    ).toEqual({ status: word })
  })

  test.each([
    ['accepted', 'Accepted'],
    ['rejected', 'Rejected'],
    ['unknown_message', 'UnknownMessageId'],
    ['unknown_vendor', 'UnknownVendorId'],
  ] as const)('data transfer: %s', async (status, word) => {
    expect(await answered('data_transfer', { status, data: [1] }, 'DataTransfer', { vendorId: 'x' })).toEqual({
      status: word,
      data: [1],
    })
  })

  describe('Authorize with a contract (C07)', () => {
    const idToken = { idToken: 'DE-ABC-C123456', type: 'eMAID' }
    const hashes = [{ ...hash, responderURL: 'http://o' }]

    test('the chain and hashes are told', async () => {
      await stationOf(version).ask('Authorize', { idToken, certificate: 'PEM', iso15118CertificateHashData: hashes })
      expect(last()).toEqual({
        kind: 'token.presented',
        token: { value: 'DE-ABC-C123456', kind: 'emaid' },
        contract: { chain: 'PEM', hashes: [{ ...hash, responderUrl: 'http://o' }] },
      })
    })

    test.each([
      ['accepted', 'Accepted'],
      ['signature_invalid', 'SignatureError'],
      ['expired', 'CertificateExpired'],
      ['revoked', 'CertificateRevoked'],
      ['no_chain', 'CertChainError'],
      ['cancelled', 'ContractCancelled'],
      [undefined, 'NoCertificateAvailable'],
    ] as const)('%s', async (contract, certificateStatus) => {
      hub.port.verdicts.set(idToken.idToken, {
        status: 'accepted',
        reason: 'test',
        ...(contract === undefined ? {} : { contract }),
      })
      expect(await stationOf(version).ask('Authorize', { idToken, iso15118CertificateHashData: hashes })).toEqual({
        idTokenInfo: { status: 'Accepted' },
        certificateStatus,
      })
    })
  })

  test('W15 a station that waits is kept in mind and not served', async () => {
    const code = `pending-${version}`
    const waiting = await hub.station(code, version, { admission: 'pending' })
    const refusals = ['Rejected', 'Rejected', 'Failed', 'Failed', 'Rejected', 'Rejected']
    for (const [index, [action, payload]] of inquiries.entries()) {
      expect([action, (await waiting.ask(action, payload)).status]).toEqual([action, refusals[index]])
    }
    for (const [action, payload, , answer] of notices) expect(await waiting.ask(action, payload)).toEqual(answer)
    expect(hub.port.factsOf(code)).toHaveLength(inquiries.length + notices.length)
  })
})

coversAll(['ocpp2.0.1', 'ocpp2.1'], 'in', {
  Authorize: ['TC_C_52_CSMS'],
  ClearedChargingLimit: ['TC_K_50_CSMS'],
  DataTransfer: ['TC_P_02_CSMS'],
  FirmwareStatusNotification: ['TC_L_08_CSMS'],
  Get15118EVCertificate: ['TC_M_26_CSMS'],
  GetCertificateStatus: ['TC_M_24_CSMS'],
  LogStatusNotification: [],
  NotifyChargingLimit: ['TC_K_48_CSMS'],
  NotifyCustomerInformation: ['TC_N_27_CSMS'],
  NotifyDisplayMessages: [],
  NotifyEVChargingNeeds: ['TC_K_53_CSMS'],
  NotifyEVChargingSchedule: [],
  NotifyEvent: ['TC_N_21_CSMS'],
  NotifyMonitoringReport: [],
  NotifyReport: [],
  PublishFirmwareStatusNotification: ['TC_L_17_CSMS'],
  ReportChargingProfiles: [],
  ReservationStatusUpdate: ['TC_H_20_CSMS'],
  SecurityEventNotification: [],
  SignCertificate: ['TC_A_11_CSMS'],
})
