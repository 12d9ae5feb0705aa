// Owns why a partner's amount is not ours: the record is priced anew under each way of being wrong, and the one that fits is named.
// Must not decide who is right; a person does, with the words that stand here.
import { Decimal, majorText, minor } from '../money.ts'
import type { PricedLine, PricedSession, PriceResult } from '../price.ts'
import { editions, type OcpiRules, type Tariff } from '../tariff-exchange/ocpi-shape.ts'
import { sessionOfCdr } from './cdr-session.ts'
import type { Cdr } from './read-cdr.ts'

export const differenceWords = {
  matched: 'The amount is ours.',
  within_tolerance: 'The difference is within what was agreed not to matter.',
  rounding: 'The amounts were rounded another way.',
  step_edition: 'The step sizes were applied as another edition of OCPI has them.',
  wrong_zone: 'Local times were read in another time zone.',
  missing_period: 'The periods do not hold all that the totals do.',
  clamp: 'A least or highest price was not applied, or applied where it is not.',
  tax: 'Only the tax differs.',
  tariff: 'It was priced by the tariff that the record brings along, which is not the one agreed.',
  energy: 'Our meter has another energy.',
  credit: 'A credit is taken as it came; it answers to the record that it takes back.',
  currency: 'It is in another currency than was agreed.',
  unpriceable: 'It could not be priced.',
  no_session: 'No session of ours was found for it.',
  same_session: 'Another record of this partner is for the same session.',
  unknown: 'No known reason gives this amount.',
} as const
export type DifferenceClass = keyof typeof differenceWords

export interface Finding {
  class: DifferenceClass
  words: string
  /** Claimed less ours. */
  amountMinor: number
}

export interface Amounts {
  netMinor: number
  taxMinor: number
  totalMinor: number
}

export interface Repriced extends Amounts {
  lines: { description: string; quantity: string; net: string; explanation: readonly string[] }[]
  warnings: readonly string[]
}

/** Prices a session by rules, zone and currency; a tariff engine behind a function. */
export type Quote = (rules: OcpiRules, session: PricedSession, zone: string) => PriceResult

export interface Agreed {
  rules: OcpiRules
  zone: string
  currency: string
  toleranceMinor: number
  /** What our own meter says of the session, where it is known. */
  meteredWh: number | null
}

export interface Judgement {
  repriced: Repriced | null
  findings: Finding[]
  /** True when nothing has to be looked at. */
  agreed: boolean
}

const wayOff = [-120, -60, 60, 120]

export function judgeCdr(cdr: Cdr, agreed: Agreed, quote: Quote): Judgement {
  const { rules, zone, currency, toleranceMinor } = agreed
  const finding = (name: DifferenceClass, amountMinor = 0, more = ''): Finding => ({
    class: name,
    words: more === '' ? differenceWords[name] : `${differenceWords[name]} ${more}`,
    amountMinor,
  })
  if (cdr.currency !== currency) {
    return { repriced: null, findings: [finding('currency', 0, `${cdr.currency}, not ${currency}.`)], agreed: false }
  }
  if (cdr.credit) return { repriced: null, findings: [finding('credit')], agreed: true }
  const energy = energyFinding(cdr, agreed)
  const session = sessionOfCdr(cdr)
  const result = priced(quote(rules, session, zone), currency)
  if (typeof result === 'string')
    return { repriced: null, findings: [finding('unpriceable', 0, result), ...energy], agreed: false }
  const off = difference(cdr, result)
  if (off === 0) {
    const taxOnly = cdr.grossMinor !== null && cdr.netMinor !== result.netMinor
    const findings = taxOnly ? [finding('tax', 0, 'Net and tax are divided another way.')] : [finding('matched')]
    return { repriced: result, findings: [...findings, ...energy], agreed: !taxOnly && energy.length === 0 }
  }
  if (Math.abs(off) <= toleranceMinor) {
    return { repriced: result, findings: [finding('within_tolerance', off), ...energy], agreed: energy.length === 0 }
  }
  const why = reason(cdr, agreed, session, result, quote)
  return { repriced: result, findings: [finding(why.class, off, why.more), ...energy], agreed: false }
}

