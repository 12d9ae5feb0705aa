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
  if (amount === 0 || debit === credit) return []
  return amount > 0
    ? [{ debit, credit, amountMinor: minor(amount), line }]
    : [{ debit: credit, credit: debit, amountMinor: minor(-amount), line }]
}

export interface BillBooks {
  /** The parking system's operator owes what the parking system bills the driver. */
  owedBy: 'payer' | 'parcs'
  /** Memberships are earned day by day. */
  membership: 'earned' | 'deferred'
}

/** Lines are numbered from 1 in the order given. The receivable changes by exactly the bill's total. */
export function billPostings(
  lines: readonly BillLine[],
  { owedBy, membership }: BillBooks = { owedBy: 'payer', membership: 'earned' },
): Posting[] {
  const owed = owedBy === 'parcs' ? accounts.thirdParty : accounts.receivable
  const account = (kind: BillLine['kind']) =>
    kind === 'MEMBERSHIP' && membership === 'deferred' ? accounts.deferred : accountOf[kind]
  return lines.flatMap((line, i) => [
    ...posting(owed, account(line.kind), line.netMinor, i + 1),
    ...posting(owed, taxPayable(line.taxCode), line.taxMinor, i + 1),
  ])
}

/** What has been served of what was billed ahead; negative when more had been earned than is left. */
export function recognitionPostings(amount: number): Posting[] {
  return posting(accounts.deferred, accounts.membership, amount, null)
}

/** A receivable that nobody expects to be paid any more. */
export function writeOffPostings(amount: number): Posting[] {
  return posting(accounts.badDebts, accounts.receivable, amount, null)
}

/** Money held for somebody: taken, given back, or used for what is owed. */
export function depositPostings(
  kind: 'received' | 'returned' | 'kept',
  method: string | null,
  amount: number,
): Posting[] {
  switch (kind) {
    case 'received':
      return posting(clearing(method), accounts.depositsHeld, amount, null)
    case 'returned':
      return posting(accounts.depositsHeld, clearing(method), amount, null)
    case 'kept':
      return posting(accounts.depositsHeld, accounts.receivable, amount, null)
  }
}

export interface PaymentFact {
  kind: 'captured' | 'refunded' | 'failed'
  method: string | null
  amountMinor: Minor
  /** What is paid: a stay or session that is or will be billed, an account's prepaid balance, or nothing known. */
  pays: 'bill' | 'balance' | 'nothing'
}

export function paymentPostings(payment: PaymentFact): Posting[] {
  if (payment.kind === 'failed') return []
  const owed = { bill: accounts.receivable, balance: accounts.prepaid, nothing: accounts.unapplied }[payment.pays]
  const amount = payment.kind === 'captured' ? payment.amountMinor : -payment.amountMinor
  return posting(clearing(payment.method), owed, amount, null)
}
