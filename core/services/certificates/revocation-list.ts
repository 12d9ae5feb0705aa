// Owns the list of certificates that the hub's authority has taken back (RFC 5280 section 5), made anew when it is asked for.
// Must not keep one: what it says has to be what the rows say.

import { AsnConvert } from '@peculiar/asn1-schema'
import { CRLNumber } from '@peculiar/asn1-x509'
import { certificatesRevoked } from '../../store/certificates.ts'
import { type Authority, signing } from './authority.ts'
import type { CertificateDeps } from './certificate-deps.ts'
import { AuthorityKeyIdentifierExtension, Extension, X509CrlGenerator, X509CrlReason } from './x509.ts'

/** How long a reader may go on with one list or one OCSP answer. */
export const revocationFreshMs = 24 * 3_600_000

const crlNumber = '2.5.29.20'

/** The list in DER. */
export function revocationList(deps: Pick<CertificateDeps, 'db' | 'clock'>) {
  return async (authority: Authority): Promise<Uint8Array> => {
    const now = deps.clock.now()
    const revoked = await certificatesRevoked(deps.db, authority.organizationId, authority.authorityId)
    const list = await X509CrlGenerator.create({
      issuer: authority.issuing.subjectName,
      thisUpdate: now,
      nextUpdate: new Date(now.getTime() + revocationFreshMs),
      entries: revoked.map(({ serial, revokedAt }) => ({
        serialNumber: serial,
        revocationDate: revokedAt,
        reason: X509CrlReason.cessationOfOperation,
      })),
      signingKey: authority.key,
      signingAlgorithm: signing,
      extensions: [
        await AuthorityKeyIdentifierExtension.create(authority.issuing),
        // Grows with time, as RFC 5280 5.2.3 wants it to.
        new Extension(crlNumber, false, AsnConvert.serialize(new CRLNumber(Math.floor(now.getTime() / 1000)))),
      ],
    })
    return new Uint8Array(list.rawData)
  }
}
