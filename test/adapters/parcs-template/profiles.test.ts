// Owns the proof of profiles as data: what ships is well formed and honest, a fault has its place, no document brings the reader down.
// Must not need a hub.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fillFormat, readFormat } from '../../../adapters/parcs-template/canonical.ts'
import { checkProfile } from '../../../adapters/parcs-template/check-profile.ts'
import { readRecord, termsOf } from '../../../adapters/parcs-template/read-record.ts'
import { shippedProfiles } from '../../../adapters/parcs-template/shipped-profiles.ts'
import { readCapture } from '../../../adapters/parcs-template/try/read-capture.ts'
import { digestAnswer, parseFact } from '../../../core/plugin/index.ts'
import { movementFacts, someProfile } from './some-profile.ts'

test.each(shippedProfiles.map((each) => [each.profile, each] as const))(
  '%s says where it is from and what to ask',
  (_, each) => {
    expect(checkProfile(each)).toEqual({ kind: 'ok', profile: each })
    expect(each.sources.length).toBeGreaterThan(0)
    expect(each.known?.length).toBeGreaterThan(0)
    expect(each.status).toBe('unknown')
    expect(each.ask?.length).toBeGreaterThan(0)
  },
)

describe('a fault of a profile', () => {
  const [poll] = someProfile.polls
  const cases: [string, unknown, string][] = [
    ['no profile at all', null, ''],
    ['a zone that is none', { ...someProfile, zone: 'Mars/Base' }, '/zone'],
    ['a placeholder without a value', { ...someProfile, check: { method: 'GET', path: '/a/{x}' } }, '/check/path'],
    [
      'a step that is none',
      {
        ...someProfile,
        polls: [{ ...poll, facts: [{ ...movementFacts[0], key: [{ path: '/id', steps: [{ do: 'eval' }] }] }] }],
      },
      '/polls/0/facts/0/key/0/steps/0/do',
    ],
    [
      'steps on nothing',
      { ...someProfile, polls: [{ ...poll, facts: [{ ...movementFacts[0], lane: { steps: [{ do: 'trim' }] } }] }] },
      '/polls/0/facts/0/lane',
    ],
    [
      'data that the fact has not',
      {
        ...someProfile,
        polls: [
          { ...poll, facts: [{ ...movementFacts[0], data: { direction: { const: 'entry' }, speed: { const: 1 } } }] },
        ],
      },
      '/polls/0/facts/0/data/speed',
    ],
    [
      'data that the fact needs',
      { ...someProfile, polls: [{ ...poll, facts: [{ ...movementFacts[0], data: {} }] }] },
      '/polls/0/facts/0/data',
    ],
    [
      'a signature that leaves the body out',
      {
        ...someProfile,
        auth: {
          kind: 'hmac',
          canonical: '{timestamp}',
          algorithm: 'sha256',
          encoding: 'hex',
          header: 'x',
          timestampHeader: 'y',
        },
      },
      '/auth/canonical',
    ],
    [
      'a signed part that is none',
      {
        ...someProfile,
        auth: { kind: 'hmac', canonical: '{body}{secret}', algorithm: 'sha256', encoding: 'hex', header: 'x' },
      },
      '/auth/canonical',
    ],
    [
      'paging from a cursor that is not there',
      { ...someProfile, polls: [{ ...poll, cursor: undefined, paging: { kind: 'since', size: 2 } }] },
      '/polls/0/paging',
    ],
    ['two polls of one name', { ...someProfile, polls: [poll, poll] }, '/polls/1/name'],
    [
      'not_done as the answer to an action',
      {
        ...someProfile,
        actions: {
          'lane.open': { repeatable: false, request: { method: 'POST', path: '/x' }, answers: [{ means: 'not_done' }] },
        },
      },
      '/actions/lane.open/answers/0/means',
    ],
  ]
  test.each(cases)('%s', (_, value, pointer) => {
    const checked = checkProfile(JSON.parse(JSON.stringify(value)))
    expect(checked.kind).toBe('wrong')
    expect(checked.kind === 'wrong' && checked.errors.map((error) => error.pointer)).toContain(pointer)
  })

  test('no document brings the reader down', () => {
    fc.assert(
      fc.property(
        fc.jsonValue(),
        fc.constantFrom('polls', 'webhooks', 'actions', 'auth', 'lookups', 'limits'),
        (value, name) => {
          expect(['ok', 'wrong']).toContain(checkProfile({ ...someProfile, [name]: value }).kind)
        },
      ),
    )
  })
})

