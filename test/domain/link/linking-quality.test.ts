// Owns how well linking does on seeded garages whose truth is known, on seeds that nothing was tuned on: what it links is right, what
// can be linked is, people are asked little, and a score is a probability.
// Must not measure time; `npm run bench:linking` does, on larger garages.
import { describe, expect, test } from 'vitest'
import { defaultLinkPolicy, untaughtPlateModel } from '../../../core/domain/link/index.ts'
import { benchGarage } from '../../bench/linking/garage.ts'
import { linker } from '../../bench/linking/incremental.ts'
import { holdOutSeeds, type Measured, measure, targets, together } from '../../bench/linking/measure.ts'

const terms = { policy: defaultLinkPolicy, model: untaughtPlateModel }

function run(seed: number, plateErrors: number): Measured {
  const garage = benchGarage({ bays: 300, seed, plateErrors })
  const linking = linker(terms)
  for (const fact of garage.facts) linking.take(fact)
  return measure(garage, linking, terms)
}

describe.each([0.01, 0.03, 0.08])('plates misread at %d', (plateErrors) => {
  const all = together(holdOutSeeds.map((seed) => run(seed, plateErrors)))

  test('no wrong link among those that were ever made without asking', () => {
    expect(all.linked).toBeGreaterThan(500)
    expect(all.wrong).toBe(0)
    expect(1 - all.everWrong / all.linked).toBeGreaterThanOrEqual(targets.precision)
  })

  test('what can be linked is, and few questions are left', () => {
    expect(all.coverage).toBeGreaterThanOrEqual(targets.coverage)
    expect(all.reviewShare).toBeLessThan(targets.reviewShare)
  })

  test('a score is a probability', () => {
    expect(all.calibrationError).toBeLessThan(targets.calibrationError)
    // Where money moves by itself, being right no less often than said is what counts.
    for (const bin of all.bins)
      if (bin.from >= 0.98 && bin.pairs >= 20) expect(bin.right).toBeGreaterThanOrEqual(bin.said - 0.005)
  })
})
