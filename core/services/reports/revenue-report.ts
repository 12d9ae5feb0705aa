// Owns the unified revenue report: parking and charging in one table, grouped as asked, held against the ledger.
// Must not write, and must not compute an amount that core/domain/report does not name.
import {
  addFigures,
  type EarnedFigures,
  type ExceptionName,
  earnedFigures,
  exceptionWords,
  figureWords,
  type LedgerCheck,
  type LineGrouping,
  ledgerCheck,
  type Named,
  noFigures,
  perUnit,
  type RevenueFigures,
} from '../../domain/report/revenue-report.ts'
import type { Db } from '../../store/record-table.ts'
import {
  accountMovements,
  exceptionCounts,
  type PaymentRow,
  paymentSums,
  type ReportBill,
  type ReportSpan,
  type RevenueRow,
  reportBills,
  revenueSums,
  servedSums,
  type UseFigures,
  unpostedPaymentSum,
  useFigures,
} from '../../store/report-revenue.ts'
import { transaction } from '../../store/transaction.ts'
import { type Access, invalid, type Outcome, ok } from '../manage/outcome.ts'
import type { ServiceDeps } from '../service-deps.ts'
import { reportSpans, type SpanQuery } from './report-span.ts'

type Reading = Pick<ServiceDeps, 'db'>

export interface CurrencyReport {
  currency: string
  totals: RevenueFigures
  rows: (RevenueFigures & { key: string | null; label: string | null })[]
  kinds: (RevenueFigures & { kind: string })[]
  taxes: { code: string; rate: string; netMinor: number; taxMinor: number; totalMinor: number }[]
  payments: {
    byMethod: PaymentFigures[]
    byDevice: PaymentFigures[]
    /** Made in these days and not in the ledger yet. */
    unposted: { count: number; amountMinor: number }
  }
  averageTicketMinor: number | null
  revenuePerBayMinor: number | null
  earned: EarnedFigures
  ledger: LedgerCheck
}
export interface PaymentFigures {
  /** Method or device; null where none was told. */
  name: string | null
  captured: number
  capturedMinor: number
  refunded: number
  refundedMinor: number
  netMinor: number
}
export interface RevenueReport {
  from: string
  to: string
  by: LineGrouping
  /** Rows and totals hold what was billed in these days; `earned` is the same as the revenue accounts have it. */
  basis: 'billed'
  siteIds: string[]
  use: Omit<UseFigures, 'ticketsBilled'>
  exceptions: { name: ExceptionName; label: string; count: number }[]
  currencies: CurrencyReport[]
  /** True when every account of every currency has exactly what the ledger has. */
  reconciled: boolean
  figures: readonly Named[]
}

export function revenueReport(deps: Reading) {
  return async (access: Access, query: SpanQuery & { by?: LineGrouping }): Promise<Outcome<RevenueReport>> => {
    const spans = await reportSpans(deps.db, access, query)
    if (spans.kind !== 'ok') return spans
    const { by = 'day' } = query
    const { from, to } = spans.value
    const read = await transaction(deps.db, (trx) => readSites(trx, spans.value.spans, by), {
      isolation: 'repeatable read',
    })
    const use = read.reduce((sum, one) => addFigures(sum, one.use), noUse)
    const of = <T extends { currency: string }>(rows: readonly T[], currency: string) =>
      rows.filter((row) => row.currency === currency)
    const all = {
      totals: read.flatMap(({ lines }) => lines.totals),
      rows: read.flatMap(({ lines }) => lines.rows),
      kinds: read.flatMap(({ lines }) => lines.kinds),
      sums: read.flatMap(({ lines }) => lines.sums),
      payments: read.flatMap(({ payments }) => payments),
      unposted: read.flatMap(({ unposted }) => unposted),
      served: read.flatMap(({ served }) => served),
      movements: read.flatMap(({ movements }) => movements),
    }
    const names = [...new Set(Object.values(all).flatMap((rows) => rows.map(({ currency }) => currency)))].sort()
    const currencies = names.map((currency): CurrencyReport => {
      const payments = of(all.payments, currency)
      const totals = of(all.totals, currency).reduce((sum, row) => addFigures(sum, figuresOf(row)), noFigures)
      const kinds = merged(of(all.kinds, currency)).map(({ key, label: _, ...row }) => ({ ...row, kind: key ?? '' }))
      const sums = of(all.sums, currency)
      const servedMinor = of(all.served, currency).reduce((sum, { amountMinor }) => sum + amountMinor, 0)
      const parkingMinor = kinds.find(({ kind }) => kind === 'PARKING')?.grossMinor ?? 0
      return {
        currency,
        totals,
        rows: merged(of(all.rows, currency)),
        kinds,
        taxes: taxesOf(sums),
        payments: {
          byMethod: paid(payments, ({ method }) => method),
          byDevice: paid(payments, ({ device }) => device),
          unposted: of(all.unposted, currency).reduce(
            (sum, { count, amountMinor }) => ({ count: sum.count + count, amountMinor: sum.amountMinor + amountMinor }),
            { count: 0, amountMinor: 0 },
          ),
        },
        averageTicketMinor: names.length === 1 ? perUnit(parkingMinor, use.ticketsBilled) : null,
        revenuePerBayMinor: names.length === 1 ? perUnit(totals.netMinor, use.bays) : null,
        earned: earnedFigures(sums, servedMinor),
        ledger: ledgerCheck(sums, payments, servedMinor, of(all.movements, currency)),
      }
    })
    const { ticketsBilled: _, ...shown } = use
    return ok({
      from,
      to,
      by,
      basis: 'billed',
      siteIds: spans.value.spans.map(({ siteId }) => siteId),
      use: shown,
      exceptions: (Object.keys(exceptionWords) as ExceptionName[]).map((name) => ({
        name,
        label: exceptionWords[name],
        count: read.reduce(
          (sum, { exceptions }) => sum + (exceptions.find((each) => each.name === name)?.count ?? 0),
          0,
        ),
      })),
      currencies,
      reconciled: currencies.every(({ ledger }) => ledger.reconciled),
      figures: figureWords,
    })
  }
}

