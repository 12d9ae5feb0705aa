// Owns the answer to a station that wants a certificate signed: judged at once, stored with the question, issued by a job.
// Must not issue: the station gets its certificate as a command of its own.

import { certificateRequestEffect, countRequests } from '../../store/certificates.ts'
import { effect } from '../../store/charger-effects.ts'
import type { InquiryHandler } from '../charger/inquiry-handlers.ts'
import type { CertificateDeps } from './certificate-deps.ts'
import { checkCsr } from './check-csr.ts'

/** A station that asks without end is broken; each request costs a signature. */
const mostPerHour = 10
const hour = 3_600_000

export function signInquiry(deps: Pick<CertificateDeps, 'db' | 'newId'>): InquiryHandler<'certificate.sign'> {
  return async ({ csr, use, requestId }, { station, work }) => {
    const { organization_id, site_id, station_id, code, admission, settings } = station.record
    const key = { organizationId: organization_id, stationId: station_id }
    const now = work.receivedAt
    if (admission !== 'accepted') return { accepted: false, reason: 'The station has not been accepted.' }
    if (use !== 'station') {
      return { accepted: false, reason: "The hub's own authority signs certificates of stations only." }
    }
    if ((await countRequests(deps.db, key, new Date(now.getTime() - hour))) >= mostPerHour) {
      return { accepted: false, reason: `More than ${mostPerHour} requests within an hour.` }
    }
    const organizations = await organizationsOf(deps, organization_id, settings)
    const verdict = await checkCsr(csr, { code, organizations })
    const reason = verdict.kind === 'refused' ? verdict.reason : null
    const certificateId = deps.newId()
    work.effects.push(
      certificateRequestEffect({
        organization_id,
        site_id,
        certificate_id: certificateId,
        station_id,
        use,
        origin: 'hub',
        state: reason === null ? 'requested' : 'refused',
        // Of what is refused only so much is kept that a person can see what it was.
        csr: csr.slice(0, 5_500).replaceAll('\u0000', ' '),
        request_id: requestId ?? null,
        reason,
        created_at: now,
        updated_at: now,
      }),
    )
    if (reason !== null) return { accepted: false, reason }
    work.effects.push(
      effect.job({
        task: 'certificate.issue',
        payload: { organizationId: organization_id, certificateId },
        queue: `certificate:${station_id}`,
      }),
    )
    return { accepted: true }
  }
}

/** The organization's name, or what the station's setting `certificateOrganization` says; `*` takes any. */
async function organizationsOf(
  { db }: Pick<CertificateDeps, 'db'>,
  organizationId: string,
  settings: Record<string, unknown>,
): Promise<readonly string[] | null> {
  const { certificateOrganization: own } = settings
  if (own === '*') return null
  if (typeof own === 'string') return [own]
  const row = await db
    .selectFrom('organization')
    .select('name')
    .where('organization_id', '=', organizationId)
    .executeTakeFirst()
  return [row?.name ?? '']
}
