// Owns the double-entry postings of bills and payments: each moves one positive amount from one account to another.
// Must not be able to express an entry that does not balance.
import { type Minor, minor } from '../money.ts'
import { accountOf, accounts, clearing, taxPayable } from './accounts.ts'
import type { BillLine } from './bill-line.ts'

export interface Posting {
  debit: string
  credit: string
  amountMinor: Minor
  /** Number of the bill's line; null for payments. */
  line: number | null
}

/** A negative amount is the same posting the other way round. */
function posting(debit: string, credit: string, amount: number, line: number | null): Posting[] {
  if (amount === 0) return []
  return amount > 0
    ? [{ debit, credit, amountMinor: minor(amount), line }]
    : [{ debit: credit, credit: debit, amountMinor: minor(-amount), line }]
}

/** Lines are numbered from 1 in the order given. The receivable changes by exactly the bill's total. */
export function billPostings(lines: readonly BillLine[]): Posting[] {
  return lines.flatMap((line, i) => [
    ...posting(accounts.receivable, accountOf[line.kind], line.netMinor, i + 1),
    ...posting(accounts.receivable, taxPayable(line.taxCode), line.taxMinor, i + 1),
  ])
}

export interface PaymentFact {
  kind: 'captured' | 'refunded' | 'failed'
  method: string | null
  amountMinor: Minor
  /** Belongs to a stay or session that is or will be billed. */
  applied: boolean
}

export function paymentPostings(payment: PaymentFact): Posting[] {
  if (payment.kind === 'failed') return []
  const owed = payment.applied ? accounts.receivable : accounts.unapplied
  const amount = payment.kind === 'captured' ? payment.amountMinor : -payment.amountMinor
  return posting(clearing(payment.method), owed, amount, null)
}
