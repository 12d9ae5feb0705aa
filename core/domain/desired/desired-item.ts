// Owns the words of desired state: what kinds of things a station is to have, for which stations, and their values.
// Must not decide what to send.
import type { ChargingProfile } from '../charging-profile.ts'
import type { DisplayMessage, NetworkProfile, RootUse } from '../station-command.ts'

export const desiredKinds = [
  'setting',
  'local_list',
  'profile',
  'root_certificate',
  'default_tariff',
  'display_message',
  'network_profile',
] as const
export type DesiredKind = (typeof desiredKinds)[number]

export interface DesiredValues {
  /** `resetAllowed`: where the station takes it over at its next start only, the hub may restart it when it is idle. */
  setting: { value: string; resetAllowed?: boolean }
  /** The entries come from the credentials that may charge at the site. */
  local_list: { maxEntries?: number }
  /** `failsafe` profiles are installed before all else (catalogue S18). */
  profile: { evse?: number; profile: ChargingProfile; failsafe?: boolean }
  root_certificate: { use: RootUse; pem: string }
  /** An OCPP 2.1 TariffType. */
  default_tariff: { evse?: number; tariff: { tariffId: string } & Record<string, unknown> }
  display_message: { message: DisplayMessage }
  network_profile: { profile: NetworkProfile }
}

/** From the widest to the narrowest: a narrower one takes the place of a wider one. */
export const desiredScopes = ['organization', 'site', 'model', 'station'] as const

/** Which stations an item is for; only the fields of its scope are set. */
export interface DesiredScope {
  scope: (typeof desiredScopes)[number]
  siteId: string | null
  /** Equal without regard to case. */
  vendor: string | null
  model: string | null
  firmwarePrefix: string | null
  stationId: string | null
}

export type DesiredContent = {
  [K in DesiredKind]: { kind: K; key: string; value: DesiredValues[K] }
}[DesiredKind]

export type DesiredItem = DesiredContent & DesiredScope & { itemId: string; enabled: boolean }

export interface StationPlace {
  stationId: string
  siteId: string | null
  vendor: string | null
  model: string | null
  firmware: string | null
}
