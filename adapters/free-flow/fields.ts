// Owns reading single fields out of a vendor's JSON, with the place of everything that is wrong.
// Must not know whose JSON it is.
import type { FieldError } from '../../core/plugin/index.ts'

export interface Fields {
  readonly errors: readonly FieldError[]
  /** A text, or a whole number as its digits: vendors change between the two. Null counts as left out. */
  text(pointer: string): string | undefined
  needText(pointer: string): string
  needInstant(pointer: string): Date
  value(pointer: string): unknown
  wrong(pointer: string, message: string): void
}

export const longestText = 200

/** What the hub takes for a time that was meant; a message is kept whole or not at all. */
const earliest = Date.UTC(2000, 0, 1)
const furthestAheadMs = 366 * 86_400_000

export function fieldsOf(json: unknown, now: Date): Fields {
  const errors: FieldError[] = []
  const value = (pointer: string): unknown =>
    pointer
      .split('/')
      .slice(1)
      .reduce<unknown>(
        (inside, name) => (isObject(inside) && Object.hasOwn(inside, name) ? inside[name] : undefined),
        json,
      )
  const wrong = (pointer: string, message: string) => void errors.push({ pointer, message })
  const text = (pointer: string): string | undefined => {
    const given = value(pointer)
    if (given === undefined || given === null) return undefined
    const said = Number.isSafeInteger(given) ? String(given) : given
    if (typeof said !== 'string' || said.trim() === '' || said.length > longestText) {
      wrong(pointer, `must be a text of 1 to ${longestText} characters`)
      return undefined
    }
    // PostgreSQL keeps neither NUL nor half a surrogate pair.
    if (said.includes('\0') || /\p{Surrogate}/u.test(said)) {
      wrong(pointer, 'holds a character that cannot be stored')
      return undefined
    }
    return said.trim()
  }
  const known = (pointer: string): boolean => {
    const given = value(pointer)
    if (given !== undefined && given !== null) return true
    wrong(pointer, 'is required')
    return false
  }
  return {
    errors,
    value,
    wrong,
    text,
    needText: (pointer) => (known(pointer) ? (text(pointer) ?? '') : ''),
    needInstant(pointer) {
      const nothing = new Date(0)
      if (!known(pointer)) return nothing
      const said = text(pointer)
      const at = said === undefined ? undefined : offsetInstant(said)
      if (said !== undefined && at === undefined)
        wrong(pointer, 'must be a date and time with its offset, as 2026-03-09T08:30:00Z')
      if (at && (at.getTime() < earliest || at.getTime() > now.getTime() + furthestAheadMs))
        wrong(pointer, 'is before 2000 or more than a year ahead')
      return at ?? nothing
    },
  }
}

const written = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(\.\d{1,9})?(Z|[+-]\d\d(?::?\d\d)?)$/i

/** ISO 8601 with its offset as the vendors' pattern letters `Z`, `X` and `XXX` write it: Z, +02, +0200, +02:00. */
export function offsetInstant(text: string): Date | undefined {
  const [, date = '', time = '', fraction = '', offset = ''] = written.exec(text) ?? []
  if (date === '') return undefined
  // A day that does not exist would become the next one.
  const day = new Date(`${date}T00:00:00Z`)
  if (Number.isNaN(day.getTime()) || day.toISOString().slice(0, 10) !== date) return undefined
  const [, sign, hours = '', minutes = '00'] = /^([+-])(\d\d):?(\d\d)?$/.exec(offset) ?? []
  const at = new Date(`${date}T${time}${fraction.slice(0, 4)}${sign ? `${sign}${hours}:${minutes}` : 'Z'}`)
  return Number.isNaN(at.getTime()) ? undefined : at
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
