// Owns choosing the most plausible reading of a card, and listing the others.
// Must not hide that it chose: everything it could not know shows in the confidence and the alternatives.

import { keyOf } from './canonical-key.ts'
import { type Alternative, type Canonicalised, partialOf, refused } from './canonicalised.ts'
import { reverseBytes } from './card-bytes.ts'
import { type CardReadings, encodingOf, type Reading, readCard } from './card-readings.ts'
import type { CanonicalKey, Presentation } from './credential.ts'
import { technologyOf } from './decode-profile.ts'
import type { Transform } from './transform.ts'

const mostAlternatives = 8

/** The key of a card, with the reader's profile when there is one. */
export function canonicaliseCard(presentation: Presentation): Canonicalised {
  if (/^\s*\+\d/.test(presentation.raw))
    return refused('wrong-kind', 'this is written like a telephone number, not like a card')
  const card = readCard(presentation)
  if (card.unreadable !== null) return refused('unreadable', `the reader's profile does not fit: ${card.unreadable}`)
  if (card.identity !== null) return byProfile(card, card.identity as CanonicalKey)
  if (presentation.readerProfile) return cutKey(card, 1)
  const [first] = card.full
  if (!first) {
    if (/^(?:0+|F{4,})$/.test(card.text))
      return refused('blank-number', 'the number is all zeros or all ones: nothing was read')
    return textKey(presentation, card.text)
  }
  return guess(card, preferred(card, first))
}

function byProfile(card: CardReadings, identity: CanonicalKey): Canonicalised {
  const random = isRandom(card.full[0]?.hex ?? '') && identity.startsWith('uid:')
  return random ? randomUid() : { outcome: 'key', key: identity, alternatives: [], confidence: 0.99 }
}

function randomUid(): Canonicalised {
  return refused(
    'random-uid',
    'a 4-byte number beginning 08 is made up anew at every tap (ISO 14443-3), so it names no card; phones and bank cards do this',
  )
}

/** ISO 14443-3: a single-size UID whose first byte is 08 is random. */
function isRandom(hex: string): boolean {
  return hex.length === 8 && hex.startsWith('08')
}

/** A reading without the check byte, tag or zeros is preferred where the longer one is no UID length; else the first stands. */
function preferred(card: CardReadings, first: Reading): Reading {
  const bytes = first.hex.length / 2
  const bare = card.full.find(
    ({ how }) => how.length === first.how.length + 1 && first.how.every((step, i) => how[i] === step),
  )
  if (!bare) return first
  const added = bare.how.at(-1)
  if (added === 'bcc') return bytes === 5 ? bare : first
  if (added === 'cascade-tag') return first.hex.startsWith('88') ? bare : first
  if (added === 'trailing-zeros' || added === 'leading-zeros') return bytes === 5 || bytes === 6 ? bare : first
  return first
}

function guess(card: CardReadings, chosen: Reading): Canonicalised {
  const [cut] = card.cut
  if (cut && chosen.hex.startsWith('88') && chosen.hex.length === 8) return cutKey(card, 0.9)
  const bytes = chosen.hex.length / 2
  if (bytes === 6) {
    // No UID has six bytes; readers that cut seven to six are known (SmartEVSE issue 98).
    return { ...partialKey('first', chosen.hex, 0.5), alternatives: alternativesTo(card, chosen) }
  }
  if (isRandom(chosen.hex)) return randomUid()
  const [number] = card.numbers
  const framed = chosen.how.includes('wiegand-frame') || (number !== undefined && card.full.length === 0)
  if (framed && number) {
    // Length does not tell the layout: the first listed is the common one, the others stay as alternatives.
    return { outcome: 'key', key: keyOf.wiegand(number), alternatives: alternativesTo(card, chosen), confidence: 0.6 }
  }
  const oriented = orient(chosen)
  return {
    outcome: 'key',
    key: uidOrNumber(oriented.hex, oriented.how),
    alternatives: alternativesTo(card, oriented),
    confidence: confidenceOf(oriented, card),
  }
}

