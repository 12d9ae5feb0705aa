// Owns how station certificates and security changes are written and looked up.
// Must not judge a certificate or a station.
import { type Insertable, type Kysely, type Selectable, sql } from 'kysely'
import type { Arrived } from '../domain/security-profile.ts'
import { defineEffect, type Effect } from './effect.ts'
import { jsonText } from './json-text.ts'
import { before, type Db, from, is, recordTable } from './record-table.ts'
import type { HubTables, StationCertificateTable, StationSecurityChangeTable } from './schema.ts'

export type CertificateRow = Selectable<StationCertificateTable>
export type SecurityChangeRow = Selectable<StationSecurityChangeTable>
export type CertificateState = 'requested' | 'issued' | 'installed' | 'refused' | 'revoked' | 'expired'

export interface StationCertificate {
  certificateId: string
  siteId: string | null
  stationId: string
  use: string
  origin: 'hub' | 'operator'
  state: CertificateState
  serial: string | null
  fingerprint: string | null
  subject: string | null
  issuer: string | null
  notBefore: Date | null
  notAfter: Date | null
  pem: string | null
  commandId: string | null
  reason: string | null
  revokedAt: Date | null
  createdAt: Date
  updatedAt: Date
  version: number
}

export const stationCertificates = recordTable<StationCertificate>()('station_certificate', {
  type: 'station_certificate',
  id: 'certificate_id',
  columns: {
    certificateId: 'certificate_id',
    siteId: 'site_id',
    stationId: 'station_id',
    use: 'use',
    origin: 'origin',
    state: 'state',
    serial: 'serial',
    fingerprint: 'fingerprint',
    subject: 'subject',
    issuer: 'issuer',
    notBefore: 'not_before',
    notAfter: 'not_after',
    pem: 'pem',
    commandId: 'command_id',
    reason: 'reason',
    revokedAt: 'revoked_at',
    createdAt: 'created_at',
    updatedAt: 'updated_at',
    version: 'version',
  },
  reach: 'site',
  sorts: { createdAt: [{ expression: 't.certificate_id', type: 'uuid' }] },
  defaultSort: '-createdAt',
  filters: {
    siteId: is('site_id'),
    stationId: is('station_id'),
    state: is('state'),
    fingerprint: is('fingerprint'),
    endsBefore: before('t.not_after'),
    endsFrom: from('t.not_after'),
  },
})

export interface SecurityChange {
  changeId: string
  siteId: string | null
  stationId: string
  kind: 'password' | 'profile'
  state: 'requested' | 'sent' | 'applied' | 'failed' | 'cancelled'
  fromProfile: number
  toProfile: number
  commandId: string | null
  reason: string | null
  requestedBy: string
  createdAt: Date
  updatedAt: Date
  endedAt: Date | null
}

export const securityChanges = recordTable<SecurityChange>()('station_security_change', {
  type: 'station_security_change',
  id: 'change_id',
  columns: {
    changeId: 'change_id',
    siteId: 'site_id',
    stationId: 'station_id',
    kind: 'kind',
    state: 'state',
    fromProfile: 'from_profile',
    toProfile: 'to_profile',
    commandId: 'command_id',
    reason: 'reason',
    requestedBy: 'requested_by',
    createdAt: 'created_at',
    updatedAt: 'updated_at',
    endedAt: 'ended_at',
  },
  reach: 'site',
  sorts: { createdAt: [{ expression: 't.change_id', type: 'uuid' }] },
  defaultSort: '-createdAt',
  filters: { siteId: is('site_id'), stationId: is('station_id'), state: is('state'), kind: is('kind') },
})

/** What a station's request leaves in its own commit, before anything is issued. */
export interface CertificateRequestRow {
  organization_id: string
  site_id: string | null
  certificate_id: string
  station_id: string
  use: string
  origin: 'hub'
  state: 'requested' | 'refused'
  csr: string
  request_id: number | null
  reason: string | null
  created_at: Date
  updated_at: Date
}

const certificateRequest = defineEffect<CertificateRequestRow>({
  name: 'station_certificate_request',
  order: 46,
  sql: `insert into station_certificate (organization_id, site_id, certificate_id, station_id, use, origin, state, csr,
      request_id, reason, created_at, updated_at)
    select organization_id, site_id, certificate_id, station_id, use, origin, state, csr, request_id, reason, created_at,
      updated_at
    from json_populate_recordset(null::station_certificate, $1::json) on conflict (organization_id, certificate_id) do nothing`,
})

export function certificateRequestEffect(row: CertificateRequestRow): Effect {
  return { template: certificateRequest, row }
}

export interface KnownCertificate {
  serial: string
  revokedAt: Date | null
}

/** Certificates of one authority by their numbers; those it never issued are left out. */
export async function certificatesBySerial(
  db: Db,
  organizationId: string,
  authorityId: string,
  serials: readonly string[],
): Promise<Map<string, KnownCertificate>> {
  if (serials.length === 0) return new Map()
  const rows = await db
    .selectFrom('station_certificate')
    .select(['serial', 'revoked_at'])
    .where('organization_id', '=', organizationId)
    .where('authority_id', '=', authorityId)
    .where('serial', 'in', serials)
    .execute()
  return new Map(rows.map(({ serial, revoked_at }) => [serial ?? '', { serial: serial ?? '', revokedAt: revoked_at }]))
}

export async function certificatesRevoked(
  db: Db,
  organizationId: string,
  authorityId: string,
): Promise<{ serial: string; revokedAt: Date }[]> {
  const rows = await db
    .selectFrom('station_certificate')
    .select(['serial', 'revoked_at'])
    .where('organization_id', '=', organizationId)
    .where('authority_id', '=', authorityId)
    .where('revoked_at', 'is not', null)
    .orderBy('revoked_at')
    .execute()
  return rows.flatMap(({ serial, revoked_at }) =>
    serial === null || revoked_at === null ? [] : [{ serial, revokedAt: revoked_at }],
  )
}

