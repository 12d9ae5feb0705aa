// Owns journal entries as NetSuite's import assistant takes them: one external ID per entry, its fields on every line.
// Must not reuse an external ID: NetSuite would update the entry that has it.
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
  entriesPerStep,
  journalCsv,
  linesOf,
  linesPerFile,
  sidesText,
  sizeFaults,
} from '../../core/plugin/index.ts'

interface Options {
  documentPrefix: string
  linesPerFile: number
  dateFormat: DateFormat
  subsidiary: string
  department: string
  className: string
  location: string
}

const headings = [
  'External ID',
  'Date',
  'Subsidiary',
  'Currency',
  'Memo',
  'Account',
  'Debit',
  'Credit',
  'Line Memo',
  'Department',
  'Class',
  'Location',
]
const longestName = 250
const longestMemo = 999
/** Ten digits before the point and two after (NetSuite help, line-level fields of journal entries). */
const largest = 999_999_999_999

const name = (title: string, description: string) => cellOption(title, description, longestName)

export const netsuiteCsv = defineAccountingFormat<Options>({
  id: 'netsuite-csv',
  title: 'NetSuite journal entries (CSV)',
  mostDigits: 2,
  options: {
    type: 'object',
    additionalProperties: false,
    properties: {
      documentPrefix,
      linesPerFile: linesPerFile(25_000, 25_000),
      dateFormat: dateFormatOption('As in the preferences of the user who imports.', [
        'MM/DD/YYYY',
        'DD/MM/YYYY',
        'YYYY-MM-DD',
        'DD.MM.YYYY',
      ]),
      subsidiary: name(
        'Subsidiary',
        'Full name as in NetSuite OneWorld, for example Parent : Child; empty without OneWorld.',
      ),
      department: name('Department', 'Of all lines; empty without.'),
      className: name('Class', 'Of all lines; empty without.'),
      location: name('Location', 'Of all lines; empty without.'),
    },
  },
  accountFault: (text) => cellFault(text, longestName),
  *faults(job) {
    yield* cellFaults(job.options, ['subsidiary', 'department', 'className', 'location'], longestName)
    yield* sizeFaults(job)
    const lines = linesOf(job.period)
    for (const [i, entry] of job.period.entries.entries()) {
      if (i % entriesPerStep === entriesPerStep - 1) yield
      if (lines(entry).some(({ amount }) => amount > largest))
        yield {
          pointer: '',
          message: `Entry ${entry.number} has an amount with more than ten digits before the point.`,
        }
    }
  },
  *write(job) {
    const { period, options, account } = job
    return yield* journalCsv(job, {
      headings,
      rows(entry, lines) {
        // The site and the entry's own number of a period are unique within the organization, so a second import finds itself.
        const id = `baywatt-${documentNumber(options.documentPrefix, period, entry)}-${entry.entryId}`
        const date = dateText(entry.date, options.dateFormat)
        const memo = cellText(entry.description, longestMemo)
        const lineMemo = cellText(entry.source.number ?? '', longestMemo)
        return lines.map((line) => [
          id,
          date,
          options.subsidiary,
          period.currency,
          memo,
          account(line.account),
          ...sidesText(line, period.currency),
          lineMemo,
          options.department,
          options.className,
          options.location,
        ])
      },
    })
  },
})