test('whatever a record is, each fact is one that the hub takes, and each fault has a place in it', () => {
  const terms = termsOf(someProfile, { zone: 'UTC', currency: 'EUR' }, new Date('2019-03-10T08:00:00Z'))
  const odd = fc.oneof(
    fc.jsonValue(),
    fc.constantFrom('IN', 'OUT', '2019-03-10T06:00:00', 'NaN', '1,5', '1e400', '\u0000', 'a:b'),
  )
  const record = fc.oneof(
    fc.jsonValue(),
    fc.record(
      { id: odd, kind: odd, at: odd, ticket: odd, gate: odd, plate: odd, price: odd, payments: odd },
      { requiredKeys: [] },
    ),
  )
  fc.assert(
    fc.property(record, (value) => {
      const spot = { value, pointer: '/data/0' }
      const { facts, errors } = readRecord(
        movementFacts,
        { record: spot, message: { value: { data: [value] }, pointer: '' } },
        terms,
        true,
      )
      for (const { fact } of facts)
        expect(parseFact(JSON.parse(JSON.stringify(fact)))).toEqual({ kind: 'ok', value: fact })
      for (const { pointer } of errors) expect(pointer).toMatch(/^\/data\/0/)
    }),
  )
})

test('two keys never become one name', () => {
  const terms = termsOf(someProfile, { zone: 'UTC', currency: 'EUR' }, new Date('2019-03-10T08:00:00Z'))
  const [map] = movementFacts
  const idOf = (a: string, b: string) => {
    const value = { a, b, kind: 'IN', at: '2019-03-10T06:00:00' }
    const spot = { value, pointer: '' }
    const keyed = { ...map, key: [{ path: '/a' }, { path: '/b' }] } as (typeof movementFacts)[number]
    return readRecord([keyed], { record: spot, message: spot }, terms, true).facts[0]?.fact.id
  }
  const part = fc.stringMatching(/^[a:%]{1,6}$/)
  fc.assert(
    fc.property(part, part, part, part, (a, b, c, d) => {
      expect(idOf(a, b) === idOf(c, d)).toBe(a === c && b === d)
    }),
  )
})

test('a header is read as it was written', () => {
  const word = fc.stringMatching(/^[A-Za-z0-9+/=-]{1,20}$/)
  fc.assert(
    fc.property(word, word, (signature, timestamp) => {
      const format = 't={timestamp};v1={signature}'
      expect(readFormat(format, fillFormat(format, { signature, timestamp }))).toEqual({ signature, timestamp })
    }),
  )
  expect(readFormat('t={timestamp},v1={signature}', 'v1=x,t=1')).toBeNull()
})

test('no text brings the reader of captures down', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.json(),
        fc.json().map((log) => `{"log": ${log}}`),
      ),
      (text) => {
        expect(['ok', 'bad']).toContain(readCapture(text).kind)
      },
    ),
  )
})

describe('a digest challenge', () => {
  // The example of RFC 7616, section 3.9.1, has a client nonce of its own; what is checked here is the choice and the fields.
  const ask = { method: 'GET', uri: '/dir', user: 'Mufasa', password: 'Circle of Life' }
  test('the strongest of several is answered', () => {
    const both =
      'Basic realm="a, Digest b", Digest realm="x", nonce="n1", algorithm=MD5, qop="auth", Digest realm="x", nonce="n2", algorithm=SHA-256, qop="auth, auth-int"'
    expect(digestAnswer(both, ask)).toMatch(
      /^Digest username="Mufasa", realm="x", nonce="n2".*algorithm=SHA-256, qop=auth, nc=00000001/,
    )
  })
  test('one that cannot be answered is not', () => {
    for (const challenge of [
      '',
      'Basic realm="x"',
      'Digest realm="x"',
      'Digest realm="x", nonce="n", algorithm=SHA-512-256',
      'Digest realm="x", nonce="n", qop="auth-int"',
    ])
      expect(digestAnswer(challenge, ask)).toBeNull()
  })
  test('no two requests have one client nonce', () => {
    const answers = [1, 2, 3].map(
      (count) => /cnonce="([^"]+)"/.exec(digestAnswer('Digest nonce="n", qop=auth', { ...ask, count }) ?? '')?.[1],
    )
    expect(new Set(answers).size).toBe(3)
  })
})
