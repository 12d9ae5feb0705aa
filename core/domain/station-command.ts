// Owns what can be asked of a station, whatever it speaks, and what can come back.
// Must not name an OCPP message; the adapter's translators choose messages, units and fallbacks.

import type { ChargingProfile, ProfilePurpose } from './charging-profile.ts'
import type { IdToken } from './device-words.ts'

/** A transaction as the station knows it: the number the hub gave (1.6), or the station's own text (2.x). */
export interface TransactionRef {
  number?: number
  ref?: string
}

/** Identifies a certificate without holding it (OCPP CertificateHashDataType). */
export interface CertificateHash {
  hashAlgorithm: 'SHA256' | 'SHA384' | 'SHA512'
  issuerNameHash: string
  issuerKeyHash: string
  serialNumber: string
}

/** Root certificates by what they are trusted for. */
export type RootUse = 'v2g_root' | 'mobility_root' | 'central_root' | 'manufacturer_root' | 'oem_root'
/** Certificates of the station's own. */
export type StationCertificateUse = 'station' | 'v2g' | 'v2g20'

export interface ListEntry {
  token: IdToken
  /** Absent in a differential list: the token is to be removed. */
  authorization?: {
    status: 'accepted' | 'blocked' | 'expired' | 'invalid'
    validUntil?: string
    groupToken?: IdToken
  }
}

/** A part of the station and a value of it (2.x device model). */
export interface ComponentVariable {
  component: string
  componentInstance?: string
  evse?: number
  connector?: number
  variable?: string
  variableInstance?: string
}

export interface Monitor {
  /** Present to change one that is there. */
  monitorId?: number
  target: ComponentVariable & { variable: string }
  kind:
    | 'upper_threshold'
    | 'lower_threshold'
    | 'delta'
    | 'periodic'
    | 'periodic_clock_aligned'
    | 'target_delta'
    | 'target_delta_relative'
  value: number
  /** 0 (danger) to 9 (debug). */
  severity: number
  transactionOnly?: boolean
  /** 2.1: report by a stream of values instead of by events. */
  stream?: { intervalSeconds?: number; values?: number }
}

export interface DisplayMessage {
  messageId: number
  priority: 'always_front' | 'in_front' | 'normal_cycle'
  state?: 'charging' | 'faulted' | 'idle' | 'unavailable' | 'suspended' | 'discharging'
  startAt?: string
  endAt?: string
  transaction?: TransactionRef
  format: 'ascii' | 'html' | 'uri' | 'utf8' | 'qr'
  language?: string
  content: string
}

export interface NetworkProfile {
  /** The address of the central system without the station's identity. */
  url: string
  interface: 'wired0' | 'wired1' | 'wired2' | 'wired3' | 'wireless0' | 'wireless1' | 'wireless2' | 'wireless3'
  version: 'ocpp1.6' | 'ocpp2.0.1' | 'ocpp2.1'
  messageTimeoutSeconds: number
  securityProfile: 0 | 1 | 2 | 3
  /** Seconds; absent keeps the station's own. */
  apn?: Record<string, unknown>
  vpn?: Record<string, unknown>
}

/** Decimals in the currency, taxes included. */
export interface UnitPrices {
  kwh?: string
  /** While it charges. */
  hour?: string
  flat?: string
  idle?: { hour: string; graceMinutes: number }
}

/** What a cost rests on, for stations that want to know it (1.6). */
export interface CostStanding {
  currency: string
  energyWh: number
  registerWh: number
  /** When the register showed that. */
  at: string
  state: 'charging' | 'idle' | 'ended'
  /** Only where the tariff has one price of each, so that the station can reckon on. */
  prices?: UnitPrices
}

export type TriggeredMessage =
  | 'boot'
  | 'status'
  | 'meter'
  | 'heartbeat'
  | 'transaction'
  | 'firmware_status'
  | 'log_status'
  | 'diagnostics_status'
  | 'publish_firmware_status'
  | 'sign_station_certificate'
  | 'sign_v2g_certificate'
  | 'sign_v2g20_certificate'
  | 'sign_combined_certificate'

interface Retries {
  retries?: number
  retryIntervalSeconds?: number
}

/** Reports that come in parts carry the number under which they were asked for. */
interface Requested {
  requestId: number
}

