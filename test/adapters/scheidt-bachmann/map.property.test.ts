// Owns the proof that reading by a map never throws and never lets an unstorable or inexact value through, whatever the message is.
// Must not open a socket; gate.test.ts does.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { factOf } from '../../../adapters/scheidt-bachmann/events.ts'
import { defaultMap } from '../../../adapters/scheidt-bachmann/field-map.ts'
import { readMessage } from '../../../adapters/scheidt-bachmann/message.ts'
import { questionOf } from '../../../adapters/scheidt-bachmann/read-mapped.ts'
import { events, question, xmlMap, xmlQuestion } from '../../fixtures/scheidt-bachmann/bodies.ts'

const now = new Date('2019-03-10T12:00:00Z')
const context = { map: defaultMap, zone: 'Europe/Berlin', currency: 'EUR', now, newId: () => 'id' }
/** A document with one thing in it replaced by anything. */
const bent = (document: object) =>
  fc
    .tuple(fc.constantFrom(...Object.keys(document)), fc.anything())
    .map(([name, value]) => ({ ...document, [name]: value }))

function sound(text: string | undefined): void {
  expect(text ?? '').not.toMatch(/[\p{Cc}\p{Cs}]/u)
  expect((text ?? '').length).toBeLessThanOrEqual(256)
}

describe('a question', () => {
  test('of any shape is read or refused', () => {
    fc.assert(
      fc.property(fc.oneof(bent(question), bent({ ...question, ...question.medium }), fc.anything()), (document) => {
        const read = questionOf(document, context)
        if (read.kind === 'wrong') {
          expect(read.errors.length).toBeGreaterThan(0)
          return
        }
        const { requestId, lane, credentials, occurredAt } = read.value
        for (const text of [requestId, lane, ...credentials.map(({ value }) => value)]) sound(text)
        expect(credentials.length).toBeGreaterThan(0)
        expect(Number.isNaN(occurredAt.getTime())).toBe(false)
      }),
    )
  })

  test('of any bytes is read or refused', () => {
    const bytes = Buffer.from(xmlQuestion, 'latin1')
    const spliced = fc
      .tuple(fc.nat(bytes.length), fc.nat(bytes.length), fc.uint8Array({ maxLength: 12 }))
      .map(([from, to, more]) => Buffer.concat([bytes.subarray(0, from), more, bytes.subarray(to)]))
    fc.assert(
      fc.property(fc.oneof(spliced, fc.uint8Array({ maxLength: 200 })), (body) => {
        const read = readMessage(body, 'application/xml')
        if (read.kind === 'ok')
          questionOf(read.value.document, { ...context, map: { ...defaultMap, ...xmlMap } as never })
        else expect(read.detail).not.toBe('')
      }),
    )
  })
})

test('an event of any shape is a fact with exact money and a real time, or refused', () => {
  const amounts = fc.oneof(fc.double(), fc.string(), fc.constantFrom('4,50', '1.234', '1e3', '-2.00', '0.001', '٣'))
  const any = fc.oneof(
    ...events.map((event) => bent(event)),
    amounts.map((amount) => ({ ...events[1], amount })),
    fc.anything(),
  )
  fc.assert(
    fc.property(any, (event) => {
      const read = factOf(event, context)
      if (read.kind === 'wrong') return
      const { value: fact } = read
      expect(Number.isSafeInteger(fact.revision)).toBe(true)
      expect(Number.isNaN(fact.occurredAt.getTime())).toBe(false)
      for (const text of [fact.id, fact.stayRef, fact.lane]) sound(text)
      if (fact.type === 'payment.captured') {
        expect(Number.isSafeInteger(fact.data.amountMinor)).toBe(true)
        expect(fact.data.amountMinor).toBeGreaterThanOrEqual(0)
      }
      // The same event is the same fact.
      expect(factOf(event, context)).toEqual(read)
    }),
  )
})

test.each([
  ['2019-10-27 02:30:00', '2019-10-27T00:30:00.000Z'],
  ['2019-03-31T02:30:00', null],
  ['2019-03-10T13:00:00+0100', '2019-03-10T12:00:00.000Z'],
  ['1552219200000', '2019-03-10T12:00:00.000Z'],
  ['2019-02-30T10:00:00Z', null],
  ['10.03.2019 13:00', null],
])('the time %s is %s', (timestamp, instant) => {
  const read = factOf({ ...events[0], timestamp }, context)
  expect(read.kind === 'ok' ? read.value.occurredAt.toISOString() : null).toBe(instant)
})
