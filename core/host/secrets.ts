// Owns sealing secrets for storage: AES-256-GCM, bound to the connection and name they belong to.
// Must not keep an opened secret; core/host/connection.ts does for as long as the connection runs.
import { createCipheriv, createDecipheriv } from 'node:crypto'
import { HubError } from '../domain/hub-error.ts'

export interface SecretPlace {
  organizationId: string
  connectionId: string
  name: string
}

const generation = 1
const ivBytes = 12
const tagBytes = 16

/** `iv` must never be used twice with one key: 12 random bytes (NIST SP 800-38D section 8.2.2 allows 2^32 of them). */
export function sealSecret(key: Uint8Array, iv: Uint8Array, place: SecretPlace, value: string): Buffer {
  if (iv.length !== ivBytes) throw new RangeError(`an initialization vector has ${ivBytes} bytes`)
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(bound(place))
  const sealed = Buffer.concat([cipher.update(value, 'utf8'), cipher.final()])
  return Buffer.concat([Buffer.of(generation), iv, cipher.getAuthTag(), sealed])
}

/** @throws HubError `secret_unreadable` for another key, another place, or a changed byte */
export function openSecret(key: Uint8Array, place: SecretPlace, sealed: Uint8Array): string {
  const bytes = Buffer.from(sealed)
  const iv = bytes.subarray(1, 1 + ivBytes)
  const tag = bytes.subarray(1 + ivBytes, 1 + ivBytes + tagBytes)
  try {
    if (bytes[0] !== generation || tag.length !== tagBytes) throw new Error('not a sealed secret')
    const decipher = createDecipheriv('aes-256-gcm', key, iv, { authTagLength: tagBytes })
      .setAAD(bound(place))
      .setAuthTag(tag)
    return Buffer.concat([decipher.update(bytes.subarray(1 + ivBytes + tagBytes)), decipher.final()]).toString('utf8')
  } catch (cause) {
    throw new HubError(
      'secret_unreadable',
      `The secret "${place.name}" cannot be opened with this hub's key; enter it again, or bring back the data directory that it was sealed with.`,
      { cause },
    )
  }
}

/** A sealed text copied to another row does not open there. */
function bound({ organizationId, connectionId, name }: SecretPlace): Buffer {
  return Buffer.from(JSON.stringify([organizationId, connectionId, name]))
}
