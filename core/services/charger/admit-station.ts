// Owns the answer at the door: which station is this, may it come in, and what becomes of one nobody knows.
// Must not open anything: the gateway does, once the door said yes.
import { timingSafeEqual } from 'node:crypto'
import type { Kysely } from 'kysely'
import type { ChargerProtocol } from '../../domain/charger-fact.ts'
import type { Admission, AdmissionRequest, AdmittedStation } from '../../domain/charger-port.ts'
import type { ClientCertificate } from '../../domain/peer.ts'
import { type Brought, judgeProfile } from '../../domain/security-profile.ts'
import { rememberPresentedCertificate } from '../../store/certificates.ts'
import type { FoundStation, StationRecord } from '../../store/charger-state.ts'
import { appendEvents } from '../../store/event-log.ts'
import { jsonText } from '../../store/json-text.ts'
import type { HubTables } from '../../store/schema.ts'
import { transaction } from '../../store/transaction.ts'
import { judgeClientCertificate, type ReadCertificate, readCertificate } from '../certificates/client-certificate.ts'
import { securityArrived } from '../certificates/security-arrived.ts'
import type { ChargerDeps } from './charger-deps.ts'

const longestIdentity = 255

export function admitStation(
  deps: ChargerDeps & { db: Kysely<HubTables> },
  find: (identity: string) => Promise<FoundStation | undefined>,
) {
  const judge = judgeClientCertificate(deps)
  const arrived = securityArrived(deps)
  return async (request: AdmissionRequest): Promise<Admission> => {
    const { clientCertificate = null } = request
    const code = request.identity
    if (code === '' || code.length > longestIdentity || code.includes('\u0000')) {
      return { kind: 'unknown', reason: 'The station identity in the path is empty or too long.' }
    }
    const identity = code.toLowerCase()
    let record = await find(identity)
    if (record === undefined) {
      if (deps.settings.unknownStations === 'reject') {
        return { kind: 'unknown', reason: 'No station of this identity is registered.' }
      }
      await registerUnknown(deps, code, identity, request)
      record = await find(identity)
      if (record === undefined) return { kind: 'unknown', reason: 'No station of this identity is registered.' }
    }
    if (record.admission === 'rejected')
      return { kind: 'rejected', reason: 'This station was rejected by the operator.' }
    const brought: Brought = {
      secure: request.secure,
      password: passwordOf(deps, record, request.password),
      certificate: needsCertificate(record) ? await judge(clientCertificate, keyOf(record)) : 'none',
    }
    if (record.admission === 'pending') {
      // Nothing is served to it; what it came with first is what it must come with again, and is shown for approval.
      if (record.secret_hash !== null && brought.password !== 'right') return wrongPassword(request.password)
      await rememberPresented(deps, record, clientCertificate)
      return { kind: 'admitted', station: admitted(record) }
    }
    const verdict = judgeProfile({ profile: record.security_profile, pending: record.pending_profile }, brought)
    if (verdict.kind !== 'met') return verdict
    if (verdict.arrived.password || verdict.arrived.profile) await arrived(keyOf(record), verdict.arrived)
    return { kind: 'admitted', station: admitted(record) }
  }
}

export function admitted(record: FoundStation): AdmittedStation {
  return {
    organizationId: record.organization_id,
    siteId: record.site_id,
    stationId: record.station_id,
    code: record.code,
    admission: record.admission,
    defaultProtocol: record.default_protocol as ChargerProtocol | null,
    vendor: record.vendor,
    model: record.model,
    firmware: record.firmware,
    settings: record.settings,
    timeZone: record.time_zone,
    traits: record.traits,
  }
}

function keyOf(record: StationRecord) {
  return { organizationId: record.organization_id, stationId: record.station_id, code: record.code }
}

/** Looked up only where it matters: one more read for each socket of a storm. */
function needsCertificate(record: StationRecord): boolean {
  return record.admission === 'accepted' && (record.security_profile === 3 || record.pending_profile === 3)
}

function wrongPassword(password: Uint8Array | null): Admission {
  const reason =
    password === null ? 'Basic authentication is required.' : 'The password is not the one of this station.'
  return { kind: 'unauthorized', reason }
}

/**
 * The stored hash is of the secret's text. Stations send that text, or the bytes that it is the hex of (catalogue X1, J15),
 * so both readings of what came are tried, each in constant time.
 */
function passwordOf(deps: ChargerDeps, record: StationRecord, password: Uint8Array | null): Brought['password'] {
  if (password === null) return 'none'
  const bytes = Buffer.from(password)
  const hex = bytes.toString('hex')
  let found: Brought['password'] = 'wrong'
  for (const form of [bytes, Buffer.from(hex), Buffer.from(hex.toUpperCase())]) {
    const hash = deps.hashSecret(form)
    if (isSame(hash, record.secret_hash)) found = 'right'
    else if (isSame(hash, record.pending_secret_hash) && found !== 'right') found = 'new'
  }
  // Where no password was ever set and none is needed, one that comes all the same is not wrong.
  return found === 'wrong' && record.secret_hash === null && record.security_profile === 0 ? 'none' : found
}

function isSame(hash: Buffer, stored: Buffer | null): boolean {
  return stored !== null && hash.length === stored.length && timingSafeEqual(hash, stored)
}

/** The certificate that a parked station showed, so that an operator can register it with the approval. */
async function rememberPresented(
  deps: ChargerDeps & { db: Kysely<HubTables> },
  record: StationRecord,
  certificate: ClientCertificate | null,
): Promise<void> {
  const read = certificate?.verified ? readCertificate(certificate.pem) : null
  if (read === null) return
  await rememberPresentedCertificate(deps.db, keyOf(record), presentedOf(read))
}

function presentedOf({ pem, fingerprint, subject, issuer, notBefore, notAfter }: ReadCertificate) {
  return { pem, fingerprint, subject, issuer, notBefore, notAfter }
}

/** Listed for the operator, not served until approved. The password it first came with stays its password. */
async function registerUnknown(
  deps: ChargerDeps & { db: Kysely<HubTables> },
  code: string,
  identity: string,
  { password, clientCertificate }: AdmissionRequest,
): Promise<void> {
  const presented = clientCertificate?.verified ? readCertificate(clientCertificate.pem) : null
  const now = deps.clock.now()
  const stationId = deps.newId()
  const organizationId = deps.settings.defaultOrganizationId
  const accepted = deps.settings.unknownStations === 'accept'
  await transaction(deps.db, async (trx) => {
    const claimed = await trx
      .insertInto('station_identity')
      .values({ identity, organization_id: organizationId, station_id: stationId })
      .onConflict((c) => c.doNothing())
      .returning('station_id')
      .executeTakeFirst()
    if (claimed === undefined) return
    await trx
      .insertInto('station')
      .values({
        organization_id: organizationId,
        station_id: stationId,
        code,
        name: code,
        admission: accepted ? 'accepted' : 'pending',
        secret_hash: password === null || password.length === 0 ? null : deps.hashSecret(password),
        security_profile: password === null || password.length === 0 ? 0 : 1,
        presented_certificate: presented === null ? null : jsonText(presentedOf(presented)),
        created_at: now,
        updated_at: now,
      })
      .execute()
    await appendEvents(trx, [
      {
        id: deps.newId(),
        type: 'station.pending',
        organizationId,
        siteId: null,
        subject: { type: 'station', id: stationId },
        occurredAt: now,
        recordedAt: now,
        data: { stationId, code },
      },
    ])
  })
}
