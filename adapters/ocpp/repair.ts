// Owns the mending of payloads that break the official schema: what can be understood is converted, the rest is named.
// Must not invent values; what cannot be converted is removed here and survives in the journal's raw text.
import type { ErrorObject, ValidateFunction } from 'ajv'
import { pointerParts } from '../../core/plugin/index.ts'
import { bounded } from './bounded.ts'
import { type DeviationCode, type Noter, sampleOf } from './deviations.ts'
import { scaled } from './scaled-number.ts'

export interface Fault {
  kind: 'missing' | 'type'
  pointer: string
}

export interface Repaired {
  payload: Record<string, unknown>
  /** What stays wrong: for a message that may be refused these are the reasons. */
  faults: Fault[]
}

type Json = Record<string, unknown>

const dropped = Symbol('dropped')
const failed = Symbol('failed')

/** Spellings of the one unit that everybody spells differently (M15). */
const unitAliases = new Map([
  ['c', 'Celsius'],
  ['°c', 'Celsius'],
  ['celcius', 'Celsius'],
  ['celsius', 'Celsius'],
  ['%', 'Percent'],
  ['f', 'Fahrenheit'],
])

const sampleFields = new Set(['meterValue', 'sampledValue', 'transactionData'])

function codeForLength(field: string): DeviationCode {
  if (field === 'idTag' || field === 'idToken') return 'J2'
  return field === 'value' || field === 'attributeValue' || field === 'data' ? 'J3' : 'J1'
}

function squeeze(text: string): string {
  return text.toLowerCase().replace(/[\s_-]/g, '')
}

function toNumber(value: unknown): number | null {
  if (typeof value === 'number') return value
  if (typeof value !== 'string' || !/^\s*[+-]?(\d+([.,]\d*)?|[.,]\d+)([eE][+-]?\d{1,3})?\s*$/.test(value)) return null
  const number = Number(value.trim().replace(',', '.'))
  return Number.isFinite(number) ? number : null
}

function convert(value: unknown, wanted: string, field: string): unknown {
  switch (wanted) {
    case 'string':
      // Vendor data is a text by 1.6, and JSON by what many make of it.
      if (field === 'data' && typeof value === 'object') return JSON.stringify(value)
      return typeof value === 'number' || typeof value === 'boolean' ? String(value) : failed
    case 'integer': {
      if (typeof value !== 'string' && typeof value !== 'number') return failed
      return scaled(String(value), 0) ?? failed
    }
    case 'number':
      return toNumber(value) ?? failed
    case 'boolean': {
      // An object may carry a `toString` of the sender's making.
      if (typeof value !== 'string' && typeof value !== 'number') return failed
      const text = String(value).toLowerCase()
      if (text === 'true' || text === '1') return true
      return text === 'false' || text === '0' ? false : failed
    }
    case 'array':
      return [value]
    case 'object':
      if (Array.isArray(value)) return value.length === 1 && typeof value[0] === 'object' ? value[0] : failed
      if (field === 'idToken' && typeof value === 'string') return { idToken: value }
      if (field === 'evse' && toNumber(value) !== null) return { id: value }
      return failed
    default:
      return failed
  }
}

function codeForConversion(wanted: string, field: string): DeviationCode {
  if (wanted === 'array' && sampleFields.has(field)) return 'M1'
  return field === 'value' && (wanted === 'string' || wanted === 'number') ? 'M3' : 'J16'
}

/** The container and key that a JSON pointer names; null for the root. */
function locate(root: unknown, pointer: string): { parent: Json; key: string; field: string } | null {
  if (pointer === '') return null
  const parts = pointerParts(pointer)
  let node: unknown = root
  let field = ''
  for (let i = 0; i < parts.length; i++) {
    const key = parts[i] ?? ''
    if (typeof node !== 'object' || node === null) return null
    if (!Array.isArray(node)) field = key
    if (i === parts.length - 1) return { parent: node as Json, key, field }
    node = (node as Json)[key]
  }
  return null
}

function asPayload(input: unknown, noter: Noter, faults: Fault[]): Json {
  if (input === undefined || input === null) {
    noter.note('J6', 'no payload')
    return {}
  }
  if (typeof input === 'object' && !Array.isArray(input)) return input as Json
  noter.note('J16', `payload: ${sampleOf(input)}`)
  if (Array.isArray(input)) {
    const [only] = input
    if (input.length === 1 && typeof only === 'object' && only !== null && !Array.isArray(only)) return only as Json
    if (input.length === 0) return {}
  }
  faults.push({ kind: 'type', pointer: '' })
  return {}
}

/**
 * Mends a payload, guided by the schema's own error list, until only departures remain that are kept as they are
 * (long texts, unknown properties, unknown enumeration values) or that cannot be mended. What comes back is a copy, cut where it
 * nests deeper than any message: neither the schema's errors nor JSON are for any depth.
 * @param input the payload as parsed
 * @param faultsOf the schema, compiled to collect every error
 */
