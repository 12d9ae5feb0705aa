// Owns the rows that say who bills what at a site, for whom and from when. Rows are only ever added.
// Must not choose among them; core/domain/bill/billing-model.ts does.
import { type Kysely, sql } from 'kysely'
import type { BillingModel, BillingModelRule } from '../domain/bill/index.ts'
import { is, recordTable } from './record-table.ts'
import type { HubTables } from './schema.ts'

export interface BillingModelRecord extends BillingModelRule {
  siteId: string
  createdBy: string
}

export const billingModelRules = recordTable<BillingModelRecord>()('billing_model_rule', {
  type: 'billing_model_rule',
  id: 'rule_id',
  columns: {
    ruleId: 'rule_id',
    siteId: 'site_id',
    accountId: 'account_id',
    groupId: 'group_id',
    model: 'model',
    validFrom: 'valid_from',
    createdAt: 'created_at',
    createdBy: 'created_by',
  },
  reach: 'site',
  sorts: {
    validFrom: [
      { expression: 't.valid_from', type: 'timestamptz' },
      { expression: 't.rule_id', type: 'uuid' },
    ],
  },
  defaultSort: '-validFrom',
  filters: { siteId: is('site_id'), accountId: is('account_id'), groupId: is('group_id') },
})

/** Those that may decide about an account (null: about somebody unknown), and the account above it. */
export async function rulesAbout(
  db: Kysely<HubTables>,
  of: { organizationId: string; siteId: string; accountId: string | null },
): Promise<{ rules: BillingModelRule[]; parentAccountId: string | null }> {
  const { rows } = await sql<BillingModelRule & { parentAccountId: string | null; model: BillingModel | null }>`
    select r.rule_id as "ruleId", r.account_id as "accountId", r.group_id as "groupId", r.model, r.valid_from as "validFrom",
      r.created_at as "createdAt", a.parent_account_id as "parentAccountId"
    from billing_model_rule r
    left join account a on a.organization_id = r.organization_id and a.account_id = ${of.accountId}::uuid
    where r.organization_id = ${of.organizationId} and r.site_id = ${of.siteId}
      and (r.account_id is null or r.account_id in (a.account_id, a.parent_account_id))`.execute(db)
  return { rules: rows, parentAccountId: rows[0]?.parentAccountId ?? null }
}
