// Owns reading a Beancount file by the grammar in its language manual: option, open, transactions with metadata and postings.
// Must not share code with what writes it.
import { amountOf, type ReadLine } from './totals.ts'

const day = String.raw`\d{4}-\d{2}-\d{2}`
const name = String.raw`(?:Assets|Liabilities|Equity|Income|Expenses)(?::[\p{Lu}\p{Nd}][\p{L}\p{Nd}\-]*)+`
const string = String.raw`"(?:[^"\\]|\\["\\nt])*"`
const currency = "[A-Z][A-Z0-9'._-]{0,22}[A-Z0-9]"
const option = new RegExp(`^option ${string} ${string}$`, 'u')
const open = new RegExp(`^(${day}) open (${name}) (${currency})$`, 'u')
const transaction = new RegExp(`^(${day}) [*!] (${string})$`, 'u')
const metadata = new RegExp(`^ +([a-z][A-Za-z0-9_-]+): (${string})$`, 'u')
const posting = new RegExp(String.raw`^ +(${name}) +(-?\d+(?:\.\d+)?) (${currency})$`, 'u')

export interface ReadLedger {
  narrations: string[]
  lines: ReadLine[]
}

export function readBeancount(text: string, digits: number): ReadLedger {
  const opened = new Map<string, { date: string; currency: string }>()
  const narrations: string[] = []
  const lines: ReadLine[] = []
  let date: string | null = null
  for (const line of text.split('\n')) {
    if (line === '') {
      date = null
      continue
    }
    if (line.startsWith(';') || option.test(line)) continue
    const opening = open.exec(line)
    if (opening) {
      const [, at = '', account = '', unit = ''] = opening
      if (opened.has(account)) throw new Error(`${account} is opened twice`)
      opened.set(account, { date: at, currency: unit })
      continue
    }
    const begun = transaction.exec(line)
    if (begun) {
      date = begun[1] ?? ''
      narrations.push(JSON.parse(begun[2] ?? '""'))
      continue
    }
    if (date === null) throw new Error(`outside of a transaction: ${line}`)
    if (metadata.test(line)) continue
    const [, account = '', amount = '', unit = ''] = posting.exec(line) ?? []
    if (account === '') throw new Error(`neither metadata nor posting: ${line}`)
    const known = opened.get(account)
    if (!known || known.date > date || known.currency !== unit) throw new Error(`${account} is not open for ${unit}`)
    lines.push({ entry: String(narrations.length), account, amount: amountOf(amount, digits) })
  }
  return { narrations, lines }
}
