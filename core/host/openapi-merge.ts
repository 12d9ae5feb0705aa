// Owns putting plugins' own API descriptions into the hub's one document: prefixed, so that nothing of two plugins can meet.
// Must not serve anything; core/host/plugin-routes.ts does.
import type { OpenApiFragment } from '../plugin/index.ts'

/** Below this path a plugin's routes are mounted. */
export function pluginMount(pluginId: string): string {
  return `/api/v1/x/${pluginId}`
}

export interface MergedFragments {
  paths: Record<string, unknown>
  schemas: Record<string, unknown>
}

const methods = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch'] as const
const ownSchema = '#/components/schemas/'

export interface FragmentOperation {
  path: string
  method: (typeof methods)[number]
  operationId: string | undefined
}

export function operationsOf(fragment: OpenApiFragment): FragmentOperation[] {
  return Object.entries(fragment.paths).flatMap(([path, item]) =>
    methods.flatMap((method) => {
      const operation = record(record(item)?.[method])
      if (!operation) return []
      const { operationId } = operation
      return [{ path, method, operationId: typeof operationId === 'string' ? operationId : undefined }]
    }),
  )
}

/**
 * @param hubReferences what of the hub's own document a fragment may refer to, such as `#/components/responses/Problem`
 * @throws Error naming what is wrong: a path that is not one, an operation without an id, an id twice, a reference to nothing
 */
export function checkFragment(fragment: OpenApiFragment, hubReferences: ReadonlySet<string>): void {
  const ids = new Set<string>()
  for (const { path, method, operationId } of operationsOf(fragment)) {
    if (!/^\/[^\s?#]*$/.test(path)) throw new Error(`"${path}" is no path below the plugin's mount`)
    if (!operationId || !/^[a-zA-Z][a-zA-Z0-9]*$/.test(operationId))
      throw new Error(`${method.toUpperCase()} ${path} needs an operationId of letters and digits`)
    if (ids.has(operationId)) throw new Error(`two operations are called ${operationId}`)
    ids.add(operationId)
  }
  if (ids.size === 0) throw new Error('a route describes no operation')
  const own = new Set(Object.keys(fragment.components?.schemas ?? {}))
  for (const ref of references(fragment)) {
    const name = ref.startsWith(ownSchema) ? ref.slice(ownSchema.length) : undefined
    if (!hubReferences.has(ref) && (name === undefined || !own.has(name)))
      throw new Error(`the reference ${ref} leads nowhere`)
  }
}

/** Operations that two routes of one plugin would both answer. */
export function clashes(fragments: readonly OpenApiFragment[]): string[] {
  const seen = new Set<string>()
  return fragments.flatMap((fragment) =>
    operationsOf(fragment).flatMap(({ path, method, operationId }) => {
      const keys = [`${method.toUpperCase()} ${path.replaceAll(/\{[^}]*\}/g, '{}')}`, `operationId ${operationId}`]
      const twice = keys.filter((key) => seen.has(key))
      for (const key of keys) seen.add(key)
      return twice
    }),
  )
}

/** Checked fragments as one part of the hub's document. Several fragments of one plugin are its several routes. */
export function mergeFragments(fragments: readonly { pluginId: string; fragment: OpenApiFragment }[]): MergedFragments {
  const merged: MergedFragments = { paths: {}, schemas: {} }
  for (const { pluginId, fragment } of fragments) {
    const prefix = `${pascalCase(pluginId)}_`
    const schemas = fragment.components?.schemas ?? {}
    const rename = (value: unknown): unknown =>
      withReferences(value, (name) => (Object.hasOwn(schemas, name) ? prefix + name : name))
    for (const [name, schema] of Object.entries(schemas)) merged.schemas[prefix + name] = rename(schema)
    for (const [path, item] of Object.entries(fragment.paths)) {
      const at = path === '/' ? pluginMount(pluginId) : `${pluginMount(pluginId)}${path}`
      merged.paths[at] = { ...(record(merged.paths[at]) ?? {}), ...pathItem(rename(item), pluginId, prefix) }
    }
  }
  return merged
}

function pathItem(item: unknown, pluginId: string, prefix: string): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(record(item) ?? {}).map(([key, value]) => {
      const operation = record(value)
      if (!operation || !(methods as readonly string[]).includes(key)) return [key, value]
      const reads = key === 'get' || key === 'head'
      return [
        key,
        {
          'x-scope': reads ? 'plugins:read' : 'plugins:write',
          tags: [pluginId],
          ...operation,
          operationId: prefix + String(operation.operationId),
        },
      ]
    }),
  )
}

function references(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(references)
  const object = record(value)
  if (!object) return []
  return Object.entries(object).flatMap(([key, each]) =>
    key === '$ref' && typeof each === 'string' ? [each] : references(each),
  )
}

function withReferences(value: unknown, rename: (name: string) => string): unknown {
  if (Array.isArray(value)) return value.map((each) => withReferences(each, rename))
  const object = record(value)
  if (!object) return value
  return Object.fromEntries(
    Object.entries(object).map(([key, each]) =>
      key === '$ref' && typeof each === 'string' && each.startsWith(ownSchema)
        ? [key, ownSchema + rename(each.slice(ownSchema.length))]
        : [key, withReferences(each, rename)],
    ),
  )
}

function record(value: unknown): Record<string, unknown> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined
}

function pascalCase(id: string): string {
  return id.replace(/(^|-)([a-z0-9])/g, (_, __, letter: string) => letter.toUpperCase())
}