const noUse: UseFigures = {
  issued: 0,
  closed: 0,
  open: 0,
  voided: 0,
  ticketsBilled: 0,
  bays: 0,
  sessions: 0,
  meteredWh: 0,
  pluggedSeconds: 0,
}

function figuresOf({ currency: _, key: _key, label: _label, ...figures }: RevenueRow): RevenueFigures {
  return figures
}

/** Rows of several sites with the same key are one. */
function merged(rows: readonly RevenueRow[]): (RevenueFigures & { key: string | null; label: string | null })[] {
  const found = new Map<string | null, RevenueFigures & { key: string | null; label: string | null }>()
  for (const row of rows) {
    const before = found.get(row.key)
    const figures = before === undefined ? figuresOf(row) : addFigures(onlyFigures(before), figuresOf(row))
    found.set(row.key, { ...figures, key: row.key, label: row.label })
  }
  return [...found.values()].sort((a, b) => compare(a.key, b.key))
}

function onlyFigures({ key: _, label: _label, ...figures }: RevenueFigures & { key: unknown; label: unknown }) {
  return figures
}

/** As of one moment, so that the ledger and the bills that it is held against are the same ones. */
async function readSites(db: Db, spans: readonly ReportSpan[], by: LineGrouping) {
  const read = []
  for (const span of spans) {
    read.push({
      lines: await revenueSums(db, span, by),
      payments: await paymentSums(db, span),
      unposted: await unpostedPaymentSum(db, span),
      served: await servedSums(db, span),
      movements: await accountMovements(db, span),
      use: await useFigures(db, span),
      exceptions: await exceptionCounts(db, span),
    })
  }
  return read
}

const compare = (a: string | null, b: string | null) =>
  a === b ? 0 : a === null ? 1 : b === null ? -1 : a < b ? -1 : 1

function taxesOf(
  sums: readonly {
    kind: string
    taxCode: string
    taxRate: string
    netMinor: number
    taxMinor: number
    totalMinor: number
  }[],
): CurrencyReport['taxes'] {
  const found = new Map<string, CurrencyReport['taxes'][number]>()
  for (const { kind, taxCode: code, taxRate: rate, netMinor, taxMinor, totalMinor } of sums) {
    if (kind === 'CREDIT') continue
    const key = `${code} ${rate}`
    const before = found.get(key) ?? { code, rate, netMinor: 0, taxMinor: 0, totalMinor: 0 }
    found.set(key, {
      ...before,
      netMinor: before.netMinor + netMinor,
      taxMinor: before.taxMinor + taxMinor,
      totalMinor: before.totalMinor + totalMinor,
    })
  }
  return [...found.values()].sort((a, b) => compare(`${a.code} ${a.rate}`, `${b.code} ${b.rate}`))
}

function paid(rows: readonly PaymentRow[], nameOf: (row: PaymentRow) => string | null): PaymentFigures[] {
  const found = new Map<string | null, PaymentFigures>()
  for (const row of rows) {
    const name = nameOf(row)
    const before = found.get(name) ?? {
      name,
      captured: 0,
      capturedMinor: 0,
      refunded: 0,
      refundedMinor: 0,
      netMinor: 0,
    }
    const back = row.kind === 'refunded'
    found.set(name, {
      name,
      captured: before.captured + (back ? 0 : row.count),
      capturedMinor: before.capturedMinor + (back ? 0 : row.amountMinor),
      refunded: before.refunded + (back ? row.count : 0),
      refundedMinor: before.refundedMinor + (back ? row.amountMinor : 0),
      netMinor: before.netMinor + (back ? -row.amountMinor : row.amountMinor),
    })
  }
  return [...found.values()].sort((a, b) => compare(a.name, b.name))
}

export interface BillsOfRow extends SpanQuery {
  by?: LineGrouping
  /** Key of the row; left out, the row without one. */
  key?: string
  limit?: number
  /** The last bill of the page before. */
  after?: string
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** The bills behind a row. One site at a time: the row's own figures are added up over sites. */
export function billsOfRow(deps: Reading) {
  return async (access: Access, query: BillsOfRow): Promise<Outcome<{ items: ReportBill[]; next: string | null }>> => {
    if (query.after !== undefined && !uuid.test(query.after)) return invalid('/cursor', 'is no cursor of this list')
    const spans = await reportSpans(deps.db, access, query)
    if (spans.kind !== 'ok') return spans
    const [span, ...others] = spans.value.spans
    if (span === undefined || others.length > 0) return invalid('/siteId', 'name the site whose bills are meant')
    const { by = 'day', key = null, limit = 50, after = null } = query
    const found = await reportBills(deps.db, span, { by, key, after, limit: limit + 1 })
    const items = found.slice(0, limit)
    return ok({ items, next: found.length > limit ? (items.at(-1)?.billId ?? null) : null })
  }
}
