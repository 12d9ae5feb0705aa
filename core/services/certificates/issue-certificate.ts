// Owns the making of one station's certificate by the hub's authority: what it says, for how long, and where it can be asked about.
// Must not judge the request: check-csr.ts has.
import { type Authority, authorityUrl, newSerial, signing } from './authority.ts'
import type { CertificateDeps } from './certificate-deps.ts'
import {
  AuthorityInfoAccessExtension,
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  CRLDistributionPointsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  type PublicKey,
  SubjectKeyIdentifierExtension,
  type X509Certificate,
  X509CertificateGenerator,
} from './x509.ts'

const day = 86_400_000
/** Stations' clocks lag. */
const backdatedMs = 3_600_000

/** Only the key comes from the request; every other word is the hub's. */
export async function issueCertificate(
  deps: Pick<CertificateDeps, 'clock' | 'entropy' | 'publicUrl' | 'settings'>,
  authority: Authority,
  station: { code: string; publicKey: PublicKey },
): Promise<X509Certificate> {
  const start = Math.floor(deps.clock.now().getTime() / 1000) * 1000
  const end = new Date(start + deps.settings.stationDays * day)
  const url = authorityUrl(deps.publicUrl, authority.authorityId)
  return X509CertificateGenerator.create({
    serialNumber: newSerial(deps.entropy),
    subject: [{ CN: [station.code] }, { O: [authority.organizationName] }],
    issuer: authority.issuing.subjectName,
    notBefore: new Date(start - backdatedMs),
    notAfter: end < authority.issuing.notAfter ? end : authority.issuing.notAfter,
    publicKey: station.publicKey,
    signingKey: authority.key,
    signingAlgorithm: signing,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.clientAuth]),
      await SubjectKeyIdentifierExtension.create(station.publicKey),
      await AuthorityKeyIdentifierExtension.create(authority.issuing),
      new CRLDistributionPointsExtension([`${url}/crl`]),
      new AuthorityInfoAccessExtension({ ocsp: `${url}/ocsp`, caIssuers: `${url}/chain` }),
    ],
  })
}
