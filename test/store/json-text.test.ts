// Owns the proof that whatever JavaScript can hold becomes JSON that PostgreSQL takes, and that good values are left as they are.
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { jsonText } from '../../core/store/json-text.ts'
import { createTestDatabase, type TestDatabase } from '../setup/database.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase({ empty: true })
})
afterAll(() => database.drop())

const characters = fc.oneof(
  fc.constantFrom('\0', '\ud800', '\udfff', '\\', '"', '\n', '\u001f', '🅿', '\\u0000'),
  fc.string({ maxLength: 3 }),
)
const texts = fc.array(characters, { maxLength: 6 }).map((parts) => parts.join(''))
const values = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    texts,
    fc.integer(),
    fc.constant(null),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(texts, tie('value'), { maxKeys: 3, noNullPrototype: true }),
  ),
})).value

test('every value is taken as jsonb, and comes back as it was where it could be held', async () => {
  await fc.assert(
    fc.asyncProperty(values, async (value) => {
      const text = jsonText(value)
      const { rows } = await database.pool.query<{ value: unknown }>('select $1::jsonb as value', [text])
      expect(rows[0]?.value).toEqual(JSON.parse(text))
      const plain = JSON.stringify(value)
      if (!/[\0\ud800-\udfff]/.test(plain) && !plain.includes('\\u')) expect(text).toBe(plain)
    }),
    { numRuns: 200 },
  )
})
