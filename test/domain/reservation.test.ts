// Owns the proof that a reservation ends in the same state whatever the order in which it is heard of.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { nextReservationState, type ReservationFact, reservationSteps } from '../../core/domain/reservation.ts'

const facts: readonly ReservationFact[] = ['confirmed', 'refused', 'used', 'expired', 'removed', 'cancelled']
const after = (heard: readonly ReservationFact[]) => heard.reduce(nextReservationState, 'requested')

test('any order and doubling of facts ends in the same state', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...facts), { maxLength: 8 }), fc.infiniteStream(fc.nat()), (heard, picks) => {
      const shuffled = [...heard, ...heard]
        .map((fact) => ({ fact, at: picks.next().value ?? 0 }))
        .sort((a, b) => a.at - b.at)
        .map(({ fact }) => fact)
      expect(after(shuffled)).toBe(after(heard))
    }),
    { numRuns: 2_000 },
  )
})

test('every state can be reached, and a car that charged has the last word', () => {
  expect(new Set(['requested', ...facts.map((fact) => after([fact]))])).toEqual(new Set(Object.keys(reservationSteps)))
  for (const fact of facts) {
    expect(after([fact, 'used'])).toBe('used')
    expect(after(['used', fact])).toBe('used')
  }
})
