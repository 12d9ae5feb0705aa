// Owns the box in which keys of the certificate authority and passwords on their way to stations are kept.
// Must not keep what it opened.
import { randomBytes } from 'node:crypto'
import { openSecret, sealSecret } from '../host/secrets.ts'
import type { SecretBox } from '../services/certificates/certificate-deps.ts'

export function secretBox(key: Uint8Array): SecretBox {
  const place = (organizationId: string, name: string) => ({ organizationId, connectionId: 'certificates', name })
  return {
    seal: (organizationId, name, text) => sealSecret(key, randomBytes(12), place(organizationId, name), text),
    open: (organizationId, name, sealed) => openSecret(key, place(organizationId, name), sealed),
  }
}
