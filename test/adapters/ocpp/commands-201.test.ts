// Owns the tests of the neutral commands that OCPP 2.0.1 and 2.1 share: request, each answer's meaning, errors, missing fields.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ChargingProfile, CommandName, StationCommand } from '../../../core/plugin/index.ts'
import { coversAll } from '../../conformance/covers.ts'
import { type Answering, runCommand } from './command-bench.ts'
import {
  accepted,
  at,
  firmware,
  forTransaction,
  message,
  monitor,
  networkProfile,
  profile,
  sharedCases,
  token,
  transaction,
  url,
  yes,
} from './command-cases-2x.ts'
import { startHub, type TestHub } from './hub.ts'
import type { Version } from './official-schemas.ts'

let hub: TestHub
beforeAll(async () => {
  hub = await startHub({ pingIntervalSeconds: 0 })
})
afterAll(() => hub.stop())

const run = (version: Version, command: StationCommand, answer?: Answering) => runCommand(hub, version, command, answer)

const triggers: [Extract<StationCommand, { name: 'trigger' }>, object][] = [
  [
    { name: 'trigger', message: 'transaction', evse: 1 },
    { requestedMessage: 'TransactionEvent', evse: { id: 1 } },
  ],
  [{ name: 'trigger', message: 'firmware_status' }, { requestedMessage: 'FirmwareStatusNotification' }],
  [{ name: 'trigger', message: 'log_status' }, { requestedMessage: 'LogStatusNotification' }],
  [{ name: 'trigger', message: 'publish_firmware_status' }, { requestedMessage: 'PublishFirmwareStatusNotification' }],
  [{ name: 'trigger', message: 'sign_station_certificate' }, { requestedMessage: 'SignChargingStationCertificate' }],
  [{ name: 'trigger', message: 'sign_v2g_certificate' }, { requestedMessage: 'SignV2GCertificate' }],
  [{ name: 'trigger', message: 'sign_combined_certificate' }, { requestedMessage: 'SignCombinedCertificate' }],
  [
    { name: 'trigger', message: 'status', evse: 1, connector: 2 },
    { requestedMessage: 'StatusNotification', evse: { id: 1, connectorId: 2 } },
  ],
]

describe.each(['ocpp2.0.1', 'ocpp2.1'] as const)('%s', (version) => {
  test.each(sharedCases)('%s', async (_name, command, action, payload, answer, reply) => {
    const outcome = await run(version, command, answer)
    expect(outcome.requests).toEqual([[action, payload]])
    expect(outcome.reply).toEqual(reply)
  })

  test.each(triggers)('trigger $message', async (command, payload) => {
    const { requests, reply } = await run(version, command, yes)
    expect(requests).toEqual([['TriggerMessage', payload]])
    expect(reply).toEqual(accepted)
  })

  test.each(sharedCases.map(([name, command]) => [name, command] as const))(
    '%s: errors are told, none is a crash',
    async (_name, command) => {
      expect((await run(version, command, ['NotImplemented', ''])).reply).toEqual({
        kind: 'unsupported',
        reason: 'NotImplemented',
      })
      expect((await run(version, command, ['InternalError', 'oh'])).reply).toEqual({
        kind: 'refused',
        reason: 'InternalError: oh',
      })
    },
  )

  test.each(sharedCases.map(([name, command]) => [name, command] as const))(
    '%s: an answer without its fields',
    async (_name, command) => {
      const { reply } = await run(version, command, {})
      const tellsNothing: CommandName[] = ['update_cost', 'transaction_status', 'read_list_version', 'read_settings']
      expect(reply.kind).toBe(tellsNothing.includes(command.name) ? 'accepted' : 'refused')
    },
  )

  test('a setting refused among others is named; all refused is a refusal', async () => {
    const settings = ['A.B', 'C.D', 'E.F', 'G.H', 'I.J'].map((key) => ({ key, value: '1' }))
    const answer = (word: (index: number) => string) => {
      let index = 0
      return (_action: string, { setVariableData }: Record<string, unknown>) => ({
        setVariableResult: (setVariableData as { component: object; variable: object }[]).map((each) => ({
          component: each.component,
          variable: each.variable,
          attributeStatus: word(index++),
        })),
      })
    }
    const some = await run(
      version,
      { name: 'write_settings', settings },
      answer((i) => (i === 4 ? 'Rejected' : 'Accepted')),
    )
    expect(some.requests).toHaveLength(2)
    expect(some.reply).toMatchObject({
      kind: 'accepted',
      result: {
        failed: 1,
        settings: { 'A.B': { status: 'accepted' }, 'I.J': { status: 'rejected', reason: 'Rejected' } },
      },
    })
    const none = await run(
      version,
      { name: 'write_settings', settings },
      answer(() => 'UnknownVariable'),
    )
    expect(none.reply).toMatchObject({ kind: 'refused', reason: 'UnknownVariable' })
  })

  test.each([
    [{ name: 'stop', transaction: { number: 7 } }, 'transaction'],
    [{ name: 'start', token, remoteStartId: 1, profile }, 'profile'],
    [{ name: 'update_cost', transaction, totalCost: '1,5' }, 'totalCost'],
    [{ name: 'update_cost', transaction, totalCost: '1234567890123456.5' }, 'totalCost'],
    [{ name: 'set_profile', profile: forTransaction, evse: 1 }, 'transaction'],
    [{ name: 'set_profile', profile: forTransaction, transaction }, 'evse'],
    [{ name: 'update_firmware', ...firmware, signature: 'c2ln' }, 'signingCertificate'],
    [{ name: 'write_settings', settings: [{ key: 'NoDot', value: '1' }] }, 'NoDot'],
    [{ name: 'publish_firmware', url: `https://x/${'x'.repeat(2000)}`, checksum: 'md5', requestId: 1 }, 'location'],
    [{ name: 'reserve', reservationId: 1, token: { value: 'x'.repeat(300), kind: 'central' }, until: at }, 'idToken'],
    [{ name: 'limit', amps: -1 }, 'amps'],
    [{ name: 'limit' }, 'amps or watts'],
    [{ name: 'limit', amps: 1, watts: 1 }, 'amps or watts'],
    [{ name: 'limit', amps: 1, until: 'soon' }, 'until'],
    [{ name: 'limit', amps: 1, evse: 1_000_000 }, 'evse'],
    [{ name: 'trigger', message: 'diagnostics_status' }, 'diagnostics status'],
  ] as [StationCommand, string][])('%j is refused without a frame, naming the field', async (command, field) => {
    const { requests, reply } = await run(version, command)
    expect(requests).toEqual([])
    expect(['refused', 'unsupported']).toContain(reply.kind)
    expect(reply).toMatchObject({ reason: expect.stringContaining(field) })
  })
})

