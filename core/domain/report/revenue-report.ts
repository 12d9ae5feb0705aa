// Owns the figures of a revenue report: what each means, its formula and source, how figures add up, and whether they are the ledger's.
// Must not read tables; core/store/report-revenue.ts does.
import { accountOf, accounts, bookAccount, clearing, taxPayable } from '../bill/index.ts'
import { Decimal } from '../money.ts'
import type { LineKind } from '../price.ts'

/** Sums over bill lines; amounts in the minor unit of one currency. Deductions are positive when they lower what is to pay. */
export interface RevenueFigures {
  bills: number
  lines: number
  grossMinor: number
  discountsMinor: number
  validationsMinor: number
  paidByOthersMinor: number
  netMinor: number
  taxMinor: number
  totalMinor: number
  energyWh: number
}

export const noFigures: RevenueFigures = {
  bills: 0,
  lines: 0,
  grossMinor: 0,
  discountsMinor: 0,
  validationsMinor: 0,
  paidByOthersMinor: 0,
  netMinor: 0,
  taxMinor: 0,
  totalMinor: 0,
  energyWh: 0,
}

/** Number by number; both have the same names. */
export function addFigures<F extends { readonly [K in keyof F]: number }>(a: F, b: F): F {
  const names = Object.keys(a) as (keyof F)[]
  return Object.fromEntries(names.map((name) => [name, a[name] + b[name]])) as F
}

/** How rows can be grouped. The first group is of bill lines, `method` and `payStation` are of payments. */
export const lineGroupings = [
  'day',
  'hour',
  'site',
  'kind',
  'rate',
  'rule',
  'tax',
  'entryLane',
  'exitLane',
  'station',
  'evse',
  'bay',
  'account',
] as const
export type LineGrouping = (typeof lineGroupings)[number]

export interface StayFigures {
  /** Came in within the span. */
  issued: number
  /** Left within it. */
  closed: number
  /** Had come in and not left when it ended. */
  open: number
  voided: number
}
export interface SessionFigures {
  sessions: number
  meteredWh: number
  pluggedSeconds: number
}

export interface Named {
  name: string
  label: string
  formula: string
  source: string
}

/** Shown beside each number (research 11, requirement 15). */
export const figureWords: readonly Named[] = [
  {
    name: 'bills',
    label: 'Bills and adjustments',
    formula: 'distinct bills that have a line in the group',
    source: 'bill, by business date',
  },
  {
    name: 'grossMinor',
    label: 'Gross',
    formula: 'sum of totals, tax included, of PARKING, ENERGY, CHARGE_TIME, IDLE, SESSION and MEMBERSHIP lines',
    source: 'bill lines',
  },
  {
    name: 'discountsMinor',
    label: 'Discounts',
    formula: 'minus the sum of totals of DISCOUNT and REBATE lines',
    source: 'bill lines',
  },
  {
    name: 'validationsMinor',
    label: 'Validations',
    formula: 'minus the sum of totals of VALIDATION lines',
    source: 'bill lines',
  },
  {
    name: 'paidByOthersMinor',
    label: 'Paid by others',
    formula: 'minus the sum of totals of CREDIT lines; it is no loss of revenue',
    source: 'bill lines',
  },
  {
    name: 'earned.aheadMinor',
    label: 'Billed ahead',
    formula: 'net of MEMBERSHIP lines of memberships',
    source: 'bill lines; deferred revenue by bills',
  },
  {
    name: 'earned.servedMinor',
    label: 'Memberships served',
    formula: 'what became revenue of memberships that were billed ahead',
    source: 'recognition of memberships, by business date',
  },
  {
    name: 'earned.netMinor',
    label: 'Earned',
    formula: 'net − billed ahead + memberships served',
    source: 'bill lines, recognition; the change of revenue accounts by bills and recognition',
  },
  { name: 'netMinor', label: 'Net', formula: 'sum of net amounts of all lines but CREDIT', source: 'bill lines' },
  { name: 'taxMinor', label: 'Tax', formula: 'sum of tax of all lines but CREDIT', source: 'bill lines' },
  {
    name: 'totalMinor',
    label: 'To pay',
    formula: 'gross − discounts − validations − paid by others = net + tax − paid by others',
    source: 'bill lines; the change of the account receivable by bills',
  },
  {
    name: 'energyWh',
    label: 'Energy billed',
    formula: 'billed quantity of ENERGY lines in kWh × 1,000',
    source: 'bill lines',
  },
  {
    name: 'issued',
    label: 'Tickets issued',
    formula: 'stays that came in within the span, voided ones left out',
    source: 'stays',
  },
  {
    name: 'closed',
    label: 'Tickets collected',
    formula: 'stays that left within the span, voided ones left out',
    source: 'stays',
  },
  {
    name: 'open',
    label: 'Tickets open',
    formula: 'stays that had come in and not left when the span ended',
    source: 'stays',
  },
  {
    name: 'sessions',
    label: 'Charging sessions',
    formula: 'sessions that ended within the span, void ones left out',
    source: 'charging sessions',
  },
  {
    name: 'meteredWh',
    label: 'Energy metered',
    formula: 'sum of the energy of those sessions',
    source: 'meter registers of charging sessions',
  },
  {
    name: 'averageTicketMinor',
    label: 'Average ticket',
    formula: 'gross of PARKING lines ÷ stays with a PARKING line, rounded half up',
    source: 'bill lines',
  },
  {
    name: 'revenuePerBayMinor',
    label: 'Revenue per bay',
    formula: 'net ÷ bays of the sites that are not archived, rounded half up',
    source: 'bill lines, bays',
  },
]

