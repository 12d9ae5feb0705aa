// Owns the reading of certificate hashes and of revocation questions out of messages that no 1.6 schema describes.
// Must not compute a hash.
import type { CertificateHash, RevocationQuestion } from '../../../core/plugin/index.ts'

const algorithms: readonly unknown[] = ['SHA256', 'SHA384', 'SHA512'] satisfies CertificateHash['hashAlgorithm'][]

const isText = (value: unknown): value is string => typeof value === 'string' && value !== ''

/** The hash, or the name of the field that is wrong. */
export function readHash(value: unknown): CertificateHash | string {
  const { hashAlgorithm, issuerNameHash, issuerKeyHash, serialNumber } = (value ?? {}) as Record<string, unknown>
  if (!algorithms.includes(hashAlgorithm)) return 'hashAlgorithm'
  if (!isText(issuerNameHash)) return 'issuerNameHash'
  if (!isText(issuerKeyHash)) return 'issuerKeyHash'
  if (!isText(serialNumber)) return 'serialNumber'
  const known = hashAlgorithm as CertificateHash['hashAlgorithm']
  return { hashAlgorithm: known, issuerNameHash, issuerKeyHash, serialNumber }
}

/** The question, or the name of the field that is wrong. The spelling of the address differs between the standards. */
export function readQuestion(value: unknown): RevocationQuestion | string {
  const hash = readHash(value)
  if (typeof hash === 'string') return hash
  const { responderURL, responderUrl = responderURL } = value as Record<string, unknown>
  return isText(responderUrl) ? { ...hash, responderUrl } : 'responderURL'
}
