// Owns what people granted on a bill as lines of it: the same grants on the same charges always give the same lines.
// Must not give back more than stands, whatever late facts made of the charges since.
import { Decimal, type Minor, majorText, minor } from '../money.ts'
import type { LineKind } from '../price.ts'
import type { BillLine } from './bill-line.ts'

export type CreditKind = 'goodwill' | 'correction' | 'dispute'

/** One grant. It is for everything that a subject is billed, for one session, or for one kind of line in either. */
export interface BillCredit {
  creditId: string
  kind: CreditKind
  sessionId: string | null
  lineKind: LineKind | null
  /** With tax. */
  amountMinor: Minor
  currency: string
  reason: string
}

export type CreditScope = Pick<BillCredit, 'sessionId' | 'lineKind'>

const keyWord = 'credit:'
const words: Readonly<Record<CreditKind, string>> = {
  goodwill: 'Goodwill',
  correction: 'Correction',
  dispute: 'Complaint accepted',
}

export function isCreditLine(line: Pick<BillLine, 'key'>): boolean {
  return line.key.startsWith(keyWord)
}

interface Pool {
  line: BillLine
  /** What of the line no grant has taken yet. */
  left: number
}

interface TaxGroup {
  code: string
  rate: string
  taxMinor: number
  totalMinor: number
}

/**
 * @param charges everything else on the bills of the subject: lines of tariffs and of plugins
 * @param credits in the order in which they were granted
 */
export function creditLines(
  charges: readonly BillLine[],
  credits: readonly BillCredit[],
  currency: string,
): BillLine[] {
  const pools: Pool[] = charges.map((line) => ({ line, left: line.totalMinor }))
  const groups = taxGroups(charges)
  return credits
    .filter((credit) => credit.currency === currency)
    .flatMap((credit) => grant(credit, pools, groups, charges[0]))
}

/** The most that one more grant of this scope could give back. */
export function creditable(
  charges: readonly BillLine[],
  credits: readonly BillCredit[],
  scope: CreditScope,
  currency: string,
): Minor {
  const probe: BillCredit = {
    ...scope,
    creditId: 'probe',
    kind: 'goodwill',
    amountMinor: minor(Number.MAX_SAFE_INTEGER),
    currency,
    reason: '',
  }
  const lines = creditLines(charges, [...credits, probe], currency)
  const probed = lines.filter((line) => line.key.startsWith(`${keyWord}probe/`))
  return minor(-probed.reduce((sum, line) => sum + line.totalMinor, 0))
}

function taxGroups(charges: readonly BillLine[]): Map<string, TaxGroup> {
  const groups = new Map<string, TaxGroup>()
  for (const line of charges) {
    const key = groupKey(line)
    const group = groups.get(key) ?? { code: line.taxCode, rate: line.taxRate, taxMinor: 0, totalMinor: 0 }
    group.taxMinor += line.taxMinor
    group.totalMinor += line.totalMinor
    groups.set(key, group)
  }
  return groups
}

function groupKey(line: Pick<BillLine, 'taxCode' | 'taxRate'>): string {
  return `${line.taxCode} ${new Decimal(line.taxRate)}`
}

function grant(
  credit: BillCredit,
  pools: readonly Pool[],
  groups: Map<string, TaxGroup>,
  first: BillLine | undefined,
): BillLine[] {
  const mine = pools.filter(
    ({ line }) =>
      (credit.sessionId === null || line.sessionId === credit.sessionId) &&
      (credit.lineKind === null || line.kind === credit.lineKind),
  )
  const sum = (of: readonly Pool[]) => of.reduce((total, pool) => total + pool.left, 0)
  const amount = Math.min(credit.amountMinor, sum(mine), sum(pools))
  const positive = mine.filter((pool) => pool.left > 0)
  if (amount <= 0 || first === undefined) return []
  const shares = shareOut(amount, positive)
  return [...shares].flatMap(([key, share]) => {
    const group = groups.get(key)
    if (group === undefined || share === 0) return []
    const taxMinor = taxOf(share, group)
    group.taxMinor -= taxMinor
    group.totalMinor -= share
    take(
      share,
      positive.filter(({ line }) => groupKey(line) === key),
    )
    return [lineOf(credit, first, { key, share, taxMinor, group })]
  })
}

/** By tax, in proportion to what is charged under each: largest remainder, so that the shares add up. */
function shareOut(amount: number, pools: readonly Pool[]): Map<string, number> {
  const weights = new Map<string, number>()
  for (const { line, left } of pools) weights.set(groupKey(line), (weights.get(groupKey(line)) ?? 0) + left)
  const whole = BigInt([...weights.values()].reduce((sum, weight) => sum + weight, 0))
  const parts = [...weights].map(([key, weight]) => {
    const exact = BigInt(amount) * BigInt(weight)
    return { key, share: Number(exact / whole), rest: exact % whole }
  })
  let over = amount - parts.reduce((sum, part) => sum + part.share, 0)
  for (const part of [...parts].sort((a, b) => (a.rest === b.rest ? 0 : a.rest > b.rest ? -1 : 1))) {
    if (over > 0) part.share += 1
    over -= 1
  }
  return new Map(parts.map(({ key, share }) => [key, share]))
}

/** All of a tax is given back with all of its total; else what the rate says. */
function taxOf(share: number, group: TaxGroup): number {
  if (share === group.totalMinor) return group.taxMinor
  const rate = new Decimal(group.rate)
  return new Decimal(share).times(rate).div(rate.plus(100)).toDecimalPlaces(0, Decimal.ROUND_HALF_UP).toNumber()
}

function take(share: number, pools: readonly Pool[]): void {
  let open = share
  for (const pool of pools) {
    const taken = Math.min(open, pool.left)
    pool.left -= taken
    open -= taken
  }
}

function lineOf(
  credit: BillCredit,
  first: BillLine,
  part: { key: string; share: number; taxMinor: number; group: TaxGroup },
): BillLine {
  const totalMinor = minor(-part.share)
  return {
    key: `${keyWord}${credit.creditId}/${part.key}`,
    kind: 'DISCOUNT',
    description: words[credit.kind],
    stayId: credit.sessionId === null ? first.stayId : null,
    sessionId: credit.sessionId,
    tariffId: null,
    tariffVersion: null,
    rulePath: null,
    quantity: '1',
    billedQuantity: '1',
    unit: 'piece',
    unitPrice: majorText(totalMinor, credit.currency),
    per: '1',
    taxIncluded: true,
    netMinor: minor(totalMinor + part.taxMinor),
    taxCode: part.group.code,
    taxRate: part.group.rate,
    taxMinor: minor(-part.taxMinor),
    totalMinor,
    rounding: first.rounding,
    explanation: [credit.reason],
    addedBy: null,
  }
}
