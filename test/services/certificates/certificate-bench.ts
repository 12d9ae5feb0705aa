// Owns what tests of certificates start from: the deps with a real box, keys and requests as stations make them.
// Must not share code with what it tests beyond the public services.
import { randomBytes, webcrypto } from 'node:crypto'
import { secretBox } from '../../../core/runtime/secret-box.ts'
import {
  type CertificateDeps,
  defaultCertificateSettings,
} from '../../../core/services/certificates/certificate-deps.ts'
import {
  Pkcs10CertificateRequestGenerator,
  type X509Certificate,
  X509CertificateGenerator,
} from '../../../core/services/certificates/x509.ts'
import type { ServiceDeps } from '../../../core/services/service-deps.ts'

export function certificateDeps(
  service: ServiceDeps & { wake?(stationId: string): void },
  more: Partial<CertificateDeps> = {},
): CertificateDeps {
  return {
    wake: () => undefined,
    ...service,
    box: secretBox(Buffer.alloc(32, 7)),
    entropy: (into) => {
      into.set(randomBytes(into.length))
    },
    publicUrl: 'https://hub.test',
    settings: defaultCertificateSettings,
    ...more,
  }
}

export type Algorithm = 'P-256' | 'P-384' | 'RSA-1024' | 'RSA-2048' | 'Ed25519'

export function newKeys(algorithm: Algorithm = 'P-256'): Promise<webcrypto.CryptoKeyPair> {
  const usages = ['sign', 'verify'] as const
  if (algorithm === 'Ed25519') {
    return webcrypto.subtle.generateKey('Ed25519', true, [...usages]) as Promise<webcrypto.CryptoKeyPair>
  }
  if (algorithm.startsWith('RSA')) {
    const modulusLength = Number(algorithm.slice(4))
    return webcrypto.subtle.generateKey(
      { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256', modulusLength, publicExponent: new Uint8Array([1, 0, 1]) },
      true,
      [...usages],
    )
  }
  return webcrypto.subtle.generateKey({ name: 'ECDSA', namedCurve: algorithm }, true, [...usages])
}

export async function newCsr(
  name: string,
  options: { algorithm?: Algorithm; keys?: webcrypto.CryptoKeyPair } = {},
): Promise<{ pem: string; der: Buffer; keys: webcrypto.CryptoKeyPair }> {
  const keys = options.keys ?? (await newKeys(options.algorithm))
  const request = await Pkcs10CertificateRequestGenerator.create({
    name,
    keys,
    signingAlgorithm: { name: keys.privateKey.algorithm.name, hash: 'SHA-256' },
  })
  return { pem: request.toString('pem'), der: Buffer.from(request.rawData), keys }
}

/** A certificate of somebody else's authority: signed by itself. */
export async function selfSigned(
  name: string,
  { from = new Date('2020-01-01'), until = new Date('2040-01-01') } = {},
): Promise<{ certificate: X509Certificate; keyPem: string; pem: string }> {
  const keys = await newKeys()
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber: randomBytes(8).toString('hex'),
    name,
    keys,
    notBefore: from,
    notAfter: until,
    signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' },
  })
  return { certificate, pem: certificate.toString('pem'), keyPem: await keyPemOf(keys) }
}

export async function keyPemOf(keys: webcrypto.CryptoKeyPair): Promise<string> {
  const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64')
  return `-----BEGIN PRIVATE KEY-----\n${der.match(/.{1,64}/g)?.join('\n') ?? ''}\n-----END PRIVATE KEY-----\n`
}
