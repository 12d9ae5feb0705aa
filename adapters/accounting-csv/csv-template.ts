// Owns journals as CSV of the shape that somebody describes as data: columns, divider, dates, decimal mark, encoding.
// Must not run anything of a template; a column is one of the fields here, or a text that is always the same.
import {
  cellFault,
  cellText,
  csvRow,
  defineAccountingFormat,
  type ExportFile,
  encodeLines,
  fileName,
  linesOf,
  partsOf,
  sizeFaults,
  utf8,
  windows1252,
} from '../../core/plugin/index.ts'
import { cellsOf } from './fields.ts'
import { type Options, optionsSchema } from './options.ts'

const newlines = { crlf: '\r\n', lf: '\n' } as const

export const csvTemplate = defineAccountingFormat<Options>({
  id: 'csv-template',
  title: 'CSV by template',
  mostDigits: 3,
  options: optionsSchema,
  accountFault: (name) => cellFault(name, 250),
  *faults(job) {
    const { columns, delimiter, decimalMark } = job.options
    if (delimiter === decimalMark)
      yield { pointer: '/decimalMark', message: 'The decimal mark is the same as what divides the cells.' }
    const fields = new Set(columns.map(({ field }) => field))
    const told = fields.has('amount') || (fields.has('debit') && fields.has('credit'))
    if (!told) yield { pointer: '/columns', message: 'No column tells the amount: amount, or debit and credit.' }
    if (!fields.has('account')) yield { pointer: '/columns', message: 'No column tells the account.' }
    for (const [i, { heading, text = '' }] of columns.entries()) {
      const fault = cellFault(heading, 100)
      if (fault !== null) yield { pointer: `/columns/${i}/heading`, message: `The heading ${fault}.` }
      if (cellText(text, 1_000) !== text)
        yield { pointer: `/columns/${i}/text`, message: `The text ${cellFault(text, 1_000)}.` }
    }
    yield* sizeFaults(job)
  },
  *write(job) {
    const { period, options } = job
    const { columns, delimiter, encoding } = options
    const lines = linesOf(period)
    const cells = cellsOf(job)
    function* blocks() {
      for (const entry of period.entries) yield cells(entry, lines(entry)).map((row) => csvRow(row, delimiter))
    }
    const head = options.headings
      ? [
          csvRow(
            columns.map(({ heading }) => heading),
            delimiter,
          ),
        ]
      : []
    const parts = yield* partsOf(blocks(), options.linesPerFile)
    const files: ExportFile[] = []
    for (const [i, part] of parts.entries())
      files.push({
        name: fileName(period, 'csv', { number: i + 1, of: parts.length }),
        contentType: `text/csv; charset=${encoding === 'windows-1252' ? 'windows-1252' : 'utf-8'}`,
        bytes: yield* encodeLines(
          [...head, ...part.flat()],
          newlines[options.newline],
          encoding === 'windows-1252' ? windows1252 : utf8,
          encoding === 'utf-8-mark' ? '\uFEFF' : '',
        ),
      })
    return files
  },
})
