// Owns the table of all actions of OCPP 2.0.1 and 2.1 by direction: each is known in the directions it belongs to, and in no other.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { v21 } from '../../../adapters/ocpp/v21/index.ts'
import { v201 } from '../../../adapters/ocpp/v201/index.ts'
import type { StationCommand } from '../../../core/plugin/index.ts'
import { actionsTo } from '../../conformance/messages.ts'
import { runCommand } from './command-bench.ts'
import { startHub, type TestHub } from './hub.ts'
import { actionsOf } from './official-schemas.ts'

let hub: TestHub
beforeAll(async () => {
  hub = await startHub({ pingIntervalSeconds: 0 })
})
afterAll(() => hub.stop())

const sends21 = ['NotifyPeriodicEventStream']
const fromStation201 = actionsTo('ocpp2.0.1', 'in')
const fromStation21 = actionsTo('ocpp2.1', 'in').filter((action) => !sends21.includes(action))

const token = { value: 'A', kind: 'central' }
const transaction = { ref: 'tx' }
const at = '2025-06-01T18:00:00Z'
const hash = { hashAlgorithm: 'SHA256', issuerNameHash: 'a', issuerKeyHash: 'b', serialNumber: '1' } as const
const profile = {
  profileId: 1,
  stackLevel: 0,
  purpose: 'default',
  kind: 'absolute',
  schedules: [{ unit: 'A', startAt: at, periods: [{ startSeconds: 0, limit: 6 }] }],
} as const

