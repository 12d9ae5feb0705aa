// Owns the proof of learned confusions: what is counted, what it changes, and what it must never change.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type ConfirmedRead,
  confirmedReads,
  countReads,
  decideLinks,
  defaultLinkPolicy,
  type ExistingLink,
  isConfirmed,
  type LinkDecision,
  learnedCosts,
  type PlateModel,
  type SessionView,
  type StayView,
  scoreLink,
  untaughtPlateModel,
} from '../../../core/domain/link/index.ts'
import { benchGarage } from '../../bench/linking/garage.ts'
import { at, session, stay } from './link-views.ts'

const reads = (reader: string, truth: string, read: string, times: number): ConfirmedRead[] =>
  Array.from({ length: times }, () => ({ reader, truth, read }))
const taught = (confirmed: readonly ConfirmedRead[], version = 1): PlateModel => ({
  version,
  readers: countReads(confirmed),
})
/** Lane E1 takes every tenth K for an N, which is in no class. */
const kn = taught([...reads('E1', 'KAB1234', 'NAB1234', 20), ...reads('E1', 'KAB1234', 'KAB1234', 180)])
const gate = (id: string, text: string, lane: string, from = '08:00') =>
  stay(id, [from], { plateReads: [{ text, at: at(from), lane, confidence: 0.95 }] })
const outcomes = (decisions: readonly LinkDecision[]) =>
  decisions.map((one) => (one.outcome === 'linked' ? one.stayId : one.outcome))

describe('what a camera mixes up', () => {
  test('is counted by reader, letter for letter, and only where nothing is lost or added', () => {
    expect(countReads([...reads('E1', 'AB1', 'A81', 2), ...reads('E1', 'AB1', 'A1', 5)])).toEqual({
      E1: { reads: { '1': 2, A: 2, B: 2 }, swaps: { B8: 2 } },
    })
  })

  test('makes its own swaps cheaper and no one else’s, after a handful of sightings', () => {
    expect(learnedCosts(kn.readers.E1 ?? { reads: {}, swaps: {} })).toMatchObject({ KN: 0.25 })
    const twice = countReads([...reads('E1', 'KAB1234', 'NAB1234', 2), ...reads('E1', 'KAB1234', 'KAB1234', 50)])
    expect(learnedCosts(twice.E1 ?? { reads: {}, swaps: {} })).toEqual({})
    const car = session('s', ['08:10'], { plate: 'KXY5678' })
    const distance = (lane: string, model: PlateModel) =>
      scoreLink(gate('a', 'NXY5678', lane), car, defaultLinkPolicy, { model }).plateDistance
    expect(distance('E1', kn)).toBe(0.25)
    expect(distance('E2', kn)).toBe(1)
    expect(distance('E1', untaughtPlateModel)).toBe(1)
  })

  test('thousands of clean reads make a class dearer', () => {
    const clean = countReads(reads('E1', 'B8', 'B8', 3_000))
    expect(learnedCosts(clean.E1 ?? { reads: {}, swaps: {} })).toMatchObject({ B8: 0.5, '8B': 0.5 })
  })

  test('links what only this camera takes for another, unless another car is as near', () => {
    const car = session('s', ['08:10'], { plate: 'KXY5678' })
    const decide = (stays: readonly StayView[], model: PlateModel) =>
      outcomes(decideLinks(stays, [car], [], defaultLinkPolicy, model))
    expect(decide([gate('a', 'NXY5678', 'E1')], untaughtPlateModel)).toEqual(['none'])
    expect(decide([gate('a', 'NXY5678', 'E1')], kn)).toEqual(['a'])
    expect(decide([gate('a', 'NXY5678', 'E1'), gate('b', 'KXY567B', 'E2')], kn)).toEqual(['review'])
  })

  test('does not take apart what was linked under an earlier version, and settles nothing but open questions', () => {
    const car = session('s', ['08:10'], { plate: 'KXY5678' })
    const stays = [gate('a', 'KXY567B', 'E1')]
    const dear = taught(reads('E1', 'B8B8', 'B8B8', 3_000), 2)
    const made: ExistingLink = {
      sessionId: 's',
      stayId: 'a',
      state: 'linked',
      decidedBy: 'hub',
      madeUnder: { policy: defaultLinkPolicy, model: untaughtPlateModel },
    }
    expect(outcomes(decideLinks(stays, [car], [], defaultLinkPolicy, dear))).toEqual(['review'])
    const [kept] = decideLinks(stays, [car], [made], defaultLinkPolicy, dear)
    expect(kept).toMatchObject({ outcome: 'linked', stayId: 'a', terms: { model: { version: 0 } } })
    // Facts still count: a second car as near makes it a question under either version.
    const rival = gate('b', 'KXV5678', 'E1')
    expect(outcomes(decideLinks([...stays, rival], [car], [made], defaultLinkPolicy, dear))).toEqual(['review'])
  })
})

