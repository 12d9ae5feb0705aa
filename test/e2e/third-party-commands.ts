// Owns what the third party's charger is asked: every command of the API, the messages it is sent as, and the charger's answers.
// Must not run them. One file: it is a table.
import { createRPCError } from 'ocpp-rpc'
import type { CommandName } from '../../core/domain/station-command.ts'
import type { OcppVersion } from '../setup/ocpp-versions.ts'

export type Payload = Record<string, unknown>
/** Body of POST /stations/{id}/commands. */
export type Body = Payload & { name: CommandName }

export interface Row {
  command: Body
  /** Messages that it is sent as, in this order; a message that is repeated stands once. */
  sent: readonly string[]
}

type Answer = Payload | ((asked: Payload) => Payload)

const yes = { status: 'Accepted' }
const no = { status: 'NotFound' }
const hash = { hashAlgorithm: 'SHA256', issuerNameHash: 'aa', issuerKeyHash: 'bb', serialNumber: '01' }
const token = { value: '04A1B2C3', kind: 'iso14443' }
const until = new Date(Date.now() + 3_600_000).toISOString()
const pem = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n'
const url = 'https://files.example/a.bin'
const checksum = '0123456789abcdef0123456789abcdef'
const tariff = { tariffId: 'T-1', currency: 'EUR', energy: { prices: [{ priceKwh: 0.4 }] } }
const profile = {
  profileId: 7,
  stackLevel: 1,
  purpose: 'default',
  kind: 'absolute',
  schedules: [{ unit: 'A', startAt: until, periods: [{ startSeconds: 0, limit: 16, phases: 3 }] }],
}
const ofTransaction = {
  profileId: 8,
  stackLevel: 0,
  purpose: 'transaction',
  kind: 'relative',
  schedules: [{ unit: 'A', periods: [{ startSeconds: 0, limit: 10 }] }],
}

/** One command and its messages in 1.6 and 2.x; null where that version has none for it. */
type Words = readonly [command: Body, v16: readonly string[] | null, v2x: readonly string[] | null]

