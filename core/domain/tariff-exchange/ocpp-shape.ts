// Owns the shape of OCPP 2.1 tariffs (TariffType), as the hub's rules hold them.
// Must not check or price one; the plugin with the engine does.

/** JSON number as in OCPP, or decimal text where somebody keeps exact decimals. */
export type Amount = number | string

export const weekdayNames = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'] as const

export interface FixedConditions {
  startTimeOfDay?: string
  endTimeOfDay?: string
  dayOfWeek?: readonly (typeof weekdayNames)[number][]
  validFromDate?: string
  validToDate?: string
  evseKind?: 'AC' | 'DC'
  paymentBrand?: string
  paymentRecognition?: string
}

export interface Conditions extends FixedConditions {
  minEnergy?: Amount
  maxEnergy?: Amount
  minCurrent?: Amount
  maxCurrent?: Amount
  minPower?: Amount
  maxPower?: Amount
  minTime?: Amount
  maxTime?: Amount
  minChargingTime?: Amount
  maxChargingTime?: Amount
  minIdleTime?: Amount
  maxIdleTime?: Amount
}

export interface OcppTax {
  type: string
  tax: Amount
  stack?: number
}

export interface Priced<P> {
  prices: readonly (P & { conditions?: Conditions })[]
  taxRates?: readonly OcppTax[]
}

export interface Cost {
  exclTax?: Amount
  inclTax?: Amount
}

export interface Tariff {
  tariffId?: string
  currency: string
  energy?: Priced<{ priceKwh: Amount }>
  chargingTime?: Priced<{ priceMinute: Amount }>
  idleTime?: Priced<{ priceMinute: Amount }>
  fixedFee?: Priced<{ priceFixed: Amount }>
  reservationTime?: Priced<{ priceMinute: Amount }>
  reservationFixed?: Priced<{ priceFixed: Amount }>
  minCost?: Cost
  maxCost?: Cost
}

export interface OcppRules {
  edition: '2.1'
  tariff: Tariff
}

export type Dimension = 'energy' | 'chargingTime' | 'idleTime' | 'fixedFee' | 'reservationTime' | 'reservationFixed'
