// Owns which cards shown at two readers are taken for one, and that published Wiegand frames are solved beside their printed numbers.
// Must not look at where the reads come from.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { applyProfile, pairReads, type SidedRead, solveProfiles } from '../../../core/domain/credential/index.ts'

const at = (second: number) => new Date(Date.UTC(2026, 2, 10, 8, 0, second))
const reads = (...shown: [1 | 2, string][]): SidedRead[] => shown.map(([side, raw], i) => ({ side, raw, at: at(i) }))
const texts = (list: readonly SidedRead[]) => {
  const { pairs, waiting } = pairReads(list)
  return { pairs: pairs.map((pair) => pair.map(({ raw }) => raw)), waiting: waiting && [waiting.side, waiting.raw] }
}

describe('which reads are one card', () => {
  test.each([
    ['one after the other', reads([1, 'A'], [2, 'X']), [['A', 'X']], null],
    [
      'whichever comes first',
      reads([2, 'X'], [1, 'A'], [1, 'B'], [2, 'Y']),
      [
        ['A', 'X'],
        ['B', 'Y'],
      ],
      null,
    ],
    [
      'each pair once',
      reads([1, 'A'], [2, 'X'], [1, 'B'], [2, 'Y'], [1, 'A'], [2, 'X']),
      [
        ['A', 'X'],
        ['B', 'Y'],
      ],
      null,
    ],
    ['another card before the other reader', reads([1, 'A'], [1, 'B'], [2, 'Y']), [['B', 'Y']], null],
    ['not yet at the other reader', reads([1, 'A'], [2, 'X'], [2, 'Y']), [['A', 'X']], [2, 'Y']],
    [
      'a charger that asks again at the start',
      reads([1, 'A'], [2, 'X'], [2, 'x '], [1, 'B'], [2, 'Y']),
      [
        ['A', 'X'],
        ['B', 'Y'],
      ],
      null,
    ],
    ['nothing', [], [], null],
  ] as const)('%s', (_, list, pairs, waiting) => {
    expect(texts(list)).toEqual({ pairs, waiting })
  })

  const showing = fc.array(fc.tuple(fc.constantFrom<1 | 2>(1, 2), fc.constantFrom('A', 'B', 'C', 'D')), {
    maxLength: 12,
  })

  test('any doubling of consecutive taps gives the same pairs, in whatever order the rows come', () => {
    fc.assert(
      fc.property(showing, fc.array(fc.integer({ min: 1, max: 3 })), fc.nat(), (shown, times, turn) => {
        const once = shown.map(([side, raw], i): SidedRead => ({ side, raw, at: at(i * 4) }))
        const doubled = once.flatMap((read, i) =>
          Array.from({ length: times[i] ?? 2 }, (_, j) => ({ ...read, at: new Date(read.at.getTime() + j * 1_000) })),
        )
        const cut = doubled.length === 0 ? 0 : turn % doubled.length
        expect(texts([...doubled.slice(cut), ...doubled.slice(0, cut)])).toEqual(texts(once))
      }),
    )
  })

  test('cards shown in turn to both are exactly the pairs, whichever reader is first each time', () => {
    const cards = fc.uniqueArray(fc.tuple(fc.integer({ min: 0, max: 999 }), fc.boolean()), {
      selector: ([card]) => card,
    })
    fc.assert(
      fc.property(cards, (list) => {
        const shown = list.flatMap(([card, turned]): [1 | 2, string][] => {
          const both: [1 | 2, string][] = [
            [1, `G${card}`],
            [2, `C${card}`],
          ]
          return turned ? both.reverse() : both
        })
        expect(texts(reads(...shown))).toEqual({ pairs: list.map(([card]) => [`G${card}`, `C${card}`]), waiting: null })
      }),
    )
  })
})

describe('a frame of each published layout beside the number printed on the card', () => {
  test.each([
    ['H10301', 26, '2F764DD', '123 45678', { facility: 123, card: 45678 }],
    ['H10306', 34, '209A564DC', '1234 45678', { facility: 1234, card: 45678 }],
    ['H10302', 37, '10932C05A5', '1234567890', { facility: null, card: 1234567890 }],
    ['H10304', 37, '4D2A8C9D', '1234 345678', { facility: 1234, card: 345678 }],
    ['C1000-35', 35, '12534B7EB', '2345 678901', { facility: 2345, card: 678901 }],
  ])('%s', (format, bitLength, raw, printed, number) => {
    const gate = { raw, bitLength }
    for (const turned of [false, true]) {
      const solved = solveProfiles([turned ? [{ raw: printed }, gate] : [gate, { raw: printed }]])
      expect([format, solved.outcome]).toEqual([format, 'unique'])
      if (solved.outcome !== 'unique') return
      const [ofGate, ofPrint] = turned ? solved.profiles.toReversed() : solved.profiles
      const told = ofGate && applyProfile(gate, ofGate)
      expect(ofPrint && applyProfile({ raw: printed }, ofPrint)).toEqual(told)
      // Four bytes in a frame may be a chip's number as well as facility and card; that the two agree is all they can tell.
      if (told?.outcome === 'uid') expect([told.hex, format]).toEqual(['04D2B26E', 'H10306'])
      else expect(told).toEqual({ outcome: 'wiegand', number: { format: expect.any(String), ...number } })
    }
  })
})