/** Whether this certificate, by its SHA-256 fingerprint, is a live one of exactly this station. */
export async function hasLiveCertificate(
  db: Db,
  station: { organizationId: string; stationId: string },
  fingerprint: string,
  now: Date,
): Promise<boolean> {
  const row = await db
    .selectFrom('station_certificate')
    .select('certificate_id')
    .where('organization_id', '=', station.organizationId)
    .where('station_id', '=', station.stationId)
    .where('fingerprint', '=', fingerprint)
    .where('use', '=', 'station')
    .where('state', 'in', ['issued', 'installed'])
    .where('not_before', '<=', now)
    .where('not_after', '>', now)
    .limit(1)
    .executeTakeFirst()
  return row !== undefined
}

/** How many requests a station made since an instant. */
export async function countRequests(
  db: Db,
  station: { organizationId: string; stationId: string },
  since: Date,
): Promise<number> {
  const { n } = await db
    .selectFrom('station_certificate')
    .select((eb) => eb.fn.countAll<string>().as('n'))
    .where('organization_id', '=', station.organizationId)
    .where('station_id', '=', station.stationId)
    .where('origin', '=', 'hub')
    .where('created_at', '>', since)
    .executeTakeFirstOrThrow()
  return Number(n)
}

/** Moves a certificate on, if it still is where the caller believes it is; undefined when somebody else moved it first. */
export function moveCertificate(
  db: Kysely<HubTables>,
  organizationId: string,
  certificateId: string,
  from: readonly CertificateState[],
  set: Partial<Insertable<StationCertificateTable>> & { state: CertificateState; updated_at: Date },
): Promise<CertificateRow | undefined> {
  return db
    .updateTable('station_certificate')
    .set((eb) => ({ ...set, version: eb('version', '+', 1) }))
    .where('organization_id', '=', organizationId)
    .where('certificate_id', '=', certificateId)
    .where('state', 'in', from)
    .returningAll()
    .executeTakeFirst()
}

export function getCertificate(
  db: Kysely<HubTables>,
  organizationId: string,
  certificateId: string,
): Promise<CertificateRow | undefined> {
  return db
    .selectFrom('station_certificate')
    .selectAll()
    .where('organization_id', '=', organizationId)
    .where('certificate_id', '=', certificateId)
    .executeTakeFirst()
}

interface OneStation {
  organizationId: string
  stationId: string
}

/** Keeps what a parked station showed last; the same again writes nothing. */
export async function rememberPresentedCertificate(
  db: Db,
  { organizationId, stationId }: OneStation,
  presented: { fingerprint: string },
): Promise<void> {
  await sql`update station set presented_certificate = ${jsonText(presented)}::jsonb
    where organization_id = ${organizationId} and station_id = ${stationId}
      and presented_certificate ->> 'fingerprint' is distinct from ${presented.fingerprint}`.execute(db)
}

/** What was on its way to the station becomes what is asked of it. */
export async function promoteSecurity(
  db: Db,
  { organizationId, stationId }: OneStation,
  { password, profile }: Arrived,
  now: Date,
): Promise<void> {
  await sql`update station set version = version + 1, updated_at = ${now},
      secret_hash = case when ${password} then coalesce(pending_secret_hash, secret_hash) else secret_hash end,
      pending_secret_hash = case when ${password} then null else pending_secret_hash end,
      security_profile = case when ${profile} then coalesce(pending_profile, security_profile) else security_profile end,
      pending_profile = case when ${profile} then null else pending_profile end
    where organization_id = ${organizationId} and station_id = ${stationId}`.execute(db)
}

/** Certificates whose time is over and that are still called live. */
export function certificatesEnded(db: Db, now: Date, limit: number): Promise<CertificateRow[]> {
  return db
    .selectFrom('station_certificate')
    .selectAll()
    .where('state', 'in', ['issued', 'installed'])
    .where('not_after', '<=', now)
    .orderBy('not_after')
    .limit(limit)
    .execute()
}

/** Live certificates that end by `soon`, were not asked about since `before`, and have no live one that ends later beside them. */
export function certificatesEnding(
  db: Db,
  { now, soon, before: last }: { now: Date; soon: Date; before: Date },
  limit: number,
): Promise<(CertificateRow & { security_profile: number })[]> {
  return db
    .selectFrom('station_certificate as c')
    .innerJoin('station as s', (join) =>
      join.onRef('s.organization_id', '=', 'c.organization_id').onRef('s.station_id', '=', 'c.station_id'),
    )
    .selectAll('c')
    .select('s.security_profile')
    .where('c.state', 'in', ['issued', 'installed'])
    .where('c.not_after', '>', now)
    .where('c.not_after', '<=', soon)
    .where('s.archived_at', 'is', null)
    .where((eb) => eb.or([eb('c.renewal_at', 'is', null), eb('c.renewal_at', '<=', last)]))
    .where((eb) =>
      eb.not(
        eb.exists(
          eb
            .selectFrom('station_certificate as later')
            .select('later.certificate_id')
            .whereRef('later.organization_id', '=', 'c.organization_id')
            .whereRef('later.station_id', '=', 'c.station_id')
            .whereRef('later.use', '=', 'c.use')
            .where('later.state', 'in', ['issued', 'installed'])
            .where('later.not_after', '>', soon),
        ),
      ),
    )
    .orderBy('c.not_after')
    .limit(limit)
    .execute()
}
