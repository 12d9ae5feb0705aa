// Owns the card file: a header record and a row of 29 fields for each card, read and written; layout from ../README.md's sources.
// Must not repair: a field that does not fit is named with its line, whichever way the file goes.

type Kind = 'text' | 'number' | 'date' | 'flag'
export type Value = string | number | boolean | null

const header = [
  ['version', 'number', 6],
  ['facility', 'number', 7],
  ['date', 'date', 8],
  ['records', 'number', 5],
  ['currency', 'text', 6],
] as const satisfies readonly (readonly [string, Kind, number])[]

const card = [
  ['ticketNumber', 'text', 23],
  ['userNumber', 'number', 9],
  ['articleNumber', 'number', 3],
  ['validFrom', 'date', 8],
  ['expires', 'date', 8],
  ['blocked', 'flag', 1],
  ['blockedDate', 'date', 8],
  ['productionState', 'number', 1],
  ['reasonProduction', 'number', 1],
  ['productionCounter', 'number', 4],
  ['isNeutral', 'flag', 1],
  ['retainTicketEntry', 'flag', 1],
  ['entryBarrierClosed', 'flag', 1],
  ['exitBarrierClosed', 'flag', 1],
  ['retainTicketExit', 'flag', 1],
  ['displayText', 'flag', 1],
  ['displayText1', 'text', 16],
  ['displayText2', 'text', 16],
  ['personalNo', 'number', 4],
  ['residualValue', 'number', 12],
  ['serialNumberKeyCardSwatch', 'text', 20],
  ['currencyResidualValue', 'text', 3],
  ['ticketType', 'number', 1],
  ['ticketSubType', 'text', 5],
  ['serialNo', 'text', 30],
  ['suspendPeriodFrom', 'date', 8],
  ['suspendPeriodUntil', 'date', 8],
  ['useValidCarParks', 'flag', 1],
  ['productionFacilityNumber', 'number', 7],
] as const satisfies readonly (readonly [string, Kind, number])[]

export type HeaderField = (typeof header)[number][0]
export type CardField = (typeof card)[number][0]
type Fields<F extends string> = Record<F, Value>
export type CardRow = Fields<CardField>

export interface Reject {
  line: number
  field: string
  message: string
}

export type ReadFile =
  | { kind: 'ok'; header: Fields<HeaderField>; cards: { line: number; card: CardRow }[]; rejects: Reject[] }
  | { kind: 'refused'; rejects: Reject[] }

/** Refused as a whole when its header is unfit or does not count its rows: half a file is worse than none. */
export function readCardFile(text: string): ReadFile {
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/)
  while (lines.at(-1)?.trim() === '') lines.pop()
  const [first = '', ...rest] = lines
  const head = readLine<HeaderField>(first, 1, header)
  if (head.rejects.length > 0) return { kind: 'refused', rejects: head.rejects }
  if (head.fields.records !== rest.length)
    return refused('records', `says ${head.fields.records} rows, and ${rest.length} follow: the file is not whole`)
  if (head.fields.date === null) return refused('date', 'is missing')
  const rejects: Reject[] = []
  const numbers = new Map<Value, number>()
  const cards = rest.flatMap((line, index) => {
    const at = index + 2
    const read = readLine<CardField>(line, at, card)
    const { ticketNumber } = read.fields
    const before = numbers.get(ticketNumber)
    if (read.rejects.length === 0 && ticketNumber === '')
      read.rejects.push({ line: at, field: 'ticketNumber', message: 'is empty' })
    if (read.rejects.length === 0 && before !== undefined)
      read.rejects.push({ line: at, field: 'ticketNumber', message: `stands in line ${before} already` })
    if (read.rejects.length === 0) numbers.set(ticketNumber, at)
    rejects.push(...read.rejects)
    return read.rejects.length > 0 ? [] : [{ line: at, card: read.fields }]
  })
  return { kind: 'ok', header: head.fields, cards, rejects }
}

const refused = (field: HeaderField, message: string): ReadFile => ({
  kind: 'refused',
  rejects: [{ line: 1, field, message }],
})

