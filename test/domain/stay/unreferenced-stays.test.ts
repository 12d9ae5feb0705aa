// Owns the proof of stays that only their credentials name: pairing of passages.
import { describe, expect, test } from 'vitest'
import { deriveStays, type StayFact } from '../../../core/domain/stay/index.ts'
import { card, entry, exit, fact, minute, plate } from './fact-maker.ts'

const context = { siteId: 'site', currency: 'USD' }
const derive = (...facts: StayFact[]) => deriveStays(facts, context)
const a = [plate('AB123')]

describe('a stay without a name', () => {
  test('entry, exit, entry, exit are two stays', () => {
    expect(derive(entry('e1', 0, a), exit('x1', 50, a), entry('e2', 90, a), exit('x2', 99, a))).toMatchObject([
      { key: 'gate:e1', state: 'closed', enteredAt: minute(0), exitedAt: minute(50) },
      { key: 'gate:e2', state: 'closed', enteredAt: minute(90), exitedAt: minute(99) },
    ])
  })

  test('a missing exit leaves the first stay with the latest time at which it can have ended', () => {
    expect(derive(entry('e1', 0, a), entry('e2', 90, a), exit('x2', 99, a))).toMatchObject([
      { key: 'gate:e1', state: 'closed', exitedAt: null, exitBefore: minute(90), flags: ['exit_missing'] },
      { key: 'gate:e2', state: 'closed', exitedAt: minute(99), flags: [] },
    ])
  })

  test('an exit without entry stays alone; one after three months is not paired with an old entry', () => {
    expect(derive(exit('x', 5, a))).toMatchObject([{ key: 'gate:x', state: 'exit_only', flags: ['entry_missing'] }])
    const late = 95 * 24 * 60
    expect(derive(entry('e', 0, a), exit('x', late, a))).toMatchObject([{ state: 'open' }, { state: 'exit_only' }])
  })

  test('cards meet over the forms of different readers', () => {
    const stays = derive(entry('e', 0, [card('E7FADE26')]), exit('x', 9, [card('0652147431')]))
    expect(stays).toMatchObject([{ key: 'gate:e', state: 'closed' }])
  })

  test('two cars on one card are told apart by their plates', () => {
    const c = card('04A3C6CA')
    const stays = derive(
      entry('e1', 0, [c, plate('AB123')]),
      entry('e2', 5, [c, plate('XY777')]),
      exit('x1', 60, [plate('AB123')]),
      exit('x2', 70, [c, plate('XY777')]),
    )
    expect(stays).toMatchObject([
      { key: 'gate:e1', exitedAt: minute(60), flags: [] },
      { key: 'gate:e2', exitedAt: minute(70), flags: [] },
    ])
  })

  test('a plate misread at the exit does not matter while the card agrees', () => {
    const c = card('04A3C6CA')
    expect(derive(entry('e', 0, [c, ...a]), exit('x', 9, [c, plate('A8123')]))).toMatchObject([{ state: 'closed' }])
  })

  test('one passage seen twice is one passage', () => {
    const twice = derive(entry('e1', 0, a), entry('e2', 1, a), exit('x1', 60, a), exit('x2', 64, a))
    expect(twice).toMatchObject([{ key: 'gate:e1', enteredAt: minute(0), exitedAt: minute(60), flags: ['two_exits'] }])
  })

  test('a shared minute: out and in again, or in and out again', () => {
    expect(derive(entry('e1', 0, a), entry('a', 30, a), exit('b', 30, a))).toMatchObject([
      { key: 'gate:a', state: 'open', enteredAt: minute(30) },
      { key: 'gate:e1', state: 'closed', exitedAt: minute(30) },
    ])
    expect(derive(exit('a', 30, a), entry('b', 30, a))).toMatchObject([{ key: 'gate:b', state: 'closed', flags: [] }])
  })

  test('the request tells the credential of a passage that shows none', () => {
    const asked = (id: string, at: number, direction: 'entry' | 'exit') =>
      fact('gate.requested', id, at, { direction, requestId: id, credentials: [card('04A3C6CA')] })
    const stays = derive(
      asked('q1', 0, 'entry'),
      entry('e', 0, [], { requestId: 'q1' }),
      asked('q2', 50, 'exit'),
      exit('x', 51, [], { requestId: 'q2' }),
    )
    expect(stays).toMatchObject([{ state: 'closed', exitedAt: minute(51) }])
    expect(stays[0]?.presentations.map(({ role }) => role)).toEqual(['request'])
  })

  test('a passage that nothing names makes no stay; neither does a backout', () => {
    expect(derive(entry('e', 0, []), exit('x', 5, [plate('UNKNOWN')]))).toEqual([])
    const back = fact('gate.backedOut', 'b', 1, { direction: 'entry', requestId: 'r', credentials: a })
    expect(derive(entry('e', 0, a, { requestId: 'r' }), back)).toEqual([])
  })

  test('a corrected plate moves the passage to the car it belongs to', () => {
    const facts = [entry('e', 0, [plate('AB923')]), exit('x', 60, a)]
    expect(derive(...facts)).toMatchObject([{ state: 'open' }, { state: 'exit_only' }])
    expect(derive(...facts, entry('e', 0, a, { revision: 2 }))).toMatchObject([{ key: 'gate:e', state: 'closed' }])
  })

  test('an inner gate adds where the car went', () => {
    const inner = fact('gate.passed', 'i', 4, { direction: 'internal', credentials: a }, { lane: 'roof' })
    expect(derive(entry('e', 0, a), inner, exit('x', 9, a))).toMatchObject([{ places: [{ lane: 'roof' }] }])
  })
})
