// Owns reading what a credential's rights hang on, and the tokens that chargers know it by.
// Must not judge them.
import { ocppToken } from '../domain/credential/index.ts'
import type { Db } from './record-table.ts'

export interface CredentialStanding {
  status: string
  archivedAt: Date | null
  validFrom: Date | null
  validUntil: Date | null
  accountNumber: string | null
  accountStatus: string | null
  accountValidFrom: Date | null
  accountValidUntil: Date | null
}

/** An archived account counts as none, as at the gate. */
export async function credentialStanding(
  db: Db,
  organizationId: string,
  credentialId: string,
): Promise<CredentialStanding | undefined> {
  return db
    .selectFrom('credential as c')
    .leftJoin('account as a', (on) =>
      on
        .onRef('a.organization_id', '=', 'c.organization_id')
        .onRef('a.account_id', '=', 'c.account_id')
        .on('a.archived_at', 'is', null),
    )
    .select([
      'c.status',
      'c.archived_at as archivedAt',
      'c.valid_from as validFrom',
      'c.valid_until as validUntil',
      'a.number as accountNumber',
      'a.status as accountStatus',
      'a.valid_from as accountValidFrom',
      'a.valid_until as accountValidUntil',
    ])
    .where('c.organization_id', '=', organizationId)
    .where('c.credential_id', '=', credentialId)
    .executeTakeFirst()
}

/** Upper-case texts under which it stands on lists, whatever the station speaks; forms that are removed count, too. */
export async function tokensOf(db: Db, organizationId: string, credentialId: string): Promise<string[]> {
  const rows = await db
    .selectFrom('presentation')
    .select(['kind', 'raw', 'encoding', 'canonical_key'])
    .where('organization_id', '=', organizationId)
    .where('credential_id', '=', credentialId)
    .execute()
  const tokens = rows.flatMap((row) => {
    const form = { kind: row.kind, canonicalKey: row.canonical_key, raw: row.raw, encoding: row.encoding }
    return (['1.6', '2'] as const).flatMap((version) => ocppToken(form, version)?.value.toUpperCase() ?? [])
  })
  return [...new Set(tokens)]
}
