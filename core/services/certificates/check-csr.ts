// Owns the judgement of a certificate signing request: it can be read, it proves its key, the key is strong, it names its sender.
// Must not sign anything, and must not take over what the request asks for besides its key.
import { Pkcs10CertificateRequest } from './x509.ts'

export interface CsrWanted {
  /** The station's identity, which the common name has to be, whatever the case. */
  code: string
  /** What the organization (O) may be; null for anything. */
  organizations: readonly string[] | null
}

export type CsrVerdict = { kind: 'good'; request: Pkcs10CertificateRequest } | { kind: 'refused'; reason: string }

/** OCPP 2.0.1 SignCertificateRequest, csr. */
export const longestCsr = 5_500
const leastRsaBits = 2_048
const curves = new Set(['P-256', 'P-384', 'P-521'])

const refused = (reason: string): CsrVerdict => ({ kind: 'refused', reason })

/** OCPP 2.0.1 A02 and the 1.6 security whitepaper: CN is the station's identity, O the operator's name. */
export async function checkCsr(csr: string, wanted: CsrWanted): Promise<CsrVerdict> {
  if (csr.length > longestCsr) return refused(`The request is longer than ${longestCsr} characters.`)
  const request = parsed(csr)
  if (request === null) return refused('The request is no PKCS #10 certificate signing request.')
  const weakness = weaknessOf(request)
  if (weakness !== null) return refused(weakness)
  const proven = await request.verify().catch(() => false)
  if (!proven) return refused('The signature of the request is not that of its key.')
  const names = fieldsOf(request, 'CN')
  if (names.length !== 1) return refused('The request must have one common name (CN).')
  if (names[0]?.toLowerCase() !== wanted.code.toLowerCase()) {
    return refused(`The common name (CN) is not the identity of the station, ${wanted.code}.`)
  }
  if (wanted.organizations !== null) {
    const [organization, ...more] = fieldsOf(request, 'O')
    if (organization === undefined || more.length > 0 || !wanted.organizations.includes(organization)) {
      return refused(`The organization (O) must be "${wanted.organizations.join('" or "')}".`)
    }
  }
  return { kind: 'good', request }
}

function parsed(csr: string): Pkcs10CertificateRequest | null {
  const pem =
    /-----BEGIN (?:NEW )?CERTIFICATE REQUEST-----([\sA-Za-z0-9+/=]+)-----END (?:NEW )?CERTIFICATE REQUEST-----/
  const text = (pem.exec(csr)?.[1] ?? csr).replace(/\s+/g, '')
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text)) return null
  try {
    return new Pkcs10CertificateRequest(Buffer.from(text, 'base64'))
  } catch {
    return null
  }
}

function weaknessOf(request: Pkcs10CertificateRequest): string | null {
  let algorithm: { name: string; namedCurve?: string; modulusLength?: number }
  try {
    algorithm = request.publicKey.algorithm
  } catch {
    return 'The kind of the key is not known.'
  }
  if (algorithm.name.startsWith('RSA')) {
    return (algorithm.modulusLength ?? 0) >= leastRsaBits ? null : `An RSA key must have at least ${leastRsaBits} bits.`
  }
  if (algorithm.name.startsWith('EC')) {
    return curves.has(algorithm.namedCurve ?? '') ? null : 'An elliptic curve key must be on P-256, P-384 or P-521.'
  }
  return 'The key must be RSA or on an elliptic curve.'
}

function fieldsOf(request: Pkcs10CertificateRequest, field: string): string[] {
  try {
    return request.subjectName.getField(field)
  } catch {
    return []
  }
}
