// Owns the words of a credential: kinds, what a reader presented, and canonical keys.
// Must not interpret a raw string; canonicalise.ts and card-readings.ts do.
import type { Branded } from '../ids.ts'
import type { DecodeProfile } from './decode-profile.ts'

export const credentialKinds = [
  'card',
  'plate',
  'ticket',
  'emaid',
  'app',
  'qr',
  'phone',
  'epc',
  'avi',
  'mac',
  'pin',
] as const
export type CredentialKind = (typeof credentialKinds)[number]

export function isCredentialKind(value: unknown): value is CredentialKind {
  return typeof value === 'string' && (credentialKinds as readonly string[]).includes(value)
}

/**
 * One credential as one reader reported it. `raw` is kept as it came, whatever is made of it later.
 * `kind` absent means the reader did not say (an OCPP 1.6 idTag); it is then inferred.
 */
export interface Presentation {
  raw: string
  kind?: CredentialKind | undefined
  /** `hex`, `dec`, `decConcat`, `facilityCard`, `wiegand` (a frame with parity, as hex), `bits` or `canonical`; anything else is ignored. */
  encoding?: string | undefined
  /** Length of the frame as the reader counted it; says where a Wiegand frame ends, never which layout it has. */
  bitLength?: number | undefined
  /** How this reader writes a card, when that is known; it turns guessing into decoding. */
  readerProfile?: DecodeProfile | undefined
  /** ISO 3166 country of a plate, with subdivision where known ("DE", "US-CA"). */
  country?: string | undefined
}

/**
 * The one name of a credential, equal for every reader: `uid:iso14443:…`, `uid:iso15693:…`, `uid:prox:…`, `uid:text:…`,
 * `wieg:<format>:<facility>:<card>`, `plate:<CC>:<A-Z0-9>`, `emaid:…`, `ticket:<scope>:…`, `qr:…`, `phone:+…`, `epc:…`,
 * `avi:<agency>:<serial>`, `app:…`, `mac:…`, `pin:<scope>:…`; or `partial:<first|last>:<hex>` when bytes are missing.
 */
export type CanonicalKey = Branded<string, 'CanonicalKey'>

/** Longest raw text that is looked at; a longer one is refused unread. OCPP 2.1 allows 255 characters, QR texts stay below. */
export const longestRaw = 256
