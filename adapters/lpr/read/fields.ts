// Owns looking into a document whose names and types are never quite as documented: other case, misspelt, numbers as text.
// Must not throw whatever the document is.
import { pointerTo } from '../../../core/plugin/index.ts'

export interface Field {
  value: unknown
  /** JSON pointer of where it stands, for the problem. */
  pointer: string
}

/** The first of `names` below `from` that is there and not empty, in any case of its letters. */
export function field(from: Field, ...names: readonly string[]): Field {
  const { value: node } = from
  if (typeof node === 'object' && node !== null && !Array.isArray(node)) {
    const keys = Object.keys(node)
    for (const name of names) {
      const lower = name.toLowerCase()
      const key = keys.find((each) => each === name) ?? keys.find((each) => each.toLowerCase() === lower)
      const value = key === undefined ? undefined : (node as Record<string, unknown>)[key]
      if (value !== undefined && value !== null && value !== '')
        return { value, pointer: `${from.pointer}${pointerTo(key)}` }
    }
  }
  return { value: undefined, pointer: `${from.pointer}${pointerTo(names[0])}` }
}

/** One step after another, each by one name. */
export function path(from: Field, ...names: readonly string[]): Field {
  return names.reduce((at, name) => field(at, name), from)
}

/** The items of a list; one thing alone counts as a list of it, since XML cannot tell. */
export function items(from: Field, most = 100): Field[] {
  if (from.value === undefined || from.value === null) return []
  if (!Array.isArray(from.value)) return [from]
  return from.value.slice(0, most).map((value: unknown, i) => ({ value, pointer: `${from.pointer}/${i}` }))
}

/** Text or number as clean text of at most `most` characters; undefined when there is nothing in it. */
export function text({ value }: Field, most = 255): string | undefined {
  const own = typeof value === 'object' && value !== null ? (value as Record<string, unknown>)['#text'] : value
  if (typeof own !== 'string' && typeof own !== 'number' && typeof own !== 'bigint') return undefined
  // Control characters and halves of surrogate pairs cannot be stored, and no plate or name has them.
  const clean = String(own)
    .replace(/[\p{Cc}\p{Cs}]/gu, '')
    .trim()
  return clean === '' ? undefined : clean.slice(0, most)
}

/** Text as it came and of any length: a picture in base64. */
export function raw({ value }: Field): string | undefined {
  return typeof value === 'string' ? value : undefined
}

export function number(from: Field): number | undefined {
  const given = text(from, 40)
  if (given === undefined || !/^[+-]?\d+(\.\d+)?(e[+-]?\d+)?$/i.test(given)) return undefined
  const value = Number(given)
  return Number.isFinite(value) ? value : undefined
}

const yes = /^(true|yes|1|on)$/i
const no = /^(false|no|0|off)$/i

export function flag(from: Field): boolean | undefined {
  const given = typeof from.value === 'boolean' ? String(from.value) : text(from, 10)
  if (given === undefined) return undefined
  return yes.test(given) ? true : no.test(given) ? false : undefined
}

/** What is there, without what is undefined: optional fields are left out, never set to undefined. */
export function defined<T extends object>(parts: { [K in keyof T]: T[K] | undefined }): T {
  return Object.fromEntries(Object.entries(parts).filter(([, value]) => value !== undefined)) as T
}