/** Gross where the record says it, else net. */
function difference(cdr: Cdr, ours: Amounts): number {
  return cdr.grossMinor === null ? cdr.netMinor - ours.netMinor : cdr.grossMinor - ours.totalMinor
}

function reason(
  cdr: Cdr,
  { rules, zone, currency }: Agreed,
  session: PricedSession,
  ours: Repriced,
  quote: Quote,
): { class: DifferenceClass; more?: string } {
  const fits = (other: OcpiRules, of = session, at = zone) => {
    const result = priced(quote(other, of, at), currency)
    return typeof result !== 'string' && difference(cdr, result) === 0
  }
  if (cdr.grossMinor !== null && cdr.netMinor === ours.netMinor) return { class: 'tax' }
  if (cdr.grossMinor !== null && cdr.grossMinor === ours.netMinor) return { class: 'tax', more: 'No tax was added.' }
  if (cdr.grossMinor === null && cdr.netMinor === ours.totalMinor && ours.taxMinor !== 0) {
    return { class: 'tax', more: 'The amount has the tax in it.' }
  }
  const edition = editions.find((each) => each !== rules.edition && fits({ ...rules, edition: each }))
  if (edition !== undefined) return { class: 'step_edition', more: `It is the price of ${edition}.` }
  if (fits(withoutSteps(rules))) return { class: 'step_edition', more: 'No steps were applied.' }
  const other = rounded(cdr, quote(rules, session, zone), currency)
  if (other !== null) return { class: 'rounding', more: other }
  if (zone !== 'UTC' && fits(rules, session, 'UTC')) return { class: 'wrong_zone', more: 'It is the price in UTC.' }
  const minutes = wayOff.find((each) => fits(rules, moved(session, each)))
  if (minutes !== undefined)
    return {
      class: 'wrong_zone',
      more: `It is the price ${Math.abs(minutes)} minutes ${minutes < 0 ? 'earlier' : 'later'}.`,
    }
  if (rules.tariff.min_price !== undefined || rules.tariff.max_price !== undefined) {
    const { min_price: _min, max_price: _max, ...free } = rules.tariff
    if (fits({ ...rules, tariff: free })) return { class: 'clamp' }
  }
  const lacking = missing(cdr)
  if (lacking !== null) return { class: 'missing_period', more: lacking }
  const own = cdr.tariffs[0]
  if (own !== undefined && fits(withTariff(rules, own, cdr.tariffs.slice(1)))) return { class: 'tariff' }
  // One unit for each line is what rounding them one by one can come to.
  if (Math.abs(difference(cdr, ours)) <= ours.lines.length) {
    return { class: 'rounding', more: 'It is less than one unit of the currency for each line.' }
  }
  return { class: 'unknown' }
}

function energyFinding(cdr: Cdr, { meteredWh }: Agreed): Finding[] {
  if (meteredWh === null) return []
  const off = cdr.energyWh - meteredWh
  // Research 6.4: what is more than 2 % and 5 Wh of rounding apart.
  if (Math.abs(off) <= Math.max(5, meteredWh * 0.02)) return []
  const words = `${differenceWords.energy} ${new Decimal(cdr.energyWh).div(1000)} kWh here, ${new Decimal(meteredWh).div(1000)} kWh there.`
  return [{ class: 'energy', words, amountMinor: 0 }]
}

/** What the totals have and the periods lack, in words. */
function missing(cdr: Cdr): string | null {
  const energy = cdr.periods.reduce((sum, { energyWh }) => sum.plus(energyWh), new Decimal(0))
  const time = (name: 'chargingMs' | 'parkingMs') => cdr.periods.reduce((sum, period) => sum + (period[name] ?? 0), 0)
  const slackMs = cdr.periods.length * 1000
  if (energy.minus(cdr.energyWh).abs().gt(cdr.periods.length)) {
    return `They have ${energy.div(1000)} kWh of ${new Decimal(cdr.energyWh).div(1000)}.`
  }
  if (cdr.parkingMs !== null && Math.abs(time('parkingMs') - cdr.parkingMs) > slackMs) return 'Parking time is missing.'
  const hasTime = cdr.periods.some(({ chargingMs }) => chargingMs !== null)
  if (hasTime && cdr.chargingMs !== null && Math.abs(time('chargingMs') - cdr.chargingMs) > slackMs) {
    return 'Charging time is missing.'
  }
  return null
}

