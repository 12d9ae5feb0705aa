// Owns the answer at the door: which station is this, may it come in, and what becomes of one nobody knows.
// Must not open anything: the gateway does, once the door said yes.
import { timingSafeEqual } from 'node:crypto'
import type { Kysely } from 'kysely'
import type { ChargerProtocol } from '../../domain/charger-fact.ts'
import type { Admission, AdmissionRequest, AdmittedStation } from '../../domain/charger-port.ts'
import type { FoundStation, StationRecord } from '../../store/charger-state.ts'
import { appendEvents } from '../../store/event-log.ts'
import type { HubTables } from '../../store/schema.ts'
import { transaction } from '../../store/transaction.ts'
import type { ChargerDeps } from './charger-deps.ts'

const longestIdentity = 255

export function admitStation(
  deps: ChargerDeps & { db: Kysely<HubTables> },
  find: (identity: string) => Promise<FoundStation | undefined>,
) {
  return async (request: AdmissionRequest): Promise<Admission> => {
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
      await registerUnknown(deps, code, identity, request.password)
      record = await find(identity)
      if (record === undefined) return { kind: 'unknown', reason: 'No station of this identity is registered.' }
    }
    if (record.admission === 'rejected')
      return { kind: 'rejected', reason: 'This station was rejected by the operator.' }
    if (!passwordFits(deps, record, request.password)) {
      return {
        kind: 'unauthorized',
        reason:
          request.password === null
            ? 'Basic authentication is required.'
            : 'The password is not the one of this station.',
      }
    }
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

/**
 * The stored hash is of the secret's text. Stations send that text, or the bytes that it is the hex of (catalogue X1, J15),
 * so both readings of what came are tried, each in constant time.
 */
function passwordFits(deps: ChargerDeps, record: StationRecord, password: Uint8Array | null): boolean {
  if (record.secret_hash === null) return record.security_profile === 0 || record.admission === 'pending'
  if (password === null) return false
  const bytes = Buffer.from(password)
  const hex = bytes.toString('hex')
  let fits = false
  for (const form of [bytes, Buffer.from(hex), Buffer.from(hex.toUpperCase())]) {
    const hash = deps.hashSecret(form)
    if (hash.length === record.secret_hash.length && timingSafeEqual(hash, record.secret_hash)) fits = true
  }
  return fits
}

/** Listed for the operator, not served until approved. The password it first came with stays its password. */
async function registerUnknown(
  deps: ChargerDeps & { db: Kysely<HubTables> },
  code: string,
  identity: string,
  password: Uint8Array | null,
): Promise<void> {
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
