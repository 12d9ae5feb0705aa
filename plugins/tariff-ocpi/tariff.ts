// Owns the shape of OCPI tariffs as they come over the wire, all four editions: the JSON Schema of the rules.
// Must not price. Fields that price nothing (names, links, energy mix) are kept as they came.

import { OcpiShape } from '../../core/plugin/index.ts'

export type Edition = OcpiShape.Edition
export type Amount = OcpiShape.Amount
export type Dimension = OcpiShape.Dimension
export type RoundRule = OcpiShape.RoundRule
export type PriceComponent = OcpiShape.PriceComponent
export type Restrictions = OcpiShape.Restrictions
export type TariffElement = OcpiShape.TariffElement
export type Limit = OcpiShape.Limit
export type Tariff = OcpiShape.Tariff
export type OcpiRules = OcpiShape.OcpiRules

export const { editions, weekdayNames } = OcpiShape

const amount = (title: string) => ({
  title,
  type: ['number', 'string'],
  minimum: 0,
  maximum: 1_000_000_000,
  pattern: '^\\d{1,9}(\\.\\d{1,10})?$',
})
const vat = {
  title: 'VAT in percent',
  type: ['number', 'string'],
  minimum: 0,
  maximum: 100,
  pattern: '^(100(\\.0+)?|\\d{1,2}(\\.\\d{1,6})?)$',
}
const rounding = {
  type: 'object',
  required: ['round_granularity', 'round_rule'],
  properties: {
    round_granularity: { enum: ['UNIT', 'TENTH', 'HUNDREDTH', 'THOUSANDTH'] },
    round_rule: { enum: ['ROUND_UP', 'ROUND_DOWN', 'ROUND_NEAR'] },
  },
}
const clock = (title: string) => ({ type: 'string', pattern: '^(([01]\\d|2[0-3]):[0-5]\\d|24:00)$', title })
const date = (title: string) => ({ type: 'string', pattern: '^\\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\\d|3[01])$', title })

const component = {
  type: 'object',
  required: ['type', 'price'],
  properties: {
    type: { enum: ['ENERGY', 'FLAT', 'PARKING_TIME', 'TIME'], title: 'What is priced' },
    price: amount('Price: per kWh, per hour, or once'),
    vat,
    step_size: { type: 'integer', minimum: 0, maximum: 1_000_000_000, title: 'Steps of Wh or seconds' },
    step_round: rounding,
    price_round: rounding,
  },
}

const restrictions = {
  type: 'object',
  title: 'When the element holds',
  // A restriction that nobody reads would price what its owner did not mean.
  additionalProperties: false,
  properties: {
    start_time: clock('From this local time'),
    end_time: clock('Until this local time'),
    start_date: date('From this local date'),
    end_date: date('Until before this local date'),
    min_kwh: amount('From this energy on'),
    max_kwh: amount('Up to this energy'),
    min_current: amount('From this current (A) on'),
    max_current: amount('Below this current (A)'),
    min_power: amount('From this power (kW) on'),
    max_power: amount('Below this power (kW)'),
    min_duration: amount('From this many seconds of the session on'),
    max_duration: amount('Up to this many seconds of the session'),
    day_of_week: { type: 'array', items: { enum: weekdayNames }, title: 'On these days' },
    reservation: { enum: ['RESERVATION', 'RESERVATION_EXPIRES'], title: 'For reservations' },
  },
}

const limit = (title: string) => ({
  ...amount(title),
  type: ['number', 'string', 'object'],
  anyOf: [{ required: ['excl_vat'] }, { required: ['before_taxes'] }, { required: ['incl_vat'] }],
  properties: {
    excl_vat: amount('Before VAT'),
    incl_vat: amount('After VAT'),
    before_taxes: amount('Before taxes'),
    after_taxes: amount('After taxes'),
    taxes: {
      type: 'array',
      items: { type: 'object', required: ['amount'], properties: { amount: amount('Amount of this tax') } },
    },
  },
})

const tariff = {
  type: 'object',
  title: 'Tariff as OCPI has it',
  required: ['currency', 'elements'],
  properties: {
    id: { type: 'string', maxLength: 36 },
    currency: { type: 'string', pattern: '^[A-Z]{3}$', title: 'Currency' },
    tax_included: { enum: ['YES', 'NO', 'N/A'], title: 'Prices include taxes' },
    min_price: limit('Least price of a session'),
    max_price: limit('Highest price of a session'),
    elements: {
      type: 'array',
      minItems: 1,
      maxItems: 500,
      title: 'Elements, the first that matches counts',
      items: {
        type: 'object',
        required: ['price_components'],
        properties: { price_components: { type: 'array', minItems: 1, maxItems: 8, items: component }, restrictions },
      },
    },
  },
}

export const rulesSchema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'OCPI tariff',
  type: 'object',
  additionalProperties: false,
  required: ['edition', 'tariff'],
  properties: {
    edition: { enum: editions, title: 'Edition of OCPI' },
    tariff,
    alternatives: { type: 'array', maxItems: 20, items: tariff, title: 'Tariffs that a record may switch to' },
    tax: {
      type: 'object',
      title: 'Tax of components that name none',
      additionalProperties: false,
      required: ['code', 'percent'],
      properties: {
        code: { type: 'string', pattern: '^[A-Za-z0-9._-]{1,32}$', title: 'Tax code' },
        percent: { type: 'string', pattern: '^(100(\\.0+)?|\\d{1,2}(\\.\\d{1,6})?)$', title: 'Percent' },
      },
    },
  },
}
