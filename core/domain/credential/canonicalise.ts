// Owns the one name of a presented credential, or the plain reason why it has none.
// Must not look anything up: two credentials that share a name are the caller's to notice.

import { keyOf, noScope, parseCanonicalKey } from './canonical-key.ts'
import { canonicaliseCard } from './canonicalise-card.ts'
import { type Canonicalised, partialOf, refused } from './canonicalised.ts'
import { compactText } from './card-readings.ts'
import { type CanonicalKey, longestRaw, type Presentation } from './credential.ts'
import type { DecodeProfile } from './decode-profile.ts'
import { inferKind } from './infer-kind.ts'
import { isOcppAlias } from './ocpp-id-token.ts'
import { normalisePlate, unknownCountry } from './plate.ts'
import { aviOf, emaidOf, macOf, phoneOf, plainText } from './text-credentials.ts'

export interface CanonicaliseContext {
  /** Scope of tickets and PINs, whose numbers repeat between sites. */
  siteId?: string | undefined
  /** Country of plates that come without one. */
  country?: string | undefined
  /** Calling code ("49") for telephone numbers written nationally. */
  callingCode?: string | undefined
  /** Profile of the reader, when the presentation does not carry its own. */
  profile?: DecodeProfile | undefined
}

/**
 * Gives a presentation its canonical key. A known decode profile is applied exactly; without one the most plausible reading wins
 * and the others are listed. Applying it to its own result (`encoding: 'canonical'`) changes nothing.
 */
export function canonicalise(presentation: Presentation, context: CanonicaliseContext = {}): Canonicalised {
  const { raw } = presentation
  if (raw.length > longestRaw) return refused('too-long', `longer than ${longestRaw} characters`)
  if (compactText(raw) === '') return refused('empty', 'nothing was read')
  if (presentation.encoding === 'canonical') return fromCanonical(presentation)
  if (presentation.kind === undefined && isOcppAlias(raw))
    return refused('hub-alias', 'a stand-in that the hub gave out itself; look up what it stands for')
  switch (presentation.kind ?? inferKind(raw)) {
    case 'card':
      return canonicaliseCard({ ...presentation, readerProfile: presentation.readerProfile ?? context.profile })
    case 'plate':
      return plate(presentation, context)
    case 'emaid': {
      const emaid = emaidOf(raw)
      return emaid === null
        ? refused('unreadable', 'an eMAID has 14 or 15 letters and digits')
        : key(keyOf.text('emaid', emaid))
    }
    case 'phone':
      return phone(raw, context)
    case 'mac': {
      const mac = macOf(raw)
      return mac === null ? refused('unreadable', 'not a MAC address') : key(keyOf.text('mac', mac))
    }
    case 'epc': {
      const hex = compactText(raw)
      if (!/^(?:[0-9A-F]{2}){8,32}$/.test(hex)) return refused('unreadable', 'not an EPC: 16 to 64 hexadecimal digits')
      return /^(?:0+|F+)$/.test(hex) ? refused('blank-number', 'the tag number is blank') : key(keyOf.text('epc', hex))
    }
    case 'avi': {
      const avi = aviOf(raw)
      return avi === null
        ? refused('unreadable', 'not an agency and a serial number')
        : key(keyOf.avi(avi.agency, avi.serial))
    }
    case 'ticket':
      return scoped('ticket', raw, context)
    case 'pin':
      return scoped('pin', raw, context)
    case 'qr':
      return free('qr', raw)
    case 'app':
      return free('app', raw)
  }
}

function key(value: CanonicalKey, confidence = 0.99): Canonicalised {
  return { outcome: 'key', key: value, alternatives: [], confidence }
}

function fromCanonical({ raw, kind }: Presentation): Canonicalised {
  const text = raw.trim()
  const parsed = parseCanonicalKey(text)
  if (!parsed) return refused('unreadable', 'not a canonical key')
  const card = parsed.scheme === 'uid' || parsed.scheme === 'wieg' || parsed.scheme === 'partial'
  if (kind !== undefined && kind !== (card ? 'card' : parsed.scheme)) {
    return refused('wrong-kind', `a ${parsed.scheme} key where a ${kind} was expected`)
  }
  const same = text as CanonicalKey
  if (parsed.scheme !== 'partial') return key(same, 1)
  const { side, value } = parsed
  return { outcome: 'key', key: same, alternatives: [], confidence: 1, partial: partialOf(side, value) }
}

function plate({ raw, country }: Presentation, context: CanonicaliseContext): Canonicalised {
  const reading = normalisePlate(raw, country ?? context.country)
  if (reading.outcome === 'refused') return refused(reading.reason, reading.detail)
  // A plate whose foreign letters were dropped names several cars; it stays usable as a weak hint.
  return key(
    keyOf.plate(reading.country, reading.text),
    reading.lossy ? 0.5 : reading.country === unknownCountry ? 0.9 : 0.99,
  )
}

function phone(raw: string, { callingCode }: CanonicaliseContext): Canonicalised {
  const number = phoneOf(raw)
  if (!number) return refused('unreadable', 'not a telephone number')
  if (number.international) return e164(number.digits, 0.99)
  if (!callingCode || !/^\d{1,3}$/.test(callingCode)) {
    return refused('country-needed', 'a national telephone number, and the country is not known')
  }
  return e164(callingCode + number.digits.replace(/^0/, ''), 0.9)
}

function e164(digits: string, confidence: number): Canonicalised {
  return /^[1-9]\d{6,14}$/.test(digits)
    ? key(keyOf.text('phone', `+${digits}`), confidence)
    : refused('unreadable', 'not a telephone number of 7 to 15 digits')
}

function scoped(scheme: 'ticket' | 'pin', raw: string, { siteId }: CanonicaliseContext): Canonicalised {
  const text = plainText(raw)
  if (text === null) return refused('unreadable', 'nothing readable')
  const scope = siteId && /^[^:]{1,64}$/.test(siteId) ? siteId : noScope
  return key(keyOf.scoped(scheme, scope, text.toUpperCase()), scope === noScope ? 0.6 : 0.99)
}

function free(scheme: 'qr' | 'app', raw: string): Canonicalised {
  const text = plainText(raw)
  return text === null ? refused('unreadable', 'nothing readable') : key(keyOf.text(scheme, text))
}
