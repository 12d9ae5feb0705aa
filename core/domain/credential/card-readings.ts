// Owns what the raw text of a card can mean: the byte strings it may stand for, and which of them are known to be incomplete.
// Must not choose between readings; canonicalise-card.ts chooses, match-cards.ts and search-keys.ts use them all.

import { parseCanonicalKey } from './canonical-key.ts'
import { isBlank, numberToHex, representative, xorOfBytes } from './card-bytes.ts'
import { longestRaw, type Presentation } from './credential.ts'
import { applyProfile, facilityCardPair } from './decode-profile.ts'
import type { Transform } from './transform.ts'
import { decodeWiegandFrames, type WiegandNumber, wiegandPayload } from './wiegand.ts'
import { wiegandLayouts } from './wiegand-layout.ts'

/** One meaning of a raw text: bytes, and how the text is written if they are right. */
export interface Reading {
  hex: string
  how: readonly Transform[]
  /** Equal for all lossless reorderings of `hex`. */
  representative: string
}

/** A reading known to be only one end of a longer UID. */
interface CutReading extends Reading {
  side: 'first' | 'last'
}

export interface CardReadings {
  /** The raw text without separators, control characters and case. */
  text: string
  /** Most plausible first. Empty when the text is no number at all. */
  full: readonly Reading[]
  cut: readonly CutReading[]
  /** Facility and card numbers as `facility:card`, `-` for none. */
  pairs: readonly string[]
  /** Wiegand numbers the text decodes to with valid parity, or by profile. */
  numbers: readonly WiegandNumber[]
  /** Set when a profile or canonical key says what the card is: nothing is guessed then. */
  identity: string | null
  /** Why a profile could not read the text. */
  unreadable: string | null
}

type Encoding = 'hex' | 'dec' | 'decconcat' | 'facilitycard' | 'wiegand' | 'bits' | 'canonical'

const encodings: ReadonlyMap<string, Encoding> = new Map([
  ['hex', 'hex'],
  ['hexadecimal', 'hex'],
  ['dec', 'dec'],
  ['decimal', 'dec'],
  ['decconcat', 'decconcat'],
  ['facilitycard', 'facilitycard'],
  ['wiegand', 'wiegand'],
  ['bits', 'bits'],
  ['canonical', 'canonical'],
])

// Standard widths a decimal print can have: 3 bytes (8-digit print), 4 (10-digit), 5 (EM4100), then the UID lengths.
const decimalWidths = [3, 4, 5, 7, 8, 10]
const wiegandLengths: ReadonlySet<number> = new Set(wiegandLayouts.map(({ bits }) => bits))

/** Upper case without separators or control characters: what "the same text" means for cards. OCPP idTags ignore case too. */
export function compactText(raw: string): string {
  return raw
    .normalize('NFKC')
    .toUpperCase()
    .replace(/[\p{Cc}\p{Cf}\p{Cs}\s:.,_-]/gu, '')
    .replace(/^0X(?=[0-9A-F])/, '')
}

export function encodingOf(presentation: Presentation): Encoding | null {
  if (/^\s*0x/i.test(presentation.raw)) return 'hex'
  return encodings.get((presentation.encoding ?? '').toLowerCase().replace(/[^a-z]/g, '')) ?? null
}

export function readCard(presentation: Presentation): CardReadings {
  const none = { text: '', full: [], cut: [], pairs: [], numbers: [], identity: null, unreadable: null }
  if (presentation.raw.length > longestRaw) return none
  const text = compactText(presentation.raw)
  const encoding = encodingOf(presentation)
  if (encoding === 'canonical') return { ...none, text, ...fromCanonical(presentation.raw) }
  if (presentation.readerProfile) return { ...none, text, ...fromProfile(presentation, presentation.readerProfile) }
  const guess = gathering()
  const spaced = presentation.raw
    .normalize('NFKC')
    .toUpperCase()
    .replace(/\p{Cc}+/gu, ' ')
    .trim()
  if (encoding === null || encoding === 'wiegand' || encoding === 'bits')
    readFrame(guess, text, encoding, presentation.bitLength)
  if (encoding === null || encoding === 'facilitycard') readPair(guess, spaced)
  if (encoding === null || encoding === 'decconcat') readDecimalBytes(guess, spaced, text)
  // Ten digits are the print of 32 bits, and a proximity print is rarely hexadecimal without a letter: decimal before hex.
  const decimalFirst = /^\d+$/.test(text) && ![8, 14, 20].includes(text.length)
  const readers = [readHex, readDecimal]
  for (const reader of decimalFirst ? readers.reverse() : readers) reader(guess, text, encoding, presentation.bitLength)
  if (encoding === null || encoding === 'facilitycard') readGaplessPair(guess, spaced)
  derive(guess)
  return { ...none, text, full: guess.full, cut: guess.cut, pairs: [...guess.pairs], numbers: guess.numbers }
}

