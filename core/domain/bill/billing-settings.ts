// Owns a site's settings about billing: what each is called, what it is when nothing is set.
// Must not fail on a setting that makes no sense; the default is used, and the API refuses such values beforehand.
import { type Numbering, numberingOf } from './number-series.ts'
import { defaultRounding, isRoundingPolicyName, type RoundingPolicy, roundingPolicies } from './rounding.ts'

export interface BillingSettings {
  /** Quiet time after the latest fact before anything is billed: late events come within minutes. */
  settleDelayMs: number
  /** How long a doubtful link may keep its stay and session from being billed. */
  reviewHoldMs: number
  /** How long a session waits for a stay it might belong to. */
  linkWindowMs: number
  /** How long a bill waits for a charger that has not said that a session is over. */
  sessionHoldMs: number
  /** How long a finished session waits for its car to leave. */
  openStayHoldMs: number
  billParking: boolean
  /** Whose price of the parking counts: our tariffs', or what the parking system tells. */
  parkingPrice: 'hub' | 'parcs'
  /** How long a stay that is over waits for the parking system's final price. */
  priceHoldMs: number
  /** Of parking that the parking system prices. */
  parkingTax: { code: string; percent: string }
  billCharging: boolean
  rounding: RoundingPolicy
  /** Legal series of bill numbers. */
  numbering: Numbering
  /** Above it, money is given back only with the word of another person than who asks; null: never. */
  approvalLimitMinor: number | null
  /** How long a dispute may stay undecided. */
  disputeDays: number
  /** How long a session that is over waits for its signed meter data. */
  signedDataHoldMs: number
  /** How long a session that ended without a last meter reading waits for one. */
  meterEndHoldMs: number
}

const minuteMs = 60_000
const hourMs = 60 * minuteMs

export function billingSettings(settings: unknown, siteCode: string): BillingSettings {
  const given: Record<string, unknown> = typeof settings === 'object' && settings !== null ? { ...settings } : {}
  const time = (name: string, standard: number, unit: number) => {
    const value = given[name]
    return (typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : standard) * unit
  }
  const yes = (name: string) => given[name] !== false
  const { rounding, bill_series: series, parking_tax_code: taxCode, parking_tax_percent: taxPercent } = given
  const percent = typeof taxPercent === 'string' && /^\d{1,2}(\.\d{1,4})?$/.test(taxPercent) ? taxPercent : '0'
  return {
    settleDelayMs: time('settle_delay_minutes', 15, minuteMs),
    reviewHoldMs: time('review_hold_hours', 72, hourMs),
    linkWindowMs: time('link_window_minutes', 120, minuteMs),
    sessionHoldMs: time('session_hold_hours', 24, hourMs),
    openStayHoldMs: time('open_stay_hold_hours', 72, hourMs),
    billParking: yes('bill_parking'),
    parkingPrice: given.parking_price === 'parcs' ? 'parcs' : 'hub',
    priceHoldMs: time('price_hold_minutes', 60, minuteMs),
    parkingTax: { code: typeof taxCode === 'string' && taxCode !== '' ? taxCode : 'TAX', percent },
    billCharging: yes('bill_charging'),
    rounding: isRoundingPolicyName(rounding) ? roundingPolicies[rounding] : defaultRounding,
    approvalLimitMinor: wholeNumber(given.approval_limit_minor),
    disputeDays: wholeNumber(given.dispute_days) ?? 14,
    signedDataHoldMs: time('signed_data_hold_hours', 0, hourMs),
    meterEndHoldMs: time('meter_end_hold_hours', 0, hourMs),
    numbering: numberingOf(
      given.bill_numbering,
      typeof series === 'string' && series !== '' ? series : siteCode,
      siteCode,
    ),
  }
}

function wholeNumber(value: unknown): number | null {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : null
}
