// Owns the operations on station certificates, the hub's certificate authority, and changes of a station's security.
// Must not hold rules; core/services does.
import { authorityById, authorityOf, authorityUrl } from '../../services/certificates/authority.ts'
import type { CertificateDeps } from '../../services/certificates/certificate-deps.ts'
import { changeSecurity, type SecurityChangeRequest } from '../../services/certificates/change-security.ts'
import {
  cancelSecurityChange,
  getCertificate,
  listCertificates,
  listSecurityChanges,
  registerCertificate,
  renewCertificate,
  revokeCertificate,
} from '../../services/certificates/manage-certificates.ts'
import { ocspResponder } from '../../services/certificates/ocsp-responder.ts'
import { revocationList } from '../../services/certificates/revocation-list.ts'
import { newStationSecret } from '../../services/keys/api-key-text.ts'
import type { ChargerPorts } from '../api-ports.ts'
import { listQuery } from '../cursor.ts'
import type { CallContext, Part } from '../operation-types.ts'
import { problem, refused } from '../problem.ts'
import { listed, made, shown } from '../replies.ts'

type Ids =
  | 'listCertificates'
  | 'getCertificate'
  | 'revokeCertificate'
  | 'registerCertificate'
  | 'renewCertificate'
  | 'listSecurityChanges'
  | 'createSecurityChange'
  | 'cancelSecurityChange'
  | 'getCertificateAuthority'
  | 'getCertificateChain'
  | 'getCertificateRevocationList'
  | 'askOcsp'

const longestOcspRequest = 8_192

export function certificates(of: { chargers: ChargerPorts; certificates: CertificateDeps }): Part<Ids> {
  const { chargers: ports, certificates: own } = of
  const authority = authorityOf(own)
  const byId = authorityById(own)
  const wake = (context: CallContext) => (stationId: string) => context.afterCommit(() => ports.wake(stationId))
  const chainOf = ({ issuing, root }: Awaited<ReturnType<typeof authority>>) =>
    `${issuing.toString('pem').trim()}\n${root.toString('pem').trim()}\n`
  const nowhere = problem('not_found', { detail: 'The hub has no such authority.' })
  const binary = (type: string, bytes: Uint8Array | string) =>
    new Response(typeof bytes === 'string' ? bytes : new Uint8Array(bytes), { headers: { 'Content-Type': type } })

  return {
    listCertificates: async ({ query }, { deps, access }) =>
      listed(await listCertificates(deps)(access, listQuery(query))),
    getCertificate: async ({ path }, { deps, access }) => shown(await getCertificate(deps)(access, path.certificateId)),
    async revokeCertificate({ path, body }, { deps, access, afterCommit }) {
      const outcome = await revokeCertificate(deps)(access, path.certificateId, body.reason)
      if (outcome.kind === 'ok') afterCommit(() => ports.refresh(outcome.value.stationId))
      return shown(outcome)
    },
    registerCertificate: async ({ path, body }, { deps, access }) =>
      made(
        await registerCertificate(deps)(access, path.stationId, body.pem),
        (certificate) => `/certificates/${certificate.certificateId}`,
      ),
    async renewCertificate({ path }, context) {
      const { veto } = ports
      const deps = { ...context.deps, wake: wake(context), ...(veto ? { veto } : {}) }
      const queued = await renewCertificate(deps)(context.access, path.stationId)
      return queued.kind === 'ok' ? { status: 202, body: queued.value } : refused(queued)
    },
    async listSecurityChanges({ path, query }, { deps, access }) {
      const page = await listSecurityChanges(deps)(access, path.stationId, listQuery(query))
      return page.kind === 'ok' ? listed(page.value) : refused(page)
    },
    async createSecurityChange({ path, body }, context) {
      const begun = await changeSecurity({
        ...own,
        ...context.deps,
        wake: wake(context),
        newSecret: () => newStationSecret(own.entropy),
        hashSecret: ports.hashSecret,
      })(context.access, path.stationId, body as SecurityChangeRequest)
      return begun.kind === 'ok' ? { status: 202, body: begun.value } : refused(begun)
    },
    cancelSecurityChange: async ({ path }, { deps, access }) =>
      shown(await cancelSecurityChange(deps)(access, path.stationId, path.changeId)),
    async getCertificateAuthority(_, { access }) {
      const found = await authority(access.organizationId)
      const url = authorityUrl(own.publicUrl, found.authorityId)
      return {
        status: 200,
        body: {
          authorityId: found.authorityId,
          subject: found.issuing.subject,
          notBefore: found.issuing.notBefore,
          notAfter: found.issuing.notAfter,
          chainPem: chainOf(found),
          chainUrl: `${url}/chain`,
          crlUrl: `${url}/crl`,
          ocspUrl: `${url}/ocsp`,
        },
      }
    },
    async getCertificateChain({ path }) {
      const found = await byId(path.authorityId)
      return found ? binary('application/x-pem-file', chainOf(found)) : nowhere
    },
    async getCertificateRevocationList({ path }) {
      const found = await byId(path.authorityId)
      return found ? binary('application/pkix-crl', await revocationList(own)(found)) : nowhere
    },
    async askOcsp({ path, request }) {
      const found = await byId(path.authorityId)
      if (!found) return nowhere
      const asked = await bytesOf(request)
      if (asked === null) return problem('body_too_large', { detail: `At most ${longestOcspRequest} bytes.` })
      return binary('application/ocsp-response', await ocspResponder(own)(found, asked))
    },
  }
}

/** Null when there are more than a request may have. */
async function bytesOf(request: Request): Promise<Uint8Array | null> {
  const parts: Uint8Array[] = []
  let size = 0
  for await (const part of request.body ?? []) {
    size += part.length
    if (size > longestOcspRequest) return null
    parts.push(part)
  }
  return Buffer.concat(parts)
}
