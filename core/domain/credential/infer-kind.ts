// Owns telling what kind of credential a bare string is, for interfaces that do not say (an OCPP 1.6 idTag).
// Must not be asked when the interface did say.
import { compactText } from './card-readings.ts'
import { type CredentialKind, longestRaw } from './credential.ts'
import { emaidOf } from './text-credentials.ts'

/** Never answers `plate`, `ticket`, `qr`, `pin` or `avi`: nothing in their text sets them apart. */
export function inferKind(raw: string): CredentialKind {
  if (raw.length > longestRaw) return 'app'
  const text = raw.trim()
  if (/^\+[\d\s()/-]{7,20}$/.test(text)) return 'phone'
  if (/^VID:/i.test(text)) return 'mac'
  // "C" (contract) stands after the provider in every eMAID written by ISO 15118-2; without it a text is only a text. Some are
  // hexadecimal throughout: no maker code begins with two letters, so only a reversed UID looks like one, and those end in 04.
  const emaid = emaidOf(text)
  if (emaid !== null && emaid.charAt(5) === 'C' && !/^[0-9A-F]{12}04$/.test(emaid)) return 'emaid'
  const compact = compactText(text)
  return /^[0-9A-F]{4,32}$/.test(compact) || /^\d{1,8}\s*[ ,:;/|-]\s*\d{1,10}$/.test(text) ? 'card' : 'app'
}