/** What has been gathered so far; no bytes twice, the plainest way of reading them wins. */
interface Gathered {
  full: Reading[]
  cut: CutReading[]
  pairs: Set<string>
  numbers: WiegandNumber[]
}

function gathering(): Gathered {
  return { full: [], cut: [], pairs: new Set(), numbers: [] }
}

function add(into: Gathered, hex: string, how: readonly Transform[]): void {
  if (isBlank(hex)) return
  const known = into.full.findIndex((reading) => reading.hex === hex)
  const before = into.full[known]
  if (!before) into.full.push({ hex, how, representative: representative(hex) })
  else if (how.length < before.how.length) into.full[known] = { ...before, how }
}

function addCut(into: Gathered, hex: string, how: readonly Transform[]): void {
  if (!isBlank(hex)) into.cut.push({ hex, how, representative: representative(hex), side: 'first' })
}

function addNumber(into: Gathered, number: WiegandNumber, how: readonly Transform[]): void {
  into.numbers.push(number)
  into.pairs.add(`${number.facility ?? '-'}:${number.card}`)
  const payload = wiegandPayload(number)
  if (payload !== null) add(into, payload, how)
  else if (number.facility === null) addDecimal(into, BigInt(number.card), how)
}

/** Adds what each reading becomes when something a reader added is taken off. Only readings of the text itself are looked at. */
function derive(into: Gathered): void {
  for (const { hex, how } of [...into.full]) {
    const bytes = hex.length / 2
    // The XOR of UID and BCC is zero, whichever end the BCC stands at.
    if ((bytes === 5 || bytes === 8) && xorOfBytes(hex) === 0) {
      add(into, hex.slice(0, -2), [...how, 'bcc'])
      add(into, hex.slice(2), [...how, 'bcc'])
    }
    if (bytes === 8 && hex.startsWith('88')) add(into, hex.slice(2), [...how, 'cascade-tag'])
    if (bytes === 8 && hex.endsWith('88')) add(into, hex.slice(0, -2), [...how, 'cascade-tag'])
    if (bytes >= 5 && bytes <= 10) {
      const zerosAfter = /(?:00)*$/.exec(hex)?.[0].length ?? 0
      const zerosBefore = /^(?:00)*/.exec(hex)?.[0].length ?? 0
      const keep = (zeros: number) => [4, 7].find((uid) => uid < bytes && hex.length - zeros <= uid * 2)
      const after = keep(zerosAfter)
      const before = keep(zerosBefore)
      if (after) add(into, hex.slice(0, after * 2), [...how, 'trailing-zeros'])
      if (before) add(into, hex.slice(-before * 2), [...how, 'leading-zeros'])
    }
    // 88 cannot begin a 4-byte UID (ISO 14443-3): it is the cascade tag, and three bytes of a longer UID follow.
    if (bytes === 4 && hex.startsWith('88')) addCut(into, hex.slice(2), [...how, 'cascade-tag'])
    if (bytes === 4 && hex.endsWith('88')) addCut(into, hex.slice(0, -2), [...how, 'cascade-tag'])
  }
}

function readFrame(into: Gathered, text: string, encoding: Encoding | null, bitLength: number | undefined): void {
  const binary = encoding === 'bits'
  const bits = binary ? text.length : bitLength
  if (bits === undefined || !wiegandLengths.has(bits)) return
  if (!(binary ? /^[01]+$/ : /^[0-9A-F]{1,16}$/).test(text)) return
  const frame = BigInt(binary ? `0b${text}` : `0x${text}`)
  if (frame >> BigInt(bits) !== 0n) return
  for (const number of decodeWiegandFrames(bits, frame)) addNumber(into, number, ['wiegand-frame'])
  if (into.numbers.length > 0) return
  // Data wires swapped: every bit of the frame arrives inverted, and then no parity holds.
  const swapped = ~frame & ((1n << BigInt(bits)) - 1n)
  for (const number of decodeWiegandFrames(bits, swapped)) addNumber(into, number, ['wiegand-frame', 'complement'])
}

function readPair(into: Gathered, spaced: string): void {
  const pair = facilityCardPair(spaced)
  if (pair) addPair(into, pair.facility, pair.card)
}

/** The 8-digit print of a 26-bit card is facility and card number without a gap: 3 and 5 digits. */
function readGaplessPair(into: Gathered, text: string): void {
  if (!/^\d{8}$/.test(text)) return
  const facility = Number(text.slice(0, 3))
  const card = Number(text.slice(3))
  if (facility < 256 && card < 65536) addPair(into, facility, card)
}

