// Owns the verification of a contract's certificates: from the leaf up to a root that is trusted, each signed, in time, and allowed to.
// Must not look at revocation; the caller asks whoever issued.
import type { ContractVerdict } from '../../core/plugin/index.ts'
import { contractOf } from './emaid.ts'
import { BasicConstraintsExtension, X509Certificate } from './x509.ts'

/** A leaf, two sub authorities and a root (ISO 15118-2 7.9.2.5), and room for one more. */
const mostCertificates = 5

export type ChainVerdict = { kind: 'good'; leaf: X509Certificate } | ({ kind: 'bad' } & ContractVerdict)

export async function verifyChain(
  pem: string,
  { emaid, at, roots }: { emaid: string; at: Date; roots: readonly X509Certificate[] },
): Promise<ChainVerdict> {
  const certificates = certificatesIn(pem)
  const [leaf] = certificates ?? []
  if (certificates === null || leaf === undefined) return bad('no_chain', 'The chain cannot be read.')
  if (certificates.length > mostCertificates) return bad('no_chain', 'The chain is too long.')
  const names = leaf.subjectName.getField('CN')
  const contract = contractOf(emaid)
  if (contract === null || names.length !== 1 || contractOf(names[0] ?? '') !== contract) {
    return bad('signature_invalid', 'The certificate is that of another contract.')
  }
  const pool = [...certificates.slice(1), ...roots]
  let current = leaf
  for (let steps = 0; steps <= mostCertificates; steps++) {
    if (at < current.notBefore || at > current.notAfter) return bad('expired', `"${current.subject}" is not valid now.`)
    if (current !== leaf && current.getExtension(BasicConstraintsExtension)?.ca !== true) {
      return bad('signature_invalid', `"${current.subject}" may not issue certificates.`)
    }
    if (roots.some((root) => root.equal(current))) return { kind: 'good', leaf }
    const above: X509Certificate | undefined = await issuerOf(current, pool)
    if (above === undefined) {
      const named = pool.some(({ subject }) => subject === current.issuer)
      return named
        ? bad('signature_invalid', `The signature of "${current.subject}" is not that of its issuer.`)
        : bad('no_chain', `Nothing leads from "${current.subject}" to a trusted root.`)
    }
    current = above
  }
  return bad('no_chain', 'The chain leads in a circle.')
}

async function issuerOf(
  certificate: X509Certificate,
  pool: readonly X509Certificate[],
): Promise<X509Certificate | undefined> {
  for (const each of pool) {
    if (each.subject !== certificate.issuer) continue
    const signed = await certificate.verify({ publicKey: each.publicKey, signatureOnly: true }).catch(() => false)
    if (signed) return each
  }
  return undefined
}

function bad(status: ContractVerdict['status'], reason: string): ChainVerdict {
  return { kind: 'bad', status, reason }
}

/** Null when there is none, or one that cannot be read. */
export function certificatesIn(pem: string): X509Certificate[] | null {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g)
  try {
    return blocks === null ? null : blocks.map((block) => new X509Certificate(block))
  } catch {
    return null
  }
}
