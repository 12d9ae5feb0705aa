// Owns the options that tables of journals share, and the checks of them.
// Must not cut a number to make it fit: two entries would go by one.
import type { ExportProblem } from '../../domain/closed-period.ts'
import type { ExportJob } from './define-format.ts'
import { type DateFormat, documentNumber, linesOf } from './journal-lines.ts'
import { cellFault } from './plain-text.ts'
import { entriesPerStep } from './write-lines.ts'

/** What goes before period and number in a document number, so that sites in one ledger do not share them. */
export const documentPrefix = {
  type: 'string',
  title: 'Prefix of journal numbers',
  description: 'Stands before period and entry, for example G1-: needed when several sites go into one ledger.',
  pattern: '^[A-Za-z0-9-]*$',
  maxLength: 8,
  default: '',
} as const

export function* numberFaults(
  { period, options }: ExportJob<{ documentPrefix: string }>,
  longest: number,
): Generator<ExportProblem | undefined> {
  for (const [i, entry] of period.entries.entries()) {
    if (i % entriesPerStep === entriesPerStep - 1) yield
    const number = documentNumber(options.documentPrefix, period, entry)
    if (number.length <= longest) continue
    yield { pointer: '/documentPrefix', message: `The journal number ${number} is longer than ${longest} characters.` }
    return
  }
}

/** Most lines of one file, as an option. */
export const linesPerFile = (standard: number, most: number) =>
  ({
    type: 'integer',
    title: 'Lines per file',
    description: 'A period with more lines comes in several files; an entry is never torn apart.',
    minimum: 2,
    maximum: most,
    default: standard,
  }) as const

export function* sizeFaults({
  period,
  options,
}: ExportJob<{ linesPerFile: number }>): Generator<ExportProblem | undefined> {
  const lines = linesOf(period)
  for (const [i, entry] of period.entries.entries()) {
    if (i % entriesPerStep === entriesPerStep - 1) yield
    const count = lines(entry).length
    if (count > options.linesPerFile)
      yield { pointer: '/linesPerFile', message: `Entry ${entry.number} alone has ${count} lines.` }
  }
}

/** A text that all lines carry, as an option. */
export const cellOption = (title: string, description: string, maxLength: number, standard = '') =>
  ({ type: 'string', title, description, maxLength, default: standard }) as const

/** How dates are written, as an option; the first is the standard. */
export const dateFormatOption = (description: string, formats: readonly [DateFormat, ...DateFormat[]]) =>
  ({ type: 'string', title: 'Dates', description, enum: formats, default: formats[0] }) as const

/** What is wrong with texts that all lines carry. */
export function* cellFaults<Name extends string>(
  options: Readonly<Record<Name, string>>,
  names: readonly Name[],
  longest: number,
): Generator<ExportProblem> {
  for (const name of names) {
    const fault = cellFault(options[name], longest)
    if (fault !== null) yield { pointer: `/${name}`, message: `It ${fault}.` }
  }
}
