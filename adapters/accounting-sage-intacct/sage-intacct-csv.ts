// Owns general ledger journal entries as Sage Intacct imports them: what belongs to the whole entry stands on its first line alone.
// Must not cut what the import would refuse for its length; only texts for people are cut.
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
  sidesText,
  sizeFaults,
} from '../../core/plugin/index.ts'

interface Options {
  documentPrefix: string
  linesPerFile: number
  journal: string
  dateFormat: DateFormat
  location: string
  department: string
}

const headings = [
  'DONOTIMPORT',
  'JOURNAL',
  'DATE',
  'DESCRIPTION',
  'REFERENCE_NO',
  'LINE_NO',
  'ACCT_NO',
  'LOCATION_ID',
  'DEPT_ID',
  'DOCUMENT',
  'MEMO',
  'DEBIT',
  'CREDIT',
]
/** Of the header; Intacct's page on the import names 30. The whole text is in the memo. */
const longestDescription = 30
const longestMemo = 500
const longestNumber = 20

const longestDimension = 20

const dimension = (title: string) => cellOption(title, 'ID that all lines carry; empty without.', longestDimension)

export const sageIntacctCsv = defineAccountingFormat<Options>({
  id: 'sage-intacct-csv',
  title: 'Sage Intacct (CSV)',
  mostDigits: 2,
  options: {
    type: 'object',
    additionalProperties: false,
    required: ['journal'],
    properties: {
      documentPrefix,
      linesPerFile: linesPerFile(10_000, 100_000),
      journal: {
        type: 'string',
        title: 'Journal',
        description: 'ID of the journal in Intacct, for example GJ.',
        pattern: '^[A-Za-z0-9]{1,4}$',
      },
      dateFormat: dateFormatOption('The same as is chosen in the import.', ['MM/DD/YYYY', 'DD/MM/YYYY', 'YYYY-MM-DD']),
      location: dimension('Location'),
      department: dimension('Department'),
    },
  },
  accountFault: (name) =>
    /^[A-Za-z0-9][A-Za-z0-9.-]{0,23}$/.test(name)
      ? null
      : 'is no account number of Intacct: at most 24 letters, digits, points and hyphens',
  *faults(job) {
    yield* cellFaults(job.options, ['location', 'department'], longestDimension)
    yield* numberFaults(job, longestNumber)
    yield* sizeFaults(job)
  },
  *write(job) {
    const { period, options, account } = job
    return yield* journalCsv(job, {
      headings,
      rows(entry, lines) {
        const number = documentNumber(options.documentPrefix, period, entry)
        const date = dateText(entry.date, options.dateFormat)
        const head = ['', options.journal, date, cellText(entry.description, longestDescription) || number, number]
        const memo = cellText(entry.description, longestMemo)
        const document = cellText(entry.source.number ?? number, 30)
        return lines.map((line, i) => [
          ...(i === 0 ? head : ['', '', '', '', '']),
          String(i + 1),
          account(line.account),
          options.location,
          options.department,
          document,
          memo,
          ...sidesText(line, period.currency),
        ])
      },
    })
  },
})
