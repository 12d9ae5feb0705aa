// Owns general journal entries as IIF, the tab-separated interchange file of QuickBooks Desktop.
// Must not create lists (accounts, classes): QuickBooks takes a misspelt name for a new account, so names come from the mapping alone.
import {
  cellFault,
  cellText,
  dateText,
  defineAccountingFormat,
  documentNumber,
  documentPrefix,
  encodeLines,
  fileName,
  isLatinText,
  latinText,
  linesOf,
  numberFaults,
  plainText,
  signedText,
  windows1252,
} from '../../core/plugin/index.ts'

interface Options {
  documentPrefix: string
  className: string
}

const columns = ['TRNSTYPE', 'DATE', 'ACCNT', 'CLASS', 'AMOUNT', 'DOCNUM', 'MEMO']
const head = [['!TRNS', 'TRNSID', ...columns].join('\t'), ['!SPL', 'SPLID', ...columns].join('\t'), '!ENDTRNS']
const longestName = 159
const longestMemo = 4_095
/** Reference numbers of QuickBooks Desktop. */
const longestNumber = 11

/** Names stand unquoted between tabs, in the code page of Windows. */
function nameFault(name: string): string | null {
  if (name.includes('"')) return 'has a quotation mark'
  if (!isLatinText(name)) return 'has letters that a file of QuickBooks Desktop (Windows-1252) cannot hold'
  return cellFault(name, longestName)
}

export const quickbooksIif = defineAccountingFormat<Options>({
  id: 'quickbooks-iif',
  title: 'QuickBooks Desktop (IIF)',
  mostDigits: 2,
  options: {
    type: 'object',
    additionalProperties: false,
    properties: {
      documentPrefix,
      className: {
        type: 'string',
        title: 'Class',
        description: 'Name of the class of all lines; leave empty without class tracking.',
        maxLength: longestName,
        default: '',
      },
    },
  },
  accountFault: nameFault,
  *faults(job) {
    const fault = nameFault(job.options.className)
    if (fault !== null) yield { pointer: '/className', message: `The class ${fault}.` }
    yield* numberFaults(job, longestNumber)
  },
  *write({ period, options, account }) {
    const split = linesOf(period)
    function* lines() {
      yield* head
      for (const entry of period.entries) {
        const date = dateText(entry.date, 'MM/DD/YYYY')
        const number = documentNumber(options.documentPrefix, period, entry)
        // A quotation mark would open a cell that may run on over tabs and lines.
        const memo = cellText(latinText(plainText(entry.description.replaceAll('"', "'"), longestMemo)), longestMemo)
        const parts = split(entry)
        for (const [i, line] of parts.entries()) {
          const cells = [account(line.account), options.className, signedText(line, period.currency), number, memo]
          yield [i === 0 ? 'TRNS' : 'SPL', '', 'GENERAL JOURNAL', date, ...cells].join('\t')
        }
        if (parts.length > 0) yield 'ENDTRNS'
      }
    }
    const name = fileName(period, 'iif', { number: 1, of: 1 })
    const bytes = yield* encodeLines(lines(), '\r\n', windows1252)
    return [{ name, contentType: 'text/plain; charset=windows-1252', bytes }]
  },
})
