// Owns what the hub takes from an APDS partner: the fields it needs, strictly; everything else is let through and kept.
// Must not ask for what the hub has no use for: `initiator` and `issuer` are the receiver's to set, and partners leave out the rest.
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv'
import type { AssignedRight, EventSubscription, HierarchyElement, Session } from './objects.ts'
import { kindOfType, topics } from './objects.ts'

/** Names of facts are made from ids and may have 255 characters. */
const id = { type: 'string', minLength: 1, maxLength: 100, format: 'storable' } as const
const text = { type: 'string', maxLength: 255, format: 'storable' } as const
const version = { type: 'integer', minimum: 1, maximum: 500_000_000 } as const
const instant = { type: 'string', format: 'instant' } as const

function object(required: readonly string[], properties: Record<string, object>) {
  return { type: 'object', required, properties }
}
const list = (items: object, more: object = {}) => ({ type: 'array', maxItems: 200, items, ...more })

const reference = object(['id'], { id, className: text })
const versioned = object(['id', 'version'], { id, version, className: text })
const credential = object(['type', 'identifier'], {
  type: { enum: Object.keys(kindOfType) },
  credentialAssignedType: { enum: ['customer', 'vehicle', 'other'] },
  identifier: object(['id'], { id: { ...id, maxLength: 255 }, className: text }),
})
const credentials = list(credential, { maxItems: 50 })

const amount = object(['currencyType', 'currencyValue'], {
  currencyType: { type: 'string', pattern: '^[A-Z]{3}$' },
  currencyValue: { type: 'number', minimum: -1_000_000_000, maximum: 1_000_000_000 },
})
const paymentLine = object(['paymentType', 'value'], {
  id,
  version,
  identifierId: text,
  idCode: text,
  paymentType: { enum: ['payment', 'validation'] },
  value: amount,
})
const payment = object(['paymentLines'], {
  id,
  version,
  dateCollected: instant,
  dateAuthorised: instant,
  transactionID: text,
  idCode: text,
  endPeriodCovered: instant,
  paymentLines: list(paymentLine),
})
const plannedUse = object(['startTime'], {
  startTime: instant,
  endTime: instant,
  cancelTime: instant,
  expiryTime: instant,
  credentialsAssigned: credentials,
})
const rightFields = {
  id,
  version,
  rightSpecification: versioned,
  rightHolder: object([], { credentials }),
  issuanceTime: instant,
  expiry: instant,
  plannedUses: list(plannedUse),
  payments: list(payment),
}
const right = object(['id', 'version', 'rightSpecification', 'rightHolder'], rightFields)
const session = object(['id', 'version', 'actualStart', 'identifiedCredentials'], {
  id,
  version,
  actualStart: instant,
  actualEnd: instant,
  hierarchyElement: versioned,
  identifiedCredentials: { ...credentials, minItems: 1 },
  segments: list(
    object(['id', 'version', 'actualStart'], {
      id,
      version,
      actualStart: instant,
      actualEnd: instant,
      assignedRight: object(['id', 'version'], rightFields),
      spaceId: object(['id'], { id }),
      validationType: list({ enum: Object.keys(kindOfType) }),
      credentialId: reference,
    }),
  ),
  identifiedVehicle: object(['country'], { country: { type: 'string', pattern: '^[A-Za-z]{2}$' } }),
})
const count = { type: 'integer', minimum: 0, maximum: 1_000_000 }
const place = object(['id'], {
  id,
  hierarchyElementReference: object([], {
    demandTable: list(
      object([], {
        timestamp: instant,
        demandType: list(
          object(['recordDateTime'], {
            count,
            percentage: { type: 'number', minimum: 0, maximum: 100 },
            recordDateTime: instant,
          }),
        ),
        demandSpaceType: list(
          object(['detectionUpdateTime'], {
            spaceId: reference,
            detectionUpdateTime: instant,
            occupancyStartTime: instant,
            occupancyEndTime: instant,
          }),
          { maxItems: 5_000 },
        ),
      }),
    ),
    supply: list(
      object(['supplyQuantity'], { supplyQuantity: count, supplyViewType: { enum: ['spaceView', 'vehicleView'] } }),
    ),
  }),
})
const subscription = object(['endpoint', 'topics'], {
  endpoint: { type: 'string', minLength: 1, maxLength: 2_000 },
  topics: { type: 'array', maxItems: topics.length, items: { enum: topics } },
})

export interface FieldError {
  /** JSON pointer. */
  pointer: string
  message: string
}
export type Parsed<T> = { kind: 'ok'; value: T } | { kind: 'wrong'; errors: readonly FieldError[] }

const ajv = new Ajv({ allErrors: true, strict: true, allowUnionTypes: true, strictTypes: false })
ajv.addFormat('instant', { type: 'string', validate: isInstant })
ajv.addFormat('storable', {
  type: 'string',
  validate: (value: string) => !value.includes('\0') && !/\p{Surrogate}/u.test(value),
})

const reader = <T>(schema: object) => {
  const validate: ValidateFunction = ajv.compile(schema)
  return (json: unknown): Parsed<T> =>
    validate(json) ? { kind: 'ok', value: json as T } : { kind: 'wrong', errors: errorsOf(validate.errors) }
}

export const readSession = reader<Session>(session)
export const readRight = reader<AssignedRight>(right)
export const readPlace = reader<HierarchyElement>(place)
export const readSubscription = reader<EventSubscription>(subscription)

/** One wrong generator makes the same fault many times. */
const mostErrors = 10

function errorsOf(errors: readonly ErrorObject[] | null | undefined): FieldError[] {
  return (errors ?? []).slice(0, mostErrors).map(({ instancePath, keyword, params, message = 'is wrong' }) => {
    if (keyword === 'required') return { pointer: `${instancePath}/${params.missingProperty}`, message: 'is required' }
    if (keyword === 'enum')
      return { pointer: instancePath, message: `must be one of ${(params.allowedValues as string[]).join(', ')}` }
    if (keyword === 'format' && params.format === 'instant')
      return { pointer: instancePath, message: 'must be a date and time with zone, as 2026-03-09T08:30:00Z' }
    if (keyword === 'format') return { pointer: instancePath, message: 'holds a character that cannot be stored' }
    return { pointer: instancePath, message }
  })
}

const rfc3339 = /^(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.\d{1,9})?(?:[Zz]|[+-]([01]\d|2[0-3]):[0-5]\d)$/

/** A day that exists, between 2000 and 2100: what the hub would refuse for its time later is refused with its name here. */
function isInstant(value: string): boolean {
  const [, year, month, day, hour, minute, second] = (rfc3339.exec(value) ?? []).map(Number)
  if (year === undefined || month === undefined || day === undefined) return false
  const days = new Date(Date.UTC(year, month, 0)).getUTCDate()
  const inDay = (hour ?? 24) <= 23 && (minute ?? 60) <= 59 && (second ?? 60) <= 59
  return year >= 2000 && year < 2100 && month >= 1 && month <= 12 && day >= 1 && day <= days && inDay
}
