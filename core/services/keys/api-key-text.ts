// Owns the text of an API key: how it is made, and the hash it is stored as.
// Must not store anything.
import { createHash } from 'node:crypto'

/** Fills the array with entropy. */
export type Entropy = (into: Uint8Array) => void

const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const keyLength = 26
const mark = 'bwk_'

/** `bwk_` and 26 characters of base 62 (154 bits): the mark lets secret scanners find one that leaked. */
export function newApiKey(entropy: Entropy): string {
  return mark + randomText(entropy, keyLength)
}

/** The beginning of a key, by which people tell keys apart. */
export function keyPrefix(key: string): string {
  return key.slice(0, 8)
}

/** Keys are long and random, so a fast hash is enough; one that an operator sets must be as long. */
export function hashApiKey(key: string): Buffer {
  return createHash('sha256').update(key).digest()
}

/** A station's password: 20 random bytes as 40 hexadecimal digits, the form that OCPP 1.6 and 2.x chargers can both hold. */
export function newStationSecret(entropy: Entropy): string {
  const bytes = new Uint8Array(20)
  entropy(bytes)
  return Buffer.from(bytes).toString('hex')
}

/** Bytes above the largest multiple of 62 are thrown away, so that every character is as likely. */
function randomText(entropy: Entropy, length: number): string {
  let text = ''
  while (text.length < length) {
    const bytes = new Uint8Array(length * 2)
    entropy(bytes)
    for (const byte of bytes) if (byte < 248 && text.length < length) text += alphabet[byte % 62]
  }
  return text
}
