// Owns whether a client certificate is one of a given station: named after it, live, and stored for exactly that station.
// Must not trust a chain: certificates of other stations have the same one (catalogue case O).
import { X509Certificate } from 'node:crypto'
import type { ClientCertificate } from '../../domain/peer.ts'
import { hasLiveCertificate } from '../../store/certificates.ts'
import type { ServiceDeps } from '../service-deps.ts'

export interface ReadCertificate {
  /** Null when it has none, or more than one. */
  commonName: string | null
  fingerprint: string
  serial: string
  subject: string
  issuer: string
  notBefore: Date
  notAfter: Date
  pem: string
}

/** Null when it cannot be read. */
export function readCertificate(pem: string): ReadCertificate | null {
  try {
    const read = new X509Certificate(pem)
    const { subject } = read.toLegacyObject()
    // A value that is there twice comes as a list.
    const name = (subject as { CN?: string | string[] } | undefined)?.CN
    return {
      commonName: typeof name === 'string' ? name : null,
      fingerprint: read.fingerprint256.replaceAll(':', '').toLowerCase(),
      serial: read.serialNumber.toLowerCase(),
      subject: read.subject.replaceAll('\n', ', '),
      issuer: read.issuer.replaceAll('\n', ', '),
      notBefore: new Date(read.validFrom),
      notAfter: new Date(read.validTo),
      pem: read.toString(),
    }
  } catch {
    return null
  }
}

export function judgeClientCertificate(deps: Pick<ServiceDeps, 'db' | 'clock'>) {
  return async (
    certificate: ClientCertificate | null,
    station: { organizationId: string; stationId: string; code: string },
  ): Promise<'none' | 'own' | 'foreign'> => {
    if (certificate === null) return 'none'
    const read = certificate.verified ? readCertificate(certificate.pem) : null
    if (read === null || read.commonName?.toLowerCase() !== station.code.toLowerCase()) return 'foreign'
    const live = await hasLiveCertificate(deps.db, station, read.fingerprint, deps.clock.now())
    return live ? 'own' : 'foreign'
  }
}
