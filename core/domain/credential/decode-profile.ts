// Owns how one reader model writes a card, and undoing exactly that.
// Must not guess: what the profile does not explain is unreadable, and says why.
import { complement, isBlank, numberToHex, reverseBits, reverseBytes, xorOfBytes } from './card-bytes.ts'
import { decodeWiegand, type WiegandNumber, wiegandPayload } from './wiegand.ts'
import { isWiegandFormat, type WiegandFormat, type WiegandLayout, wiegandLayout } from './wiegand-layout.ts'

export interface DecodeProfile {
  alphabet: 'hex' | 'dec' | 'decConcat' | 'facilityCard'
  /** `msb`: the UID's first byte comes first, as ISO 14443-3 prints it. */
  byteOrder: 'msb' | 'lsb'
  invert?: boolean
  bitReverse?: boolean
  /** What the reader adds to a UID, taken off again: trailing zeros as printed, BCC and cascade tag in UID order. */
  strip?: readonly ('bcc' | 'cascadeTag' | 'trailingZeros')[]
  /** Bytes of the card's number in this reader's output, once the additions are off. Shorter numbers get leading zeros. */
  width?: 3 | 4 | 5 | 6 | 7 | 8 | 10
  /** Which end of a longer UID this reader passes on. Default: `first` for width 3 and 6, which no UID has, else `all`. */
  keeps?: 'all' | 'first' | 'last'
  wiegandFormat?: WiegandFormat
  /** `included`: the raw text is the whole frame with parity (also assumed when `bitLength` equals the format's). Default `stripped`. */
  wiegandParity?: 'included' | 'stripped'
  /** `uid`: the frame only carries a chip's UID bytes. Default `number`: facility and card number are the identity. */
  wiegandCarries?: 'number' | 'uid'
  /** Default by length: 4, 7, 10 bytes ISO 14443, 8 bytes ISO 15693, else a proximity card. */
  technology?: CardTechnology
}

export type CardTechnology = 'iso14443' | 'iso15693' | 'prox'

/** What a profile makes of a raw text. Hex is upper case, first byte first. */
export type Decoded =
  | { outcome: 'uid'; hex: string; technology: CardTechnology }
  | { outcome: 'partial'; hex: string; side: 'first' | 'last' }
  | { outcome: 'wiegand'; number: WiegandNumber }
  | { outcome: 'unreadable'; detail: string }

type Step<T> = { ok: true; value: T } | { ok: false; detail: string }

const done = <T>(value: T): Step<T> => ({ ok: true, value })
const stop = (detail: string): { ok: false; detail: string } => ({ ok: false, detail })

export function technologyOf(bytes: number): CardTechnology {
  if (bytes === 8) return 'iso15693'
  return bytes === 4 || bytes === 7 || bytes === 10 ? 'iso14443' : 'prox'
}

/** Undoes what the reader does, in reverse order: text, padding, frame, bit and byte order, then what was added to the UID. */
export function applyProfile(
  presentation: { raw: string; bitLength?: number | undefined },
  profile: DecodeProfile,
): Decoded {
  const { raw, bitLength } = presentation
  if (profile.wiegandFormat) {
    const number = wiegandNumber(raw, bitLength, profile, profile.wiegandFormat)
    if (!number.ok) return { outcome: 'unreadable', detail: number.detail }
    if (profile.wiegandCarries !== 'uid') return { outcome: 'wiegand', number: number.value }
    const payload = wiegandPayload(number.value)
    if (payload === null)
      return { outcome: 'unreadable', detail: `format ${profile.wiegandFormat} carries no whole bytes` }
    const { invert: _, ...rest } = profile
    return finish(ordered(payload, rest), profile)
  }
  const bytes = parseBytes(raw, profile)
  if (!bytes.ok) return { outcome: 'unreadable', detail: bytes.detail }
  return finish(ordered(bytes.value, profile), profile)
}

function finish(hex: string, profile: DecodeProfile): Decoded {
  const bare = stripAdditions(hex, profile)
  if (!bare.ok) return { outcome: 'unreadable', detail: bare.detail }
  const { value, cut } = bare.value
  if (isBlank(value)) return { outcome: 'unreadable', detail: 'the number is all zeros or all ones' }
  const bytes = value.length / 2
  if (bytes < 3) return { outcome: 'unreadable', detail: 'fewer than 3 bytes tell too few cards apart' }
  if (profile.width && !cut && bytes !== profile.width) {
    return { outcome: 'unreadable', detail: `${bytes} bytes where the reader's profile says ${profile.width}` }
  }
  const keeps = cut ? 'first' : (profile.keeps ?? (bytes === 3 || bytes === 6 ? 'first' : 'all'))
  if (keeps !== 'all') return { outcome: 'partial', hex: value, side: keeps }
  return { outcome: 'uid', hex: value, technology: profile.technology ?? technologyOf(bytes) }
}