function withoutSteps(rules: OcpiRules): OcpiRules {
  const plain = (tariff: Tariff): Tariff => ({
    ...tariff,
    elements: tariff.elements.map((element) => ({
      ...element,
      price_components: element.price_components.map((component) => ({ ...component, step_size: 1 })),
    })),
  })
  return withTariff(rules, plain(rules.tariff), (rules.alternatives ?? []).map(plain))
}

function withTariff({ alternatives: _, ...rules }: OcpiRules, tariff: Tariff, others: readonly Tariff[]): OcpiRules {
  return { ...rules, tariff, ...(others.length > 0 ? { alternatives: others } : {}) }
}

function moved(session: PricedSession, minutes: number): PricedSession {
  const at = (time: string) => new Date(Date.parse(time) + minutes * 60_000).toISOString()
  return {
    ...session,
    pluggedAt: at(session.pluggedAt),
    unpluggedAt: at(session.unpluggedAt),
    startedAt: at(session.startedAt),
    endedAt: at(session.endedAt),
    periods: session.periods.map((period) => ({ ...period, from: at(period.from), to: at(period.to) })),
  }
}

/** Exact amounts added up and rounded once, half up, as the hub settles with partners. */
function priced(result: PriceResult, currency: string): Repriced | string {
  if (result.kind === 'unpriceable') return result.reason
  const amounts = sums(result.lines)
  const scale = exponent(currency)
  const round = (amount: Decimal) => amount.times(scale).toDecimalPlaces(0, Decimal.ROUND_HALF_UP).toNumber()
  const netMinor = round(amounts.net)
  const totalMinor = round(amounts.gross)
  return {
    netMinor,
    taxMinor: totalMinor - netMinor,
    totalMinor,
    lines: result.lines.map(({ description, billedQuantity, unit, net, explanation }) => ({
      description,
      quantity: `${billedQuantity} ${unit}`,
      net,
      explanation,
    })),
    warnings: result.warnings ?? [],
  }
}

const taxOf = (line: PricedLine) =>
  line.gross === undefined
    ? new Decimal(line.exactTax ?? new Decimal(line.net).times(line.taxRate).div(100))
    : new Decimal(line.gross).minus(line.net)

function sums(lines: readonly PricedLine[]): { net: Decimal; gross: Decimal } {
  const net = lines.reduce((sum, line) => sum.plus(line.net), new Decimal(0))
  return { net, gross: lines.reduce((sum, line) => sum.plus(taxOf(line)), net) }
}

const exponent = (currency: string) => new Decimal(majorText(minor(1), currency)).pow(-1)

const ways = [
  ['cut off', Decimal.ROUND_DOWN],
  ['rounded up', Decimal.ROUND_UP],
  ['rounded half to even', Decimal.ROUND_HALF_EVEN],
  ['rounded half up', Decimal.ROUND_HALF_UP],
] as const

/** Public systems floor, truncate per line or round half up (research 1.6): does one of these give the amount? */
function rounded(cdr: Cdr, result: PriceResult, currency: string): string | null {
  if (result.kind === 'unpriceable') return null
  const scale = exponent(currency)
  const claimed = cdr.grossMinor ?? cdr.netMinor
  const amounts = result.lines.map((line) =>
    cdr.grossMinor === null ? new Decimal(line.net) : new Decimal(line.net).plus(taxOf(line)),
  )
  const whole = amounts.reduce((sum, amount) => sum.plus(amount), new Decimal(0))
  for (const [name, mode] of ways) {
    const cut = (amount: Decimal) => amount.times(scale).toDecimalPlaces(0, mode)
    if (cut(whole).eq(claimed)) return `The total is ${name}.`
    if (amounts.reduce((sum, amount) => sum.plus(cut(amount)), new Decimal(0)).eq(claimed))
      return `Each line is ${name}.`
  }
  return null
}
