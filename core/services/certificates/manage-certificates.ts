// Owns what operators do with station certificates: look, register their own, take one back, have one renewed.
// Must not issue; a station has to ask for that.
import { appendAudit } from '../../store/audit.ts'
import {
  moveCertificate,
  type SecurityChange,
  type StationCertificate,
  securityChanges,
  stationCertificates,
} from '../../store/certificates.ts'
import { type Command, commands } from '../../store/commands-read.ts'
import { appendEvents } from '../../store/event-log.ts'
import type { Page } from '../../store/keyset.ts'
import { type Db, getRecord, type ListQuery, listRecords } from '../../store/record-table.ts'
import { type Station, stations } from '../../store/stations.ts'
import { cancelCommand } from '../charger/finish-command.ts'
import { type QueueCommandDeps, queueCommand } from '../charger/queue-command.ts'
import { refusable } from '../manage/manage-record.ts'
import { type Access, invalid, notFound, type Outcome, ok } from '../manage/outcome.ts'
import type { ServiceDeps } from '../service-deps.ts'
import { certificateNews } from './certificate-news.ts'
import { readCertificate } from './client-certificate.ts'
import { endChange } from './follow-security.ts'

export function listCertificates({ db }: ServiceDeps) {
  return (access: Access, query: ListQuery): Promise<Page<StationCertificate>> =>
    listRecords(db, stationCertificates, access, query)
}

export function getCertificate({ db }: ServiceDeps) {
  return async (access: Access, certificateId: string): Promise<Outcome<StationCertificate>> => {
    const found = await getRecord(db, stationCertificates, access, certificateId)
    return found ? ok(found) : notFound
  }
}

export function listSecurityChanges({ db }: ServiceDeps) {
  return async (access: Access, stationId: string, query: ListQuery): Promise<Outcome<Page<SecurityChange>>> => {
    const station = await getRecord(db, stations, access, stationId)
    return station ? ok(await listRecords(db, securityChanges, access, { ...query, stationId })) : notFound
  }
}

/** A certificate that the operator's own authority made for one station. */
export function registerCertificate(deps: ServiceDeps) {
  return (access: Access, stationId: string, pem: string): Promise<Outcome<StationCertificate>> =>
    refusable(deps, async (trx) => {
      const station = await getRecord(trx, stations, access, stationId, 'lock')
      if (!station || station.archivedAt) return notFound
      return registerFor({ ...deps, db: trx }, access, station, pem)
    })
}

/** In the caller's transaction, on a station that it has locked. */
export async function registerFor(
  deps: ServiceDeps & { db: Db },
  access: Access,
  station: Station,
  pem: string,
): Promise<Outcome<StationCertificate>> {
  const read = readCertificate(pem)
  if (read === null) return invalid('/pem', 'is no certificate in PEM')
  if (read.commonName?.toLowerCase() !== station.code.toLowerCase()) {
    return invalid('/pem', `must have one common name (CN), the identity of the station: ${station.code}`)
  }
  const now = deps.clock.now()
  if (read.notAfter <= now) return invalid('/pem', 'has ended')
  const same = await listRecords(deps.db, stationCertificates, access, {
    stationId: station.stationId,
    fingerprint: read.fingerprint,
    limit: 1,
  })
  if (same.items.length > 0) {
    return { kind: 'conflict', message: 'This certificate is registered already.', pointer: '/pem' }
  }
  const certificateId = deps.newId()
  const row = await deps.db
    .insertInto('station_certificate')
    .values({
      organization_id: access.organizationId,
      site_id: station.siteId,
      certificate_id: certificateId,
      station_id: station.stationId,
      use: 'station',
      origin: 'operator',
      state: 'installed',
      serial: read.serial,
      fingerprint: read.fingerprint,
      subject: read.subject,
      issuer: read.issuer,
      not_before: read.notBefore,
      not_after: read.notAfter,
      pem: read.pem,
      created_at: now,
      updated_at: now,
    })
    .returningAll()
    .executeTakeFirstOrThrow()
  await appendEvents(deps.db, [certificateNews(deps.newId, row, now)])
  const made = await getRecord(deps.db, stationCertificates, access, certificateId)
  if (!made) throw new Error('the certificate that was written is not there')
  await log(deps, access, 'registered', null, made)
  return ok(made)
}

