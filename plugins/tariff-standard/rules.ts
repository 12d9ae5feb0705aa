// Owns the shape of the standard rules: TypeScript types, and the JSON Schema that forms and checks are made from.
// Must not price; amounts are exact decimals as text in the currency's major unit ("0.49").
import type { LocalWindow, ParkerKind } from '../../core/plugin/index.ts'

export interface Tax {
  code: string
  percent: string
}

/** One stretch of a stay, counted from where charging starts. Stretches add up. */
export interface Band {
  /** End of the stretch; the last one has none. */
  untilMinutes?: number
  /** Length of an interval, each charged as soon as it is started; without it the price is for the whole stretch. */
  everyMinutes?: number
  price: string
}

export interface RateCard {
  bands: readonly Band[]
  /** What a day is for the bands, which begin anew each day, and for the daily maximum. */
  day?: 'rolling' | 'calendar' | 'none'
  dayMaximum?: string
  stayMaximum?: string
  /** The first minutes of every stay cost nothing. */
  freeMinutes?: number
  /** `turnaround`: who leaves within it pays nothing, all others from the first minute. `interval`: tolerated at each boundary. */
  grace?: { minutes: number; mode: 'turnaround' | 'interval' }
  lostTicket?: string
}

export type Treatment = 'discount' | 'payment'

export interface ParkingRules extends RateCard {
  scope: 'parking'
  tax?: Tax & { included: boolean }
  /** Rates of other kinds of parkers. Contract parkers are included when nothing is said. */
  parkers?: Partial<Record<ParkerKind, { included: true } | RateCard>>
  /** Whether a validation lowers the price or is money that somebody else pays; by provider number where they differ. */
  validations?: { treatment?: Treatment; providers?: Readonly<Record<string, Treatment>> }
}

export interface PriceWindow extends LocalWindow {
  name?: string
  price: string
}

export interface ChargingRules {
  scope: 'charging'
  tax?: Tax & { included: boolean }
  energy?: { price: string; windows?: readonly PriceWindow[]; tax?: Tax }
  time?: { price: string; counts?: 'charging' | 'plugged'; step?: 'minute' | 'second'; tax?: Tax }
  session?: { price: string; withoutEnergy?: boolean; tax?: Tax }
  idle?: {
    price: string
    graceMinutes?: number
    maximum?: string
    /** Idle time in these hours is not counted at all, nor does it use up the grace. */
    quietHours?: readonly LocalWindow[]
    /** `afterCharging` (the default): only what follows the last energy; `everyPause`: whenever the car would not take any. */
    counts?: 'afterCharging' | 'everyPause'
    step?: 'minute' | 'second'
    tax?: Tax
  }
  minimum?: string
  maximum?: string
}

export type Rules = ParkingRules | ChargingRules

const price = { type: 'string', pattern: '^\\d{1,9}(\\.\\d{1,6})?$', title: 'Price', examples: ['0.49'] }
const percent = {
  type: 'string',
  pattern: '^(100(\\.0+)?|\\d{1,2}(\\.\\d{1,4})?)$',
  title: 'Percent',
  examples: ['19'],
}
const minutes = { type: 'integer', minimum: 1, maximum: 525_600, title: 'Minutes' }
const clock = { type: 'string', pattern: '^([01]\\d|2[0-3]):[0-5]\\d$', title: 'Time of day' }
const clockOrMidnight = { ...clock, pattern: '^(([01]\\d|2[0-3]):[0-5]\\d|24:00)$' }
const days = {
  type: 'array',
  minItems: 1,
  uniqueItems: true,
  title: 'Days on which it begins',
  items: { enum: ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] },
}
const step = { enum: ['minute', 'second'], default: 'minute', title: 'Charged per started' }

const object = (required: readonly string[], properties: Record<string, object>, more: object = {}) => ({
  type: 'object',
  additionalProperties: false,
  required,
  properties,
  ...more,
})

const taxCode = { type: 'string', pattern: '^[A-Za-z0-9._-]{1,32}$', title: 'Tax code' }
const tax = object(['code', 'percent'], { code: taxCode, percent }, { title: 'Tax' })
const mainTax = object(
  ['code', 'percent', 'included'],
  { code: taxCode, percent, included: { type: 'boolean', title: 'Prices include it' } },
  { title: 'Tax' },
)

const window = object(['from', 'to'], { from: clock, to: clockOrMidnight, days })
const priceWindow = object(['from', 'to', 'price'], {
  name: { type: 'string', minLength: 1, maxLength: 60, title: 'Name' },
  from: clock,
  to: clockOrMidnight,
  days,
  price,
})

const rateCard = {
  bands: {
    type: 'array',
    minItems: 1,
    maxItems: 50,
    title: 'Stretches of the stay, added up',
    items: object(['price'], { untilMinutes: minutes, everyMinutes: minutes, price }),
  },
  day: { enum: ['rolling', 'calendar', 'none'], default: 'none', title: 'A day is' },
  dayMaximum: { ...price, title: 'Maximum per day' },
  stayMaximum: { ...price, title: 'Maximum per stay' },
  freeMinutes: { ...minutes, title: 'Free minutes of every stay' },
  grace: object(
    ['minutes', 'mode'],
    { minutes, mode: { enum: ['turnaround', 'interval'] } },
    { title: 'Minutes of grace' },
  ),
  lostTicket: { ...price, title: 'Lost ticket' },
}

const parker = {
  oneOf: [
    object(['included'], { included: { const: true, title: 'Included in a contract' } }),
    object(['bands'], rateCard),
  ],
}
const treatment = { enum: ['discount', 'payment'], title: 'A validation is a' }

export const parkingSchema = object(
  ['scope', 'bands'],
  {
    scope: { const: 'parking' },
    tax: mainTax,
    ...rateCard,
    parkers: object([], { transient: parker, contract: parker, member: parker, reservation: parker }),
    validations: object([], {
      treatment,
      providers: { type: 'object', maxProperties: 500, additionalProperties: treatment },
    }),
  },
  { title: 'Parking' },
)

export const chargingSchema = object(
  ['scope'],
  {
    scope: { const: 'charging' },
    tax: mainTax,
    energy: object(
      ['price'],
      { price: { ...price, title: 'Per kWh' }, windows: { type: 'array', maxItems: 50, items: priceWindow }, tax },
      { title: 'Energy' },
    ),
    time: object(
      ['price'],
      {
        price: { ...price, title: 'Per minute' },
        counts: { enum: ['charging', 'plugged'], default: 'charging' },
        step,
        tax,
      },
      { title: 'Time' },
    ),
    session: object(
      ['price'],
      {
        price: { ...price, title: 'Per session' },
        withoutEnergy: { type: 'boolean', default: false, title: 'Also when no energy flowed' },
        tax,
      },
      { title: 'Session fee' },
    ),
    idle: object(
      ['price'],
      {
        price: { ...price, title: 'Per idle minute' },
        graceMinutes: { ...minutes, minimum: 0, title: 'Minutes of grace, once per session' },
        maximum: { ...price, title: 'Maximum per session' },
        quietHours: { type: 'array', maxItems: 20, items: window },
        counts: { enum: ['afterCharging', 'everyPause'], default: 'afterCharging' },
        step,
        tax,
      },
      { title: 'Idle fee' },
    ),
    minimum: { ...price, title: 'Minimum per session' },
    maximum: { ...price, title: 'Maximum per session' },
  },
  { title: 'Charging' },
)

export const rulesSchema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'Standard tariff',
  oneOf: [parkingSchema, chargingSchema],
}
