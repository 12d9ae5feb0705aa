// Owns reading what a free-flow vendor asks for a parking: the whole amount, and the tax that is in it.
// Must not round, nor let a tax that does not add up stand in the way of the amount.
import { vendorAmount } from '../../core/plugin/index.ts'
import type { Fields } from './fields.ts'

export interface Price {
  currency: string
  /** Tax included. */
  amountMinor: number
  /** Left out where the vendor's parts do not add up to the whole. */
  taxMinor?: number
}

export interface PriceNames {
  currency: string
  gross: string
  net: string
  tax: string
}

export function readPrice(fields: Fields, names: PriceNames): Price {
  const currency = fields.needText(names.currency).toUpperCase()
  if (!/^[A-Z]{3}$/.test(currency)) {
    if (currency !== '') fields.wrong(names.currency, 'must be a currency of ISO 4217')
    return { currency: '', amountMinor: 0 }
  }
  const amount = (pointer: string) => vendorAmount(fields.value(pointer), currency)
  const gross = amount(names.gross)
  if (gross === null || gross < 0)
    fields.wrong(names.gross, `must be an amount of ${currency}, not below zero and with no more digits than it has`)
  const [net, tax] = [amount(names.net), amount(names.tax)]
  const adds = gross !== null && net !== null && tax !== null && net + tax === gross && net >= 0 && tax >= 0
  return { currency, amountMinor: gross ?? 0, ...(adds ? { taxMinor: tax } : {}) }
}
