// Owns the proof of how effects become statements.
// Must not touch a database.
import { expect, test } from 'vitest'
import { defineEffect, gather } from '../../core/store/effect.ts'

interface Row {
  k: string
  n: number
}
const plain = defineEffect<Row>({ name: 'plain', order: 2, sql: 'plain $1' })
const keyed = defineEffect<Row>({ name: 'keyed', order: 1, sql: 'keyed $1', key: (row) => row.k })
const summed = defineEffect<Row>({
  name: 'summed',
  order: 2,
  sql: 'summed $1',
  shared: true,
  key: (row) => row.k,
  merge: (old, next) => ({ k: old.k, n: old.n + next.n }),
})
const unit = (...effects: [typeof plain, string, number][]) => ({
  effects: effects.map(([template, k, n]) => ({ template, row: { k, n } })),
})
const text = (...rows: [string, number][]) => JSON.stringify(rows.map(([k, n]) => ({ k, n })))

test('one statement per template, by order and then name, whatever the order of units', () => {
  const statements = gather([unit([summed, 'a', 1], [plain, 'a', 1]), unit([keyed, 'a', 1])])
  expect(statements.map(({ name, text: sql }) => [name, sql])).toEqual([
    ['keyed', 'keyed $1'],
    ['plain', 'plain $1'],
    ['summed', 'summed $1'],
  ])
})

test('rows keep the order of the units; a repeated key takes the place of the first', () => {
  const [statement] = gather([unit([keyed, 'b', 1], [keyed, 'a', 2]), unit([keyed, 'b', 3])])
  expect(statement?.value).toBe(text(['b', 3], ['a', 2]))
  const [rows] = gather([unit([plain, 'b', 1]), unit([plain, 'b', 1])])
  expect(rows?.value).toBe(text(['b', 1], ['b', 1]))
})

test('rows that several partitions share are merged and written in the order of their keys', () => {
  const [statement] = gather([unit([summed, 'c', 1], [summed, 'a', 1]), unit([summed, 'b', 1], [summed, 'c', 4])])
  expect(statement?.value).toBe(text(['a', 1], ['b', 1], ['c', 5]))
})

test('nothing to write is no statement, and dates are ISO text', () => {
  expect(gather([unit(), unit()])).toEqual([])
  const at = defineEffect<{ at: Date }>({ name: 'at', order: 1, sql: '$1' })
  const [statement] = gather([{ effects: [{ template: at, row: { at: new Date(0) } }] }])
  expect(statement?.value).toBe('[{"at":"1970-01-01T00:00:00.000Z"}]')
})
