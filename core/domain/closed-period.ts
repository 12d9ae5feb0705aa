// Owns a closed period of the books as it leaves the hub, and what an accounting format makes of it.
// Must not read tables; who closes periods fills it, and whoever writes a format gets nothing but this.
import type { InSteps } from './in-steps.ts'

export type AccountKind = 'asset' | 'liability' | 'equity' | 'revenue' | 'expense'

/** An account of the hub's chart, for example `revenue.parking`. */
export interface BookAccount {
  code: string
  name: string
  kind: AccountKind
}

export interface BookPosting {
  /** Codes of accounts. */
  debit: string
  credit: string
  /** In the minor unit of the period's currency; above zero. */
  amountMinor: number
  taxCode: string | null
}

/** One business event in the books: a bill, an adjustment, a payment, a payout. Its postings balance each by itself. */
export interface BookEntry {
  entryId: string
  /** 1 for the first of the period; without gaps. */
  number: number
  /** Business date at the site, `2026-03-10`. */
  date: string
  postedAt: string
  description: string
  /** What it is about; `number` is what people call it, for example of a bill. */
  source: { type: string; id: string; number: string | null }
  /** Business date of what it is about, where that was another day. */
  factDate?: string
  /** Of a correction: the id of the entry that it corrects, in this or in an earlier period. */
  corrects?: string
  postings: readonly BookPosting[]
}

/** Closed for good: what comes later stands in a later period. The same period gives the same value, byte for byte, for ever. */
export interface ClosedPeriod {
  organization: { organizationId: string; name: string }
  site: { siteId: string; code: string; name: string; zone: string }
  /** ISO 4217. */
  currency: string
  /** Counts the closed periods of a site, from 1. */
  number: number
  /** Business dates, both included. */
  from: string
  to: string
  closedAt: string
  /** SHA-256 in hex over its content and the hash before it; `previousHash` of the first is 64 zeros. */
  hash: string
  previousHash: string
  /** Every account that its postings name. */
  accounts: readonly BookAccount[]
  entries: readonly BookEntry[]
}

/** What a format needs to know of the ledger it is for: the outside name of each account and tax code. */
export interface AccountMapping {
  accounts: Readonly<Record<string, string>>
  taxCodes: Readonly<Record<string, string>>
}

export interface ExportProblem {
  /** JSON pointer into the mapping or the options of the format, for example `/accounts/revenue.parking`. */
  pointer: string
  message: string
}

export interface ExportFile {
  name: string
  contentType: string
  bytes: Uint8Array
}

/** One accounting format. Pure: the same period, mapping and options give the same bytes. */
export interface AccountingFormat<Options = unknown> {
  /** Stable, for example `quickbooks-iif`. */
  id: string
  title: string
  /** JSON Schema of the options, which is their form. */
  options: object
  /** Everything that would make the file wrong or refused, before one is made; empty when it can be written. */
  check(period: ClosedPeriod, mapping: AccountMapping, options: Options): readonly ExportProblem[]
  write(period: ClosedPeriod, mapping: AccountMapping, options: Options): readonly ExportFile[]
  /** The same as `check` with a stop after each piece of work, at which others have their turn; a month takes seconds. */
  checking?(period: ClosedPeriod, mapping: AccountMapping, options: Options): InSteps<readonly ExportProblem[]>
  /** The same of `write`. */
  writing?(period: ClosedPeriod, mapping: AccountMapping, options: Options): InSteps<readonly ExportFile[]>
}
