// Owns how accounts, groups, vehicles and credentials with their presentations are read and written.
// Must not work out a key: the service hands over canonical and search keys.
import { sql } from 'kysely'
import type { AccessRules } from '../domain/access/index.ts'
import type { CredentialKind } from '../domain/credential/index.ts'
import { type Stamped, stampColumns, usualSorts } from './places.ts'
import { type Db, is, recordTable } from './record-table.ts'

export interface Account extends Stamped {
  accountId: string
  number: string
  name: string
  kind: 'person' | 'company' | 'tenant' | 'fleet' | 'employee' | 'visitor'
  status: 'active' | 'suspended' | 'closed'
  email: string | null
  phone: string | null
  parkerKind: 'transient' | 'contract' | 'member' | 'reservation'
  validFrom: Date | null
  validUntil: Date | null
  parentAccountId: string | null
  access: AccessRules
  passbackResetAt: Date | null
  settings: Record<string, unknown>
}

export interface Group extends Stamped {
  groupId: string
  code: string
  name: string
  siteIds: string[] | null
  rights: ('park' | 'charge')[]
  access: AccessRules
}

export interface Vehicle extends Stamped {
  vehicleId: string
  accountId: string | null
  plate: string | null
  plateCountry: string | null
  plateKey: string | null
  make: string | null
  model: string | null
}

export interface Credential extends Stamped {
  credentialId: string
  accountId: string | null
  vehicleId: string | null
  kind: CredentialKind
  label: string | null
  status: 'active' | 'blocked' | 'revoked'
  rights: ('park' | 'charge')[]
  siteIds: string[] | null
  neutral: boolean
  validFrom: Date | null
  validUntil: Date | null
}

export interface Presentation {
  presentationId: string
  kind: string
  value: string
  encoding: string | null
  bitLength: number | null
  canonicalKey: string
  source: 'enrolled' | 'learned' | 'imported'
  createdAt: Date
}

export const accounts = recordTable<Account>()('account', {
  type: 'account',
  id: 'account_id',
  columns: {
    accountId: 'account_id',
    number: 'number',
    name: 'name',
    kind: 'kind',
    status: 'status',
    email: 'email',
    phone: 'phone',
    parkerKind: 'parker_kind',
    validFrom: 'valid_from',
    validUntil: 'valid_until',
    parentAccountId: 'parent_account_id',
    access: 'access',
    passbackResetAt: 'passback_reset_at',
    settings: 'settings',
    ...stampColumns,
  },
  json: ['settings', 'access'],
  reach: 'organization',
  archives: true,
  search: ['number', 'name'],
  sorts: usualSorts('account_id', 'number'),
  filters: {
    status: is('status'),
    kind: is('kind'),
    groupId: (value: string) => sql<boolean>`exists (select from account_group_member m
      where m.organization_id = t.organization_id and m.account_id = t.account_id and m.group_id = ${value})`,
  },
})

export const groups = recordTable<Group>()('account_group', {
  type: 'group',
  id: 'group_id',
  columns: {
    groupId: 'group_id',
    code: 'code',
    name: 'name',
    siteIds: 'site_ids',
    rights: 'rights',
    access: 'access',
    ...stampColumns,
  },
  json: ['access'],
  reach: 'sites',
  archives: true,
  search: ['code', 'name'],
  sorts: usualSorts('group_id'),
})

const byCreation = (id: string) => ({
  createdAt: [
    { expression: 't.created_at', type: 'timestamptz' as const },
    { expression: `t.${id}`, type: 'uuid' as const },
  ],
})

export const vehicles = recordTable<Vehicle>()('vehicle', {
  type: 'vehicle',
  id: 'vehicle_id',
  columns: {
    vehicleId: 'vehicle_id',
    accountId: 'account_id',
    plate: 'plate',
    plateCountry: 'plate_country',
    plateKey: 'plate_key',
    make: 'make',
    model: 'model',
    ...stampColumns,
  },
  reach: 'organization',
  archives: true,
  search: ['plate', 'make', 'model'],
  sorts: byCreation('vehicle_id'),
  filters: { accountId: is('account_id'), plateKey: is('plate_key') },
})

