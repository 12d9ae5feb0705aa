// Owns the step from a row to the facts it tells of, or to what is wrong with it, cell by cell.
// Must not keep half a row: one bad cell and nothing of the row is taken.
import { createHash } from 'node:crypto'
import {
  currencyExponent,
  type ParkingFact,
  type ReportedCredential,
  vendorAmount,
} from '../../../core/plugin/index.ts'
import { type FieldName, factTypes, fields } from './fact-fields.ts'
import type { Condition, FactSpec, Mapping, ValueSource } from './mapping-schema.ts'
import { readInstant } from './time-pattern.ts'

export interface RowError {
  column: string | null
  field: string
  message: string
}

export type RowOutcome =
  | { kind: 'facts'; facts: RowFact[] }
  | { kind: 'passed_over' }
  | { kind: 'bad'; errors: RowError[] }

/** A fact before its revision is known. */
export interface RowFact {
  fact: ParkingFact
  /** From a column of its own; 0 when the vendor says none. */
  revision: number
  /** What two tellings of one fact are compared by. */
  content: string
}

export interface Place {
  zone: string
  currency: string
}

interface Picked {
  column: string | null
  text: string
}
type Values = Partial<Record<FieldName, string | number | boolean | Date>>

/** Made once for each file: where its columns stand. */
export function rowReader(mapping: Mapping, header: readonly string[] | null, place: Place) {
  const positions = columnPositions(header)
  const positionOf = (name: string): number | undefined => {
    const [, number] = /^#([1-9]\d{0,3})$/.exec(name) ?? []
    return positions.get(plainName(name)) ?? (number === undefined ? undefined : Number(number) - 1)
  }
  const asked = [
    ...mapping.key,
    ...mapping.facts.flatMap(({ when = [], fields: sources }) => [
      ...when.map(({ column }) => column),
      ...Object.values(sources).flatMap((source) => [source.column ?? [], source.columns ?? []].flat(2)),
    ]),
  ]
  const missing = [...new Set(asked)].filter((name) => positionOf(name) === undefined)
  const cellOf = (cells: readonly string[], name: string) => plainCell(cells[positionOf(name) ?? -1] ?? '')

  return {
    /** Columns that the mapping names and the file has not. */
    missing,
    read(cells: readonly string[]): RowOutcome {
      if (
        header !== null &&
        cells.length > header.length &&
        cells.slice(header.length).some((cell) => cell.trim() !== '')
      )
        return bad(null, 'row', `has ${cells.length} cells where the header has ${header.length}`)
      const meant = mapping.facts.filter(({ when = [] }) => when.every((one) => holds(one, cellOf(cells, one.column))))
      if (meant.length === 0) return { kind: 'passed_over' }
      const key = mapping.key.map((name) => cellOf(cells, name))
      if (key.length > 0 && key.every((part) => part === ''))
        return bad(mapping.key[0] ?? null, 'key', 'is empty; it is what the row is known by')
      const errors: RowError[] = []
      const facts = meant.flatMap((spec) => {
        const values = valuesOf(spec, mapping, place, (name) => cellOf(cells, name), errors)
        return errors.length > 0 ? [] : [rowFact(spec, values, key, place)]
      })
      return errors.length > 0 ? { kind: 'bad', errors } : { kind: 'facts', facts }
    },
  }
}

const bad = (column: string | null, field: string, message: string): RowOutcome => ({
  kind: 'bad',
  errors: [{ column, field, message }],
})

export const plainName = (name: string) => name.trim().toLowerCase()

function columnPositions(header: readonly string[] | null): ReadonlyMap<string, number> {
  const positions = new Map<string, number>()
  for (const [i, name] of (header ?? []).entries())
    if (!positions.has(plainName(name))) positions.set(plainName(name), i)
  return positions
}

/** Spreadsheets guard texts with a mark, and keep leading zeros with ="0012"; neither is part of the value. */
export function plainCell(cell: string): string {
  const text = cell.replace(/[\r\n\t]+/g, ' ').trim()
  return /^="([^"]*)"$/.exec(text)?.[1] ?? text.replace(/^'(?=[=+\-@])/, '')
}

function holds({ is, isNot, filled, sign }: Condition, cell: string): boolean {
  const same = (words: readonly string[]) => words.some((word) => plainName(word) === plainName(cell))
  if (is && !same(is)) return false
  if (isNot && same(isNot)) return false
  if (filled !== undefined && filled !== (cell !== '')) return false
  return sign === undefined || (sign === 'negative') === /^\D{0,4}-/.test(cell)
}

