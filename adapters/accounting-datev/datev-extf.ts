// Owns the Buchungsstapel: an EXTF file of header, headings and a row per posting, Windows-1252, for DATEV Rechnungswesen.
// Must not have DATEV work out tax: the hub has posted it, so automatic accounts get the key that stops them.
import {
  type ClosedPeriod,
  cellText,
  defineAccountingFormat,
  documentNumber,
  type ExportFile,
  type ExportJob,
  type ExportProblem,
  encodeLines,
  entriesPerStep,
  fileName,
  latinText,
  majorText,
  minor,
  partsOf,
  plainText,
  pointerTo,
  windows1252,
  withOffset,
} from '../../core/plugin/index.ts'
import { columns, rowOf } from './columns.ts'
import { type Options, optionsSchema } from './options.ts'
import { type BatchWindow, windowsOf } from './windows-of.ts'

/** "At most 99,999 rows" (DATEV, description of the format). */
const mostRows = 99_999
/** Ten digits before the comma and two after. */
const largest = 999_999_999_999
const longestText = 60
const longestDocument = 36
const longestEntry = 12
/** Aufhebung der Automatik: the only key that an automatic account takes. */
const noAutomatic = '40'
/** Keys that have DATEV take tax out of the amount. */
const computing = new Set(['2', '3', '5', '7', '8', '9'])

export const datevExtf = defineAccountingFormat<Options>({
  id: 'datev-extf',
  title: 'DATEV Buchungsstapel (EXTF)',
  mostDigits: 2,
  options: optionsSchema,
  accountFault: (name) =>
    /^\d{1,9}$/.test(name) && Number(name) > 0 ? null : 'is no account of DATEV: one to nine digits',
  taxFault(key) {
    if (!/^\d{0,4}$/.test(key)) return 'is no BU-Schlüssel: up to four digits, or empty for none'
    if (computing.has(key))
      return 'has DATEV take tax out of the amount, which the hub has posted by itself; leave it empty or use 40'
    return null
  },
  *faults(job) {
    yield* accountFaults(job)
    yield* entryFaults(job)
  },
  *write(job) {
    const { period, options } = job
    const windows = windowsOf(period.from, period.to, options.fiscalYearStartMonth)
    const batches: { window: BatchWindow; part: (readonly string[])[] }[] = []
    for (const window of windows)
      for (const part of yield* partsOf(rowsOf(job, window), mostRows)) batches.push({ window, part })
    const filled = batches.filter(({ part }) => part.length > 0)
    const told = filled.length > 0 ? filled : batches.slice(0, 1)
    const files: ExportFile[] = []
    for (const [i, { window, part }] of told.entries()) {
      const lines = [headerOf(period, options, window), columns.join(';'), ...part.flat()]
      files.push({
        name: `EXTF_Buchungsstapel-${fileName(period, 'csv', { number: i + 1, of: told.length })}`,
        contentType: 'text/csv; charset=windows-1252',
        bytes: yield* encodeLines(lines, '\r\n', windows1252),
      })
    }
    return files
  },
})

function* accountFaults({ period, options, account }: ExportJob<Options>): Generator<ExportProblem> {
  const seen = new Set<string>()
  for (const { postings } of period.entries)
    for (const { debit, credit } of postings)
      for (const code of [debit, credit]) {
        if (seen.has(code)) continue
        seen.add(code)
        const length = account(code).length
        // Personenkonten have one digit more.
        if (length === options.accountLength || length === options.accountLength + 1) continue
        const pointer = pointerTo('accounts', code)
        yield {
          pointer,
          message: `The account ${account(code)} has not the ${options.accountLength} digits of this client.`,
        }
      }
}

