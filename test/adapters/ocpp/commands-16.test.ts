// Owns the tests of the commands to 1.6 stations beyond the basic ones: firmware, logs, lists, reservations, power, certificates.
// Every frame is judged by the official schema when the hub stops.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ChargingProfile, StationCommand } from '../../../core/plugin/index.ts'
import { coversAll } from '../../conformance/covers.ts'
import { startHub, type TestHub } from './hub.ts'

let hub: TestHub
beforeAll(async () => {
  hub = await startHub({ pingIntervalSeconds: 0 })
})
afterAll(() => hub.stop())

type Payload = Record<string, unknown>
type Answer = object | [code: string, description: string]
/** An answer for every request, or by action; actions that are not named are not implemented. */
type Answers = Answer | ((action: string, payload: Payload) => Answer)

let count = 0

async function run(command: StationCommand, answers: Answers = {}, settings: Record<string, unknown> = {}) {
  const code = `c16-${++count}`
  const station = await hub.station(code, 'ocpp1.6', { settings })
  const requests: [action: string, payload: Payload][] = []
  station.responder = (action, payload) => {
    requests.push([action, payload])
    return typeof answers === 'function' ? answers(action, payload) : answers
  }
  const reply = await hub.port.deliver(code, command)
  return { requests, reply, code, station }
}

/** One answer for each action; others are answered as by a station that does not know them. */
const byAction = (answers: Record<string, Answer>) => (action: string) => answers[action] ?? ['NotImplemented', '']

const none: Answer = ['NotImplemented', '']
const accepted = { kind: 'accepted' }
const Accepted = { status: 'Accepted' }
const token = { value: 'A1B2C3D4', kind: 'iso14443' }
const noSettings = { configurationKey: [], unknownKey: [] }

type Case = [name: string, command: StationCommand, action: string, payload: object, answer: Answer, reply: object]

const update: StationCommand = {
  name: 'update_firmware',
  requestId: 5,
  url: 'https://hub.example/f/1',
  retrieveAt: '2025-06-01T20:00:00+02:00',
}
const updateFrame = { location: 'https://hub.example/f/1', retrieveDate: '2025-06-01T18:00:00.000Z' }
const signed = { ...update, signingCertificate: 'PEM', signature: 'c2ln', installAt: '2025-06-02T01:00:00Z' } as const
const signedFrame = {
  requestId: 5,
  firmware: {
    location: 'https://hub.example/f/1',
    retrieveDateTime: '2025-06-01T18:00:00.000Z',
    installDateTime: '2025-06-02T01:00:00.000Z',
    signingCertificate: 'PEM',
    signature: 'c2ln',
  },
}
const log: StationCommand = { name: 'get_log', log: 'security', requestId: 6, url: 'https://hub.example/u/2' }
const logFrame = { logType: 'SecurityLog', requestId: 6, log: { remoteLocation: 'https://hub.example/u/2' } }
const reserve: StationCommand = {
  name: 'reserve',
  reservationId: 3,
  evse: 1,
  token,
  groupToken: { value: 'FLEET', kind: 'central' },
  until: '2025-06-01T13:00:00Z',
}
const reserveFrame = {
  connectorId: 1,
  expiryDate: '2025-06-01T13:00:00.000Z',
  idTag: 'A1B2C3D4',
  parentIdTag: 'FLEET',
  reservationId: 3,
}
const hash = { hashAlgorithm: 'SHA256', issuerNameHash: 'aa', issuerKeyHash: 'bb', serialNumber: '01' } as const
const schedule = {
  status: 'Accepted',
  connectorId: 1,
  scheduleStart: '2025-06-01T12:00:00Z',
  chargingSchedule: {
    duration: 600,
    chargingRateUnit: 'A',
    chargingSchedulePeriod: [
      { startPeriod: 0, limit: 16 },
      { startPeriod: 300, limit: 8.5, numberPhases: 1 },
    ],
  },
}