/** It is turned away from the next handshake on, and in the next revocation list and OCSP answer. */
export function revokeCertificate(deps: ServiceDeps) {
  return (access: Access, certificateId: string, reason: string): Promise<Outcome<StationCertificate>> =>
    refusable(deps, async (trx) => {
      const before = await getRecord(trx, stationCertificates, access, certificateId, 'lock')
      if (!before) return notFound
      const now = deps.clock.now()
      const row = await moveCertificate(
        trx,
        access.organizationId,
        certificateId,
        // One that the station refused exists all the same, and so does its key.
        ['issued', 'installed', ...(before.pem === null ? [] : (['refused'] as const))],
        { state: 'revoked', reason, revoked_at: now, updated_at: now },
      )
      if (row === undefined) return { kind: 'conflict', message: `The certificate is ${before.state} already.` }
      await appendEvents(trx, [certificateNews(deps.newId, row, now)])
      const after = (await getRecord(trx, stationCertificates, access, certificateId)) ?? before
      await log({ ...deps, db: trx }, access, 'revoked', before, after)
      return ok(after)
    })
}

/** Has the station make a new key and ask for a certificate. */
export function renewCertificate(deps: QueueCommandDeps) {
  return (access: Access, stationId: string): Promise<Outcome<Command>> =>
    refusable(deps, async (trx) => {
      const station = await getRecord(trx, stations, access, stationId)
      if (!station || station.archivedAt) return notFound
      if (station.admission !== 'accepted') return { kind: 'conflict', message: 'The station has not been accepted.' }
      const queued = await queueCommand({ ...deps, db: trx })({
        organizationId: access.organizationId,
        stationId,
        command: { name: 'trigger', message: 'sign_station_certificate' },
        requestedBy: access.actor,
        ttlMs: renewalMs,
      })
      if (queued.kind === 'no_such_station') return notFound
      if (queued.kind === 'vetoed') return { kind: 'forbidden', message: queued.reason }
      const row = await getRecord(trx, commands, access, queued.command.command_id)
      if (!row) throw new Error('the queued command is not there')
      return ok(row)
    })
}

const renewalMs = 24 * 3_600_000

/** What was on its way is good no longer; a station that has taken it already stays out until it is given another. */
export function cancelSecurityChange(deps: ServiceDeps) {
  return (access: Access, stationId: string, changeId: string): Promise<Outcome<SecurityChange>> =>
    refusable(deps, async (trx) => {
      const change = await trx
        .selectFrom('station_security_change')
        .selectAll()
        .where('organization_id', '=', access.organizationId)
        .where('station_id', '=', stationId)
        .where('change_id', '=', changeId)
        .forUpdate()
        .executeTakeFirst()
      const before = await getRecord(trx, securityChanges, access, changeId)
      if (!before || change === undefined) return notFound
      if (change.state !== 'requested' && change.state !== 'sent') {
        return { kind: 'conflict', message: `The change is ${change.state} already.` }
      }
      if (change.command_id !== null) {
        await cancelCommand({ ...deps, db: trx }, 0)(access.organizationId, change.command_id, access.actor)
      }
      await endChange(deps, trx, change, { state: 'cancelled', reason: `Cancelled by ${access.actor}.` })
      return ok((await getRecord(trx, securityChanges, access, changeId)) ?? before)
    })
}

async function log(
  deps: ServiceDeps & { db: Db },
  access: Access,
  action: string,
  before: StationCertificate | null,
  after: StationCertificate,
): Promise<void> {
  await appendAudit(deps.db, access.organizationId, {
    auditId: deps.newId(),
    siteId: after.siteId,
    at: deps.clock.now(),
    actor: access.actor,
    action: `station_certificate.${action}`,
    subjectType: 'station_certificate',
    subjectId: after.certificateId,
    before: before === null ? null : { state: before.state },
    after: { stationId: after.stationId, state: after.state, fingerprint: after.fingerprint, reason: after.reason },
    requestId: access.requestId,
  })
}
