// Owns what a bill was made from, kept on the bill: each price input, and the tariff that was chosen for it.
// Must not depend on anything that may change later: with the tariff's rules, a bill can be computed again from this alone.
import type { ParkerKind } from '../parking-fact.ts'
import type { PriceInput } from '../price.ts'
import type { BilledUnder } from './billing-model.ts'
import type { VendorPrice } from './vendor-price.ts'

export interface TariffChoice {
  tariffId: string
  version: number
  engine: string
  /** The plan is read as it was known then, also when a correction comes later. ISO 8601, UTC. */
  chosenAt: string
  /** It was fixed on the session before anything was billed; the plan was not asked. */
  fixed: boolean
  /** Of this account, at that time: its groups and its kind of parker. */
  accountId: string | null
  groups: readonly { groupId: string; code: string }[]
  parkerKind: ParkerKind
}

export interface BasisUnit {
  tariff: TariffChoice
  input: Omit<PriceInput, 'rules'>
}

export interface BillBasis {
  schema: 1
  /** Who bills what. Bills from before there was a choice have none: the hub billed all. */
  billing?: BilledUnder
  zone: string
  currency: string
  parking: BasisUnit | null
  /** Instead of `parking` where the parking system priced it. */
  vendorParking?: VendorPrice
  sessions: Readonly<Record<string, BasisUnit>>
}

/** Once billed, who priced the parking of a stay does not change with the site's settings. */
export function parkingPricedBy(earlier: readonly BillBasis[]): 'hub' | 'parcs' | null {
  const last = earlier.find((basis) => basis.parking !== null || basis.vendorParking !== undefined)
  return last === undefined ? null : last.vendorParking === undefined ? 'hub' : 'parcs'
}

export function emptyBasis(zone: string, currency: string): BillBasis {
  return { schema: 1, zone, currency, parking: null, sessions: {} }
}
