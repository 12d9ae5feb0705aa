// Owns the journal of hledger: declared commodity and accounts, then transactions whose tags lead back to the hub.
// Must not let a description reach the syntax: semicolons begin comments, bars divide the payee.
import {
  type ClosedPeriod,
  currencyExponent,
  defineAccountingFormat,
  documentNumber,
  documentPrefix,
  encodeLines,
  fileName,
  linesOf,
  plainText,
  signedText,
  utf8,
} from '../../core/plugin/index.ts'

interface Options {
  documentPrefix: string
}

const longestDescription = 2_000
const longestTag = 200

/** Where hledger's name of an account would end, or be something else: virtual postings, comments, two spaces, empty parts. */
function accountFault(name: string): string | null {
  if (name.length > 200 || plainText(name, 200) !== name)
    return 'is too long, or has control characters or spaces at its ends or next to each other'
  if (/^[([;*!#%|"=]/.test(name)) return 'begins with a character that means something else to hledger'
  if (/[;"[\]()]/.test(name)) return 'has a semicolon, quotation mark or bracket'
  if (name.split(':').some((part) => part.trim() !== part || part === ''))
    return 'has a part that is empty or has a space beside a colon'
  return null
}

const description = (text: string) => plainText(text.replaceAll(';', ',').replaceAll('|', '/'), longestDescription)
/** The value of a tag ends at a comma. */
const tagValue = (text: string) => plainText(text.replace(/[,:;]/g, ' '), longestTag)

export const hledger = defineAccountingFormat<Options>({
  id: 'hledger',
  title: 'hledger journal',
  mostDigits: 3,
  options: { type: 'object', additionalProperties: false, properties: { documentPrefix } },
  accountFault,
  *write(job) {
    const { period, options, account, tax } = job
    const lines = linesOf(period)
    function* journal() {
      yield* headOf(period, account)
      for (const entry of period.entries) {
        const { type, id, number } = entry.source
        yield ''
        const code = documentNumber(options.documentPrefix, period, entry)
        yield `${entry.date} * (${code}) ${description(entry.description)}`.trimEnd()
        yield `    ; entry:${tagValue(entry.entryId)}, ${tagValue(type).replaceAll(' ', '-') || 'source'}:${tagValue(id)}${number === null ? '' : `, number:${tagValue(number)}`}`
        for (const line of lines(entry)) {
          const tagged = tax(line.taxCode) || (line.taxCode ?? '')
          yield `    ${account(line.account)}  ${signedText(line, period.currency)} ${period.currency}${tagged === '' ? '' : `  ; tax:${tagValue(tagged)}`}`
        }
      }
    }
    const name = fileName(period, 'journal', { number: 1, of: 1 })
    return [{ name, contentType: 'text/plain; charset=utf-8', bytes: yield* encodeLines(journal(), '\n', utf8) }]
  },
})

function* headOf(period: ClosedPeriod, account: (code: string) => string): Generator<string> {
  yield `; ${plainText(`${period.organization.name}, ${period.site.name}`, longestTag)}`
  yield `; closed period ${period.number}, ${period.from} to ${period.to}, ${period.hash}`
  yield 'decimal-mark .'
  yield `commodity 1000.${'0'.repeat(currencyExponent(period.currency))} ${period.currency}`
  const used = new Set<string>()
  for (const { postings } of period.entries) for (const { debit, credit } of postings) used.add(debit).add(credit)
  for (const name of [...new Set([...used].map(account))].sort()) yield `account ${name}`
}
