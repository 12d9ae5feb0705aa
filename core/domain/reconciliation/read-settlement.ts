// Owns reading what a card processor says it settled: charges, refunds, disputes, fees and payouts, and how they must add up.
// Must not know what the hub took.
// Column names of the preset: Stripe's itemized balance report (docs.stripe.com/reports/report-types).
import { type BusinessClock, businessDate } from '../business-day.ts'
import type { InSteps } from '../in-steps.ts'
import { Decimal } from '../money.ts'
import type { BookRow, Reason } from './book-row.ts'
import {
  type CellReader,
  type ColumnMapping,
  cellReader,
  mostProblems,
  type Refused,
  readTable,
  type TableFields,
  type TableInput,
  type TableProblem,
} from './read-columns.ts'

const plainFields = {
  id: { needed: false },
  type: { needed: true },
  reference: { needed: true },
  gross: { needed: true },
  fee: { needed: false },
  net: { needed: false },
  currency: { needed: false },
  created: { needed: true },
  availableOn: { needed: false },
  payout: { needed: false },
} as const satisfies TableFields
export type SettlementField = keyof typeof plainFields

const stripeFields = {
  id: { needed: false, title: 'balance_transaction_id' },
  type: { needed: true, title: 'reporting_category' },
  reference: { needed: true, title: 'source_id' },
  gross: { needed: true },
  fee: { needed: true },
  net: { needed: true },
  currency: { needed: true },
  created: { needed: true, title: 'created_utc' },
  availableOn: { needed: false, title: 'available_on_utc' },
  payout: { needed: false, title: 'automatic_payout_id' },
} as const satisfies Record<SettlementField, { needed: boolean; title?: string }>

export const settlementFormats = ['plain', 'stripe'] as const
export type SettlementFormat = (typeof settlementFormats)[number]

type LineType = 'charge' | 'refund' | 'dispute' | 'fee' | 'payout' | 'adjustment'

/** Words of processors; anything else is an adjustment. */
const types: Readonly<Record<string, LineType>> = {
  charge: 'charge',
  payment: 'charge',
  refund: 'refund',
  payment_refund: 'refund',
  refund_failure: 'refund',
  dispute: 'dispute',
  dispute_reversal: 'dispute',
  chargeback: 'dispute',
  fee: 'fee',
  stripe_fee: 'fee',
  network_cost: 'fee',
  payout: 'payout',
  payout_reversal: 'payout',
}

export interface SettlementLine {
  line: number
  type: LineType
  /** In the processor's word. */
  category: string
  id: string | null
  /** Charge, refund, dispute or payout. */
  reference: string | null
  /** Money that leaves is negative. */
  grossMinor: number
  feeMinor: number | null
  netMinor: number | null
  currency: string
  day: string | null
  at: string | null
  availableOn: string | null
  payout: string | null
}

export function* readSettlement(
  input: TableInput,
  mapping: ColumnMapping,
  { zone, currency, format }: { zone: string; currency: string; format: SettlementFormat },
): InSteps<{ kind: 'rows'; rows: SettlementLine[] } | Refused> {
  const table = readTable(input, format === 'stripe' ? stripeFields : plainFields, mapping)
  if (table.kind === 'invalid') return table
  const problems: TableProblem[] = []
  // The preset's times are UTC by their name.
  const place = { mapping, zone: format === 'stripe' ? 'UTC' : zone }
  const rows: SettlementLine[] = []
  for (const row of table.rows) {
    rows.push(settlementLine(cellReader(row, table, place, problems), row.line, currency))
    yield
  }
  if (problems.length > 0) return { kind: 'invalid', problems: problems.slice(0, mostProblems) }
  return { kind: 'rows', rows }
}

function settlementLine(cells: CellReader, line: number, siteCurrency: string): SettlementLine {
  const category = cells.needed('type').toLowerCase()
  const currency = cells.currency('currency') ?? siteCurrency
  const created = cells.time(['created'])
  const available = cells.time(['availableOn'], 'may be empty')
  return {
    line,
    type: types[category.replace(/[\s-]+/g, '_')] ?? 'adjustment',
    category,
    id: cells.text('id') ?? null,
    reference: cells.text('reference') ?? null,
    grossMinor: cells.money('gross', currency, 'needed') ?? 0,
    feeMinor: cells.money('fee', currency) ?? null,
    netMinor: cells.money('net', currency) ?? null,
    currency,
    day: created !== undefined && 'day' in created ? created.day : null,
    at: created !== undefined && 'at' in created ? created.at.toISOString() : null,
    availableOn: available === undefined ? null : 'at' in available ? available.at.toISOString() : available.day,
    payout: cells.text('payout') ?? null,
  }
}