function addPair(into: Gathered, facility: number, card: number): void {
  if (card === 0) return
  into.pairs.add(`${facility}:${card}`)
  if (facility < 256 && card < 65536) add(into, numberToHex(BigInt(facility * 65536 + card), 3), ['facility-card'])
  else if (facility < 65536 && card < 65536)
    add(into, numberToHex(BigInt(facility * 65536 + card), 4), ['facility-card'])
  else if (facility < 256 && card < 2 ** 24)
    add(into, numberToHex(BigInt(facility * 2 ** 24 + card), 4), ['facility-card'])
}

function readDecimalBytes(into: Gathered, spaced: string, text: string): void {
  const parts = spaced.split(/[ .,:-]/)
  const groups = [4, 7, 10].includes(parts.length)
    ? parts
    : [12, 21, 30].includes(text.length)
      ? (text.match(/\d{3}/g) ?? [])
      : []
  if (groups.length < 4 || groups.length * 3 < text.length) return
  if (!groups.every((group) => /^\d{1,3}$/.test(group) && Number(group) < 256)) return
  add(into, groups.map((group) => numberToHex(BigInt(group), 1)).join(''), ['decimal-concat'])
}

function readHex(into: Gathered, text: string, encoding: Encoding | null): void {
  if ((encoding !== null && encoding !== 'hex') || !/^[0-9A-F]{5,32}$/.test(text)) return
  if (text.length % 2 === 0) add(into, text, [])
  // A hex number printed without its leading zero has a letter; digits alone are read as decimal.
  else if (encoding === 'hex' || /[A-F]/.test(text)) add(into, `0${text}`, ['leading-zeros'])
}

function readDecimal(into: Gathered, text: string, encoding: Encoding | null, bitLength: number | undefined): void {
  if ((encoding !== null && encoding !== 'dec') || !/^\d{1,25}$/.test(text)) return
  const value = BigInt(text)
  const stated = bitLength && bitLength % 8 === 0 ? bitLength / 8 : 0
  if (stated >= 3 && stated <= 10 && value >> BigInt(stated * 8) === 0n)
    add(into, numberToHex(value, stated), ['decimal'])
  else addDecimal(into, value, ['decimal'], text.length)
}

function addDecimal(into: Gathered, value: bigint, how: readonly Transform[], digits = 0): void {
  if (value === 0n) return
  const fewest = Math.ceil(value.toString(16).length / 2)
  const width = decimalWidths.find((bytes) => bytes >= fewest)
  if (width === undefined) return
  // The NOT of a number depends on its width, so a small one is read as 3 and as 4 bytes. Ten digits are the print of 4 bytes:
  // there the top byte is part of the number, and an 8-digit print of the same tag has lost it.
  const widths = width === 3 ? (digits >= 10 ? [4] : [3, 4]) : [width]
  for (const bytes of widths) add(into, numberToHex(value, bytes), how)
}

function fromProfile(
  presentation: Presentation,
  profile: NonNullable<Presentation['readerProfile']>,
): Partial<CardReadings> {
  const decoded = applyProfile(presentation, profile)
  switch (decoded.outcome) {
    case 'uid':
      return certain(decoded.hex, `uid:${decoded.technology}:${decoded.hex}`)
    case 'partial': {
      const { hex, side } = decoded
      return { cut: [{ hex, side, how: [], representative: representative(hex) }] }
    }
    case 'wiegand':
      return certainNumber(decoded.number)
    case 'unreadable':
      return { unreadable: decoded.detail }
  }
}

function fromCanonical(raw: string): Partial<CardReadings> {
  const key = parseCanonicalKey(raw.trim())
  if (!key) return { unreadable: 'not a canonical key' }
  if (key.scheme === 'uid' && key.technology !== 'text') return certain(key.value, raw.trim())
  if (key.scheme === 'epc') return certain(key.value, raw.trim())
  if (key.scheme === 'wieg') return certainNumber({ format: key.format, facility: key.facility, card: key.card })
  if (key.scheme === 'partial') {
    return { cut: [{ hex: key.value, side: key.side, how: [], representative: representative(key.value) }] }
  }
  return { text: key.scheme === 'uid' ? key.value : compactText(raw) }
}

function certain(hex: string, identity: string): Partial<CardReadings> {
  return { full: [{ hex, how: [], representative: representative(hex) }], identity }
}

function certainNumber(number: WiegandNumber): Partial<CardReadings> {
  const into = gathering()
  addNumber(into, number, [])
  const { format, facility, card } = number
  const identity = `wieg:${format}:${facility ?? '-'}:${card}`
  return { full: into.full, pairs: [...into.pairs], numbers: [number], identity }
}
