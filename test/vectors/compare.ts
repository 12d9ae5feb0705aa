// Owns holding a price against what an example expects: totals, lines, and every other expectation, each in words.
// Must not price anything.
import { Decimal } from '../../core/plugin/index.ts'
import { decimalIn, type Fields, fieldsOf, listOf } from './row-value.ts'
import type { PricedVector, Vector, VectorLine } from './vector.ts'

/** Empty: as expected. */
export function mismatches({ expected, compare }: Vector, came: PricedVector): string[] {
  const { total_excl, total_incl, lines, error, ...more } = expected
  if (came.kind === 'refused') {
    return error === undefined ? [`expected a price, but it was refused: ${came.reason}`] : []
  }
  if (error !== undefined) return [`expected to be refused (${said(error)}), but it was priced at ${came.totalExcl}`]
  const found: string[] = []
  const amount = (name: string, want: unknown, have: string | undefined) => {
    if (want !== undefined && !sameAmount(want, have, compare)) {
      found.push(`${name}: expected ${said(want)}, came ${have ?? 'nothing'}`)
    }
  }
  amount('total_excl', total_excl, came.totalExcl)
  amount('total_incl', total_incl, came.totalIncl)
  if (lines !== undefined) found.push(...lineMismatches(listOf(lines, 'expected.lines'), came.lines))
  for (const [name, want] of Object.entries(more)) found.push(...moreMismatches(name, want, came, compare))
  return found
}

const said = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value))

/** Digits at which thirds that add up to a whole are one again. */
const settled = 15

function rounded(value: Decimal, { scale, mode }: Vector['compare']): Decimal {
  const exact = value.toDecimalPlaces(settled, Decimal.ROUND_HALF_UP)
  return exact.toDecimalPlaces(scale, mode === 'floor' ? Decimal.ROUND_FLOOR : Decimal.ROUND_HALF_UP)
}

function sameAmount(want: unknown, have: unknown, compare: Vector['compare']): boolean {
  const [wanted, had] = [decimalIn(want), decimalIn(have)]
  if (wanted === null || had === null) return want === have
  return rounded(had, compare).eq(wanted) || rounded(had, compare).eq(rounded(wanted, compare))
}

/** Names that are texts for people, not expectations. */
const notes = new Set(['exact_working', 'notes', 'note', 'working'])

function moreMismatches(
  name: string,
  want: unknown,
  came: Extract<PricedVector, { kind: 'priced' }>,
  compare: Vector['compare'],
): string[] {
  if (notes.has(name)) return []
  if (name === 'exact_excl') return exactly(name, want, came.totalExcl)
  if (name === 'exact_incl') return exactly(name, want, came.totalIncl)
  const have = came.more?.[name]
  if (have === undefined) return [`${name}: expected ${said(want)}, but the engine says nothing of it`]
  if (name === 'taxes') return taxMismatches(fieldsOf(want, 'expected.taxes'), fieldsOf(have, 'taxes'), compare)
  if (Array.isArray(want)) {
    const had = new Set((Array.isArray(have) ? have : [have]).map(said))
    return want
      .filter((each) => !had.has(said(each)))
      .map((each) => `${name}: expected ${said(each)}, came ${said(have)}`)
  }
  // "unknown, added by jurisdiction"
  if (typeof want === 'string' && typeof have === 'string' && want.split(/[ ,]/)[0] === have) return []
  return sameAmount(want, have, compare) ? [] : [`${name}: expected ${said(want)}, came ${said(have)}`]
}

function exactly(name: string, want: unknown, have: string | undefined): string[] {
  const [wanted, had] = [decimalIn(want), decimalIn(have)]
  const same = wanted !== null && had?.toDecimalPlaces(settled).eq(wanted)
  return same ? [] : [`${name}: expected ${said(want)}, came ${have ?? 'nothing'}`]
}

function taxMismatches(want: Fields, have: Fields, compare: Vector['compare']): string[] {
  return Object.entries(want).flatMap(([code, amount]) =>
    sameAmount(amount, have[code] ?? '0', compare)
      ? []
      : [`taxes.${code}: expected ${said(amount)}, came ${said(have[code] ?? 'nothing')}`],
  )
}

interface Group {
  title: string
  quantity: Decimal
  excl: Decimal
  incl: Decimal
  /** How many lines said so: each may be half a unit of its last digit away. */
  count: { excl: number; incl: number; quantity: number }
  digits: { excl: number; incl: number }
}