describe('one request, one answer', () => {
  const cases: Case[] = [
    ['unsigned firmware', update, 'UpdateFirmware', updateFrame, {}, accepted],
    [
      'unsigned firmware with repeats',
      { ...update, retries: 2, retryIntervalSeconds: 60 },
      'UpdateFirmware',
      { ...updateFrame, retries: 2, retryInterval: 60 },
      {},
      accepted,
    ],
    [
      'unsigned firmware refused',
      update,
      'UpdateFirmware',
      updateFrame,
      ['GenericError', 'busy'],
      { kind: 'refused', reason: 'GenericError: busy' },
    ],
    ['signed firmware', signed, 'SignedUpdateFirmware', signedFrame, Accepted, accepted],
    [
      'signed firmware in place of an older update',
      signed,
      'SignedUpdateFirmware',
      signedFrame,
      { status: 'AcceptedCanceled' },
      { kind: 'accepted', result: { canceledOlder: true } },
    ],
    ...(['Rejected', 'InvalidCertificate', 'RevokedCertificate'] as const).map(
      (status): Case => [
        `signed firmware: ${status}`,
        signed,
        'SignedUpdateFirmware',
        signedFrame,
        { status },
        { kind: 'refused', reason: status },
      ],
    ),
    [
      'signed firmware is never installed unsigned',
      signed,
      'SignedUpdateFirmware',
      signedFrame,
      none,
      { kind: 'unsupported', reason: 'NotImplemented' },
    ],
    [
      'signed firmware, no status',
      signed,
      'SignedUpdateFirmware',
      signedFrame,
      {},
      { kind: 'refused', reason: 'the answer holds no status' },
    ],
    [
      'security log',
      { ...log, from: '2025-05-01T00:00:00Z', until: '2025-06-01T00:00:00Z', retries: 1, retryIntervalSeconds: 9 },
      'GetLog',
      {
        ...logFrame,
        log: {
          ...logFrame.log,
          oldestTimestamp: '2025-05-01T00:00:00.000Z',
          latestTimestamp: '2025-06-01T00:00:00.000Z',
        },
        retries: 1,
        retryInterval: 9,
      },
      { status: 'Accepted', filename: 's.log' },
      { kind: 'accepted', result: { file: 's.log' } },
    ],
    [
      'security log without a file name',
      log,
      'GetLog',
      logFrame,
      { status: 'AcceptedCanceled' },
      { kind: 'accepted', result: { canceledOlder: true } },
    ],
    ['security log rejected', log, 'GetLog', logFrame, { status: 'Rejected' }, { kind: 'refused', reason: 'Rejected' }],
    ['security log, no status', log, 'GetLog', logFrame, {}, { kind: 'refused', reason: 'the answer holds no status' }],
    [
      'security log at a station without the extension',
      log,
      'GetLog',
      logFrame,
      none,
      { kind: 'unsupported', reason: 'NotImplemented' },
    ],
    ['reserve', reserve, 'ReserveNow', reserveFrame, Accepted, accepted],
    [
      'reserve any connector',
      { name: 'reserve', reservationId: 3, token, until: '2025-06-01T13:00:00Z' },
      'ReserveNow',
      { connectorId: 0, expiryDate: '2025-06-01T13:00:00.000Z', idTag: 'A1B2C3D4', reservationId: 3 },
      Accepted,
      accepted,
    ],
    ...(['Occupied', 'Faulted', 'Unavailable', 'Rejected'] as const).map(
      (status): Case => [
        `reserve: ${status}`,
        reserve,
        'ReserveNow',
        reserveFrame,
        { status },
        { kind: 'refused', reason: status, result: { status: status.toLowerCase() } },
      ],
    ),
    [
      'reserve, no status',
      reserve,
      'ReserveNow',
      reserveFrame,
      {},
      { kind: 'refused', reason: 'the answer holds no status' },
    ],
    ['reserve, error', reserve, 'ReserveNow', reserveFrame, none, { kind: 'unsupported', reason: 'NotImplemented' }],
    [
      'cancel a reservation',
      { name: 'cancel_reservation', reservationId: 3 },
      'CancelReservation',
      { reservationId: 3 },
      Accepted,
      accepted,
    ],
    [
      'cancel an unknown reservation',
      { name: 'cancel_reservation', reservationId: 3 },
      'CancelReservation',
      { reservationId: 3 },
      { status: 'Rejected' },
      { kind: 'refused', reason: 'Rejected', result: { status: 'rejected' } },
    ],
    [
      'cancel a reservation, no status',
      { name: 'cancel_reservation', reservationId: 3 },
      'CancelReservation',
      { reservationId: 3 },
      {},
      { kind: 'refused', reason: 'the answer holds no status' },
    ],
    [
      'list version',
      { name: 'read_list_version' },
      'GetLocalListVersion',
      {},
      { listVersion: 7 },
      { kind: 'accepted', result: { version: 7 } },
    ],
    [
      'no list at all',
      { name: 'read_list_version' },
      'GetLocalListVersion',
      {},
      { listVersion: -1 },
      { kind: 'unsupported', reason: 'the station keeps no local list' },
    ],
    [
      'list version missing',
      { name: 'read_list_version' },
      'GetLocalListVersion',
      {},
      {},
      { kind: 'refused', reason: 'the answer holds no version' },
    ],
    [
      'clear profiles by number',
      { name: 'clear_profiles', profileId: 9 },
      'ClearChargingProfile',
      { id: 9 },
      Accepted,
      accepted,
    ],
    [
      'clear profiles by purpose',
      { name: 'clear_profiles', evse: 0, purpose: 'station_max', stackLevel: 1 },
      'ClearChargingProfile',
      { connectorId: 0, chargingProfilePurpose: 'ChargePointMaxProfile', stackLevel: 1 },
      { status: 'Unknown' },
      { kind: 'refused', reason: 'Unknown' },
    ],
    [
      'composite schedule',
      { name: 'read_schedule', evse: 1, durationSeconds: 600, unit: 'A' },
      'GetCompositeSchedule',
      { connectorId: 1, duration: 600, chargingRateUnit: 'A' },
      schedule,
      {
        kind: 'accepted',
        result: {
          unit: 'A',
          startAt: '2025-06-01T12:00:00Z',
          durationSeconds: 600,
          periods: [
            { startSeconds: 0, limit: 16 },
            { startSeconds: 300, limit: 8.5, phases: 1 },
          ],
        },
      },
    ],
    [
      'composite schedule with little in it',
      { name: 'read_schedule', durationSeconds: 60, unit: 'W' },
      'GetCompositeSchedule',
      { connectorId: 0, duration: 60, chargingRateUnit: 'W' },
      {
        status: 'Accepted',
        chargingSchedule: { chargingSchedulePeriod: [{ limit: 5 }, { startPeriod: '3', limit: '4' }] },
      },
      { kind: 'accepted', result: { unit: 'W', durationSeconds: 60, periods: [{ startSeconds: 3, limit: 4 }] } },
    ],
    [
      'composite schedule missing',
      { name: 'read_schedule', durationSeconds: 60 },
      'GetCompositeSchedule',
      { connectorId: 0, duration: 60 },
      Accepted,
      { kind: 'refused', reason: 'the answer holds no schedule' },
    ],
    [
      'composite schedule rejected',
      { name: 'read_schedule', durationSeconds: 60 },
      'GetCompositeSchedule',
      { connectorId: 0, duration: 60 },
      { status: 'Rejected' },
      { kind: 'refused', reason: 'Rejected' },
    ],
    [
      "the hub's root",
      { name: 'install_certificate', use: 'central_root', pem: 'PEM' },
      'InstallCertificate',
      { certificateType: 'CentralSystemRootCertificate', certificate: 'PEM' },
      Accepted,
      accepted,
    ],
    [
      "the maker's root",
      { name: 'install_certificate', use: 'manufacturer_root', pem: 'PEM' },
      'InstallCertificate',
      { certificateType: 'ManufacturerRootCertificate', certificate: 'PEM' },
      { status: 'Failed' },
      { kind: 'refused', reason: 'Failed' },
    ],
    [
      'a certificate deleted',
      { name: 'delete_certificate', hash },
      'DeleteCertificate',
      { certificateHashData: hash },
      Accepted,
      accepted,
    ],
    [
      'a certificate that could not be deleted',
      { name: 'delete_certificate', hash },
      'DeleteCertificate',
      { certificateHashData: hash },
      { status: 'Failed' },
      { kind: 'refused', reason: 'Failed' },
    ],
    [
      "the station's certificate",
      { name: 'send_certificate', use: 'station', chain: 'LEAF\nCA' },
      'CertificateSigned',
      { certificateChain: 'LEAF\nCA' },
      Accepted,
      accepted,
    ],
    [
      "the station's certificate refused",
      { name: 'send_certificate', use: 'station', chain: 'LEAF\nCA' },
      'CertificateSigned',
      { certificateChain: 'LEAF\nCA' },
      { status: 'Rejected' },
      { kind: 'refused', reason: 'Rejected' },
    ],
    [
      'vendor data',
      { name: 'data_transfer', vendorId: 'com.example', messageId: 'm', data: 'text' },
      'DataTransfer',
      { vendorId: 'com.example', messageId: 'm', data: 'text' },
      { status: 'Accepted', data: 'back' },
      { kind: 'accepted', result: { data: 'back' } },
    ],
    [
      'vendor data that is no text',
      { name: 'data_transfer', vendorId: 'com.example', data: { a: 1 } },
      'DataTransfer',
      { vendorId: 'com.example', data: '{"a":1}' },
      Accepted,
      { kind: 'accepted', result: {} },
    ],
    ...(
      [
        ['Rejected', 'rejected'],
        ['UnknownMessageId', 'unknown_message_id'],
        ['UnknownVendorId', 'unknown_vendor_id'],
      ] as const
    ).map(
      ([status, word]): Case => [
        `vendor data: ${status}`,
        { name: 'data_transfer', vendorId: 'com.example' },
        'DataTransfer',
        { vendorId: 'com.example' },
        { status, data: 'why' },
        { kind: 'refused', reason: status, result: { status: word, data: 'why' } },
      ],
    ),
    [
      'report: every setting at once',
      { name: 'read_report', base: 'full', requestId: 1 },
      'GetConfiguration',
      {},
      { configurationKey: [{ key: 'A', readonly: true, value: '1' }] },
      { kind: 'accepted', result: { settings: { A: { value: '1', readonly: true } }, unknown: [], empty: true } },
    ],
    [
      'report not implemented',
      { name: 'read_report', requestId: 1 },
      'GetConfiguration',
      {},
      none,
      { kind: 'unsupported', reason: 'NotImplemented' },
    ],
  ]
  test.each(cases)('%s', async (_name, command, action, payload, answer, reply) => {
    const outcome = await run(command, answer)
    expect(outcome.requests).toEqual([[action, payload]])
    expect(outcome.reply).toEqual(reply)
  })
})

