// Owns small checks of JSON from outside, put together into the shapes of desired values; each fault names its field.
// Must not know what is checked.
import { pointerTo } from '../json-pointer.ts'

export interface Fault {
  /** JSON pointer. */
  pointer: string
  message: string
}

export type Check = (value: unknown, pointer: string) => Fault[]

const fault = (pointer: string, message: string): Fault[] => [{ pointer, message }]

export const text =
  (most: number, pattern = /^[^\p{Cc}]*$/u): Check =>
  (value, at) =>
    typeof value !== 'string' || value === ''
      ? fault(at, 'must be a text that is not empty')
      : value.length > most
        ? fault(at, `must have at most ${most} characters`)
        : pattern.test(value)
          ? []
          : fault(at, 'has characters that cannot stand there')

export const whole =
  (least: number, most: number): Check =>
  (value, at) =>
    Number.isInteger(value) && (value as number) >= least && (value as number) <= most
      ? []
      : fault(at, `must be a whole number from ${least} to ${most}`)

export const number =
  (least: number, most: number): Check =>
  (value, at) =>
    typeof value === 'number' && value >= least && value <= most
      ? []
      : fault(at, `must be a number from ${least} to ${most}`)

export const flag: Check = (value, at) => (typeof value === 'boolean' ? [] : fault(at, 'must be true or false'))

export const oneOf =
  (...words: readonly (string | number)[]): Check =>
  (value, at) =>
    words.includes(value as string) ? [] : fault(at, `must be one of ${words.join(', ')}`)

const instantShape = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)$/
export const instant: Check = (value, at) =>
  typeof value === 'string' && instantShape.test(value) && !Number.isNaN(Date.parse(value))
    ? []
    : fault(at, 'must be an instant with its zone, as RFC 3339 writes it')

export const list =
  (check: Check, least: number, most: number): Check =>
  (value, at) =>
    !Array.isArray(value) || value.length < least || value.length > most
      ? fault(at, `must be a list of ${least} to ${most} entries`)
      : value.flatMap((item, i) => check(item, `${at}/${i}`))

/** Names with a question mark may be left out; others than these may not be there. */
export const shape =
  (fields: Readonly<Record<string, Check>>): Check =>
  (value, at) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return fault(at, 'must be an object')
    const given = value as Record<string, unknown>
    const known = Object.entries(fields).map(([name, check]) => ({
      name: name.replace('?', ''),
      optional: name.endsWith('?'),
      check,
    }))
    return [
      ...known.flatMap(({ name, optional, check }) =>
        Object.hasOwn(given, name)
          ? check(given[name], `${at}/${name}`)
          : optional
            ? []
            : fault(`${at}/${name}`, 'is missing'),
      ),
      ...Object.keys(given)
        .filter((name) => !known.some((field) => field.name === name))
        .flatMap((name) => fault(`${at}${pointerTo(name)}`, 'is not known here')),
    ]
  }