export const credentials = recordTable<Credential>()('credential', {
  type: 'credential',
  id: 'credential_id',
  columns: {
    credentialId: 'credential_id',
    accountId: 'account_id',
    vehicleId: 'vehicle_id',
    kind: 'kind',
    label: 'label',
    status: 'status',
    rights: 'rights',
    siteIds: 'site_ids',
    neutral: 'neutral',
    validFrom: 'valid_from',
    validUntil: 'valid_until',
    ...stampColumns,
  },
  reach: 'sites',
  archives: true,
  search: ['label'],
  sorts: byCreation('credential_id'),
  filters: {
    accountId: is('account_id'),
    vehicleId: is('vehicle_id'),
    kind: is('kind'),
    status: is('status'),
    searchKeys: (keys: readonly string[]) => sql<boolean>`exists (select from presentation_key k
      join presentation p on p.organization_id = k.organization_id and p.presentation_id = k.presentation_id
      where k.organization_id = t.organization_id and k.credential_id = t.credential_id and p.removed_at is null
        and k.search_key = any(${keys}::text[]))`,
  },
})

export async function groupsOf(
  db: Db,
  organizationId: string,
  accountIds: readonly string[],
): Promise<Map<string, string[]>> {
  const found = new Map<string, string[]>(accountIds.map((id) => [id, []]))
  if (accountIds.length === 0) return found
  const rows = await db
    .selectFrom('account_group_member')
    .select(['account_id', 'group_id'])
    .where('organization_id', '=', organizationId)
    .where('account_id', 'in', accountIds)
    .orderBy('group_id')
    .execute()
  for (const row of rows) found.get(row.account_id)?.push(row.group_id)
  return found
}

/** Whether other live accounts draw on its places. */
export async function hasChildren(db: Db, organizationId: string, accountId: string): Promise<boolean> {
  const child = await db
    .selectFrom('account')
    .select('account_id')
    .where('organization_id', '=', organizationId)
    .where('parent_account_id', '=', accountId)
    .where('archived_at', 'is', null)
    .limit(1)
    .executeTakeFirst()
  return child !== undefined
}

/** False when the account was in the group already. */
export async function addMember(db: Db, organizationId: string, groupId: string, accountId: string): Promise<boolean> {
  const added = await db
    .insertInto('account_group_member')
    .values({ organization_id: organizationId, group_id: groupId, account_id: accountId })
    .onConflict((conflict) => conflict.doNothing())
    .returning('account_id')
    .executeTakeFirst()
  return added !== undefined
}

/** False when it was not in the group. */
export async function removeMember(
  db: Db,
  organizationId: string,
  groupId: string,
  accountId: string,
): Promise<boolean> {
  const removed = await db
    .deleteFrom('account_group_member')
    .where('organization_id', '=', organizationId)
    .where('group_id', '=', groupId)
    .where('account_id', '=', accountId)
    .returning('account_id')
    .executeTakeFirst()
  return removed !== undefined
}

/** What is held by an account, archived things as well. */
export async function belongingsOf(
  db: Db,
  organizationId: string,
  accountId: string,
): Promise<{ credentialIds: string[]; vehicleIds: string[] }> {
  const { rows } = await sql<{ credentialIds: string[]; vehicleIds: string[] }>`
    select array(select credential_id::text from credential
        where organization_id = ${organizationId} and account_id = ${accountId}) as "credentialIds",
      array(select vehicle_id::text from vehicle
        where organization_id = ${organizationId} and account_id = ${accountId}) as "vehicleIds"`.execute(db)
  return rows[0] ?? { credentialIds: [], vehicleIds: [] }
}

export async function presentationsOf(
  db: Db,
  organizationId: string,
  credentialIds: readonly string[],
): Promise<Map<string, Presentation[]>> {
  const found = new Map<string, Presentation[]>(credentialIds.map((id) => [id, []]))
  if (credentialIds.length === 0) return found
  const { rows } = await sql<Presentation & { credentialId: string }>`
    select credential_id as "credentialId", presentation_id as "presentationId", kind, raw as value, encoding,
      bit_length as "bitLength", canonical_key as "canonicalKey", source, created_at as "createdAt"
    from presentation
    where organization_id = ${organizationId} and credential_id = any(${credentialIds}::uuid[]) and removed_at is null
    order by presentation_id`.execute(db)
  for (const { credentialId, ...presentation } of rows) found.get(credentialId)?.push(presentation)
  return found
}