const sameDimension: Readonly<Record<string, string>> = { FIXED: 'FLAT', RESERVATION_FIXED: 'RESERVATION_FLAT' }

/** Lines of one dimension and price are one thing, however many stretches of time they are told in. */
function lineMismatches(want: readonly unknown[], have: readonly VectorLine[]): string[] {
  const wanted = grouped(
    want.map((line, i) => fieldsOf(line, `expected.lines[${i}]`)),
    undefined,
  )
  const percents = new Set(
    want.flatMap((line) => ((line as Fields).tax_percent === undefined ? [] : [keyOf(line as Fields)])),
  )
  const had = grouped(
    have.map((line) => ({ ...line })),
    percents,
  )
  const found: string[] = []
  for (const [key, group] of wanted) {
    const came = had.get(key)
    if (came === undefined) {
      found.push(
        `line ${group.title}: expected, but there is none (there are ${[...had.values()].map(({ title }) => title).join('; ') || 'none'})`,
      )
      continue
    }
    if (group.count.quantity > 0 && !came.quantity.toDecimalPlaces(9).eq(group.quantity.toDecimalPlaces(9))) {
      found.push(`line ${group.title}: expected quantity ${group.quantity}, came ${came.quantity}`)
    }
    for (const side of ['excl', 'incl'] as const) {
      if (group.count[side] > 0 && !near(group, came, side)) {
        found.push(`line ${group.title}: expected ${side} ${group[side]}, came ${came[side].toDecimalPlaces(10)}`)
      }
    }
  }
  for (const [key, group] of had) {
    const adjusts = /^(MIN|MAX)_/.test(group.title)
    if (!wanted.has(key) && !adjusts && !group.excl.isZero())
      found.push(`line ${group.title}: ${group.excl.toDecimalPlaces(10)} was not expected`)
  }
  return found
}

function near(want: Group, came: Group, side: 'excl' | 'incl'): boolean {
  const slack = new Decimal(10).pow(-want.digits[side]).div(2).times(want.count[side])
  return came[side].minus(want[side]).abs().lte(slack.plus('1e-12'))
}

function keyOf(line: Fields): string {
  const dimension = sameDimension[String(line.dimension)] ?? String(line.dimension)
  return `${dimension} ${unitPrice(line)}`
}

/** @param percents lines whose tax rate counts too; undefined: where they say one */
function grouped(lines: readonly Fields[], percents: ReadonlySet<string> | undefined): Map<string, Group> {
  const groups = new Map<string, Group>()
  for (const line of lines) {
    const plain = keyOf(line)
    const byRate = percents === undefined ? line.tax_percent !== undefined : percents.has(plain)
    const rate = byRate ? ` at ${decimalIn(line.tax_percent)} %` : ''
    const key = `${plain}${rate}`
    const group = groups.get(key) ?? {
      title: key,
      quantity: new Decimal(0),
      excl: new Decimal(0),
      incl: new Decimal(0),
      count: { excl: 0, incl: 0, quantity: 0 },
      digits: { excl: 20, incl: 20 },
    }
    const quantity = decimalIn(line.billed_quantity)
    if (quantity !== null) {
      group.quantity = group.quantity.plus(quantity.times(scales[String(line.unit ?? '')] ?? 1))
      group.count.quantity += 1
    }
    for (const side of ['excl', 'incl'] as const) {
      const amount = decimalIn(line[side])
      if (amount === null) continue
      group[side] = group[side].plus(amount)
      group.count[side] += 1
      group.digits[side] = Math.min(group.digits[side], digitsOf(line[side]))
    }
    groups.set(key, group)
  }
  return groups
}

const digitsOf = (value: unknown) => String(value).split('.')[1]?.length ?? 0

/** Into Wh and seconds. */
const scales: Readonly<Record<string, number>> = { Wh: 1, kWh: 1000, s: 1, min: 60, h: 3600, d: 86_400 }

/** Per Wh, second or piece; "-" where none is said. */
function unitPrice({ unit_price, unit }: Fields): string {
  const [price, per = String(unit ?? '')] = String(unit_price ?? '-').split('/')
  const amount = decimalIn(price)
  if (amount === null) return '-'
  return amount
    .div(scales[per] ?? 1)
    .toDecimalPlaces(settled)
    .toString()
}