export interface SettlementTerms {
  from: string
  to: string
  /** What the processor's contract says of a charge. */
  fee?: { percent: string; fixedMinor: number } | undefined
}

/** Rows of both sides: what is reckoned from the file itself stands as ours. */
export function* rowsOfSettlement(
  lines: readonly SettlementLine[],
  clock: BusinessClock,
  terms: SettlementTerms,
): InSteps<{ ours: BookRow[]; theirs: BookRow[] }> {
  const ours: BookRow[] = []
  const theirs: BookRow[] = []
  const ofPayout = new Map<string, number>()
  for (const line of lines) {
    if (line.type === 'payout' || line.payout === null) continue
    const key = JSON.stringify([line.currency, line.payout])
    ofPayout.set(key, (ofPayout.get(key) ?? 0) + (line.netMinor ?? line.grossMinor - (line.feeMinor ?? 0)))
  }
  for (const line of lines) {
    yield
    const row = rowOf(line, clock, terms)
    const both = (sort: BookRow['sort'], mine: number, other: number, more: Partial<BookRow> = {}) => {
      const id = `${sort}:${line.line}`
      const shared = { ...row, sort, id, references: { id }, ...more }
      ours.push({ ...shared, amount: mine, text: `Reckoned for row ${line.line}`, notes: [] })
      theirs.push({ ...shared, amount: other })
    }
    if (line.type === 'payout') {
      const sum = ofPayout.get(JSON.stringify([line.currency, line.reference ?? '']))
      const paid = -(line.netMinor ?? line.grossMinor)
      if (sum === undefined) theirs.push({ ...row, sort: 'payout', amount: paid })
      else both('payout', sum, paid)
      continue
    }
    theirs.push(row)
    if (line.netMinor !== null && line.netMinor !== line.grossMinor - (line.feeMinor ?? 0)) {
      both('net', line.grossMinor - (line.feeMinor ?? 0), line.netMinor, {
        notes: [note('arithmetic', 'Gross less fee is not the net of the line.')],
      })
    }
    if (terms.fee !== undefined && line.type === 'charge') {
      both('fee', expectedFee(line, terms.fee), line.feeMinor ?? 0, { notes: [] })
    }
  }
  return { ours, theirs }
}

const note = (reason: Reason, words: string) => ({ reason, words })

const notesOf: Readonly<Partial<Record<LineType, ReturnType<typeof note>>>> = {
  dispute: note('dispute', 'The payer disputed it with the bank.'),
  fee: note('fee', 'It is a fee of the processor of its own; the hub books none.'),
  adjustment: note('adjustment', 'The processor moved it of itself.'),
}

function rowOf(line: SettlementLine, clock: BusinessClock, { from, to }: SettlementTerms): BookRow {
  const day = line.day ?? businessDate(new Date(line.at ?? 0), clock)
  const known = notesOf[line.type]
  return {
    id: `line:${line.line}`,
    sort: line.type === 'fee' ? 'fee' : 'payment',
    amount: line.grossMinor,
    unit: line.currency,
    day,
    outside: day < from || day > to,
    at: line.at,
    place: null,
    references: line.reference === null ? {} : { transaction: line.reference },
    text: `Row ${line.line}: ${line.category}${line.reference === null ? '' : ` ${line.reference}`}`,
    ...(line.feeMinor === null ? {} : { parts: { fee: line.feeMinor } }),
    ...(known === undefined ? {} : { notes: [known] }),
  }
}

function expectedFee(line: SettlementLine, { percent, fixedMinor }: { percent: string; fixedMinor: number }): number {
  const share = new Decimal(line.grossMinor).times(percent).div(100).plus(fixedMinor)
  return share.toDecimalPlaces(0, Decimal.ROUND_HALF_UP).toNumber()
}
