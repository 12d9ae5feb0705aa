// Owns manual journals as Xero imports them: rows of one narration and date are one journal, debits above zero, credits below.
// Must not let two entries share a narration: they would become one journal.
import {
  cellFault,
  cellText,
  dateText,
  defineAccountingFormat,
  documentNumber,
  documentPrefix,
  journalCsv,
  linesPerFile,
  plainText,
  signedText,
  sizeFaults,
} from '../../core/plugin/index.ts'

interface Options {
  documentPrefix: string
  linesPerFile: number
  untaxed: string
  tracking: { name: string; option: string }[]
}

const headings = [
  '*Narration',
  '*Date',
  'Description',
  '*AccountCode',
  '*TaxRate',
  '*Amount',
  'TrackingName1',
  'TrackingOption1',
  'TrackingName2',
  'TrackingOption2',
]
const longestText = 1_000
const trackingName = { type: 'string', minLength: 1, maxLength: 100 } as const

export const xeroCsv = defineAccountingFormat<Options>({
  id: 'xero-csv',
  title: 'Xero manual journals (CSV)',
  mostDigits: 2,
  options: {
    type: 'object',
    additionalProperties: false,
    properties: {
      documentPrefix,
      linesPerFile: linesPerFile(300, 300),
      untaxed: {
        type: 'string',
        title: 'Tax rate of lines without tax',
        description: 'The name that Xero shows, for example Tax Exempt (0%), No Tax, or BAS Excluded.',
        minLength: 1,
        maxLength: 50,
        default: 'Tax Exempt (0%)',
      },
      tracking: {
        type: 'array',
        title: 'Tracking',
        description: 'Up to two tracking categories with the option that all lines belong to.',
        maxItems: 2,
        default: [],
        items: {
          type: 'object',
          additionalProperties: false,
          required: ['name', 'option'],
          properties: {
            name: { ...trackingName, title: 'Category' },
            option: { ...trackingName, title: 'Option' },
          },
        },
      },
    },
  },
  accountFault: (name) =>
    /^[A-Za-z0-9][A-Za-z0-9._/ -]{0,9}$/.test(name)
      ? cellFault(name, 10)
      : 'is no account code of Xero: at most 10 letters, digits and . _ / -',
  taxFault: (name) => (name === '' ? null : cellFault(name, 50)),
  *faults(job) {
    const { untaxed, tracking } = job.options
    const named: [string, string][] = [['/untaxed', untaxed]]
    for (const [i, { name, option }] of tracking.entries())
      named.push([`/tracking/${i}/name`, name], [`/tracking/${i}/option`, option])
    for (const [pointer, text] of named) {
      const fault = cellFault(text, 100)
      if (fault !== null) yield { pointer, message: `It ${fault}.` }
    }
    yield* sizeFaults(job)
  },
  *write(job) {
    const { period, options, account, tax } = job
    const [first, second] = options.tracking
    const tracked = [first?.name ?? '', first?.option ?? '', second?.name ?? '', second?.option ?? '']
    return yield* journalCsv(job, {
      headings,
      rows(entry, lines) {
        const narration = plainText(
          `${documentNumber(options.documentPrefix, period, entry)} ${entry.description}`,
          longestText,
        )
        const date = dateText(entry.date, 'DD/MM/YYYY')
        const text = cellText(entry.source.number ?? entry.description, longestText)
        return lines.map((line) => [
          cellText(narration, longestText),
          date,
          text,
          account(line.account),
          tax(line.taxCode) || options.untaxed,
          signedText(line, period.currency),
          ...tracked,
        ])
      },
    })
  },
})
