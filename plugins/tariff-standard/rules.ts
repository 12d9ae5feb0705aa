// Owns the words of the standard rules as types. Rule sets are kept for ever: words are added here, never changed.
// Must not price; amounts are exact decimals as text in the currency's major unit ("0.49").
import type { LocalWindow, ParkerKind, Weekday } from '../../core/plugin/index.ts'

export interface Tax {
  code: string
  percent: string
}

/** One stretch of a stay, counted from where charging starts. */
export interface Band {
  /** End of the stretch; the last one has none. */
  untilMinutes?: number
  /** Length of an interval, each charged as soon as it is started; without it the price is for the whole stretch. */
  everyMinutes?: number
  price: string
}

/** Hours with a price of their own inside a stay; an unbroken stretch that lies in them is one occurrence. */
export interface RateWindow extends LocalWindow {
  name?: string
  price: string
  /** `flat` (the default): the price of each occurrence, "0" being free; `maximum`: its time costs what the bands say, at most this. */
  mode?: 'flat' | 'maximum'
}

export interface RateCard {
  bands: readonly Band[]
  /** `added` (the default): stretches add up. `total`: a price without interval is what everything up to there costs. */
  bandPrices?: 'added' | 'total'
  /** What a day is for the bands, which begin anew each day, and for the daily maximum. */
  day?: 'rolling' | 'calendar' | 'operating' | 'none'
  /** The hour on the wall at which an operating day begins. */
  dayStartsAt?: string
  dayMaximum?: string
  /** Seven times 24 hours from entry, or from Monday on. */
  week?: 'rolling' | 'calendar'
  weekMaximum?: string
  stayMaximum?: string
  windows?: readonly RateWindow[]
  /** The first minutes of every stay cost nothing. */
  freeMinutes?: number
  /** The last minutes of every stay are not counted: the way to the exit. */
  exitMinutes?: number
  /** Who leaves within so many minutes of paying pays nothing for them; who stays longer pays all of it. */
  exitGraceMinutes?: number
  /** `turnaround`: who leaves within it pays nothing, all others from the first minute. `interval`: tolerated at each boundary. */
  grace?: { minutes: number; mode: 'turnaround' | 'interval' }
  /** A longer stay costs this on top, once or for each started interval; without a price it is only remarked. */
  maxStay?: { minutes: number; price?: string; everyMinutes?: number }
  lostTicket?: string
}

/** A rate for stays that fit: every condition that is named has to be met. */
export interface ParkingProduct {
  name: string
  /** Entry in one of these; the minute that is named as the end belongs to it ("in by 9:00"). */
  entry?: readonly LocalWindow[]
  exit?: readonly LocalWindow[]
  /** Entry and exit on one calendar day of the site. */
  sameDay?: true
  /** Exit before the wall next shows this after the entry. */
  exitBefore?: { time: string; day?: Weekday }
  minMinutes?: number
  maxMinutes?: number
  /** Entry between two dates and times of the site ("2026-07-04T17:00"), both included. */
  event?: { from: string; to: string }
  parkers?: readonly ParkerKind[]
  groups?: readonly string[]
  flat?: string
  rates?: RateCard
}

export type Treatment = 'discount' | 'payment'

/** What a validation is worth where the parking system does not say: one of these. `flat`: the stay then costs this. */
export interface ValidationWorth {
  amount?: string
  percent?: string
  minutes?: number
  flat?: string
}

export interface ParkingRules extends RateCard {
  scope: 'parking'
  tax?: Tax & { included: boolean }
  /** Rates of other kinds of parkers. Contract parkers are included when nothing is said. */
  parkers?: Partial<Record<ParkerKind, { included: true } | RateCard>>
  /** Rates of groups, in this order, before those of kinds of parkers. */
  groups?: readonly ({ group: string } & ({ included: true } | { rates: RateCard }))[]
  /** For parkers without rates of their own; where none fits, the bands above hold. */
  products?: readonly ParkingProduct[]
  /** `first` (the default): the first that fits. `cheapest`: of all that fit and the bands. */
  select?: 'first' | 'cheapest'
  /** What charging during the stay takes off the time that counts. */
  charging?: {
    /** So much time at the charger costs no parking. Time in which the station holds the energy back counts as charging. */
    freeMinutes?: number
    counts?: 'charging' | 'plugged'
    /** Once the car is full, the idle fee of the charging tariff runs and parking does not. */
    idleReplacesParking?: true
  }
  /** Whether a validation lowers the price or is money that somebody else pays, and its worth; by provider number. */
  validations?: {
    treatment?: Treatment
    providers?: Readonly<Record<string, Treatment>>
    worth?: Readonly<Record<string, ValidationWorth>>
  }
}

export interface PriceWindow extends LocalWindow {
  name?: string
  price: string
  tax?: Tax
}

/** Ends are counted from the start of what is measured; the last one has none. */
export interface EnergyTier {
  untilKwh?: string
  untilMinutes?: number
  price: string
  tax?: Tax
}

export interface TimeTier {
  untilMinutes?: number
  price: string
  tax?: Tax
}

export interface TimePrice {
  price: string
  /** Hours with another price. */
  windows?: readonly PriceWindow[]
  /** Other prices by how much has been counted, instead of `price`; hours come first. */
  tiers?: readonly TimeTier[]
  step?: 'minute' | 'second'
  tax?: Tax
}

export interface EnergyPrice {
  price: string
  windows?: readonly PriceWindow[]
  /** Instead of `price`, by energy or by minutes since the start of the session; hours come first. */
  tiers?: readonly EnergyTier[]
  tax?: Tax
}

export interface ChargingPrices {
  energy?: EnergyPrice
  time?: TimePrice & { counts?: 'charging' | 'plugged' }
  session?: { price: string; withoutEnergy?: boolean; tax?: Tax }
  /** For each minute in which the charger was kept for this driver. */
  reservation?: { price: string; step?: 'minute' | 'second'; tax?: Tax }
  idle?: TimePrice & {
    graceMinutes?: number
    /** `threshold` (the default): the first minutes are free; `deduct`: as many of the last; `cliff`: who stays longer pays them too. */
    graceMode?: 'threshold' | 'deduct' | 'cliff'
    maximum?: string
    /** Idle time in these hours is not counted at all, nor does it use up the grace. */
    quietHours?: readonly LocalWindow[]
    /** `afterCharging` (the default): only what follows the last energy; `everyPause`: whenever the car would not take any. */
    counts?: 'afterCharging' | 'everyPause'
  }
  /** Energy that costs nothing, the first of each session, or of the local day or month in which sessions begin. */
  allowance?: { kwh: string; per: 'session' | 'day' | 'month' }
  minimum?: string
  maximum?: string
  /** Of all sessions of one account that begin on a local day, or in a month. */
  dayMaximum?: string
  monthMaximum?: string
}

export type ChargingPart = keyof ChargingPrices

/** Prices for some: what is named here replaces the same above. The first variant that fits holds. */
export interface ChargingVariant extends ChargingPrices {
  name?: string
  groups?: readonly string[]
  parkers?: readonly ParkerKind[]
  /** Not charged to them at all. */
  without?: readonly ChargingPart[]
}

export interface ChargingRules extends ChargingPrices {
  scope: 'charging'
  tax?: Tax & { included: boolean }
  variants?: readonly ChargingVariant[]
}

export type Rules = ParkingRules | ChargingRules
