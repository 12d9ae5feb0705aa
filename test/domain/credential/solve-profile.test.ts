// Owns what is learned from cards shown to two readers: the evidence table, random readers, and when one card is not enough.
// Must not use the code under test to write cards: readers are played by writeCard below.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  applyProfile,
  type CardPair,
  type DecodeProfile,
  matchPresentations,
  type Presentation,
  type ShownCard,
  solveProfiles,
} from '../../../core/domain/credential/index.ts'
import { evidenceRows } from './card-evidence-rows.ts'

const shown = (form: string | Presentation): ShownCard =>
  typeof form === 'string' ? { raw: form } : { raw: form.raw, encoding: form.encoding, bitLength: form.bitLength }

const agree = (profiles: readonly [DecodeProfile, DecodeProfile], [first, second]: CardPair): string =>
  matchPresentations(
    { ...first, kind: 'card', readerProfile: profiles[0] },
    { ...second, kind: 'card', readerProfile: profiles[1] },
  ).equal

describe('every pair of the evidence table is explained', () => {
  test.each(evidenceRows)('$seen', ({ a, b }) => {
    for (const pair of [
      [shown(a), shown(b)],
      [shown(b), shown(a)],
    ] as const) {
      const solved = solveProfiles([pair])
      expect(solved.outcome).toBe('unique')
      if (solved.outcome !== 'unique') return
      expect(agree(solved.profiles, pair)).toBe(solved.lossy ? 'partial' : 'exact')
    }
  })

  test('three tags of one reader pair share one profile, told in plain words', () => {
    const pairs = evidenceRows
      .filter(({ a }) => typeof a === 'string' && /^\d{3} \d+$/.test(a))
      .map(({ a, b }): CardPair => [shown(a), shown(b)])
    expect(pairs).toHaveLength(3)
    expect(solveProfiles(pairs)).toEqual({
      outcome: 'unique',
      profiles: [
        { alphabet: 'facilityCard', byteOrder: 'msb', invert: true, bitReverse: true, width: 3 },
        { alphabet: 'hex', byteOrder: 'msb' },
      ],
      words: [
        'writes it as a facility and a card number, inverts every bit, mirrors the bits of each byte, passes on only the first 3 bytes',
        'writes the card as it is',
      ],
      lossy: true,
    })
  })

  test('a gate that gives three bytes reversed', () => {
    expect(solveProfiles([[{ raw: '9B3FAA' }, { raw: 'AA3F9B1A' }]])).toMatchObject({
      outcome: 'unique',
      words: ['gives the bytes reversed, passes on only the first 3 bytes', 'writes the card as it is'],
    })
  })
})

describe('one card at four places', () => {
  test.each([
    ['E7FADE26', { alphabet: 'hex', byteOrder: 'lsb' }],
    ['0652147431', { alphabet: 'dec', byteOrder: 'msb', width: 4 }],
    ['3891977766', { alphabet: 'dec', byteOrder: 'lsb', width: 4 }],
    ['26DEFAE700', { alphabet: 'hex', byteOrder: 'msb', strip: ['trailingZeros'] }],
  ])('%s beside the charger', (raw, profile) => {
    expect(solveProfiles([[{ raw }, { raw: '26DEFAE7' }]])).toMatchObject({
      outcome: 'unique',
      profiles: [profile, {}],
    })
  })
})