export interface NewPresentation {
  presentationId: string
  credentialId: string
  kind: string
  value: string
  encoding: string | null
  bitLength: number | null
  canonicalKey: string
  searchKeys: readonly { key: string; partial: boolean }[]
  source?: Presentation['source']
  at: Date
}

/**
 * Adds the form and the keys it is found by, takes it back in, or confirms one that was learned. False when the credential has this
 * form already.
 */
export async function insertPresentation(
  db: Db,
  organizationId: string,
  presentation: NewPresentation,
): Promise<boolean> {
  const written = {
    kind: presentation.kind,
    raw: presentation.value,
    encoding: presentation.encoding,
    bit_length: presentation.bitLength,
    source: presentation.source ?? 'enrolled',
  }
  const added = await db
    .insertInto('presentation')
    .values({
      organization_id: organizationId,
      presentation_id: presentation.presentationId,
      credential_id: presentation.credentialId,
      ...written,
      canonical_key: presentation.canonicalKey,
      created_at: presentation.at,
    })
    .onConflict((conflict) =>
      conflict
        .columns(['organization_id', 'credential_id', 'canonical_key'])
        .doUpdateSet({ ...written, removed_at: null })
        .where((on) =>
          on.or([
            on('presentation.removed_at', 'is not', null),
            on.and([on('presentation.source', '=', 'learned'), on.val(written.source !== 'learned')]),
          ]),
        ),
    )
    .returning('presentation_id')
    .executeTakeFirst()
  if (!added) return false
  if (presentation.searchKeys.length > 0) {
    await db
      .insertInto('presentation_key')
      .values(
        presentation.searchKeys.map(({ key, partial }) => ({
          organization_id: organizationId,
          search_key: key,
          presentation_id: added.presentation_id,
          credential_id: presentation.credentialId,
          partial,
        })),
      )
      .onConflict((conflict) => conflict.doNothing())
      .execute()
  }
  return true
}

/** The form is known no more from now on; what was matched by it before stays so. */
export async function removePresentation(
  db: Db,
  organizationId: string,
  presentationId: string,
  at: Date,
): Promise<void> {
  await db
    .updateTable('presentation')
    .set({ removed_at: at })
    .where('organization_id', '=', organizationId)
    .where('presentation_id', '=', presentationId)
    .where('removed_at', 'is', null)
    .execute()
}

/** Live credentials other than `except` that go by this canonical key. */
export async function holdersOf(
  db: Db,
  organizationId: string,
  { canonicalKey, searchKeys }: { canonicalKey: string; searchKeys: readonly string[] },
  except: string,
): Promise<string[]> {
  // The canonical key has no index of its own; forms with the same one share a search key, and that has.
  const { rows } = await sql<{ id: string }>`
    select distinct c.credential_id as id
    from presentation_key k
    join presentation p on p.organization_id = k.organization_id and p.presentation_id = k.presentation_id
    join credential c on c.organization_id = k.organization_id and c.credential_id = k.credential_id
    where k.organization_id = ${organizationId} and k.search_key = any(${searchKeys}::text[])
      and p.canonical_key = ${canonicalKey} and p.removed_at is null and c.credential_id <> ${except}
      and c.archived_at is null and c.status <> 'revoked'`.execute(db)
  return rows.map((row) => row.id)
}

export interface PlateRow {
  vehicleId: string
  accountId: string | null
  plate: string
  country: string | null
}

/** Plates of all live vehicles, in an order that does not change by itself. */
export async function platesOfHolders(db: Db, organizationId: string): Promise<PlateRow[]> {
  const rows = await db
    .selectFrom('vehicle')
    .select(['vehicle_id', 'account_id', 'plate', 'plate_country'])
    .where('organization_id', '=', organizationId)
    .where('archived_at', 'is', null)
    .where('plate', 'is not', null)
    .orderBy('vehicle_id')
    .execute()
  return rows.map((row) => ({
    vehicleId: row.vehicle_id,
    accountId: row.account_id,
    plate: row.plate ?? '',
    country: row.plate_country,
  }))
}
