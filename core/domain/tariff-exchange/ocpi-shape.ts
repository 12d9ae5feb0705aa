// Owns the shape of OCPI tariffs, all four editions, as the hub's rules hold them.
// Must not check or price one; the plugin with the engine does.

export const editions = ['2.1.1', '2.2', '2.2.1', '2.3.0'] as const
export type Edition = (typeof editions)[number]

/** JSON number as in OCPI, or decimal text where somebody keeps exact decimals. */
export type Amount = number | string

export type Dimension = 'ENERGY' | 'FLAT' | 'PARKING_TIME' | 'TIME'

/** What a roaming platform adds to components: how counts of steps and prices are rounded. */
export interface RoundRule {
  round_granularity: 'UNIT' | 'TENTH' | 'HUNDREDTH' | 'THOUSANDTH'
  round_rule: 'ROUND_UP' | 'ROUND_DOWN' | 'ROUND_NEAR'
}

export interface PriceComponent {
  type: Dimension
  price: Amount
  vat?: Amount
  step_size?: number
  step_round?: RoundRule
  price_round?: RoundRule
}

export const weekdayNames = ['MONDAY', 'TUESDAY', 'WEDNESDAY', 'THURSDAY', 'FRIDAY', 'SATURDAY', 'SUNDAY'] as const

export interface Restrictions {
  start_time?: string
  end_time?: string
  start_date?: string
  end_date?: string
  min_kwh?: Amount
  max_kwh?: Amount
  min_current?: Amount
  max_current?: Amount
  min_power?: Amount
  max_power?: Amount
  min_duration?: Amount
  max_duration?: Amount
  day_of_week?: readonly (typeof weekdayNames)[number][]
  reservation?: 'RESERVATION' | 'RESERVATION_EXPIRES'
}

export interface TariffElement {
  price_components: readonly PriceComponent[]
  restrictions?: Restrictions
}

/** 2.2 and 2.2.1 say excl_vat and incl_vat, 2.3.0 before_taxes and after_taxes or the taxes one by one. */
export interface Limit {
  excl_vat?: Amount
  incl_vat?: Amount
  before_taxes?: Amount
  after_taxes?: Amount
  taxes?: readonly { name?: string; amount: Amount }[]
}

export interface Tariff {
  id?: string
  currency: string
  tax_included?: 'YES' | 'NO' | 'N/A'
  min_price?: Amount | Limit
  max_price?: Amount | Limit
  elements: readonly TariffElement[]
}

export interface OcpiRules {
  edition: Edition
  tariff: Tariff
  /** Further tariffs that periods of a partner's record name by their id. */
  alternatives?: readonly Tariff[]
  /** Of components that name no VAT, where the site's own is to be added. */
  tax?: { code: string; percent: string }
}
