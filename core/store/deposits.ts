// Owns the rows of deposits: taken, given back, kept. Rows are only ever added.
// Must not post them; core/services/invoices/deposits.ts does.
import { type Kysely, sql } from 'kysely'
import { is, recordTable } from './record-table.ts'
import type { HubTables } from './schema.ts'

export interface AccountDeposit {
  depositId: string
  siteId: string
  accountId: string
  kind: 'received' | 'returned' | 'kept'
  amountMinor: number
  currency: string
  method: string | null
  reference: string | null
  reason: string | null
  invoiceId: string | null
  at: Date
  actor: string
}

export const accountDeposits = recordTable<AccountDeposit>()('account_deposit', {
  type: 'account_deposit',
  id: 'deposit_id',
  columns: {
    depositId: 'deposit_id',
    siteId: 'site_id',
    accountId: 'account_id',
    kind: 'kind',
    amountMinor: 'amount_minor',
    currency: 'currency',
    method: 'method',
    reference: 'reference',
    reason: 'reason',
    invoiceId: 'invoice_id',
    at: 'at',
    actor: 'actor',
  },
  reach: 'site',
  sorts: {
    at: [
      { expression: 't.at', type: 'timestamptz' },
      { expression: 't.deposit_id', type: 'uuid' },
    ],
  },
  defaultSort: '-at',
  filters: { accountId: is('account_id') },
})

/** What is held for an account, at one site or at all. */
export async function depositsHeld(
  db: Kysely<HubTables>,
  organizationId: string,
  accountId: string,
  currency: string,
  siteId?: string,
): Promise<number> {
  const { rows } = await sql<{ held: number }>`
    select coalesce(sum(case kind when 'received' then amount_minor else -amount_minor end), 0)::bigint as held
    from account_deposit
    where organization_id = ${organizationId} and account_id = ${accountId} and currency = ${currency}
      ${siteId === undefined ? sql`` : sql`and site_id = ${siteId}`}`.execute(db)
  return rows[0]?.held ?? 0
}
