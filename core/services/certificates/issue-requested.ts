// Owns issuing what a station asked for: the certificate, its row, and the command that brings it there, in one commit.
// Must not issue twice for one request.
import { getCertificate, moveCertificate } from '../../store/certificates.ts'
import { appendEvents } from '../../store/event-log.ts'
import { transaction } from '../../store/transaction.ts'
import { queueCommand } from '../charger/queue-command.ts'
import { type Authority, authorityOf } from './authority.ts'
import type { CertificateDeps } from './certificate-deps.ts'
import { certificateNews } from './certificate-news.ts'
import { checkCsr } from './check-csr.ts'
import { readCertificate } from './client-certificate.ts'
import { issueCertificate } from './issue-certificate.ts'

/** A station that is away gets it when it is back. */
const deliveryMs = 7 * 86_400_000

export interface IssuePayload {
  organizationId: string
  certificateId: string
}

/** Task `certificate.issue`. */
export function issueRequested(deps: CertificateDeps) {
  const authorities = authorityOf(deps)
  return async ({ organizationId, certificateId }: IssuePayload): Promise<void> => {
    const row = await getCertificate(deps.db, organizationId, certificateId)
    if (row?.state !== 'requested' || row.csr === null) return
    const station = await deps.db
      .selectFrom('station')
      .select(['code', 'station_id'])
      .where('organization_id', '=', organizationId)
      .where('station_id', '=', row.station_id)
      .where('archived_at', 'is', null)
      .executeTakeFirst()
    if (station === undefined) return
    // The key is taken from the request as it was stored, so it is judged as it was stored.
    const verdict = await checkCsr(row.csr, { code: station.code, organizations: null })
    if (verdict.kind === 'refused') throw new Error(`a request that was good is not any more: ${verdict.reason}`)
    const authority = await authorities(organizationId)
    const { publicKey } = verdict.request
    const leaf = (await issueCertificate(deps, authority, { code: station.code, publicKey })).toString('pem')
    const issued = readCertificate(leaf)
    if (issued === null) throw new Error('the issued certificate cannot be read')
    const wakes = new Set<string>()
    await transaction(deps.db, async (trx) => {
      const now = deps.clock.now()
      const moved = await moveCertificate(trx, organizationId, certificateId, ['requested'], {
        state: 'issued',
        authority_id: authority.authorityId,
        serial: issued.serial,
        fingerprint: issued.fingerprint,
        subject: issued.subject,
        issuer: issued.issuer,
        not_before: issued.notBefore,
        not_after: issued.notAfter,
        pem: leaf,
        updated_at: now,
      })
      if (moved === undefined) return
      const queued = await queueCommand({ ...deps, db: trx, wake: (id) => wakes.add(id) })({
        organizationId,
        stationId: row.station_id,
        command: {
          name: 'send_certificate',
          use: 'station',
          chain: chainOf(leaf, authority),
          ...(row.request_id === null ? {} : { requestId: row.request_id }),
        },
        requestedBy: 'hub',
        ttlMs: deliveryMs,
      })
      if (queued.kind !== 'queued') return
      await moveCertificate(trx, organizationId, certificateId, ['issued'], {
        state: 'issued',
        command_id: queued.command.command_id,
        updated_at: now,
      })
      await appendEvents(trx, [certificateNews(deps.newId, moved, now)])
    })
    for (const stationId of wakes) deps.wake(stationId)
  }
}

/** Stations refuse a leaf that comes without the one that issued it (catalogue X9). */
function chainOf(leaf: string, authority: Authority): string {
  return `${leaf.trim()}\n${authority.issuing.toString('pem').trim()}\n`
}
