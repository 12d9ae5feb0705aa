// Owns a garage in the database for tests of the parking side: organization, site, connection, places, people, cards.
// Must not hold expectations.
import type { Kysely } from 'kysely'
import { type CredentialKind, canonicalise, partialKeys, searchKeys } from '../../../core/domain/credential/index.ts'
import { systemNewId } from '../../../core/runtime/random.ts'
import type { ServiceDeps } from '../../../core/services/service-deps.ts'
import type { ParkingSource } from '../../../core/store/parking-facts.ts'
import { insertPresentation } from '../../../core/store/people.ts'
import type { HubTables } from '../../../core/store/schema.ts'
import type { ManualClock } from '../../../core/testing/manual-clock.ts'
import { manualClock } from '../../../core/testing/manual-clock.ts'
import { silent } from '../../setup/database.ts'
import { insertConnection, insertOrganization, someInstant } from '../../setup/records.ts'

export interface Garage extends ParkingSource {
  db: Kysely<HubTables>
  deps: ServiceDeps
  clock: ManualClock
}

const stamps = { created_at: someInstant, updated_at: someInstant }

export async function openGarage(
  db: Kysely<HubTables>,
  options: { settings?: object; clock?: ManualClock; at?: Date } = {},
): Promise<Garage> {
  const organizationId = await insertOrganization(db)
  return addSite(db, organizationId, options)
}

export async function addSite(
  db: Kysely<HubTables>,
  organizationId: string,
  options: { settings?: object; clock?: ManualClock; at?: Date } = {},
): Promise<Garage> {
  const clock = options.clock ?? manualClock(options.at ?? new Date('2019-03-10T12:00:00Z'))
  const siteId = systemNewId()
  await db
    .insertInto('site')
    .values({
      organization_id: organizationId,
      site_id: siteId,
      code: siteId.slice(-8),
      name: 'Garage',
      time_zone: 'America/Los_Angeles',
      currency: 'USD',
      settings: JSON.stringify(options.settings ?? {}),
      ...stamps,
    })
    .execute()
  const connectionId = await insertConnection(db, organizationId)
  const deps: ServiceDeps = { db, clock, newId: systemNewId, log: silent }
  return { db, deps, clock, organizationId, siteId, connectionId }
}

export async function addBay(garage: Garage, code: string): Promise<string> {
  const bay_id = systemNewId()
  const { organizationId: organization_id, siteId: site_id } = garage
  await garage.db
    .insertInto('bay')
    .values({ organization_id, site_id, bay_id, code, name: code, ...stamps })
    .execute()
  return bay_id
}

export interface AccountOptions {
  status?: string
  validFrom?: Date
  validUntil?: Date
  parkerKind?: string
  settings?: object
  number?: string
}

export async function addAccount(garage: Garage, options: AccountOptions = {}): Promise<string> {
  const account_id = systemNewId()
  await garage.db
    .insertInto('account')
    .values({
      organization_id: garage.organizationId,
      account_id,
      number: options.number ?? account_id.slice(-12),
      name: 'Ada',
      kind: 'person',
      status: options.status ?? 'active',
      parker_kind: options.parkerKind ?? 'contract',
      valid_from: options.validFrom ?? null,
      valid_until: options.validUntil ?? null,
      settings: JSON.stringify(options.settings ?? {}),
      ...stamps,
    })
    .execute()
  return account_id
}

export interface CredentialOptions {
  accountId?: string | null
  vehicleId?: string | null
  status?: string
  rights?: string[]
  siteIds?: string[]
  validFrom?: Date
  validUntil?: Date
  encoding?: string
}

/** Enrols a credential in one written form. */
export async function addCredential(
  garage: Garage,
  kind: CredentialKind,
  value: string,
  options: CredentialOptions = {},
): Promise<string> {
  const { organizationId } = garage
  const credential_id = systemNewId()
  await garage.db
    .insertInto('credential')
    .values({
      organization_id: organizationId,
      credential_id,
      account_id: options.accountId ?? null,
      vehicle_id: options.vehicleId ?? null,
      kind,
      status: options.status ?? 'active',
      ...(options.rights ? { rights: options.rights } : {}),
      site_ids: options.siteIds ?? null,
      valid_from: options.validFrom ?? null,
      valid_until: options.validUntil ?? null,
      ...stamps,
    })
    .execute()
  const presented = { raw: value, kind, encoding: options.encoding }
  const name = canonicalise(presented)
  await insertPresentation(garage.db, organizationId, {
    presentationId: systemNewId(),
    credentialId: credential_id,
    kind,
    value,
    encoding: options.encoding ?? null,
    bitLength: null,
    canonicalKey: name.outcome === 'key' ? name.key : `raw:${value}`,
    searchKeys: [
      ...searchKeys(presented).map((key) => ({ key, partial: false })),
      ...partialKeys(presented).map((key) => ({ key, partial: true })),
    ],
    at: someInstant,
  })
  return credential_id
}

export async function addVehicle(garage: Garage, plate: string, accountId: string | null): Promise<string> {
  const vehicle_id = systemNewId()
  await garage.db
    .insertInto('vehicle')
    .values({
      organization_id: garage.organizationId,
      vehicle_id,
      account_id: accountId,
      plate,
      plate_key: searchKeys({ raw: plate, kind: 'plate' })[0] ?? null,
      ...stamps,
    })
    .execute()
  return vehicle_id
}

/** Stays of the garage that facts still speak for, by natural key. */
export async function staysOf(garage: Garage) {
  const rows = await garage.db
    .selectFrom('stay')
    .selectAll()
    .where('connection_id', '=', garage.connectionId)
    .orderBy('stay_key')
    .execute()
  return rows.filter(({ flags }) => !flags.includes('withdrawn'))
}

export async function eventsOf(garage: Garage, like = '%') {
  const rows = await garage.db
    .selectFrom('event')
    .select(['type', 'subject_id', 'data', 'occurred_at', 'subject_version'])
    .where('organization_id', '=', garage.organizationId)
    .where('type', 'like', like)
    .orderBy('tx')
    .orderBy('event_id')
    .execute()
  return rows.map((row) => ({ ...row, data: row.data as Record<string, unknown> }))
}