describe('several settings, key by key', () => {
  const settings = ['A', 'B', 'C', 'D', 'E', 'F'].map((key) => ({ key, value: `v${key}` }))
  const answer: Record<string, Answer> = {
    A: Accepted,
    B: { status: 'RebootRequired' },
    C: { status: 'Rejected' },
    D: { status: 'NotSupported' },
    E: ['InternalError', ''],
  }

  test('each key has its outcome, and one refusal refuses the whole', async () => {
    const { requests, reply } = await run(
      { name: 'write_settings', settings },
      (_, { key }) => answer[String(key)] ?? {},
    )
    expect(requests).toEqual(settings.map((each) => ['ChangeConfiguration', each]))
    expect(reply).toEqual({
      kind: 'refused',
      reason: 'C: Rejected, D: NotSupported, E: InternalError, F: the answer holds no status',
      result: {
        settings: {
          A: { status: 'accepted' },
          B: { status: 'reboot_required' },
          C: { status: 'rejected', reason: 'Rejected' },
          D: { status: 'not_supported', reason: 'NotSupported' },
          E: { status: 'rejected', reason: 'InternalError' },
          F: { status: 'rejected', reason: 'the answer holds no status' },
        },
        rebootRequired: true,
      },
    })
  })

  test('all taken is accepted', async () => {
    const { reply } = await run({ name: 'write_settings', settings: settings.slice(0, 1) }, Accepted)
    expect(reply).toEqual({ kind: 'accepted', result: { settings: { A: { status: 'accepted' } } } })
  })

  test('a station without settings, and a key that is too long', async () => {
    const without = await run({ name: 'write_settings', settings }, none)
    expect(without.requests).toHaveLength(1)
    expect(without.reply.kind).toBe('unsupported')
    const long = await run({ name: 'write_settings', settings: [...settings, { key: 'k'.repeat(51), value: '' }] })
    expect(long.requests).toEqual([])
    expect(long.reply.kind).toBe('refused')
  })
})

describe('triggers', () => {
  const triggered = (requests: [string, Payload][]) =>
    requests.map(([action, payload]) => `${action} ${String(payload.requestedMessage)}`)

  test.each([
    ['firmware_status', 'FirmwareStatusNotification'],
    ['diagnostics_status', 'DiagnosticsStatusNotification'],
  ] as const)('%s', async (message, requestedMessage) => {
    const { requests, reply } = await run({ name: 'trigger', message, evse: 1 }, Accepted)
    expect(requests).toEqual([['TriggerMessage', { requestedMessage }]])
    expect(reply).toEqual(accepted)
  })

  test.each([
    ['log_status', 'LogStatusNotification'],
    ['sign_station_certificate', 'SignChargePointCertificate'],
  ] as const)('%s', async (message, requestedMessage) => {
    const { requests, reply } = await run({ name: 'trigger', message }, Accepted)
    expect(requests).toEqual([['ExtendedTriggerMessage', { requestedMessage }]])
    expect(reply).toEqual(accepted)
  })

  test.each([
    ['by status', { status: 'NotImplemented' }],
    ['by error', none],
  ])('a station that knows only the extended message, told %s', async (_name, answer) => {
    const { requests, reply } = await run({ name: 'trigger', message: 'meter', evse: 2 }, (action) =>
      action === 'TriggerMessage' ? answer : Accepted,
    )
    expect(requests).toEqual([
      ['TriggerMessage', { requestedMessage: 'MeterValues', connectorId: 2 }],
      ['ExtendedTriggerMessage', { requestedMessage: 'MeterValues', connectorId: 2 }],
    ])
    expect(reply).toEqual(accepted)
  })

  test('logs and diagnostics stand in for each other', async () => {
    const log = await run({ name: 'trigger', message: 'log_status' }, byAction({ TriggerMessage: Accepted }))
    expect(triggered(log.requests)).toEqual([
      'ExtendedTriggerMessage LogStatusNotification',
      'TriggerMessage DiagnosticsStatusNotification',
    ])
    const old = await run(
      { name: 'trigger', message: 'diagnostics_status' },
      byAction({ ExtendedTriggerMessage: Accepted }),
    )
    expect(triggered(old.requests)).toEqual([
      'TriggerMessage DiagnosticsStatusNotification',
      'ExtendedTriggerMessage LogStatusNotification',
    ])
    expect([log.reply, old.reply]).toEqual([accepted, accepted])
  })

  test('M20 refused by both: the first answer is the reason; rejected by one: the other is not tried', async () => {
    const both = await run({ name: 'trigger', message: 'meter' }, { status: 'NotImplemented' })
    expect(both.reply).toEqual({ kind: 'unsupported', reason: 'NotImplemented' })
    expect(both.requests).toHaveLength(2)
    const rejected = await run({ name: 'trigger', message: 'meter' }, { status: 'Rejected' })
    expect(rejected.requests).toHaveLength(1)
    expect(rejected.reply).toEqual({ kind: 'refused', reason: 'Rejected' })
  })

  test.each(['transaction', 'publish_firmware_status', 'sign_v2g20_certificate', 'sign_combined_certificate'] as const)(
    '1.6 cannot trigger %s',
    async (message) => {
      const { requests, reply } = await run({ name: 'trigger', message })
      expect(requests).toEqual([])
      expect(reply).toEqual({ kind: 'unsupported', reason: `OCPP 1.6 does not trigger ${message}` })
    },
  )
})

describe('diagnostics', () => {
  const diagnostics: StationCommand = {
    name: 'get_log',
    log: 'diagnostics',
    requestId: 6,
    url: 'https://hub.example/u/2',
    from: '2025-05-01T00:00:00Z',
    until: '2025-06-01T00:00:00Z',
    retries: 1,
    retryIntervalSeconds: 9,
  }

  test('by the security extension', async () => {
    const { requests, reply } = await run(diagnostics, { status: 'Accepted', filename: 'd.zip' })
    expect(requests).toMatchObject([['GetLog', { logType: 'DiagnosticsLog', requestId: 6 }]])
    expect(reply).toEqual({ kind: 'accepted', result: { file: 'd.zip' } })
  })

  test.each(['NotImplemented', 'NotSupported'])('by GetDiagnostics after %s', async (code) => {
    const { requests, reply } = await run(diagnostics, (action) =>
      action === 'GetLog' ? [code, ''] : { fileName: 'd.zip' },
    )
    expect(requests[1]).toEqual([
      'GetDiagnostics',
      {
        location: 'https://hub.example/u/2',
        startTime: '2025-05-01T00:00:00.000Z',
        stopTime: '2025-06-01T00:00:00.000Z',
        retries: 1,
        retryInterval: 9,
      },
    ])
    expect(reply).toEqual({ kind: 'accepted', result: { file: 'd.zip' } })
  })

  test('a station with nothing to send, and one with neither message', async () => {
    const empty = await run(diagnostics, byAction({ GetDiagnostics: {} }))
    expect(empty.reply).toEqual({ kind: 'accepted', result: { empty: true } })
    expect((await run(diagnostics, none)).reply).toEqual({ kind: 'unsupported', reason: 'NotImplemented' })
  })

  test('another error is no reason to try the older message', async () => {
    const { requests, reply } = await run(diagnostics, ['InternalError', 'disk'])
    expect(requests).toHaveLength(1)
    expect(reply).toEqual({ kind: 'refused', reason: 'InternalError: disk' })
  })
})

