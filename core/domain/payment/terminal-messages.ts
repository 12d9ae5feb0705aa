// Owns reading payment messages that terminals send as DataTransfer, by a map that the operator gives for each vendor.
// Must not know a vendor, and must not let a card number through.
import { cardNumberAt, holdsCardNumber } from '../card-number.ts'
import { pointerParts } from '../json-pointer.ts'
import type { TerminalMeaning } from './terminal-payment.ts'

/** JSON pointers (RFC 6901) into the message's data. */
export interface TerminalFields {
  /** The payment's name at its provider. */
  reference?: string
  /** What the charger will present as the card. */
  token?: string
  /** The transaction, by the number that the hub gave (1.6) or the station's own name. */
  transaction?: string
  amount?: string
  currency?: string
  at?: string
  /** Tells refunds of one payment apart. */
  refund?: string
  receiptId?: string
  receiptUrl?: string
  reason?: string
}

export interface TerminalMessage {
  messageId: string
  means: 'authorised' | TerminalMeaning
  /** Only where this field has one of these values: vendors that say everything under one messageId. */
  when?: { field: string; is: readonly string[] }
  fields: TerminalFields
}

export interface TerminalVendor {
  vendorId: string
  /** `minor`: amounts are whole numbers of the smallest coin. */
  amounts?: 'major' | 'minor'
  messages: readonly TerminalMessage[]
}

export type TerminalRead =
  | { kind: 'authorised'; token: string; reference?: string }
  | {
      kind: 'money'
      means: TerminalMeaning
      reference: string
      /** As the terminal wrote it, in the unit that its vendor uses. */
      amount: string
      unit: 'major' | 'minor'
      at?: string
      transaction?: string
      token?: string
      currency?: string
      refund?: string
      receiptId?: string
      receiptUrl?: string
      reason?: string
    }
  | { kind: 'unknown_message' }
  | { kind: 'refused'; reason: string }

/** Of a site's settings, which the API has checked. */
export function terminalVendors(settings: unknown): readonly TerminalVendor[] {
  const { terminals } = (typeof settings === 'object' && settings !== null ? settings : {}) as { terminals?: unknown }
  return Array.isArray(terminals) ? (terminals as TerminalVendor[]) : []
}

const longestText = 200
/** Payment messages are small; what is longer is none. */
const longestData = 20_000

export function readTerminalMessage(
  vendor: TerminalVendor,
  messageId: string | undefined,
  sent: unknown,
): TerminalRead {
  const sameId = vendor.messages.filter((one) => one.messageId === (messageId ?? ''))
  if (sameId.length === 0) return { kind: 'unknown_message' }
  const data = parsed(sent)
  if (data === undefined) return { kind: 'refused', reason: 'The data is no JSON object.' }
  const message = sameId.find(({ when }) => when === undefined || when.is.includes(textAt(data, when.field) ?? ''))
  if (message === undefined) return { kind: 'refused', reason: 'The map has no meaning for this message.' }
  const card = cardIn(data, message.fields)
  if (card !== null) return { kind: 'refused', reason: `${card} holds a card number, which may not be sent.` }
  const { fields, means } = message
  const found: Partial<Record<keyof TerminalFields, string>> = {}
  for (const [name, pointer] of Object.entries(fields) as [keyof TerminalFields, string][]) {
    const text = textAt(data, pointer)
    if (text === undefined || text === '') continue
    if (text.length > longestText) return { kind: 'refused', reason: `${pointer} is longer than ${longestText}.` }
    found[name] = text
  }
  const lacking = (name: keyof TerminalFields): TerminalRead => ({
    kind: 'refused',
    reason: `${fields[name] ?? `A field for ${name}`} is missing.`,
  })
  const { reference, amount, token, at, ...rest } = found
  if (means === 'authorised') {
    if (token === undefined) return lacking('token')
    return { kind: 'authorised', token, ...(reference === undefined ? {} : { reference }) }
  }
  if (reference === undefined) return lacking('reference')
  if (amount === undefined && means !== 'failed') return lacking('amount')
  const unit = vendor.amounts ?? 'major'
  const form = unit === 'minor' ? /^\d{1,12}$/ : /^\d{1,12}(\.\d{1,12})?$/
  if (amount !== undefined && !form.test(amount))
    return { kind: 'refused', reason: `${fields.amount} is no amount in ${unit} units.` }
  const instant = at === undefined ? undefined : instantOf(at)
  if (instant === null) return { kind: 'refused', reason: `${fields.at} is no instant with its zone.` }
  return {
    kind: 'money',
    means,
    reference,
    amount: amount ?? '0',
    unit,
    ...(token === undefined ? {} : { token }),
    ...(instant === undefined ? {} : { at: instant }),
    ...rest,
  }
}

function parsed(sent: unknown): object | undefined {
  let value = sent
  if (typeof sent === 'string') {
    if (sent.length > longestData) return undefined
    try {
      value = JSON.parse(sent)
    } catch {
      return undefined
    }
  }
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined
}

/** Text or number at a pointer; undefined for everything else. Only what is the object's own. */
function textAt(data: object, pointer: string): string | undefined {
  let value: unknown = data
  for (const part of pointerParts(pointer)) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined
    value = (value as Record<string, unknown>)[part]
  }
  if (typeof value === 'string') return value.trim()
  return typeof value === 'number' && Number.isFinite(value) ? String(value) : undefined
}

const identifiers = ['reference', 'token', 'transaction', 'refund', 'receiptId'] as const

/**
 * Pointer of the first field that holds a card number. What the map calls an identifier is read as one, since the numbers of payment
 * providers look like cards now and then.
 */
function cardIn(data: object, fields: TerminalFields): string | null {
  const named = new Set(identifiers.flatMap((name) => fields[name] ?? []))
  const found = cardNumberAt(data)
  if (found === null || !named.has(found)) return found
  const own = [...named].find((pointer) => {
    const last = pointerParts(pointer).at(-1) ?? ''
    return holdsCardNumber(`"${last}":"${textAt(data, pointer) ?? ''}"`, 'identifier')
  })
  return own ?? cardNumberAt(without(data, named))
}

function without(data: object, pointers: ReadonlySet<string>): unknown {
  const copy = structuredClone(data)
  for (const pointer of pointers) {
    const parts = pointerParts(pointer)
    let holder: unknown = copy
    for (const part of parts.slice(0, -1)) {
      holder =
        typeof holder === 'object' && holder !== null && Object.hasOwn(holder, part)
          ? (holder as Record<string, unknown>)[part]
          : null
    }
    if (typeof holder === 'object' && holder !== null) delete (holder as Record<string, unknown>)[parts.at(-1) ?? '']
  }
  return copy
}

/** ISO 8601 with a zone, or seconds or milliseconds since 1970; null when it is neither. */
function instantOf(text: string): string | null {
  const time = /^\d{9,10}$/.test(text)
    ? Number(text) * 1_000
    : /^\d{12,13}$/.test(text)
      ? Number(text)
      : /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})$/.test(text)
        ? Date.parse(text)
        : Number.NaN
  return Number.isNaN(time) ? null : new Date(time).toISOString()
}
