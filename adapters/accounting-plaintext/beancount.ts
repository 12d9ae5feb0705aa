// Owns the ledger of Beancount: accounts opened, then transactions with metadata that leads back to the hub.
// Must not invent names: an account that Beancount's grammar does not take is reported, not changed.
import {
  type AccountKind,
  type ClosedPeriod,
  defineAccountingFormat,
  documentNumber,
  documentPrefix,
  type ExportProblem,
  encodeLines,
  fileName,
  linesOf,
  plainText,
  pointerTo,
  signedText,
  utf8,
} from '../../core/plugin/index.ts'

interface Options {
  documentPrefix: string
  open: boolean
}

const longestText = 2_000
const roots: Readonly<Record<AccountKind, string>> = {
  asset: 'Assets',
  liability: 'Liabilities',
  equity: 'Equity',
  revenue: 'Income',
  expense: 'Expenses',
}

const accountPattern = /^(Assets|Liabilities|Equity|Income|Expenses)(:[\p{Lu}\p{Nd}][\p{L}\p{Nd}-]*)+$/u

const text = (raw: string) => `"${plainText(raw, longestText).replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`

export const beancount = defineAccountingFormat<Options>({
  id: 'beancount',
  title: 'Beancount ledger',
  mostDigits: 3,
  options: {
    type: 'object',
    additionalProperties: false,
    properties: {
      documentPrefix,
      open: {
        type: 'boolean',
        title: 'Open the accounts',
        description:
          'Writes an open directive for every account. An account may be opened once in all files that belong together.',
        default: true,
      },
    },
  },
  accountFault: (name) =>
    name.length <= 200 && accountPattern.test(name)
      ? null
      : 'is no account of Beancount: Assets, Liabilities, Equity, Income or Expenses, and parts that begin with a capital or a digit',
  *faults({ period, account }): Generator<ExportProblem> {
    for (const { code, kind } of period.accounts) {
      const name = account(code)
      if (name === '' || name.startsWith(`${roots[kind]}:`)) continue
      const pointer = pointerTo('accounts', code)
      yield { pointer, message: `${code} is ${kind} and belongs below ${roots[kind]}, not ${name}.` }
    }
  },
  *write({ period, options, account, tax }) {
    const lines = linesOf(period)
    function* ledger() {
      yield `; ${plainText(`${period.organization.name}, ${period.site.name}`, 200)}`
      yield `; closed period ${period.number}, ${period.from} to ${period.to}, ${period.hash}`
      yield `option "operating_currency" "${period.currency}"`
      if (options.open) yield* opened(period, account)
      for (const entry of period.entries) {
        const parts = lines(entry)
        if (parts.length === 0) continue
        yield ''
        yield `${entry.date} * ${text(entry.description)}`
        yield `  document: ${text(documentNumber(options.documentPrefix, period, entry))}`
        yield `  entry: ${text(entry.entryId)}`
        yield `  source: ${text(`${entry.source.type} ${entry.source.id}`)}`
        if (entry.source.number !== null) yield `  number: ${text(entry.source.number)}`
        for (const line of parts) {
          yield `  ${account(line.account)}  ${signedText(line, period.currency)} ${period.currency}`
          if (line.taxCode !== null) yield `    tax: ${text(tax(line.taxCode) || line.taxCode)}`
        }
      }
    }
    const name = fileName(period, 'beancount', { number: 1, of: 1 })
    return [{ name, contentType: 'text/plain; charset=utf-8', bytes: yield* encodeLines(ledger(), '\n', utf8) }]
  },
})

function* opened(period: ClosedPeriod, account: (code: string) => string): Generator<string> {
  const first = period.entries.reduce((earliest, { date }) => (date < earliest ? date : earliest), period.from)
  const names = new Set(
    period.entries.flatMap(({ postings }) => postings.flatMap((each) => [account(each.debit), account(each.credit)])),
  )
  for (const name of [...names].sort()) yield `${first} open ${name} ${period.currency}`
}
