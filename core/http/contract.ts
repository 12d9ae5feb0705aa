// Owns the contract at run time: every operation with its route and scope, and the checks compiled from its schemas.
// Must not know a handler.
import { readFileSync } from 'node:fs'
import type { ErrorObject, ValidateFunction } from 'ajv'
import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats, { type FormatsPlugin } from 'ajv-formats'
import { pointerTo } from '../domain/json-pointer.ts'
import type { Scope } from '../domain/scope.ts'
import { unstorableText } from './json-body.ts'
import type { OperationId } from './operation-types.ts'
import type { ProblemField } from './problem.ts'

type Node = { [key: string]: unknown }

export interface Parameter {
  name: string
  in: 'path' | 'query' | 'header'
  required: boolean
}

export interface Checked {
  path: Record<string, unknown>
  query: Record<string, unknown>
  errors: ProblemField[]
}

export interface Operation {
  id: OperationId
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** As in the document: `/api/v1/sites/{siteId}`. */
  path: string
  /** `public` needs nobody, `session` anybody who is known. */
  scope: Scope | 'public' | 'session'
  /** False where being asked too often must not look like an outage, and where the operation counts for itself. */
  /** It masks them itself, cell by cell, instead of refusing the whole body. */
  masksCardNumbers: boolean
  rateLimited: boolean
  parameters: readonly Parameter[]
  hasBody: boolean
  /** Media types of the successful answers. */
  produces: readonly string[]
  /** Takes the values as they stand in the URL; those that fit are turned into numbers and booleans, defaults filled in. */
  checkParameters(path: Record<string, string>, query: URLSearchParams, headers: Headers): Checked
  /** `size` is that of its text: the errors of a large body are not all looked for. */
  checkBody(body: unknown, size?: number): ProblemField[]
  /** Why this answer is not what the contract promises; empty when it is. For tests. */
  checkAnswer(status: number, type: string, body: unknown): string[]
}

export interface Contract {
  document: Node
  operations: readonly Operation[]
  /** Names of the events, from the webhooks. */
  eventTypes: readonly string[]
  /** For checks beyond the operations: what of a value does not fit a schema of the document. */
  checkAgainst(schema: Node, value: unknown): string[]
}

const methods = ['get', 'post', 'put', 'patch', 'delete'] as const

export function loadContract(): Contract {
  const text = readFileSync(new URL('../../openapi/hub.bundle.json', import.meta.url), 'utf8')
  const document = JSON.parse(text) as Node
  // One stops at the first error, the other finds all: Ajv joins lists of errors by copying, so 100,000 wrong items took it 116 s.
  const ajv = validator(document, false)
  const thorough = validator(document, true)
  const operations = Object.entries(document.paths as Record<string, Node>).flatMap(([path, item]) =>
    methods.flatMap((method) => {
      const operation = item[method] as Node | undefined
      return operation ? [compile({ document, ajv, thorough }, path, method, item, operation)] : []
    }),
  )
  return {
    document,
    operations,
    eventTypes: Object.keys(document.webhooks as object),
    checkAgainst(schema, value) {
      const check = ajv.compile(named(schema))
      return check(value) ? [] : (check.errors ?? []).map((error) => `${error.instancePath} ${error.message}`)
    },
  }
}

interface Compiling {
  document: Node
  ajv: Ajv2020
  thorough: Ajv2020
}

/** Bodies up to this many characters of JSON are told all their errors, larger ones the first. */
const fullyChecked = 10_000

