// Owns every message of every OCPP version and who sends it, seen from the hub.
// Must not know tests.
import { officialSchemas } from '../adapters/ocpp/official-schemas.ts'
import { allVersions, type OcppVersion } from '../setup/ocpp-versions.ts'

/** `in`: the station sends it; `out`: the hub does. */
export type Direction = 'in' | 'out'

const stationSends16 = [
  'Authorize',
  'BootNotification',
  'DataTransfer',
  'DiagnosticsStatusNotification',
  'FirmwareStatusNotification',
  'Heartbeat',
  'LogStatusNotification',
  'MeterValues',
  'SecurityEventNotification',
  'SignCertificate',
  'SignedFirmwareStatusNotification',
  'StartTransaction',
  'StatusNotification',
  'StopTransaction',
]

const stationSends201 = [
  'Authorize',
  'BootNotification',
  'ClearedChargingLimit',
  'DataTransfer',
  'FirmwareStatusNotification',
  'Get15118EVCertificate',
  'GetCertificateStatus',
  'Heartbeat',
  'LogStatusNotification',
  'MeterValues',
  'NotifyChargingLimit',
  'NotifyCustomerInformation',
  'NotifyDisplayMessages',
  'NotifyEVChargingNeeds',
  'NotifyEVChargingSchedule',
  'NotifyEvent',
  'NotifyMonitoringReport',
  'NotifyReport',
  'PublishFirmwareStatusNotification',
  'ReportChargingProfiles',
  'ReservationStatusUpdate',
  'SecurityEventNotification',
  'SignCertificate',
  'StatusNotification',
  'TransactionEvent',
]

const stationSends21 = [
  ...stationSends201,
  'BatterySwap',
  'ClosePeriodicEventStream',
  'GetCertificateChainStatus',
  'NotifyDERAlarm',
  'NotifyDERStartStop',
  'NotifyPeriodicEventStream',
  'NotifyPriorityCharging',
  'NotifySettlement',
  'OpenPeriodicEventStream',
  'PullDynamicScheduleUpdate',
  'ReportDERControl',
  'VatNumberValidation',
]

const stationSends: Readonly<Record<OcppVersion, readonly string[]>> = {
  'ocpp1.6': stationSends16,
  'ocpp2.0.1': stationSends201,
  'ocpp2.1': stationSends21,
}

/** Either side may send it. */
const both: ReadonlySet<string> = new Set(['DataTransfer'])

export interface Message {
  version: OcppVersion
  action: string
  direction: Direction
}

function messagesOf(version: OcppVersion): Message[] {
  const requests = Object.keys(officialSchemas[version])
    .filter((name) => name.endsWith('Request'))
    .map((name) => name.slice(0, -'Request'.length))
  const fromStation = new Set(stationSends[version])
  const actions = [...new Set([...requests, ...fromStation])].sort()
  return actions.flatMap((action) => [
    ...(fromStation.has(action) ? [{ version, action, direction: 'in' as const }] : []),
    ...(!fromStation.has(action) || both.has(action) ? [{ version, action, direction: 'out' as const }] : []),
  ])
}

export const messages: readonly Message[] = allVersions.flatMap(messagesOf)

export const actionsTo = (version: OcppVersion, direction: Direction): string[] =>
  messages.filter((one) => one.version === version && one.direction === direction).map((one) => one.action)