describe('local list', () => {
  const entry = (n: number) => ({
    token: { value: `T${n}`, kind: 'local' },
    authorization: { status: 'accepted' as const },
  })
  const full = (n: number, version = 10): StationCommand => ({
    name: 'send_list',
    mode: 'full',
    version,
    entries: Array.from({ length: n }, (_, i) => entry(i)),
  })
  const station = (max: string | null, list: Answer | ((n: number) => Answer) = Accepted) =>
    (() => {
      let sent = 0
      return (action: string): Answer => {
        if (action !== 'GetConfiguration') return typeof list === 'function' ? list(sent++) : list
        if (max === null) return { unknownKey: ['SendLocalListMaxLength'] }
        return { configurationKey: [{ key: 'sendlocallistmaxlength', readonly: true, value: max }] }
      }
    })()
  const lists = (requests: [string, Payload][]) =>
    requests
      .filter(([action]) => action === 'SendLocalList')
      .map(([, { listVersion, updateType, localAuthorizationList: list = [] }]) => [
        updateType,
        listVersion,
        (list as { idTag: string }[]).map(({ idTag }) => idTag).join(),
      ])

  test('what an entry holds; a group that does not fit is left out; a removed token has no verdict', async () => {
    const { requests, reply } = await run(
      {
        name: 'send_list',
        mode: 'differential',
        version: 4,
        entries: [
          {
            token,
            authorization: {
              status: 'blocked',
              validUntil: '2026-01-01T01:00:00+01:00',
              groupToken: { value: 'FLEET', kind: 'central' },
            },
          },
          {
            token: { value: 'b', kind: 'local' },
            authorization: { status: 'expired', groupToken: { value: 'x'.repeat(21), kind: 'central' } },
          },
          { token: { value: 'c', kind: 'local' } },
        ],
      },
      station(null),
      { tagTransform: 'upper' },
    )
    expect(requests).toEqual([
      ['GetConfiguration', { key: ['SendLocalListMaxLength'] }],
      [
        'SendLocalList',
        {
          listVersion: 4,
          updateType: 'Differential',
          localAuthorizationList: [
            {
              idTag: 'A1B2C3D4',
              idTagInfo: { status: 'Blocked', expiryDate: '2026-01-01T00:00:00.000Z', parentIdTag: 'FLEET' },
            },
            { idTag: 'B', idTagInfo: { status: 'Expired' } },
            { idTag: 'C' },
          ],
        },
      ],
    ])
    expect(reply).toEqual({ kind: 'accepted', result: { version: 4, parts: 1 } })
  })

  test('a full list in parts ends at its version', async () => {
    const { requests, reply } = await run(full(5), station('2'))
    expect(lists(requests)).toEqual([
      ['Full', 8, 'T0,T1'],
      ['Differential', 9, 'T2,T3'],
      ['Differential', 10, 'T4'],
    ])
    expect(reply).toEqual({ kind: 'accepted', result: { version: 10, parts: 3 } })
  })

  test('a version too small for its parts begins at 1, and the result says where it ended', async () => {
    const { requests, reply } = await run(full(3, 2), station('1'))
    expect(lists(requests).map(([, version]) => version)).toEqual([1, 2, 3])
    expect(reply).toMatchObject({ result: { version: 3 } })
  })

  test('a differential list in parts begins at its version', async () => {
    const { requests, reply } = await run({ ...full(3), mode: 'differential' } as StationCommand, station('2'))
    expect(lists(requests)).toEqual([
      ['Differential', 10, 'T0,T1'],
      ['Differential', 11, 'T2'],
    ])
    expect(reply).toEqual({ kind: 'accepted', result: { version: 11, parts: 2 } })
  })

  test.each([null, '0', '-1', 'many', '2.5', ''])('a maximum of %s says nothing: one part', async (max) => {
    const { requests } = await run(full(3), station(max))
    expect(lists(requests)).toEqual([['Full', 10, 'T0,T1,T2']])
  })

  test('an empty full list empties the list', async () => {
    const { requests } = await run(full(0), station('2'))
    expect(requests[1]).toEqual(['SendLocalList', { listVersion: 10, updateType: 'Full' }])
  })

  test.each([
    ['Failed', { kind: 'refused', reason: 'Failed', result: { status: 'failed' } }],
    ['VersionMismatch', { kind: 'refused', reason: 'VersionMismatch', result: { status: 'version_mismatch' } }],
    ['NotSupported', { kind: 'unsupported', reason: 'NotSupported' }],
    [undefined, { kind: 'refused', reason: 'the answer holds no status' }],
  ])('%s', async (status, reply) => {
    expect((await run(full(1), station(null, { status }))).reply).toEqual(reply)
  })

  test('a part that fails stops the rest, and the result says which version the station has', async () => {
    const failing = await run(
      full(5),
      station('2', (n) => (n === 1 ? { status: 'Failed' } : Accepted)),
    )
    expect(lists(failing.requests)).toHaveLength(2)
    expect(failing.reply).toEqual({ kind: 'refused', reason: 'Failed', result: { status: 'failed', version: 8 } })
    const broken = await run(
      full(5),
      station('2', (n) => (n === 1 ? ['InternalError', ''] : Accepted)),
    )
    expect(broken.reply).toEqual({ kind: 'refused', reason: 'InternalError', result: { version: 8 } })
  })

  test('the maximum is asked once per boot', async () => {
    const { code, requests, station: socket } = await run(full(1), station('2'))
    await hub.port.deliver(code, full(1))
    expect(requests.map(([action]) => action)).toEqual(['GetConfiguration', 'SendLocalList', 'SendLocalList'])
    await socket.ask('BootNotification', { chargePointVendor: 'V', chargePointModel: 'M' })
    await hub.port.deliver(code, full(1))
    expect(requests.slice(3).map(([action]) => action)).toEqual(['GetConfiguration', 'SendLocalList'])
  })

  test('a station that never answers the question for the maximum still gets its list the next time', async () => {
    const code = `c16-${++count}`
    const silent = await hub.station(code)
    silent.responder = (action) => (action === 'GetConfiguration' ? undefined : Accepted)
    const first = hub.port.deliver(code, full(1))
    await silent.request('GetConfiguration')
    hub.pulse.advance(31_000)
    expect(await first).toEqual({ kind: 'timed_out' })
    expect(await hub.port.deliver(code, full(1))).toMatchObject({ kind: 'accepted' })
  })
})

