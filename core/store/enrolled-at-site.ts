// Owns reading all credentials that a charger could read, with what a decision about access needs and when each was last used.
// Must not decide which of them may charge.
import { type Kysely, sql } from 'kysely'
import { accountJson, type Enrolled, withDates } from './credentials.ts'
import type { HubTables } from './schema.ts'

export interface EnrolledForm extends Enrolled {
  accountId: string | null
  lastUsedAt: Date | null
}

/**
 * Live forms of live credentials, as people enrolled them; those limited to other sites are left out. The most recently used
 * first.
 */
export async function enrolledForms(
  db: Kysely<HubTables>,
  organizationId: string,
  siteId: string,
): Promise<EnrolledForm[]> {
  const { rows } = await sql<{ form: EnrolledForm; accountId: string | null; lastUsedAt: Date | null }>`
    with used as (
      select credential_id, max(plugged_at) as at from charging_session
      where organization_id = ${organizationId} and site_id = ${siteId} and credential_id is not null group by credential_id
    )
    select a.account_id as "accountId", u.at as "lastUsedAt", json_build_object(
      'searchKey', '', 'partial', false, 'crowded', false, 'presentationId', p.presentation_id, 'learned', false,
      'presentationKind', p.kind, 'raw', p.raw,
      'encoding', p.encoding, 'bitLength', p.bit_length, 'canonicalKey', p.canonical_key,
      'credentialId', c.credential_id, 'kind', c.kind, 'label', c.label, 'status', c.status, 'rights', c.rights,
      'siteIds', c.site_ids, 'validFrom', c.valid_from, 'validUntil', c.valid_until, 'vehicleId', c.vehicle_id,
      'from', p.created_at, 'until', null, 'revoked', c.status = 'revoked', 'former', '[]'::json,
      'neutral', c.neutral, 'account', ${accountJson(null)}) as form
    from presentation p
    join credential c on c.organization_id = p.organization_id and c.credential_id = p.credential_id
    left join account a on a.organization_id = c.organization_id and a.account_id = c.account_id and a.archived_at is null
    left join used u on u.credential_id = c.credential_id
    where p.organization_id = ${organizationId} and p.removed_at is null and p.source <> 'learned'
      and c.archived_at is null and c.status = 'active'
      and (c.site_ids is null or ${siteId}::uuid = any(c.site_ids))
    order by u.at desc nulls last, c.credential_id, p.presentation_id`.execute(db)
  return rows.map(({ form, accountId, lastUsedAt }) => ({
    ...(withDates(form) as EnrolledForm),
    accountId,
    lastUsedAt,
  }))
}