function compile(
  { document, ajv, thorough }: Compiling,
  path: string,
  method: (typeof methods)[number],
  item: Node,
  operation: Node,
): Operation {
  const parameters = [...((item.parameters ?? []) as Node[]), ...((operation.parameters ?? []) as Node[])].map((one) =>
    resolve(document, one),
  )
  // A body that is no JSON (a file) is read by its handler, as it comes.
  const body = (operation.requestBody as { content: { 'application/json'?: { schema: Node } } } | undefined)?.content[
    'application/json'
  ]
  const responses = operation.responses as Record<string, Node>
  const produces = Object.entries(responses).flatMap(([status, response]) =>
    status.startsWith('2') ? Object.keys((response.content ?? {}) as object) : [],
  )
  const checkAll = once(() => thorough.compile(parameterSchema(parameters)))
  const bodySchema = named(body?.schema ?? {})
  const fits = once(() => ajv.compile(bodySchema))
  const fitsInAll = once(() => thorough.compile(bodySchema))
  return {
    id: operation.operationId as OperationId,
    method: method.toUpperCase() as Operation['method'],
    path,
    scope: operation['x-scope'] as Operation['scope'],
    masksCardNumbers: operation['x-card-numbers'] === 'masked',
    rateLimited: operation['x-rate-limit'] === undefined,
    parameters: parameters.map((one) => ({ name: one.name, in: one.in, required: one.required === true }) as Parameter),
    hasBody: body !== undefined,
    produces,
    checkParameters: (pathValues, query, headers) =>
      checkParameters(checkAll(), parameters, pathValues, query, headers),
    checkBody(value, size = 0) {
      if (fits()(value)) return []
      if (size <= fullyChecked && !fitsInAll()(value)) return fieldsOf(fitsInAll().errors, 'body')
      return fieldsOf(fits().errors, 'body')
    },
    checkAnswer(status, type, body) {
      const promised = responses[String(status)] ?? responses.default
      if (!promised) return [`status ${status} is not in the contract`]
      const content = (resolve(document, promised).content ?? {}) as Record<string, { schema: Node }>
      const media = content[type]
      if (!media) return type === '' && Object.keys(content).length === 0 ? [] : [`${type} is not in the contract`]
      if (!type.endsWith('json')) return []
      const check = ajv.compile(named(media.schema))
      return check(body)
        ? []
        : (check.errors ?? []).map((error) => `${error.instancePath} ${error.message} ${JSON.stringify(error.params)}`)
    },
  }
}

function validator(document: Node, allErrors: boolean): Ajv2020 {
  const ajv = new Ajv2020({
    allErrors,
    useDefaults: true,
    discriminator: true,
    strict: true,
    strictTypes: false,
    strictRequired: false,
    validateSchema: false,
  })
  const withFormats = addFormats as unknown as FormatsPlugin
  withFormats(ajv, ['uuid', 'email', 'uri-reference'])
  ajv.addFormat('instant', isInstant)
  ajv.addFormat('date', isDay)
  ajv.addFormat('time-zone', isTimeZone)
  ajv.addKeyword('example')
  const { schemas } = document.components as { schemas: Record<string, Node> }
  for (const [name, schema] of Object.entries(schemas)) ajv.addSchema(named(schema), name)
  return ajv
}

function isInstant(text: string): boolean {
  const match = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.\d{1,9})?(?:Z|[+-](?:0\d|1[0-4]):[0-5]\d)$/.exec(text)
  if (!match) return false
  const [, year, month, day, hour, minute, second] = match.map(Number)
  return isDate(year, month, day) && (hour ?? 99) < 24 && (minute ?? 99) < 60 && (second ?? 99) < 60
}

function isDay(text: string): boolean {
  const match = /^(\d{4})-(\d\d)-(\d\d)$/.exec(text)
  const [, year, month, day] = match?.map(Number) ?? []
  return isDate(year, month, day)
}

function isDate(year = 0, month = 0, day = 0): boolean {
  return (
    year >= 1900 &&
    year < 2200 &&
    month >= 1 &&
    month <= 12 &&
    day >= 1 &&
    day <= new Date(Date.UTC(year, month, 0)).getUTCDate()
  )
}

function isTimeZone(text: string): boolean {
  // Intl also takes offsets ("+01:00"), which have no clock changes and are no zone of the IANA list.
  if (!/^[A-Za-z]/.test(text)) return false
  try {
    return new Intl.DateTimeFormat('en', { timeZone: text }).resolvedOptions().timeZone !== ''
  } catch {
    return false
  }
}

function parameterSchema(parameters: readonly Node[]): Node {
  const part = (where: string) => {
    const own = parameters.filter((one) => one.in === where)
    return {
      type: 'object',
      additionalProperties: where !== 'query',
      required: own.filter((one) => one.required === true).map((one) => keyOf(one)),
      properties: Object.fromEntries(own.map((one) => [keyOf(one), named(one.schema as Node)])),
    }
  }
  return { type: 'object', properties: { path: part('path'), query: part('query'), header: part('header') } }
}

function keyOf(parameter: Node): string {
  const name = parameter.name as string
  return parameter.in === 'header' ? name.toLowerCase() : name
}

