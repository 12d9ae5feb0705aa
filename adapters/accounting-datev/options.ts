// Owns what an accountant has to say before a Buchungsstapel can be written: whose books, which chart, which year.
// Must not hold a rule that depends on the period.
import { documentPrefix } from '../../core/plugin/index.ts'

export interface Options {
  documentPrefix: string
  consultant: number
  client: number
  fiscalYearStartMonth: number
  accountLength: number
  chart: '' | '03' | '04'
  automaticAccounts: string[]
  costCentre1: string
  costCentre2: string
  locked: boolean
}

const costCentre = (title: string) =>
  ({
    type: 'string',
    title,
    description: 'Of all rows, for example the garage; empty without.',
    pattern: '^[A-Za-z0-9$&%*+/-]*$',
    maxLength: 36,
    default: '',
  }) as const

export const optionsSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['consultant', 'client'],
  properties: {
    consultant: {
      type: 'integer',
      title: 'Beraternummer',
      description: 'Of the tax adviser at DATEV.',
      minimum: 1_001,
      maximum: 9_999_999,
    },
    client: {
      type: 'integer',
      title: 'Mandantennummer',
      description: 'Of these books at the tax adviser.',
      minimum: 1,
      maximum: 99_999,
    },
    fiscalYearStartMonth: {
      type: 'integer',
      title: 'First month of the fiscal year',
      minimum: 1,
      maximum: 12,
      default: 1,
    },
    accountLength: {
      type: 'integer',
      title: 'Sachkontenlänge',
      description: 'Digits of general ledger accounts.',
      minimum: 4,
      maximum: 8,
      default: 4,
    },
    chart: {
      type: 'string',
      title: 'Sachkontenrahmen',
      description: '03 or 04; empty for any other.',
      enum: ['', '03', '04'],
      default: '',
    },
    automaticAccounts: {
      type: 'array',
      title: 'Automatic accounts',
      description:
        'Accounts from which DATEV takes tax by itself, for example 8400 (SKR03) or 4400 (SKR04). Their rows get the key 40.',
      items: { type: 'string', pattern: '^[0-9]{1,9}$' },
      uniqueItems: true,
      default: [],
    },
    documentPrefix: { ...documentPrefix, maxLength: 4 },
    costCentre1: costCentre('KOST1'),
    costCentre2: costCentre('KOST2'),
    locked: {
      type: 'boolean',
      title: 'Festschreibung',
      description: 'Whether the rows are locked as soon as they are imported.',
      default: false,
    },
  },
} as const