function pick(source: ValueSource, cell: (name: string) => string): Picked {
  const column = source.column ?? source.columns?.[0] ?? null
  let text =
    source.constant ??
    (source.columns
      ? source.columns
          .map(cell)
          .filter(Boolean)
          .join(source.joinWith ?? ' ')
      : cell(source.column ?? ''))
  for (const char of source.remove ?? '') text = text.replaceAll(char, '')
  if (source.take) text = text.slice(source.take.from - 1, source.take.from - 1 + source.take.length)
  text = text.trim()
  if (!source.words) return { column, text: text === '' ? (source.otherwise ?? '') : text }
  const known = Object.entries(source.words).find(([word]) => plainName(word) === plainName(text))
  return { column, text: known?.[1] ?? source.otherwise ?? text }
}

function valuesOf(
  { type, fields: sources }: FactSpec,
  mapping: Mapping,
  place: Place,
  cell: (name: string) => string,
  errors: RowError[],
): Values {
  const values: Values = {}
  const currency = sources.currency ? pick(sources.currency, cell).text.toUpperCase() || place.currency : place.currency
  let entered: Date | undefined
  // The entry first: an exit whose time comes twice is the one behind it.
  const order = Object.keys(sources).sort((a) => (a === 'enteredAt' ? -1 : 1)) as FieldName[]
  for (const field of order) {
    const source = sources[field]
    if (!source) continue
    const { column, text } = pick(source, cell)
    const wrong = (message: string) => void errors.push({ column, field, message })
    if (text === '') {
      if ((factTypes[type].needs as readonly FieldName[]).includes(field)) wrong('is empty')
      continue
    }
    const { kind } = fields[field]
    if (kind === 'instant') {
      const read = readInstant(text, mapping.times, place.zone)
      if (read.kind === 'bad') wrong(read.message)
      else if (!read.twice) values[field] = read.at
      else if (mapping.twice === 'refuse') wrong('is a time that came twice when the clocks went back')
      else {
        const [earlier, later] = read.twice
        const behind = field === 'occurredAt' && entered !== undefined && entered > earlier
        values[field] = mapping.twice === 'later' || behind ? later : earlier
      }
      if (field === 'enteredAt') entered = values.enteredAt as Date | undefined
    } else if (kind === 'money') {
      const amount = moneyOf(text, currency, mapping)
      if (amount === null) wrong(`is no amount in ${currency}`)
      // Refunds are often written as what they take away.
      else if (amount < 0 && type !== 'payment.refunded') wrong('is negative')
      else values[field] = Math.abs(amount)
    } else {
      const value = plainValue(field, text)
      if (value === null) wrong(wordFor(field))
      else values[field] = value
    }
  }
  return { ...values, ...('currency' in values || values.amount !== undefined ? { currency } : {}) }
}

function moneyOf(text: string, currency: string, { amounts = 'major', decimal = 'auto' }: Mapping): number | null {
  if (!/^[A-Z]{3}$/.test(currency)) return null
  if (amounts === 'minor') return /^-?\d{1,13}$/.test(text) ? Number(text) : null
  if (decimal === 'auto') return vendorAmount(text, currency)
  const plain = text.replaceAll(decimal === ',' ? '.' : ',', '').replace(',', '.')
  // Three digits behind the sign are fractions here and no thousands: what is too fine is zeros or refused.
  const [whole = '', part = ''] = plain.split('.')
  const digits = currencyExponent(currency)
  return /^0*$/.test(part.slice(digits))
    ? vendorAmount(part === '' ? whole : `${whole}.${part.slice(0, digits)}`, currency)
    : null
}

const yes = new Set(['1', 'true', 'yes', 'y', 'ja', 'j', 'x', 'si', 'sí', 'oui'])
const no = new Set(['0', 'false', 'no', 'n', 'nein', 'non'])

function plainValue(field: FieldName, text: string): string | number | boolean | null {
  const { kind, ...shape } = fields[field]
  switch (kind) {
    case 'whole':
      return /^-?\d{1,9}$/.test(text) ? Number(text) : null
    case 'number': {
      const plain = text.replace(/\s*%$/, '').replace(',', '.')
      return /^\d{1,3}(\.\d{1,4})?$/.test(plain) && Number(plain) <= 100 ? Number(plain) : null
    }
    case 'yesNo':
      return yes.has(text.toLowerCase()) ? true : no.has(text.toLowerCase()) ? false : null
    case 'choice':
      return (
        (shape as { choices: readonly string[] }).choices.find((one) => one.toLowerCase() === text.toLowerCase()) ??
        null
      )
    default:
      return text.length <= 255 && !/^=/.test(text) && !/\p{Cc}/u.test(text) ? text : null
  }
}