describe('what only 2.1 can carry is refused by 2.0.1, naming the field', () => {
  const period = { startSeconds: 0, limit: 10 }
  const bent = (more: Partial<ChargingProfile>): StationCommand => ({
    name: 'set_profile',
    evse: 1,
    profile: { ...profile, ...more },
  })
  const inPeriod = (more: object) => bent({ schedules: [{ unit: 'W', periods: [{ ...period, ...more }] }] })
  const only21: [StationCommand, string][] = [
    [{ name: 'trigger', message: 'sign_v2g20_certificate' }, 'sign v2g20'],
    [{ name: 'get_log', log: 'data_collector', url, requestId: 1 }, 'data_collector'],
    [{ name: 'install_certificate', use: 'oem_root', pem: 'x' }, 'oem_root'],
    [{ name: 'list_certificates', uses: ['oem_root'] }, 'oem_root'],
    [{ name: 'send_certificate', use: 'v2g20', chain: 'x' }, 'v2g20'],
    [{ name: 'set_monitors', monitors: [{ ...monitor, kind: 'target_delta' }] }, 'target_delta'],
    [{ name: 'set_monitors', monitors: [{ ...monitor, stream: { values: 1 } }] }, 'stream'],
    [{ name: 'show_message', message: { ...message, state: 'discharging' } }, 'discharging'],
    [{ name: 'show_message', message: { ...message, format: 'qr' } }, 'qr'],
    [{ name: 'read_messages', requestId: 1, state: 'suspended' }, 'suspended'],
    [{ name: 'set_network_profile', slot: 1, profile: { ...networkProfile, version: 'ocpp2.1' } }, 'ocpp2.1'],
    [{ name: 'clear_profiles', purpose: 'priority' }, 'priority'],
    [{ name: 'read_profiles', requestId: 1, purpose: 'local_generation' }, 'local_generation'],
    [bent({ purpose: 'priority' }), 'priority'],
    [bent({ kind: 'dynamic' }), 'dynamic'],
    [bent({ updateIntervalSeconds: 5 }), 'updateIntervalSeconds'],
    [bent({ maxOfflineSeconds: 5 }), 'maxOfflineSeconds'],
    [inPeriod({ dischargeLimit: -5 }), 'dischargeLimit'],
    [inPeriod({ setpoint: 5 }), 'setpoint'],
    [inPeriod({ operationMode: 'Idle' }), 'operationMode'],
    [bent({ schedules: [{ unit: 'W', periods: [{ startSeconds: 0 }] }] }), 'limit'],
    [{ name: 'publish_firmware', url: `https://x/${'x'.repeat(600)}`, checksum: 'md5', requestId: 1 }, 'location'],
    [{ name: 'start', token: { value: 'x'.repeat(37), kind: 'central' }, remoteStartId: 1 }, 'token'],
    [
      { name: 'send_list', mode: 'full', version: 1, entries: [{ token: { value: 'x'.repeat(37), kind: 'central' } }] },
      'entries',
    ],
  ]

  test.each(only21)('%j', async (command, field) => {
    const { requests, reply } = await run('ocpp2.0.1', command)
    expect(requests).toEqual([])
    expect(['refused', 'unsupported']).toContain(reply.kind)
    expect(reply).toMatchObject({ reason: expect.stringContaining(field) })
    const newer = await run('ocpp2.1', command, yes)
    expect(newer.requests.length).toBeGreaterThan(0)
  })

  const names21: StationCommand[] = [
    { name: 'set_default_tariff', tariff: {} },
    { name: 'change_tariff', transaction, tariff: {} },
    { name: 'read_tariffs' },
    { name: 'clear_tariffs' },
    { name: 'web_payment_started', evse: 1, timeoutSeconds: 60 },
    { name: 'set_der_control', controlId: 'c', isDefault: true, controlType: 'FixedVar', settings: {} },
    { name: 'read_der_controls', requestId: 1 },
    { name: 'clear_der_controls', isDefault: true },
    { name: 'update_schedule', profileId: 1, limits: { limit: 1 } },
    { name: 'allow_energy_transfer', transaction, modes: ['DC'] },
    { name: 'afrr_signal', at, signal: 1 },
    { name: 'priority_charging', transaction, activate: true },
    { name: 'battery_swap', token, requestId: 1 },
    { name: 'adjust_stream', streamId: 1 },
    { name: 'read_streams' },
  ]
  test.each(names21)('$name', async (command) => {
    const { requests, reply } = await run('ocpp2.0.1', command)
    expect(requests).toEqual([])
    expect(reply).toMatchObject({
      kind: 'unsupported',
      reason: expect.stringContaining(command.name.replaceAll('_', ' ')),
    })
  })
})

