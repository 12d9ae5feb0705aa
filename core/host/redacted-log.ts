// Owns the log that a connection writes to: marked with who writes, and without the values of its secrets.
// Must not be bypassed for anything that a plugin says, its errors included.
import { withoutCardNumbers } from '../domain/card-number.ts'
import type { Log } from '../domain/log.ts'

export interface Redaction {
  /** From now on this value is not to be seen. */
  add(value: string): void
  text(text: string): string
  /** A copy for logging, with every text in it redacted. Errors keep name, message, code and stack. */
  value(value: unknown): unknown
}

const mark = '[secret]'
/** Shorter values would black out half of every line without hiding anything that could not be guessed. */
const shortest = 4
/** Structures deeper or wider than a log line should be are cut. */
const deepest = 6
const widest = 100

export function redaction(): Redaction {
  const values = new Set<string>()
  const text = (input: string): string => {
    let output = input
    for (const value of values) output = output.replaceAll(value, mark)
    return withoutCardNumbers(output, 'identifier')
  }
  const walk = (value: unknown, depth: number, seen: readonly object[]): unknown => {
    if (typeof value === 'string') return text(value)
    if (typeof value === 'bigint') return String(value)
    if (typeof value !== 'object' || value === null) return value
    if (seen.includes(value)) return '[circular]'
    if (depth >= deepest) return '[deep]'
    const inside = [...seen, value]
    const go = (each: unknown) => walk(each, depth + 1, inside)
    if (value instanceof Date) return Number.isNaN(value.getTime()) ? '[invalid date]' : value.toISOString()
    if (value instanceof Error) return go(plainError(value))
    if (value instanceof Uint8Array) return `[${value.length} bytes]`
    if (Array.isArray(value)) return value.slice(0, widest).map(go)
    const entries = value instanceof Map ? [...value] : readable(value)
    return Object.fromEntries(
      entries
        .slice(0, widest)
        .map(([name, each]) => [text(typeof name === 'object' ? 'object' : String(name)), go(each)]),
    )
  }
  return {
    add(value) {
      if (value.length < shortest) return
      values.add(value)
      // The forms in which a secret usually travels: encoded into a header or an address.
      values.add(Buffer.from(value).toString('base64'))
      values.add(encodeURIComponent(value))
    },
    text,
    value: (value) => walk(value, 0, []),
  }
}

/** A getter of somebody's object may throw; a log line may not. */
function readable(value: object): [string, unknown][] {
  try {
    return Object.entries(value)
  } catch {
    return [['unreadable', true]]
  }
}

function plainError(error: Error): Record<string, unknown> {
  const { name, message, stack, cause } = error
  const code = (error as { code?: unknown }).code
  return {
    name,
    message,
    ...(code === undefined ? {} : { code }),
    ...(stack === undefined ? {} : { stack }),
    ...(cause === undefined ? {} : { cause }),
  }
}

export function redactedLog(log: Log, marks: Readonly<Record<string, string>>, hide: Redaction): Log {
  const line = (level: keyof Log) => (fields: object, message: string) => {
    log[level]({ ...(hide.value(fields) as object), ...marks }, hide.text(String(message)))
  }
  return { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') }
}
