// Owns checking the signature of an OCMF record with a public key, over the payload's bytes as they were sent.
// Must not trust the key: where it came from is the caller's to say. Never throws.
import { createPublicKey, createVerify, type KeyObject } from 'node:crypto'
import type { Ocmf } from '../../domain/meter/ocmf.ts'

export type SignatureVerdict =
  | { kind: 'verified' }
  | { kind: 'wrong'; reason: string }
  | { kind: 'not_verifiable_here'; reason: string }

/** By the name in OCMF: OpenSSL's name, and the object identifier of the curve (RFC 5480, SEC 2, RFC 5639). */
const curves: Readonly<Record<string, { name: string; oid: string; bytes: number }>> = {
  secp192k1: { name: 'secp192k1', oid: '06052b8104001f', bytes: 24 },
  secp256k1: { name: 'secp256k1', oid: '06052b8104000a', bytes: 32 },
  secp192r1: { name: 'prime192v1', oid: '06082a8648ce3d030101', bytes: 24 },
  secp256r1: { name: 'prime256v1', oid: '06082a8648ce3d030107', bytes: 32 },
  secp384r1: { name: 'secp384r1', oid: '06052b81040022', bytes: 48 },
  secp521r1: { name: 'secp521r1', oid: '06052b81040023', bytes: 66 },
  brainpool256r1: { name: 'brainpoolP256r1', oid: '06092b2403030208010107', bytes: 32 },
  brainpoolP256r1: { name: 'brainpoolP256r1', oid: '06092b2403030208010107', bytes: 32 },
  brainpool384r1: { name: 'brainpoolP384r1', oid: '06092b240303020801010b', bytes: 48 },
  brainpoolP384r1: { name: 'brainpoolP384r1', oid: '06092b240303020801010b', bytes: 48 },
}
const digests: Readonly<Record<string, string>> = { SHA256: 'sha256', SHA384: 'sha384', SHA512: 'sha512' }

export function verifyOcmf({ payloadText, signature }: Ocmf, publicKey: string): SignatureVerdict {
  if (signature === null) return { kind: 'wrong', reason: 'The record has no signature.' }
  const [, curveName = '', digestName = ''] = /^ECDSA-([A-Za-z0-9]+)-(SHA\d{3})$/.exec(signature.algorithm) ?? []
  const curve = Object.hasOwn(curves, curveName) ? curves[curveName] : undefined
  const digest = Object.hasOwn(digests, digestName) ? digests[digestName] : undefined
  if (curve === undefined || digest === undefined) {
    return {
      kind: 'not_verifiable_here',
      reason: `The algorithm ${signature.algorithm.slice(0, 60)} is not known here.`,
    }
  }
  const key = keyOf(publicKey, curve)
  if (key === null) return { kind: 'not_verifiable_here', reason: 'The public key cannot be read here.' }
  const named = key.asymmetricKeyDetails?.namedCurve
  if (named !== curve.name)
    return { kind: 'wrong', reason: `The key is of the curve ${named}, the signature of ${curve.name}.` }
  const bytes = bytesOf(signature.data, signature.encoding)
  if (bytes === null) return { kind: 'wrong', reason: `The signature is not ${signature.encoding}.` }
  try {
    const right = createVerify(digest).update(payloadText, 'utf8').verify({ key, dsaEncoding: 'der' }, bytes)
    return right
      ? { kind: 'verified' }
      : { kind: 'wrong', reason: 'The signature does not fit the payload and the key.' }
  } catch {
    return { kind: 'wrong', reason: 'The signature cannot be read.' }
  }
}

function bytesOf(text: string, encoding: 'hex' | 'base64'): Buffer | null {
  const plain = text.replace(/\s+/g, '')
  const fits = encoding === 'hex' ? /^(?:[0-9a-fA-F]{2})+$/ : /^[A-Za-z0-9+/]+={0,2}$/
  return fits.test(plain) ? Buffer.from(plain, encoding) : null
}

/** PEM; or hex or base64 of a SubjectPublicKeyInfo or of the bare point on the curve. */
function keyOf(text: string, curve: { oid: string; bytes: number }): KeyObject | null {
  if (text.includes('-----BEGIN')) return spki(text, null)
  const bytes = bytesOf(text, 'hex') ?? bytesOf(text, 'base64')
  if (bytes === null) return null
  const [first] = bytes
  const isPoint =
    (first === 4 && bytes.length === 1 + 2 * curve.bytes) ||
    ((first === 2 || first === 3) && bytes.length === 1 + curve.bytes)
  return spki(null, isPoint ? wrapped(bytes, curve.oid) : bytes)
}

function spki(pem: string | null, der: Buffer | null): KeyObject | null {
  try {
    const key =
      pem === null
        ? createPublicKey({ key: der ?? Buffer.alloc(0), format: 'der', type: 'spki' })
        : createPublicKey(pem)
    return key.asymmetricKeyType === 'ec' ? key : null
  } catch {
    return null
  }
}

/** SEQUENCE { SEQUENCE { id-ecPublicKey, curve }, BIT STRING point } (RFC 5480). */
function wrapped(point: Buffer, curveOid: string): Buffer {
  const algorithm = tagged(
    0x30,
    Buffer.concat([Buffer.from('06072a8648ce3d0201', 'hex'), Buffer.from(curveOid, 'hex')]),
  )
  return tagged(0x30, Buffer.concat([algorithm, tagged(0x03, Buffer.concat([Buffer.from([0]), point]))]))
}

function tagged(tag: number, content: Buffer): Buffer {
  const length = content.length < 128 ? [content.length] : [0x81, content.length]
  return Buffer.concat([Buffer.from([tag, ...length]), content])
}
