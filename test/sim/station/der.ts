// Owns the few pieces of DER that a station needs: a certificate signing request of its own, and the hashes of a certificate.
// Must not be a certificate library.
import { createHash, createPrivateKey, generateKeyPairSync, sign, X509Certificate } from 'node:crypto'
import type { Payload } from './options.ts'

export const tagged = (tag: number, ...parts: Uint8Array[]): Buffer => {
  const body = Buffer.concat(parts)
  const { length } = body
  const head = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from([tag, ...head]), body])
}
export const sequence = (...parts: Uint8Array[]) => tagged(0x30, ...parts)
const oid = (...bytes: number[]) => tagged(0x06, Buffer.from(bytes))
const name = (attribute: number, text: string) =>
  tagged(0x31, sequence(oid(0x55, 0x04, attribute), tagged(0x0c, Buffer.from(text))))
/** RFC 5280 RelativeDistinguishedName with a common name. */
export const commonNameOf = (text: string) => name(0x03, text)
export const pemOf = (label: string, der: Buffer) =>
  `-----BEGIN ${label}-----\n${(der.toString('base64').match(/.{1,64}/g) ?? []).join('\n')}\n-----END ${label}-----\n`

/** PKCS#10 with a fresh P-256 key (RFC 2986). */
export function signingRequest(commonName: string, organization: string): { csr: string; privateKey: string } {
  const { publicKey, privateKey } = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    publicKeyEncoding: { type: 'spki', format: 'der' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  })
  const info = sequence(
    tagged(0x02, Buffer.from([0])),
    sequence(name(0x0a, organization), commonNameOf(commonName)),
    publicKey,
    tagged(0xa0),
  )
  const signature = sign('sha256', info, createPrivateKey(privateKey))
  // ecdsa-with-SHA256, 1.2.840.10045.4.3.2
  const algorithm = sequence(oid(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02))
  const csr = sequence(info, algorithm, tagged(0x03, Buffer.from([0]), signature))
  return { csr: pemOf('CERTIFICATE REQUEST', csr), privateKey }
}

interface Node {
  tag: number
  whole: Buffer
  body: Buffer
  next: number
}

function nodeAt(der: Buffer, at: number): Node {
  let length = der[at + 1] ?? 0
  let head = 2
  if (length > 0x80) {
    const bytes = length - 0x80
    length = der.readUIntBE(at + 2, bytes)
    head += bytes
  }
  const end = at + head + length
  return { tag: der[at] ?? 0, whole: der.subarray(at, end), body: der.subarray(at + head, end), next: end }
}

/** CertificateHashDataType of a root: its issuer is itself. Null when it is no certificate. */
export function rootHash(pemText: string): Payload | null {
  let certificate: X509Certificate
  try {
    certificate = new X509Certificate(pemText)
  } catch {
    return null
  }
  const outer = nodeAt(certificate.raw, 0)
  const tbs = nodeAt(outer.body, 0).body
  let at = nodeAt(tbs, 0).tag === 0xa0 ? nodeAt(tbs, 0).next : 0
  at = nodeAt(tbs, at).next
  at = nodeAt(tbs, at).next
  const issuer = nodeAt(tbs, at).whole
  const spki = nodeAt(certificate.publicKey.export({ type: 'spki', format: 'der' }), 0).body
  const bits = nodeAt(spki, nodeAt(spki, 0).next).body.subarray(1)
  const sha = (data: Buffer) => createHash('sha256').update(data).digest('hex')
  return {
    hashAlgorithm: 'SHA256',
    issuerNameHash: sha(issuer),
    issuerKeyHash: sha(bits),
    // Hexadecimal without leading zeros (2.x CertificateHashDataType).
    serialNumber: certificate.serialNumber.toLowerCase().replace(/^0+(?=.)/, ''),
  }
}
