// Owns journals as CSV in the way most products want them: a heading row, a row per line, whole entries per file.
// Must not know a product; it brings the headings and the cells.
import type { BookEntry, ExportFile } from '../../domain/closed-period.ts'
import type { InSteps } from '../../domain/in-steps.ts'
import type { ExportJob } from './define-format.ts'
import { fileName, type JournalLine, linesOf } from './journal-lines.ts'
import { csvRow, encodeLines, partsOf, utf8 } from './write-lines.ts'

export interface JournalCsv {
  headings: readonly string[]
  /** The cells of one entry, a row per line. */
  rows(entry: BookEntry, lines: readonly JournalLine[]): readonly (readonly string[])[]
  delimiter?: string
  /** With the byte order mark that Excel wants; importers that read the first heading literally stumble over it. */
  mark?: boolean
}

export function* journalCsv(
  { period, options }: ExportJob<{ linesPerFile: number }>,
  { headings, rows, delimiter = ',', mark = false }: JournalCsv,
): InSteps<ExportFile[]> {
  const split = linesOf(period)
  function* blocks() {
    for (const entry of period.entries) yield rows(entry, split(entry)).map((cells) => csvRow(cells, delimiter))
  }
  const parts = yield* partsOf(blocks(), options.linesPerFile)
  const files: ExportFile[] = []
  for (const [i, part] of parts.entries())
    files.push({
      name: fileName(period, 'csv', { number: i + 1, of: parts.length }),
      contentType: 'text/csv; charset=utf-8',
      bytes: yield* encodeLines([csvRow(headings, delimiter), ...part.flat()], '\r\n', utf8, mark ? '\uFEFF' : ''),
    })
  return files
}
