// Owns putting the parts of the contract together: file references become components, examples are composed from the schemas.
// Must not check anything beyond what it needs to resolve; check.ts does. Not used by the running hub, which reads the bundle.
import { readFileSync } from 'node:fs'
import { basename, dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'

export type Node = { [key: string]: unknown }

const folder = fileURLToPath(new URL('.', import.meta.url))
const methods = ['get', 'post', 'put', 'patch', 'delete'] as const

/** The whole contract as one document whose references are all local. Throws on a reference that leads nowhere. */
export function bundle(): Node {
  const files = new Map<string, Node>()
  const components: Record<string, Node> = {}
  const root = load(files, join(folder, 'hub.yaml'))

  const walk = (node: unknown, file: string): unknown => {
    if (Array.isArray(node)) return node.map((item) => walk(item, file))
    if (!isNode(node)) return node
    if (typeof node.$ref !== 'string') {
      return Object.fromEntries(Object.entries(node).map(([key, value]) => [key, walk(value, file)]))
    }
    const [path = '', pointer = ''] = node.$ref.split('#')
    const target = path === '' ? file : join(dirname(file), path)
    const name = pointer.split('/').at(-1) ?? ''
    const value = load(files, target)[name]
    if (pointer !== `/${name}` || value === undefined)
      throw new Error(`${relative(folder, file)}: ${node.$ref} leads nowhere`)
    const section = sectionOf(target)
    if (section === null) return walk(value, target)
    components[section] ??= {}
    const list = components[section]
    const known = origins.get(`${section}/${name}`)
    if (known !== undefined && known !== target)
      throw new Error(`two ${section} are named ${name}: ${known} and ${target}`)
    if (known === undefined) {
      origins.set(`${section}/${name}`, target)
      list[name] = walk(value, target)
    }
    return { $ref: `#/components/${section}/${name}` }
  }
  const origins = new Map<string, string>()

  const { components: ownComponents, paths, webhooks, ...head } = root
  const document: Node = {
    ...head,
    paths: walk(paths, join(folder, 'hub.yaml')),
    webhooks: walk(webhooks, join(folder, 'hub.yaml')),
  }
  const sorted = Object.fromEntries(
    Object.entries(components).map(([section, list]) => [
      section,
      Object.fromEntries(Object.entries(list).sort(([a], [b]) => (a < b ? -1 : 1))),
    ]),
  )
  document.components = { ...sorted, ...(ownComponents as Node) }
  for (const { operation } of operationsOf(document)) complete(operation, document)
  return document
}

export interface FoundOperation {
  path: string
  method: (typeof methods)[number]
  operation: Node
  /** Parameters of the path item, before the operation's own. */
  shared: readonly Node[]
  webhook: boolean
}

export function operationsOf(document: Node): FoundOperation[] {
  return (['paths', 'webhooks'] as const).flatMap((part) =>
    Object.entries((document[part] ?? {}) as Node).flatMap(([path, item]) =>
      methods.flatMap((method) => {
        const operation = (item as Node)[method]
        if (!isNode(operation)) return []
        const shared = ((item as Node).parameters ?? []) as Node[]
        return [{ path, method, operation, shared, webhook: part === 'webhooks' }]
      }),
    ),
  )
}

/** Follows a local reference; anything else comes back as it is. */
export function resolve(document: Node, node: Node): Node {
  if (typeof node.$ref !== 'string') return node
  let at: unknown = document
  for (const part of node.$ref.slice(2).split('/')) at = isNode(at) ? at[part] : undefined
  if (!isNode(at)) throw new Error(`${node.$ref} leads nowhere`)
  return resolve(document, at)
}

export function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** What every operation has in common is written once, here: no key for public ones, an example for each body. */
function complete(operation: Node, document: Node): void {
  if (operation['x-scope'] === 'public') operation.security = []
  const body = operation.requestBody as Node | undefined
  const responses = Object.values((operation.responses ?? {}) as Node).map((response) =>
    resolve(document, response as Node),
  )
  for (const holder of [...(body ? [body] : []), ...responses]) {
    for (const [type, media] of Object.entries((holder.content ?? {}) as Record<string, Node>)) {
      if (!type.endsWith('json') || media.example !== undefined) continue
      const example = exampleOf(document, media.schema as Node)
      if (example !== undefined) media.example = example
    }
  }
}

/** An instance put together from the examples at the leaves; undefined where there are none. */
export function exampleOf(document: Node, schema: Node): unknown {
  if (schema.example !== undefined) return schema.example
  if (Array.isArray(schema.examples)) return schema.examples[0]
  if (schema.const !== undefined) return schema.const
  if (schema.default !== undefined) return schema.default
  if (schema.$ref !== undefined) return exampleOf(document, resolve(document, schema))
  if (Array.isArray(schema.enum)) return schema.enum[0]
  for (const any of [schema.anyOf, schema.oneOf]) if (Array.isArray(any)) return exampleOf(document, any[0] as Node)
  if (schema.type === 'array') {
    const item = exampleOf(document, (schema.items ?? {}) as Node)
    return item === undefined ? undefined : [item]
  }
  const parts = [...((schema.allOf ?? []) as Node[]).map((part) => exampleOf(document, part))]
  if (isNode(schema.properties)) {
    const own = Object.entries(schema.properties).map(
      ([key, value]) => [key, exampleOf(document, value as Node)] as const,
    )
    parts.push(Object.fromEntries(own.filter(([, value]) => value !== undefined)))
  }
  if (parts.length === 1) return parts[0]
  return parts.length > 0 && parts.every(isNode) ? Object.assign({}, ...parts) : undefined
}

/** Shared files become a section of the components; path and webhook files are written out in place. */
function sectionOf(file: string): string | null {
  const parent = basename(dirname(file))
  if (parent === 'schemas') return 'schemas'
  const name = basename(file, '.yaml')
  return ['parameters', 'headers', 'responses'].includes(name) ? name : null
}

function load(files: Map<string, Node>, file: string): Node {
  const known = files.get(file)
  if (known) return known
  const content: unknown = parse(readFileSync(file, 'utf8'), { uniqueKeys: true })
  if (!isNode(content)) throw new Error(`${file} holds no map`)
  files.set(file, content)
  return content
}