/** ISO 15693 numbers begin with E0. A number that only ends with E0 was sent last byte first, as Android does. */
function orient(reading: Reading): Reading {
  if (reading.hex.length !== 16 || !reading.hex.endsWith('E0') || reading.hex.startsWith('E0')) return reading
  return { ...reading, hex: reverseBytes(reading.hex), how: [...reading.how, 'byte-reversal'] }
}

/** Three bytes are the payload of a 26-bit frame; a printed facility and card number of 32 bits that of a 34-bit one. */
function uidOrNumber(hex: string, how: readonly Transform[]): CanonicalKey {
  const value = Number.parseInt(hex, 16)
  if (hex.length === 6) return keyOf.wiegand({ format: 'H10301', facility: value >>> 16, card: value & 0xffff })
  if (hex.length === 8 && how.includes('facility-card')) {
    return keyOf.wiegand({ format: 'H10306', facility: Math.floor(value / 65536), card: value % 65536 })
  }
  return keyOf.uid(technologyOf(hex.length / 2), hex)
}

// Without a profile the byte order is an assumption; how good a one depends on what the number itself shows. Our own estimates.
function confidenceOf({ hex, how }: Reading, card: CardReadings): number {
  const bytes = hex.length / 2
  const shown = bytes === 7 && hex.startsWith('04') ? 0.95 : bytes === 8 && hex.startsWith('E0') ? 0.9 : 0.7
  const ambiguous = card.full.length > 1 ? 0.15 : 0
  return Math.round(Math.max(0.3, shown - ambiguous - how.length * 0.1) * 100) / 100
}

function alternativesTo(card: CardReadings, chosen: Reading): Alternative[] {
  const found = new Map<CanonicalKey, Alternative>()
  const offer = (key: CanonicalKey, transform: readonly Transform[], cut?: { side: 'first' | 'last'; hex: string }) => {
    if (found.has(key)) return
    found.set(key, {
      key,
      transform,
      lossy: cut !== undefined,
      ...(cut ? { mask: partialOf(cut.side, cut.hex).mask } : {}),
    })
  }
  for (const number of card.numbers) offer(keyOf.wiegand(number), ['wiegand-frame'])
  for (const { hex, how } of card.full) offer(uidOrNumber(hex, how), how)
  const reversed = reverseBytes(chosen.hex)
  if (!isRandom(reversed)) offer(uidOrNumber(reversed, chosen.how), [...chosen.how, 'byte-reversal'])
  for (const { hex, side, how } of card.cut) offer(keyOf.partial(side, hex), how, { side, hex })
  if (chosen.hex.length === 6) {
    offer(keyOf.partial('first', chosen.hex), ['first-3'], { side: 'first', hex: chosen.hex })
    offer(keyOf.partial('first', reversed), ['first-3', 'byte-reversal'], { side: 'first', hex: reversed })
  }
  const [number] = card.numbers
  found.delete(
    number && chosen.how.includes('wiegand-frame') ? keyOf.wiegand(number) : uidOrNumber(chosen.hex, chosen.how),
  )
  return [...found.values()].slice(0, mostAlternatives)
}

function cutKey(card: CardReadings, confidence: number): Canonicalised {
  const [cut] = card.cut
  return cut ? partialKey(cut.side, cut.hex, confidence) : refused('unreadable', 'no card number can be read from this')
}

function partialKey(side: 'first' | 'last', hex: string, confidence: number): Canonicalised & { outcome: 'key' } {
  return { outcome: 'key', key: keyOf.partial(side, hex), alternatives: [], confidence, partial: partialOf(side, hex) }
}

/** A printed card number with letters beyond hexadecimal ("P0012345") is a name as it stands. */
function textKey(presentation: Presentation, text: string): Canonicalised {
  const encoding = encodingOf(presentation)
  if (encoding !== null) return refused('unreadable', `not ${encoding} text`)
  if (!/^[\p{L}\p{N}]{3,64}$/u.test(text)) return refused('unreadable', 'no card number can be read from this')
  return { outcome: 'key', key: keyOf.uid('text', text), alternatives: [], confidence: 0.6 }
}