describe('the plain limit', () => {
  const limits =
    (told: Record<string, string>, set: Answers = Accepted) =>
    (action: string, payload: Payload): Answer => {
      if (action === 'GetConfiguration') {
        return { configurationKey: Object.entries(told).map(([key, value]) => ({ key, value, readonly: true })) }
      }
      return typeof set === 'function' ? set(action, payload) : set
    }
  const profileIn = (requests: [string, Payload][], index = 1) => {
    const [, payload] = requests[index] ?? ['', {}]
    return payload as unknown as { connectorId: number; csChargingProfiles: Record<string, unknown> }
  }

  test('of an EVSE: TxDefault on its connector, highest level, a start that a slow clock has passed', async () => {
    const { requests, reply } = await run(
      { name: 'limit', evse: 2, amps: 16 },
      limits({ ChargingScheduleAllowedChargingRateUnit: 'Current,Power', ChargeProfileMaxStackLevel: '8' }),
    )
    expect(requests).toEqual([
      ['GetConfiguration', { key: ['ChargingScheduleAllowedChargingRateUnit', 'ChargeProfileMaxStackLevel'] }],
      [
        'SetChargingProfile',
        {
          connectorId: 2,
          csChargingProfiles: {
            chargingProfileId: 31_002,
            stackLevel: 8,
            chargingProfilePurpose: 'TxDefaultProfile',
            chargingProfileKind: 'Absolute',
            chargingSchedule: {
              chargingRateUnit: 'A',
              startSchedule: '2025-06-01T11:59:00.000Z',
              chargingSchedulePeriod: [{ startPeriod: 0, limit: 16 }],
            },
          },
        },
      ],
    ])
    expect(reply).toEqual({
      kind: 'accepted',
      result: { purpose: 'default', unit: 'A', limit: 16, stackLevel: 8, profileId: 31_002 },
    })
  })

  test('of the station: ChargePointMax on connector 0; until a moment by validTo and duration; phases', async () => {
    const { requests, reply } = await run(
      { name: 'limit', watts: 7_400.19, phases: 1, until: '2025-06-01T18:00:00Z' },
      limits({}),
    )
    expect(profileIn(requests)).toEqual({
      connectorId: 0,
      csChargingProfiles: {
        chargingProfileId: 30_000,
        stackLevel: 0,
        chargingProfilePurpose: 'ChargePointMaxProfile',
        chargingProfileKind: 'Absolute',
        validTo: '2025-06-01T18:00:00.000Z',
        chargingSchedule: {
          chargingRateUnit: 'W',
          startSchedule: '2025-06-01T11:59:00.000Z',
          duration: 6 * 3600 + 60,
          chargingSchedulePeriod: [{ startPeriod: 0, limit: 7_400.1, numberPhases: 1 }],
        },
      },
    })
    expect(reply).toMatchObject({ kind: 'accepted', result: { purpose: 'station_max', limit: 7_400.1 } })
  })

  test.each([{ status: 'Rejected' }, { status: 'NotSupported' }, ['GenericError', '']] as Answer[])(
    'S9 ChargePointMax refused: TxDefault on connector 0 (%j)',
    async (refusal) => {
      const { requests, reply } = await run(
        { name: 'limit', amps: 10 },
        limits({}, (_, { csChargingProfiles }) =>
          (csChargingProfiles as Payload).chargingProfilePurpose === 'ChargePointMaxProfile' ? refusal : Accepted,
        ),
      )
      expect(profileIn(requests, 2)).toMatchObject({
        connectorId: 0,
        csChargingProfiles: { chargingProfileId: 31_000, chargingProfilePurpose: 'TxDefaultProfile' },
      })
      expect(reply).toMatchObject({ kind: 'accepted', result: { purpose: 'default', profileId: 31_000 } })
    },
  )

  test('refused everywhere', async () => {
    expect((await run({ name: 'limit', amps: 10 }, limits({}, { status: 'Rejected' }))).reply).toEqual({
      kind: 'refused',
      reason: 'Rejected',
    })
    expect((await run({ name: 'limit', amps: 10 }, none)).reply.kind).toBe('unsupported')
    expect((await run({ name: 'limit', evse: 1, amps: 10 }, limits({}, {}))).reply).toEqual({
      kind: 'refused',
      reason: 'the answer holds no status',
    })
  })

  test('S14 converted only where the station takes the other unit alone, and said so', async () => {
    const rate = async (asked: { amps?: number; watts?: number; phases?: 1 | 3 }, unit: string, settings = {}) => {
      const { requests, reply } = await run(
        { name: 'limit', evse: 1, ...asked },
        limits({ ChargingScheduleAllowedChargingRateUnit: unit }),
        settings,
      )
      const sent = profileIn(requests).csChargingProfiles.chargingSchedule as Payload
      const [period] = sent.chargingSchedulePeriod as { limit: number }[]
      return [period?.limit, sent.chargingRateUnit, (reply as { result: Payload }).result.assumed]
    }
    expect(await rate({ amps: 16 }, 'Power')).toEqual([11_040, 'W', '230 V, 3 phases'])
    expect(await rate({ amps: 16, phases: 1 }, 'W')).toEqual([3_680, 'W', '230 V, 1 phase'])
    expect(await rate({ watts: 11_000 }, 'Current')).toEqual([15.9, 'A', '230 V, 3 phases'])
    expect(await rate({ amps: 16, watts: 9_000 }, 'Power')).toEqual([9_000, 'W', undefined])
    expect(await rate({ amps: 16, watts: 9_000 }, 'Current')).toEqual([16, 'A', undefined])
    expect(await rate({ watts: 9_000 }, 'nonsense')).toEqual([9_000, 'W', undefined])
    expect(await rate({ amps: 16 }, 'Current', { limitUnit: 'W' })).toEqual([11_040, 'W', '230 V, 3 phases'])
  })

  test.each([
    [10.1, 10.1],
    [16.3, 16.3],
    [15.99, 15.9],
    [2.3, 2.3],
    [0.05, 0],
    [6, 6],
  ])('X8 %d goes out as %d', async (amps, limit) => {
    const { requests } = await run({ name: 'limit', evse: 1, amps }, limits({}))
    expect(profileIn(requests).csChargingProfiles.chargingSchedule).toMatchObject({
      chargingSchedulePeriod: [{ limit }],
    })
  })

  test('X8 in whole numbers where a parser refuses tenths', async () => {
    const { requests, reply } = await run(
      { name: 'limit', evse: 1, amps: 10.1 },
      limits({}, (_, payload) =>
        JSON.stringify(payload).includes('10.1') ? ['TypeConstraintViolation', ''] : Accepted,
      ),
    )
    expect(requests).toHaveLength(3)
    expect(reply).toMatchObject({ kind: 'accepted', result: { limit: 10 } })
  })

  test('S10 flags of the model: its level, its unit, its purposes; then nothing is asked', async () => {
    const { requests } = await run({ name: 'limit', amps: 10 }, Accepted, {
      maxStack: 0,
      limitUnit: 'A',
      allowedPurposes: ['default', 'transaction'],
    })
    expect(requests).toMatchObject([
      [
        'SetChargingProfile',
        { connectorId: 0, csChargingProfiles: { stackLevel: 0, chargingProfilePurpose: 'TxDefaultProfile' } },
      ],
    ])
    const other = await run({ name: 'limit', evse: 1, amps: 10 }, limits({ ChargeProfileMaxStackLevel: 'x' }), {
      minStack: 2,
    })
    expect(profileIn(other.requests).csChargingProfiles.stackLevel).toBe(2)
    const neither = await run({ name: 'limit', evse: 1, amps: 10 }, {}, { allowedPurposes: ['transaction'] })
    expect(neither.requests).toEqual([])
    expect(neither.reply.kind).toBe('unsupported')
  })

  test('S16 what it depends on is read key by key where the model needs that', async () => {
    const { requests } = await run({ name: 'limit', evse: 1, amps: 10 }, limits({}), { configReadMode: 'by_key' })
    expect(requests.map(([action]) => action)).toEqual(['GetConfiguration', 'GetConfiguration', 'SetChargingProfile'])
  })

  test('a station that does not tell its settings is limited all the same', async () => {
    const { requests, reply } = await run(
      { name: 'limit', evse: 1, amps: 10 },
      byAction({ SetChargingProfile: Accepted }),
    )
    expect(requests).toHaveLength(2)
    expect(reply).toMatchObject({ kind: 'accepted', result: { unit: 'A', limit: 10, stackLevel: 0 } })
  })

  test.each([
    [{ name: 'limit', evse: 1 }, 'amps or watts'],
    [{ name: 'limit', amps: -1 }, 'schedules[0].periods[0].limit'],
    [{ name: 'limit', amps: 6, until: '2025-06-01T12:00:00Z' }, 'until'],
    [{ name: 'limit', amps: 6, until: 'soon' }, 'until'],
  ] as [StationCommand, string][])('%j is refused by its field', async (command, field) => {
    const { requests, reply } = await run(command, noSettings)
    expect(requests.filter(([action]) => action === 'SetChargingProfile')).toEqual([])
    expect(reply).toMatchObject({ kind: 'refused', reason: expect.stringContaining(field) })
  })

  test('removed by the same number; what is not there is no failure', async () => {
    const one = await run({ name: 'unlimit', evse: 2 }, Accepted)
    expect(one.requests).toEqual([['ClearChargingProfile', { id: 31_002 }]])
    expect(one.reply).toEqual({ kind: 'accepted', result: { cleared: true } })
    const all = await run({ name: 'unlimit' }, { status: 'Unknown' })
    expect(all.requests).toEqual([
      ['ClearChargingProfile', { id: 30_000 }],
      ['ClearChargingProfile', { id: 31_000 }],
    ])
    expect(all.reply).toEqual({ kind: 'accepted', result: { cleared: false } })
    expect((await run({ name: 'unlimit' }, {})).reply).toEqual({
      kind: 'refused',
      reason: 'the answer holds no status',
    })
    expect((await run({ name: 'unlimit' }, none)).reply.kind).toBe('unsupported')
  })
})

