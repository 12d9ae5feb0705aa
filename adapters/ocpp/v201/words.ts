// Owns the words in which OCPP 2.0.1 and 2.1 differ where they share a message: which values each can carry.
// Must not hold a translation; what only one of the two can say is refused by the file that translates it.
import type { OCPP21 } from 'typed-ocpp'
import type {
  ChargerProtocol,
  CommandReply,
  DisplayMessage,
  Monitor,
  ProfilePurpose,
  RootUse,
  StationCertificateUse,
  StationCommand,
} from '../../../core/plugin/index.ts'
import type { CommandSteps, Memory } from '../command.ts'
import type { AppliedProfile } from '../profile.ts'

type Table<K extends string, W> = Readonly<Partial<Record<K, W>>>
type MessageInfo = OCPP21.SetDisplayMessageRequest['message']

export interface Words {
  /** For reasons that operators read. */
  readonly version: string
  /** IdTokenType: identifierString. */
  readonly maxIdToken: number
  /** Neutral kind of a token to its type on the wire. */
  readonly tokenTypes: Table<string, string>
  readonly triggers: Table<
    Extract<StationCommand, { name: 'trigger' }>['message'],
    OCPP21.TriggerMessageRequest['requestedMessage']
  >
  readonly purposes: Table<
    ProfilePurpose,
    OCPP21.SetChargingProfileRequest['chargingProfile']['chargingProfilePurpose']
  >
  /** Dynamic profiles, set-points and discharging. */
  readonly bidirectional: boolean
  readonly roots: Table<RootUse, OCPP21.InstallCertificateRequest['certificateType']>
  readonly stationCertificates: Table<
    StationCertificateUse,
    NonNullable<OCPP21.CertificateSignedRequest['certificateType']>
  >
  /** The number under which a certificate was asked for comes back with it. */
  readonly numberedCertificates: boolean
  readonly logs: Table<Extract<StationCommand, { name: 'get_log' }>['log'], OCPP21.GetLogRequest['logType']>
  readonly monitorKinds: Table<
    Monitor['kind'],
    OCPP21.SetVariableMonitoringRequest['setMonitoringData'][number]['type']
  >
  readonly streams: boolean
  readonly displayStates: Table<NonNullable<DisplayMessage['state']>, NonNullable<MessageInfo['state']>>
  readonly displayFormats: Table<DisplayMessage['format'], MessageInfo['message']['format']>
  readonly protocols: Table<
    ChargerProtocol,
    NonNullable<OCPP21.SetNetworkProfileRequest['connectionData']['ocppVersion']>
  >
}

/** A translator whose message 2.0.1 and 2.1 share. */
export type Translator2<N extends StationCommand['name']> = (
  command: Extract<StationCommand, { name: N }>,
  words: Words,
  profile: AppliedProfile,
  memory: Memory,
) => CommandSteps

export const lacks = ({ version }: Words, what: string): CommandReply => ({
  kind: 'unsupported',
  reason: `${version} has no ${what}`,
})

export const words201: Words = {
  version: 'OCPP 2.0.1',
  maxIdToken: 36,
  tokenTypes: {
    central: 'Central',
    emaid: 'eMAID',
    iso14443: 'ISO14443',
    iso15693: 'ISO15693',
    key_code: 'KeyCode',
    local: 'Local',
    mac: 'MacAddress',
    none: 'NoAuthorization',
  },
  triggers: {
    boot: 'BootNotification',
    status: 'StatusNotification',
    meter: 'MeterValues',
    heartbeat: 'Heartbeat',
    transaction: 'TransactionEvent',
    firmware_status: 'FirmwareStatusNotification',
    log_status: 'LogStatusNotification',
    publish_firmware_status: 'PublishFirmwareStatusNotification',
    sign_station_certificate: 'SignChargingStationCertificate',
    sign_v2g_certificate: 'SignV2GCertificate',
    sign_combined_certificate: 'SignCombinedCertificate',
  },
  purposes: {
    station_max: 'ChargingStationMaxProfile',
    default: 'TxDefaultProfile',
    transaction: 'TxProfile',
    station_external: 'ChargingStationExternalConstraints',
  },
  bidirectional: false,
  roots: {
    v2g_root: 'V2GRootCertificate',
    mobility_root: 'MORootCertificate',
    central_root: 'CSMSRootCertificate',
    manufacturer_root: 'ManufacturerRootCertificate',
  },
  stationCertificates: { station: 'ChargingStationCertificate', v2g: 'V2GCertificate' },
  numberedCertificates: false,
  logs: { diagnostics: 'DiagnosticsLog', security: 'SecurityLog' },
  monitorKinds: {
    upper_threshold: 'UpperThreshold',
    lower_threshold: 'LowerThreshold',
    delta: 'Delta',
    periodic: 'Periodic',
    periodic_clock_aligned: 'PeriodicClockAligned',
  },
  streams: false,
  displayStates: { charging: 'Charging', faulted: 'Faulted', idle: 'Idle', unavailable: 'Unavailable' },
  displayFormats: { ascii: 'ASCII', html: 'HTML', uri: 'URI', utf8: 'UTF8' },
  protocols: { 'ocpp1.6': 'OCPP16', 'ocpp2.0.1': 'OCPP20' },
}
