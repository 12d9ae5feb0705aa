// Owns the list of strings other readers may show for one card, each with what was done to it.
// Must not be used to grant anything; it serves people who look for a card, and searches that ask for every form.
import {
  appendBcc,
  complement,
  concatDecimals,
  decimalOf,
  reorderings,
  reverseBits,
  reverseBytes,
} from './card-bytes.ts'
import { readCard } from './card-readings.ts'
import type { Presentation } from './credential.ts'
import type { Transform } from './transform.ts'

export interface CardForm {
  text: string
  transform: readonly Transform[]
  /** Some bits of the card are not in this form: it fits other cards too. */
  lossy: boolean
  /** Bits of the card that are in the form. */
  bits: number
}

/** Meanings of the raw text that are worked out; a text with more is too ambiguous to list. */
const mostReadings = 3
/** No card has more forms than this. */
const mostForms = 160

/**
 * The forms of section "one card, many strings": reordered, inverted, cut to three bytes, decimal with and without zero padding,
 * decimal bytes, check byte, cascade tag, trailing zeros, facility and card number of 26 and 34 bits. The first is the text itself.
 */
export function cardForms(card: string | Presentation): CardForm[] {
  const presentation = typeof card === 'string' ? { raw: card } : card
  const { text, full } = readCard(presentation)
  const forms = new Map<string, CardForm>()
  const add = (form: string, transform: readonly Transform[], bits: number, lossy = false) => {
    if (!forms.has(form)) forms.set(form, { text: form, transform, lossy, bits })
  }
  if (text !== '') add(text, [], (full[0]?.hex.length ?? 0) * 4)
  for (const { hex, how } of full.slice(0, mostReadings)) addForms(hex, how, add)
  return [...forms.values()].slice(0, mostForms)
}

type Add = (text: string, transform: readonly Transform[], bits: number, lossy?: boolean) => void

function addForms(hex: string, how: readonly Transform[], add: Add): void {
  const bytes = hex.length / 2
  const bits = bytes * 8
  const orders = reorderings.map(({ transforms, apply }) => ({ hex: apply(hex), how: [...how, ...transforms] }))
  for (const order of orders) add(order.hex, order.how, bits)
  for (const order of orders.slice(0, 3)) addDecimals(order.hex, order.how, add, bits, false)
  for (const order of orders.slice(0, 2)) {
    add(concatDecimals(order.hex), [...order.how, 'decimal-concat'], bits)
    if (bytes === 4 || bytes === 7) add(appendBcc(order.hex), [...order.how, 'bcc'], bits)
    if (bytes === 4) {
      add(facilityCard(order.hex, 2), [...order.how, 'facility-card'], bits)
      for (const zeros of [1, 2, 3]) add(order.hex + '00'.repeat(zeros), [...order.how, 'trailing-zeros'], bits)
    }
  }
  if (bytes === 3) for (const order of orders) add(facilityCard(order.hex, 1), [...order.how, 'facility-card'], bits)
  if (bytes === 7) {
    add(`88${hex}`, [...how, 'cascade-tag'], bits)
    add(`88${hex.slice(0, 6)}`, [...how, 'cascade-tag', 'first-3'], 24, true)
  }
  if (bytes >= 4) {
    addEnd(hex.slice(0, 6), [...how, 'first-3'], add)
    addEnd(hex.slice(-6), [...how, 'last-3'], add)
  }
}

function addEnd(end: string, how: readonly Transform[], add: Add): void {
  const forms: readonly [string, readonly Transform[]][] = [
    [end, []],
    [reverseBytes(end), ['byte-reversal']],
    [complement(end), ['complement']],
    // Seen at a Wiegand reader beside a USB reader: inverted, and the bits of each byte mirrored.
    [complement(reverseBits(end)), ['complement', 'bit-reversal']],
  ]
  for (const [hex, transforms] of forms) {
    const all = [...how, ...transforms]
    add(hex, all, 24, true)
    addDecimals(hex, all, add, 24, true)
    add(facilityCard(hex, 1), [...all, 'facility-card'], 24, true)
  }
}

function addDecimals(hex: string, how: readonly Transform[], add: Add, bits: number, lossy: boolean): void {
  const plain = decimalOf(hex)
  add(plain, [...how, 'decimal'], bits, lossy)
  add(plain.padStart(hex.length === 6 ? 8 : 10, '0'), [...how, 'decimal'], bits, lossy)
}

/** As printed on cards: "137,11284" for one facility byte, "07558,42526" for two. */
function facilityCard(hex: string, facilityBytes: 1 | 2): string {
  const facility = Number.parseInt(hex.slice(0, facilityBytes * 2), 16)
  const card = Number.parseInt(hex.slice(facilityBytes * 2), 16)
  return `${String(facility).padStart(facilityBytes === 1 ? 3 : 5, '0')},${String(card).padStart(5, '0')}`
}
