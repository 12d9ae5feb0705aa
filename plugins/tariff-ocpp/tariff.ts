// Owns the shape of OCPP 2.1 tariffs (TariffType): the JSON Schema of the rules.
// Must not price. Texts and dates that price nothing are kept as they came.

import { OcppShape } from '../../core/plugin/index.ts'

export type Amount = OcppShape.Amount
export type FixedConditions = OcppShape.FixedConditions
export type Conditions = OcppShape.Conditions
export type OcppTax = OcppShape.OcppTax
export type Cost = OcppShape.Cost
export type Tariff = OcppShape.Tariff
export type OcppRules = OcppShape.OcppRules
export type Dimension = OcppShape.Dimension

const { weekdayNames } = OcppShape

const amount = (title: string) => ({
  title,
  type: ['number', 'string'],
  minimum: 0,
  maximum: 1_000_000_000,
  pattern: '^\\d{1,9}(\\.\\d{1,10})?$',
})
const percent = {
  title: 'Percent',
  type: ['number', 'string'],
  minimum: 0,
  maximum: 100,
  pattern: '^(100(\\.0+)?|\\d{1,2}(\\.\\d{1,6})?)$',
}
const clock = (title: string) => ({ type: 'string', pattern: '^(([01]\\d|2[0-3]):[0-5]\\d|24:00)$', title })
const date = (title: string) => ({ type: 'string', pattern: '^\\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\\d|3[01])$', title })
const customData = { type: 'object' }

const fixedConditions = {
  startTimeOfDay: clock('From this local time'),
  endTimeOfDay: clock('Until this local time'),
  dayOfWeek: { type: 'array', items: { enum: weekdayNames }, title: 'On these days' },
  validFromDate: date('From this local date'),
  validToDate: date('Until before this local date'),
  evseKind: { enum: ['AC', 'DC'], title: 'Kind of charger' },
  paymentBrand: { type: 'string', maxLength: 20, title: 'Brand of the card' },
  paymentRecognition: { type: 'string', maxLength: 20, title: 'How the card was recognised' },
  customData,
}
const limits = ['Energy', 'Current', 'Power', 'Time', 'ChargingTime', 'IdleTime'] as const
const meteredConditions = Object.fromEntries(
  limits.flatMap((name) => [
    [`min${name}`, amount(`From this ${name} on`)],
    [`max${name}`, amount(`Below this ${name}`)],
  ]),
)

const priced = (price: string, title: string, metered: boolean) => ({
  type: 'object',
  title,
  required: ['prices'],
  properties: {
    prices: {
      type: 'array',
      minItems: 1,
      maxItems: 200,
      items: {
        type: 'object',
        required: [price],
        properties: {
          [price]: amount('Price'),
          conditions: {
            type: 'object',
            title: 'When it holds',
            // A condition that nobody reads would price what its owner did not mean.
            additionalProperties: false,
            properties: metered ? { ...fixedConditions, ...meteredConditions } : fixedConditions,
          },
        },
      },
    },
    taxRates: {
      type: 'array',
      maxItems: 5,
      items: {
        type: 'object',
        required: ['type', 'tax'],
        properties: {
          type: { type: 'string', minLength: 1, maxLength: 20, title: 'Tax' },
          tax: percent,
          stack: { type: 'integer', minimum: 0, maximum: 100, title: 'Stack' },
        },
      },
    },
  },
})

const cost = (title: string) => ({
  type: 'object',
  title,
  anyOf: [{ required: ['exclTax'] }, { required: ['inclTax'] }],
  properties: { exclTax: amount('Before taxes'), inclTax: amount('After taxes') },
})

export const rulesSchema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'OCPP tariff',
  type: 'object',
  additionalProperties: false,
  required: ['edition', 'tariff'],
  properties: {
    edition: { const: '2.1', title: 'Edition of OCPP' },
    tariff: {
      type: 'object',
      title: 'Tariff as OCPP has it',
      required: ['currency'],
      properties: {
        tariffId: { type: 'string', maxLength: 60 },
        currency: { type: 'string', pattern: '^[A-Z]{3}$', title: 'Currency' },
        energy: priced('priceKwh', 'Per kWh', true),
        chargingTime: priced('priceMinute', 'Per minute of charging', true),
        idleTime: priced('priceMinute', 'Per minute of idling', true),
        fixedFee: priced('priceFixed', 'Once per session', false),
        reservationTime: priced('priceMinute', 'Per minute of a reservation', true),
        reservationFixed: priced('priceFixed', 'Once per reservation', false),
        minCost: cost('Least price of a session'),
        maxCost: cost('Highest price of a session'),
      },
    },
  },
}
