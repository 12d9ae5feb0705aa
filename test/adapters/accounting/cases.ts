// Owns every format with the mapping and options it is tested with, and the reader that its files are held against.
// Must not judge.
import { businessCentralCsv } from '../../../adapters/accounting-business-central/business-central-csv.ts'
import { csvTemplate } from '../../../adapters/accounting-csv/csv-template.ts'
import { datevExtf } from '../../../adapters/accounting-datev/datev-extf.ts'
import { netsuiteCsv } from '../../../adapters/accounting-netsuite/netsuite-csv.ts'
import { beancount } from '../../../adapters/accounting-plaintext/beancount.ts'
import { hledger } from '../../../adapters/accounting-plaintext/hledger.ts'
import { quickbooksIif } from '../../../adapters/accounting-quickbooks/quickbooks-iif.ts'
import { quickbooksOnlineCsv } from '../../../adapters/accounting-quickbooks/quickbooks-online-csv.ts'
import { sageIntacctCsv } from '../../../adapters/accounting-sage-intacct/sage-intacct-csv.ts'
import { xeroCsv } from '../../../adapters/accounting-xero/xero-csv.ts'
import type { AccountingFormat, AccountMapping } from '../../../core/plugin/index.ts'
import { mappings } from './periods.ts'
import { readAnsi } from './readers/read-ansi.ts'
import { readBeancount } from './readers/read-beancount.ts'
import { readTable } from './readers/read-csv.ts'
import { readDatev } from './readers/read-datev.ts'
import {
  readBusinessCentral,
  readIif,
  readIntacct,
  readNetsuite,
  readQuickbooksOnline,
  readXero,
} from './readers/read-products.ts'
import { amountOf, type ReadLine } from './readers/totals.ts'

export interface FormatCase {
  format: AccountingFormat
  mapping: AccountMapping
  options: object
  digits: readonly (0 | 2 | 3)[]
  /** The lines of one file; amounts in minor units, or hundredths where the format has always two digits. */
  read(bytes: Uint8Array, digits: number): ReadLine[]
  alwaysTwoDigits?: boolean
}

const two = [0, 2] as const
const three = [0, 2, 3] as const

const text =
  (encoding: string, read: (text: string, digits: number) => ReadLine[]) =>
  (bytes: Uint8Array, digits: number): ReadLine[] =>
    read(
      encoding === 'utf-8'
        ? new TextDecoder(encoding, { fatal: true, ignoreBOM: true }).decode(bytes)
        : readAnsi(bytes),
      digits,
    )

export const templateOptions = {
  columns: [
    { heading: 'Kind', text: 'JOURNAL' },
    { heading: 'No', field: 'documentNumber' },
    { heading: 'Day', field: 'date' },
    { heading: 'Account', field: 'account' },
    { heading: 'Amount', field: 'amount' },
    { heading: 'Text', field: 'description' },
    { heading: 'Bill', field: 'sourceNumber' },
    { heading: 'Garage', field: 'siteName' },
  ],
  delimiter: ';',
  decimalMark: ',',
  dateFormat: 'DD.MM.YYYY',
}

function readTemplate(table: string, digits: number): ReadLine[] {
  return readTable(table, ';', '\r\n').map((cell) => {
    const amount = amountOf(cell('Amount'), digits, ',')
    return { entry: cell('No'), account: cell('Account'), amount }
  })
}

export const cases: readonly FormatCase[] = [
  { format: quickbooksIif, mapping: mappings.words, options: {}, digits: two, read: text('windows-1252', readIif) },
  {
    format: quickbooksOnlineCsv,
    mapping: mappings.words,
    options: {},
    digits: two,
    read: text('utf-8', readQuickbooksOnline),
  },
  { format: xeroCsv, mapping: mappings.numbers, options: {}, digits: two, read: text('utf-8', readXero) },
  {
    format: sageIntacctCsv,
    mapping: mappings.numbers,
    options: { journal: 'GJ' },
    digits: two,
    read: text('utf-8', readIntacct),
  },
  { format: netsuiteCsv, mapping: mappings.words, options: {}, digits: two, read: text('utf-8', readNetsuite) },
  {
    format: businessCentralCsv,
    mapping: mappings.numbers,
    options: { localCurrency: 'EUR', decimalMark: ',' },
    digits: three,
    read: text('utf-8', readBusinessCentral),
  },
  {
    format: datevExtf,
    mapping: mappings.numbers,
    options: { consultant: 1001, client: 7, automaticAccounts: ['8400'] },
    digits: two,
    read: (bytes) => readDatev(bytes).lines,
    alwaysTwoDigits: true,
  },
  {
    format: beancount,
    mapping: mappings.beans,
    options: {},
    digits: three,
    read: text('utf-8', (ledger, digits) => readBeancount(ledger, digits).lines),
  },
  {
    format: csvTemplate,
    mapping: mappings.words,
    options: templateOptions,
    digits: three,
    read: text('utf-8', readTemplate),
  },
  {
    format: csvTemplate,
    mapping: mappings.words,
    options: { ...templateOptions, encoding: 'windows-1252' },
    digits: three,
    read: text('windows-1252', readTemplate),
  },
]

/** Read by the program itself, in its own test. */
export const hledgerCase = { format: hledger, mapping: mappings.words, options: {} }
