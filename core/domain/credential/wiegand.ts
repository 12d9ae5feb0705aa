// Owns packing facility and card numbers into Wiegand frames and taking them out again, parity included.
// Must not choose between layouts of equal length; it reports all that fit.
import { numberToHex } from './card-bytes.ts'
import { type WiegandFormat, type WiegandLayout, wiegandLayout, wiegandLayouts } from './wiegand-layout.ts'

export interface WiegandNumber {
  format: WiegandFormat
  /** null where the layout has no facility code. */
  facility: number | null
  card: number
}

export type WiegandFrame =
  | { outcome: 'frame'; value: bigint; bits: number; hex: string }
  | { outcome: 'refused'; detail: string }

export type WiegandReading = { outcome: 'number'; number: WiegandNumber } | { outcome: 'refused'; detail: string }

/** Packs a number into its frame. `hex` is the frame as one number without leading zero digits beyond its bit length. */
export function encodeWiegand(number: WiegandNumber): WiegandFrame {
  const layout = wiegandLayout(number.format)
  const facility = fieldBits(layout.facility)
  const refusal =
    outOfRange('card number', number.card, layout.bcd ? 10 ** 8 : 2 ** fieldBits(layout.card)) ??
    outOfRange('facility code', number.facility ?? 0, facility === 0 ? 1 : 2 ** facility)
  if (refusal) return { outcome: 'refused', detail: `${refusal} in format ${layout.format}` }
  let frame = place(layout, layout.card, layout.bcd ? BigInt(`0x${number.card}`) : BigInt(number.card))
  if (layout.facility) frame |= place(layout, layout.facility, BigInt(number.facility ?? 0))
  for (const { bit, kind, over } of layout.parity) {
    if (parityOf(layout, frame, over) !== (kind === 'odd' ? 1 : 0)) frame |= 1n << BigInt(layout.bits - 1 - bit)
  }
  return { outcome: 'frame', value: frame, bits: layout.bits, hex: numberToHex(frame, 0) }
}

/** Reads one frame by one layout; refused when it does not fit, a parity bit is wrong or a BCD digit is above 9. */
export function decodeWiegand(format: WiegandFormat, frame: bigint): WiegandReading {
  const layout = wiegandLayout(format)
  if (frame < 0n || frame >> BigInt(layout.bits) !== 0n)
    return { outcome: 'refused', detail: `not a ${layout.bits}-bit frame` }
  for (const { bit, kind, over } of layout.parity) {
    if (parityOf(layout, frame, [bit, ...over]) !== (kind === 'odd' ? 1 : 0)) {
      return { outcome: 'refused', detail: `parity bit ${bit} of format ${format} is wrong` }
    }
  }
  const card = take(layout, layout.card, frame)
  if (layout.bcd && !/^\d+$/.test(card.toString(16))) return { outcome: 'refused', detail: 'a digit is above 9' }
  return {
    outcome: 'number',
    number: {
      format,
      facility: layout.facility ? Number(take(layout, layout.facility, frame)) : null,
      card: layout.bcd ? Number(card.toString(16)) : Number(card),
    },
  }
}

/** Every layout of this length whose parity holds, in the order of the layout table. */
export function decodeWiegandFrames(bits: number, frame: bigint): WiegandNumber[] {
  return wiegandLayouts
    .filter((layout) => layout.bits === bits)
    .map((layout) => decodeWiegand(layout.format, frame))
    .flatMap((reading) => (reading.outcome === 'number' ? [reading.number] : []))
}

/** The facility and card bits as bytes, for readers that carry a card's UID inside a frame; null when they are no whole bytes. */
export function wiegandPayload(number: WiegandNumber): string | null {
  const { facility, card, bcd } = wiegandLayout(number.format)
  const bits = fieldBits(facility) + fieldBits(card)
  if (bcd || bits % 8 !== 0) return null
  return numberToHex((BigInt(number.facility ?? 0) << BigInt(fieldBits(card))) | BigInt(number.card), bits / 8)
}

function fieldBits(field: readonly [number, number] | null): number {
  return field ? field[1] - field[0] + 1 : 0
}

function outOfRange(name: string, value: number, limit: number): string | null {
  return Number.isInteger(value) && value >= 0 && value < limit ? null : `${name} ${value} is outside 0..${limit - 1}`
}

function place(layout: WiegandLayout, [, last]: readonly [number, number], value: bigint): bigint {
  return value << BigInt(layout.bits - 1 - last)
}

function take(layout: WiegandLayout, field: readonly [number, number], frame: bigint): bigint {
  return (frame >> BigInt(layout.bits - 1 - field[1])) & ((1n << BigInt(fieldBits(field))) - 1n)
}

function parityOf(layout: WiegandLayout, frame: bigint, over: readonly number[]): number {
  let parity = 0
  for (const bit of over) parity ^= Number((frame >> BigInt(layout.bits - 1 - bit)) & 1n)
  return parity
}