function checkParameters(
  check: ValidateFunction,
  parameters: readonly Node[],
  path: Record<string, string>,
  query: URLSearchParams,
  headers: Headers,
): Checked {
  const errors: ProblemField[] = []
  const read = (where: 'path' | 'query', name: string, value: string) => {
    const parameter = parameters.find((one) => one.in === where && one.name === name)
    return parameter ? typed((parameter.schema as Node).type, value) : value
  }
  const values: Record<'path' | 'query' | 'header', Record<string, unknown>> = {
    path: Object.fromEntries(Object.entries(path).map(([name, value]) => [name, read('path', name, value)])),
    // Without a prototype, `?__proto__=` is a name like any other, and refused like one.
    query: Object.create(null),
    header: {},
  }
  for (const [name, value] of query) {
    if (Object.hasOwn(values.query, name))
      errors.push({ in: 'query', pointer: pointerTo(name), message: 'is there twice' })
    values.query[name] = read('query', name, value)
  }
  for (const one of parameters) {
    const value = one.in === 'header' ? headers.get(keyOf(one)) : null
    if (value !== null) values.header[keyOf(one)] = value
  }
  for (const where of ['path', 'query'] as const) {
    for (const [name, value] of Object.entries(values[where])) {
      const message = unstorableText(String(value))
      if (message) errors.push({ in: where, pointer: pointerTo(name), message })
    }
  }
  if (errors.length === 0 && !check(values)) {
    for (const where of ['path', 'query', 'header'] as const) {
      const own = (check.errors ?? []).filter((error) => error.instancePath.split('/')[1] === where)
      if (own.length > 0) errors.push(...fieldsOf(own, where, `/${where}`))
    }
  }
  return { path: values.path, query: values.query, errors }
}

/**
 * A number or truth value out of a URL. Ajv's own coercion also takes "0x10", " 5" and (8.20, past every maximum) "Infinity".
 * What does not read as the type stays text, for the schema to refuse.
 */
function typed(type: unknown, text: string): unknown {
  if (type === 'integer' && /^-?\d{1,15}$/.test(text)) return Number(text)
  if (type === 'boolean' && (text === 'true' || text === 'false')) return text === 'true'
  return text
}

const mostErrors = 20

/** Ajv's errors as fields; where one of several alternatives was missed, the alternative that says most. */
function fieldsOf(
  errors: readonly ErrorObject[] | null | undefined,
  where: ProblemField['in'],
  prefix = '',
): ProblemField[] {
  const fields: ProblemField[] = []
  for (const error of errors ?? []) {
    // A body of 50,000 unknown names has as many errors: nobody reads them, and comparing each with each took 15 s.
    if (fields.length >= mostErrors) break
    const { keyword, params, instancePath } = error
    if (keyword === 'anyOf' || keyword === 'oneOf' || (keyword === 'type' && params.type === 'null')) continue
    const name =
      params.additionalProperty ?? params.unevaluatedProperty ?? params.missingProperty ?? params.propertyName
    const pointer = instancePath.slice(prefix.length) + (name === undefined ? '' : pointerTo(String(name)))
    const message = messageOf(error)
    if (!fields.some((one) => one.pointer === pointer && one.message === message))
      fields.push({ in: where, pointer, message })
  }
  if (fields.length === 0) {
    const [error] = errors ?? []
    fields.push({
      in: where,
      pointer: error?.instancePath.slice(prefix.length) ?? '',
      message: 'does not fit any of the allowed forms',
    })
  }
  return fields
}

function messageOf({ keyword, params, message = 'is not valid' }: ErrorObject): string {
  switch (keyword) {
    case 'required':
      return 'is required'
    case 'additionalProperties':
    case 'unevaluatedProperties':
      return 'is not known here'
    case 'enum':
      return `must be one of ${(params.allowedValues as unknown[]).join(', ')}`
    case 'const':
      return `must be ${JSON.stringify(params.allowedValue)}`
    case 'discriminator':
      return `${params.tag} must be one of the names that the contract lists`
    case 'format':
      return params.format === 'instant'
        ? 'must be an RFC 3339 date and time with a zone offset'
        : `must be a valid ${params.format}`
    case 'pattern':
      return 'has characters or a form that is not allowed'
    case 'minProperties':
      return 'must not be empty'
    default:
      return message
  }
}

function resolve(document: Node, node: Node): Node {
  if (typeof node.$ref !== 'string') return node
  let at: unknown = document
  for (const part of node.$ref.slice(2).split('/')) at = (at as Node)[part]
  return resolve(document, at as Node)
}

const component = '#/components/schemas/'

/** Components are known to the validator by their names. */
function named<T>(node: T): T {
  if (Array.isArray(node)) return node.map(named) as T
  if (typeof node !== 'object' || node === null) return node
  return Object.fromEntries(
    Object.entries(node).map(([key, value]) => [
      key,
      key === '$ref' && typeof value === 'string' ? value.replace(component, '') : named(value),
    ]),
  ) as T
}

function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}
