// Owns how the ledger is listed: entries with what they are about, closed periods, mappings of accounts.
// Must not write but through record-table.
import { sql } from 'kysely'
import type { PeriodAccount, StoredPosting, Unsettled } from '../domain/ledger/chain.ts'
import { type Stamped, stampColumns } from './places.ts'
import { all, type Db, is, recordTable, type Sight, visible } from './record-table.ts'

export interface LedgerEntry {
  entryId: string
  siteId: string
  date: string
  factDate: string | null
  postedAt: Date
  description: string
  sourceType: string
  sourceId: string
  corrects: string | null
  /** Null while its day is open. */
  closed: { periodId: string; number: number } | null
  postings: Omit<StoredPosting, 'posting'>[]
}

const closedIn = `from ledger_period_entry c where c.organization_id = t.organization_id and c.entry_id = t.entry_id`

const day = (comparison: '>=' | '<=') => (value: string) =>
  sql<boolean>`t.business_date ${sql.raw(comparison)} ${value}::date`

export const ledgerEntries = recordTable<LedgerEntry>()('journal_entry', {
  type: 'journal_entry',
  columns: {
    entryId: 'entry_id',
    siteId: 'site_id',
    date: 'business_date',
    factDate: 'fact_date',
    postedAt: 'posted_at',
    description: 'description',
    sourceType: 'source_type',
    sourceId: 'source_id',
    corrects: 'corrects_entry_id',
  },
  expressions: {
    closed: `(select json_build_object('periodId', c.period_id, 'number', c.number) ${closedIn})`,
    postings: `(select coalesce(json_agg(json_build_object('debit', q.debit_account, 'credit', q.credit_account,
        'amountMinor', q.amount_minor, 'currency', q.currency, 'billId', q.bill_id, 'billLine', q.bill_line,
        'taxCode', nullif(l.tax_code, 'none')) order by q.posting), '[]')
      from journal_posting q
      left join bill_line l on l.organization_id = q.organization_id and l.bill_id = q.bill_id and l.line = q.bill_line
      where q.organization_id = t.organization_id and q.entry_id = t.entry_id)`,
  },
  reach: 'site',
  sorts: {
    date: [
      { expression: 't.business_date', type: 'date' },
      { expression: 't.posted_at', type: 'timestamptz' },
      { expression: 't.entry_id', type: 'uuid' },
    ],
  },
  filters: {
    siteId: is('site_id'),
    from: day('>='),
    to: day('<='),
    sourceType: is('source_type'),
    sourceId: is('source_id'),
    corrects: is('corrects_entry_id'),
    periodId: (id: string) => sql<boolean>`exists (select ${sql.raw(closedIn)} and c.period_id = ${id})`,
    open: (yes: boolean) => sql<boolean>`exists (select ${sql.raw(closedIn)}) <> ${yes}`,
    account: (code: string) => sql<boolean>`exists (select from journal_posting q
      where q.organization_id = t.organization_id and q.entry_id = t.entry_id
        and ${code} in (q.debit_account, q.credit_account))`,
  },
})

export interface LedgerPeriod {
  periodId: string
  siteId: string
  number: number
  currency: string
  from: string
  to: string
  closedAt: Date
  closedBy: string
  reason: string | null
  unsettled: Unsettled[]
  entryCount: number
  accounts: PeriodAccount[]
  previousHash: string
  hash: string
}

export const ledgerPeriods = recordTable<LedgerPeriod>()('ledger_period', {
  type: 'ledger_period',
  id: 'period_id',
  columns: {
    periodId: 'period_id',
    siteId: 'site_id',
    number: 'number',
    currency: 'currency',
    from: 'from_date',
    to: 'to_date',
    closedAt: 'closed_at',
    closedBy: 'closed_by',
    reason: 'reason',
    unsettled: 'unsettled',
    entryCount: 'entry_count',
    previousHash: 'previous_hash',
    hash: 'hash',
  },
  expressions: {
    accounts: `(select coalesce(json_agg(json_build_object('account', a.account, 'name', a.name, 'kind', a.kind,
        'debitMinor', a.debit_minor, 'creditMinor', a.credit_minor) order by a.number), '[]')
      from ledger_period_account a where a.organization_id = t.organization_id and a.period_id = t.period_id)`,
  },
  reach: 'site',
  sorts: {
    to: [
      { expression: 't.to_date', type: 'date' },
      { expression: 't.number', type: 'int8' },
      { expression: 't.period_id', type: 'uuid' },
    ],
  },
  defaultSort: '-to',
  filters: {
    siteId: is('site_id'),
    currency: is('currency'),
    from: (date: string) => sql<boolean>`t.to_date >= ${date}::date`,
    to: (date: string) => sql<boolean>`t.from_date <= ${date}::date`,
  },
})

export interface AccountMappingRecord extends Stamped {
  mappingId: string
  target: string
  name: string
  accounts: Record<string, string>
  taxCodes: Record<string, string>
}

export const accountMappings = recordTable<AccountMappingRecord>()('account_mapping', {
  type: 'account_mapping',
  id: 'mapping_id',
  columns: {
    mappingId: 'mapping_id',
    target: 'target',
    name: 'name',
    accounts: 'accounts',
    taxCodes: 'tax_codes',
    ...stampColumns,
  },
  json: ['accounts', 'tax_codes'],
  reach: 'organization',
  archives: true,
  search: ['target', 'name'],
  sorts: {
    target: [
      { expression: 't.target', type: 'text' },
      { expression: 't.mapping_id', type: 'uuid' },
    ],
  },
  filters: { target: is('target') },
})

/** Codes of accounts that were posted to at the sites that the caller reaches. */
export async function usedAccounts(db: Db, sight: Sight): Promise<string[]> {
  const seen = all(visible({ reach: 'site' }, sight))
  const { rows } = await sql<{ account: string }>`
    select t.debit_account as account from journal_posting t where ${seen}
    union select t.credit_account from journal_posting t where ${seen}`.execute(db)
  return rows.map(({ account }) => account).sort()
}
