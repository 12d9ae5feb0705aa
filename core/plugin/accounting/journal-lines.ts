// Owns turning an entry of the books into the lines of a journal, and the numbers and names that files of a period go by.
// Must not know a format.
import type { BookEntry, ClosedPeriod } from '../../domain/closed-period.ts'
import { type Minor, majorText, minor } from '../../domain/money.ts'

/** One line of a journal entry: an account of the hub on one side. */
export interface JournalLine {
  account: string
  side: 'debit' | 'credit'
  amount: Minor
  /** Only on lines of revenue and expense: what the money was for is taxed, not where it lies. */
  taxCode: string | null
}

/** The lines of an entry, the same account, side and tax code in one; in the order of the postings, so they balance. */
export type LinesOf = (entry: BookEntry) => readonly JournalLine[]

export function linesOf(period: ClosedPeriod): LinesOf {
  const taxed = new Set(
    period.accounts.filter(({ kind }) => kind === 'revenue' || kind === 'expense').map(({ code }) => code),
  )
  return ({ postings }) => {
    const lines = new Map<string, JournalLine>()
    const add = (account: string, side: JournalLine['side'], amount: number, code: string | null) => {
      const taxCode = taxed.has(account) ? code : null
      // No stored text holds a NUL.
      const key = `${side}\0${taxCode ?? ''}\0${account}`
      const before = lines.get(key)?.amount ?? 0
      lines.set(key, { account, side, amount: minor(before + amount), taxCode })
    }
    for (const { debit, credit, amountMinor, taxCode } of postings) {
      add(debit, 'debit', amountMinor, taxCode)
      add(credit, 'credit', amountMinor, taxCode)
    }
    return [...lines.values()]
  }
}

/** What an entry is called in the ledger it goes to: period and number, without gaps within a site. */
export const documentNumber = (prefix: string, period: ClosedPeriod, entry: BookEntry): string =>
  `${prefix}${period.number}-${entry.number}`

/** The amount of a line for columns that tell debit from credit by its sign. */
export function signedText({ side, amount }: JournalLine, currency: string): string {
  return majorText(side === 'debit' ? amount : minor(-amount), currency)
}

/** The amount of a line for a pair of columns, one of them empty. */
export function sidesText({ side, amount }: JournalLine, currency: string): [debit: string, credit: string] {
  const text = majorText(amount, currency)
  return side === 'debit' ? [text, ''] : ['', text]
}

export const dateFormats = ['YYYY-MM-DD', 'MM/DD/YYYY', 'DD/MM/YYYY', 'DD.MM.YYYY', 'YYYYMMDD'] as const
export type DateFormat = (typeof dateFormats)[number]

/** @example dateText('2026-03-10', 'MM/DD/YYYY') // 03/10/2026 */
export function dateText(date: string, format: DateFormat): string {
  const [year = '', month = '', day = ''] = date.split('-')
  return format.replace('YYYY', year).replace('MM', month).replace('DD', day)
}

/** `KIND-site-7-2026-03-01-2026-03-31.csv`, with a part where there are several. */
export function fileName(period: ClosedPeriod, extension: string, part: { number: number; of: number }): string {
  const site = period.site.code.replace(/[^A-Za-z0-9]+/g, '-').replace(/^-|-$/g, '') || 'site'
  const counted = part.of > 1 ? `-part-${part.number}-of-${part.of}` : ''
  return `${site}-${period.number}-${period.from}-${period.to}${counted}.${extension}`
}
