// Owns the rules by which a passage with a misread plate is given to its stay, and those by which it is kept apart.
import { describe, expect, test } from 'vitest'
import { countReads, defaultLinkPolicy, untaughtPlateModel } from '../../../core/domain/link/index.ts'
import { deriveStays, type StayFact } from '../../../core/domain/stay/index.ts'
import { card, entry, exit, fact, minute, plate } from './fact-maker.ts'

const context = { siteId: 'site', currency: 'USD' }
const derive = (...facts: StayFact[]) => deriveStays(facts, context)
const ticket = (value: string) => ({ kind: 'ticket', value }) as const

describe('one car', () => {
  test('an exit read as a plate that cameras mix up with the entry is paired, and says why', () => {
    const [stay, ...others] = derive(entry('e', 0, [plate('ABC123')]), exit('x', 60, [plate('A8C123')]))
    expect(others).toEqual([])
    expect(stay).toMatchObject({
      state: 'closed',
      enteredAt: minute(0),
      exitedAt: minute(60),
      exitLane: 'out',
      plate: 'ABC123',
      flags: ['paired_by_plate'],
    })
    expect(stay?.presentations.find(({ role }) => role === 'exit')).toMatchObject({
      raw: 'A8C123',
      paired: { plate: 'ABC123', distance: 0.25, model: 0 },
    })
  })

  test('an exact exit that comes later counts instead', () => {
    expect(
      derive(entry('e', 0, [plate('ABC123')]), exit('x', 60, [plate('A8C123')]), exit('y', 90, [plate('ABC123')])),
    ).toMatchObject([
      { key: 'gate:e', state: 'closed', exitedAt: minute(90), flags: [] },
      { key: 'gate:x', state: 'exit_only', flags: ['entry_missing'] },
    ])
  })

  test('an exit that was taken for missing because the car came back is found', () => {
    expect(
      derive(entry('e', 0, [plate('ABC123')]), exit('x', 60, [plate('A8C123')]), entry('f', 90, [plate('ABC123')])),
    ).toMatchObject([
      { key: 'gate:e', state: 'closed', exitedAt: minute(60), flags: ['paired_by_plate'] },
      { key: 'gate:f', state: 'open' },
    ])
  })

  test('a misread on the way to another level is one of the stay', () => {
    const inside = fact(
      'gate.passed',
      'i',
      30,
      { direction: 'internal', credentials: [plate('A8C123')] },
      { lane: 'r' },
    )
    expect(derive(entry('e', 0, [plate('ABC123')]), inside)).toMatchObject([
      { state: 'open', places: [{ lane: 'r' }], presentations: [{ role: 'entry' }, { paired: { plate: 'ABC123' } }] },
    ])
  })

  test('a camera that is known to take one letter for another pairs by it from then on', () => {
    const reads = Array.from({ length: 200 }, (_, i) => ({
      reader: 'out',
      truth: 'KBC123',
      read: i < 100 ? 'XBC123' : 'KBC123',
    }))
    const taught = { version: 7, readers: countReads(reads) }
    const facts = [entry('e', 0, [plate('KBC123')]), exit('x', 60, [plate('XBC123')])]
    const since = (from: number) =>
      deriveStays(facts, { ...context, plateModelAt: (at) => (at >= minute(from) ? taught : untaughtPlateModel) })
    expect(since(50)).toMatchObject([{ state: 'closed', presentations: [{}, { paired: { model: 7 } }] }])
    expect(since(70)).toMatchObject([{ state: 'open' }, { state: 'exit_only' }])
  })
})

