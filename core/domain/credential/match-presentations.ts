// Owns "can these two presentations be one credential?", for every kind.
// Must not decide anything about access or money: it says equal, how, and how surely.
import { readCard } from './card-readings.ts'
import type { CredentialKind, Presentation } from './credential.ts'
import { inferKind } from './infer-kind.ts'
import { matchCards, noMatch, type PresentationMatch } from './match-cards.ts'
import { countriesConflict, normalisePlate, unknownCountry } from './plate.ts'
import { isCard } from './search-keys.ts'
import { aviOf, emaidOf, macOf, phoneOf, plainText } from './text-credentials.ts'

/**
 * Compares two presentations; the answer is the same whichever comes first. Kinds that can be each other are compared (a ticket
 * and the QR code printed on it, anything and a token of unknown kind); others never match.
 *
 * @example matchPresentations({ raw: '1EA68671' }, { raw: '1904649758' }) // transformed: byte-reversal, decimal; 32 bits
 */
export function matchPresentations(a: Presentation, b: Presentation): PresentationMatch {
  const kindA = a.kind ?? b.kind ?? inferKind(a.raw)
  const kindB = b.kind ?? a.kind ?? inferKind(b.raw)
  if (isCard(kindA) && isCard(kindB)) return matchCards(readCard(a), readCard(b))
  if (kindA !== kindB) return isFreeText(kindA) && isFreeText(kindB) ? sameText(a.raw, b.raw) : noMatch
  switch (kindA) {
    case 'plate':
      return matchPlates(a, b)
    case 'emaid':
      return matchEmaids(emaidOf(a.raw), emaidOf(b.raw))
    case 'phone':
      return matchPhones(phoneOf(a.raw), phoneOf(b.raw))
    case 'mac':
      return sameValue(macOf(a.raw), macOf(b.raw), 48)
    case 'avi':
      return sameValue(aviText(a.raw), aviText(b.raw), 40)
    default:
      return sameText(a.raw, b.raw)
  }
}

/** Kinds whose text one system may file under another of them: the QR code of a ticket, the token of an app. */
function isFreeText(kind: CredentialKind): boolean {
  return kind === 'ticket' || kind === 'qr' || kind === 'app'
}

function exact(bits: number): PresentationMatch {
  return { equal: 'exact', transform: [], bitsMatched: bits, bitsKnown: bits, confidence: 0.99 }
}

function sameValue(a: string | null, b: string | null, bits: number): PresentationMatch {
  return a !== null && a === b ? exact(bits) : noMatch
}

// Five bits a character is what letters and digits carry; it only has to be comparable between texts.
function sameText(a: string, b: string): PresentationMatch {
  const text = plainText(a)?.toUpperCase() ?? null
  return sameValue(text, plainText(b)?.toUpperCase() ?? null, (text?.length ?? 0) * 5)
}

function aviText(raw: string): string | null {
  const avi = aviOf(raw)
  return avi === null ? null : `${avi.agency}:${avi.serial}`
}

function matchPlates(a: Presentation, b: Presentation): PresentationMatch {
  const one = normalisePlate(a.raw, a.country)
  const other = normalisePlate(b.raw, b.country)
  if (one.outcome !== 'plate' || other.outcome !== 'plate') return noMatch
  if (one.text !== other.text || countriesConflict(one.country, other.country)) return noMatch
  const bits = one.text.length * 5
  if (one.lossy || other.lossy) {
    return { equal: 'partial', transform: [], bitsMatched: bits, bitsKnown: bits + 5, confidence: 0.7 }
  }
  const oneUnknown = (one.country === unknownCountry) !== (other.country === unknownCountry)
  if (!oneUnknown) return exact(bits)
  return { equal: 'transformed', transform: ['country-unknown'], bitsMatched: bits, bitsKnown: bits, confidence: 0.97 }
}

function matchEmaids(a: string | null, b: string | null): PresentationMatch {
  if (a === null || b === null || a.slice(0, 14) !== b.slice(0, 14)) return noMatch
  if (a === b) return exact(70)
  if (a.length === b.length) return noMatch
  return { equal: 'transformed', transform: ['check-digit'], bitsMatched: 70, bitsKnown: 70, confidence: 0.99 }
}

function matchPhones(
  a: { digits: string; international: boolean } | null,
  b: { digits: string; international: boolean } | null,
): PresentationMatch {
  if (!a || !b) return noMatch
  if (a.digits === b.digits) return exact(40)
  if (a.international === b.international) return noMatch
  // A national number without its trunk zero is the end of the international one; which country is not said.
  const [whole, national] = a.international ? [a.digits, b.digits] : [b.digits, a.digits]
  const end = national.replace(/^0/, '')
  if (end.length < 7 || !whole.endsWith(end)) return noMatch
  return { equal: 'partial', transform: ['country-unknown'], bitsMatched: 33, bitsKnown: 40, confidence: 0.8 }
}
