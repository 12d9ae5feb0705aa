// Owns knowing a payment card's number in a text, so that it is refused or blacked out before it is kept anywhere.
// Must not take RFID numbers, UUIDs, times, energies or hex for one: see `Context`.
import { pointerTo } from './json-pointer.ts'

/** Anything that could be one has twelve digits with at most one separator between groups; most texts end here. */
const cheap = /\d{4}[ .-]?\d{4}[ .-]?\d{4}|\d{4}[ -]\d{6}[ -]\d{4}/

/** Field names that say what the digits are: then they count bare even among identifiers, in JSON, XML and `name: value`. */
const named =
  /(?:^|[^a-z])(?:pan|primary.?account.?number|credit.?card.?(?:number|no)?|card.?number)\\*["']?\s*[:=>]\s*\\*["']?$/i

/** As cards are printed and read out (4-4-4-4, 4-6-5, 4-6-4), or bare. */
const candidate = /(?:\d{4}([ .-])\d{4}\1\d{4}\1\d{4}(?:\1\d{1,3})?|\d{4}([ -])\d{6}\2\d{4,5}|\d{13,19})/g

/** Prefix and lengths by brand (ISO/IEC 7812 ranges as the brands publish them). */
const brands: readonly [RegExp, readonly number[]][] = [
  [/^4/, [13, 16, 19]],
  [/^(5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720)/, [16]],
  [/^3[47]/, [15]],
  [/^(6011|64[4-9]|65)/, [16, 19]],
  [/^35(2[89]|[3-8])/, [16]],
  [/^3(0[0-5]|[689])/, [14]],
  [/^62/, [16, 17, 18, 19]],
]

/**
 * `text`: words of people and systems; bare and grouped numbers count. `identifier`: fields that hold RFID, ticket and vendor
 * numbers, of which one in fifty would look like a card by chance; there only a number written as cards are (in groups) or
 * read from a stripe counts.
 */
export type Context = 'text' | 'identifier'

interface Found {
  at: number
  length: number
}

function* numbersIn(text: string, context: Context): Generator<Found> {
  if (!cheap.test(text)) return
  for (const match of text.matchAll(candidate)) {
    const [written] = match
    const { index } = match
    const before = text.slice(Math.max(0, index - 2), index)
    const after = text.slice(index + written.length, index + written.length + 2)
    const digits = written.replace(/\D/g, '')
    const grouped = digits.length !== written.length
    const stripe = /(^|[^\w])(%B|;)$/.test(before) && /^[=^]/.test(after)
    if (!stripe && !standsAlone(before, after)) continue
    if (context === 'identifier' && !grouped && !stripe && !named.test(text.slice(Math.max(0, index - 40), index)))
      continue
    if (isBranded(digits) && passesLuhn(digits)) yield { at: index, length: written.length }
  }
}

/** Part of a word, a UUID, a hex string, a decimal or a longer number is none of its own. */
function standsAlone(before: string, after: string): boolean {
  return !/(\w|\w[.-]|\d:|[#+])$/.test(before) && !/^(\w|[.-]\w|:\d)/.test(after)
}

function isBranded(digits: string): boolean {
  return brands.some(([prefix, lengths]) => lengths.includes(digits.length) && prefix.test(digits))
}

function passesLuhn(digits: string): boolean {
  let sum = 0
  for (let i = 0; i < digits.length; i++) {
    const digit = digits.charCodeAt(digits.length - 1 - i) - 48
    const doubled = i % 2 === 1 ? digit * 2 : digit
    sum += doubled > 9 ? doubled - 9 : doubled
  }
  return sum % 10 === 0
}

export function holdsCardNumber(text: string, context: Context = 'text'): boolean {
  return !numbersIn(text, context).next().done
}

export const cardMark = '[card number]'

/** The text with every card number blacked out; the same text when there is none. */
export function withoutCardNumbers(text: string, context: Context = 'text'): string {
  let output = ''
  let from = 0
  for (const { at, length } of numbersIn(text, context)) {
    output += text.slice(from, at) + cardMark
    from = at + length
  }
  return from === 0 ? text : output + text.slice(from)
}

/**
 * The text with every card number masked up to its last four digits, at the same length and with its separators. A bare JSON
 * number stays one (nines), so that what carries it can still be read.
 */
export function maskedCardNumbers(text: string, context: Context = 'text'): string {
  let output = ''
  let from = 0
  for (const { at, length } of numbersIn(text, context)) {
    const written = text.slice(at, at + length)
    const number = /^\d+$/.test(written) && /:\s*$/.test(text.slice(Math.max(0, at - 8), at))
    const filler = number ? '9' : '*'
    output += text.slice(from, at) + written.slice(0, -4).replace(/\d/g, filler) + written.slice(-4)
    from = at + length
  }
  return from === 0 ? text : output + text.slice(from)
}

/** What `maskedCardNumbers` leaves of one, so that whoever reads it later can say so. */
export const maskedMark = /\*{4}[ *.-]*\d{4}/

/** The same value with the card numbers of its texts blacked out, whatever the fields are called. */
export function withoutCardNumbersIn(value: unknown, context: Context = 'identifier'): unknown {
  if (typeof value === 'string') return withoutCardNumbers(value, context)
  if (typeof value === 'number')
    return Number.isSafeInteger(value) && holdsCardNumber(String(value), context) ? cardMark : value
  if (Array.isArray(value)) return value.map((one) => withoutCardNumbersIn(one, context))
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, inside]) => [
      withoutCardNumbers(name, context),
      withoutCardNumbersIn(inside, context),
    ]),
  )
}

/** Fields by whose name a number is a device's, ticket's or system's own. */
const identifierNames =
  /^(id|.*Id|.*Ids|.*Key|key|value|values|uid|idTag|idToken|epc|barcode|serial.*|.*Serial|number|.*Number|code|.*Code|reference|ref|.*Ref|identity|firmware.*|iccid|imsi|.*Hash|hash)$/
const cardNames = /card.?(number|no)$|^pan$|credit/i

/** JSON pointer of the first field of a JSON value that holds a card number; null when none does. */
export function cardNumberAt(value: unknown, pointer = '', context: Context = 'text'): string | null {
  if (typeof value === 'string') return holdsCardNumber(value, context) ? pointer : null
  if (typeof value === 'number')
    return Number.isSafeInteger(value) && holdsCardNumber(String(value), context) ? pointer : null
  if (typeof value !== 'object' || value === null) return null
  for (const [name, inside] of Object.entries(value)) {
    const below = Array.isArray(value)
      ? context
      : identifierNames.test(name) && !cardNames.test(name)
        ? 'identifier'
        : 'text'
    const found = cardNumberAt(inside, `${pointer}${pointerTo(name)}`, below)
    if (found !== null) return found
  }
  return null
}

/** Whether it is worth parsing for: false for nearly every message. */
export function mayHoldCardNumber(text: string): boolean {
  return cheap.test(text)
}
