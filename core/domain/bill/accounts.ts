// Owns the chart of accounts that the hub itself posts to.
// Must not know an accounting system's numbers; exports map these names.
import type { LineKind } from '../price.ts'

export const accounts = {
  receivable: 'receivable',
  /** Owed by whoever pays validations and prepaid credentials for the driver. */
  thirdParty: 'third_party.receivable',
  parking: 'revenue.parking',
  energy: 'revenue.energy',
  chargeTime: 'revenue.charge_time',
  idle: 'revenue.idle',
  sessionFee: 'revenue.session_fee',
  membership: 'revenue.membership',
  /** Contra revenue. */
  discounts: 'discounts.given',
  rebates: 'rebates.given',
  cash: 'cash',
  /** Money received that belongs to no stay or session yet. */
  unapplied: 'payments.unapplied',
} as const

export const taxPayable = (code: string): string => `tax.payable.${code}`

/** Money on its way from whoever took it: the card processor, the parking system, … */
export const clearing = (method: string | null): string => {
  const name = (method ?? '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '')
  return name === 'cash' ? accounts.cash : `clearing.${name === '' ? 'unknown' : name}`
}

/** The account whose balance the net of a line changes; the other side is the receivable. */
export const accountOf: Readonly<Record<LineKind, string>> = {
  PARKING: accounts.parking,
  ENERGY: accounts.energy,
  CHARGE_TIME: accounts.chargeTime,
  IDLE: accounts.idle,
  SESSION: accounts.sessionFee,
  MEMBERSHIP: accounts.membership,
  VALIDATION: accounts.discounts,
  DISCOUNT: accounts.discounts,
  REBATE: accounts.rebates,
  CREDIT: accounts.thirdParty,
}
