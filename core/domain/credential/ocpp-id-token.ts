// Owns how a canonical key is written as an OCPP identifier, and the aliases for keys that do not fit one.
// Must not keep the alias book: the caller counts the sequence and stores which key it stands for.
import type { IdToken } from '../device-words.ts'
import { parseCanonicalKey } from './canonical-key.ts'
import type { CanonicalKey, CredentialKind } from './credential.ts'

export type OcppIdToken = { outcome: 'token'; idToken: string } | { outcome: 'alias-needed'; detail: string }

/** OCPP 1.6 idToken: a case-insensitive string of at most 20 characters. */
const longest16 = 20
const longest2 = 36

/**
 * The idTag of OCPP 1.6: a chip's UID as upper-case hex, of which ten bytes just fit. Every other key needs an alias, because
 * no reader would report it like this, it is too long, or stations that take only hex would refuse it (lbbrhzn/ocpp issue 514).
 */
export function toOcppIdToken(key: CanonicalKey): OcppIdToken {
  const parsed = parseCanonicalKey(key)
  if (parsed?.scheme === 'partial')
    return { outcome: 'alias-needed', detail: 'only a part of the card number is known' }
  if (parsed?.scheme !== 'uid' || parsed.technology === 'text') {
    return { outcome: 'alias-needed', detail: 'not a chip number, so stations get a stand-in' }
  }
  if (parsed.value.length > longest16) return { outcome: 'alias-needed', detail: `longer than ${longest16} characters` }
  return { outcome: 'token', idToken: parsed.value }
}

const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const aliasShape = /^PK[0-9A-HJKMNP-TV-Z]{8,18}$/
const hexAliasShape = /^F0BA77[0-9A-F]{14}$/

/**
 * The stand-in for a key that is no OCPP 1.6 idTag: `PK` and the hub's sequence number in Crockford base32, at least ten
 * characters. `hexOnly` is for stations that refuse anything but hex: 20 digits that begin F0BA77, a length only ten-byte
 * UIDs have, which no maker issues with that prefix.
 */
export function ocppAlias(sequence: bigint, options: { hexOnly?: boolean } = {}): string {
  if (sequence < 0n || sequence >= 1n << 56n) throw new RangeError(`alias sequence out of range: ${sequence}`)
  if (options.hexOnly) return `F0BA77${sequence.toString(16).toUpperCase().padStart(14, '0')}`
  let digits = ''
  for (let rest = sequence; rest > 0n; rest /= 32n) digits = alphabet.charAt(Number(rest % 32n)) + digits
  return `PK${digits.padStart(8, '0')}`
}

/** The sequence number in an alias, or null for any other token. */
export function ocppAliasSequence(token: string): bigint | null {
  const text = token.trim().toUpperCase()
  if (hexAliasShape.test(text)) return BigInt(`0x${text.slice(6)}`)
  if (!aliasShape.test(text)) return null
  let sequence = 0n
  for (const digit of text.slice(2)) sequence = sequence * 32n + BigInt(alphabet.indexOf(digit))
  return sequence
}

export function isOcppAlias(token: string): boolean {
  return ocppAliasSequence(token) !== null
}

export interface Ocpp2IdToken {
  idToken: string
  type: 'ISO14443' | 'ISO15693' | 'eMAID' | 'MacAddress' | 'KeyCode' | 'Central'
  additionalInfo?: { additionalIdToken: string; type: string }[]
}

/** The idToken of OCPP 2.x with its right type; null when it does not fit 36 characters and an alias has to stand in. */
export function toOcpp2IdToken(key: CanonicalKey): Ocpp2IdToken | null {
  const parsed = parseCanonicalKey(key)
  if (!parsed || parsed.scheme === 'partial') return null
  if (parsed.scheme === 'uid' && parsed.technology === 'iso14443') return { idToken: parsed.value, type: 'ISO14443' }
  if (parsed.scheme === 'uid' && parsed.technology === 'iso15693') return { idToken: parsed.value, type: 'ISO15693' }
  if (parsed.scheme === 'emaid') return { idToken: parsed.value, type: 'eMAID' }
  if (parsed.scheme === 'mac') return { idToken: parsed.value, type: 'MacAddress' }
  if (parsed.scheme === 'pin' && parsed.value.length <= longest2) return { idToken: parsed.value, type: 'KeyCode' }
  return key.length <= longest2 ? { idToken: key, type: 'Central' } : null
}

const kindByTokenType: Readonly<Record<string, CredentialKind>> = {
  iso14443: 'card',
  iso15693: 'card',
  emaid: 'emaid',
  mac: 'mac',
  macaddress: 'mac',
  keycode: 'pin',
  evccid: 'mac',
}

/** The kind that an OCPP 2.x token type (in any spelling) states; undefined where the type says nothing about the text. */
export function kindOfTokenType(type: string | null | undefined): CredentialKind | undefined {
  const name = (type ?? '').toLowerCase().replace(/[^a-z0-9]/g, '')
  return Object.hasOwn(kindByTokenType, name) ? kindByTokenType[name] : undefined
}

/** OCPP 2.1 DirectPayment: the text names a payment at the charger's terminal and is no credential of anybody's. */
export function isPayment({ kind }: { kind: string | null }): boolean {
  return kind === 'direct_payment'
}

export interface EnrolledForm {
  kind: string
  canonicalKey: string
  raw: string
  encoding: string | null
}

/** Encodings of other readers than a charger's. */
const otherReaders = new Set(['dec', 'decConcat', 'facilityCard', 'wiegand', 'bits'])

/**
 * A form as a charger would report it: chip numbers, eMAIDs and whatever short text was enrolled as it is. Null for plates and for
 * forms that only other readers report.
 */
export function ocppToken(form: EnrolledForm, version: '1.6' | '2'): IdToken | null {
  if (form.kind === 'plate' || (form.encoding !== null && otherReaders.has(form.encoding))) return null
  const key = form.canonicalKey as CanonicalKey
  const parsed = parseCanonicalKey(key)
  if (parsed === null || parsed.scheme === 'partial') return null
  if (version === '1.6') {
    const chip = toOcppIdToken(key)
    const value = chip.outcome === 'token' ? chip.idToken : parsed.scheme === 'emaid' ? parsed.value : form.raw.trim()
    return value.length <= longest16 && visible.test(value) ? { value, kind: 'unknown' } : null
  }
  const token = toOcpp2IdToken(key)
  if (token !== null && token.type !== 'Central') return { value: token.idToken, kind: neutralKind[token.type] }
  const raw = form.raw.trim()
  return raw.length <= longest2 && visible.test(raw) ? { value: raw, kind: 'central' } : null
}

const visible = /^[\x21-\x7e]+$/

const neutralKind = {
  ISO14443: 'iso14443',
  ISO15693: 'iso15693',
  eMAID: 'emaid',
  MacAddress: 'mac',
  KeyCode: 'key_code',
} as const
