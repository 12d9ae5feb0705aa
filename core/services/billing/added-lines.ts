// Owns the lines that plugins add to a bill: which are taken, and that those of a silent plugin stay as they were.
// Must not let a plugin touch another line, raise a bill, or take it below zero.
import {
  type BillLine,
  type RoundingPolicy,
  type SubjectFacts,
  toBillLines,
  totalsOf,
} from '../../domain/bill/index.ts'
import { Decimal, majorText, minor } from '../../domain/money.ts'
import { addableLineKinds, type PricedLine } from '../../domain/price.ts'
import type { BillingDeps } from './billing-deps.ts'

export type Answers = readonly { by: string; lines: readonly PricedLine[] }[]

export interface AddedSource {
  facts: SubjectFacts
  base: readonly BillLine[]
  /** Added lines that stand on the subject's bills. */
  standing: readonly BillLine[]
  answers: Answers
  currency: string
  rounding: RoundingPolicy
}

export function addedLines(deps: Pick<BillingDeps, 'log'>, source: AddedSource): BillLine[] {
  const { facts, base, answers, currency, rounding } = source
  if (base.length === 0) return []
  const answered = new Set(answers.map((answer) => answer.by))
  const kept = source.standing.filter((line) => line.addedBy === null || !answered.has(line.addedBy))
  let total = totalsOf([...base, ...kept]).totalMinor
  const added = [...kept]
  const isParking = (line: BillLine) => line.key.startsWith('parking/') || line.kind === 'VALIDATION'
  const parking = base.some(isParking) ? () => totalsOf([...base, ...added].filter(isParking)).totalMinor : null
  for (const { by, lines } of answers) {
    const origin = {
      scope: `added:${by}`,
      stayId: facts.stay?.stayId ?? null,
      sessionId: facts.stay === null ? (facts.sessions[0]?.sessionId ?? null) : null,
      tariffId: null,
      tariffVersion: null,
      addedBy: by,
    }
    const seen = new Set<string>()
    for (const line of lines) {
      const refuse = (why: string) =>
        deps.log.warn(
          { connection: by, subject: facts.key, line: line.key, why },
          'a line added to a bill was not taken',
        )
      if (!addableLineKinds.some((kind) => kind === line.kind)) refuse(`plugins may not add ${line.kind}`)
      else if (seen.has(line.key)) refuse('there is one with this key already')
      else {
        seen.add(line.key)
        const post = (one: PricedLine) => toBillLines([{ origin, lines: [one] }], currency, rounding)[0]
        const whole = amountsOf(line) ? post(withoutTax(line)) : undefined
        const posted = whole && parking && exceeds(whole, parking()) ? post(cutTo(line, parking(), currency)) : whole
        if (posted === undefined) refuse('an amount is not a number')
        else if (posted.totalMinor > 0) refuse('it would raise the bill')
        else if (total + posted.totalMinor < 0) refuse('it would take the bill below zero')
        else {
          total = minor(total + posted.totalMinor)
          added.push(posted)
        }
      }
    }
  }
  return added
}

/** A validation pays for parking, never for the energy on the same bill. */
function exceeds(line: BillLine, parkingMinor: number): boolean {
  return line.kind === 'VALIDATION' && line.totalMinor < 0 && line.totalMinor + parkingMinor < 0
}

function cutTo(line: PricedLine, parkingMinor: number, currency: string): PricedLine {
  const gross = new Decimal(majorText(minor(Math.max(0, parkingMinor)), currency)).neg()
  const net = gross.div(new Decimal(line.taxRate).div(100).plus(1))
  const why = 'Cut to what the parking comes to: a validation does not pay for energy.'
  return {
    ...withoutTax(line),
    gross: gross.toString(),
    net: net.toSignificantDigits(20).toString(),
    explanation: [...line.explanation, why],
  }
}

/** What a plugin says about the tax beside the rate does not count. */
function withoutTax(line: PricedLine): PricedLine {
  const { exactTax: _, ...rest } = line
  return rest
}

/** Whether everything that has to be a number is one; plugins are strangers. */
function amountsOf(line: PricedLine): boolean {
  const texts = [
    line.net,
    line.gross ?? '0',
    line.taxRate,
    line.quantity,
    line.billedQuantity,
    line.unitPrice,
    line.per ?? '1',
  ]
  return texts.every((text) => /^-?\d{1,15}(\.\d{1,15})?$/.test(text)) && !new Decimal(line.taxRate).isNeg()
}
