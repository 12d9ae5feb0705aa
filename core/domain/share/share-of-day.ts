// Owns what a party to the takings of a site gets of one day: a part of the net of kinds of lines, or an amount for each kWh.
// Must not know who it is; the same rules hold for the garage's owner and a charging partner.
import { currencyExponent, Decimal, majorText, minor, toMinor } from '../money.ts'
import { type LineKind, lineKinds } from '../price.ts'

export interface ShareRule {
  /** Whose net counts, discounts and validations where they are named. */
  kinds: readonly LineKind[]
  /** Of the net, as decimal text. */
  percent?: string
  /** In major units for each billed kWh, as decimal text. */
  perKwh?: string
}

/** Bill lines of one day, by kind. */
export interface DaySum {
  kind: LineKind
  netMinor: number
  energyWh: number
}

export interface ShareLine {
  rule: number
  kinds: readonly LineKind[]
  baseMinor: number
  energyWh: number
  amountMinor: number
  words: string
}

/** Each rule is rounded once, half up; the share is the sum of its rules. */
export function shareOfDay(
  rules: readonly ShareRule[],
  sums: readonly DaySum[],
  currency: string,
): { lines: ShareLine[]; amountMinor: number } {
  const lines = rules.flatMap((rule, i): ShareLine[] => {
    const own = sums.filter(({ kind }) => rule.kinds.includes(kind))
    if (own.length === 0) return []
    const baseMinor = own.reduce((sum, { netMinor }) => sum + netMinor, 0)
    const energyWh = own.reduce((sum, { energyWh }) => sum + energyWh, 0)
    const unit = new Decimal(10).pow(currencyExponent(currency))
    const ofNet = new Decimal(baseMinor)
      .times(rule.percent ?? 0)
      .div(100)
      .div(unit)
    const ofEnergy = new Decimal(energyWh).div(1000).times(rule.perKwh ?? 0)
    const amountMinor = toMinor(ofNet.plus(ofEnergy), currency)
    const words = [
      ...(rule.percent === undefined
        ? []
        : [`${rule.percent} % of ${majorText(minor(baseMinor), currency)} ${currency}`]),
      ...(rule.perKwh === undefined ? [] : [`${new Decimal(energyWh).div(1000)} kWh × ${rule.perKwh} ${currency}`]),
    ].join(' + ')
    return [{ rule: i + 1, kinds: rule.kinds, baseMinor, energyWh, amountMinor, words }]
  })
  return { lines, amountMinor: lines.reduce((sum, line) => sum + line.amountMinor, 0) }
}

/** What the shape alone does not say; empty when the rules can be used. */
export function wrongRules(rules: readonly ShareRule[]): { pointer: string; message: string }[] {
  return rules.flatMap((rule, i) => [
    ...(rule.percent === undefined && rule.perKwh === undefined
      ? [{ pointer: `/shares/${i}`, message: 'needs a percentage or an amount for each kWh' }]
      : []),
    ...(rule.percent !== undefined && new Decimal(rule.percent).gt(100)
      ? [{ pointer: `/shares/${i}/percent`, message: 'is more than all' }]
      : []),
    ...(rule.kinds.length === 0 || rule.kinds.some((kind) => !lineKinds.includes(kind))
      ? [{ pointer: `/shares/${i}/kinds`, message: 'needs kinds of bill lines' }]
      : []),
  ])
}

/** What the energy of a day cost at a rate, rounded half up. */
export function energyCostOf(meteredWh: number, pricePerKwh: string, currency: string): number {
  return toMinor(new Decimal(meteredWh).div(1000).times(pricePerKwh), currency)
}
