// Owns closed periods for the tests of formats: one to read, any that fast-check thinks of, and what their totals are.
// Must not know a format.
import fc from 'fast-check'
import type { AccountMapping, BookAccount, BookEntry, BookPosting, ClosedPeriod } from '../../../core/plugin/index.ts'

export const accounts: readonly BookAccount[] = [
  { code: 'receivable', name: 'Receivables', kind: 'asset' },
  { code: 'clearing.card', name: 'Card clearing', kind: 'asset' },
  { code: 'tax.payable.DE19', name: 'VAT 19 %', kind: 'liability' },
  { code: 'revenue.parking', name: 'Parking', kind: 'revenue' },
  { code: 'revenue.energy', name: 'Energy', kind: 'revenue' },
  { code: 'discounts/given~', name: 'Discounts', kind: 'expense' },
]

const names = (list: readonly string[]) => Object.fromEntries(accounts.map(({ code }, i) => [code, list[i] ?? '']))
const taxCodes = { DE19: '' }

/** By the kind of name that a product wants. */
export const mappings = {
  words: {
    accounts: names([
      'Assets:Receivables',
      'Assets:Card clearing',
      'VAT, payable',
      'Income:Parking',
      'Energy',
      'Discounts',
    ]),
    taxCodes,
  },
  numbers: { accounts: names(['1400', '1360', '1776', '8400', '8401', '8700']), taxCodes },
  beans: {
    accounts: names([
      'Assets:Receivable',
      'Assets:Clearing:Card',
      'Liabilities:VAT19',
      'Income:Parking',
      'Income:Énergie',
      'Expenses:Discounts',
    ]),
    taxCodes,
  },
} satisfies Record<string, AccountMapping>

export function closedPeriod(entries: readonly BookEntry[], changes: Partial<ClosedPeriod> = {}): ClosedPeriod {
  return {
    organization: { organizationId: '00000000-0000-7000-8000-000000000001', name: 'Ferry Wharf Ltd' },
    site: { siteId: '00000000-0000-7000-8000-000000000002', code: 'wharf', name: 'Ferry Wharf', zone: 'Europe/Berlin' },
    currency: 'EUR',
    number: 12,
    from: '2026-03-01',
    to: '2026-03-31',
    closedAt: '2026-03-31T22:30:00Z',
    hash: 'ab'.repeat(32),
    previousHash: '0'.repeat(64),
    accounts,
    entries,
    ...changes,
  }
}

export function bookEntry(
  number: number,
  postings: readonly BookPosting[],
  changes: Partial<BookEntry> = {},
): BookEntry {
  return {
    entryId: `e-${number}`,
    number,
    date: '2026-03-10',
    postedAt: '2026-03-10T09:00:00Z',
    description: 'Stay of an hour',
    source: { type: 'bill', id: `b-${number}`, number: `R-${number}` },
    postings,
    ...changes,
  }
}

export const posting = (
  debit: string,
  credit: string,
  amountMinor: number,
  taxCode: string | null = null,
): BookPosting => ({
  debit,
  credit,
  amountMinor,
  taxCode,
})

/** Texts that have broken files before: formulas, dividers, quotes, line ends, controls, other scripts, halves of letters. */
export const hostile = [
  '=HYPERLINK("http://x","y")',
  '+1+1|cmd',
  '@SUM(A1)',
  '-2',
  '"; DROP',
  'a;b,c\td|e',
  'line\r\nline\nline\u2028line\u0085',
  '"quoted" and \'single\'',
  'back\\slash \\" end\\',
  'Łódź Škoda Čapek – €5 ’’ ẞ',
  'Стоянка 駐車場 🅿️',
  '\ud800half',
  '\u202eright to left\u0000',
  '  spaces  ',
  '2026-03-10 * "x" "y"',
  'ENDTRNS',
  '; comment',
  // In both widths, and as signs that come apart into them.
  '＝1；2，3＂4\u3000＂x',
  '⁼1﹢2﹔3﹐4',
  '',
  'x'.repeat(20_000),
  'ǆ'.repeat(500),
]

const anyText = fc.oneof(
  fc.constantFrom(...hostile),
  fc.string({ unit: 'binary', maxLength: 80 }),
  fc.string({ maxLength: 80 }),
)
const anyPosting = fc
  .tuple(
    fc.shuffledSubarray(
      accounts.map(({ code }) => code),
      { minLength: 2, maxLength: 2 },
    ),
    fc.integer({ min: 1, max: 9_999_999_999 }),
    fc.constantFrom(null, 'DE19'),
  )
  .map(([[debit = '', credit = ''], amount, tax]) => posting(debit, credit, amount, tax))

const anyEntry = fc.record({
  day: fc.integer({ min: 1, max: 31 }),
  description: anyText,
  id: fc.uuid(),
  number: fc.option(anyText),
  postings: fc.array(anyPosting, { minLength: 1, maxLength: 6 }),
})

/** Any period in a currency with up to so many digits. */
export const anyPeriod = (digits: readonly (0 | 2 | 3)[]) =>
  fc.tuple(fc.constantFrom(...digits), fc.array(anyEntry, { maxLength: 8 }), anyText).map(([digit, list, name]) => {
    const entries = list.map(({ day, description, id, number, postings }, i) =>
      bookEntry(i + 1, postings, {
        date: `2026-03-${String(day).padStart(2, '0')}`,
        entryId: id,
        description,
        source: { type: 'bill', id, number },
      }),
    )
    const currency = { 0: 'JPY', 2: 'EUR', 3: 'KWD' }[digit]
    const site = { siteId: 's', code: name, name, zone: 'Europe/Berlin' }
    return closedPeriod(entries, { currency, site, organization: { organizationId: 'o', name } })
  })

export const digitsOf = ({ currency }: ClosedPeriod): number => ({ JPY: 0, KWD: 3 })[currency] ?? 2

/** Net by the outside name of the account, debit above zero, without those that came to nothing. */
export function expectedTotals({ entries }: ClosedPeriod, mapping: AccountMapping, scale = 1n): Record<string, string> {
  const totals = new Map<string, bigint>()
  const add = (code: string, amount: bigint) => {
    const name = mapping.accounts[code] ?? ''
    totals.set(name, (totals.get(name) ?? 0n) + amount * scale)
  }
  for (const { postings } of entries)
    for (const { debit, credit, amountMinor } of postings) {
      add(debit, BigInt(amountMinor))
      add(credit, -BigInt(amountMinor))
    }
  return Object.fromEntries([...totals].filter(([, net]) => net !== 0n).map(([name, net]) => [name, String(net)]))
}
