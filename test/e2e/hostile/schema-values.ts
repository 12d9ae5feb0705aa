// Owns values that fit a JSON Schema, so that what is broken afterwards is broken in one place and not everywhere.
// Must not cover all of JSON Schema: what the OCPP schemas and the hub's own contract use.
import fc from 'fast-check'

type Json = Record<string, unknown>

export interface ValueOptions {
  /** Where `#/…` references are looked up. */
  root: Json
  /** Better values than the schema alone gives, by property name. */
  hints?: Readonly<Record<string, fc.Arbitrary<unknown>>>
}

/** @param depth levels of optional properties that are still filled in */
export function valuesOf(schema: unknown, options: ValueOptions, depth = 5): fc.Arbitrary<unknown> {
  if (typeof schema !== 'object' || schema === null) return fc.jsonValue({ maxDepth: 1 })
  const given = resolve(schema as Json, options.root)
  if ('const' in given) return fc.constant(given.const)
  if (Array.isArray(given.enum)) return fc.constantFrom(...(given.enum as unknown[]))
  const choices = (given.anyOf ?? given.oneOf) as unknown[] | undefined
  if (choices !== undefined && given.properties === undefined) {
    return fc.oneof(...choices.map((choice) => valuesOf(choice, options, depth)))
  }
  if (Array.isArray(given.allOf)) return valuesOf(merged(given, options.root), options, depth)
  const types = Array.isArray(given.type) ? (given.type as string[]) : [String(given.type ?? guess(given))]
  return fc.oneof(...types.map((type) => ofType(type, given, options, depth)))
}

function resolve(schema: Json, root: Json): Json {
  let current = schema
  while (typeof current.$ref === 'string') {
    let node: unknown = root
    for (const part of current.$ref.slice(2).split('/'))
      node = (node as Json)[part.replaceAll('~1', '/').replaceAll('~0', '~')]
    const { $ref: _, ...rest } = current
    current = { ...(node as Json), ...rest }
  }
  return current
}

function merged(schema: Json, root: Json): Json {
  const { allOf, ...own } = schema
  let result: Json = {}
  for (const part of [...(allOf as Json[]), own]) {
    const resolved = resolve(part, root)
    const flat = Array.isArray(resolved.allOf) ? merged(resolved, root) : resolved
    result = {
      ...result,
      ...flat,
      properties: { ...(result.properties as Json | undefined), ...(flat.properties as Json | undefined) },
      required: [
        ...((result.required as string[] | undefined) ?? []),
        ...((flat.required as string[] | undefined) ?? []),
      ],
    }
  }
  return result
}

function guess(schema: Json): string {
  if (schema.properties !== undefined) return 'object'
  return schema.items !== undefined ? 'array' : 'string'
}

function ofType(type: string, schema: Json, options: ValueOptions, depth: number): fc.Arbitrary<unknown> {
  switch (type) {
    case 'object':
      return objects(schema, options, depth)
    case 'array': {
      const minLength = Number(schema.minItems ?? 0)
      const maxLength = Math.min(Number(schema.maxItems ?? 3), minLength + 3)
      return fc.array(valuesOf(schema.items, options, depth - 1), { minLength, maxLength })
    }
    case 'integer':
      return fc.integer({
        min: Number(schema.minimum ?? 0),
        max: Math.min(Number(schema.maximum ?? 100_000), 2 ** 31 - 1),
      })
    case 'number':
      return fc.double({ min: Number(schema.minimum ?? 0), max: Number(schema.maximum ?? 100_000), noNaN: true })
    case 'boolean':
      return fc.boolean()
    case 'null':
      return fc.constant(null)
    default:
      return texts(schema)
  }
}

function objects(schema: Json, options: ValueOptions, depth: number): fc.Arbitrary<unknown> {
  const required = new Set((schema.required as string[] | undefined) ?? [])
  const properties = Object.entries((schema.properties as Record<string, unknown> | undefined) ?? {})
  const filled = properties.filter(([name]) => required.has(name) || depth > 0)
  const entries = filled.map(([name, inner]) => {
    const values = options.hints?.[name] ?? valuesOf(inner, options, depth - 1)
    return [name, required.has(name) ? values : fc.option(values, { nil: undefined, freq: 2 })] as const
  })
  return fc.record(Object.fromEntries(entries))
}

function texts(schema: Json): fc.Arbitrary<string> {
  const [example] = (schema.examples as unknown[] | undefined) ?? []
  const max = Math.min(Number(schema.maxLength ?? 20), 40)
  if (schema.format === 'date-time') return instants
  if (schema.format === 'uuid') return fc.uuid()
  if (typeof example === 'string') return fc.constant(example)
  return fc.string({ minLength: Math.min(Number(schema.minLength ?? 0), max), maxLength: max })
}

const day = 86_400_000

/** Somewhere in the last two days, sometimes much earlier or a little ahead. */
export const instants: fc.Arbitrary<string> = fc
  .oneof(
    { weight: 8, arbitrary: fc.integer({ min: -2 * day, max: 0 }) },
    { weight: 1, arbitrary: fc.integer({ min: -4_000 * day, max: 0 }) },
    { weight: 1, arbitrary: fc.integer({ min: 0, max: day }) },
  )
  .map((ms) => new Date(Math.floor((Date.now() + ms) / 60_000) * 60_000).toISOString())