/** What an operator can ask of a station, whatever it speaks. Every command is a row before it is a frame. Times are ISO 8601. */
export type StationCommand =
  // Transactions
  | {
      name: 'start'
      evse?: number
      token: IdToken
      remoteStartId: number
      groupToken?: IdToken
      profile?: ChargingProfile
    }
  | { name: 'stop'; transaction: TransactionRef }
  | { name: 'unlock'; evse: number; connector: number }
  | { name: 'transaction_status'; transaction?: TransactionRef }
  | { name: 'update_cost'; transaction: TransactionRef; totalCost: string; standing?: CostStanding }
  // The station as a machine
  | { name: 'reset'; mode: 'immediate' | 'on_idle'; evse?: number }
  | { name: 'availability'; evse?: number; connector?: number; operative: boolean }
  | { name: 'trigger'; message: TriggeredMessage; evse?: number; connector?: number }
  | { name: 'clear_cache' }
  | { name: 'data_transfer'; vendorId: string; messageId?: string; data?: unknown }
  // Settings
  | { name: 'read_settings'; keys?: string[] }
  | { name: 'write_setting'; key: string; value: string }
  | { name: 'write_settings'; settings: { key: string; value: string }[] }
  | ({
      name: 'read_report'
      base?: 'configuration' | 'full' | 'summary'
      criteria?: ('active' | 'available' | 'enabled' | 'problem')[]
      components?: ComponentVariable[]
    } & Requested)
  | { name: 'set_network_profile'; slot: number; profile: NetworkProfile }
  // Who may charge while the hub is away
  | { name: 'read_list_version' }
  | { name: 'send_list'; mode: 'full' | 'differential'; version: number; entries: ListEntry[] }
  // Reservations
  | {
      name: 'reserve'
      reservationId: number
      evse?: number
      connectorType?: string
      token: IdToken
      groupToken?: IdToken
      until: string
    }
  | { name: 'cancel_reservation'; reservationId: number }
  // Power. `limit` is the plain word: the translator picks purpose, stack, unit and phases by what the station can do.
  | { name: 'limit'; evse?: number; amps?: number; watts?: number; phases?: 1 | 3; until?: string }
  | { name: 'unlimit'; evse?: number }
  | { name: 'set_profile'; evse?: number; transaction?: TransactionRef; profile: ChargingProfile }
  | { name: 'clear_profiles'; profileId?: number; evse?: number; purpose?: ProfilePurpose; stackLevel?: number }
  | ({
      name: 'read_profiles'
      evse?: number
      purpose?: ProfilePurpose
      stackLevel?: number
      profileIds?: number[]
    } & Requested)
  | { name: 'read_schedule'; evse?: number; durationSeconds: number; unit?: 'A' | 'W' }
  // Firmware and logs. Without an address the hub's own file store gives one before the command is sent.
  | ({
      name: 'update_firmware'
      url: string
      retrieveAt: string
      installAt?: string
      /** PEM, and base64 of the signature: both or none. */
      signingCertificate?: string
      signature?: string
    } & Retries &
      Requested)
  | ({ name: 'publish_firmware'; url: string; checksum: string } & Retries & Requested)
  | { name: 'unpublish_firmware'; checksum: string }
  | ({
      name: 'get_log'
      log: 'diagnostics' | 'security' | 'data_collector'
      url: string
      from?: string
      until?: string
    } & Retries &
      Requested)
  // Certificates
  | { name: 'install_certificate'; use: RootUse; pem: string }
  | { name: 'delete_certificate'; hash: CertificateHash }
  | { name: 'list_certificates'; uses?: (RootUse | 'v2g_chain')[] }
  | { name: 'send_certificate'; use: StationCertificateUse; chain: string; requestId?: number }
  // Monitoring
  | { name: 'set_monitoring_base'; base: 'all' | 'factory_default' | 'hard_wired_only' }
  | { name: 'set_monitoring_level'; severity: number }
  | { name: 'set_monitors'; monitors: Monitor[] }
  | { name: 'clear_monitors'; monitorIds: number[] }
  | ({
      name: 'read_monitors'
      criteria?: ('threshold' | 'delta' | 'periodic')[]
      components?: ComponentVariable[]
    } & Requested)
  | ({
      name: 'customer_information'
      report: boolean
      clear: boolean
      customer?: string
      token?: IdToken
      certificate?: CertificateHash
    } & Requested)
  // What the station shows
  | { name: 'show_message'; message: DisplayMessage }
  | { name: 'clear_message'; messageId: number }
  | ({
      name: 'read_messages'
      messageIds?: number[]
      priority?: DisplayMessage['priority']
      state?: NonNullable<DisplayMessage['state']>
    } & Requested)
  // OCPP 2.1 alone has the rest. A tariff and a DER control have the shape of its TariffType and control types.
  | { name: 'set_default_tariff'; evse?: number; tariff: Record<string, unknown> }
  | { name: 'change_tariff'; transaction: TransactionRef; tariff: Record<string, unknown> }
  | { name: 'read_tariffs'; evse?: number }
  | { name: 'clear_tariffs'; evse?: number; tariffIds?: string[] }
  | { name: 'web_payment_started'; evse: number; timeoutSeconds: number }
  | {
      name: 'set_der_control'
      controlId: string
      isDefault: boolean
      controlType: string
      settings: Record<string, unknown>
    }
  | ({ name: 'read_der_controls'; controlId?: string; isDefault?: boolean; controlType?: string } & Requested)
  | { name: 'clear_der_controls'; controlId?: string; isDefault: boolean; controlType?: string }
  | { name: 'update_schedule'; profileId: number; limits: ScheduleUpdate }
  | { name: 'allow_energy_transfer'; transaction: TransactionRef; modes: string[] }
  | { name: 'afrr_signal'; at: string; signal: number }
  | { name: 'priority_charging'; transaction: TransactionRef; activate: boolean }
  | ({ name: 'battery_swap'; token: IdToken } & Requested)
  | { name: 'adjust_stream'; streamId: number; intervalSeconds?: number; values?: number }
  | { name: 'read_streams' }

/** New values of a dynamic profile's one period (2.1), for all phases and for the second and third where they differ. */
export interface ScheduleUpdate {
  limit?: number
  limitL2?: number
  limitL3?: number
  dischargeLimit?: number
  dischargeLimitL2?: number
  dischargeLimitL3?: number
  setpoint?: number
  setpointL2?: number
  setpointL3?: number
  setpointReactive?: number
  setpointReactiveL2?: number
  setpointReactiveL3?: number
}

export type CommandName = StationCommand['name']

export interface QueuedCommand {
  id: string
  command: StationCommand
  deadline: Date
}

/** What came back for a command: `accepted` and `refused` are the station's own words, the others tell why there are none. */
export type CommandReply =
  | { kind: 'accepted'; result?: Record<string, unknown> }
  | { kind: 'refused'; reason: string; result?: Record<string, unknown> }
  | { kind: 'unsupported'; reason: string }
  | { kind: 'timed_out' }
  | { kind: 'disconnected' }
