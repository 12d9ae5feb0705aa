// Owns the tests of the neutral commands that OCPP 2.0.1 and 2.1 share: request, each answer's meaning, errors, missing fields.
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ChargingProfile, CommandName, StationCommand } from '../../../core/plugin/index.ts'
import { type Answering, type CommandCase, runCommand } from './command-bench.ts'
import { startHub, type TestHub } from './hub.ts'
import type { Version } from './official-schemas.ts'

let hub: TestHub
beforeAll(async () => {
  hub = await startHub({ pingIntervalSeconds: 0 })
})
afterAll(() => hub.stop())

const run = (version: Version, command: StationCommand, answer?: Answering) => runCommand(hub, version, command, answer)

const token = { value: 'A1B2C3D4', kind: 'iso14443' }
const idToken = { idToken: 'A1B2C3D4', type: 'ISO14443' }
const transaction = { ref: 'tx-1' }
const accepted = { kind: 'accepted' }
const yes = { status: 'Accepted' }
const at = '2025-06-01T18:00:00.000Z'
const url = 'https://hub.example/f/1'
const hash = { hashAlgorithm: 'SHA256', issuerNameHash: 'aa', issuerKeyHash: 'bb', serialNumber: '01' } as const
const place = { component: 'EVSE', evse: 1, variable: 'Power' }
const component = { name: 'EVSE', evse: { id: 1 } }
const variable = { name: 'Power' }

const profile: ChargingProfile = {
  profileId: 7,
  stackLevel: 2,
  purpose: 'default',
  kind: 'daily',
  validFrom: at,
  validUntil: at,
  schedules: [
    {
      unit: 'A',
      startAt: at,
      durationSeconds: 3600,
      minRate: 6,
      periods: [
        { startSeconds: 0, limit: 16.19, phases: 3 },
        { startSeconds: 60, limit: 6, phases: 1, phaseToUse: 2 },
      ],
    },
  ],
}
const wireProfile = {
  id: 7,
  stackLevel: 2,
  chargingProfilePurpose: 'TxDefaultProfile',
  chargingProfileKind: 'Recurring',
  recurrencyKind: 'Daily',
  validFrom: at,
  validTo: at,
  chargingSchedule: [
    {
      id: 1,
      chargingRateUnit: 'A',
      startSchedule: at,
      duration: 3600,
      minChargingRate: 6,
      chargingSchedulePeriod: [
        { startPeriod: 0, limit: 16.1, numberPhases: 3 },
        { startPeriod: 60, limit: 6, numberPhases: 1, phaseToUse: 2 },
      ],
    },
  ],
}
const forTransaction: ChargingProfile = {
  profileId: 8,
  stackLevel: 0,
  purpose: 'transaction',
  kind: 'relative',
  schedules: [{ unit: 'W', periods: [{ startSeconds: 0, limit: 11_000 }] }],
}
const wireForTransaction = {
  id: 8,
  stackLevel: 0,
  chargingProfilePurpose: 'TxProfile',
  chargingProfileKind: 'Relative',
  chargingSchedule: [{ id: 1, chargingRateUnit: 'W', chargingSchedulePeriod: [{ startPeriod: 0, limit: 11_000 }] }],
}
const firmware = { url, retrieveAt: at, requestId: 5 }
const message = {
  messageId: 3,
  priority: 'in_front',
  format: 'utf8',
  content: 'Moin',
  language: 'de',
  state: 'charging',
  startAt: at,
  endAt: at,
  transaction,
} as const
const networkProfile = {
  url: 'wss://hub.example/ocpp',
  interface: 'wired0',
  version: 'ocpp1.6',
  messageTimeoutSeconds: 30,
  securityProfile: 2,
} as const
const monitor = { target: place, kind: 'upper_threshold', value: 80.5, severity: 3 } as const
const wireMonitor = { component, variable, type: 'UpperThreshold', value: 80.5, severity: 3 }