describe('what a link teaches', () => {
  const car = (more: Parameters<typeof session>[2]) => session('s', ['08:10'], more)

  test('needs a card, a ticket or a person; a plate does not teach by itself', () => {
    const evidence = (method: 'plate' | 'ticket', certain: boolean) => [{ method, certain, weight: 12, detail: '' }]
    expect(isConfirmed('hub', evidence('plate', true))).toBe(false)
    expect(isConfirmed('hub', evidence('ticket', true))).toBe(true)
    expect(isConfirmed('hub', evidence('ticket', false))).toBe(false)
    expect(isConfirmed('person', [])).toBe(true)
  })

  test('is the read beside the plate on record, unless two of the account’s plates are near', () => {
    const here = gate('a', 'NXY5678', 'E1')
    expect(confirmedReads(here, car({ accountPlates: ['KXY5678', 'ZZ9'] }))).toEqual([
      { reader: 'E1', truth: 'KXY5678', read: 'NXY5678' },
    ])
    expect(confirmedReads(here, car({ accountPlates: ['KXY5678', 'KXY5679'] }))).toEqual([])
    expect(confirmedReads(here, car({ accountPlates: ['ABC9999'] }))).toEqual([])
    expect(confirmedReads(here, car({}))).toEqual([])
  })

  test('two cameras teach about each other where nobody knows the plate', () => {
    const seen: SessionView = { ...car({}), plate: { text: 'KXY5678', reader: 'bay:B1' } }
    expect(confirmedReads(gate('a', 'NXY5678', 'E1'), seen)).toEqual([
      { reader: 'between:E1|bay:B1', truth: 'NXY5678', read: 'KXY5678' },
      { reader: 'between:E1|bay:B1', truth: 'KXY5678', read: 'NXY5678' },
    ])
  })
})

describe('a near tie', () => {
  test('of two swaps against two swaps is left to a person, whichever camera saw it', () => {
    // Read at entry as W0B8S1 while WOB851 stands inside, too; WOBBS1 is what was expected.
    const stays = [gate('a', 'W0B8S1', 'E1'), gate('b', 'WOB851', 'E1', '08:02')]
    const told = session('s', ['08:10'], { plate: 'WOBBS1' })
    const seen: SessionView = { ...told, plate: { text: 'WOBBS1', confidence: 0.95, reader: 'bay:B1' } }
    for (const one of [told, seen]) expect(outcomes(decideLinks(stays, [one], []))).toEqual(['review'])
  })

  test('a character that the camera doubted is no reason to link by itself', () => {
    const doubted = (text: string) =>
      stay('a', ['08:00'], {
        plateReads: [{ text, at: at('08:00'), lane: 'E1', charConfidence: [1, 1, 1, 0.1, 1, 1, 1] }],
      })
    const car = session('s', ['08:10'], { plate: 'KXY5678' })
    const [unlike] = decideLinks([doubted('KXYW678')], [car], [])
    expect(unlike).toMatchObject({ outcome: 'review', reason: 'plate-not-unique' })
    expect(outcomes(decideLinks([doubted('KXY6678')], [car], []))).toEqual(['review'])
    expect(outcomes(decideLinks([doubted('KXYS678')], [car], []))).toEqual(['a'])
  })

  test('of cut reads is only seen between two cameras', () => {
    const cut = gate('a', 'KXY56', 'E1')
    const told = session('s', ['08:10'], { plate: 'KXY5678' })
    const seen: SessionView = { ...told, plate: { text: 'KXY5678', reader: 'bay:B1' } }
    expect(scoreLink(cut, told).evidence.map(({ method }) => method)).not.toContain('plate-fuzzy')
    expect(scoreLink(cut, seen).evidence.map(({ method }) => method)).toContain('plate-fuzzy')
  })
})

