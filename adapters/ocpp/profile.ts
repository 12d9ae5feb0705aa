// Owns the words of a station profile: the flags that describe how one model departs from the standard.
// Must not name a vendor; the profiles are data files in profiles/.
import type {
  ChargerProtocol,
  ModelProfile,
  ProfilePurpose,
  RegisterKind,
  StationCommand,
  StationTraits,
} from '../../core/plugin/index.ts'

export type TriggerMessage = Extract<StationCommand, { name: 'trigger' }>['message']

/** Catalogue section 4.9; the letters name the catalogue's lines. Load management will add pauseMethod and verifyLimitByMeter. */
export interface StationProfile {
  /** Protocol when the handshake offers no subprotocol (W1); null leaves it to the configuration. */
  readonly defaultOcppVersion: ChargerProtocol | null
  /** Whether a handshake without a subprotocol is served (W1). */
  readonly acceptNoSubprotocol: boolean
  /** Whether the identity in the path may be written in another case than the stored one (W6). */
  readonly idCase: 'any' | 'exact'
  /** Values of connector 0 are the sum of the others, even where they name a transaction (M18). */
  readonly connectorZeroIsSum: boolean
  /** Factor from the sent import energy to what it means: 1000 for kWh labelled Wh (M4). A power of ten. */
  readonly energyScale: 1 | 10 | 100 | 1000
  /** Compute missing power from voltage times current (M13, M14). */
  readonly powerDerivation: boolean
  /** What the import register counts from (M5, M6). */
  readonly registerKind: RegisterKind
  /** IANA zone of times sent without one (C1), or `site` for the zone of the site; null means UTC. */
  readonly clockZone: string | null
  /** Precision of times that are answered (C5). */
  readonly replyTimePrecision: 'milliseconds' | 'seconds'
  /** Whether a remote start must or must not name the connector (S2). */
  readonly remoteStartConnector: 'any' | 'required' | 'forbidden'
  /** Whether a remote start may carry a charging profile (S13c). */
  readonly remoteStartCarriesProfile: boolean
  /** The unit that limits must be sent in (S14). */
  readonly limitUnit: 'any' | 'A' | 'W'
  /** Stack levels that the station takes (S10). */
  readonly minStack: number
  readonly maxStack: number | null
  /** Purposes of charging profiles that the station takes (S9). */
  readonly allowedPurposes: readonly ProfilePurpose[]
  /** Read settings in one request or key by key (S16). */
  readonly configReadMode: 'all' | 'by_key'
  /** Messages that may be asked for; the others are refused by the station (M20). */
  readonly triggerAllowed: readonly TriggerMessage[]
  /** Least seconds between two triggers (S17). */
  readonly triggerMinInterval: number
  /** `never` for stations that break on a ping or ignore it (W7). */
  readonly pingPolicy: 'ping' | 'never'
  /** Requests of ours that may be open while one of the station's is: 0 for stations that drop the socket then (W16). */
  readonly maxParallelCalls: 0 | 1
  /** Letter case of tokens sent to the station (R2). */
  readonly tagTransform: 'none' | 'upper' | 'lower'
  /** Tokens from the station end before the first of these characters (J13). */
  readonly tagCut: string
  /** False has a person look at stops with another card than the start's (T12); they close the transaction either way. */
  readonly acceptStopTagMismatch: boolean
  /** The largest transaction number that the station can hold (T13). */
  readonly txIdMax: number
  /** The station sends no StatusNotification: a connector is charging while a transaction runs, else available. */
  readonly statusWithoutNotification: boolean
  /** False for stations that stay in Finishing after the cable is out. */
  readonly finishingMeansIdle: boolean
  /** Whether a transaction may begin without a token (S19). */
  readonly sessionStartPolicy: 'token' | 'anonymous'
  /** Whether a 1.6 station shows costs by the messages of the Open Charge Alliance; `told` goes by its setting. */
  readonly showsCost: 'told' | 'yes' | 'no'
  /** Bytes of the largest message that the station takes; null for any. */
  readonly maxMessageSize: number | null
}

export type FlagName = keyof StationProfile

/** A profile at work on one connection. Who finds that a flag changes what is done says so: each use is counted. */
export interface AppliedProfile extends StationProfile {
  used(flag: FlagName): void
}

export interface ProfileFile extends Omit<ModelProfile, 'id' | 'flags' | 'known'> {
  flags: Partial<StationProfile>
  known?: ModelProfile['known']
}

/** 1.6: transactionId is a signed 32-bit integer. */
export const largestTransactionNumber = 2 ** 31 - 1

export const triggerMessages = [
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
] as const satisfies readonly TriggerMessage[]

export const profilePurposes = [
  'station_max',
  'default',
  'transaction',
  'station_external',
  'priority',
  'local_generation',
] as const satisfies readonly ProfilePurpose[]

export const standardProfile: StationProfile = Object.freeze({
  defaultOcppVersion: null,
  acceptNoSubprotocol: true,
  idCase: 'any',
  connectorZeroIsSum: false,
  energyScale: 1,
  powerDerivation: false,
  registerKind: 'lifetime',
  clockZone: null,
  replyTimePrecision: 'milliseconds',
  remoteStartConnector: 'any',
  remoteStartCarriesProfile: true,
  limitUnit: 'any',
  minStack: 0,
  maxStack: null,
  allowedPurposes: Object.freeze([...profilePurposes]),
  configReadMode: 'all',
  triggerAllowed: Object.freeze([...triggerMessages]),
  triggerMinInterval: 0,
  pingPolicy: 'ping',
  maxParallelCalls: 1,
  tagTransform: 'none',
  tagCut: '',
  acceptStopTagMismatch: true,
  txIdMax: largestTransactionNumber,
  statusWithoutNotification: false,
  finishingMeansIdle: true,
  sessionStartPolicy: 'token',
  showsCost: 'told',
  maxMessageSize: null,
})

const traitNames = [
  'registerKind',
  'finishingMeansIdle',
  'statusWithoutNotification',
  'acceptStopTagMismatch',
  'txIdMax',
] as const satisfies readonly (keyof StationTraits & FlagName)[]

/** What of a profile the core has to know: only what departs from the standard. */
export function traitsOf(profile: StationProfile): StationTraits {
  return Object.fromEntries(
    traitNames.flatMap((name) => (profile[name] === standardProfile[name] ? [] : [[name, profile[name]]])),
  )
}
