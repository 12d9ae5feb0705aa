// Owns what a run is judged by: precision, coverage, questions, and whether a score of 0.9 is right nine times of ten.
// Must not decide anything.
import { type LinkTerms, weighCandidates } from '../../../core/domain/link/index.ts'
import type { BenchGarage } from './garage.ts'
import type { Linker } from './incremental.ts'

export interface CalibrationBin {
  from: number
  to: number
  pairs: number
  /** Mean of the scores given, and the share of these pairs that truly belong together. */
  said: number
  right: number
}

export interface Measured {
  sessions: number
  linkable: number
  linked: number
  wrong: number
  /** Links that were made at any time and are wrong, taken back since or not. */
  everWrong: number
  reviews: number
  /** Of the sessions that are linkable, in percent of one. */
  coverage: number
  precision: number
  reviewShare: number
  bins: CalibrationBin[]
  calibrationError: number
}

/** What linking has to reach; coverage is asked for at up to three plates of a hundred misread, and reached at eight. */
export const targets = { precision: 0.999, coverage: 0.97, reviewShare: 0.03, calibrationError: 0.02 } as const
/** Weights and thresholds were set while looking at seeds 1 to 3. */
export const holdOutSeeds = [101, 202, 303, 404] as const

/** Several runs as one. */
export function together(runs: readonly Measured[]): Measured {
  const sum = (of: (one: Measured) => number) => runs.reduce((total, one) => total + of(one), 0)
  const [linked, wrong, sessions, linkable] = [
    sum((one) => one.linked),
    sum((one) => one.wrong),
    sum((one) => one.sessions),
    sum((one) => one.linkable),
  ]
  const bins = edges.slice(1).map((to, i) => {
    const own = runs.flatMap((one) => one.bins[i] ?? [])
    const pairs = own.reduce((total, bin) => total + bin.pairs, 0)
    const mean = (of: (bin: CalibrationBin) => number) =>
      pairs === 0 ? 0 : own.reduce((total, bin) => total + of(bin) * bin.pairs, 0) / pairs
    return { from: edges[i] ?? 0, to, pairs, said: mean(({ said }) => said), right: mean(({ right }) => right) }
  })
  return {
    sessions,
    linkable,
    linked,
    wrong,
    everWrong: sum((one) => one.everWrong),
    reviews: sum((one) => one.reviews),
    coverage: sum((one) => one.coverage * one.linkable) / linkable,
    precision: linked === 0 ? 1 : 1 - wrong / linked,
    reviewShare: sum((one) => one.reviews) / sessions,
    bins,
    calibrationError: errorOf(bins),
  }
}

function errorOf(bins: readonly CalibrationBin[]): number {
  const pairs = bins.reduce((sum, bin) => sum + bin.pairs, 0)
  return pairs === 0 ? 0 : bins.reduce((sum, bin) => sum + Math.abs(bin.said - bin.right) * bin.pairs, 0) / pairs
}

const edges = [0, 0.01, 0.05, 0.2, 0.5, 0.8, 0.95, 0.98, 0.99, 0.999, 1]

export function measure(garage: BenchGarage, run: Linker, terms: LinkTerms): Measured {
  const decided = [...run.decisions.values()]
  const linked = decided.flatMap((one) => (one.outcome === 'linked' ? [one] : []))
  const wrong = linked.filter(({ sessionId, stayId }) => garage.truth.get(sessionId) !== stayId).length
  const rightOnes = linked.filter(
    ({ sessionId, stayId }) => garage.linkable.has(sessionId) && garage.truth.get(sessionId) === stayId,
  ).length
  const reviews = decided.filter(({ outcome }) => outcome === 'review').length
  const everWrong = [...run.everLinked].filter((pair) => {
    const [sessionId = '', stayId] = pair.split('/')
    return garage.truth.get(sessionId) !== stayId
  }).length
  const bins = calibration(garage, run, terms)
  return {
    sessions: decided.length,
    linkable: garage.linkable.size,
    linked: linked.length,
    wrong,
    everWrong,
    reviews,
    coverage: rightOnes / garage.linkable.size,
    precision: linked.length === 0 ? 1 : 1 - wrong / linked.length,
    reviewShare: reviews / decided.length,
    bins,
    calibrationError: errorOf(bins),
  }
}

/** Over every possible pair that shares a key: what is impossible says so, and needs no probability. */
function calibration(garage: BenchGarage, run: Linker, terms: LinkTerms): CalibrationBin[] {
  const found = edges.slice(1).map((to, i) => ({ from: edges[i] ?? 0, to, pairs: 0, said: 0, right: 0 }))
  for (const session of run.sessions.values()) {
    for (const { stayId, score, excluded } of weighCandidates(run.candidates(session.id), session, [], terms)) {
      if (excluded) continue
      const bin = found.find(({ to }) => score < to) ?? found.at(-1)
      if (!bin) continue
      bin.pairs++
      bin.said += score
      bin.right += garage.truth.get(session.id) === stayId ? 1 : 0
    }
  }
  return found.map((bin) => ({
    ...bin,
    said: bin.pairs === 0 ? 0 : bin.said / bin.pairs,
    right: bin.pairs === 0 ? 0 : bin.right / bin.pairs,
  }))
}