function* entryFaults({ period, options, account, tax }: ExportJob<Options>): Generator<ExportProblem | undefined> {
  const automatic = new Set(options.automaticAccounts)
  for (const [i, entry] of period.entries.entries()) {
    if (i % entriesPerStep === entriesPerStep - 1) yield
    const where = `Entry ${entry.number}`
    if (entry.date < period.from || entry.date > period.to)
      yield { pointer: '', message: `${where} is dated ${entry.date}, outside of the period.` }
    if (documentNumber(options.documentPrefix, period, entry).length > longestEntry)
      yield {
        pointer: '/documentPrefix',
        message: `The number of entry ${entry.number} is longer than ${longestEntry} characters.`,
      }
    for (const { debit, credit, amountMinor, taxCode } of entry.postings) {
      if (amountMinor > largest)
        yield { pointer: '', message: `${where} has an amount of more than ten digits before the comma.` }
      if (account(debit) === account(credit))
        yield {
          pointer: '',
          message: `${where}: ${debit} and ${credit} are both ${account(debit)}, which DATEV refuses as Konto and Gegenkonto.`,
        }
      const key = tax(taxCode)
      if (key !== '' && key !== noAutomatic && (automatic.has(account(debit)) || automatic.has(account(credit))))
        yield {
          pointer: pointerTo('taxCodes', taxCode ?? ''),
          message: `${where}: an automatic account takes no BU-Schlüssel but 40.`,
        }
    }
  }
}

const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`
const digits = (text: string) => text.replaceAll('-', '')

/** Text that has its final length before it is cut: a letter may become several. */
const latin = (text: string, longest: number) => cellText(latinText(plainText(text, longest)), longest)

function* rowsOf({ period, options, account, tax }: ExportJob<Options>, window: BatchWindow): Generator<string[]> {
  const automatic = new Set(options.automaticAccounts)
  for (const entry of period.entries) {
    if (entry.date < window.from || entry.date > window.to) continue
    const number = documentNumber(options.documentPrefix, period, entry)
    // Only these characters are allowed in Belegfeld 1.
    const document = latin(entry.source.number ?? '', longestDocument)
      .replace(/[^A-Za-z0-9$&%*+\-/]/g, '-')
      .replace(/^[-+]+/, '')
    const text = quoted(latin(entry.description, longestText))
    for (const { debit, credit, amountMinor, taxCode } of entry.postings) {
      const [konto, contra] = [account(debit), account(credit)]
      const key = automatic.has(konto) || automatic.has(contra) ? noAutomatic : tax(taxCode)
      yield [
        rowOf({
          amount: commaText(amountMinor, period.currency),
          side: '"S"',
          currency: '""',
          account: konto,
          contra,
          taxKey: quoted(key),
          date: `${entry.date.slice(8, 10)}${entry.date.slice(5, 7)}`,
          document: quoted(document || number),
          entry: quoted(number),
          text,
          costCentre1: quoted(options.costCentre1),
          costCentre2: quoted(options.costCentre2),
          locked: options.locked ? '1' : '0',
        }),
      ]
    }
  }
}

/** Two digits after the comma, also for currencies without any. */
function commaText(amountMinor: number, currency: string): string {
  const [whole, part = '00'] = majorText(minor(amountMinor), currency).split('.')
  return `${whole},${part}`
}

/** The first line: 31 fields that say what this is, whose, and which window it covers. */
function headerOf(period: ClosedPeriod, options: Options, window: BatchWindow): string {
  // "2019-03-10T03:00:00-07:00": the wall clock of the site when the period was closed, never that of the export.
  const created = withOffset(new Date(period.closedAt), period.site.zone).slice(0, 19).replace(/[-:T]/g, '')
  const label = latin(`${period.site.name} ${period.number}`, 30)
  return [
    '"EXTF"',
    '700',
    '21',
    '"Buchungsstapel"',
    '13',
    `${created}000`,
    '',
    '"RE"',
    '"Baywatt"',
    '""',
    String(options.consultant),
    String(options.client),
    digits(window.fiscalYearStart),
    String(options.accountLength),
    digits(window.from),
    digits(window.to),
    quoted(label),
    '""',
    '1',
    '0',
    options.locked ? '1' : '0',
    quoted(period.currency),
    '',
    '""',
    '',
    '',
    quoted(options.chart),
    '',
    '',
    '""',
    '""',
  ].join(';')
}
