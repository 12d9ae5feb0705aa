// Owns by which hashes a station names a root certificate (OCPP 2.0.1 CertificateHashDataType), for each algorithm.
// Must not judge a certificate; it reads one.
import { createHash, X509Certificate } from 'node:crypto'
import type { CertificateHash } from '../../domain/station-command.ts'

/** Null for a text that is no certificate. */
export function readCertificate(pem: string): X509Certificate | null {
  try {
    return new X509Certificate(pem)
  } catch {
    return null
  }
}

/** A root is its own issuer: both hashes are of its own name and key. */
export function rootHashes(pem: string): CertificateHash[] {
  const certificate = readCertificate(pem)
  if (certificate === null) return []
  const [name, key] = issuerAndKey(certificate.raw)
  return (['SHA256', 'SHA384', 'SHA512'] as const).map((hashAlgorithm) => {
    const hash = (bytes: Buffer) => createHash(hashAlgorithm.toLowerCase()).update(bytes).digest('hex')
    return {
      hashAlgorithm,
      issuerNameHash: hash(name),
      issuerKeyHash: hash(key),
      serialNumber: certificate.serialNumber.toLowerCase().replace(/^0+(?=.)/, ''),
    }
  })
}

/** The issuer's name as DER, and the bits of the public key without the count of unused ones (RFC 6960 4.1.1). */
function issuerAndKey(raw: Buffer): [Buffer, Buffer] {
  const [certificate] = children(raw, 0, raw.length)
  const [body] = children(raw, certificate?.from ?? 0, certificate?.to ?? 0)
  const fields = children(raw, body?.from ?? 0, body?.to ?? 0)
  // version [0] is left out in version 1 certificates (RFC 5280 4.1).
  const first = fields[0]?.tag === 0xa0 ? 1 : 0
  const issuer = fields[first + 2]
  const keyInfo = fields[first + 5]
  const bits = children(raw, keyInfo?.from ?? 0, keyInfo?.to ?? 0)[1]
  return [raw.subarray(issuer?.at ?? 0, issuer?.to ?? 0), raw.subarray((bits?.from ?? 0) + 1, bits?.to ?? 0)]
}

interface Element {
  tag: number
  at: number
  from: number
  to: number
}

function children(raw: Buffer, from: number, to: number): Element[] {
  const found: Element[] = []
  for (let at = from; at + 2 <= to; ) {
    const short = raw[at + 1] ?? 0
    const more = short < 0x80 ? 0 : short & 0x7f
    const length = more === 0 ? short : raw.readUIntBE(at + 2, Math.min(more, 6))
    const start = at + 2 + more
    found.push({ tag: raw[at] ?? 0, at, from: start, to: start + length })
    at = start + length
  }
  return found
}
