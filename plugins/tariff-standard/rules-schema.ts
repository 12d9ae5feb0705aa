// Owns the JSON Schema of the standard rules, from which forms and the first check are made.
// Must not price, and must allow whatever it allowed before.
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
const wallTime = {
  type: 'string',
  pattern: '^\\d{4}-\\d{2}-\\d{2}T([01]\\d|2[0-3]):[0-5]\\d(:[0-5]\\d)?$',
  title: 'Date and time of the site',
  examples: ['2026-07-04T17:00'],
}
const weekday = { enum: ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] }
const days = { type: 'array', minItems: 1, uniqueItems: true, title: 'Days on which it begins', items: weekday }
const step = { enum: ['minute', 'second'], default: 'minute', title: 'Charged per started' }
const kwh = { type: 'string', pattern: '^\\d{1,6}(\\.\\d{1,3})?$', title: 'kWh', examples: ['10'] }
const name = { type: 'string', minLength: 1, maxLength: 60, title: 'Name' }
const groupCodes = {
  type: 'array',
  minItems: 1,
  maxItems: 50,
  uniqueItems: true,
  title: 'Groups',
  items: { type: 'string', minLength: 1, maxLength: 64 },
}
const parkerKinds = {
  type: 'array',
  minItems: 1,
  uniqueItems: true,
  title: 'Kinds of parkers',
  items: { enum: ['transient', 'contract', 'member', 'reservation'] },
}

const object = (required: readonly string[], properties: Record<string, object>, more: object = {}) => ({
  type: 'object',
  additionalProperties: false,
  required,
  properties,
  ...more,
})
const list = (items: object, maxItems: number, more: object = {}) => ({ type: 'array', maxItems, items, ...more })

const taxCode = { type: 'string', pattern: '^[A-Za-z0-9._-]{1,32}$', title: 'Tax code' }
const tax = object(['code', 'percent'], { code: taxCode, percent }, { title: 'Tax' })
const mainTax = object(
  ['code', 'percent', 'included'],
  { code: taxCode, percent, included: { type: 'boolean', title: 'Prices include it' } },
  { title: 'Tax' },
)

const hours = { from: clock, to: clockOrMidnight, days }
const window = object(['from', 'to'], hours)
const priceWindow = object(['from', 'to', 'price'], { name, ...hours, price, tax })
const rateWindow = object(['from', 'to', 'price'], {
  name,
  ...hours,
  price: { ...price, title: 'Price of each occurrence' },
  mode: { enum: ['flat', 'maximum'], default: 'flat', title: 'The price is' },
})

const rateCard = {
  bands: {
    type: 'array',
    minItems: 1,
    maxItems: 50,
    title: 'Stretches of the stay',
    items: object(['price'], { untilMinutes: minutes, everyMinutes: minutes, price }),
  },
  bandPrices: { enum: ['added', 'total'], default: 'added', title: 'Prices of stretches' },
  day: { enum: ['rolling', 'calendar', 'operating', 'none'], default: 'none', title: 'A day is' },
  dayStartsAt: { ...clock, title: 'An operating day begins at' },
  dayMaximum: { ...price, title: 'Maximum per day' },
  week: { enum: ['rolling', 'calendar'], default: 'rolling', title: 'A week is' },
  weekMaximum: { ...price, title: 'Maximum per week' },
  stayMaximum: { ...price, title: 'Maximum per stay' },
  windows: list(rateWindow, 50, { title: 'Hours with their own price' }),
  freeMinutes: { ...minutes, title: 'Free minutes of every stay' },
  exitMinutes: { ...minutes, title: 'Minutes to the exit that are not counted' },
  exitGraceMinutes: { ...minutes, title: 'Minutes to leave after paying' },
  grace: object(
    ['minutes', 'mode'],
    { minutes, mode: { enum: ['turnaround', 'interval'] } },
    { title: 'Minutes of grace' },
  ),
  maxStay: object(
    ['minutes'],
    { minutes, price: { ...price, title: 'Price of staying longer' }, everyMinutes: minutes },
    { title: 'Longest stay' },
  ),
  lostTicket: { ...price, title: 'Lost ticket' },
}
const rates = object(['bands'], rateCard, { title: 'Rates' })

const included = { const: true, title: 'Included in a contract' }
const parker = { oneOf: [object(['included'], { included }), rates] }
const groupRates = {
  oneOf: [
    object(['group', 'included'], { group: groupCodes.items, included }),
    object(['group', 'rates'], { group: groupCodes.items, rates }),
  ],
}
const treatment = { enum: ['discount', 'payment'], title: 'A validation is a' }
const worth = object(
  [],
  { amount: price, percent, minutes, flat: { ...price, title: 'The stay then costs' } },
  { minProperties: 1, maxProperties: 1 },
)
const byProvider = (value: object) => ({ type: 'object', maxProperties: 500, additionalProperties: value })

