// Owns turning what an engine answers into the form of the examples.
// Must not price anything.
import { Decimal, exclOf, inclOf, type PricedLine, type PriceResult } from '../../core/plugin/index.ts'
import type { PricedVector, VectorLine } from './vector.ts'

const units: Readonly<Record<string, string>> = { second: 's', minute: 'min', hour: 'h', kWh: 'kWh' }

/** @param dimensionOf the line's name in the examples */
export function pricedVector(result: PriceResult, dimensionOf: (line: PricedLine) => string): PricedVector {
  if (result.kind === 'unpriceable') return { kind: 'refused', reason: result.reason }
  const { lines, warnings = [] } = result
  const total = (amount: (line: PricedLine) => Decimal) => Decimal.sum(0, ...lines.map(amount)).toString()
  const unknown = lines.some(({ taxCode }) => taxCode === 'unknown')
  const [totalExcl, totalIncl] = [total(exclOf), total(inclOf)]
  return {
    kind: 'priced',
    totalExcl,
    totalIncl,
    lines: lines.map((line) => vectorLine(line, dimensionOf(line))),
    more: {
      total_taxes: unknown ? 'unknown' : new Decimal(totalIncl).minus(totalExcl).toString(),
      taxes: taxesOf(lines),
      warnings: warnings.map((text) => text.split(':')[0]),
    },
    explanation: [...lines.flatMap(explained), ...warnings.map((text) => `! ${text}`)],
  }
}

function vectorLine(line: PricedLine, dimension: string): VectorLine {
  const unit = units[line.unit] ?? ''
  const perHour = line.unit === 'second' && line.per === '3600'
  return {
    dimension,
    billed_quantity: line.billedQuantity,
    unit,
    unit_price: perHour ? `${line.unitPrice}/h` : unit === '' ? line.unitPrice : `${line.unitPrice}/${unit}`,
    tax_percent: line.taxRate,
    excl: exclOf(line).toString(),
    incl: inclOf(line).toString(),
  }
}

function taxesOf(lines: readonly PricedLine[]): Record<string, string> {
  const sums: Record<string, Decimal> = {}
  for (const { taxes = [] } of lines) {
    for (const { code, amount } of taxes) sums[code] = (sums[code] ?? new Decimal(0)).plus(amount)
  }
  return Object.fromEntries(Object.entries(sums).map(([code, sum]) => [code, sum.toString()]))
}

function explained(line: PricedLine): string[] {
  const per = line.per === undefined ? '' : ` / ${line.per}`
  return [
    `${line.key} [${line.rulePath}] ${line.description}: measured ${line.quantity}, billed ${line.billedQuantity} ${line.unit} × ${line.unitPrice}${per}; ${exclOf(line).toDecimalPlaces(10)} excl., ${inclOf(line).toDecimalPlaces(10)} incl. (${line.taxCode} ${line.taxRate} %)`,
    ...line.explanation.map((text) => `    ${text}`),
  ]
}
