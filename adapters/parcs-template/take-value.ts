// Owns one value of a record: where it stands, the steps it goes through, and the place at which it cannot be read.
// Must not guess: a value that does not fit is an error at its pointer.
import {
  currencyExponent,
  Decimal,
  isoPatterns,
  majorText,
  minor,
  pointerParts,
  pointerTo,
  timeByPattern,
  vendorAmount,
  withOffset,
} from '../../core/plugin/index.ts'
import type { Condition, Plain, Step, Taken } from './profile.ts'

/** A place in a document: its value and its JSON pointer from the document's root. */
export interface Spot {
  value: unknown
  pointer: string
}

export interface Terms {
  lookups: Readonly<Record<string, Readonly<Record<string, Plain>>>>
  zone: string
  currency: string
  /** Tells the two hours of a night in autumn apart. */
  near: Date
  /** Every place that was looked at; for finding what a map leaves out. */
  touched?: Set<string>
}

export interface Sources {
  record: Spot
  message: Spot
}

export type TakenValue =
  | { kind: 'value'; value: unknown; pointer: string }
  | { kind: 'nothing'; pointer: string }
  | { kind: 'wrong'; pointer: string; message: string }

export function at({ value, pointer }: Spot, path: string): Spot {
  return pointerParts(path).reduce<Spot>(
    (spot, name) => {
      const inner = spot.value
      const known =
        typeof inner === 'object' &&
        inner !== null &&
        (Array.isArray(inner) ? /^\d{1,6}$/.test(name) : Object.hasOwn(inner, name))
      return {
        value: known ? (inner as Record<string, unknown>)[name] : undefined,
        pointer: `${spot.pointer}${pointerTo(name)}`,
      }
    },
    { value, pointer },
  )
}

export function takeValue(taken: Taken, { record, message }: Sources, terms: Terms): TakenValue {
  const spot =
    taken.path === undefined
      ? { ...record, value: taken.const }
      : at(taken.of === 'message' ? message : record, taken.path)
  if (taken.path !== undefined) terms.touched?.add(spot.pointer)
  let { value } = spot
  const { pointer } = spot
  for (const step of taken.steps ?? []) {
    if (absent(value)) break
    const next = stepped(step, value, terms)
    if (next.kind === 'wrong') return { kind: 'wrong', pointer, message: next.message }
    value = next.value
  }
  if (absent(value)) value = taken.default
  return absent(value) ? { kind: 'nothing', pointer } : { kind: 'value', value, pointer }
}

export function holdsAll(conditions: readonly Condition[], sources: Sources, terms: Terms): boolean {
  return conditions.every(({ path, of, is, not, present }) => {
    const { value, pointer } = at(of === 'message' ? sources.message : sources.record, path)
    terms.touched?.add(pointer)
    const plain = value === undefined ? null : value
    const among = (list: readonly Plain[]) => list.some((each) => each === plain)
    return (
      (is === undefined || among(is)) &&
      (not === undefined || !among(not)) &&
      (present === undefined || present === !absent(value))
    )
  })
}

function absent(value: unknown): boolean {
  return value === undefined || value === null || value === ''
}

type Stepped = { kind: 'ok'; value: unknown } | { kind: 'wrong'; message: string }

const ok = (value: unknown): Stepped => ({ kind: 'ok', value })
const wrong = (message: string): Stepped => ({ kind: 'wrong', message })

function stepped(step: Step, value: unknown, terms: Terms): Stepped {
  if (typeof value === 'object') return wrong('is no single value')
  if (typeof value === 'number' && !Number.isFinite(value)) return wrong('is no number')
  const text = String(value)
  switch (step.do) {
    case 'trim':
      return ok(text.trim())
    case 'upper':
      return ok(text.toUpperCase())
    case 'lower':
      return ok(text.toLowerCase())
    case 'text':
      return ok(text)
    case 'plate':
      return ok(
        text
          .normalize('NFKC')
          .toUpperCase()
          .replace(/[^\p{L}\p{N}]/gu, ''),
      )
    case 'split':
      return ok(text.split(step.by).at(step.at))
    case 'strip':
      return ok(text.startsWith(step.prefix) ? text.slice(step.prefix.length) : text)
    case 'number':
    case 'integer': {
      const number = /^\s*-?\d{1,15}(\.\d{1,15})?\s*$/.test(text) ? Number(text) : Number.NaN
      return Number.isFinite(number) && (step.do === 'number' || Number.isSafeInteger(number))
        ? ok(number)
        : wrong(step.do === 'integer' ? 'is no whole number' : 'is no number')
    }
    case 'boolean':
      if (step.yes.includes(text)) return ok(true)
      return step.no.includes(text) ? ok(false) : wrong('is neither among the words for yes nor for no')
    case 'lookup': {
      const table = terms.lookups[step.table] ?? {}
      if (Object.hasOwn(table, text)) return ok(table[text])
      return step.otherwise !== undefined ? ok(step.otherwise) : wrong(`is not in the table "${step.table}"`)
    }
    case 'time': {
      const instant = timeOf(step, text, terms)
      return instant === undefined ? wrong('is no time as the profile writes it') : ok(instant.toISOString())
    }
    case 'amount': {
      const currency = step.currency ?? terms.currency
      if (step.minor) return /^-?\d{1,15}$/.test(text) ? ok(Number(text)) : wrong('is no whole number of minor units')
      const amount = vendorAmount(value, currency)
      return amount === null
        ? wrong(`is no exact amount of ${currency} (${currencyExponent(currency)} digits behind the point)`)
        : ok(amount)
    }
    case 'decimal': {
      if (!/^\s*-?\d{1,15}(\.\d{1,15})?\s*$/.test(text)) return wrong('is no decimal number')
      const number = new Decimal(text.trim()).times(step.times ?? 1)
      if (number.decimalPlaces() > (step.places ?? 15))
        return wrong(`has more than ${step.places} digits behind the point`)
      return ok(number.toNumber())
    }
    case 'writeTime': {
      const instant = new Date(text)
      return Number.isNaN(instant.getTime()) ? wrong('is no time') : ok(writtenTime(instant, step.as, terms.zone))
    }
    case 'major':
      return Number.isSafeInteger(value) ? ok(majorText(minor(value as number), terms.currency)) : wrong('is no amount')
  }
}

function timeOf(step: Step & { do: 'time' }, text: string, { zone, near }: Terms): Date | undefined {
  if (step.epoch !== undefined) {
    if (!/^-?\d{1,14}(\.\d{1,9})?$/.test(text)) return undefined
    const instant = new Date(Math.round(Number(text) * (step.epoch === 'seconds' ? 1_000 : 1)))
    return Number.isNaN(instant.getTime()) ? undefined : instant
  }
  for (const pattern of step.patterns ?? isoPatterns) {
    const instant = timeByPattern(text.trim(), pattern, step.zone ?? zone, near)
    if (instant !== undefined) return instant
  }
  return undefined
}

export function writtenTime(
  instant: Date,
  as: 'iso' | 'seconds' | 'milliseconds' | 'local',
  zone: string,
): string | number {
  switch (as) {
    case 'iso':
      return instant.toISOString()
    case 'seconds':
      return Math.floor(instant.getTime() / 1_000)
    case 'milliseconds':
      return instant.getTime()
    case 'local':
      return withOffset(instant, zone).slice(0, 19)
  }
}
