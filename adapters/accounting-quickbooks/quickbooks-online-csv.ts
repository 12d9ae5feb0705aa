// Owns journal entries as QuickBooks Online imports them: a row per line, lines of one journal number together.
// Must not carry tax codes: the hub has posted the tax, and QuickBooks would add it a second time.
import {
  cellFault,
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
  dateFormat: DateFormat
  className: string
  location: string
}

const headings = [
  'JournalNo',
  'JournalDate',
  'AccountName',
  'Debits',
  'Credits',
  'Description',
  'Name',
  'Class',
  'Location',
]
const longestName = 100
const longestDescription = 4_000
const longestNumber = 21

const tracked = (title: string) => cellOption(title, 'Of all lines; empty without tracking.', longestName)

export const quickbooksOnlineCsv = defineAccountingFormat<Options>({
  id: 'quickbooks-online-csv',
  title: 'QuickBooks Online (CSV)',
  mostDigits: 2,
  options: {
    type: 'object',
    additionalProperties: false,
    properties: {
      documentPrefix,
      linesPerFile: linesPerFile(1_000, 1_000),
      dateFormat: dateFormatOption('The same as is chosen in the import.', ['MM/DD/YYYY', 'DD/MM/YYYY', 'YYYY-MM-DD']),
      className: tracked('Class'),
      location: tracked('Location'),
    },
  },
  accountFault: (name) => cellFault(name, 400),
  *faults(job) {
    yield* cellFaults(job.options, ['className', 'location'], longestName)
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
        const text = cellText(entry.description, longestDescription)
        return lines.map((line) => [
          number,
          date,
          account(line.account),
          ...sidesText(line, period.currency),
          text,
          '',
          options.className,
          options.location,
        ])
      },
    })
  },
})
