// Owns the laws of card matching, index keys and canonical keys over random cards and random rubbish.
// Must not hold single examples; card-evidence.test.ts has those.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  canonicalise,
  cardForms,
  credentialKinds,
  inferKind,
  matchPresentations,
  normalisePlate,
  type Presentation,
  parseCanonicalKey,
  partialKeys,
  plateDistance,
  plateEquivalenceKey,
  searchKeys,
  toOcpp2IdToken,
  toOcppIdToken,
} from '../../../core/domain/credential/index.ts'

const hexBytes = (bytes: number) =>
  fc.uint8Array({ minLength: bytes, maxLength: bytes }).map((all) => Buffer.from(all).toString('hex').toUpperCase())
const uid = fc.oneof(hexBytes(4), hexBytes(7), hexBytes(10)).filter((hex) => !/^(?:00)+$|^(?:FF)+$|^08/.test(hex))
const card = (raw: string): Presentation => ({ raw, kind: 'card' })
const share = (a: readonly string[], b: readonly string[]) => a.some((key) => b.includes(key))

const flip = (hex: string) => Buffer.from(hex, 'hex').map((byte) => ~byte)
const mirror = (hex: string) =>
  Buffer.from(hex, 'hex').map((byte) =>
    Number.parseInt(byte.toString(2).padStart(8, '0').split('').reverse().join(''), 2),
  )
const reverse = (hex: string) => Buffer.from(hex, 'hex').reverse().toString('hex')
const bcc = (hex: string) => Buffer.from(hex, 'hex').reduce((all, byte) => all ^ byte, 0)

/** What readers do to a UID, written independently of the code under test. */
const lossless: readonly [string, (hex: string) => string][] = [
  ['lower case with colons', (hex) => (hex.toLowerCase().match(/../g) ?? []).join(':')],
  ['reversed', reverse],
  ['inverted', (hex) => Buffer.from(flip(hex)).toString('hex')],
  ['mirrored', (hex) => Buffer.from(mirror(hex)).toString('hex')],
  ['inverted and mirrored', (hex) => Buffer.from(mirror(Buffer.from(flip(hex)).toString('hex'))).toString('hex')],
  ['decimal', (hex) => BigInt(`0x${hex}`).toString()],
  ['decimal of the reverse', (hex) => BigInt(`0x${reverse(hex)}`).toString()],
  ['decimal, ten digits', (hex) => BigInt(`0x${hex}`).toString().padStart(10, '0')],
  ['decimal bytes', (hex) => [...Buffer.from(hex, 'hex')].join('')],
  ['decimal bytes of the reverse', (hex) => [...Buffer.from(hex, 'hex').reverse()].join('')],
  ['dotted decimal bytes', (hex) => [...Buffer.from(hex, 'hex')].join('.')],
]
const lossless4: readonly [string, (hex: string) => string][] = [
  ['with check byte', (hex) => hex + bcc(hex).toString(16).padStart(2, '0')],
  ['with a zero byte', (hex) => `${hex}00`],
  ['in a field of seven', (hex) => `${hex}000000`],
  ['zero extended', (hex) => `00000000${hex}`],
]

