// Owns the proof that the contract is whole: names unique, scopes and problems everywhere, examples that fit, generated files fresh.
// Must not mend anything; `npm run gen` does.
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { EventName, HubEvents } from '../core/domain/event.ts'
import { scopes } from '../core/domain/scope.ts'
import { loadContract } from '../core/http/contract.ts'
import { bundle, type FoundOperation, isNode, type Node, operationsOf, resolve } from './bundle.ts'
import { bundleFile, renderContract, typesFile } from './generate.ts'
import type { webhooks } from './generated.d.ts'

/** Data of a webhook as the contract says it. */
type Described<N extends keyof webhooks> = webhooks[N] extends {
  post: { requestBody: { content: { 'application/json': { data: infer D } } } }
}
  ? D
  : never

// These lines do not compile when the catalogue in core/domain/event.ts and the webhooks differ in a name or a field.
type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false
type Named<D> = keyof { [K in keyof D as string extends K ? never : K]: D[K] }
type SameData<N extends EventName> =
  Described<N> extends HubEvents[N] ? Same<Named<Described<N>>, keyof HubEvents[N]> : false
const sameNames: Same<keyof webhooks, EventName> = true
const sameData: { [N in EventName]: SameData<N> }[EventName] = true

/** What is wrong with the contract, line by line; empty when nothing is. */
export async function checkContract(): Promise<string[]> {
  const document = bundle()
  const operations = operationsOf(document)
  const problems = [
    ...(sameNames && sameData ? [] : ['the event catalogue differs from the webhooks']),
    ...doubles(operations),
    ...operations.flatMap((found) => checkOperation(document, found)),
    ...unusedSchemas(document),
  ]
  const rendered = await renderContract()
  if (read(bundleFile) !== rendered.bundle) problems.push('openapi/hub.bundle.json is not fresh: npm run gen')
  if (read(typesFile) !== rendered.types) problems.push('openapi/generated.d.ts is not fresh: npm run gen')
  return problems.length > 0 ? problems : checkExamples(document, operations)
}

function doubles(operations: readonly FoundOperation[]): string[] {
  const ids = operations.map(({ operation }) => operation.operationId)
  return ids.filter((id, i) => ids.indexOf(id) !== i).map((id) => `operationId ${String(id)} is there twice`)
}

function checkOperation(document: Node, { path, method, operation, shared, webhook }: FoundOperation): string[] {
  const problems: string[] = []
  const name = `${method.toUpperCase()} ${path}`
  const scope = operation['x-scope']
  const known = [...scopes, 'public', 'session'] as readonly unknown[]
  if (typeof operation.operationId !== 'string') problems.push(`${name} has no operationId`)
  if (!known.includes(scope)) problems.push(`${name} names no known scope: ${String(scope)}`)
  if (!Array.isArray(operation.tags)) problems.push(`${name} has no tag`)
  if (typeof operation.summary !== 'string') problems.push(`${name} has no summary`)
  const responses = (operation.responses ?? {}) as Record<string, Node>
  if (!Object.keys(responses).some((status) => status.startsWith('2'))) problems.push(`${name} never succeeds`)
  if (webhook) return problems
  if (resolve(document, responses.default ?? {}).content === undefined) problems.push(`${name} has no problem response`)
  const parameters = [...shared, ...((operation.parameters ?? []) as Node[])].map((one) => resolve(document, one))
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1])
  const described = parameters.filter((one) => one.in === 'path').map((one) => one.name)
  if (inPath.join() !== described.join()) problems.push(`${name} describes the path parameters ${described.join()}`)
  for (const [status, response] of Object.entries(responses)) {
    for (const [type, media] of Object.entries((resolve(document, response).content ?? {}) as Record<string, Node>)) {
      if (type.endsWith('json') && media.example === undefined) problems.push(`${name} has no example for ${status}`)
    }
  }
  const body = (operation.requestBody as Node | undefined)?.content as Record<string, Node> | undefined
  for (const media of Object.values(body ?? {}))
    if (media.example === undefined) problems.push(`${name} has no example body`)
  return problems
}

function unusedSchemas(document: Node): string[] {
  const used = new Set<string>()
  const walk = (node: unknown): void => {
    if (Array.isArray(node)) for (const item of node) walk(item)
    if (!isNode(node)) return
    if (typeof node.$ref === 'string') used.add(node.$ref)
    for (const value of Object.values(node)) walk(value)
  }
  walk(document)
  const { schemas } = document.components as { schemas: Node }
  return Object.keys(schemas).flatMap((name) =>
    used.has(`#/components/schemas/${name}`) ? [] : [`schema ${name} is not used`],
  )
}

/** Every example fits its schema, as the hub itself checks it. */
function checkExamples(document: Node, operations: readonly FoundOperation[]): string[] {
  const contract = loadContract()
  const problems: string[] = []
  for (const { path, method, operation, webhook } of operations) {
    const name = `${method.toUpperCase()} ${path}`
    const served = contract.operations.find((one) => one.id === operation.operationId)
    const body = ((operation.requestBody as Node | undefined)?.content as Record<string, Node> | undefined)?.[
      'application/json'
    ]
    if (webhook) {
      const wrong = contract.checkAgainst(body?.schema as Node, body?.example)
      problems.push(...wrong.map((one) => `${name}: the example ${one}`))
      continue
    }
    if (body && served) {
      problems.push(
        ...served
          .checkBody(structuredClone(body.example))
          .map((one) => `${name}: the example body ${one.pointer} ${one.message}`),
      )
    }
    for (const [status, response] of Object.entries(operation.responses as Record<string, Node>)) {
      for (const [type, media] of Object.entries((resolve(document, response).content ?? {}) as Record<string, Node>)) {
        if (!type.endsWith('json')) continue
        const code = status === 'default' ? 404 : Number(status)
        problems.push(
          ...(served?.checkAnswer(code, type, media.example) ?? []).map(
            (one) => `${name} ${status}: the example ${one}`,
          ),
        )
      }
    }
  }
  return problems
}

function read(file: string): string {
  return readFileSync(file, 'utf8')
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const problems = await checkContract()
  for (const problem of problems) console.error(problem)
  if (problems.length > 0) process.exitCode = 1
  else console.log('The contract is whole.')
}