function ordered(hex: string, profile: Pick<DecodeProfile, 'byteOrder' | 'invert' | 'bitReverse'>): string {
  let out = hex
  if (profile.invert) out = complement(out)
  if (profile.bitReverse) out = reverseBits(out)
  return profile.byteOrder === 'lsb' ? reverseBytes(out) : out
}

function parseBytes(raw: string, profile: DecodeProfile): Step<string> {
  const text = raw.trim().toUpperCase()
  switch (profile.alphabet) {
    case 'hex': {
      const digits = text.replace(/^0X/, '').replace(/[\s:\-.]/g, '')
      if (!/^[0-9A-F]{1,32}$/.test(digits)) return stop('not a hexadecimal number')
      const even = digits.length % 2 ? `0${digits}` : digits
      return done(trimZeros(profile.width ? even.padStart(profile.width * 2, '0') : even, profile))
    }
    case 'dec': {
      if (!/^\d{1,30}$/.test(text)) return stop('not a decimal number')
      const value = BigInt(text)
      const fewest = Math.ceil(value.toString(16).length / 2)
      const width = profile.width ?? printedWidths(profile).find((bytes) => bytes >= fewest) ?? fewest
      return done(trimZeros(numberToHex(value, width), profile))
    }
    case 'decConcat':
      return concatenated(text, profile.width)
    case 'facilityCard': {
      const pair = facilityCardPair(text)
      if (!pair) return stop('not a facility and a card number')
      const bytes = (profile.width ?? 3) - (profile.width === 4 ? 2 : 1)
      if (pair.facility >= 256 ** ((profile.width ?? 3) - bytes) || pair.card >= 256 ** bytes) {
        return stop('facility or card number too large')
      }
      return done(numberToHex((BigInt(pair.facility) << BigInt(bytes * 8)) | BigInt(pair.card), profile.width ?? 3))
    }
  }
}

/** How many bytes a decimal number may stand for, additions included, when the profile names no width. */
function printedWidths(profile: DecodeProfile): readonly number[] {
  if (profile.strip?.includes('bcc')) return [5, 8, 11]
  return profile.strip?.includes('cascadeTag') ? [4, 8] : [3, 4, 7, 8, 10]
}

/** "137 11284", "213,02000", "123:45678": the two numbers, or null. */
export function facilityCardPair(text: string): { facility: number; card: number } | null {
  const match = /^(\d{1,8})\s*[ ,:;/|-]\s*(\d{1,10})$/.exec(text.trim())
  return match ? { facility: Number(match[1]), card: Number(match[2]) } : null
}

/**
 * Splits bytes written in decimal one after another. Padded to three digits each it is plain; unpadded there may be several
 * ways, and more than one valid way is refused.
 */
function concatenated(text: string, width: number | undefined): Step<string> {
  const digits = text.replace(/[\s.,:-]/g, '')
  if (!/^\d{4,30}$/.test(digits)) return stop('not decimal bytes')
  const widths = width ? [width] : [4, 7, 10]
  for (const bytes of widths) {
    if (digits.length !== bytes * 3) continue
    const groups = digits.match(/\d{3}/g) ?? []
    if (groups.every((group) => Number(group) < 256))
      return done(groups.map((group) => numberToHex(BigInt(group), 1)).join(''))
  }
  const ways = widths.flatMap((bytes) => decimalSplits(digits, bytes, 2))
  const [only, ...others] = ways
  if (only === undefined) return stop('no split into decimal bytes')
  return others.length > 0 ? stop('can be split into decimal bytes in several ways') : done(only)
}

/** Ways to split digits into `bytes` numbers 0..255 without leading zeros, as hex; stops after `most`. */
function decimalSplits(digits: string, bytes: number, most: number): string[] {
  const found: string[] = []
  const walk = (from: number, left: number, hex: string): void => {
    const rest = digits.length - from
    if (found.length >= most || rest < left || rest > left * 3) return
    if (left === 0) {
      found.push(hex)
      return
    }
    for (let size = 1; size <= 3 && size <= rest; size++) {
      const part = digits.slice(from, from + size)
      if ((size > 1 && part.startsWith('0')) || Number(part) > 255) break
      walk(from + size, left - 1, hex + numberToHex(BigInt(part), 1))
    }
  }
  walk(0, bytes, '')
  return found
}