const product = object(['name'], {
  name,
  entry: list(window, 20, { minItems: 1, title: 'Entry within' }),
  exit: list(window, 20, { minItems: 1, title: 'Exit within' }),
  sameDay: { const: true, title: 'Entry and exit on the same day' },
  exitBefore: object(['time'], { time: clock, day: weekday }, { title: 'Exit before the next' }),
  minMinutes: minutes,
  maxMinutes: minutes,
  event: object(['from', 'to'], { from: wallTime, to: wallTime }, { title: 'Entry during the event' }),
  parkers: parkerKinds,
  groups: groupCodes,
  flat: { ...price, title: 'Flat price' },
  rates,
})

export const parkingSchema = object(
  ['scope', 'bands'],
  {
    scope: { const: 'parking' },
    tax: mainTax,
    ...rateCard,
    parkers: object([], { transient: parker, contract: parker, member: parker, reservation: parker }),
    groups: list(groupRates, 50, { title: 'Rates of groups' }),
    products: list(product, 50, { title: 'Products' }),
    select: { enum: ['first', 'cheapest'], default: 'first', title: 'Of the products that fit' },
    charging: object(
      [],
      {
        freeMinutes: { ...minutes, title: 'Minutes of parking that charging makes free' },
        counts: { enum: ['charging', 'plugged'], default: 'charging' },
        idleReplacesParking: { const: true, title: 'The idle fee replaces parking when the car is full' },
      },
      { title: 'Parking while charging' },
    ),
    validations: object([], { treatment, providers: byProvider(treatment), worth: byProvider(worth) }),
  },
  { title: 'Parking' },
)

const energyTiers = list(
  object(['price'], { untilKwh: kwh, untilMinutes: minutes, price: { ...price, title: 'Per kWh' }, tax }),
  50,
  { minItems: 1, title: 'Prices by amount' },
)
const timeTiers = list(
  object(['price'], { untilMinutes: minutes, price: { ...price, title: 'Per minute' }, tax }),
  50,
  {
    minItems: 1,
    title: 'Prices by length',
  },
)
const otherHours = list(priceWindow, 50, { title: 'Hours with another price' })
const timePrice = { windows: otherHours, tiers: timeTiers, step, tax }

const chargingPrices = {
  energy: object(
    ['price'],
    { price: { ...price, title: 'Per kWh' }, windows: otherHours, tiers: energyTiers, tax },
    { title: 'Energy' },
  ),
  time: object(
    ['price'],
    {
      price: { ...price, title: 'Per minute' },
      counts: { enum: ['charging', 'plugged'], default: 'charging', title: 'Time that counts' },
      ...timePrice,
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
  reservation: object(
    ['price'],
    { price: { ...price, title: 'Per reserved minute' }, step, tax },
    { title: 'Reservation' },
  ),
  idle: object(
    ['price'],
    {
      price: { ...price, title: 'Per idle minute' },
      graceMinutes: { ...minutes, minimum: 0, title: 'Minutes of grace, once per session' },
      graceMode: { enum: ['threshold', 'deduct', 'cliff'], default: 'threshold', title: 'Grace' },
      maximum: { ...price, title: 'Maximum per session' },
      quietHours: list(window, 20, { title: 'Quiet hours' }),
      counts: { enum: ['afterCharging', 'everyPause'], default: 'afterCharging', title: 'Time that counts' },
      ...timePrice,
    },
    { title: 'Idle fee' },
  ),
  allowance: object(
    ['kwh', 'per'],
    { kwh, per: { enum: ['session', 'day', 'month'], title: 'In each' } },
    { title: 'Free energy' },
  ),
  minimum: { ...price, title: 'Minimum per session' },
  maximum: { ...price, title: 'Maximum per session' },
  dayMaximum: { ...price, title: 'Maximum per account and day' },
  monthMaximum: { ...price, title: 'Maximum per account and month' },
}

export const chargingSchema = object(
  ['scope'],
  {
    scope: { const: 'charging' },
    tax: mainTax,
    ...chargingPrices,
    variants: list(
      object([], {
        name,
        groups: groupCodes,
        parkers: parkerKinds,
        ...chargingPrices,
        without: {
          type: 'array',
          uniqueItems: true,
          items: { enum: Object.keys(chargingPrices) },
          title: 'Not charged to them',
        },
      }),
      50,
      { title: 'Prices for some' },
    ),
  },
  { title: 'Charging' },
)

export const rulesSchema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'Standard tariff',
  oneOf: [parkingSchema, chargingSchema],
}