/** Null when there is nothing to divide by. */
export function perUnit(amountMinor: number, units: number): number | null {
  return units === 0 ? null : new Decimal(amountMinor).div(units).toDecimalPlaces(0, Decimal.ROUND_HALF_UP).toNumber()
}

/** Oddities a site's people look into; each with what it counts. */
export const exceptionWords = {
  lost_ticket: 'stays let out as ones whose ticket was lost',
  exit_without_entry: 'stays of which only the exit is known',
  entry_without_exit: 'stays that ended without an exit being reported',
  exit_before_entry: 'stays whose exit was told for a time before the entry',
  voided: 'tickets that were voided',
  overrides: 'stays that somebody corrected at the parking system',
  backouts: 'vehicles that asked at a gate and turned round',
  refused: 'vehicles that a gate refused',
  opened_without_stay: 'passages at a gate that belong to no ticket',
  free_exit: 'bills over nothing, though no discount or validation made them so',
  negative: 'bills below zero',
  adjusted: 'adjustments of earlier bills',
  refunds: 'payments given back',
  failed_payments: 'payments that failed',
} as const
export type ExceptionName = keyof typeof exceptionWords

export interface LineSum {
  kind: LineKind
  taxCode: string
  owedBy: 'payer' | 'parcs'
  /** A membership's charge: billed now, earned day by day. */
  ahead: boolean
  netMinor: number
  taxMinor: number
  totalMinor: number
}
export interface PaymentSum {
  method: string | null
  kind: string
  applied: boolean
  amountMinor: number
}
/** Debits less credits of an account, by what they were posted for. */
export interface AccountMovement {
  account: string
  sourceType: string
  movementMinor: number
}

export interface LedgerCheck {
  reconciled: boolean
  accounts: {
    account: string
    name: string
    /** What the report's lines and payments come to on this account. */
    reportMinor: number
    /** What bills, payments and served memberships moved on it in the ledger. */
    ledgerMinor: number
    differenceMinor: number
    /** What else was posted to it, by what for; no part of the report's figures. */
    others: { sourceType: string; movementMinor: number }[]
    /** All movements of the account: as the trial balance has them. */
    movementMinor: number
  }[]
}

/** The same days as revenue accounts have them: what was billed ahead left out, what memberships served taken in. */
export interface EarnedFigures {
  aheadMinor: number
  servedMinor: number
  netMinor: number
}

export function earnedFigures(lines: readonly LineSum[], servedMinor: number): EarnedFigures {
  const net = (some: readonly LineSum[]) => some.reduce((total, { netMinor }) => total + netMinor, 0)
  const aheadMinor = net(lines.filter(({ ahead }) => ahead))
  const billedMinor = net(lines.filter(({ kind }) => kind !== 'CREDIT'))
  return { aheadMinor, servedMinor, netMinor: billedMinor - aheadMinor + servedMinor }
}

const reported = ['bill', 'payment', 'recognition']

/** Holds the sums of a report against the ledger, account by account. */
export function ledgerCheck(
  lines: readonly LineSum[],
  paid: readonly PaymentSum[],
  servedMinor: number,
  ledger: readonly AccountMovement[],
): LedgerCheck {
  const report = new Map<string, number>()
  const add = (account: string, amount: number) => report.set(account, (report.get(account) ?? 0) + amount)
  for (const { kind, taxCode, owedBy, ahead, netMinor, taxMinor, totalMinor } of lines) {
    add(owedBy === 'parcs' ? accounts.thirdParty : accounts.receivable, totalMinor)
    add(ahead ? accounts.deferred : accountOf[kind], -netMinor)
    if (taxMinor !== 0) add(taxPayable(taxCode), -taxMinor)
  }
  for (const { method, kind, applied, amountMinor } of paid) {
    const signed = kind === 'captured' ? amountMinor : kind === 'refunded' ? -amountMinor : 0
    add(clearing(method), signed)
    add(applied ? accounts.receivable : accounts.unapplied, -signed)
  }
  add(accounts.deferred, servedMinor)
  add(accounts.membership, -servedMinor)
  const codes = [...new Set([...report.keys(), ...ledger.map(({ account }) => account)])].sort()
  const rows = codes.map((account) => {
    const own = ledger.filter((each) => each.account === account)
    const mine = own.filter(({ sourceType }) => reported.includes(sourceType))
    const reportMinor = report.get(account) ?? 0
    const ledgerMinor = sum(mine)
    return {
      account,
      name: bookAccount(account)?.name ?? account,
      reportMinor,
      ledgerMinor,
      differenceMinor: ledgerMinor - reportMinor,
      others: own
        .filter((each) => !mine.includes(each))
        .map(({ sourceType, movementMinor }) => ({ sourceType, movementMinor })),
      movementMinor: sum(own),
    }
  })
  const shown = rows.filter(({ reportMinor, ledgerMinor, others }) => reportMinor || ledgerMinor || others.length > 0)
  return { reconciled: shown.every(({ differenceMinor }) => differenceMinor === 0), accounts: shown }
}

const sum = (rows: readonly AccountMovement[]) => rows.reduce((total, { movementMinor }) => total + movementMinor, 0)
