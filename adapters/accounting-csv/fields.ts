// Owns the fields that a column of a template may show, and the cells of an entry.
// Must not format what the template leaves open: dates and decimal marks follow its options everywhere.
import {
  type BookEntry,
  cellText,
  type DateFormat,
  dateText,
  documentNumber,
  type ExportJob,
  type JournalLine,
  sidesText,
  signedText,
  withOffset,
} from '../../core/plugin/index.ts'

/** What of a template the cells depend on. */
interface CellOptions {
  columns: readonly { field?: Field; text?: string }[]
  decimalMark: string
  dateFormat: DateFormat
  documentPrefix: string
}

interface Place {
  job: ExportJob<CellOptions>
  entry: BookEntry
  line: JournalLine
  /** From 1 within the entry. */
  number: number
}

const longest = 4_000
const free = (text: string) => cellText(text, longest)
const amount = ({ job }: Place, text: string) => text.replace('.', job.options.decimalMark)

/** What each field shows. Texts of people are made harmless; what the hub or the mapping writes goes out as it is. */
const fields = {
  account: ({ job, line }: Place) => job.account(line.account),
  hubAccount: ({ line }: Place) => free(line.account),
  hubAccountName: ({ job, line }: Place) =>
    free(job.period.accounts.find(({ code }) => code === line.account)?.name ?? ''),
  date: ({ job, entry }: Place) => dateText(entry.date, job.options.dateFormat),
  postedAt: ({ job, entry }: Place) => withOffset(new Date(entry.postedAt), job.period.site.zone),
  documentNumber: ({ job, entry }: Place) => documentNumber(job.options.documentPrefix, job.period, entry),
  entryNumber: ({ entry }: Place) => String(entry.number),
  entryId: ({ entry }: Place) => free(entry.entryId),
  lineNumber: ({ number }: Place) => String(number),
  description: ({ entry }: Place) => free(entry.description),
  side: ({ line }: Place) => line.side,
  amount: (place: Place) => amount(place, signedText(place.line, place.job.period.currency)),
  debit: (place: Place) => amount(place, sidesText(place.line, place.job.period.currency)[0]),
  credit: (place: Place) => amount(place, sidesText(place.line, place.job.period.currency)[1]),
  currency: ({ job }: Place) => job.period.currency,
  taxCode: ({ job, line }: Place) => free(job.tax(line.taxCode) || (line.taxCode ?? '')),
  siteCode: ({ job }: Place) => free(job.period.site.code),
  siteName: ({ job }: Place) => free(job.period.site.name),
  organization: ({ job }: Place) => free(job.period.organization.name),
  sourceType: ({ entry }: Place) => free(entry.source.type),
  sourceId: ({ entry }: Place) => free(entry.source.id),
  sourceNumber: ({ entry }: Place) => free(entry.source.number ?? ''),
  periodNumber: ({ job }: Place) => String(job.period.number),
  periodHash: ({ job }: Place) => job.period.hash,
} as const

export type Field = keyof typeof fields
export const fieldNames = Object.keys(fields) as Field[]

/** Makes the rows of an entry, a cell for each column of the template. */
export function cellsOf(job: ExportJob<CellOptions>) {
  return (entry: BookEntry, lines: readonly JournalLine[]): string[][] =>
    lines.map((line, i) =>
      job.options.columns.map(({ field, text = '' }) =>
        field === undefined ? text : fields[field]({ job, entry, line, number: i + 1 }),
      ),
    )
}
