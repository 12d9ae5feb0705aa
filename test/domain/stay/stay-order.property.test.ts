// Owns the replay property of stays: order, doubling and chunking of a fact stream change nothing.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { deriveStays, type StayFact } from '../../../core/domain/stay/index.ts'
import { factStream, nearStream } from './arbitrary-facts.ts'

const context = { siteId: 'site', currency: 'USD' }

const shuffled = fc.oneof(factStream, nearStream).chain((facts) =>
  fc.record({
    facts: fc.constant(facts),
    again: fc.shuffledSubarray([...facts, ...facts], { minLength: 0, maxLength: facts.length * 2 }),
    order: fc.shuffledSubarray(facts, { minLength: facts.length, maxLength: facts.length }),
  }),
)

test('the same set of facts gives the same stays, whatever came first, twice or in between', () => {
  fc.assert(
    fc.property(shuffled, ({ facts, order, again }) => {
      expect(deriveStays([...order, ...again], context)).toEqual(deriveStays(facts, context))
    }),
    { numRuns: 500 },
  )
})

test('no stay takes negative time, and no passage belongs to two stays', () => {
  fc.assert(
    fc.property(fc.oneof(factStream, nearStream), (facts) => {
      const stays = deriveStays(facts, context)
      for (const { enteredAt, exitedAt, state } of stays) {
        if (enteredAt && exitedAt) expect(exitedAt.getTime()).toBeGreaterThanOrEqual(enteredAt.getTime())
        if (state === 'open') expect(exitedAt).toBeNull()
        if (state === 'exit_only') expect(enteredAt).toBeNull()
      }
      const passages = new Set(facts.flatMap(({ type, factId }) => (type === 'gate.passed' ? [factId] : [])))
      const owned = stays.flatMap(({ factIds }) => factIds).filter((id) => passages.has(id))
      expect(new Set(owned).size).toBe(owned.length)
    }),
    { numRuns: 500 },
  )
})

test('folding only what came after an instant at which nothing was open gives the same later stays', () => {
  fc.assert(
    fc.property(fc.oneof(factStream, nearStream), fc.integer({ min: 0, max: 400 }), (facts, cut) => {
      const newest = new Map(facts.map((one) => [one.id, one]))
      const passages = [...newest.values()].filter(({ stayRef, type }) => !stayRef && type === 'gate.passed')
      const all = deriveStays(passages, context)
      const byId = new Map(passages.map((one: StayFact) => [one.factId, one]))
      const at = cut * 60_000 + Date.parse('2019-03-09T08:00:00Z')
      const spans = all.some(({ enteredAt, exitedAt, exitBefore }) => {
        const from = (enteredAt ?? exitedAt)?.getTime() ?? 0
        const to = exitedAt ? exitedAt.getTime() + 10 * 60_000 : (exitBefore?.getTime() ?? Number.POSITIVE_INFINITY)
        return from < at && to >= at
      })
      fc.pre(!spans)
      const later = passages.filter(({ occurredAt }) => occurredAt.getTime() >= at)
      const expected = all.filter(({ factIds }) =>
        factIds.every((id) => (byId.get(id)?.occurredAt.getTime() ?? 0) >= at),
      )
      expect(deriveStays(later, context)).toEqual(expected)
    }),
    { numRuns: 500 },
  )
})