coversAll(['ocpp2.0.1', 'ocpp2.1'], 'out', {
  CancelReservation: ['TC_H_17_CSMS'],
  CertificateSigned: ['TC_A_12_CSMS'],
  ChangeAvailability: ['TC_G_07_CSMS'],
  ClearCache: ['TC_C_37_CSMS'],
  ClearChargingProfile: ['TC_K_05_CSMS'],
  ClearDisplayMessage: ['TC_O_05_CSMS'],
  ClearVariableMonitoring: [],
  CostUpdated: ['TC_I_01_CSMS'],
  CustomerInformation: [],
  DataTransfer: [],
  DeleteCertificate: [],
  GetBaseReport: ['TC_B_13_CSMS'],
  GetChargingProfiles: ['TC_K_29_CSMS'],
  GetCompositeSchedule: ['TC_K_43_CSMS'],
  GetDisplayMessages: ['TC_O_11_CSMS'],
  GetInstalledCertificateIds: ['TC_M_19_CSMS'],
  GetLocalListVersion: ['TC_D_08_CSMS'],
  GetLog: ['TC_N_35_CSMS', 'TC_N_36_CSMS'],
  GetMonitoringReport: ['TC_N_03_CSMS'],
  GetReport: ['TC_B_18_CSMS'],
  GetTransactionStatus: ['TC_E_30_CSMS', 'TC_E_33_CSMS'],
  GetVariables: ['TC_B_06_CSMS'],
  InstallCertificate: ['TC_M_05_CSMS'],
  PublishFirmware: ['TC_L_17_CSMS'],
  RequestStartTransaction: ['TC_K_37_CSMS'],
  RequestStopTransaction: ['TC_E_21_CSMS'],
  ReserveNow: ['TC_H_01_CSMS'],
  Reset: ['TC_B_26_CSMS'],
  SetChargingProfile: ['TC_K_01_CSMS', 'TC_K_19_CSMS'],
  SetDisplayMessage: ['TC_O_18_CSMS'],
  SetMonitoringBase: [],
  SetMonitoringLevel: [],
  SetNetworkProfile: ['TC_B_44_CSMS'],
  SetVariableMonitoring: ['TC_N_09_CSMS'],
  SetVariables: ['TC_B_09_CSMS'],
  TriggerMessage: ['TC_F_13_CSMS', 'TC_F_15_CSMS', 'TC_F_18_CSMS'],
  UnlockConnector: [],
  UnpublishFirmware: ['TC_L_21_CSMS', 'TC_L_22_CSMS'],
  UpdateFirmware: ['TC_L_05_CSMS'],
})

coversAll(['ocpp2.1'], 'out', {
  SendLocalList: [],
})