function wordFor(field: FieldName): string {
  const { kind, ...shape } = fields[field]
  switch (kind) {
    case 'whole':
      return 'is no whole number'
    case 'number':
      return 'is no number from 0 to 100'
    case 'yesNo':
      return 'is neither yes nor no'
    case 'choice':
      return `is none of ${(shape as { choices: readonly string[] }).choices.join(', ')}; say what the vendor's words mean`
    default:
      return 'is a formula, holds control characters or is longer than 255 characters'
  }
}

const credentialKinds = ['plate', 'card', 'ticket', 'qr', 'app', 'emaid', 'phone'] as const

function credentialsOf(values: Values): ReportedCredential[] {
  return credentialKinds.flatMap((kind): ReportedCredential[] => {
    const value = values[kind]
    if (typeof value !== 'string') return []
    const { plateCountry, cardEncoding } = values
    return [
      {
        kind,
        value,
        ...(kind === 'plate' && typeof plateCountry === 'string' ? { country: plateCountry } : {}),
        ...(kind === 'card' && typeof cardEncoding === 'string' ? { encoding: cardEncoding } : {}),
      },
    ]
  })
}

function rowFact({ type, name = type }: FactSpec, values: Values, key: readonly string[], place: Place): RowFact {
  const { occurredAt, stayRef, lane, device, revision } = values
  const head = {
    type,
    occurredAt: occurredAt as Date,
    backfilled: true,
    ...(stayRef === undefined ? {} : { stayRef }),
    ...(lane === undefined ? {} : { lane }),
    ...(device === undefined ? {} : { device }),
    data: dataOf(type, values, place),
  }
  const told = JSON.stringify(head)
  const named = key.length === 0 ? told : key.join('\u001f')
  const plain = `${name}:${key.join('|')}`
  // Long names, and those in which a bar is part of a cell, are known by their hash.
  const whole = key.length > 0 && plain.length <= 200 && !key.some((part) => part.includes('|'))
  const id = whole ? plain : `${name}:#${createHash('sha256').update(named).digest('base64url')}`
  const content = createHash('sha256').update(`${id}\u0000${told}`).digest('base64url')
  const number = typeof revision === 'number' ? revision : 0
  // The type and its data were built together above.
  return { fact: { id, revision: number, ...head } as unknown as ParkingFact, revision: number, content }
}

function dataOf(type: FactSpec['type'], values: Values, place: Place): object {
  const credentials = credentialsOf(values)
  const some = (names: readonly FieldName[]) =>
    Object.fromEntries(
      names.flatMap((name) => {
        const value = values[name]
        return value === undefined ? [] : [[name, value instanceof Date ? value.toISOString() : value]]
      }),
    )
  const stay = { ...some(['parkerKind', 'reason']), ...(credentials.length > 0 ? { credentials } : {}) }
  const at = (values.occurredAt as Date).toISOString()
  const money =
    values.amount === undefined ? {} : { amountMinor: values.amount, currency: values.currency ?? place.currency }
  switch (type) {
    case 'stay.opened':
      return { ...stay, enteredAt: at }
    case 'stay.closed':
      return { ...stay, ...some(['enteredAt']), exitedAt: at }
    case 'stay.voided':
      return stay
    case 'gate.passed':
    case 'gate.decided':
    case 'gate.backedOut':
      return { ...some(['direction', 'decision', 'reasonCode', 'requestId', 'parkerKind']), credentials }
    case 'payment.captured':
    case 'payment.refunded':
    case 'payment.failed':
      return { ...money, scope: values.scope ?? 'parking', ...some(['method', 'vendorTransaction', 'paidUntil']) }
    case 'discount.applied': {
      const amount = values.amount === undefined ? {} : { amountMinor: values.amount }
      return { kind: values.discountKind, ...amount, ...some(['percent', 'minutes', 'providerNo', 'reason']) }
    }
    case 'stay.priced': {
      const tax = values.tax === undefined ? {} : { taxMinor: values.tax }
      return {
        ...money,
        ...tax,
        ...some(['rate', 'durationMinutes', 'final', 'priceRef']),
        ...(credentials.length > 0 ? { credentials } : {}),
      }
    }
    case 'occupancy.changed':
      return some(['counter', 'free', 'occupied', 'capacity', 'category', 'area'])
    case 'equipment.changed':
      return some(['state', 'code', 'text'])
    case 'bay.changed':
      return { bay: values.bay, occupied: values.isOccupied, ...(credentials.length > 0 ? { credentials } : {}) }
  }
}