describe('a card in another form', () => {
  // A decimal of a number with leading zero bytes has lost its length; such UIDs are not issued.
  const real = uid.filter((hex) => !hex.startsWith('00') && !hex.endsWith('00'))

  test.each([...lossless])('%s', (_, form) => {
    fc.assert(
      fc.property(real, (hex) => {
        // Four digits or fewer are too little to be taken for bytes.
        fc.pre(form(hex).length > 4)
        const match = matchPresentations(card(hex), card(form(hex)))
        expect(['exact', 'transformed']).toContain(match.equal)
        expect(match.bitsMatched).toBe(hex.length * 4)
        expect(share(searchKeys(card(hex)), searchKeys(card(form(hex))))).toBe(true)
      }),
    )
  })

  test.each([...lossless4])('4 bytes %s', (_, form) => {
    fc.assert(
      fc.property(hexBytes(4), (hex) => {
        fc.pre(!/^(?:00|08)|00$|^F{8}$/.test(hex))
        const match = matchPresentations(card(hex), card(form(hex)))
        expect(match).toMatchObject({ equal: 'transformed', bitsMatched: 32 })
        expect(share(searchKeys(card(hex)), searchKeys(card(form(hex))))).toBe(true)
      }),
    )
  })

  test('two transformed forms of a card know each other', () => {
    const forms = fc.constantFrom(...lossless)
    fc.assert(
      fc.property(hexBytes(7), forms, forms, (tail, [nameA, one], [nameB, other]) => {
        // Decimal bytes cannot be put back into bytes for sure, so they are compared with the UID's two byte orders only.
        const names = `${nameA}, ${nameB}`
        fc.pre(!(names.includes('decimal bytes') && /inverted|mirrored/.test(names)))
        fc.pre(!/^decimal bytes.*, decimal bytes/.test(names) || nameA === nameB)
        const hex = `04${tail.slice(2, 12)}8A`
        expect(['exact', 'transformed']).toContain(matchPresentations(card(one(hex)), card(other(hex))).equal)
        expect(share(searchKeys(card(one(hex))), searchKeys(card(other(hex))))).toBe(true)
      }),
    )
  })

  test('cut to 3 or 4 bytes it is partial, never more, and meets in the partial index', () => {
    const cuts = fc.constantFrom<(hex: string) => string>(
      (hex) => hex.slice(0, 6),
      (hex) => hex.slice(-6),
      (hex) => reverse(hex.slice(0, 6)),
      (hex) => reverse(hex.slice(0, 8)),
      (hex) => hex.slice(-8),
    )
    fc.assert(
      fc.property(hexBytes(5), cuts, (tail, cut) => {
        const hex = `04${tail}8A`
        const piece = cut(hex)
        fc.pre(!/^(?:0+|F+)$|^88|88$|000000/.test(piece.toUpperCase()))
        const match = matchPresentations(card(hex), card(piece))
        expect(match.equal).toBe('partial')
        expect(match.bitsMatched).toBe(piece.length * 4)
        expect(match.bitsMatched).toBeLessThan(match.bitsKnown)
        expect(share(partialKeys(card(hex)), partialKeys(card(piece)))).toBe(true)
      }),
    )
  })
})

const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc.string({ unit: fc.constantFrom(...'0123456789ABCDEFabcdef :-,.'), maxLength: 44 }),
  fc.string({ unit: fc.constantFrom(...'0123456789'), maxLength: 34 }),
  uid,
)
const anyPresentation: fc.Arbitrary<Presentation> = fc.record(
  {
    raw: anyText,
    kind: fc.constantFrom(...credentialKinds, undefined),
    encoding: fc.constantFrom(
      'hex',
      'HEX',
      'dec',
      'decConcat',
      'facilityCard',
      'wiegand',
      'bits',
      'canonical',
      'nonsense',
      undefined,
    ),
    bitLength: fc.constantFrom(undefined, 26, 34, 37, 32, 0, -3, 1e9, Number.NaN),
    country: fc.constantFrom(undefined, 'DE', 'us-ca', '??'),
  },
  { requiredKeys: ['raw'] },
)

