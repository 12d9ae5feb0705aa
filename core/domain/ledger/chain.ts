// Owns what of a closed period is hashed, and in which form: every column of every row that it stands on.
// Must not hash: the digest is given, as the domain takes nothing from node.
import type { AccountKind, BookAccount, BookEntry, ClosedPeriod } from '../closed-period.ts'

export interface StoredPosting {
  posting: number
  debit: string
  credit: string
  amountMinor: number
  currency: string
  billId: string | null
  billLine: number | null
  /** Of the bill's line. */
  taxCode: string | null
}

/** A journal entry as it lies in the tables. */
export interface StoredEntry {
  entryId: string
  siteId: string
  date: string
  factDate: string | null
  postedAt: Date
  /** Microseconds since 1970: the column holds more than a Date. */
  postedMicros: number
  description: string
  sourceType: string
  sourceId: string
  sourceNumber: string | null
  corrects: string | null
  postings: readonly StoredPosting[]
}

export interface PeriodAccount {
  account: string
  name: string
  kind: AccountKind
  debitMinor: number
  creditMinor: number
}

export interface Unsettled {
  type: 'stay' | 'charging_session' | 'payment' | 'membership'
  id: string
  /** Business date on which it ended, was paid or was served. */
  date: string
  reason: string
}

/** A closed period as it lies in the tables, but for its entries and its own hash. */
export interface PeriodContent {
  organizationId: string
  organizationName: string
  periodId: string
  siteId: string
  siteCode: string
  siteName: string
  timeZone: string
  currency: string
  number: number
  from: string
  to: string
  closedAt: Date
  closedMicros: number
  closedBy: string
  /** Why it was closed although something was unsettled. */
  reason: string | null
  unsettled: readonly Unsettled[]
  entryCount: number
  accounts: readonly PeriodAccount[]
  previousHash: string
}

/** Of text to SHA-256 in hex. */
export type Digest = (text: string) => string

/** Before the first period. */
export const chainStart = '0'.repeat(64)

/** `previous` is the hash of the entry before it; for the first one of a period the hash of the period before. */
export function entryHash(digest: Digest, previous: string, number: number, entry: StoredEntry): string {
  const { postings, postedAt: _, ...fields } = entry
  const own = [fields.entryId, fields.siteId, fields.date, fields.factDate, fields.postedMicros, fields.description]
  const source = [fields.sourceType, fields.sourceId, fields.sourceNumber, fields.corrects]
  const moved = postings.map((one) => [
    ...[one.posting, one.debit, one.credit, one.amountMinor, one.currency, one.billId, one.billLine, one.taxCode],
  ])
  return digest(JSON.stringify(['entry 1', previous, number, own, source, moved]))
}

/** `last` is the hash of its last entry; of a period without entries the hash of the period before. */
export function periodHash(digest: Digest, period: PeriodContent, last: string): string {
  return digest(
    JSON.stringify([
      'period 1',
      [period.previousHash, last, period.entryCount],
      [period.organizationId, period.organizationName],
      [period.siteId, period.siteCode, period.siteName, period.timeZone],
      [period.periodId, period.number, period.currency, period.from, period.to],
      [period.closedMicros, period.closedBy, period.reason],
      period.unsettled.map((one) => [one.type, one.id, one.date, one.reason]),
      period.accounts.map((one) => [one.account, one.name, one.kind, one.debitMinor, one.creditMinor]),
    ]),
  )
}

/** As accounting formats get it. Fields always in this order: the same period is the same text. */
export function closedPeriod(period: PeriodContent & { hash: string }, entries: readonly BookEntry[]): ClosedPeriod {
  return {
    organization: { organizationId: period.organizationId, name: period.organizationName },
    site: { siteId: period.siteId, code: period.siteCode, name: period.siteName, zone: period.timeZone },
    currency: period.currency,
    number: period.number,
    from: period.from,
    to: period.to,
    closedAt: period.closedAt.toISOString(),
    hash: period.hash,
    previousHash: period.previousHash,
    accounts: period.accounts.map(({ account, name, kind }): BookAccount => ({ code: account, name, kind })),
    entries,
  }
}

/** Its part of the same: `number` is its place in the period. */
export function bookEntry(entry: StoredEntry, number: number): BookEntry {
  return {
    entryId: entry.entryId,
    number,
    date: entry.date,
    postedAt: entry.postedAt.toISOString(),
    description: entry.description,
    source: { type: entry.sourceType, id: entry.sourceId, number: entry.sourceNumber },
    ...(entry.factDate === null || entry.factDate === entry.date ? {} : { factDate: entry.factDate }),
    ...(entry.corrects === null ? {} : { corrects: entry.corrects }),
    postings: entry.postings.map(({ debit, credit, amountMinor, taxCode }) => ({
      debit,
      credit,
      amountMinor,
      taxCode,
    })),
  }
}
