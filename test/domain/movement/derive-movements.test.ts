// Owns the proof of movements: which facts belong together at a lane, what became of the vehicle, and that order does not matter.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { deriveMovements, type MovementFact } from '../../../core/domain/movement/index.ts'
import { joinReads, type StayFact } from '../../../core/domain/stay/index.ts'
import { factStream } from '../stay/arbitrary-facts.ts'
import { card, entry, fact, minute, plate } from '../stay/fact-maker.ts'

const from = (connectionId: string, ...facts: StayFact[]) =>
  facts.map((one): MovementFact => ({ ...one, connectionId }))
const derive = (...facts: StayFact[]) => deriveMovements(from('c', ...facts))
const car = [plate('AB123')]
const asked = { direction: 'entry', requestId: 'r1', credentials: car } as const
const lane = { lane: 'in' }

describe('a movement', () => {
  test('is the request, the decision, the passage and what the camera read, of several connections', () => {
    const parcs = from(
      'parcs',
      fact('gate.requested', 'q', 1, asked, lane),
      fact('gate.decided', 'd', 1, { ...asked, decision: 'granted' }, lane),
      entry('e', 2, [card('26DEFAE7')], { requestId: 'r1' }),
    )
    const camera = from('lpr', fact('credential.observed', 'l', 0, { role: 'gate', credentials: car }, lane))
    expect(deriveMovements([...parcs, ...camera])).toMatchObject([
      { kind: 'passed', at: minute(2), from: minute(0), lane: 'in', direction: 'entry', plate: 'AB123' },
    ])
    expect(deriveMovements([...parcs, ...camera])[0]?.factIds).toHaveLength(4)
  })

  test('is refused with its reason, or let in without being seen to pass', () => {
    const declined = fact('gate.decided', 'd', 1, { ...asked, decision: 'declined', reasonCode: 'blocked' }, lane)
    expect(derive(fact('gate.requested', 'q', 1, asked, lane), declined)).toMatchObject([
      { kind: 'refused', reason: 'blocked', at: minute(1) },
    ])
    const granted = fact('gate.decided', 'g', 1, { ...asked, decision: 'granted' }, lane)
    expect(derive(granted)).toMatchObject([{ kind: 'granted', reason: null }])
    expect(derive(fact('gate.requested', 'q', 1, asked, lane))).toMatchObject([{ kind: 'asked' }])
  })

  test('turns round: before the gate, and after it, by request or by credential', () => {
    const back = fact('gate.backedOut', 'b', 3, asked, lane)
    expect(derive(fact('gate.requested', 'q', 1, asked, lane), back)).toMatchObject([{ kind: 'turned_round' }])
    expect(derive(entry('e', 2, car, { requestId: 'r1' }), back)).toMatchObject([{ kind: 'turned_round' }])
    const loose = fact('gate.backedOut', 'b', 7, { direction: 'entry', credentials: car }, lane)
    expect(derive(entry('e', 2, car), loose)).toMatchObject([{ kind: 'turned_round', at: minute(7) }])
  })

  test('that names no request answers the last one of its lane and credential that nobody passed on', () => {
    const facts = [
      fact('gate.decided', 'd1', 0, { ...asked, decision: 'declined' }, lane),
      fact('gate.decided', 'd2', 1, { ...asked, requestId: 'r2', decision: 'granted' }, lane),
      entry('e', 2, car),
    ]
    expect(derive(...facts).map(({ kind, factIds }) => [kind, factIds.length])).toEqual([
      ['refused', 1],
      ['passed', 2],
    ])
    expect(derive(...facts, entry('other', 2, [plate('XY777')]))).toHaveLength(3)
  })

  test('that only a camera saw is kept as seen; another lane is another movement', () => {
    const read = (id: string, at: number, where: string) =>
      fact('credential.observed', id, at, { role: 'gate', credentials: car }, { lane: where })
    expect(derive(read('a', 0, 'in'), read('b', 1, 'in'), read('c', 1, 'out')).map(({ kind }) => kind)).toEqual([
      'seen',
      'seen',
    ])
  })
})

test('a read is of the car at its lane that shows something else, as it is of its stay', () => {
  const passage = entry('e', 2, [card('26DEFAE7')])
  const read = fact('credential.observed', 'l', 2, { role: 'gate', credentials: car }, lane)
  const joined = (...facts: StayFact[]) => deriveMovements(from('c', ...facts), joinReads(facts))
  expect(joined(passage, read)).toMatchObject([{ kind: 'passed', plate: 'AB123', factIds: ['e/1', 'l/1'] }])
  const rival = entry('f', 2, [card('04A3C6CAE26180')])
  expect(joined(passage, read, rival).map(({ kind, factIds }) => [kind, factIds.length])).toEqual([
    ['passed', 1],
    ['passed', 1],
    ['seen', 1],
  ])
})

test('the same facts make the same movements in any order, and each fact belongs to one', () => {
  const streams = factStream.chain((facts) => {
    const newest = [...new Map(facts.map((one) => [one.id, one])).values()]
    return fc.record({
      facts: fc.constant(newest),
      order: fc.shuffledSubarray(newest, { minLength: newest.length, maxLength: newest.length }),
    })
  })
  fc.assert(
    fc.property(streams, ({ facts, order }) => {
      const movements = derive(...facts)
      expect(derive(...order)).toEqual(movements)
      const owned = movements.flatMap(({ factIds }) => factIds)
      expect(new Set(owned).size).toBe(owned.length)
      expect(owned.sort()).toEqual(
        facts
          .filter(({ type }) => type.startsWith('gate.'))
          .map((one) => one.factId)
          .sort(),
      )
    }),
    { numRuns: 400 },
  )
})