const weekly: ChargingProfile = {
  profileId: 77,
  stackLevel: 3,
  purpose: 'default',
  kind: 'weekly',
  validFrom: '2025-06-01T00:00:00+02:00',
  validUntil: '2025-12-01T00:00:00Z',
  schedules: [
    {
      unit: 'A',
      startAt: '2025-06-02T00:00:00Z',
      durationSeconds: 86_400,
      minRate: 6.06,
      periods: [
        { startSeconds: 0, limit: 16.25 },
        { startSeconds: 3600, limit: 8, phases: 1 },
      ],
    },
  ],
}
const relative: ChargingProfile = {
  profileId: 5,
  stackLevel: 0,
  purpose: 'transaction',
  kind: 'relative',
  schedules: [{ unit: 'W', periods: [{ startSeconds: 0, limit: 3_000 }] }],
}
const relativeFrame = {
  chargingProfileId: 5,
  stackLevel: 0,
  chargingProfilePurpose: 'TxProfile',
  chargingProfileKind: 'Relative',
  chargingSchedule: { chargingRateUnit: 'W', chargingSchedulePeriod: [{ startPeriod: 0, limit: 3_000 }] },
}

describe('charging profiles', () => {
  test('a recurring default profile', async () => {
    const { requests, reply } = await run({ name: 'set_profile', evse: 1, profile: weekly }, Accepted)
    expect(requests).toEqual([
      [
        'SetChargingProfile',
        {
          connectorId: 1,
          csChargingProfiles: {
            chargingProfileId: 77,
            stackLevel: 3,
            chargingProfilePurpose: 'TxDefaultProfile',
            chargingProfileKind: 'Recurring',
            recurrencyKind: 'Weekly',
            validFrom: '2025-05-31T22:00:00.000Z',
            validTo: '2025-12-01T00:00:00.000Z',
            chargingSchedule: {
              chargingRateUnit: 'A',
              startSchedule: '2025-06-02T00:00:00.000Z',
              duration: 86_400,
              minChargingRate: 6,
              chargingSchedulePeriod: [
                { startPeriod: 0, limit: 16.2 },
                { startPeriod: 3600, limit: 8, numberPhases: 1 },
              ],
            },
          },
        },
      ],
    ])
    expect(reply).toEqual(accepted)
  })

  test("a transaction's relative profile", async () => {
    const command: StationCommand = { name: 'set_profile', evse: 2, transaction: { number: 9 }, profile: relative }
    const { requests } = await run(command, Accepted)
    expect(requests).toEqual([
      ['SetChargingProfile', { connectorId: 2, csChargingProfiles: { ...relativeFrame, transactionId: 9 } }],
    ])
    expect((await run(command, { status: 'Rejected' })).reply).toEqual({ kind: 'refused', reason: 'Rejected' })
    expect((await run(command, { status: 'NotSupported' })).reply).toEqual({
      kind: 'unsupported',
      reason: 'NotSupported',
    })
  })

  const period = (more: object) => ({
    ...weekly,
    schedules: [{ unit: 'A', startAt: '2025-06-02T00:00:00Z', periods: [{ startSeconds: 0, limit: 6, ...more }] }],
  })
  const [only] = weekly.schedules
  const refusals: [field: string, profile: object, more?: object][] = [
    ['schedules:', { ...weekly, schedules: [only, only] }],
    ['schedules:', { ...weekly, schedules: [] }],
    ['purpose', { ...weekly, purpose: 'priority' }],
    ['purpose', { ...weekly, purpose: 'local_generation' }],
    ['purpose', { ...weekly, purpose: 'station_external' }],
    ['kind', { ...weekly, kind: 'dynamic' }],
    ['updateIntervalSeconds', { ...weekly, updateIntervalSeconds: 5 }],
    ['maxOfflineSeconds', { ...weekly, maxOfflineSeconds: 5 }],
    ['validFrom', { ...weekly, validFrom: 'yesterday' }],
    ['validUntil', { ...weekly, validUntil: '' }],
    ['schedules[0].startAt', { ...weekly, schedules: [{ ...only, startAt: 'noon' }] }],
    ['schedules[0].startAt', { ...weekly, kind: 'absolute', schedules: [{ unit: 'A', periods: only?.periods }] }],
    ['schedules[0].startAt', { ...weekly, kind: 'relative' }],
    ['schedules[0].periods:', { ...weekly, schedules: [{ ...only, periods: [] }] }],
    ['schedules[0].periods[0].startSeconds', period({ startSeconds: 10 })],
    ['schedules[0].periods[0].limit', period({ limit: undefined })],
    ['schedules[0].periods[0].limit', period({ limit: Number.NaN })],
    ['schedules[0].periods[0].phaseToUse', period({ phaseToUse: 2 })],
    ['schedules[0].periods[0].dischargeLimit', period({ dischargeLimit: -5 })],
    ['schedules[0].periods[0].setpoint', period({ setpoint: 5 })],
    ['schedules[0].periods[0].operationMode', period({ operationMode: 'Idle' })],
    ['evse', { ...weekly, purpose: 'station_max' }],
    ['evse', relative, { evse: 0, transaction: { number: 1 } }],
    ['transaction', relative],
    ['transaction', relative, { transaction: { ref: 'text' } }],
    ['transaction', weekly, { transaction: { number: 1 } }],
  ]
  test.each(refusals)('%s is named where 1.6 cannot carry it', async (field, profile, more = {}) => {
    const command = { name: 'set_profile', evse: 1, profile, ...more } as StationCommand
    const { requests, reply } = await run(command)
    expect(requests).toEqual([])
    expect(reply).toMatchObject({
      kind: 'refused',
      reason: expect.stringMatching(new RegExp(`^${field.replace(/[[\]]/g, '\\$&')}`)),
    })
  })

  test('flags of the model', async () => {
    const command: StationCommand = { name: 'set_profile', evse: 1, profile: weekly }
    for (const [settings, kind, word] of [
      [{ limitUnit: 'W' }, 'refused', 'unit'],
      [{ maxStack: 2 }, 'refused', 'stackLevel'],
      [{ minStack: 4 }, 'refused', 'stackLevel'],
      [{ allowedPurposes: ['station_max'] }, 'unsupported', 'purpose'],
    ] as const) {
      const { requests, reply } = await run(command, {}, settings)
      expect(requests).toEqual([])
      expect(reply).toMatchObject({ kind, reason: expect.stringContaining(word) })
    }
  })

  test('profiles that 1.6 cannot clear', async () => {
    const { requests, reply } = await run({ name: 'clear_profiles', purpose: 'priority' })
    expect(requests).toEqual([])
    expect(reply).toMatchObject({ kind: 'refused', reason: expect.stringContaining('purpose') })
  })
})