const words: Words[] = [
  [
    { name: 'start', evse: 1, token: { value: 'REMOTE', kind: 'central' } },
    ['RemoteStartTransaction'],
    ['RequestStartTransaction'],
  ],
  [{ name: 'start', evse: 1, token, profile: ofTransaction }, ['RemoteStartTransaction'], ['RequestStartTransaction']],
  [{ name: 'reset', mode: 'immediate' }, ['Reset'], ['Reset']],
  [{ name: 'reset', mode: 'on_idle' }, ['Reset'], ['Reset']],
  [{ name: 'unlock', evse: 1 }, ['UnlockConnector'], ['UnlockConnector']],
  [{ name: 'availability', operative: false }, ['ChangeAvailability'], ['ChangeAvailability']],
  [{ name: 'availability', evse: 2, operative: true }, ['ChangeAvailability'], ['ChangeAvailability']],
  ...['boot', 'status', 'meter', 'heartbeat'].map(
    (message): Words => [{ name: 'trigger', message, evse: 1 }, ['TriggerMessage'], ['TriggerMessage']],
  ),
  [{ name: 'trigger', message: 'log_status' }, ['ExtendedTriggerMessage'], ['TriggerMessage']],
  [{ name: 'clear_cache' }, ['ClearCache'], ['ClearCache']],
  [{ name: 'data_transfer', vendorId: 'v', messageId: 'm', data: 'text' }, ['DataTransfer'], ['DataTransfer']],
  [{ name: 'transaction_status' }, null, ['GetTransactionStatus']],
  // Settings
  [{ name: 'read_settings' }, ['GetConfiguration'], ['GetVariables']],
  [{ name: 'read_settings', keys: ['OCPPCommCtrlr.HeartbeatInterval'] }, ['GetConfiguration'], ['GetVariables']],
  [
    { name: 'write_setting', key: 'OCPPCommCtrlr.HeartbeatInterval', value: '300' },
    ['ChangeConfiguration'],
    ['SetVariables'],
  ],
  [
    { name: 'write_settings', settings: [{ key: 'OCPPCommCtrlr.HeartbeatInterval', value: '300' }] },
    ['ChangeConfiguration'],
    ['SetVariables'],
  ],
  [{ name: 'read_report', base: 'full' }, ['GetConfiguration'], ['GetBaseReport']],
  [{ name: 'read_report', criteria: ['problem'], components: [{ component: 'EVSE', evse: 1 }] }, null, ['GetReport']],
  [
    {
      name: 'set_network_profile',
      slot: 1,
      profile: {
        url: 'wss://hub.example/ocpp',
        interface: 'wired0',
        version: 'ocpp2.0.1',
        messageTimeoutSeconds: 30,
        securityProfile: 2,
      },
    },
    null,
    ['SetNetworkProfile'],
  ],
  // Lists and reservations. How much a list may hold is asked first, once.
  [{ name: 'read_list_version' }, ['GetLocalListVersion'], ['GetLocalListVersion']],
  [
    {
      name: 'send_list',
      mode: 'full',
      version: 3,
      entries: [{ token, authorization: { status: 'accepted', validUntil: until, groupToken: token } }],
    },
    ['GetConfiguration', 'SendLocalList'],
    ['GetVariables', 'SendLocalList'],
  ],
  [
    {
      name: 'send_list',
      mode: 'differential',
      version: 4,
      entries: [{ token }, { token: { value: '04FF', kind: 'iso14443' }, authorization: { status: 'blocked' } }],
    },
    ['SendLocalList'],
    ['SendLocalList'],
  ],
  [{ name: 'reserve', token, until, evse: 1 }, ['ReserveNow'], ['ReserveNow']],
  [{ name: 'cancel_reservation', reservationId: 4 }, ['CancelReservation'], ['CancelReservation']],
  // Power. What the station can do is asked first, once.
  [
    { name: 'limit', evse: 1, amps: 16, until },
    ['GetConfiguration', 'SetChargingProfile'],
    ['GetVariables', 'SetChargingProfile'],
  ],
  [{ name: 'limit', watts: 11_000, phases: 3 }, ['SetChargingProfile'], ['SetChargingProfile']],
  [{ name: 'unlimit' }, ['ClearChargingProfile'], ['ClearChargingProfile']],
  [{ name: 'set_profile', evse: 1, profile }, ['SetChargingProfile'], ['SetChargingProfile']],
  [{ name: 'clear_profiles', purpose: 'default', evse: 0 }, ['ClearChargingProfile'], ['ClearChargingProfile']],
  [{ name: 'read_profiles', profileIds: [7] }, null, ['GetChargingProfiles']],
  [{ name: 'read_schedule', durationSeconds: 3_600 }, ['GetCompositeSchedule'], ['GetCompositeSchedule']],
  // Firmware and logs
  [{ name: 'update_firmware', url, retrieveAt: until }, ['UpdateFirmware'], ['UpdateFirmware']],
  [
    { name: 'update_firmware', url, retrieveAt: until, signingCertificate: pem, signature: 'c2ln' },
    ['SignedUpdateFirmware'],
    ['UpdateFirmware'],
  ],
  [{ name: 'publish_firmware', url, checksum }, null, ['PublishFirmware']],
  [{ name: 'unpublish_firmware', checksum }, null, ['UnpublishFirmware']],
  [{ name: 'get_log', url, log: 'security' }, ['GetLog'], ['GetLog']],
  [{ name: 'get_log', url, log: 'diagnostics' }, ['GetLog', 'GetDiagnostics'], ['GetLog']],
  // Certificates
  [{ name: 'install_certificate', use: 'central_root', pem }, ['InstallCertificate'], ['InstallCertificate']],
  [{ name: 'delete_certificate', hash }, ['DeleteCertificate'], ['DeleteCertificate']],
  [
    { name: 'list_certificates', uses: ['central_root'] },
    ['GetInstalledCertificateIds'],
    ['GetInstalledCertificateIds'],
  ],
  [{ name: 'send_certificate', use: 'station', chain: pem }, ['CertificateSigned'], ['CertificateSigned']],
  // Monitoring and the display
  [{ name: 'set_monitoring_base', base: 'all' }, null, ['SetMonitoringBase']],
  [{ name: 'set_monitoring_level', severity: 4 }, null, ['SetMonitoringLevel']],
  [
    {
      name: 'set_monitors',
      monitors: [{ target: { component: 'EVSE', variable: 'Power', evse: 1 }, kind: 'delta', value: 10, severity: 5 }],
    },
    null,
    ['SetVariableMonitoring'],
  ],
  [{ name: 'clear_monitors', monitorIds: [1] }, null, ['ClearVariableMonitoring']],
  [{ name: 'read_monitors', criteria: ['delta'] }, null, ['GetMonitoringReport']],
  [{ name: 'customer_information', report: true, clear: false, token }, null, ['CustomerInformation']],
  [
    { name: 'show_message', message: { messageId: 1, priority: 'in_front', format: 'utf8', content: 'Moin' } },
    null,
    ['SetDisplayMessage'],
  ],
  [{ name: 'clear_message', messageId: 1 }, null, ['ClearDisplayMessage']],
  [{ name: 'read_messages', priority: 'in_front' }, null, ['GetDisplayMessages']],
]