describe('kept apart', () => {
  const apart = [
    { state: 'open', flags: ['exit_unsure'] },
    { state: 'exit_only', flags: ['entry_missing', 'entry_unsure'] },
  ]

  test('another car inside comes near', () => {
    const facts = [entry('e', 0, [plate('ABC123')]), entry('f', 1, [plate('ABG123')])]
    expect(derive(...facts, exit('x', 60, [plate('ABO123')]))).toHaveLength(3)
    expect(
      derive(entry('e', 0, [plate('ABC123')]), entry('f', 1, [plate('A8C128')]), exit('x', 60, [plate('A8C123')])),
    ).toMatchObject([
      { state: 'open', flags: ['exit_unsure'] },
      { state: 'open', flags: ['exit_unsure'] },
      { state: 'exit_only', flags: ['entry_missing', 'entry_unsure'] },
    ])
  })

  test('another car that just left comes near: its exit may have been seen twice', () => {
    const other = [entry('f', 1, [plate('A8C128')]), exit('y', 55, [plate('A8C128')])]
    const stays = derive(entry('e', 0, [plate('ABC123')]), ...other, exit('x', 60, [plate('A8C123')]))
    expect(stays.map(({ state }) => state)).toEqual(['open', 'closed', 'exit_only'])
  })

  test('the camera itself thought of another car that is inside', () => {
    const doubted = plate('A8C123', { candidates: [{ value: 'A8X129', confidence: 0.4 }] })
    const facts = [entry('e', 0, [plate('ABC123')]), entry('f', 1, [plate('A8X129')]), exit('x', 60, [doubted])]
    expect(derive(...facts).map(({ state }) => state)).toEqual(['open', 'open', 'exit_only'])
  })

  test('the plates are two look-alikes rather than a usual misreading', () => {
    expect(derive(entry('e', 0, [plate('ABC123')]), exit('x', 60, [plate('ABC128')]))).toMatchObject(apart)
  })

  test('the tickets tell two cars apart', () => {
    expect(
      derive(
        entry('e', 0, [plate('ABC123'), ticket('0123456789')]),
        exit('x', 60, [plate('A8C123'), ticket('0123456780')]),
      ),
    ).toMatchObject(apart)
  })

  test('the entry was months ago', () => {
    expect(derive(entry('e', 0, [plate('ABC123')]), exit('x', 40 * 1_440, [plate('A8C123')]))).toMatchObject(apart)
  })

  test('two countries', () => {
    const [a, b] = [plate('ABC123', { country: 'DE' }), plate('A8C123', { country: 'FR' })]
    expect(derive(entry('e', 0, [a]), exit('x', 60, [b]))).toMatchObject(apart)
  })

  test('a second exit near the plate of a car that has left', () => {
    expect(
      derive(entry('e', 0, [plate('ABC123')]), exit('x', 60, [plate('A8C123')]), exit('y', 90, [plate('ABC1Z3')])),
    ).toMatchObject([{ exitedAt: minute(60) }, { key: 'gate:y', state: 'exit_only', flags: ['entry_missing'] }])
  })
})

test('a ticket names the car before a plate does', () => {
  expect(
    derive(
      entry('e', 0, [plate('ABC123'), ticket('0123456789')]),
      entry('f', 1, [plate('XYZ777'), ticket('0123456780')]),
      exit('x', 60, [plate('XYZ777'), ticket('0123456789')]),
    ),
  ).toMatchObject([
    { key: 'gate:e', state: 'closed' },
    { key: 'gate:f', state: 'open' },
  ])
})

test('one card let in with a plate that was misread is one car, and its first exit is missing', () => {
  const shown = card('04A3C6CAE26180')
  expect(derive(entry('e', 0, [plate('ABC123'), shown]), entry('f', 600, [plate('A8C123'), shown]))).toMatchObject([
    { state: 'closed', flags: ['exit_missing'] },
    { state: 'open' },
  ])
})

test('a site that allows more, or asks for more room to the next car, is paired by its own thresholds', () => {
  const facts = [entry('e', 0, [plate('ABC123')]), entry('f', 1, [plate('AECI23')]), exit('x', 60, [plate('A8C123')])]
  const under = (changed: Partial<typeof defaultLinkPolicy>) =>
    deriveStays(facts, { ...context, linkPolicy: { ...defaultLinkPolicy, ...changed } }).map(({ key, state }) => [
      key,
      state,
    ])
  const [paired, apart] = [
    [
      ['gate:e', 'closed'],
      ['gate:f', 'open'],
    ],
    [
      ['gate:e', 'open'],
      ['gate:f', 'open'],
      ['gate:x', 'exit_only'],
    ],
  ]
  expect(under({})).toEqual(paired)
  expect(under({ fuzzyMargin: 3 })).toEqual(apart)
  expect(under({ fuzzyAutoDistance: 0 })).toEqual(apart)
})
