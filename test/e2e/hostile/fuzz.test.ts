// Owns a short fuzz run over every action of every version; `npm run fuzz:ocpp` is the long one.
// Must not judge; fuzz.ts does.
import { expect, test } from 'vitest'
import { fuzzOcpp } from './fuzz.ts'

test('mutated frames of every action: the hub lives, its memory is bounded, no row is wrong', async () => {
  const seed = Number(process.env.BAYWATT_TEST_SEED ?? 8)
  const { frames, problems } = await fuzzOcpp({ frames: 2_000, seed: Number.isSafeInteger(seed) ? seed : 8 })
  expect(problems).toEqual([])
  expect(frames).toBe(2_000)
}, 300_000)
