// Owns turning JSON into facts and questions of the hub, or into the list of what is wrong with it.
// Must not let a value through that the schema did not look at.
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv'
import { pointerTo } from '../../domain/json-pointer.ts'
import { type GateQuestion, type ParkingFact, parkingFactTypes } from '../../domain/parking-fact.ts'
import { factSchemas, questionSchema } from './fact-schema.ts'
import type { FieldError } from './problem.ts'

export type Parsed<T> = { kind: 'ok'; value: T } | { kind: 'wrong'; errors: readonly FieldError[] }

/** Errors told per fact; one broken generator makes the same one many times. */
const mostErrors = 20

const ajv = new Ajv({ allErrors: true, strict: true, allowUnionTypes: true, verbose: false })
ajv.addFormat('instant', { type: 'string', validate: isInstant })
const factValidators = new Map<string, ValidateFunction>(
  Object.entries(factSchemas).map(([type, schema]) => [type, ajv.compile(schema)]),
)
const validateQuestion = ajv.compile(questionSchema)

interface WireFact {
  id: string
  revision?: number
  type: ParkingFact['type']
  occurredAt: string
  backfilled?: boolean
  stayRef?: string
  lane?: string
  device?: string
  data: Record<string, unknown>
}

export function parseFact(json: unknown): Parsed<ParkingFact> {
  if (!isObject(json)) return wrong('', 'must be an object')
  const validate = typeof json.type === 'string' ? factValidators.get(json.type) : undefined
  if (!validate) return wrong('/type', `must be one of ${parkingFactTypes.join(', ')}`)
  if (!validate(json)) return { kind: 'wrong', errors: errorsOf(validate.errors) }
  const { revision = 1, backfilled = false, occurredAt, data, ...rest } = json as unknown as WireFact
  const fact = { ...rest, revision, backfilled, occurredAt: instantOf(occurredAt), data: withInstants(data) }
  return { kind: 'ok', value: fact as unknown as ParkingFact }
}

export function parseQuestion(json: unknown): Parsed<GateQuestion> {
  if (!validateQuestion(json)) return { kind: 'wrong', errors: errorsOf(validateQuestion.errors) }
  // The decision is kept with these texts. Facts are looked through by the core, each with its own answer.
  const unstorable = unstorableTexts(json, '')
  if (unstorable.length > 0) return { kind: 'wrong', errors: unstorable.slice(0, mostErrors) }
  const question = json as Omit<GateQuestion, 'occurredAt'> & { occurredAt: string }
  return { kind: 'ok', value: { ...question, occurredAt: instantOf(question.occurredAt) } }
}

/** Id and revision of something that may be no fact at all, for the answer. */
export function factName(json: unknown): { id: string | null; revision: number | null } {
  const { id, revision = 1 } = isObject(json) ? json : {}
  return {
    id: typeof id === 'string' ? id.slice(0, 255) : null,
    revision: typeof revision === 'number' && Number.isFinite(revision) ? revision : null,
  }
}

function isObject(json: unknown): json is Record<string, unknown> {
  return typeof json === 'object' && json !== null && !Array.isArray(json)
}

function wrong(pointer: string, message: string): { kind: 'wrong'; errors: FieldError[] } {
  return { kind: 'wrong', errors: [{ pointer, message }] }
}

function errorsOf(errors: readonly ErrorObject[] | null | undefined): FieldError[] {
  return (errors ?? []).slice(0, mostErrors).map(({ instancePath, keyword, params, message = 'is wrong' }) => {
    switch (keyword) {
      case 'required':
        return { pointer: `${instancePath}${pointerTo(params.missingProperty)}`, message: 'is required' }
      case 'additionalProperties':
        return { pointer: `${instancePath}${pointerTo(params.additionalProperty)}`, message: 'is not known here' }
      case 'enum':
        return { pointer: instancePath, message: `must be one of ${(params.allowedValues as string[]).join(', ')}` }
      case 'format':
        return {
          pointer: instancePath,
          message: 'must be a date and time with zone (RFC 3339), as 2026-03-09T08:30:00Z',
        }
      default:
        return { pointer: instancePath, message }
    }
  })
}

function unstorableTexts(value: unknown, pointer: string): FieldError[] {
  if (typeof value === 'string') {
    const message = 'holds a character that cannot be stored (NUL, or half of a surrogate pair)'
    return value.includes('\0') || /\p{Surrogate}/u.test(value) ? [{ pointer, message }] : []
  }
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, inner]) => unstorableTexts(inner, `${pointer}${pointerTo(name)}`))
}

const rfc3339 = /^(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.\d{1,9})?(?:[Zz]|[+-](\d\d):(\d\d))$/

/** A day that exists, with a zone. No leap seconds: nothing downstream can tell them. */
function isInstant(value: string): boolean {
  const [, year, month, day, hour, minute, second, zoneHour = '0', zoneMinute = '0'] = rfc3339.exec(value) ?? []
  if (year === undefined) return false
  const days = new Date(Date.UTC(Number(year), Number(month), 0)).getUTCDate()
  return (
    Number(month) >= 1 &&
    Number(month) <= 12 &&
    Number(day) >= 1 &&
    Number(day) <= days &&
    Number(hour) <= 23 &&
    Number(minute) <= 59 &&
    Number(second) <= 59 &&
    Number(zoneHour) <= 23 &&
    Number(zoneMinute) <= 59
  )
}

function instantOf(value: string): Date {
  return new Date(value.toUpperCase())
}

const instantNames = ['enteredAt', 'exitedAt', 'paidUntil', 'from', 'until'] as const

/** Instants inside the data, in the one form the hub keeps them in. */
function withInstants(data: Record<string, unknown>): Record<string, unknown> {
  const copy = { ...data }
  if (isObject(copy.changed)) copy.changed = withInstants(copy.changed)
  for (const name of instantNames) {
    const value = copy[name]
    if (typeof value === 'string') copy[name] = instantOf(value).toISOString()
  }
  return copy
}