describe('whatever was read', () => {
  test('matching is symmetric', () => {
    fc.assert(
      fc.property(anyPresentation, anyPresentation, (a, b) => {
        expect(matchPresentations(b, a)).toEqual(matchPresentations(a, b))
      }),
      { numRuns: 1000 },
    )
  })

  test('a match always meets in an index', () => {
    fc.assert(
      fc.property(anyText, anyText, (a, b) => {
        const match = matchPresentations(card(a), card(b))
        if (match.equal === 'exact' || match.equal === 'transformed')
          expect(share(searchKeys(card(a)), searchKeys(card(b)))).toBe(true)
        if (match.equal === 'partial') expect(share(partialKeys(card(a)), partialKeys(card(b)))).toBe(true)
      }),
      { numRuns: 2000 },
    )
  })

  test('a presentation with a key matches itself', () => {
    fc.assert(
      fc.property(anyPresentation, (one) => {
        const made = canonicalise(one, { siteId: 's', callingCode: '49' })
        if (made.outcome === 'key' && !made.partial && !made.key.startsWith('plate')) {
          expect(matchPresentations(one, one).equal).toBe('exact')
          expect(searchKeys(one).length).toBeGreaterThan(0)
        }
      }),
      { numRuns: 1000 },
    )
  })

  test('keys are few, and nothing throws', () => {
    fc.assert(
      fc.property(anyPresentation, (one) => {
        for (const keys of [searchKeys(one), partialKeys(one)]) {
          expect(keys.length).toBeLessThanOrEqual(12)
          expect(new Set(keys).size).toBe(keys.length)
        }
        canonicalise(one)
        cardForms(one)
        inferKind(one.raw)
        normalisePlate(one.raw, one.country)
        plateEquivalenceKey(one.raw)
        plateDistance(one.raw, 'ABC123')
      }),
      { numRuns: 1000 },
    )
  })

  test('a canonical key is readable, well-formed and stays as it is', () => {
    fc.assert(
      fc.property(anyPresentation, (one) => {
        const made = canonicalise(one, { siteId: 'site', callingCode: '1' })
        if (made.outcome === 'refused') {
          expect(made.detail).not.toBe('')
          return
        }
        expect(made.confidence).toBeGreaterThan(0)
        expect(made.confidence).toBeLessThanOrEqual(1)
        const again = canonicalise({ raw: made.key, encoding: 'canonical' })
        expect(again).toMatchObject({ outcome: 'key', key: made.key })
        expect(again.outcome === 'key' && again.partial).toEqual(made.partial)
        expect(parseCanonicalKey(made.key)).not.toBeNull()
        expect(made.key).not.toMatch(/[\p{Cc}\p{Cs}]/u)
        for (const other of made.alternatives) {
          expect(other.key).not.toBe(made.key)
          expect(other.lossy).toBe(other.key.startsWith('partial:'))
          expect(other.mask !== undefined).toBe(other.lossy)
        }
        const token = toOcppIdToken(made.key)
        if (token.outcome === 'token') expect(token.idToken).toMatch(/^[0-9A-F]{6,20}$/)
        expect((toOcpp2IdToken(made.key)?.idToken ?? '').length).toBeLessThanOrEqual(36)
      }),
      { numRuns: 2000 },
    )
  })

  test('the canonical key of a chip is found again from its own hex', () => {
    fc.assert(
      fc.property(uid, (hex) => {
        const made = canonicalise(card(hex))
        if (made.outcome !== 'key' || made.partial || !made.key.startsWith('uid:')) return
        const key = parseCanonicalKey(made.key)
        expect(canonicalise({ raw: key?.scheme === 'uid' ? key.value : '', kind: 'card' })).toMatchObject({
          key: made.key,
        })
        const found = matchPresentations(card(hex), { raw: made.key, encoding: 'canonical', kind: 'card' })
        expect(['exact', 'transformed']).toContain(found.equal)
      }),
    )
  })
})

describe('strangers', () => {
  test('two different 4-byte UIDs are never exactly equal, and one lost byte never counts as equal', () => {
    fc.assert(
      fc.property(hexBytes(4), hexBytes(4), (a, b) => {
        fc.pre(a !== b)
        expect(matchPresentations(card(a), card(b)).equal).not.toBe('exact')
      }),
      { numRuns: 5000 },
    )
  })

  test('ten thousand random cards hold no accidental match', () => {
    // A fixed generator: the count must not depend on the day's luck.
    let state = 0x2545f491
    const next = () => {
      state ^= state << 13
      state ^= state >>> 17
      state ^= state << 5
      return (state >>> 0).toString(16).padStart(8, '0').toUpperCase()
    }
    const owners = new Map<string, string>()
    let shared = 0
    for (let i = 0; i < 10_000; i++) {
      const raw = next()
      for (const key of searchKeys(card(raw))) {
        const owner = owners.get(key)
        if (owner !== undefined && owner !== raw && matchPresentations(card(owner), card(raw)).equal !== 'no') shared++
        owners.set(key, raw)
      }
    }
    // 50 million pairs, eight reorderings, 2^32 numbers: 0.09 accidents are expected.
    expect(shared).toBeLessThanOrEqual(2)
  })
})