const only21: Row[] = [
  { command: { name: 'set_default_tariff', evse: 0, tariff }, sent: ['SetDefaultTariff'] },
  { command: { name: 'read_tariffs', evse: 0 }, sent: ['GetTariffs'] },
  { command: { name: 'clear_tariffs', tariffIds: ['T-1'] }, sent: ['ClearTariffs'] },
  { command: { name: 'web_payment_started', evse: 1, timeoutSeconds: 60 }, sent: ['NotifyWebPaymentStarted'] },
  {
    command: {
      name: 'set_der_control',
      controlId: 'd',
      isDefault: true,
      controlType: 'Gradients',
      settings: { priority: 1, gradient: 1, softGradient: 1 },
    },
    sent: ['SetDERControl'],
  },
  { command: { name: 'read_der_controls', isDefault: true }, sent: ['GetDERControl'] },
  { command: { name: 'clear_der_controls', controlId: 'd', isDefault: true }, sent: ['ClearDERControl'] },
  { command: { name: 'update_schedule', profileId: 7, limits: { limit: 11_000 } }, sent: ['UpdateDynamicSchedule'] },
  { command: { name: 'afrr_signal', at: until, signal: -3 }, sent: ['AFRRSignal'] },
  { command: { name: 'battery_swap', token }, sent: ['RequestBatterySwap'] },
  { command: { name: 'adjust_stream', streamId: 1, intervalSeconds: 5 }, sent: ['AdjustPeriodicEventStream'] },
  { command: { name: 'read_streams' }, sent: ['GetPeriodicEventStream'] },
]

/** What a station is asked that charges nobody. */
export function idleRows(version: OcppVersion): Row[] {
  const shared = words.flatMap(([command, v16, v2x]) => {
    const sent = version === 'ocpp1.6' ? v16 : v2x
    return sent === null ? [] : [{ command, sent }]
  })
  return version === 'ocpp2.1' ? [...shared, ...only21] : shared
}

/** What it is asked about a charging session; the last one ends it. */
export function sessionRows(version: OcppVersion, sessionId: string): Row[] {
  const v16 = version === 'ocpp1.6'
  const limited: Row = {
    command: { name: 'set_profile', sessionId, profile: ofTransaction },
    sent: ['SetChargingProfile'],
  }
  const stopped: Row = {
    command: { name: 'stop', sessionId },
    sent: [v16 ? 'RemoteStopTransaction' : 'RequestStopTransaction'],
  }
  if (v16) return [limited, stopped]
  const message = { messageId: 2, priority: 'normal_cycle', format: 'ascii', content: 'Bye', sessionId }
  const of2x: Row[] = [
    { command: { name: 'transaction_status', sessionId }, sent: ['GetTransactionStatus'] },
    { command: { name: 'update_cost', sessionId, totalMinor: 123 }, sent: ['CostUpdated'] },
    { command: { name: 'show_message', message }, sent: ['SetDisplayMessage'] },
  ]
  const of21: Row[] = [
    { command: { name: 'change_tariff', sessionId, tariff }, sent: ['ChangeTransactionTariff'] },
    {
      command: { name: 'allow_energy_transfer', sessionId, modes: ['DC_BPT'] },
      sent: ['NotifyAllowedEnergyTransfer'],
    },
    { command: { name: 'priority_charging', sessionId, activate: true }, sent: ['UsePriorityCharging'] },
  ]
  return [limited, ...of2x, ...(version === 'ocpp2.1' ? of21 : []), stopped]
}