describe('properties, on seeded garages', () => {
  const garage = fc.tuple(fc.integer({ min: 1, max: 5_000 }), fc.constantFrom(0.03, 0.3)).map(([seed, plateErrors]) => {
    const { facts } = benchGarage({ bays: 12, seed, plateErrors, days: 2 })
    const last = <T extends { id: string }>(of: (fact: (typeof facts)[number]) => T[]) => [
      ...new Map(facts.flatMap(of).map((one) => [one.id, one])).values(),
    ]
    return {
      stays: last((fact) => ('stay' in fact ? [fact.stay] : [])),
      sessions: last((fact) => ('session' in fact ? [fact.session] : [])),
    }
  })
  const model = fc
    .array(fc.tuple(fc.constantFrom('E1', 'E2', 'X1', 'bay'), fc.constantFrom('AB12', '8BMN', 'KXOQ'), fc.nat(40)))
    .map((rows) => taught(rows.flatMap(([reader, truth, n]) => reads(reader, truth, [...truth].reverse().join(''), n))))
  const options = { numRuns: 40 }

  test('decisions do not depend on the order of stays and sessions, whatever was learned', () => {
    fc.assert(
      fc.property(garage, model, ({ stays, sessions }, learned) => {
        const forward = decideLinks(stays, sessions, [], defaultLinkPolicy, learned)
        expect(decideLinks(stays.toReversed(), sessions.toReversed(), [], defaultLinkPolicy, learned)).toEqual(forward)
      }),
      options,
    )
  })

  test('one more stay never turns a question into a link without asking', () => {
    fc.assert(
      fc.property(garage, model, fc.nat(), ({ stays, sessions }, learned, n) => {
        const extra = stays[n % Math.max(1, stays.length)]
        if (!extra) return
        const fewer = stays.filter((one) => one !== extra)
        const before = new Map(
          decideLinks(fewer, sessions, [], defaultLinkPolicy, learned).map((one) => [one.sessionId, one]),
        )
        for (const one of decideLinks(stays, sessions, [], defaultLinkPolicy, learned)) {
          if (one.outcome === 'linked' && before.get(one.sessionId)?.outcome === 'review')
            expect(one.stayId).toBe(extra.id)
        }
      }),
      options,
    )
  })

  test('a wider margin never links more', () => {
    const margins = fc.tuple(fc.double({ min: 1, max: 12, noNaN: true }), fc.double({ min: 0, max: 6, noNaN: true }))
    fc.assert(
      fc.property(garage, margins, ({ stays, sessions }, [margin, more]) => {
        const linkedWith = (by: number) =>
          decideLinks(stays, sessions, [], { ...defaultLinkPolicy, margin: by }).filter(
            ({ outcome }) => outcome === 'linked',
          ).length
        expect(linkedWith(margin + more)).toBeLessThanOrEqual(linkedWith(margin))
      }),
      options,
    )
  })

  test('distances are the same from either side', () => {
    fc.assert(
      fc.property(garage, model, ({ stays }, learned) => {
        for (const [i, one] of stays.entries()) {
          const other = stays[(i + 1) % stays.length]
          const [a, b] = [one.plateReads[0], other?.plateReads[0]]
          if (!a || !b) continue
          const from = (x: typeof a, y: typeof a) => {
            const here: StayView = { ...one, plateReads: [{ ...x, candidates: undefined }] }
            const there = { ...session('s', ['08:00']), plate: { text: y.text, reader: y.lane } }
            const free = { ...here, enteredAt: null, exitedAt: null }
            return scoreLink(free, there, defaultLinkPolicy, { model: learned }).plateDistance
          }
          expect(from(a, b)).toBe(from(b, a))
        }
      }),
      options,
    )
  })
})
