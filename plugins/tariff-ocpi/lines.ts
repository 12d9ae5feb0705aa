// Owns turning the use of a component into a priced and explained line.
// Must not decide what was used.
import { Decimal, type LineTaxes, type PricedLine, taxedLine } from '../../core/plugin/index.ts'
import type { OcpiRules, PriceComponent, Tariff } from './tariff.ts'
import { tariffPath } from './tariff-path.ts'
import { rounded, type Usage } from './usage.ts'
import { restrictionWords } from './words.ts'

export function lineOf(usage: Usage, key: string, rules: OcpiRules, tariffs: readonly Tariff[]): PricedLine {
  const { component, element, index, restrictions, measured, billed, notes } = usage
  const price = new Decimal(component.price)
  const shape = shapeOf(usage)
  const exact = price.times(billed).div(shape.divisor)
  const amount = component.price_round === undefined ? exact : rounded(exact, component.price_round)
  const taxes = taxesOf(component, tariffs[usage.tariff], rules)
  const words = restrictionWords(restrictions)
  return taxedLine({
    key,
    kind: shape.kind,
    description: shape.description,
    quantity: quantity(measured, shape.scale),
    billedQuantity: quantity(billed, shape.scale),
    unit: shape.unit,
    unitPrice: price.toString(),
    ...(shape.per === undefined ? {} : { per: shape.per }),
    amount,
    taxes,
    rulePath: `${tariffPath(usage.tariff)}/elements/${element}/price_components/${index}`,
    explanation: [
      words === '' ? `Element ${element + 1} holds at any time.` : `Element ${element + 1} holds ${words}.`,
      ...notes,
      ...(component.type === 'FLAT'
        ? [`Once ${usage.reservation ? 'for the reservation' : 'per charging session'}: ${price}.`]
        : [
            `${quantity(billed, shape.scale)} ${shape.unit} × ${price}${shape.per === undefined ? '' : ` / ${shape.per}`} = ${exact.toDecimalPlaces(10)}.`,
          ]),
      ...(amount.eq(exact) ? [] : [`The tariff rounds this to ${amount}.`]),
      ...taxWords(taxes),
    ],
  })
}

function quantity(value: Decimal, scale: number): string {
  return value.div(scale).toDecimalPlaces(10).toString()
}

function shapeOf({ component: { type }, reservation }: Usage) {
  switch (type) {
    case 'ENERGY':
      return { kind: 'ENERGY', description: 'Energy', unit: 'kWh', scale: 1000, divisor: 1000, per: undefined } as const
    case 'FLAT': {
      const description = reservation ? 'Reservation fee' : 'Session fee'
      return { kind: 'SESSION', description, unit: 'session', scale: 1, divisor: 1, per: undefined } as const
    }
    case 'TIME': {
      const description = reservation ? 'Time reserved' : 'Time charging'
      const kind = reservation ? 'SESSION' : 'CHARGE_TIME'
      return { kind, description, unit: 'second', scale: 1, divisor: 3600, per: '3600' } as const
    }
    case 'PARKING_TIME':
      return {
        kind: 'IDLE',
        description: 'Time plugged in without charging',
        unit: 'second',
        scale: 1,
        divisor: 3600,
        per: '3600',
      } as const
  }
}

function taxesOf({ vat }: PriceComponent, tariff: Tariff | undefined, { edition, tax }: OcpiRules): LineTaxes {
  const included = tariff?.tax_included === 'YES'
  if (vat !== undefined) return { rates: [{ code: 'VAT', percent: new Decimal(vat).toString() }], included }
  if (tax !== undefined) return { rates: [tax], included }
  // An absent VAT is "not known", which is not zero; 2.1.1 has none at all, and N/A says that there is none.
  return { rates: [], included, unknown: edition !== '2.1.1' && tariff?.tax_included !== 'N/A' }
}

function taxWords({ rates, included, unknown }: LineTaxes): string[] {
  const [rate] = rates
  if (rate !== undefined) {
    return [included ? `It holds ${rate.percent} % ${rate.code}.` : `${rate.percent} % ${rate.code} is added.`]
  }
  if (!unknown) return []
  return [
    included ? 'It holds taxes that the tariff does not tell apart.' : 'The tariff does not say which taxes there are.',
  ]
}

/** Every watt-hour is on a line, also where no element prices it: what was delivered is counted from bills. */
export function freeEnergyLine(energyWh: Decimal): PricedLine {
  return taxedLine({
    key: 'ENERGY:free',
    kind: 'ENERGY',
    description: 'Energy',
    quantity: quantity(energyWh, 1000),
    billedQuantity: quantity(energyWh, 1000),
    unit: 'kWh',
    unitPrice: '0',
    amount: new Decimal(0),
    taxes: { rates: [], included: false },
    rulePath: '/tariff/elements',
    explanation: ['No element that matches prices energy: it is free.'],
  })
}
