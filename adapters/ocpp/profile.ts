// Owns the words of a station profile: the flags that describe how one model departs from the standard.
// Must not name a vendor; the profiles are data files in profiles/.
import type { ChargerProtocol, StationCommand } from '../../core/plugin/index.ts'

export type TriggerMessage = Extract<StationCommand, { name: 'trigger' }>['message']

export interface StationProfile {
  /** Protocol when the handshake offers no subprotocol (W1); null leaves it to the configuration. */
  readonly defaultOcppVersion: ChargerProtocol | null
  /** Factor from the sent import energy to what it means: 1000 for kWh labelled Wh (M4). A power of ten. */
  readonly energyScale: 1 | 10 | 100 | 1000
  /** Compute missing power from voltage times current (M13, M14). */
  readonly powerDerivation: boolean
  /** IANA zone of times sent without one (C1); null means UTC. */
  readonly clockZone: string | null
  /** Precision of times that are answered (C5). */
  readonly replyTimePrecision: 'milliseconds' | 'seconds'
  /** Whether a remote start must or must not name the connector (S2). */
  readonly remoteStartConnector: 'any' | 'required' | 'forbidden'
  /** Read settings in one request or key by key (S16). */
  readonly configReadMode: 'all' | 'by_key'
  /** Messages that may be asked for; the others are refused by the station (M20). */
  readonly triggerAllowed: readonly TriggerMessage[]
  /** Least seconds between two triggers (S17). */
  readonly triggerMinInterval: number
  /** `never` for stations that break on a ping or ignore it (W7). */
  readonly pingPolicy: 'ping' | 'never'
  /** Letter case of tokens sent to the station (R2). */
  readonly tagTransform: 'none' | 'upper' | 'lower'
  /** Tokens from the station end before the first of these characters (J13). */
  readonly tagCut: string
}

export interface ProfileFile {
  /** Compared without case: the vendor and model as substrings, the firmware as a beginning. Absent parts match all. */
  match: { vendor?: string; model?: string; firmware?: readonly string[] }
  flags: Partial<StationProfile>
  /** Where each flag was seen. */
  source: string
}

export const standardProfile: StationProfile = Object.freeze({
  defaultOcppVersion: null,
  energyScale: 1,
  powerDerivation: false,
  clockZone: null,
  replyTimePrecision: 'milliseconds',
  remoteStartConnector: 'any',
  configReadMode: 'all',
  triggerAllowed: Object.freeze([
    'boot',
    'status',
    'meter',
    'heartbeat',
    'transaction',
    'firmware_status',
    'log_status',
    'diagnostics_status',
    'publish_firmware_status',
    'sign_station_certificate',
    'sign_v2g_certificate',
    'sign_v2g20_certificate',
    'sign_combined_certificate',
  ] as const),
  triggerMinInterval: 0,
  pingPolicy: 'ping',
  tagTransform: 'none',
  tagCut: '',
})