/** Zeros a printer pads with stand at the end of the text, whatever the byte order is. */
function trimZeros(hex: string, profile: DecodeProfile): string {
  if (!profile.strip?.includes('trailingZeros')) return hex
  const keep = profile.width ?? ([4, 7, 10].find((bytes) => isZero(hex.slice(bytes * 2))) || hex.length / 2)
  return isZero(hex.slice(keep * 2)) ? hex.slice(0, keep * 2) : hex
}

function isZero(hex: string): boolean {
  return /^0*$/.test(hex)
}

function stripAdditions(hex: string, profile: DecodeProfile): Step<{ value: string; cut: boolean }> {
  let value = hex
  let cut = false
  if (profile.strip?.includes('bcc') && isOneOver(value.length / 2, profile.width)) {
    if (xorOfBytes(value) !== 0) return stop('the check byte does not fit')
    value = value.slice(0, -2)
  }
  if (profile.strip?.includes('cascadeTag') && value.startsWith('88')) {
    // 88 is the cascade tag and cannot begin a 4-byte UID (ISO 14443-3): three bytes of a longer UID follow.
    if (value.length === 8) cut = true
    if (value.length === 8 || value.length === 16) value = value.slice(2)
  }
  return done({ value, cut })
}

function isOneOver(bytes: number, width: number | undefined): boolean {
  return width ? bytes === width + 1 : bytes === 5 || bytes === 8 || bytes === 11
}

function wiegandNumber(
  raw: string,
  bitLength: number | undefined,
  profile: DecodeProfile,
  format: WiegandFormat,
): Step<WiegandNumber> {
  if (!isWiegandFormat(format)) return stop(`unknown Wiegand format ${String(format)}`)
  const layout = wiegandLayout(format)
  const value = wiegandValue(raw, profile.alphabet, layout)
  if (!value.ok) return value
  if (profile.alphabet !== 'facilityCard' && (profile.wiegandParity === 'included' || bitLength === layout.bits)) {
    const mask = (1n << BigInt(layout.bits)) - 1n
    const reading = decodeWiegand(format, profile.invert ? ~value.value & mask : value.value)
    return reading.outcome === 'number' ? done(reading.number) : stop(reading.detail)
  }
  if (!layout.facility) return inRange({ format, facility: null, card: Number(value.value) })
  const cardBits = BigInt(layout.card[1] - layout.card[0] + 1)
  const bytes = (layout.card[1] - layout.facility[0] + 1) / 8
  let payload = value.value
  if (Number.isInteger(bytes) && payload >> BigInt(bytes * 8) === 0n) {
    // In a frame that carries a UID the caller restores byte and bit order, once.
    const { invert = false } = profile
    const order = profile.wiegandCarries === 'uid' ? { byteOrder: 'msb' as const, invert } : profile
    payload = BigInt(`0x${ordered(numberToHex(payload, bytes), order)}`)
  }
  return inRange({ format, facility: Number(payload >> cardBits), card: Number(payload & ((1n << cardBits) - 1n)) })
}

/** The frame or its payload as one number. */
function wiegandValue(raw: string, alphabet: DecodeProfile['alphabet'], layout: WiegandLayout): Step<bigint> {
  const text = raw.trim().toUpperCase()
  if (alphabet === 'facilityCard') {
    const pair = facilityCardPair(text)
    if (!pair) return stop('not a facility and a card number')
    if (!layout.facility) return done(BigInt(pair.card))
    const fits = inRange({ format: layout.format, ...pair })
    if (!fits.ok) return fits
    return done((BigInt(pair.facility) << BigInt(layout.card[1] - layout.card[0] + 1)) | BigInt(pair.card))
  }
  const digits = text.replace(/^0X/, '').replace(/[\s:\-.]/g, '')
  const readable = alphabet === 'hex' ? /^[0-9A-F]{1,20}$/ : /^\d{1,20}$/
  return readable.test(digits)
    ? done(BigInt(alphabet === 'hex' ? `0x${digits}` : digits))
    : stop('not a number of the alphabet in the profile')
}

function inRange(number: WiegandNumber): Step<WiegandNumber> {
  const { facility, card, bcd } = wiegandLayout(number.format)
  const facilityFits = facility
    ? (number.facility ?? 0) < 2 ** (facility[1] - facility[0] + 1)
    : number.facility === null
  const cardFits = number.card < (bcd ? 1e8 : 2 ** (card[1] - card[0] + 1))
  return facilityFits && cardFits ? done(number) : stop(`too large for Wiegand format ${number.format}`)
}
