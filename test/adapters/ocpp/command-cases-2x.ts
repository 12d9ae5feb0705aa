// Owns the cases of the neutral commands that OCPP 2.0.1 and 2.1 share: the request, an answer, the reply. One file: it is a table.
// Must not run them; commands-201.test.ts does for both versions.
import type { ChargingProfile } from '../../../core/plugin/index.ts'
import type { CommandCase } from './command-bench.ts'

export const token = { value: 'A1B2C3D4', kind: 'iso14443' }
const idToken = { idToken: 'A1B2C3D4', type: 'ISO14443' }
export const transaction = { ref: 'tx-1' }
export const accepted = { kind: 'accepted' }
export const yes = { status: 'Accepted' }
export const at = '2025-06-01T18:00:00.000Z'
export const url = 'https://hub.example/f/1'
const hash = { hashAlgorithm: 'SHA256', issuerNameHash: 'aa', issuerKeyHash: 'bb', serialNumber: '01' } as const
const place = { component: 'EVSE', evse: 1, variable: 'Power' }
const component = { name: 'EVSE', evse: { id: 1 } }
const variable = { name: 'Power' }

export const profile: ChargingProfile = {
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
export const forTransaction: ChargingProfile = {
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
export const firmware = { url, retrieveAt: at, requestId: 5 }
export const message = {
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
export const networkProfile = {
  url: 'wss://hub.example/ocpp',
  interface: 'wired0',
  version: 'ocpp1.6',
  messageTimeoutSeconds: 30,
  securityProfile: 2,
} as const
export const monitor = { target: place, kind: 'upper_threshold', value: 80.5, severity: 3 } as const
const wireMonitor = { component, variable, type: 'UpperThreshold', value: 80.5, severity: 3 }

export const sharedCases: CommandCase[] = [
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