describe('a start with a profile', () => {
  const start: StationCommand = { name: 'start', evse: 1, token, remoteStartId: 1, profile: relative }

  test('carries it; the group is not carried', async () => {
    const { requests, reply } = await run({ ...start, groupToken: { value: 'G', kind: 'central' } }, Accepted)
    expect(requests).toEqual([
      ['RemoteStartTransaction', { idTag: 'A1B2C3D4', connectorId: 1, chargingProfile: relativeFrame }],
    ])
    expect(reply).toEqual(accepted)
  })

  test('S13c starts first and sets the profile after, where the model refuses both in one', async () => {
    const flags = { remoteStartCarriesProfile: false }
    const both = await run(start, Accepted, flags)
    expect(both.requests).toEqual([
      ['RemoteStartTransaction', { idTag: 'A1B2C3D4', connectorId: 1 }],
      ['SetChargingProfile', { connectorId: 1, csChargingProfiles: relativeFrame }],
    ])
    expect(both.reply).toEqual({ kind: 'accepted', result: { profile: 'accepted' } })
    const half = await run(
      start,
      byAction({ RemoteStartTransaction: Accepted, SetChargingProfile: { status: 'Rejected' } }),
      flags,
    )
    expect(half.reply).toEqual({ kind: 'accepted', result: { profile: 'refused: Rejected' } })
    const { evse: _, ...anywhere } = start
    expect((await run(anywhere, Accepted, flags)).reply).toMatchObject({
      kind: 'accepted',
      result: { profile: /not sent/ },
    })
    const refusedStart = await run(start, { status: 'Rejected' }, flags)
    expect(refusedStart.requests).toHaveLength(1)
    expect(refusedStart.reply).toEqual({ kind: 'refused', reason: 'Rejected' })
  })

  test('refused where it is no profile for a start', async () => {
    for (const profile of [weekly, { ...relative, kind: 'dynamic' as const }]) {
      const { requests, reply } = await run({ ...start, profile })
      expect(requests).toEqual([])
      expect(reply.kind).toBe('refused')
    }
  })
})

describe('Plug & Charge in its envelope', () => {
  const vendorId = 'org.openchargealliance.iso15118pnc'
  const enveloped = (requests: [string, Payload][]) =>
    requests.map(([action, { vendorId: vendor, messageId, data }]) => [
      action,
      vendor,
      messageId,
      JSON.parse(String(data)),
    ])
  const holding = (payload: unknown) => ({ status: 'Accepted', data: JSON.stringify(payload) })

  const cases: [string, StationCommand, string, object][] = [
    [
      'V2G root',
      { name: 'install_certificate', use: 'v2g_root', pem: 'PEM' },
      'InstallCertificate',
      { certificateType: 'V2GRootCertificate', certificate: 'PEM' },
    ],
    [
      'mobility root',
      { name: 'install_certificate', use: 'mobility_root', pem: 'PEM' },
      'InstallCertificate',
      { certificateType: 'MORootCertificate', certificate: 'PEM' },
    ],
    [
      'V2G certificate',
      { name: 'send_certificate', use: 'v2g', chain: 'C' },
      'CertificateSigned',
      { certificateChain: 'C', certificateType: 'V2GCertificate' },
    ],
    [
      'trigger',
      { name: 'trigger', message: 'sign_v2g_certificate' },
      'TriggerMessage',
      { requestedMessage: 'SignCertificate' },
    ],
  ]
  test.each(cases)('%s', async (_name, command, messageId, payload) => {
    const taken = await run(command, holding(Accepted))
    expect(enveloped(taken.requests)).toEqual([['DataTransfer', vendorId, messageId, payload]])
    expect(taken.reply).toEqual(accepted)
    expect((await run(command, holding({ status: 'Rejected' }))).reply).toEqual({ kind: 'refused', reason: 'Rejected' })
    expect((await run(command, holding({ status: 'NotImplemented' }))).reply.kind).toBe('unsupported')
    expect((await run(command, holding({}))).reply).toEqual({ kind: 'refused', reason: 'the answer holds no status' })
    expect((await run(command, { status: 'Rejected', data: 'no CPO name' })).reply).toEqual({
      kind: 'refused',
      reason: 'Rejected: no CPO name',
    })
    expect((await run(command, {})).reply).toEqual({ kind: 'refused', reason: 'the answer holds no status' })
    for (const status of ['UnknownVendorId', 'UnknownMessageId']) {
      expect((await run(command, { status })).reply.kind).toBe('unsupported')
    }
    for (const data of [undefined, '', '{', 'null', '[]', '"Accepted"']) {
      expect((await run(command, { status: 'Accepted', data })).reply).toEqual({
        kind: 'refused',
        reason: 'the data of the answer is no JSON object',
      })
    }
    expect((await run(command, none)).reply.kind).toBe('unsupported')
  })

  test('a certificate that the one part does not find is looked for in the other', async () => {
    const notFound = { status: 'NotFound' }
    const command: StationCommand = { name: 'delete_certificate', hash }
    for (const native of [notFound, none]) {
      const { requests, reply } = await run(
        command,
        byAction({ DeleteCertificate: native, DataTransfer: holding(Accepted) }),
      )
      expect(enveloped(requests.slice(1))).toEqual([
        ['DataTransfer', vendorId, 'DeleteCertificate', { certificateHashData: hash }],
      ])
      expect(reply).toEqual(accepted)
    }
    expect((await run(command, byAction({ DeleteCertificate: notFound }))).reply).toEqual({
      kind: 'refused',
      reason: 'NotFound',
    })
    expect((await run(command, none)).reply.kind).toBe('unsupported')
  })

  test('certificates of both parts in one list; what cannot be read is left out', async () => {
    const leaf = { ...hash, serialNumber: '02' }
    const chain = [
      { certificateType: 'V2GRootCertificate', certificateHashData: leaf },
      { certificateType: 'V2GCertificateChain', certificateHashData: leaf, childCertificateHashData: [hash, { x: 1 }] },
      { certificateType: 'Unheard', certificateHashData: leaf },
      { certificateType: 'MORootCertificate', certificateHashData: { ...leaf, hashAlgorithm: 'MD5' } },
      null,
    ]
    const { requests, reply } = await run({ name: 'list_certificates' }, (action, { certificateType }) => {
      if (action === 'DataTransfer') return holding({ status: 'Accepted', certificateHashDataChain: chain })
      return certificateType === 'CentralSystemRootCertificate'
        ? { status: 'Accepted', certificateHashData: [hash, { hashAlgorithm: 'SHA256' }] }
        : { status: 'NotFound' }
    })
    expect(requests.slice(0, 2)).toEqual([
      ['GetInstalledCertificateIds', { certificateType: 'CentralSystemRootCertificate' }],
      ['GetInstalledCertificateIds', { certificateType: 'ManufacturerRootCertificate' }],
    ])
    expect(enveloped(requests.slice(2))).toEqual([
      [
        'DataTransfer',
        vendorId,
        'GetInstalledCertificateIds',
        { certificateType: ['V2GRootCertificate', 'MORootCertificate', 'V2GCertificateChain'] },
      ],
    ])
    expect(reply).toEqual({
      kind: 'accepted',
      result: {
        certificates: [
          { use: 'central_root', hash, children: [] },
          { use: 'v2g_root', hash: leaf, children: [] },
          { use: 'v2g_chain', hash: leaf, children: [hash] },
        ],
      },
    })
  })

  test('a part that the station does not have is named, and is a refusal only when nothing else was asked', async () => {
    const half = await run(
      { name: 'list_certificates' },
      byAction({ GetInstalledCertificateIds: { status: 'NotFound' } }),
    )
    expect(half.reply).toEqual({
      kind: 'accepted',
      result: { certificates: [], unsupported: ['v2g_root', 'mobility_root', 'v2g_chain'] },
    })
    expect((await run({ name: 'list_certificates', uses: ['v2g_root'] }, none)).reply.kind).toBe('unsupported')
    const oem = await run({ name: 'list_certificates', uses: ['oem_root'] })
    expect([oem.requests, oem.reply.kind]).toEqual([[], 'unsupported'])
    const uses = ['mobility_root'] as const
    for (const [answer, reason] of [
      [{}, 'the answer holds no status'],
      [holding({}), 'the answer holds no status'],
      [holding({ status: 'Odd' }), 'Odd'],
    ] as const) {
      expect((await run({ name: 'list_certificates', uses: [...uses] }, answer)).reply).toEqual({
        kind: 'refused',
        reason,
      })
    }
    expect((await run({ name: 'list_certificates', uses: ['central_root'] }, {})).reply).toEqual({
      kind: 'refused',
      reason: 'the answer holds no status',
    })
    expect((await run({ name: 'list_certificates', uses: [...uses] }, holding({ status: 'NotFound' }))).reply).toEqual({
      kind: 'accepted',
      result: { certificates: [] },
    })
  })
})

