// Owns the proof that pairs of strings seen for one card are recognised, and say what separates them.
// Must not invent pairs; card-evidence-rows.ts holds them.
import { describe, expect, test } from 'vitest'
import {
  cardForms,
  matchPresentations,
  type Presentation,
  partialKeys,
  searchKeys,
} from '../../../core/domain/credential/index.ts'
import { evidenceRows } from './card-evidence-rows.ts'

const present = (form: string | Presentation): Presentation =>
  typeof form === 'string' ? { raw: form, kind: 'card' } : form
const shared = (a: string[], b: string[]) => a.filter((key) => b.includes(key))

describe.each(evidenceRows)('$seen', ({ a, b, equal, transform, bits }) => {
  const one = present(a)
  const other = present(b)

  test('is recognised from both sides', () => {
    const match = matchPresentations(one, other)
    expect(match).toMatchObject({ equal, bitsMatched: bits })
    expect(match.transform).toEqual(transform)
    expect(matchPresentations(other, one)).toEqual(match)
    expect(match.bitsKnown > match.bitsMatched).toBe(equal === 'partial')
  })

  test('is recognised when the charger does not say what kind of token it is', () => {
    expect(matchPresentations(one, { ...other, kind: undefined })).toMatchObject({ equal, bitsMatched: bits })
  })

  test('meets in the index', () => {
    if (equal === 'partial') expect(shared(partialKeys(one), partialKeys(other))).not.toEqual([])
    else expect(shared(searchKeys(one), searchKeys(other))).not.toEqual([])
  })
})

describe('what must not match', () => {
  test('an EPC reduced to 24 bits by an unknown rule stays unmatched', () => {
    expect(
      matchPresentations({ raw: 'E2801160600002054CC5B1A7', kind: 'epc' }, { raw: '7C21F9', kind: 'card' }).equal,
    ).toBe('no')
  })

  test('two tags of one facility whose reader keeps 16 bits are told apart where both report all bits', () => {
    expect(matchPresentations({ raw: 'ABC00012345', kind: 'avi' }, { raw: 'ABC01012345', kind: 'avi' }).equal).toBe(
      'no',
    )
  })

  test('the same digits stated as hex and as decimal are two numbers', () => {
    expect(matchPresentations({ raw: '12345679', encoding: 'hex' }, { raw: '12345679', encoding: 'dec' }).equal).toBe(
      'no',
    )
  })

  test('different kinds', () => {
    expect(matchPresentations({ raw: 'ABC123', kind: 'plate' }, { raw: 'ABC123', kind: 'card' }).equal).toBe('no')
    expect(matchPresentations({ raw: '1904649758', kind: 'phone' }, { raw: '1904649758', kind: 'card' }).equal).toBe(
      'no',
    )
  })

  test('readings of nothing', () => {
    for (const raw of ['', ' ', '00000000', 'FFFFFFFF', '0', '\u0000']) {
      expect(matchPresentations({ raw, kind: 'card' }, { raw, kind: 'card' }).equal, JSON.stringify(raw)).toBe('no')
      expect(searchKeys({ raw, kind: 'card' }).filter((key) => key.startsWith('c'))).toEqual([])
    }
  })
})

describe('card forms', () => {
  const compact = (text: string) => text.replace(/[\s,]/g, '')
  const printed = (form: string | Presentation) => {
    const { raw } = present(form)
    const pair = /^(\d+)[ ,](\d+)$/.exec(raw)
    return pair ? `${pair[1]?.padStart(3, '0')}${pair[2]?.padStart(5, '0')}` : raw.toUpperCase().replace(/\s/g, '')
  }
  // Frames and cut six-byte readings are no strings that people look up.
  const listed = evidenceRows.filter(({ a, b, bits }) => typeof a === 'string' && typeof b === 'string' && bits !== 48)

  test.each(listed)('of one side hold the other: $seen', ({ a, b, equal }) => {
    const found = [a, b].map((form) =>
      cardForms(present(form)).map(({ text, lossy }) => ({ text: compact(text), lossy })),
    )
    const [ofA = [], ofB = []] = found
    const hit = [...ofA.filter(({ text }) => text === printed(b)), ...ofB.filter(({ text }) => text === printed(a))]
    expect(hit).not.toEqual([])
    expect(hit.some(({ lossy }) => lossy)).toBe(equal === 'partial')
  })

  test('name the text itself first and stay bounded', () => {
    for (const raw of ['26DEFAE7', '04A3C6CAE26180', '0652147431', '12345678', 'E004010012345678', '137 11284']) {
      const forms = cardForms(raw)
      expect(forms[0]).toMatchObject({ text: raw.replace(/\s/g, ''), transform: [], lossy: false })
      expect(forms.length).toBeLessThanOrEqual(160)
      expect(new Set(forms.map(({ text }) => text)).size).toBe(forms.length)
    }
  })
})
