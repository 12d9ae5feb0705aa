// Owns lines of Business Central's general journal as a table for Excel: the fields of table 81 in the captions of a
// configuration package, debits above zero.
// Must not name VAT posting groups: the hub has posted the tax, and Business Central would work it out again.
import {
  cellFaults,
  cellOption,
  cellText,
  type DateFormat,
  dateFormatOption,
  dateText,
  defineAccountingFormat,
  documentNumber,
  documentPrefix,
  journalCsv,
  linesPerFile,
  numberFaults,
  signedText,
  sizeFaults,
} from '../../core/plugin/index.ts'

interface Options {
  documentPrefix: string
  linesPerFile: number
  template: string
  batch: string
  localCurrency: string
  dateFormat: DateFormat
  decimalMark: '.' | ','
  dimension1: string
  dimension2: string
}

const headings = [
  'Journal Template Name',
  'Journal Batch Name',
  'Line No.',
  'Posting Date',
  'Document No.',
  'External Document No.',
  'Account Type',
  'Account No.',
  'Description',
  'Currency Code',
  'Amount',
  'Shortcut Dimension 1 Code',
  'Shortcut Dimension 2 Code',
]
const longestText = 100
const longestNumber = 20
const longestExternal = 35
/** Line numbers leave room for lines put in by hand. */
const step = 10_000
/** A line number is a 32-bit integer. */
const mostLines = 200_000

const code = (title: string, description: string, longest: number, standard: string) =>
  ({ ...cellOption(title, description, longest, standard), pattern: '^[A-Z0-9 ._/-]*$' }) as const

export const businessCentralCsv = defineAccountingFormat<Options>({
  id: 'business-central-csv',
  title: 'Business Central general journal (CSV for Excel)',
  mostDigits: 3,
  options: {
    type: 'object',
    additionalProperties: false,
    required: ['localCurrency'],
    properties: {
      documentPrefix,
      linesPerFile: linesPerFile(50_000, mostLines),
      template: code('Journal template', 'Name of the template in Business Central.', 10, 'GENERAL'),
      batch: code('Journal batch', 'Name of the batch that takes the lines.', 10, 'DEFAULT'),
      localCurrency: {
        type: 'string',
        title: 'Local currency',
        description: 'The LCY of the company, whose code Business Central wants left empty.',
        pattern: '^[A-Z]{3}$',
      },
      dateFormat: dateFormatOption('As in the regional settings of the user who imports.', [
        'YYYY-MM-DD',
        'MM/DD/YYYY',
        'DD/MM/YYYY',
        'DD.MM.YYYY',
      ]),
      decimalMark: {
        type: 'string',
        title: 'Decimal mark',
        description: 'As in the regional settings; with a comma the cells are divided by semicolons.',
        enum: ['.', ','],
        default: '.',
      },
      dimension1: code('Global dimension 1', 'Code that all lines carry; empty without.', 20, ''),
      dimension2: code('Global dimension 2', 'Code that all lines carry; empty without.', 20, ''),
    },
  },
  accountFault: (name) =>
    /^[A-Z0-9][A-Z0-9._/-]{0,19}$/.test(name)
      ? null
      : 'is no account number of Business Central: at most 20 capital letters, digits and . _ / -',
  *faults(job) {
    yield* cellFaults(job.options, ['template', 'batch', 'dimension1', 'dimension2'], 20)
    yield* numberFaults(job, longestNumber)
    yield* sizeFaults(job)
  },
  *write(job) {
    const { period, options, account } = job
    const currency = period.currency === options.localCurrency ? '' : period.currency
    const text = (amount: string) => amount.replace('.', options.decimalMark)
    let lineNumber = 0
    return yield* journalCsv(job, {
      headings,
      delimiter: options.decimalMark === ',' ? ';' : ',',
      mark: true,
      rows(entry, lines) {
        const number = documentNumber(options.documentPrefix, period, entry)
        const date = dateText(entry.date, options.dateFormat)
        const external = cellText(entry.source.number ?? '', longestExternal)
        const description = cellText(entry.description, longestText)
        return lines.map((line) => {
          lineNumber += step
          return [
            options.template,
            options.batch,
            String(lineNumber),
            date,
            number,
            external,
            'G/L Account',
            account(line.account),
            description,
            currency,
            text(signedText(line, period.currency)),
            options.dimension1,
            options.dimension2,
          ]
        })
      },
    })
  },
})