export function repair(input: unknown, faultsOf: ValidateFunction, report: Noter): Repaired {
  const once = new Set<string>()
  const noter: Noter = {
    note(code, sample) {
      if (once.has(code)) return
      once.add(code)
      report.note(code, sample)
    },
  }
  const rootFaults: Fault[] = []
  const payload = bounded(asPayload(input, noter, rootFaults))
  const lost = new Set<string>()
  let faults: Fault[] = []
  // Every pass mends or removes something, and a pass deeper only exists when a container was converted: schemas are 6 deep.
  for (let pass = 0; pass < 8 && !faultsOf(payload); pass++) {
    faults = []
    let changed = false
    const holed = new Set<unknown[]>()
    for (const error of faultsOf.errors ?? []) {
      if (error.keyword === 'required') {
        const pointer = `${error.instancePath}/${String(error.params.missingProperty)}`
        faults.push({ kind: lost.has(pointer) ? 'type' : 'missing', pointer })
      } else if (mend(payload, error, noter, lost, holed)) changed = true
    }
    for (const list of holed) list.splice(0, list.length, ...list.filter((each) => each !== dropped))
    if (!changed) break
    faults = []
  }
  return { payload, faults: rootFaults.length > 0 ? rootFaults : faults }
}

/** Handles one schema error; true when the payload was changed. */
function mend(payload: Json, error: ErrorObject, noter: Noter, lost: Set<string>, holed: Set<unknown[]>): boolean {
  const place = locate(payload, error.instancePath)
  switch (error.keyword) {
    case 'additionalProperties':
      noter.note('J4', sampleOf(error.params.additionalProperty))
      return false
    case 'maxLength':
      if (place !== null) noter.note(codeForLength(place.field), `${place.field}: ${sampleOf(place.parent[place.key])}`)
      return false
    case 'minItems':
      noter.note(place?.field === 'sampledValue' || place?.field === 'meterValue' ? 'M2' : 'J20', error.instancePath)
      return false
    case 'enum':
      return place === null ? false : mendEnum(place, error.params.allowedValues as unknown[], noter)
    case 'type':
      return place === null ? false : mendType(place, error, noter, lost, holed)
    default:
      noter.note('J20', `${error.instancePath} ${error.keyword}`)
      return false
  }
}

function mendEnum(
  place: { parent: Json; key: string; field: string },
  allowed: readonly unknown[],
  noter: Noter,
): boolean {
  const value = place.parent[place.key]
  // Another error of the same field (its type) takes care of anything that is no text.
  if (typeof value !== 'string') return false
  if (place.field === 'unit') {
    const alias = unitAliases.get(value.trim().toLowerCase())
    if (alias !== undefined) {
      noter.note('M15', value)
      place.parent[place.key] = alias
      return alias !== value
    }
  }
  const wanted = squeeze(value)
  const match = allowed.find((each) => typeof each === 'string' && squeeze(each) === wanted)
  noter.note(
    match === undefined && (place.field === 'unit' || place.field === 'measurand') ? 'M16' : 'J5',
    `${place.field}: ${sampleOf(value)}`,
  )
  if (match === undefined) return false
  place.parent[place.key] = match
  return true
}

function mendType(
  place: { parent: Json; key: string; field: string },
  error: ErrorObject,
  noter: Noter,
  lost: Set<string>,
  holed: Set<unknown[]>,
): boolean {
  const value = place.parent[place.key]
  if (value === dropped || value === undefined) return false
  const wanted = String(error.params.type)
  const better = value === null ? failed : convert(value, wanted, place.field)
  if (better !== failed) {
    noter.note(codeForConversion(wanted, place.field), `${place.field}: ${sampleOf(value)}`)
    place.parent[place.key] = better
    return true
  }
  noter.note(value === null ? 'J6' : 'J16', `${place.field}: ${sampleOf(value)}`)
  if (value !== null) lost.add(error.instancePath)
  if (Array.isArray(place.parent)) {
    ;(place.parent as unknown[])[Number(place.key)] = dropped
    holed.add(place.parent)
  } else delete place.parent[place.key]
  return true
}

/** Room for the largest honest message (a StopTransaction of three days at one sample a minute) several times over. */
const maxNodes = 40_000

/**
 * Bounds the work of repairing a large hostile payload: collecting half a million schema errors was measured to stall the
 * process for a quarter of a second. Lists and objects beyond the budget are cut; the raw text keeps everything.
 */
export function prune(root: unknown, noter: Noter): void {
  let budget = maxNodes
  const open: unknown[] = [root]
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (typeof node !== 'object' || node === null) continue
    if (Array.isArray(node)) {
      if (node.length > budget) {
        noter.note('J20', `list of ${node.length}`)
        node.length = budget
      }
      budget -= node.length
      for (const each of node) open.push(each)
    } else {
      const keys = Object.keys(node)
      if (keys.length > budget) noter.note('J20', `${keys.length} properties`)
      for (const [i, key] of keys.entries()) {
        if (i >= budget) delete (node as Json)[key]
        else open.push((node as Json)[key])
      }
      budget -= Math.min(keys.length, budget)
    }
  }
}
