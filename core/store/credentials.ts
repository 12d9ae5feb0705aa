// Owns finding enrolled credentials by index keys, with everything a decision about access needs, in one round trip.
// Must not decide: a shared key only proposes, and partial keys propose less.
import { type Kysely, sql } from 'kysely'
import type { HubTables } from './schema.ts'

export interface EnrolledGroup {
  code: string
  siteIds: string[] | null
  rights: string[]
}

export interface EnrolledAccount {
  accountId: string
  number: string
  name: string
  status: string
  parkerKind: string
  validFrom: Date | null
  validUntil: Date | null
  settings: Record<string, unknown>
  groups: EnrolledGroup[]
  /** When this account's open stays at the asked site began; empty unless they were asked for. */
  openSince: (Date | null)[]
}

/** One form of one credential, found by one key. */
export interface Enrolled {
  searchKey: string
  partial: boolean
  presentationId: string
  presentationKind: string
  raw: string
  encoding: string | null
  bitLength: number | null
  canonicalKey: string
  credentialId: string
  kind: string
  label: string | null
  status: string
  rights: string[]
  siteIds: string[] | null
  validFrom: Date | null
  validUntil: Date | null
  vehicleId: string | null
  account: EnrolledAccount | null
}

export interface EnrolledVehicle {
  vehicleId: string
  accountId: string | null
  parkerKind: string | null
  plate: string
  country: string | null
  plateKey: string
}

export interface Lookup {
  organizationId: string
  searchKeys: readonly string[]
  /** Sites whose settings the decision needs. */
  siteIds: readonly string[]
  /** Set to also learn of the accounts' open stays at this site. */
  openStaysAt?: string
}

export interface Found {
  enrolled: Enrolled[]
  settings: ReadonlyMap<string, Record<string, unknown>>
}

/** Archived credentials, accounts and groups are as good as none. */
export async function findEnrolled(db: Kysely<HubTables>, lookup: Lookup): Promise<Found> {
  const { organizationId, searchKeys, siteIds, openStaysAt = null } = lookup
  if (searchKeys.length + siteIds.length === 0) return { enrolled: [], settings: new Map() }
  const { rows } = await sql<{ settings: Record<string, Record<string, unknown>>; enrolled: Enrolled[] }>`
    select
      (select coalesce(json_object_agg(site_id, settings), '{}'::json) from site
        where organization_id = ${organizationId} and site_id = any(${siteIds}::uuid[])) as settings,
      (select coalesce(json_agg(json_build_object(
          'searchKey', k.search_key, 'partial', k.partial,
          'presentationId', p.presentation_id, 'presentationKind', p.kind, 'raw', p.raw, 'encoding', p.encoding,
          'bitLength', p.bit_length, 'canonicalKey', p.canonical_key,
          'credentialId', c.credential_id, 'kind', c.kind, 'label', c.label, 'status', c.status, 'rights', c.rights,
          'siteIds', c.site_ids, 'validFrom', c.valid_from, 'validUntil', c.valid_until, 'vehicleId', c.vehicle_id,
          'account', case when a.account_id is not null then json_build_object(
            'accountId', a.account_id, 'number', a.number, 'name', a.name, 'status', a.status,
            'parkerKind', a.parker_kind, 'validFrom', a.valid_from, 'validUntil', a.valid_until, 'settings', a.settings,
            'groups', (
              select coalesce(json_agg(json_build_object('code', g.code, 'siteIds', g.site_ids, 'rights', g.rights)), '[]'::json)
              from account_group_member m
              join account_group g on g.organization_id = m.organization_id and g.group_id = m.group_id
              where m.organization_id = a.organization_id and m.account_id = a.account_id and g.archived_at is null),
            'openSince', (
              select coalesce(json_agg(s.entered_at order by s.entered_at), '[]'::json) from stay s
              where s.organization_id = a.organization_id and s.account_id = a.account_id and s.state = 'open'
                and s.site_id = ${openStaysAt}::uuid)
          ) end) order by p.presentation_id, k.search_key), '[]'::json)
        from presentation_key k
        join presentation p on p.organization_id = k.organization_id and p.presentation_id = k.presentation_id
        join credential c on c.organization_id = k.organization_id and c.credential_id = k.credential_id
        left join account a on a.organization_id = c.organization_id and a.account_id = c.account_id and a.archived_at is null
        where k.organization_id = ${organizationId} and k.search_key = any(${searchKeys}::text[])
          and c.archived_at is null) as enrolled`.execute(db)
  const [row] = rows
  return {
    enrolled: (row?.enrolled ?? []).map(withDates),
    settings: new Map(Object.entries(row?.settings ?? {})),
  }
}

/** Vehicles by the index key of their plate. */
export async function findVehicles(
  db: Kysely<HubTables>,
  organizationId: string,
  plateKeys: readonly string[],
): Promise<EnrolledVehicle[]> {
  if (plateKeys.length === 0) return []
  const { rows } = await sql<EnrolledVehicle>`
    select v.vehicle_id as "vehicleId", a.account_id as "accountId", a.parker_kind as "parkerKind", v.plate,
      v.plate_country as country, v.plate_key as "plateKey"
    from vehicle v
    left join account a on a.organization_id = v.organization_id and a.account_id = v.account_id and a.archived_at is null
    where v.organization_id = ${organizationId} and v.plate_key = any(${plateKeys}::text[]) and v.plate is not null
      and v.archived_at is null
    order by v.vehicle_id`.execute(db)
  return rows
}

/** Plates of vehicles, by account and by vehicle. */
export async function platesOf(
  db: Kysely<HubTables>,
  organizationId: string,
  accountIds: readonly string[],
  vehicleIds: readonly string[],
): Promise<{ vehicleId: string; accountId: string | null; plate: string; country: string | null }[]> {
  if (accountIds.length + vehicleIds.length === 0) return []
  const { rows } = await sql<{ vehicleId: string; accountId: string | null; plate: string; country: string | null }>`
    select vehicle_id as "vehicleId", account_id as "accountId", plate, plate_country as country from vehicle
    where organization_id = ${organizationId} and plate is not null and archived_at is null
      and (account_id = any(${accountIds}::uuid[]) or vehicle_id = any(${vehicleIds}::uuid[]))
    order by vehicle_id`.execute(db)
  return rows
}

// json_build_object writes instants as text.
function withDates(row: Enrolled): Enrolled {
  const { account } = row
  return {
    ...row,
    validFrom: instant(row.validFrom),
    validUntil: instant(row.validUntil),
    account: account && {
      ...account,
      validFrom: instant(account.validFrom),
      validUntil: instant(account.validUntil),
      openSince: account.openSince.map(instant),
    },
  }
}

function instant(text: Date | string | null): Date | null {
  return text === null ? null : new Date(text)
}