type Each = Record<string, unknown>[]

/** Answers of the simplest charger, where "Accepted" alone is none. */
const usual: Record<string, Answer> = { UnlockConnector: { status: 'Unlocked' }, GetInstalledCertificateIds: no }
const answers16: Record<string, Answer> = {
  GetConfiguration: ({ key }) => ({
    configurationKey: ((key as string[] | undefined) ?? ['HeartbeatInterval']).map((each) => ({
      key: each,
      readonly: false,
      value: '300',
    })),
  }),
  GetLocalListVersion: { listVersion: 2 },
  // A station that sends its security log by the extension, and its diagnostics as before.
  GetLog: ({ logType }) => {
    if (logType === 'DiagnosticsLog') throw createRPCError('NotImplemented', 'GetDiagnostics does that here')
    return { ...yes, filename: 'security.log' }
  },
  GetDiagnostics: { fileName: 'diagnostics.log' },
  UpdateFirmware: {},
  GetCompositeSchedule: {
    ...yes,
    connectorId: 0,
    scheduleStart: until,
    chargingSchedule: { chargingRateUnit: 'A', chargingSchedulePeriod: [{ startPeriod: 0, limit: 16 }] },
  },
}
const answers2x: Record<string, Answer> = {
  GetVariables: ({ getVariableData }) => ({
    getVariableResult: (getVariableData as Each).map(({ component, variable }) => ({
      component,
      variable,
      attributeStatus: 'Accepted',
      attributeValue: '300',
    })),
  }),
  SetVariables: ({ setVariableData }) => ({
    setVariableResult: (setVariableData as Each).map(({ component, variable }) => ({
      component,
      variable,
      attributeStatus: 'Accepted',
    })),
  }),
  SetVariableMonitoring: ({ setMonitoringData }) => ({
    setMonitoringResult: (setMonitoringData as Each).map(({ component, variable, type, severity }) => ({
      component,
      variable,
      type,
      severity,
      id: 1,
      status: 'Accepted',
    })),
  }),
  ClearVariableMonitoring: ({ id }) => ({
    clearMonitoringResult: (id as number[]).map((each) => ({ id: each, status: 'Accepted' })),
  }),
  GetLocalListVersion: { versionNumber: 2 },
  GetTransactionStatus: { messagesInQueue: false },
  CostUpdated: {},
  UnpublishFirmware: { status: 'Unpublished' },
  GetLog: { ...yes, filename: 'a.log' },
  GetCompositeSchedule: {
    ...yes,
    schedule: {
      evseId: 0,
      duration: 3_600,
      scheduleStart: until,
      chargingRateUnit: 'A',
      chargingSchedulePeriod: [{ startPeriod: 0, limit: 16 }],
    },
  },
  ClearTariffs: ({ tariffIds }) => ({
    clearTariffsResult: (tariffIds as string[]).map((tariffId) => ({ tariffId, status: 'Accepted' })),
  }),
  NotifyWebPaymentStarted: {},
  GetPeriodicEventStream: {},
}

export function answerOf(version: OcppVersion, action: string, asked: Payload): Payload {
  const answer = { ...usual, ...(version === 'ocpp1.6' ? answers16 : answers2x) }[action] ?? yes
  return typeof answer === 'function' ? answer(asked) : answer
}