describe('what cannot be told is said', () => {
  test('nothing shown yet', () => {
    expect(solveProfiles([])).toMatchObject({ outcome: 'none', reason: /No card/ })
  })
  test('two different cards', () => {
    expect(solveProfiles([[{ raw: 'A1B2C3D4' }, { raw: '04A3C6CAE26180' }]])).toMatchObject({
      outcome: 'none',
      reason: /cannot be the same card/,
    })
  })
  test('texts that are no cards', () => {
    expect(solveProfiles([[{ raw: 'hello' }, { raw: 'A1B2C3D4' }]])).toMatchObject({
      outcome: 'none',
      reason: /first reader/,
    })
  })
  test('a card whose bytes read the same both ways leaves the order open; one more settles it', () => {
    const open = solveProfiles([[{ raw: 'A1B2B2A1' }, { raw: 'A1B2B2A1' }]])
    expect(open).toMatchObject({ outcome: 'several' })
    if (open.outcome === 'several') {
      expect(open.candidates.map(({ words }) => words[0])).toEqual(
        expect.arrayContaining(['writes the card as it is', 'gives the bytes reversed']),
      )
    }
    expect(
      solveProfiles([
        [{ raw: 'A1B2B2A1' }, { raw: 'A1B2B2A1' }],
        [{ raw: 'D4C3B2A1' }, { raw: 'A1B2C3D4' }],
      ]),
    ).toMatchObject({ outcome: 'unique', words: ['gives the bytes reversed', 'writes the card as it is'] })
  })
  test('a random number teaches nothing', () => {
    expect(solveProfiles([[{ raw: 'D4C3B208' }, { raw: '08B2C3D4' }]])).toMatchObject({
      outcome: 'none',
      reason: /every tap/,
    })
  })
  test('a profile that is set has to hold', () => {
    const known: DecodeProfile = { alphabet: 'hex', byteOrder: 'lsb' }
    expect(solveProfiles([[{ raw: '71861EA6' }, { raw: 'A61E8671' }]], [undefined, known])).toMatchObject({
      outcome: 'unique',
      profiles: [{ byteOrder: 'msb' }, known],
    })
    expect(solveProfiles([[{ raw: 'A61E8671' }, { raw: 'not hex' }]], [undefined, known])).toMatchObject({
      outcome: 'none',
      reason: /profile that is set/,
    })
  })
  test('rubbish never throws', () => {
    const text = fc.oneof(fc.string({ maxLength: 40 }), fc.stringMatching(/^[0-9A-F, ]{0,24}$/))
    const card = fc.record({ raw: text, bitLength: fc.option(fc.integer({ min: 0, max: 64 }), { nil: undefined }) })
    fc.assert(
      fc.property(fc.array(fc.tuple(card, card), { maxLength: 3 }), (pairs) => {
        expect(['unique', 'several', 'none']).toContain(solveProfiles(pairs).outcome)
      }),
      { numRuns: 200 },
    )
  })
})

/** A reader as a piece of hardware: takes the bytes of a card, sends text. */
interface PlayedReader {
  reversed: boolean
  inverted: boolean
  mirrored: boolean
  cut: 'all' | 'first3' | 'last3' | 'first4'
  text: 'hex' | 'dec' | 'padded decimal bytes' | 'wiegand 26'
  adds: 'nothing' | 'bcc' | 'zeros'
}

function writeCard(uid: readonly number[], reader: PlayedReader): ShownCard {
  let bytes = [...uid]
  if (reader.adds === 'bcc') bytes.push(bytes.reduce((all, byte) => all ^ byte, 0))
  if (reader.cut === 'first3') bytes = bytes.slice(0, 3)
  if (reader.cut === 'last3') bytes = bytes.slice(-3)
  if (reader.cut === 'first4') bytes = bytes.slice(0, 4)
  if (reader.reversed) bytes.reverse()
  if (reader.mirrored)
    bytes = bytes.map((byte) => Number.parseInt(byte.toString(2).padStart(8, '0').split('').reverse().join(''), 2))
  if (reader.inverted) bytes = bytes.map((byte) => 255 - byte)
  const hex = (some: readonly number[]) => some.map((byte) => byte.toString(16).padStart(2, '0')).join('')
  switch (reader.text) {
    case 'hex':
      return { raw: hex(reader.adds === 'zeros' ? [...bytes, 0, 0] : bytes) }
    case 'dec':
      return { raw: BigInt(`0x${hex(bytes)}`).toString() }
    case 'padded decimal bytes':
      return { raw: bytes.map((byte) => String(byte).padStart(3, '0')).join('') }
    case 'wiegand 26': {
      const bits = bytes.map((byte) => byte.toString(2).padStart(8, '0')).join('')
      const ones = (some: string) => some.split('').filter((bit) => bit === '1').length
      const frame = `${ones(bits.slice(0, 12)) % 2}${bits}${1 - (ones(bits.slice(12)) % 2)}`
      return { raw: Number.parseInt(frame, 2).toString(16), bitLength: 26 }
    }
  }
}

