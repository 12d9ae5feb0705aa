// Owns requests of every operation of the contract, made from its schemas and broken in one to four places each.
// Must not send them.
import fc from 'fast-check'
import { loadContract, type Operation } from '../../../core/http/contract.ts'
import { broken, hostileValues, torn, write } from './hostile-json.ts'
import { valuesOf } from './schema-values.ts'

type Json = Record<string, unknown>

export interface HttpCall {
  operation: Operation
  /** With its query. */
  path: string
  headers: Record<string, string>
  body: string | undefined
}

const contract = loadContract()
const { document } = contract
/** The stream never ends; it has tests of its own. */
export const operations = contract.operations.filter(({ id }) => id !== 'streamEvents')

const unknownId = '0195f3b2-6c00-7000-8000-0a1b2c3d4e5f'

const queries = fc.oneof(
  fc.constantFrom('1', '200', '0', '-1', '1e3', '0x10', 'true', 'TRUE', '', ' ', '%', '%zz', '%00', '%ed%a0%80', '%ff'),
  fc.constantFrom('W10', 'WyJhIl0', 'WyJhIiwiYiJd', 'WzFd', 'e30', 'bnVsbA', '....', '2026-02-30T00:00:00Z', unknownId),
  hostileValues.map((value) =>
    encodeURIComponent(
      write(value)
        .slice(0, 2_000)
        .replace(/\p{Surrogate}/gu, '?'),
    ),
  ),
)

const oddHeaders: fc.Arbitrary<Record<string, string>> = fc.oneof(
  { weight: 8, arbitrary: fc.constant({}) },
  {
    weight: 6,
    arbitrary: fc.constantFrom<Record<string, string>>(
      { 'if-match': 'nonsense' },
      { 'if-match': '"v999999999"' },
      { 'if-match': 'W/"v1"' },
      { 'if-match': '"v1", "v2"' },
      { 'if-match': '' },
      { 'if-none-match': '"'.repeat(150) },
      { 'idempotency-key': ' ' },
      { 'idempotency-key': 'k'.repeat(256) },
      { 'idempotency-key': 'a key with spaces' },
      { 'idempotency-key': 'ü' },
      { 'content-type': 'text/plain' },
      { 'content-type': 'application/jsonp' },
      { 'content-type': 'multipart/form-data; boundary=x' },
      { 'content-type': '' },
      { 'content-encoding': 'gzip' },
      { 'content-encoding': 'br, gzip' },
      { accept: 'image/png' },
      { accept: 'application/json;q=0' },
      { accept: ';;;,,,' },
      { 'x-request-id': 'x'.repeat(3_000) },
      { 'accept-language': 'x'.repeat(8_000) },
      { cookie: 'baywatt_session=a.b.c; baywatt_session=; __proto__=1' },
      { origin: 'null' },
    ),
  },
)

/** @param ids records that may be hurt, by the name of the path parameter */
export function callsOf(operation: Operation, ids: Readonly<Record<string, string>>): fc.Arbitrary<HttpCall> {
  const item = (document.paths as Record<string, Json>)[operation.path]?.[operation.method.toLowerCase()] as Json
  const content = (item.requestBody as { content: { 'application/json': Json } } | undefined)?.content
  const hints = Object.fromEntries(Object.entries(ids).map(([name, id]) => [name, fc.constantFrom(id, id, unknownId)]))
  const media = content?.['application/json']
  const example = fc.constant(withIds(media?.example, ids))
  const bodies = media && fc.oneof(example, example, valuesOf(media.schema, { root: document, hints }))
  const texts =
    bodies === undefined
      ? fc.constant(undefined)
      : fc.oneof(
          { weight: 1, arbitrary: bodies.map(write) },
          { weight: 6, arbitrary: broken(bodies).map(write) },
          { weight: 2, arbitrary: torn(bodies.map(write)) },
          { weight: 1, arbitrary: hostileValues.map(write) },
        )
  const segment = (name: string) =>
    fc.oneof(
      { weight: 6, arbitrary: fc.constant(ids[name] ?? unknownId) },
      {
        weight: 2,
        arbitrary: fc.constantFrom(unknownId, 'x', '%00', '%ff', '%2e%2e%2f', '__proto__', "'", 'a'.repeat(9_000)),
      },
    )
  const names = [...operation.path.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? '')
  const known = operation.parameters.filter((one) => one.in === 'query').map((one) => one.name)
  const query = fc.oneof(
    { weight: 3, arbitrary: fc.constant('') },
    {
      weight: known.length > 0 ? 6 : 1,
      arbitrary: fc
        .array(fc.tuple(fc.constantFrom(...known, '__proto__', 'x'), queries), { minLength: 1, maxLength: 3 })
        .map((pairs) => `?${pairs.map(([name, value]) => `${name}=${value}`).join('&')}`),
    },
  )
  return fc
    .record({ segments: fc.tuple(...names.map(segment)), query, headers: oddHeaders, body: texts })
    .map(({ segments, query, headers, body }) => {
      const filled = names.reduce((path, name, i) => path.replace(`{${name}}`, segments[i] ?? ''), operation.path)
      const type = body === undefined ? {} : { 'content-type': 'application/json' }
      return { operation, path: filled + query, headers: { ...type, ...headers }, body }
    })
}

/** The example, about records that are there. */
function withIds(example: unknown, ids: Readonly<Record<string, string>>): unknown {
  if (typeof example !== 'object' || example === null || Array.isArray(example)) return example
  return Object.fromEntries(
    Object.entries(example).map(([name, value]) => [name, value && ids[name] ? ids[name] : value]),
  )
}
