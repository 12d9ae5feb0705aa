// Owns proration: what some days of a period cost, so that the parts of a period always add up to the whole.
// Must not round a part by itself. Policy `by_day`: of the whole, rounded half up, by calendar days served since the period began.
import { daysBetween } from '../local-time.ts'
import { Decimal, type Minor, minor } from '../money.ts'
import type { DateSpan } from './period.ts'

export const prorationPolicy = 'by_day'

export interface PeriodPrice {
  period: DateSpan
  netMinor: Minor
  taxMinor: Minor
}

/** Net and tax of the days of a period from `from` until before `to`. */
export function slice(
  { period, netMinor, taxMinor }: PeriodPrice,
  { from, to }: DateSpan,
): { netMinor: Minor; taxMinor: Minor } {
  const part = (whole: Minor) => minor(until(whole, period, to) - until(whole, period, from))
  return { netMinor: part(netMinor), taxMinor: part(taxMinor) }
}

/** What the days before `date` come to. */
function until(whole: Minor, period: DateSpan, date: string): number {
  const days = daysBetween(period.from, period.to)
  const served = Math.min(Math.max(daysBetween(period.from, date), 0), days)
  return new Decimal(whole).times(served).div(days).toDecimalPlaces(0, Decimal.ROUND_HALF_UP).toNumber()
}

/** Some days of a period that were billed (1) or given back (-1). */
export interface Charge extends PeriodPrice, DateSpan {
  sign: 1 | -1
}

/** How much of a charge the days before `date` have earned; all of it once its last day is over. */
export function earned(charge: Charge, date: string): Minor {
  const to = date < charge.from ? charge.from : date > charge.to ? charge.to : date
  return minor(charge.sign * slice(charge, { from: charge.from, to }).netMinor + 0)
}

/**
 * The stretches from `date` on that are billed and not given back, each with the charge that billed it. Charges come in the
 * order in which they were made.
 */
export function stillBilled<C extends Charge & { planId: string }>(
  charges: readonly C[],
  date: string,
): (DateSpan & { charge: C })[] {
  const standing: (DateSpan & { charge: C })[] = []
  for (const charge of charges) {
    if (charge.sign === 1) standing.push({ from: charge.from, to: charge.to, charge })
    else {
      const whole = standing.splice(0)
      for (const each of whole) standing.push(...without(each, charge, each.charge))
    }
  }
  return standing.flatMap(({ from, to, charge }) => {
    const begins = from < date ? date : from
    return begins < to ? [{ from: begins, to, charge }] : []
  })
}

function without<C extends Charge & { planId: string }>(
  span: DateSpan,
  credit: C,
  charge: C,
): (DateSpan & { charge: C })[] {
  const same = credit.planId === charge.planId && credit.period.from === charge.period.from
  if (!same || credit.to <= span.from || span.to <= credit.from) return [{ ...span, charge }]
  const before = { from: span.from, to: credit.from, charge }
  const after = { from: credit.to, to: span.to, charge }
  return [before, after].filter(({ from, to }) => from < to)
}
