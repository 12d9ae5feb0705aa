// Owns the suite for tariff engines: exact, pure, explained, and never in the way of a bill by throwing.
// Must not know a tariff's rules; the author brings some, and inputs to price.
import assert from 'node:assert/strict'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { lineKinds, type PriceInput, type TariffEngine } from '../plugin/index.ts'
import { type ContractCase, contractCase } from './contract-case.ts'

export interface TariffExercise {
  /** Rules that are valid. */
  rules: readonly unknown[]
  /** Rules that are not, each with the JSON pointer that must be among the problems. */
  badRules: readonly { rules: unknown; pointer: string }[]
  /** What is to be priced; rules included. */
  inputs: readonly PriceInput[]
}

const nonsense: readonly unknown[] = [
  undefined,
  null,
  0,
  Number.NaN,
  '',
  'rules',
  [],
  {},
  { scope: 'parking' },
  [[[]]],
  () => 1,
]
const decimal = /^-?\d+(\.\d+)?$/

export function exerciseTariff(engine: TariffEngine, { rules, badRules, inputs }: TariffExercise): ContractCase[] {
  return [
    contractCase('describes its rules by a JSON Schema that compiles, and finds its examples valid', async () => {
      const validate = new Ajv2020({ strict: false, validateFormats: false }).compile(engine.schema)
      for (const each of rules) {
        assert.deepEqual(engine.check(each), { kind: 'valid' })
        assert.ok(validate(each), JSON.stringify(validate.errors))
      }
    }),

    ...badRules.map(({ rules: bad, pointer }) =>
      contractCase(`refuses the rules ${JSON.stringify(bad).slice(0, 60)} at ${pointer || '/'}`, async () => {
        const checked = engine.check(bad)
        assert.equal(checked.kind, 'invalid')
        const pointers = checked.kind === 'invalid' ? checked.problems.map((problem) => problem.pointer) : []
        assert.ok(pointers.includes(pointer), `it points at ${pointers.join(', ')}`)
      }),
    ),

    contractCase('answers nonsense without throwing', async () => {
      const [input] = inputs
      for (const each of nonsense) {
        assert.equal(engine.check(each).kind, 'invalid')
        if (input) assert.equal(engine.quote({ ...input, rules: each }).kind, 'unpriceable')
        assert.ok(Array.isArray(engine.describe(each, { currency: 'USD', zone: 'UTC' })))
        assert.deepEqual(engine.lint?.(each, { scope: 'parking', currency: 'USD', zone: 'UTC' }) ?? [], [])
        assert.deepEqual(engine.needs?.(each) ?? [], [])
      }
    }),

    contractCase('gives exact lines with stable keys and reasons', async () => {
      for (const input of inputs) {
        const result = engine.quote(input)
        assert.equal(result.kind, 'priced', result.kind === 'unpriceable' ? result.reason : '')
        if (result.kind !== 'priced') return
        const keys = result.lines.map(({ key }) => key)
        assert.equal(new Set(keys).size, keys.length, `keys repeat: ${keys.join(', ')}`)
        for (const line of result.lines) {
          assert.ok((lineKinds as readonly string[]).includes(line.kind), line.kind)
          for (const name of ['quantity', 'billedQuantity', 'unitPrice', 'net', 'taxRate'] as const)
            assert.match(line[name], decimal, `${line.key}: ${name} is ${line[name]}`)
          assert.ok(line.explanation.length > 0, `${line.key} is not explained`)
        }
      }
    }),

    contractCase('is pure: the same for the same input, which it leaves as it was, and all of it data', async () => {
      for (const input of inputs) {
        const frozen = deepFrozen(structuredClone(input))
        const first = engine.quote(frozen)
        assert.deepEqual(engine.quote(structuredClone(input)), first)
        assert.deepEqual(structuredClone(first), first)
        assert.deepEqual(frozen, input)
      }
    }),
  ]
}

function deepFrozen<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value
  for (const each of Object.values(value)) deepFrozen(each)
  return Object.freeze(value)
}
