// Owns the proof that no body, however broken, crashes the interface, is half stored, or is answered without a clear word.
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Garage, openGarage } from '../../services/parking/garage.ts'
import { createTestDatabase, type TestDatabase } from '../../setup/database.ts'
import { type Connection, openConnection } from './connection.ts'
import { wireFacts } from './wire-facts.ts'

let database: TestDatabase
let garage: Garage
let connection: Connection
beforeAll(async () => {
  database = await createTestDatabase()
  garage = await openGarage(database.db)
  connection = await openConnection(garage)
})
afterAll(async () => {
  await connection.stop()
  await database.drop()
})

const storedFacts = async () => {
  const row = await database.db
    .selectFrom('parking_fact')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('connection_id', '=', garage.connectionId)
    .executeTakeFirstOrThrow()
  return row.count
}

/** A good fact with one thing anywhere in it replaced, removed or added. */
const mangled = fc
  .record({
    fact: fc.constantFrom(...wireFacts),
    id: fc.uuid(),
    at: fc.nat(40),
    how: fc.constantFrom('replace', 'remove', 'add', 'nest'),
    value: fc.oneof(
      fc.constantFrom(
        null,
        '',
        0,
        -1,
        1e308,
        2 ** 53,
        [],
        {},
        'a\0b',
        '\ud800',
        '9999-99-99T99:99:99Z',
        '__proto__',
        true,
      ),
      fc.jsonValue(),
      fc.string({ unit: 'binary', maxLength: 400 }),
    ),
    name: fc.constantFrom('__proto__', 'constructor', 'toString', 'type', 'data', 'x'),
  })
  .map(({ fact, id, at, how, value, name }) => {
    const copy = { ...structuredClone(fact), id } as Record<string, unknown>
    const slots: [Record<string, unknown>, string][] = []
    const walk = (node: unknown) => {
      if (typeof node !== 'object' || node === null) return
      for (const key of Object.keys(node)) {
        slots.push([node as Record<string, unknown>, key])
        walk((node as Record<string, unknown>)[key])
      }
    }
    walk(copy)
    const [node, key] = slots[at % slots.length] ?? [copy, 'id']
    if (how === 'remove') delete node[key]
    else if (how === 'add')
      Object.defineProperty(node, name, { value, enumerable: true, configurable: true, writable: true })
    else node[key] = how === 'nest' ? { [key]: node[key], deeper: value } : value
    return copy
  })

test('mangled facts are answered one by one; exactly the stored ones are stored', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(mangled, { minLength: 1, maxLength: 6 }), async (facts) => {
      const before = await storedFacts()
      const response = await connection.send('facts', JSON.stringify({ facts }))
      expect(response.status).toBe(200)
      const { results } = (await response.json()) as { results: { status: string; problem?: object }[] }
      expect(results).toHaveLength(facts.length)
      for (const { status, problem } of results) {
        expect(['stored', 'duplicate', 'superseded', 'rejected']).toContain(status)
        expect(problem === undefined).toBe(status !== 'rejected')
      }
      const kept = results.filter(({ status }) => status === 'stored' || status === 'superseded').length
      expect((await storedFacts()) - before).toBe(kept)
    }),
    { numRuns: 150 },
  )
  expect(connection.logged.filter(({ level }) => level === 'error')).toEqual([])
})

test('any bytes and any JSON get a clear answer', async () => {
  const bodies = fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc.json({ maxDepth: 5 }).map((text) => Buffer.from(text)),
    fc.json().map((text) => Buffer.from(text.slice(0, -1))),
    fc.string({ unit: 'binary' }).map((text) => Buffer.from(text)),
  )
  await fc.assert(
    fc.asyncProperty(bodies, fc.constantFrom('facts', 'gate-requests'), async (body, path) => {
      const response = await connection.send(path, Uint8Array.from(body))
      expect([200, 400]).toContain(response.status)
      const answer = (await response.json()) as Record<string, unknown>
      if (response.status === 400)
        expect(answer).toMatchObject({ status: 400, code: expect.any(String), detail: expect.any(String) })
    }),
    { numRuns: 200 },
  )
})
