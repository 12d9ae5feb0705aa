// Owns parking as the parking system priced it: which price may be billed, and the one line that it makes.
// Must not reckon a price: amount and tax are the vendor's, and its discounts are in them already.
import { Decimal, majorText, minor } from '../money.ts'
import type { PricedLine } from '../price.ts'
import type { StayPrice } from '../stay/stay.ts'
import type { BillingSettings } from './billing-settings.ts'
import type { StayFacts } from './subject-facts.ts'

/** What the line was made from; kept on the bill. */
export interface VendorPrice extends StayPrice {
  taxCode: string
  /** Percent, as shown. */
  taxRate: string
}

/** The price that may be billed; null while there is none, or where it says nothing in the site's currency. */
export function billablePrice(stay: Pick<StayFacts, 'price'>, currency: string): StayPrice | null {
  const { price } = stay
  return price?.final === true && price.currency === currency ? price : null
}

/** Whether the bill should wait for a price: a contract parker's stay has none unless the vendor tells one. */
export function awaitsPrice(stay: Pick<StayFacts, 'price' | 'parkerKind'>): boolean {
  return stay.price === null ? stay.parkerKind !== 'contract' : !stay.price.final
}

export function vendorPriceOf(price: StayPrice, tax: BillingSettings['parkingTax']): VendorPrice {
  return { ...price, taxCode: tax.code, taxRate: rateOf(price, tax.percent) }
}

export function vendorPriceLine(price: VendorPrice): PricedLine {
  const { amountMinor, taxMinor, currency, taxCode, taxRate, rate } = price
  const gross = majorText(minor(amountMinor), currency)
  const tax = taxMinor === undefined ? {} : { exactTax: majorText(minor(taxMinor), currency) }
  const share = new Decimal(1).plus(new Decimal(taxRate).div(100))
  const net =
    taxMinor === undefined
      ? new Decimal(gross).div(share).toSignificantDigits(20).toString()
      : majorText(minor(amountMinor - taxMinor), currency)
  return {
    key: 'vendor_price',
    kind: 'PARKING',
    description: 'Parking, as priced by the parking system',
    quantity: '1',
    billedQuantity: '1',
    unit: 'stay',
    unitPrice: gross,
    net,
    gross,
    ...tax,
    taxCode,
    taxRate,
    rulePath: '',
    explanation: [
      `The parking system asked for ${gross} ${currency}${rate === undefined ? '' : ` (${rate})`}; its discounts are taken off already.`,
    ],
  }
}

/**
 * The rate to show. A tax of 0.51 in 3.20 is 18.96 % by division and 19 % by law: the site's rate stands where it explains the
 * vendor's tax to the cent.
 */
function rateOf({ amountMinor, taxMinor }: StayPrice, percent: string): string {
  if (taxMinor === undefined) return percent
  const expected = new Decimal(amountMinor).times(percent).div(new Decimal(percent).plus(100))
  if (expected.minus(taxMinor).abs().lte(1)) return percent
  const net = amountMinor - taxMinor
  return net === 0 ? '0' : new Decimal(taxMinor).times(100).div(net).toDecimalPlaces(2).toString()
}
