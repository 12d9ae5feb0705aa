// Owns a file of records by a layout: a header that counts them and a row of fields for each, read and written.
// Must not repair: a field that does not fit is named with its line, whichever way the file goes.
import { type Fields, header, type Kind, type Layout, type Value } from './layouts.ts'

export interface Reject {
  line: number
  field: string
  message: string
}

export type ReadFile<L extends Layout> =
  | {
      kind: 'ok'
      header: Fields<typeof header>
      records: { line: number; fields: Fields<L> }[]
      rejects: Reject[]
    }
  | { kind: 'refused'; rejects: Reject[] }

/** Refused as a whole when its header is unfit or does not count its rows: half a file is worse than none. */
export function readRecordFile<L extends Layout>(layout: L, text: string): ReadFile<L> {
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/)
  while (lines.at(-1)?.trim() === '') lines.pop()
  const [first = '', ...rest] = lines
  const head = readLine(first, 1, header)
  if (head.rejects.length > 0) return { kind: 'refused', rejects: head.rejects }
  if (head.fields.records !== rest.length)
    return refused('records', `says ${head.fields.records} rows, and ${rest.length} follow: the file is not whole`)
  if (head.fields.date === null) return refused('date', 'is missing')
  const [name = ''] = layout[0] ?? []
  const rejects: Reject[] = []
  const seen = new Map<Value, number>()
  const records = rest.flatMap((line, index) => {
    const at = index + 2
    const read = readLine(line, at, layout)
    const key: Value = (read.fields as Record<string, Value>)[name] ?? ''
    const before = seen.get(key)
    if (read.rejects.length === 0 && key === '') read.rejects.push({ line: at, field: name, message: 'is empty' })
    if (read.rejects.length === 0 && before !== undefined)
      read.rejects.push({ line: at, field: name, message: `stands in line ${before} already` })
    if (read.rejects.length === 0) seen.set(key, at)
    rejects.push(...read.rejects)
    return read.rejects.length > 0 ? [] : [{ line: at, fields: read.fields }]
  })
  return { kind: 'ok', header: head.fields, records, rejects }
}

const refused = (field: string, message: string): { kind: 'refused'; rejects: Reject[] } => ({
  kind: 'refused',
  rejects: [{ line: 1, field, message }],
})

function readLine<L extends Layout>(line: string, at: number, layout: L): { fields: Fields<L>; rejects: Reject[] } {
  const parts = splitFields(line)
  const fields: Record<string, Value> = {}
  if (parts.length !== layout.length) {
    const message = `has ${parts.length} fields instead of ${layout.length}`
    return { fields: fields as Fields<L>, rejects: [{ line: at, field: '', message }] }
  }
  const rejects: Reject[] = []
  for (const [index, [name, kind, width]] of layout.entries()) {
    const read = readField(parts[index] ?? '', kind, width)
    if (typeof read === 'object' && read !== null) rejects.push({ line: at, field: name, message: read.fault })
    else fields[name] = read
  }
  return { fields: fields as Fields<L>, rejects }
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
  if (kind === 'moment') {
    const [, day = '', hour = '', minute = '', second = ''] =
      /^(\d{8}) ([01]\d|2[0-3])([0-5]\d)([0-5]\d)$/.exec(part) ?? []
    const date = dated(day)
    return date === null ? { fault: 'is no time as YYYYMMDD HHMMSS' } : `${date} ${hour}:${minute}:${second}`
  }
  if (!/^\d+$/.test(part) || part.length > width) return { fault: `is no number of at most ${width} digits` }
  return kind === 'number' ? Number(part) : (dated(part) ?? { fault: 'is no date as YYYYMMDD' })
}

function dated(digits: string): string | null {
  const date = `${digits.slice(0, 4)}-${digits.slice(4, 6)}-${digits.slice(6)}`
  const at = new Date(`${date}T00:00:00Z`)
  return digits.length === 8 && !Number.isNaN(at.getTime()) && at.toISOString().slice(0, 10) === date ? date : null
}

export function emptyRecord<L extends Layout>(layout: L): Fields<L> {
  return Object.fromEntries(
    layout.map(([name, kind]) => [name, kind === 'text' ? '' : kind === 'flag' ? false : null]),
  ) as Fields<L>
}

/** The fields that the file cannot carry; empty when it can. Text goes out in letters of ASCII, or in any that `carries` says. */
export function unfitFields<L extends Layout>(
  layout: L,
  row: Fields<L>,
  carries: (text: string) => boolean = (text) => /^[\x20-\x7e]*$/.test(text),
): Omit<Reject, 'line'>[] {
  return layout.flatMap(([name, kind, width]) => {
    const value = (row as Record<string, Value>)[name] ?? null
    const text = value === null ? '' : String(value)
    if (kind === 'text' && /[\p{Cc}\p{Cs}]/u.test(text)) return [{ field: name, message: 'has a control character' }]
    if (kind === 'text' && !carries(text)) return [{ field: name, message: 'has letters that the file cannot carry' }]
    if (kind === 'text' && /[";]/.test(text)) return [{ field: name, message: 'has a quote or a semicolon' }]
    const tooLong = (kind === 'text' || kind === 'number') && text.length > width
    return tooLong ? [{ field: name, message: `is longer than ${width}` }] : []
  })
}

export interface Head {
  facility: number
  date: string
  currency: string
}

export function writeRecordFile<L extends Layout>(layout: L, head: Head, rows: readonly Fields<L>[]): string {
  const line = (spec: Layout, fields: Record<string, Value>) =>
    spec.map(([name, kind, width]) => written(fields[name] ?? null, kind, width)).join(';')
  const first = line(header, { version: 1, ...head, records: rows.length })
  return `${[first, ...rows.map((row) => line(layout, row))].join('\r\n')}\r\n`
}

function written(value: Value, kind: Kind, width: number): string {
  if (kind === 'text') return `"${value ?? ''}"`
  if (kind === 'flag') return value === true ? '1' : '0'
  if (value === null) return ''
  return kind === 'number' ? String(value).padStart(width, '0') : String(value).replaceAll(/[-:]/g, '')
}
