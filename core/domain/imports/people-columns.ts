// Owns the columns of the list of people: what each may hold, and where a value belongs.
// Must not read the database: whether a number exists is told by whoever stores it.
import { maskedCardNumbers, maskedMark } from '../card-number.ts'
import { type CredentialKind, isCredentialKind } from '../credential/index.ts'
import type { CsvRow } from './read-csv.ts'

export const peopleColumns = [
  'account_number',
  'account_name',
  'account_kind',
  'account_status',
  'parker_kind',
  'email',
  'phone',
  'valid_from',
  'valid_until',
  'groups',
  'plate',
  'plate_country',
  'credential_kind',
  'credential_value',
  'credential_encoding',
  'credential_label',
  'credential_status',
] as const
export type PeopleColumn = (typeof peopleColumns)[number]

export type PersonRow = Partial<Record<PeopleColumn, string>> & { account_number: string }
export interface CellProblem {
  line: number
  column: PeopleColumn
  message: string
}

const among =
  (...words: readonly string[]) =>
  (text: string) =>
    words.includes(text) ? null : `must be one of ${words.join(', ')}`
const shaped = (pattern: RegExp, message: string) => (text: string) => (pattern.test(text) ? null : message)
const atMost = (length: number) => (text: string) =>
  text.length <= length ? null : `is longer than ${length} characters`
const instant = (text: string) =>
  /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/i.test(text) && !Number.isNaN(Date.parse(text))
    ? null
    : 'must be a date and time with zone, as 2026-03-09T08:30:00Z'

const checks: Partial<Record<PeopleColumn, (text: string) => string | null>> = {
  account_number: shaped(/^[A-Za-z0-9][A-Za-z0-9._/-]{0,63}$/, 'must be letters, digits and . _ / -, at most 64'),
  account_name: atMost(200),
  account_kind: among('person', 'company', 'tenant', 'fleet', 'employee', 'visitor'),
  account_status: among('active', 'suspended', 'closed'),
  parker_kind: among('transient', 'contract', 'member', 'reservation'),
  email: shaped(/^[^@\s]{1,64}@[^@\s]{1,189}$/, 'is no mail address'),
  phone: shaped(/^[0-9+() ./-]{1,40}$/, 'is no phone number'),
  valid_from: instant,
  valid_until: instant,
  plate: atMost(32),
  plate_country: shaped(/^[A-Z]{2}(-[A-Z0-9]{1,3})?$/, 'must be an ISO 3166 code, as DE or US-CA'),
  credential_kind: (text) => (isCredentialKind(text) ? null : 'is no kind of credential'),
  credential_value: atMost(255),
  credential_encoding: among('hex', 'dec', 'decConcat', 'facilityCard', 'wiegand', 'bits', 'canonical'),
  credential_label: atMost(200),
  credential_status: among('active', 'blocked', 'revoked'),
}

/** Header words that nobody knows; a misspelt column would silently lose what it holds. */
export function unknownColumns(header: readonly string[]): string[] {
  return header.filter((name) => !(peopleColumns as readonly string[]).includes(name))
}

/** Columns of people's words, where a bare number counts; elsewhere stand numbers of cards that open gates. */
const wordColumns: readonly string[] = ['account_name', 'credential_label', 'email', 'plate', 'groups']

/** The file with every card number masked. */
export function withMaskedCells(text: string, header: readonly string[], rows: readonly CsvRow[]): string {
  let masked = maskedCardNumbers(text, 'identifier')
  for (const { cells } of rows)
    for (const [i, cell] of cells.entries()) {
      const clean = wordColumns.includes(header[i] ?? '') ? maskedCardNumbers(cell) : cell
      if (clean !== cell) masked = masked.replaceAll(cell, clean)
    }
  return masked
}

export function personOf(
  header: readonly string[],
  { line, cells }: CsvRow,
): { person: PersonRow; problems: CellProblem[] } {
  const person: PersonRow = { account_number: '' }
  const problems: CellProblem[] = []
  if (cells.length > header.length)
    problems.push({
      line,
      column: 'account_number',
      message: `the line has ${cells.length} cells, the header ${header.length}`,
    })
  for (const [i, name] of header.entries()) {
    // A spreadsheet's guard against formulas is no part of the value.
    const text = (cells[i] ?? '').trim().replace(/^'(?=[=+\-@])/, '')
    if (text === '') continue
    const column = name as PeopleColumn
    const message = maskedMark.test(text)
      ? 'held the number of a payment card, which was masked'
      : /\p{Cc}/u.test(text)
        ? 'holds a control character'
        : (checks[column]?.(text) ?? null)
    if (message === null) person[column] = text
    else problems.push({ line, column, message })
  }
  if (person.account_number === '' && !problems.some(({ column }) => column === 'account_number'))
    problems.push({ line, column: 'account_number', message: 'is needed: it is what a line is known by' })
  return { person, problems }
}

/**
 * What the credential is. Where a system has one column for cards, phone numbers are typed into it so that an app opens the gate
 *: a value written like a phone number, or the same as the line's own, is one.
 */
export function credentialKindOf({
  credential_kind: kind,
  credential_value: value = '',
  phone,
}: PersonRow): CredentialKind {
  if (kind !== undefined && kind !== 'card') return kind as CredentialKind
  const digits = (text: string) => text.replace(/\D/g, '')
  const written = /^\+[\d\s().-]{7,20}$/.test(value) || /^\(?\d{3}\)?[ .-]\d{3}[ .-]\d{4}$/.test(value)
  const same =
    phone !== undefined && /^[\d\s().+-]+$/.test(value) && digits(value).length >= 7 && digits(phone) === digits(value)
  return written || same ? 'phone' : 'card'
}