/** Cards out of one number: what fast-check likes best, all bytes alike, is no card anybody has. */
function cardsOf(seed: number, length: number, first: number | null, count: number): number[][] {
  let state = seed + 1
  const next = () => {
    state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9
    return ((state >>> 11) % 254) + 1
  }
  return Array.from({ length: count }, () => {
    const uid = Array.from({ length }, next)
    // 08 is random and 88 the cascade tag; neither begins a 4-byte UID, whichever way it is turned.
    if ([8, 0x88].includes(uid[0] ?? 0)) uid[0] = 0x26
    if ([8, 0x88].includes(uid.at(-1) ?? 0)) uid[length - 1] = 0x71
    return first === null ? uid : [first, ...uid.slice(1)]
  })
}

const reader: fc.Arbitrary<PlayedReader> = fc
  .record({
    reversed: fc.boolean(),
    inverted: fc.boolean(),
    mirrored: fc.boolean(),
    cut: fc.constantFrom('all', 'first3', 'last3', 'first4'),
    text: fc.constantFrom('hex', 'dec', 'padded decimal bytes', 'wiegand 26'),
    adds: fc.constantFrom('nothing', 'bcc', 'zeros'),
  } satisfies { [K in keyof PlayedReader]: fc.Arbitrary<PlayedReader[K]> })
  .map((one): PlayedReader => {
    const text = one.text === 'padded decimal bytes' && one.cut !== 'all' ? 'hex' : one.text
    return {
      ...one,
      text,
      // Only three bytes fit that frame, and it is its wires that are swapped, which the frame's own test plays.
      ...(text === 'wiegand 26' ? { cut: 'first3' as const, inverted: false, adds: 'nothing' as const } : {}),
      ...(one.cut !== 'all' || text === 'padded decimal bytes' || (text === 'dec' && one.adds === 'zeros')
        ? { adds: 'nothing' as const }
        : {}),
    }
  })
  // A check byte that is inverted or mirrored with the rest is no check byte of what arrives; profiles take it off in UID order.
  .filter(({ adds, cut }) => adds !== 'bcc' || cut === 'all')

const cards = fc
  .tuple(fc.integer({ min: 1, max: 2 ** 30 }), fc.constantFrom([4, null], [7, 4], [8, 0xe0]))
  .map(([seed, [length, first]]) => {
    const all = cardsOf(seed, length ?? 4, first ?? null, 23)
    return [all.slice(0, 3), all.slice(3)] as const
  })

describe('any reader beside a plain one', () => {
  const plain: PlayedReader = {
    reversed: false,
    inverted: false,
    mirrored: false,
    cut: 'all',
    text: 'hex',
    adds: 'nothing',
  }

  test('three cards teach a profile that holds for all further cards', () => {
    fc.assert(
      fc.property(reader, cards, (gate, [taught, fresh]) => {
        const length = taught[0]?.length ?? 0
        fc.pre(!(gate.text === 'padded decimal bytes' && ![4, 7].includes(length)))
        fc.pre(!(gate.adds !== 'nothing' && length === 8))
        const pair = (uid: readonly number[]): CardPair => [writeCard(uid, gate), writeCard(uid, plain)]
        const solved = solveProfiles(taught.map(pair))
        expect([solved.outcome, gate]).toEqual(['unique', gate])
        if (solved.outcome !== 'unique') return
        for (const uid of fresh) {
          const [first, second] = pair(uid)
          const [a, b] = [applyProfile(first, solved.profiles[0]), applyProfile(second, solved.profiles[1])]
          expect(b).toMatchObject({ outcome: 'uid' })
          if (b.outcome !== 'uid') return
          // A plain reader's own cards are not turned round without need: makers' numbers stand as they are.
          if (uid.length !== 4) expect(b.hex).toBe(writeCard(uid, plain).raw.toUpperCase())
          if (a.outcome === 'uid') expect(a.hex).toBe(b.hex)
          else if (a.outcome === 'partial')
            expect(b.hex[a.side === 'first' ? 'startsWith' : 'endsWith'](a.hex)).toBe(true)
          else expect(a).toBe('a card')
        }
      }),
      { numRuns: 100 },
    )
  })
})
