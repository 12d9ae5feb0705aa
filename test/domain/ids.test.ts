// Owns the proof of uuidv7: valid bits, unique, strictly increasing whatever the clock does.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isUuid, uuidv7Generator } from '../../core/domain/ids.ts'
import { systemNewId, systemRandom, systemSecret } from '../../core/runtime/random.ts'

const v7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

/** A clock that stands, jumps and steps back. */
const clockReadings = fc
  .array(fc.integer({ min: -5_000, max: 5_000 }), { minLength: 1, maxLength: 300 })
  .map((steps) => {
    let at = 1_700_000_000_000
    return steps.map((step) => {
      at += Math.abs(step) < 4_000 ? Math.sign(step) : step
      return at
    })
  })

test('ids are valid, unique and strictly increasing, whatever the clock and the entropy do', () => {
  fc.assert(
    fc.property(clockReadings, fc.uint8Array({ minLength: 1, maxLength: 64 }), (readings, entropy) => {
      let reading = 0
      let draw = 0
      const newId = uuidv7Generator(
        () => readings[reading++ % readings.length] ?? 0,
        (into) => {
          for (let i = 0; i < into.length; i++) into[i] = entropy[draw++ % entropy.length] ?? 0
        },
      )
      const ids = readings.map(() => newId())
      for (const id of ids) {
        expect(id).toMatch(v7)
        expect(isUuid(id)).toBe(true)
      }
      for (const [i, id] of ids.slice(1).entries()) expect(id > (ids[i] ?? '')).toBe(true)
    }),
  )
})

test('the time stands in the first 48 bits', () => {
  const newId = uuidv7Generator(
    () => 0x0123456789ab,
    (into) => into.fill(0xff),
  )
  expect(newId()).toBe('01234567-89ab-7000-bfff-ffffffffffff')
})

test('more than 4,096 ids in one millisecond borrow from the next and stay in order', () => {
  const newId = uuidv7Generator(
    () => 1_700_000_000_000,
    (into) => into.fill(0),
  )
  const ids = Array.from({ length: 10_000 }, newId)
  expect(new Set(ids).size).toBe(10_000)
  expect([...ids].sort()).toEqual(ids)
  expect(Number.parseInt((ids.at(-1) ?? '').replaceAll('-', '').slice(0, 12), 16)).toBe(1_700_000_000_002)
})

test('the system makes ids of now, and entropy that differs', () => {
  const ids = Array.from({ length: 5_000 }, systemNewId)
  expect([...ids].sort()).toEqual(ids)
  expect(new Set(ids.map((id) => id.slice(19))).size).toBe(5_000)
  expect(systemSecret(16)).toMatch(/^[\w-]{22}$/)
  expect(systemSecret()).not.toBe(systemSecret())
  const draws = Array.from({ length: 1_000 }, systemRandom)
  expect(draws.every((draw) => draw >= 0 && draw < 1)).toBe(true)
})
