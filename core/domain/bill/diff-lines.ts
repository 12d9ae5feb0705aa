// Owns corrections: what must be added to the lines billed so far so that all together say what the facts say.
// Must not touch a posted line; it is taken back whole, with its tax, and billed anew.
import { Decimal, minor } from '../money.ts'
import type { BillLine } from './bill-line.ts'

/**
 * What the lines of one subject come to, by key: the last line that stands, with the sums of all lines of that key. Keys
 * whose lines cancel out are gone.
 * @param billed lines in the order in which they were posted
 */
export function outstandingLines(billed: readonly BillLine[]): Map<string, BillLine> {
  const standing = new Map<string, BillLine>()
  for (const line of billed) {
    const before = standing.get(line.key)
    const sum = before === undefined ? line : { ...line, ...plus(before, line) }
    if (before !== undefined && isNothing(sum)) standing.delete(line.key)
    else standing.set(line.key, sum)
  }
  return standing
}

/** Lines to post now. Nothing when all stands as it should. */
export function diffLines(target: readonly BillLine[], standing: ReadonlyMap<string, BillLine>): BillLine[] {
  const wanted = new Map(target.map((line) => [line.key, line]))
  const lines: BillLine[] = []
  for (const [key, old] of standing) {
    const now = wanted.get(key)
    if (now === undefined || !sameCharge(old, now)) lines.push(reversalOf(old))
  }
  for (const line of target) {
    const old = standing.get(line.key)
    if (old === undefined || !sameCharge(old, line)) lines.push(line)
  }
  return lines
}

/** The line that takes back exactly what stands: amount, tax and quantity. */
export function reversalOf(line: BillLine): BillLine {
  return {
    ...line,
    description: `Taken back: ${line.description}`,
    quantity: negative(line.quantity),
    billedQuantity: negative(line.billedQuantity),
    netMinor: minor(-line.netMinor),
    taxMinor: minor(-line.taxMinor),
    totalMinor: minor(-line.totalMinor),
    explanation: ['Takes back what was billed before, with its tax.'],
  }
}

/**
 * Whether a line still says the same: money, tax, and what it was charged for. Words, measured quantity and reasons may
 * differ without a new bill.
 */
function sameCharge(old: BillLine, now: BillLine): boolean {
  return (
    old.netMinor === now.netMinor &&
    old.taxMinor === now.taxMinor &&
    old.kind === now.kind &&
    old.unit === now.unit &&
    old.taxCode === now.taxCode &&
    new Decimal(old.taxRate).eq(now.taxRate) &&
    new Decimal(old.billedQuantity).eq(now.billedQuantity) &&
    old.sessionId === now.sessionId &&
    old.stayId === now.stayId
  )
}

function plus(a: BillLine, b: BillLine) {
  return {
    quantity: new Decimal(a.quantity).plus(b.quantity).toString(),
    billedQuantity: new Decimal(a.billedQuantity).plus(b.billedQuantity).toString(),
    netMinor: minor(a.netMinor + b.netMinor),
    taxMinor: minor(a.taxMinor + b.taxMinor),
    totalMinor: minor(a.totalMinor + b.totalMinor),
  }
}

function isNothing(line: BillLine): boolean {
  return (
    line.netMinor === 0 &&
    line.taxMinor === 0 &&
    line.totalMinor === 0 &&
    new Decimal(line.quantity).isZero() &&
    new Decimal(line.billedQuantity).isZero()
  )
}

function negative(quantity: string): string {
  return new Decimal(quantity).neg().toString()
}
