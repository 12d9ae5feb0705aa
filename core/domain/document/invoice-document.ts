// Owns what an invoice or credit note says on paper, from what was frozen when it was issued.
// Must not look anything up or change an amount.
import { Decimal, type Minor, majorText, minor } from '../money.ts'
import { invoiceLanguage, invoiceWords } from './invoice-words.ts'
import type { DocumentTable, PrintedDocument } from './printed-document.ts'

export interface InvoiceParty {
  name: string
  address: string | null
  taxId: string | null
}

/** Frozen on the invoice. */
export interface InvoiceContent {
  schema: 1
  locale: string
  zone: string
  seller: InvoiceParty
  buyer: InvoiceParty & { number: string; reference: string | null }
  taxes: readonly { code: string; rate: string; netMinor: number; taxMinor: number; totalMinor: number }[]
  departments: readonly { department: string; netMinor: number; taxMinor: number; totalMinor: number }[]
  corrects: string | null
}

export interface InvoiceSource {
  number: string
  kind: 'invoice' | 'credit_note'
  currency: string
  fromDate: string
  /** The first day that is not in it. */
  toDate: string
  /** The last day that is in it. */
  lastDate: string
  dueOn: string
  businessDate: string
  netMinor: number
  taxMinor: number
  totalMinor: number
  openMinor: number
  reason: string | null
  approvedBy: string | null
  content: InvoiceContent
}

export interface InvoiceLineSource {
  billNumber: string
  kind: string
  description: string
  date: string
  quantity: string
  unit: string
  netMinor: number
  taxMinor: number
  totalMinor: number
  department: string
  plate: string | null
  driver: string | null
}

export function invoiceDocument(invoice: InvoiceSource, lines: readonly InvoiceLineSource[]): PrintedDocument {
  const { content, currency } = invoice
  const words = invoiceWords[invoiceLanguage(content.locale)]
  const numbers = new Intl.NumberFormat(content.locale, { style: 'currency', currency })
  const money = (amount: number) => numbers.format(majorText(minor(amount) as Minor, currency) as unknown as number)
  const day = (date: string) =>
    new Intl.DateTimeFormat(content.locale, { timeZone: 'UTC', dateStyle: 'medium' }).format(
      new Date(`${date}T00:00:00Z`),
    )
  const amounts = (each: { netMinor: number; taxMinor: number; totalMinor: number }) => [
    money(each.netMinor),
    money(each.taxMinor),
    money(each.totalMinor),
  ]
  const end = (title: string) => ({ title, align: 'end' as const })
  const start = (title: string) => ({ title, align: 'start' as const })
  const sums = [end(words.net), end(words.tax), end(words.gross)]
  const percent = new Intl.NumberFormat(content.locale, { style: 'percent', maximumFractionDigits: 4 })
  const departments: DocumentTable[] =
    content.departments.length < 2
      ? []
      : [
          {
            title: words.byDepartment,
            columns: [start(words.department), ...sums],
            rows: content.departments.map((each) => ({ cells: [each.department, ...amounts(each)] })),
          },
        ]
  const settled = invoice.totalMinor - invoice.openMinor
  return {
    locale: content.locale,
    title: invoice.kind === 'invoice' ? words.invoice : words.creditNote,
    number: invoice.number,
    seller: party(content.seller, words.taxId),
    buyer: party(content.buyer, words.taxId),
    facts: [
      [words.number, invoice.number],
      [words.issued, day(invoice.businessDate)],
      [words.period, `${day(invoice.fromDate)} – ${day(invoice.lastDate)}`],
      ...(invoice.kind === 'invoice' ? [[words.due, day(invoice.dueOn)] as const] : []),
      [words.account, content.buyer.number],
      ...optional(words.reference, content.buyer.reference),
      ...optional(words.corrects, content.corrects),
      ...optional(words.reason, invoice.reason),
      ...optional(words.approvedBy, invoice.approvedBy),
    ],
    tables: [
      ...departments,
      {
        title: words.lines,
        columns: [
          start(words.date),
          start(words.bill),
          start(words.what),
          start(words.vehicle),
          end(words.quantity),
          ...sums,
        ],
        rows: lines.map((line) => ({
          cells: [
            day(line.date),
            line.billNumber,
            words.kinds[line.kind as keyof typeof words.kinds] ?? line.kind,
            line.plate ?? '',
            `${new Decimal(line.quantity).toString()} ${line.unit}`,
            ...amounts(line),
          ],
          notes: [line.description, ...(line.driver === null ? [] : [`${words.driver}: ${line.driver}`])],
        })),
      },
      {
        title: words.taxes,
        columns: [start(words.tax), end(words.rate), ...sums],
        rows: content.taxes.map((tax) => ({
          cells: [tax.code, percent.format(new Decimal(tax.rate).div(100).toNumber()), ...amounts(tax)],
        })),
      },
    ],
    totals: [
      [words.net, money(invoice.netMinor)],
      [words.tax, money(invoice.taxMinor)],
      [words.total, money(invoice.totalMinor)],
      ...(settled === 0 ? [] : [[words.paid, money(-settled)] as const]),
      [invoice.openMinor < 0 ? words.credit : words.toPay, money(Math.abs(invoice.openMinor))],
    ],
    notes: [],
  }
}

function party({ name, address, taxId }: InvoiceParty, taxWord: string) {
  return { name, lines: [...(address?.split(/\r?\n/) ?? []), ...(taxId === null ? [] : [`${taxWord}: ${taxId}`])] }
}

function optional(label: string, value: string | null): (readonly [string, string])[] {
  return value === null ? [] : [[label, value]]
}