const cases: CommandCase[] = [
  [
    'start with group and profile',
    {
      name: 'start',
      evse: 1,
      token,
      remoteStartId: 4,
      groupToken: { value: 'FLEET', kind: 'central' },
      profile: forTransaction,
    },
    'RequestStartTransaction',
    {
      remoteStartId: 4,
      evseId: 1,
      idToken,
      groupIdToken: { idToken: 'FLEET', type: 'Central' },
      chargingProfile: wireForTransaction,
    },
    yes,
    accepted,
  ],
  ['stop', { name: 'stop', transaction }, 'RequestStopTransaction', { transactionId: 'tx-1' }, yes, accepted],
  [
    'status of a transaction',
    { name: 'transaction_status', transaction },
    'GetTransactionStatus',
    { transactionId: 'tx-1' },
    { ongoingIndicator: true, messagesInQueue: false },
    { kind: 'accepted', result: { ongoing: true, messagesInQueue: false } },
  ],
  [
    'messages of any transaction',
    { name: 'transaction_status' },
    'GetTransactionStatus',
    {},
    { messagesInQueue: true },
    { kind: 'accepted', result: { messagesInQueue: true } },
  ],
  [
    'cost so far',
    { name: 'update_cost', transaction, totalCost: '12.345' },
    'CostUpdated',
    { totalCost: 12.345, transactionId: 'tx-1' },
    {},
    accepted,
  ],
  [
    'reset of one EVSE',
    { name: 'reset', mode: 'on_idle', evse: 2 },
    'Reset',
    { type: 'OnIdle', evseId: 2 },
    { status: 'Scheduled' },
    { kind: 'accepted', result: { scheduled: true } },
  ],
  [
    'unlock',
    { name: 'unlock', evse: 1, connector: 2 },
    'UnlockConnector',
    { evseId: 1, connectorId: 2 },
    { status: 'UnknownConnector' },
    { kind: 'refused', reason: 'UnknownConnector' },
  ],
  [
    'close a connector',
    { name: 'availability', evse: 1, connector: 2, operative: false },
    'ChangeAvailability',
    { operationalStatus: 'Inoperative', evse: { id: 1, connectorId: 2 } },
    yes,
    accepted,
  ],
  ['clear cache', { name: 'clear_cache' }, 'ClearCache', {}, yes, accepted],
  [
    'data transfer',
    { name: 'data_transfer', vendorId: 'com.example', messageId: 'm', data: { a: 1 } },
    'DataTransfer',
    { vendorId: 'com.example', messageId: 'm', data: { a: 1 } },
    { status: 'Accepted', data: 'ok' },
    { kind: 'accepted', result: { data: 'ok' } },
  ],
  [
    'data transfer, unknown',
    { name: 'data_transfer', vendorId: 'x' },
    'DataTransfer',
    { vendorId: 'x' },
    { status: 'UnknownVendorId' },
    { kind: 'unsupported', reason: 'UnknownVendorId' },
  ],
  [
    'read settings',
    { name: 'read_settings', keys: ['EVSE@1.Power'] },
    'GetVariables',
    { getVariableData: [{ component, variable }] },
    { getVariableResult: [{ component, variable, attributeStatus: 'Accepted', attributeValue: '22' }] },
    { kind: 'accepted', result: { settings: { 'EVSE@1.Power': { value: '22' } }, unknown: [] } },
  ],
  [
    'write setting',
    { name: 'write_setting', key: 'EVSE@1.Power', value: '11' },
    'SetVariables',
    { setVariableData: [{ component, variable, attributeValue: '11' }] },
    { setVariableResult: [{ component, variable, attributeStatus: 'Accepted' }] },
    accepted,
  ],
  [
    'write settings',
    { name: 'write_settings', settings: [{ key: 'EVSE@1.Power', value: '11' }] },
    'SetVariables',
    { setVariableData: [{ component, variable, attributeValue: '11' }] },
    { setVariableResult: [{ component, variable, attributeStatus: 'RebootRequired' }] },
    { kind: 'accepted', result: { settings: { 'EVSE@1.Power': { status: 'reboot_required' } }, rebootRequired: true } },
  ],
  [
    'base report',
    { name: 'read_report', base: 'full', requestId: 9 },
    'GetBaseReport',
    { requestId: 9, reportBase: 'FullInventory' },
    yes,
    accepted,
  ],
  [
    'base report, empty',
    { name: 'read_report', base: 'summary', requestId: 9 },
    'GetBaseReport',
    { requestId: 9, reportBase: 'SummaryInventory' },
    { status: 'EmptyResultSet' },
    { kind: 'accepted', result: { empty: true } },
  ],
  [
    'base report, unknown',
    { name: 'read_report', base: 'configuration', requestId: 9 },
    'GetBaseReport',
    { requestId: 9, reportBase: 'ConfigurationInventory' },
    { status: 'NotSupported' },
    { kind: 'unsupported', reason: 'NotSupported' },
  ],
  [
    'report of a component',
    {
      name: 'read_report',
      requestId: 9,
      criteria: ['problem', 'active'],
      components: [
        place,
        { component: 'X', componentInstance: 'i', evse: 1, connector: 2, variable: 'V', variableInstance: 'j' },
        { component: 'Y' },
      ],
    },
    'GetReport',
    {
      requestId: 9,
      componentCriteria: ['Problem', 'Active'],
      componentVariable: [
        { component, variable },
        {
          component: { name: 'X', instance: 'i', evse: { id: 1, connectorId: 2 } },
          variable: { name: 'V', instance: 'j' },
        },
        { component: { name: 'Y' } },
      ],
    },
    yes,
    accepted,
  ],
  [
    'whole report',
    { name: 'read_report', requestId: 9 },
    'GetReport',
    { requestId: 9 },
    { status: 'EmptyResultSet' },
    { kind: 'accepted', result: { empty: true } },
  ],
  [
    'network profile',
    {
      name: 'set_network_profile',
      slot: 1,
      profile: {
        ...networkProfile,
        apn: { apn: 'iot', apnAuthentication: 'NONE' },
        vpn: { server: 's', user: 'u', password: 'p', key: 'k', type: 'IKEv2' },
      },
    },
    'SetNetworkProfile',
    {
      configurationSlot: 1,
      connectionData: {
        ocppVersion: 'OCPP16',
        ocppTransport: 'JSON',
        ocppCsmsUrl: 'wss://hub.example/ocpp',
        ocppInterface: 'Wired0',
        messageTimeout: 30,
        securityProfile: 2,
        apn: { apn: 'iot', apnAuthentication: 'NONE' },
        vpn: { server: 's', user: 'u', password: 'p', key: 'k', type: 'IKEv2' },
      },
    },
    { status: 'Failed' },
    { kind: 'refused', reason: 'Failed' },
  ],
  [
    'list version',
    { name: 'read_list_version' },
    'GetLocalListVersion',
    {},
    { versionNumber: 12 },
    { kind: 'accepted', result: { version: 12 } },
  ],
  [
    'reserve',
    { name: 'reserve', reservationId: 3, evse: 1, connectorType: 'cType2', token, groupToken: token, until: at },
    'ReserveNow',
    { id: 3, expiryDateTime: at, evseId: 1, connectorType: 'cType2', idToken, groupIdToken: idToken },
    yes,
    accepted,
  ],
  [
    'reserve, occupied',
    { name: 'reserve', reservationId: 3, token, until: at },
    'ReserveNow',
    { id: 3, expiryDateTime: at, idToken },
    { status: 'Occupied' },
    { kind: 'refused', reason: 'Occupied' },
  ],
  [
    'cancel reservation',
    { name: 'cancel_reservation', reservationId: 3 },
    'CancelReservation',
    { reservationId: 3 },
    yes,
    accepted,
  ],
  [
    'set profile',
    { name: 'set_profile', evse: 1, profile },
    'SetChargingProfile',
    { evseId: 1, chargingProfile: wireProfile },
    yes,
    accepted,
  ],
  [
    'set profile of a transaction',
    { name: 'set_profile', evse: 1, transaction, profile: forTransaction },
    'SetChargingProfile',
    { evseId: 1, chargingProfile: { ...wireForTransaction, transactionId: 'tx-1' } },
    { status: 'Rejected', statusInfo: { reasonCode: 'TxNotFound' } },
    { kind: 'refused', reason: 'Rejected: TxNotFound' },
  ],
  [
    'clear one profile',
    { name: 'clear_profiles', profileId: 7 },
    'ClearChargingProfile',
    { chargingProfileId: 7 },
    yes,
    accepted,
  ],
  [
    'clear profiles',
    { name: 'clear_profiles', evse: 1, purpose: 'transaction', stackLevel: 0 },
    'ClearChargingProfile',
    { chargingProfileCriteria: { evseId: 1, chargingProfilePurpose: 'TxProfile', stackLevel: 0 } },
    { status: 'Unknown' },
    { kind: 'refused', reason: 'Unknown' },
  ],
  [
    'clear all profiles',
    { name: 'clear_profiles' },
    'ClearChargingProfile',
    { chargingProfileCriteria: {} },
    yes,
    accepted,
  ],
  [
    'read profiles',
    { name: 'read_profiles', requestId: 2, evse: 0, purpose: 'station_external', stackLevel: 1, profileIds: [1, 2] },
    'GetChargingProfiles',
    {
      requestId: 2,
      evseId: 0,
      chargingProfile: {
        chargingProfilePurpose: 'ChargingStationExternalConstraints',
        stackLevel: 1,
        chargingProfileId: [1, 2],
      },
    },
    yes,
    accepted,
  ],
  [
    'read profiles, none',
    { name: 'read_profiles', requestId: 2 },
    'GetChargingProfiles',
    { requestId: 2, chargingProfile: {} },
    { status: 'NoProfiles' },
    { kind: 'accepted', result: { empty: true } },
  ],
  [
    'read schedule',
    { name: 'read_schedule', evse: 1, durationSeconds: 600, unit: 'A' },
    'GetCompositeSchedule',
    { evseId: 1, duration: 600, chargingRateUnit: 'A' },
    {
      status: 'Accepted',
      schedule: {
        evseId: 1,
        duration: 600,
        scheduleStart: at,
        chargingRateUnit: 'A',
        chargingSchedulePeriod: [{ startPeriod: 0, limit: 16, numberPhases: 3 }],
      },
    },
    {
      kind: 'accepted',
      result: { unit: 'A', startAt: at, durationSeconds: 600, periods: [{ startSeconds: 0, limit: 16, phases: 3 }] },
    },
  ],
  [
    'update firmware, signed',
    {
      name: 'update_firmware',
      ...firmware,
      installAt: at,
      signingCertificate: 'PEM',
      signature: 'c2ln',
      retries: 3,
      retryIntervalSeconds: 60,
    },
    'UpdateFirmware',
    {
      requestId: 5,
      retries: 3,
      retryInterval: 60,
      firmware: {
        location: url,
        retrieveDateTime: at,
        installDateTime: at,
        signingCertificate: 'PEM',
        signature: 'c2ln',
      },
    },
    { status: 'AcceptedCanceled' },
    { kind: 'accepted', result: { canceledPrevious: true } },
  ],
  [
    'update firmware',
    { name: 'update_firmware', ...firmware },
    'UpdateFirmware',
    { requestId: 5, firmware: { location: url, retrieveDateTime: at } },
    { status: 'InvalidCertificate' },
    { kind: 'refused', reason: 'InvalidCertificate' },
  ],
  [
    'publish firmware',
    { name: 'publish_firmware', url, checksum: 'md5', requestId: 5, retries: 1 },
    'PublishFirmware',
    { location: url, checksum: 'md5', requestId: 5, retries: 1 },
    yes,
    accepted,
  ],
  [
    'unpublish firmware',
    { name: 'unpublish_firmware', checksum: 'md5' },
    'UnpublishFirmware',
    { checksum: 'md5' },
    { status: 'Unpublished' },
    accepted,
  ],
  [
    'unpublish firmware, none',
    { name: 'unpublish_firmware', checksum: 'md5' },
    'UnpublishFirmware',
    { checksum: 'md5' },
    { status: 'NoFirmware' },
    { kind: 'refused', reason: 'NoFirmware' },
  ],
  [
    'log',
    { name: 'get_log', log: 'security', url, from: at, until: at, requestId: 6, retryIntervalSeconds: 5 },
    'GetLog',
    {
      requestId: 6,
      logType: 'SecurityLog',
      retryInterval: 5,
      log: { remoteLocation: url, oldestTimestamp: at, latestTimestamp: at },
    },
    { status: 'Accepted', filename: 'log.zip' },
    { kind: 'accepted', result: { file: 'log.zip' } },
  ],
  [
    'log instead of another',
    { name: 'get_log', log: 'diagnostics', url, requestId: 6 },
    'GetLog',
    { requestId: 6, logType: 'DiagnosticsLog', log: { remoteLocation: url } },
    { status: 'AcceptedCanceled' },
    { kind: 'accepted', result: { canceledPrevious: true } },
  ],
  [
    'install certificate',
    { name: 'install_certificate', use: 'central_root', pem: 'PEM' },
    'InstallCertificate',
    { certificateType: 'CSMSRootCertificate', certificate: 'PEM' },
    { status: 'Failed' },
    { kind: 'refused', reason: 'Failed' },
  ],
  [
    'delete certificate',
    { name: 'delete_certificate', hash },
    'DeleteCertificate',
    { certificateHashData: hash },
    { status: 'NotFound' },
    { kind: 'refused', reason: 'NotFound' },
  ],
  [
    'list certificates',
    { name: 'list_certificates', uses: ['v2g_root', 'v2g_chain', 'mobility_root', 'manufacturer_root'] },
    'GetInstalledCertificateIds',
    {
      certificateType: [
        'V2GRootCertificate',
        'V2GCertificateChain',
        'MORootCertificate',
        'ManufacturerRootCertificate',
      ],
    },
    {
      status: 'Accepted',
      certificateHashDataChain: [
        { certificateType: 'V2GCertificateChain', certificateHashData: hash, childCertificateHashData: [hash] },
        { certificateType: 'CSMSRootCertificate', certificateHashData: hash },
      ],
    },
    {
      kind: 'accepted',
      result: {
        certificates: [
          { use: 'v2g_chain', hash, children: [hash] },
          { use: 'central_root', hash, children: [] },
        ],
      },
    },
  ],
  [
    'list certificates, none',
    { name: 'list_certificates' },
    'GetInstalledCertificateIds',
    {},
    { status: 'NotFound' },
    { kind: 'accepted', result: { certificates: [] } },
  ],
  [
    'send certificate',
    { name: 'send_certificate', use: 'v2g', chain: 'PEM' },
    'CertificateSigned',
    { certificateChain: 'PEM', certificateType: 'V2GCertificate' },
    yes,
    accepted,
  ],
  [
    'monitoring base',
    { name: 'set_monitoring_base', base: 'hard_wired_only' },
    'SetMonitoringBase',
    { monitoringBase: 'HardWiredOnly' },
    { status: 'NotSupported' },
    { kind: 'unsupported', reason: 'NotSupported' },
  ],
  [
    'monitoring level',
    { name: 'set_monitoring_level', severity: 4 },
    'SetMonitoringLevel',
    { severity: 4 },
    yes,
    accepted,
  ],
  [
    'set monitors, one refused',
    {
      name: 'set_monitors',
      monitors: [
        { ...monitor, transactionOnly: true },
        { ...monitor, monitorId: 5 },
      ],
    },
    'SetVariableMonitoring',
    {
      setMonitoringData: [
        { ...wireMonitor, transaction: true },
        { ...wireMonitor, id: 5 },
      ],
    },
    {
      setMonitoringResult: [
        { id: 11, status: 'Accepted', type: 'UpperThreshold', severity: 3, component, variable },
        { status: 'Duplicate', type: 'UpperThreshold', severity: 3, component, variable },
      ],
    },
    {
      kind: 'accepted',
      result: {
        failed: 1,
        monitors: [
          { target: 'EVSE@1.Power', kind: 'upper_threshold', severity: 3, status: 'accepted', monitorId: 11 },
          { target: 'EVSE@1.Power', kind: 'upper_threshold', severity: 3, status: 'duplicate', reason: 'Duplicate' },
        ],
      },
    },
  ],
  [
    'clear monitors',
    { name: 'clear_monitors', monitorIds: [1, 2] },
    'ClearVariableMonitoring',
    { id: [1, 2] },
    {
      clearMonitoringResult: [
        { id: 1, status: 'NotFound' },
        { id: 2, status: 'NotFound' },
      ],
    },
    {
      kind: 'refused',
      reason: 'NotFound',
      result: {
        monitors: [
          { monitorId: 1, status: 'not_found' },
          { monitorId: 2, status: 'not_found' },
        ],
      },
    },
  ],
  [
    'read monitors',
    { name: 'read_monitors', requestId: 1, criteria: ['delta'], components: [place] },
    'GetMonitoringReport',
    { requestId: 1, monitoringCriteria: ['DeltaMonitoring'], componentVariable: [{ component, variable }] },
    { status: 'EmptyResultSet' },
    { kind: 'accepted', result: { empty: true } },
  ],
  [
    'customer information',
    { name: 'customer_information', requestId: 1, report: true, clear: false, customer: 'C', token, certificate: hash },
    'CustomerInformation',
    { requestId: 1, report: true, clear: false, customerIdentifier: 'C', idToken, customerCertificate: hash },
    { status: 'Invalid' },
    { kind: 'refused', reason: 'Invalid' },
  ],
  [
    'show message',
    { name: 'show_message', message },
    'SetDisplayMessage',
    {
      message: {
        id: 3,
        priority: 'InFront',
        state: 'Charging',
        startDateTime: at,
        endDateTime: at,
        transactionId: 'tx-1',
        message: { format: 'UTF8', language: 'de', content: 'Moin' },
      },
    },
    { status: 'NotSupportedState' },
    { kind: 'unsupported', reason: 'NotSupportedState' },
  ],
  [
    'clear message',
    { name: 'clear_message', messageId: 3 },
    'ClearDisplayMessage',
    { id: 3 },
    { status: 'Unknown' },
    { kind: 'refused', reason: 'Unknown' },
  ],
  [
    'read messages',
    { name: 'read_messages', requestId: 2, messageIds: [3], priority: 'always_front', state: 'idle' },
    'GetDisplayMessages',
    { requestId: 2, id: [3], priority: 'AlwaysFront', state: 'Idle' },
    { status: 'Unknown' },
    { kind: 'accepted', result: { empty: true } },
  ],
]

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
  test.each(cases)('%s', async (_name, command, action, payload, answer, reply) => {
    const outcome = await run(version, command, answer)
    expect(outcome.requests).toEqual([[action, payload]])
    expect(outcome.reply).toEqual(reply)
  })

  test.each(triggers)('trigger $message', async (command, payload) => {
    const { requests, reply } = await run(version, command, yes)
    expect(requests).toEqual([['TriggerMessage', payload]])
    expect(reply).toEqual(accepted)
  })

  test.each(cases.map(([name, command]) => [name, command] as const))(
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

  test.each(cases.map(([name, command]) => [name, command] as const))(
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

/** A station with these settings; the other requests are answered as told. */
const having =
  (
    settings: Record<string, string>,
    others: (action: string, payload: Record<string, unknown>) => object = () => yes,
  ): Answering =>
  (action, payload) => {
    if (action !== 'GetVariables') return others(action, payload)
    const asked = payload.getVariableData as { component: { name: string }; variable: { name: string } }[]
    return {
      getVariableResult: asked.map((each) => {
        const value = settings[`${each.component.name}.${each.variable.name}`]
        return value === undefined
          ? { ...each, attributeStatus: 'UnknownVariable' }
          : { ...each, attributeStatus: 'Accepted', attributeValue: value }
      }),
    }
  }

describe('limit', () => {
  const unit = { getVariableData: [{ component: { name: 'SmartChargingCtrlr' }, variable: { name: 'RateUnit' } }] }
  const wire = (
    id: number,
    purpose: string,
    chargingRateUnit: string,
    limit: number,
    more: object = {},
    validTo?: string,
  ) => ({
    id,
    stackLevel: 0,
    chargingProfilePurpose: purpose,
    chargingProfileKind: 'Absolute',
    ...(validTo === undefined ? {} : { validTo }),
    chargingSchedule: [
      {
        id: 1,
        chargingRateUnit,
        startSchedule: '2020-01-01T00:00:00Z',
        chargingSchedulePeriod: [{ startPeriod: 0, limit, ...more }],
      },
    ],
  })

  test('an EVSE until a time, rounded down (X8), its unit read once', async () => {
    const command: StationCommand = {
      name: 'limit',
      evse: 2,
      amps: 16.19,
      phases: 3,
      until: '2025-06-01T20:00:00+02:00',
    }
    const { requests, reply, code } = await run('ocpp2.0.1', command, having({ 'SmartChargingCtrlr.RateUnit': 'A, W' }))
    expect(requests).toEqual([
      ['GetVariables', unit],
      [
        'SetChargingProfile',
        { evseId: 2, chargingProfile: wire(1_000_022, 'TxDefaultProfile', 'A', 16.1, { numberPhases: 3 }, at) },
      ],
    ])
    expect(reply).toEqual({
      kind: 'accepted',
      result: { profileId: 1_000_022, purpose: 'default', unit: 'A', limit: 16.1 },
    })
    await hub.port.deliver(code, command)
    expect(requests.map(([action]) => action)).toEqual(['GetVariables', 'SetChargingProfile', 'SetChargingProfile'])
  })

  test('the unit is asked for again after a boot', async () => {
    const { requests, code, station } = await run('ocpp2.1', { name: 'limit', evse: 1, amps: 6 }, having({}))
    await station.ask('BootNotification', { reason: 'PowerUp', chargingStation: { vendorName: 'V', model: 'M' } })
    await hub.port.deliver(code, { name: 'limit', evse: 1, amps: 6 })
    expect(requests.filter(([action]) => action === 'GetVariables')).toHaveLength(2)
  })

  test('S14 only watts or only amps: converted by the phases that were stated', async () => {
    const watts = await run(
      'ocpp2.0.1',
      { name: 'limit', evse: 1, amps: 16, phases: 3 },
      having({ 'SmartChargingCtrlr.RateUnit': 'W' }),
    )
    expect(watts.reply).toMatchObject({ result: { unit: 'W', limit: 11_040 } })
    const amps = await run(
      'ocpp2.0.1',
      { name: 'limit', evse: 1, watts: 11_000, phases: 3 },
      having({ 'SmartChargingCtrlr.RateUnit': 'A' }),
    )
    expect(amps.reply).toMatchObject({ result: { unit: 'A', limit: 15.9 } })
    const unclear = await run(
      'ocpp2.0.1',
      { name: 'limit', evse: 1, amps: 16 },
      having({ 'SmartChargingCtrlr.RateUnit': 'W' }),
    )
    expect(unclear.reply).toMatchObject({ kind: 'refused', reason: expect.stringContaining('phases') })
    expect(unclear.requests).toHaveLength(1)
  })

  test('a station that tells no unit gets what was asked for', async () => {
    const { reply } = await run('ocpp2.0.1', { name: 'limit', evse: 1, watts: 4000 }, (action) =>
      action === 'GetVariables' ? ['NotSupported', ''] : yes,
    )
    expect(reply).toMatchObject({ kind: 'accepted', result: { unit: 'W', limit: 4000 } })
  })

  test('the whole station, and S9 where it takes no profile for itself', async () => {
    const whole = await run('ocpp2.0.1', { name: 'limit', amps: 32 }, having({}))
    expect(whole.requests[1]).toEqual([
      'SetChargingProfile',
      { evseId: 0, chargingProfile: wire(1_000_001, 'ChargingStationMaxProfile', 'A', 32) },
    ])
    const purposes: unknown[] = []
    const fallback = await run(
      'ocpp2.1',
      { name: 'limit', amps: 32 },
      having({}, (_action, { chargingProfile }) => {
        const purpose = (chargingProfile as { chargingProfilePurpose: string }).chargingProfilePurpose
        purposes.push(purpose)
        return { status: purpose === 'TxDefaultProfile' ? 'Accepted' : 'Rejected' }
      }),
    )
    expect(purposes).toEqual(['ChargingStationMaxProfile', 'TxDefaultProfile'])
    expect(fallback.reply).toMatchObject({ kind: 'accepted', result: { profileId: 1_000_002, purpose: 'default' } })
    const neither = await run(
      'ocpp2.0.1',
      { name: 'limit', amps: 32 },
      having({}, () => ({ status: 'Rejected' })),
    )
    expect(neither.reply).toEqual({ kind: 'refused', reason: 'Rejected' })
  })

  test('unlimit takes away what limit set, and is content where there is nothing', async () => {
    const one = await run('ocpp2.0.1', { name: 'unlimit', evse: 2 }, yes)
    expect(one.requests).toEqual([['ClearChargingProfile', { chargingProfileId: 1_000_022 }]])
    expect(one.reply).toEqual({ kind: 'accepted', result: { cleared: 1 } })
    const whole = await run('ocpp2.1', { name: 'unlimit' }, { status: 'Unknown' })
    expect(whole.requests.map(([, payload]) => payload)).toEqual([
      { chargingProfileId: 1_000_001 },
      { chargingProfileId: 1_000_002 },
    ])
    expect(whole.reply).toEqual({ kind: 'accepted', result: { cleared: 0 } })
    expect((await run('ocpp2.1', { name: 'unlimit', evse: 1 }, {})).reply.kind).toBe('refused')
  })

  test('what goes out is never more than what was allowed, and has one decimal at most', async () => {
    const { code, requests } = await run('ocpp2.1', { name: 'limit', evse: 1, amps: 0 }, having({}))
    await fc.assert(
      fc.asyncProperty(fc.double({ min: 0, max: 1_000, noNaN: true }), async (amps) => {
        await hub.port.deliver(code, { name: 'limit', evse: 1, amps })
        const { chargingProfile } = (requests.at(-1) ?? [])[1] as {
          chargingProfile: { chargingSchedule: { chargingSchedulePeriod: { limit: number }[] }[] }
        }
        const sent = chargingProfile.chargingSchedule[0]?.chargingSchedulePeriod[0]?.limit ?? Number.NaN
        expect(sent).toBeLessThanOrEqual(amps)
        expect(sent).toBeGreaterThan(amps - 0.1001)
        expect(String(sent)).toMatch(/^\d+(\.\d)?$/)
      }),
      { numRuns: 100, seed: 20250601 },
    )
  })
})

describe('send_list', () => {
  const entry = (i: number) => ({
    token: { value: `TAG${i}`, kind: 'central' },
    authorization: { status: 'accepted' as const },
  })
  const entries = Array.from({ length: 5 }, (_, i) => entry(i))
  const sent = (requests: [string, Record<string, unknown>][]) =>
    requests
      .filter(([action]) => action === 'SendLocalList')
      .map(([, { updateType, versionNumber, localAuthorizationList }]) => [
        updateType,
        versionNumber,
        (localAuthorizationList as unknown[] | undefined)?.length ?? 0,
      ])

  test('whole, with groups, times and removals', async () => {
    const { requests, reply } = await run(
      'ocpp2.0.1',
      {
        name: 'send_list',
        mode: 'differential',
        version: 8,
        entries: [
          { token, authorization: { status: 'blocked', validUntil: at, groupToken: { value: 'G', kind: 'central' } } },
          { token: { value: 'OLD', kind: 'key_code' } },
        ],
      },
      having({}),
    )
    expect(requests.at(-1)).toEqual([
      'SendLocalList',
      {
        versionNumber: 8,
        updateType: 'Differential',
        localAuthorizationList: [
          {
            idToken,
            idTokenInfo: {
              status: 'Blocked',
              cacheExpiryDateTime: at,
              groupIdToken: { idToken: 'G', type: 'Central' },
            },
          },
          { idToken: { idToken: 'OLD', type: 'KeyCode' } },
        ],
      },
    ])
    expect(reply).toEqual({ kind: 'accepted', result: { version: 8, parts: 1 } })
  })

  test('an empty full list empties it', async () => {
    const { requests } = await run('ocpp2.1', { name: 'send_list', mode: 'full', version: 1, entries: [] }, having({}))
    expect(requests.at(-1)).toEqual(['SendLocalList', { versionNumber: 1, updateType: 'Full' }])
  })

  test('D01.FR.19 in parts: full first, then differential, the version reached with the last', async () => {
    const command: StationCommand = { name: 'send_list', mode: 'full', version: 10, entries }
    const items = await run('ocpp2.0.1', command, having({ 'LocalAuthListCtrlr.ItemsPerMessage': '2' }))
    expect(sent(items.requests)).toEqual([
      ['Full', 8, 2],
      ['Differential', 9, 2],
      ['Differential', 10, 1],
    ])
    expect(items.reply).toEqual({ kind: 'accepted', result: { version: 10, parts: 3 } })
    const bytes = await run('ocpp2.1', command, having({ 'LocalAuthListCtrlr.BytesPerMessage': '400' }))
    expect(sent(bytes.requests).length).toBeGreaterThan(1)
    for (const [action, payload] of bytes.requests) {
      if (action === 'SendLocalList') expect(JSON.stringify(payload).length).toBeLessThan(400)
    }
  })

  test('a part that fails tells how far it came', async () => {
    let count = 0
    const { reply } = await run(
      'ocpp2.0.1',
      { name: 'send_list', mode: 'full', version: 10, entries },
      having({ 'LocalAuthListCtrlr.ItemsPerMessage': '2' }, () => ({ status: ++count === 2 ? 'Failed' : 'Accepted' })),
    )
    expect(reply).toEqual({ kind: 'refused', reason: 'Failed', result: { version: 8, parts: 1 } })
    const mismatch = await run(
      'ocpp2.1',
      { name: 'send_list', mode: 'differential', version: 2, entries },
      having({}, () => ({ status: 'VersionMismatch' })),
    )
    expect(mismatch.reply).toEqual({ kind: 'refused', reason: 'VersionMismatch' })
  })

  test('more parts than versions below it', async () => {
    const { requests, reply } = await run(
      'ocpp2.0.1',
      { name: 'send_list', mode: 'full', version: 2, entries },
      having({ 'LocalAuthListCtrlr.ItemsPerMessage': '2' }),
    )
    expect(sent(requests)).toEqual([])
    expect(reply).toMatchObject({ kind: 'refused', reason: expect.stringContaining('version') })
  })
})
