// Owns the strings under which a presentation is stored and looked up, so that forms of one credential meet in an index.
// Must not decide: a shared key only proposes, matchPresentations confirms.
import { concatDecimals, representative, reverseBytes } from './card-bytes.ts'
import { compactText, readCard } from './card-readings.ts'
import { type CredentialKind, longestRaw, type Presentation } from './credential.ts'
import { inferKind } from './infer-kind.ts'
import { endsOf } from './match-cards.ts'
import { normalisePlate } from './plate.ts'
import { emaidOf, macOf, phoneOf } from './text-credentials.ts'

/** No presentation has more search keys, nor more partial keys, than this. */
const mostKeys = 12

/**
 * Keys for the index: two presentations of one credential share at least one whenever no bit is missing between their forms.
 * A card contributes one key per meaning of its text, standing for all eight reorderings of those bytes. Empty when nothing
 * can be read. Keys of different sites are alike; a ticket's key has to be looked up inside its site.
 */
export function searchKeys(presentation: Presentation): string[] {
  const kind = presentation.kind ?? inferKind(presentation.raw)
  const keys = isCard(kind) || presentation.kind === undefined ? cardKeys(presentation) : []
  const text = textKey(kind, presentation)
  if (text !== null && (!isCard(kind) || keys.length === 0 || presentation.kind === undefined)) keys.unshift(text)
  return [...new Set(keys)].slice(0, mostKeys)
}

/**
 * Keys for readings that may be cut short: a 3-, 4- or 6-byte piece of a card meets the whole card here. Kept apart from
 * `searchKeys` because what they find must be unique before it may count.
 */
export function partialKeys(presentation: Presentation): string[] {
  const kind = presentation.kind ?? inferKind(presentation.raw)
  if (!isCard(kind)) return []
  const { full, cut } = readCard(presentation)
  const keys = new Set<string>()
  const add = (hex: string) => keys.add(`p${hex.length / 2}:${representative(hex)}`)
  for (const { hex } of cut) add(hex)
  for (const { hex } of full) {
    if ([6, 8, 12].includes(hex.length)) add(hex)
    for (const end of endsOf(hex)) add(end.hex)
  }
  return [...keys].slice(0, mostKeys)
}

export function isCard(kind: CredentialKind): boolean {
  return kind === 'card' || kind === 'epc'
}

function cardKeys(presentation: Presentation): string[] {
  const { text, full, pairs, identity } = readCard(presentation)
  const keys = full.map((reading) => `c${reading.hex.length / 2}:${reading.representative}`)
  for (const pair of pairs) keys.push(`fc:${pair}`)
  // Decimal bytes without padding split in many ways but join in one: the digits are the key, in both byte orders of a UID.
  if (identity === null && /^\d{5,30}$/.test(text)) keys.push(`dc:${text}`)
  for (const { hex } of full) {
    if (![8, 14, 20].includes(hex.length)) continue
    keys.push(`dc:${concatDecimals(hex)}`, `dc:${concatDecimals(reverseBytes(hex))}`)
  }
  return keys
}

function textKey(kind: CredentialKind, presentation: Presentation): string | null {
  const { raw } = presentation
  switch (kind) {
    case 'plate': {
      const plate = normalisePlate(raw, presentation.country)
      return plate.outcome === 'plate' ? `pl:${plate.text}` : null
    }
    case 'emaid': {
      // The check digit is optional, so it is no part of the key.
      const emaid = emaidOf(raw)
      return emaid === null ? null : `em:${emaid.slice(0, 14)}`
    }
    case 'phone': {
      // National and international writing share the last digits.
      const phone = phoneOf(raw)
      return phone === null ? null : `ph:${phone.digits.slice(-7)}`
    }
    case 'mac': {
      const mac = macOf(raw)
      return mac === null ? null : `mac:${mac}`
    }
    default: {
      const text = raw.length > longestRaw ? '' : compactText(raw)
      return text === '' ? null : `x:${text}`
    }
  }
}