function readLine<F extends string>(
  line: string,
  at: number,
  spec: readonly (readonly [string, Kind, number])[],
): { fields: Fields<F>; rejects: Reject[] } {
  const parts = splitFields(line)
  const fields: Record<string, Value> = {}
  if (parts.length !== spec.length) {
    const message = `has ${parts.length} fields instead of ${spec.length}`
    return { fields: fields as Fields<F>, rejects: [{ line: at, field: '', message }] }
  }
  const rejects: Reject[] = []
  for (const [index, [name, kind, width]] of spec.entries()) {
    const read = readField(parts[index] ?? '', kind, width)
    if (typeof read === 'object' && read !== null) rejects.push({ line: at, field: name, message: read.fault })
    else fields[name] = read
  }
  return { fields: fields as Fields<F>, rejects }
}

/** At semicolons outside quotes. */
function splitFields(line: string): string[] {
  const parts: string[] = []
  let from = 0
  let quoted = false
  for (let i = 0; i < line.length; i++) {
    if (line[i] === '"') quoted = !quoted
    else if (line[i] === ';' && !quoted) {
      parts.push(line.slice(from, i))
      from = i + 1
    }
  }
  return [...parts, line.slice(from)]
}

function readField(raw: string, kind: Kind, width: number): Value | { fault: string } {
  const part = raw.trim()
  if (kind === 'text') {
    const text = /^"([^"]*)"$/.exec(part)?.[1] ?? (part.includes('"') ? null : part)
    if (text === null) return { fault: 'has a quote out of place' }
    if (text.length > width) return { fault: `is longer than ${width} characters` }
    return /[\p{Cc}\p{Cs}]/u.test(text) ? { fault: 'has a control character' } : text.trim()
  }
  if (part === '') return kind === 'flag' ? false : null
  if (kind === 'flag') return part === '1' ? true : part === '0' ? false : { fault: 'is neither 0 nor 1' }
  if (!/^\d+$/.test(part) || part.length > width) return { fault: `is no number of at most ${width} digits` }
  if (kind === 'number') return Number(part)
  const date = `${part.slice(0, 4)}-${part.slice(4, 6)}-${part.slice(6)}`
  const known = part.length === 8 && isDate(date)
  return known ? date : { fault: 'is no date as YYYYMMDD' }
}

function isDate(date: string): boolean {
  const at = new Date(`${date}T00:00:00Z`)
  return !Number.isNaN(at.getTime()) && at.toISOString().slice(0, 10) === date
}

export const emptyCard = Object.fromEntries(
  card.map(([name, kind]) => [name, kind === 'text' ? '' : kind === 'flag' ? false : null]),
) as CardRow

/** The fields that the file cannot carry; empty when it can. */
export function unfitFields(row: CardRow): Omit<Reject, 'line'>[] {
  return card.flatMap(([name, kind, width]) => {
    const value = row[name]
    const text = value === null ? '' : String(value)
    if (kind === 'text' && !/^[\x20-\x7e]*$/.test(text))
      return [{ field: name, message: 'has characters beyond ASCII' }]
    if (kind === 'text' && /[";]/.test(text)) return [{ field: name, message: 'has a quote or a semicolon' }]
    const tooLong = (kind === 'text' || kind === 'number') && text.length > width
    return tooLong ? [{ field: name, message: `is longer than ${width}` }] : []
  })
}

export function writeCardFile(
  head: { facility: number; date: string; currency: string },
  rows: readonly CardRow[],
): string {
  const line = (spec: readonly (readonly [string, Kind, number])[], fields: Record<string, Value>) =>
    spec.map(([name, kind, width]) => written(fields[name] ?? null, kind, width)).join(';')
  const first = line(header, { version: 1, ...head, records: rows.length })
  return `${[first, ...rows.map((row) => line(card, row))].join('\r\n')}\r\n`
}

function written(value: Value, kind: Kind, width: number): string {
  if (kind === 'text') return `"${value ?? ''}"`
  if (kind === 'flag') return value === true ? '1' : '0'
  if (value === null) return ''
  return kind === 'date' ? String(value).replaceAll('-', '') : String(value).padStart(width, '0')
}