describe('without a frame', () => {
  const refusals: [string, StationCommand, kind: string, word: string][] = [
    ['half a signature', { ...update, signature: 'x' }, 'refused', 'signingCertificate'],
    ['the other half', { ...update, signingCertificate: 'x' }, 'refused', 'signature'],
    [
      'an installation time without a signature',
      { ...update, installAt: '2025-06-02T01:00:00Z' },
      'refused',
      'installAt',
    ],
    ['an unreadable time', { ...update, retrieveAt: 'tonight' }, 'refused', 'retrieveAt'],
    ['an unreadable installation time', { ...signed, installAt: 'tonight' }, 'refused', 'installAt'],
    ['an unreadable window', { ...log, from: 'Monday' }, 'refused', 'from'],
    ['a data collector', { ...log, log: 'data_collector' }, 'unsupported', 'log'],
    ['an address too long for a log', { ...log, url: `https://x/${'y'.repeat(512)}` }, 'refused', ''],
    ['a connector type', { ...reserve, connectorType: 'cCCS2' }, 'refused', 'connectorType'],
    ['a reservation until never', { ...reserve, until: 'never' }, 'refused', 'until'],
    [
      'a group too long',
      { ...reserve, groupToken: { value: 'x'.repeat(21), kind: 'central' } },
      'refused',
      'groupToken',
    ],
    ['a token too long', { ...reserve, token: { value: 'x'.repeat(21), kind: 'central' } }, 'refused', 'token'],
    ['a report of components', { name: 'read_report', requestId: 1, components: [] }, 'refused', 'components'],
    ['a report by criteria', { name: 'read_report', requestId: 1, criteria: ['problem'] }, 'refused', 'criteria'],
    ['one EVSE reset', { name: 'reset', mode: 'immediate', evse: 1 }, 'unsupported', 'evse'],
    ['an OEM root', { name: 'install_certificate', use: 'oem_root', pem: '' }, 'unsupported', 'use'],
    ['an ISO 15118-20 certificate', { name: 'send_certificate', use: 'v2g20', chain: '' }, 'unsupported', 'use'],
    [
      'a full list with a token to remove',
      { name: 'send_list', mode: 'full', version: 1, entries: [{ token }] },
      'refused',
      'entries[0].authorization',
    ],
    [
      'a list with a long token',
      {
        name: 'send_list',
        mode: 'differential',
        version: 1,
        entries: [{ token: { value: 'x'.repeat(21), kind: '' } }],
      },
      'refused',
      'entries[0].token',
    ],
    [
      'a list with an unreadable time',
      {
        name: 'send_list',
        mode: 'full',
        version: 1,
        entries: [{ token, authorization: { status: 'accepted', validUntil: 'x' } }],
      },
      'refused',
      'entries[0].authorization.validUntil',
    ],
  ]
  test.each(refusals)('%s', async (_name, command, kind, word) => {
    const { requests, reply } = await run(command)
    expect(requests).toEqual([])
    expect(reply).toMatchObject({ kind, reason: expect.stringContaining(word) })
  })

  const profile = { ...weekly }
  const other: StationCommand[] = [
    { name: 'transaction_status' },
    {
      name: 'set_network_profile',
      slot: 1,
      profile: {
        url: 'wss://x',
        interface: 'wired0',
        version: 'ocpp1.6',
        messageTimeoutSeconds: 30,
        securityProfile: 1,
      },
    },
    { name: 'read_profiles', requestId: 1 },
    { name: 'publish_firmware', requestId: 1, url: 'https://x', checksum: 'x' },
    { name: 'unpublish_firmware', checksum: 'x' },
    { name: 'set_monitoring_base', base: 'all' },
    { name: 'set_monitoring_level', severity: 1 },
    { name: 'set_monitors', monitors: [] },
    { name: 'clear_monitors', monitorIds: [] },
    { name: 'read_monitors', requestId: 1 },
    { name: 'customer_information', requestId: 1, report: true, clear: false },
    { name: 'show_message', message: { messageId: 1, priority: 'in_front', format: 'utf8', content: 'hi' } },
    { name: 'clear_message', messageId: 1 },
    { name: 'read_messages', requestId: 1 },
    { name: 'set_default_tariff', tariff: {} },
    { name: 'change_tariff', transaction: { number: 1 }, tariff: {} },
    { name: 'read_tariffs' },
    { name: 'clear_tariffs' },
    { name: 'web_payment_started', evse: 1, timeoutSeconds: 1 },
    { name: 'set_der_control', controlId: 'x', isDefault: true, controlType: 'x', settings: {} },
    { name: 'read_der_controls', requestId: 1 },
    { name: 'clear_der_controls', isDefault: true },
    { name: 'update_schedule', profileId: profile.profileId, limits: {} },
    { name: 'allow_energy_transfer', transaction: { number: 1 }, modes: [] },
    { name: 'afrr_signal', at: '2025-06-01T12:00:00Z', signal: 1 },
    { name: 'priority_charging', transaction: { number: 1 }, activate: true },
    { name: 'battery_swap', requestId: 1, token },
    { name: 'adjust_stream', streamId: 1 },
    { name: 'read_streams' },
  ]
  test.each(other.map((command) => [command.name, command] as const))(
    '1.6 has no %s, in plain words',
    async (_name, command) => {
      const { requests, reply } = await run(command)
      expect(requests).toEqual([])
      expect(reply).toMatchObject({ kind: 'unsupported', reason: expect.stringMatching(/^[a-zA-Z]+ .+ .+/) })
    },
  )
})

coversAll(['ocpp1.6'], 'out', {
  CancelReservation: ['TC_051_CSMS', 'TC_052_CSMS'],
  CertificateSigned: ['TC_074_CSMS'],
  ChangeConfiguration: [],
  ClearChargingProfile: ['TC_067_CSMS'],
  DataTransfer: [],
  DeleteCertificate: ['TC_076_CSMS'],
  ExtendedTriggerMessage: ['TC_074_CSMS'],
  GetCompositeSchedule: ['TC_066_CSMS'],
  GetConfiguration: [],
  GetDiagnostics: ['TC_045_1_CSMS'],
  GetInstalledCertificateIds: [],
  GetLocalListVersion: ['TC_042_1_CSMS'],
  GetLog: ['TC_079_CSMS'],
  InstallCertificate: ['TC_075_1_CSMS', 'TC_075_2_CSMS'],
  RemoteStartTransaction: ['TC_059_CSMS'],
  ReserveNow: ['TC_046_CSMS', 'TC_048_1_CSMS', 'TC_048_2_CSMS', 'TC_048_3_CSMS', 'TC_048_4_CSMS'],
  SendLocalList: ['TC_043_1_CSMS', 'TC_043_3_CSMS', 'TC_043_4_CSMS', 'TC_043_5_CSMS'],
  SetChargingProfile: ['TC_056_CSMS', 'TC_057_CSMS'],
  SignedUpdateFirmware: ['TC_080_CSMS'],
  TriggerMessage: ['TC_054_CSMS', 'TC_055_CSMS'],
  UpdateFirmware: ['TC_044_1_CSMS'],
})
