// Owns how well linking does on a seeded garage whose truth is known: right or asked, never silently wrong.
// Must not measure time; benchmarks do.
import { describe, expect, test } from 'vitest'
import { decideLinks } from '../../../core/domain/link/index.ts'
import { simulateGarage } from './simulated-garage.ts'

describe.each([0.01, 0.03, 0.08])('plates misread at %d', (plateErrors) => {
  test.each([1, 2, 3])('300 cars, seed %d: no wrong link, nearly all found, few questions', (seed) => {
    const garage = simulateGarage(300, seed, {
      plateErrors,
      missingExits: 0.03,
      missingEntries: 0.02,
      unseen: 0.05,
      visitors: 0.2,
    })
    const decided = decideLinks(garage.stays, garage.sessions, [])
    const sessions = new Map(garage.sessions.map((session) => [session.id, session]))
    // A driver who left no card, no account and no plate cannot be found by anyone; a car no gate saw neither.
    const findable = decided.filter(({ sessionId }) => {
      const session = sessions.get(sessionId)
      const named =
        session && (session.plate !== null || session.accountId !== null || session.presentations.length > 0)
      return named && garage.truth.has(sessionId)
    })
    const linked = decided.flatMap((decision) => (decision.outcome === 'linked' ? [decision] : []))
    expect(linked.filter(({ sessionId, stayId }) => garage.truth.get(sessionId) !== stayId)).toEqual([])
    expect(linked.length / findable.length).toBeGreaterThan(0.97)
    expect(decided.filter(({ outcome }) => outcome === 'review').length / decided.length).toBeLessThan(0.03)
  })
})
