// Owns the bill line: a priced line that was rounded, named inside its subject and tied to what it is for.
// Must not be changed once posted; a correction is another line.
import { Decimal, type Minor, majorText } from '../money.ts'
import type { LineKind, PricedLine } from '../price.ts'
import { type Amounts, type RoundingPolicy, roundLines } from './rounding.ts'

/** What a group of priced lines is for, and by which tariff. */
export interface LineOrigin {
  /** `parking`, `charging:<session>`, `added:<connection>`: makes line keys unique inside the subject. */
  scope: string
  stayId: string | null
  sessionId: string | null
  tariffId: string | null
  tariffVersion: number | null
  /** The connection that added the line; null for lines of tariffs. */
  addedBy: string | null
}

export interface BillLine {
  key: string
  kind: LineKind
  description: string
  stayId: string | null
  sessionId: string | null
  tariffId: string | null
  tariffVersion: number | null
  rulePath: string | null
  quantity: string
  billedQuantity: string
  unit: string
  unitPrice: string
  per: string
  /** The unit price holds the tax. */
  taxIncluded: boolean
  netMinor: Minor
  taxCode: string
  taxRate: string
  taxMinor: Minor
  totalMinor: Minor
  /** Name of the rounding policy. */
  rounding: string
  explanation: readonly string[]
  addedBy: string | null
}

export interface PricedGroup {
  origin: LineOrigin
  lines: readonly PricedLine[]
}

/** Rounds once, over all lines of a subject together. */
export function toBillLines(groups: readonly PricedGroup[], currency: string, policy: RoundingPolicy): BillLine[] {
  const lines = groups.flatMap(({ origin, lines }) => lines.map((line) => ({ origin, line })))
  const amounts = roundLines(
    lines.map(({ line }) => line),
    currency,
    policy,
  )
  return lines.flatMap(({ origin, line }, i) => {
    const amount = amounts[i]
    if (amount === undefined) return []
    return [
      {
        key: `${origin.scope}/${line.key}`,
        kind: line.kind,
        description: line.description,
        stayId: origin.stayId,
        sessionId: origin.sessionId,
        tariffId: origin.tariffId,
        tariffVersion: origin.tariffVersion,
        rulePath: line.rulePath,
        quantity: line.quantity,
        billedQuantity: line.billedQuantity,
        unit: line.unit,
        unitPrice: line.unitPrice,
        per: line.per ?? '1',
        taxIncluded: line.gross !== undefined,
        ...amount,
        taxCode: line.taxCode,
        taxRate: line.taxRate,
        rounding: policy.name,
        explanation: [...line.explanation, ...roundingWords(line, amount, currency, policy)],
        addedBy: origin.addedBy,
      },
    ]
  })
}

function roundingWords(line: PricedLine, amount: Amounts, currency: string, policy: RoundingPolicy): string[] {
  const exact = new Decimal(line.gross ?? line.net)
  const posted = majorText(line.gross === undefined ? amount.netMinor : amount.totalMinor, currency)
  return exact.eq(posted) ? [] : [`Rounded once (${policy.mode.replace('_', ' ')}): ${exact} to ${posted}.`]
}