/** One command for each request that the hub can send. */
const toStation201: Readonly<Record<string, StationCommand>> = {
  CancelReservation: { name: 'cancel_reservation', reservationId: 1 },
  CertificateSigned: { name: 'send_certificate', use: 'station', chain: 'x' },
  ChangeAvailability: { name: 'availability', operative: true },
  ClearCache: { name: 'clear_cache' },
  ClearChargingProfile: { name: 'unlimit', evse: 1 },
  ClearDisplayMessage: { name: 'clear_message', messageId: 1 },
  ClearVariableMonitoring: { name: 'clear_monitors', monitorIds: [1] },
  CostUpdated: { name: 'update_cost', transaction, totalCost: '1.10' },
  CustomerInformation: { name: 'customer_information', report: true, clear: true, requestId: 1 },
  DataTransfer: { name: 'data_transfer', vendorId: 'x' },
  DeleteCertificate: { name: 'delete_certificate', hash },
  GetBaseReport: { name: 'read_report', base: 'full', requestId: 1 },
  GetChargingProfiles: { name: 'read_profiles', requestId: 1 },
  GetCompositeSchedule: { name: 'read_schedule', durationSeconds: 1 },
  GetDisplayMessages: { name: 'read_messages', requestId: 1 },
  GetInstalledCertificateIds: { name: 'list_certificates' },
  GetLocalListVersion: { name: 'read_list_version' },
  GetLog: { name: 'get_log', log: 'diagnostics', url: 'https://x', requestId: 1 },
  GetMonitoringReport: { name: 'read_monitors', requestId: 1 },
  GetReport: { name: 'read_report', requestId: 1 },
  GetTransactionStatus: { name: 'transaction_status' },
  GetVariables: { name: 'read_settings' },
  InstallCertificate: { name: 'install_certificate', use: 'v2g_root', pem: 'x' },
  PublishFirmware: { name: 'publish_firmware', url: 'https://x', checksum: 'x', requestId: 1 },
  RequestStartTransaction: { name: 'start', token, remoteStartId: 1 },
  RequestStopTransaction: { name: 'stop', transaction },
  ReserveNow: { name: 'reserve', reservationId: 1, token, until: at },
  Reset: { name: 'reset', mode: 'immediate' },
  SendLocalList: { name: 'send_list', mode: 'full', version: 1, entries: [] },
  SetChargingProfile: {
    name: 'set_profile',
    profile: { ...profile, schedules: [...profile.schedules].map((each) => ({ ...each, periods: [...each.periods] })) },
  },
  SetDisplayMessage: {
    name: 'show_message',
    message: { messageId: 1, priority: 'in_front', format: 'ascii', content: 'x' },
  },
  SetMonitoringBase: { name: 'set_monitoring_base', base: 'all' },
  SetMonitoringLevel: { name: 'set_monitoring_level', severity: 1 },
  SetNetworkProfile: {
    name: 'set_network_profile',
    slot: 1,
    profile: {
      url: 'wss://x',
      interface: 'wired0',
      version: 'ocpp2.0.1',
      messageTimeoutSeconds: 1,
      securityProfile: 1,
    },
  },
  SetVariableMonitoring: {
    name: 'set_monitors',
    monitors: [{ target: { component: 'A', variable: 'B' }, kind: 'delta', value: 1, severity: 1 }],
  },
  SetVariables: { name: 'write_settings', settings: [{ key: 'A.B', value: '1' }] },
  TriggerMessage: { name: 'trigger', message: 'boot' },
  UnlockConnector: { name: 'unlock', evse: 1, connector: 1 },
  UnpublishFirmware: { name: 'unpublish_firmware', checksum: 'x' },
  UpdateFirmware: { name: 'update_firmware', url: 'https://x', retrieveAt: at, requestId: 1 },
}
const tariff = { tariffId: 'T', currency: 'EUR' }
const toStation21: Readonly<Record<string, StationCommand>> = {
  ...toStation201,
  AFRRSignal: { name: 'afrr_signal', at, signal: 1 },
  AdjustPeriodicEventStream: { name: 'adjust_stream', streamId: 1 },
  ChangeTransactionTariff: { name: 'change_tariff', transaction, tariff },
  ClearDERControl: { name: 'clear_der_controls', isDefault: true },
  ClearTariffs: { name: 'clear_tariffs' },
  GetDERControl: { name: 'read_der_controls', requestId: 1 },
  GetPeriodicEventStream: { name: 'read_streams' },
  GetTariffs: { name: 'read_tariffs' },
  NotifyAllowedEnergyTransfer: { name: 'allow_energy_transfer', transaction, modes: ['DC'] },
  NotifyWebPaymentStarted: { name: 'web_payment_started', evse: 1, timeoutSeconds: 1 },
  RequestBatterySwap: { name: 'battery_swap', token, requestId: 1 },
  SetDERControl: {
    name: 'set_der_control',
    controlId: 'c',
    isDefault: true,
    controlType: 'Gradients',
    settings: { priority: 1, gradient: 1, softGradient: 1 },
  },
  SetDefaultTariff: { name: 'set_default_tariff', tariff },
  UpdateDynamicSchedule: { name: 'update_schedule', profileId: 1, limits: { limit: 1 } },
  UsePriorityCharging: { name: 'priority_charging', transaction, activate: true },
}

describe.each([
  ['ocpp2.0.1', v201, fromStation201, toStation201, [], 64],
  ['ocpp2.1', v21, fromStation21, toStation21, sends21, 91],
] as const)('%s', (version, dialect, fromStation, toStation, sends, total) => {
  test('every action of the standard stands in a direction', () => {
    const listed = new Set([...fromStation, ...Object.keys(toStation), ...sends])
    expect([...listed].sort()).toEqual(actionsOf(version).sort())
    expect(listed.size).toBe(total)
  })

  test('the dialect reads what stations send, and nothing else', () => {
    expect([...dialect.messages.keys()].sort()).toEqual([...fromStation].sort())
    expect([...(dialect.sends?.keys() ?? [])]).toEqual(sends)
  })

  test.each(Object.entries(toStation))('%s is sent', async (action, command) => {
    const { requests } = await runCommand(hub, version, command, { status: 'Accepted' })
    expect(requests.map(([sent]) => sent)).toContain(action)
  })

  test('what only the hub sends is not taken from a station', async () => {
    const station = await hub.station(`direction-${version}`, version)
    const incoming: readonly string[] = fromStation
    for (const action of Object.keys(toStation).filter((each) => !incoming.includes(each))) {
      expect(await station.call(action, {})).toMatchObject({ kind: 'error', code: 'NotSupported' })
    }
  })
})
