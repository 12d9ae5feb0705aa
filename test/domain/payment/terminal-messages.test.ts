// Owns the proof that a vendor's messages are read by the operator's map, and that nothing hostile gets through it.
// Must not touch a database.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readTerminalMessage, type TerminalVendor, terminalVendors } from '../../../core/domain/payment/index.ts'

const vendor: TerminalVendor = {
  vendorId: 'com.example.terminal',
  amounts: 'minor',
  messages: [
    { messageId: 'PreAuth', means: 'authorised', fields: { token: '/tag', reference: '/psp' } },
    {
      messageId: 'Payment',
      means: 'settled',
      when: { field: '/status', is: ['CAPTURED'] },
      fields: { reference: '/psp', amount: '/money/value', currency: '/money/currency', at: '/ts', transaction: '/tx' },
    },
    {
      messageId: 'Payment',
      means: 'failed',
      when: { field: '/status', is: ['DECLINED', 'CANCELLED'] },
      fields: { reference: '/psp', reason: '/why' },
    },
  ],
}
const captured = { status: 'CAPTURED', psp: 'P-1', money: { value: 1234, currency: 'EUR' }, ts: 1_718_000_000, tx: 7 }
const read = (data: unknown, messageId = 'Payment') => readTerminalMessage(vendor, messageId, data)

test('fields are found by their pointers, in text or object, with numbers and instants as they are written', () => {
  const wanted = {
    kind: 'money',
    means: 'settled',
    reference: 'P-1',
    amount: '1234',
    unit: 'minor',
    currency: 'EUR',
    at: '2024-06-10T06:13:20.000Z',
    transaction: '7',
  }
  expect(read(JSON.stringify(captured))).toEqual(wanted)
  expect(read({ ...captured, ts: '2024-06-10T08:13:20+02:00' })).toEqual(wanted)
  expect(read({ ...captured, ts: 1_718_000_000_000 })).toEqual(wanted)
  expect(read({ status: 'DECLINED', psp: 'P-2', why: 'no funds' })).toMatchObject({
    means: 'failed',
    reason: 'no funds',
  })
  expect(read({ tag: 'T-9' }, 'PreAuth')).toEqual({ kind: 'authorised', token: 'T-9' })
})

test('what is not on the map is unknown, and what does not fit it is refused with its field', () => {
  expect(read(captured, 'Other')).toEqual({ kind: 'unknown_message' })
  const refused: [unknown, RegExp][] = [
    [{ ...captured, status: 'ODD' }, /no meaning/],
    ['{', /no JSON object/],
    ['[1]', /no JSON object/],
    [undefined, /no JSON object/],
    [`{"psp":"${'x'.repeat(20_001)}"}`, /no JSON object/],
    [{ ...captured, psp: undefined }, /\/psp is missing/],
    [{ ...captured, psp: 'x'.repeat(201) }, /longer than/],
    [{ ...captured, money: {} }, /\/money\/value is missing/],
    [{ ...captured, money: { value: '12.34' } }, /no amount/],
    [{ ...captured, money: { value: -5 } }, /no amount/],
    [{ ...captured, ts: 'yesterday' }, /no instant/],
    [{ ...captured, ts: '2024-06-10T08:13:20' }, /no instant/],
  ]
  for (const [data, reason] of refused)
    expect(read(data)).toEqual({ kind: 'refused', reason: expect.stringMatching(reason) })
})

test('a card number anywhere is refused, but a provider number that looks like one is not', () => {
  const card = '4111111111111111'
  for (const more of [
    { pan: card },
    { deep: [{ text: `paid with ${card}` }] },
    { number: Number(card), cardNumber: card },
  ])
    expect(read({ ...captured, ...more })).toEqual({ kind: 'refused', reason: expect.stringMatching(/card number/) })
  expect(read({ ...captured, psp: '4111 1111 1111 1111' })).toMatchObject({ kind: 'refused' })
  expect(read({ ...captured, psp: card })).toMatchObject({ kind: 'money', reference: card })
  expect(read({ ...captured, psp: card, pan: card })).toMatchObject({ kind: 'refused' })
})

test('whatever is sent is read, unknown or refused, and only own properties are seen', () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.jsonValue(), fc.string(), fc.json()),
      fc.constantFrom('PreAuth', 'Payment', '__proto__'),
      (data, id) => {
        expect(['authorised', 'money', 'unknown_message', 'refused']).toContain(read(data, id).kind)
      },
    ),
  )
  const odd: TerminalVendor = {
    vendorId: 'x',
    messages: [{ messageId: 'a', means: 'authorised', fields: { token: '/__proto__/constructor/name' } }],
  }
  expect(readTerminalMessage(odd, 'a', {})).toMatchObject({ kind: 'refused' })
  expect(terminalVendors(null)).toEqual([])
  expect(terminalVendors({ terminals: 'x' })).toEqual([])
})
