// Owns the proof that what a terminal says of one payment is booked the same in whatever order, and however often, it comes.
// Must not touch a database.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { judgeTerminal, type TerminalBooked, type TerminalWord } from '../../../core/domain/payment/index.ts'

const at = (minute: number) => new Date(Date.UTC(2024, 5, 10, 5, minute))
const settled = (amountMinor: number, minute = 0): TerminalWord => ({
  means: 'settled',
  amountMinor,
  at: at(minute),
  refund: '',
})
const failed = (minute = 0): TerminalWord => ({ means: 'failed', amountMinor: 0, at: at(minute), refund: '' })
const refunded = (amountMinor: number, refund: string): TerminalWord => ({
  means: 'refunded',
  amountMinor,
  at: at(30),
  refund,
})

function play(words: readonly TerminalWord[]) {
  const booked: TerminalBooked[] = []
  const doubts: string[] = []
  for (const word of words) {
    const { book, doubt } = judgeTerminal(booked, word)
    if (doubt !== null) doubts.push(doubt)
    if (book === null) continue
    expect(booked.map(({ slot }) => slot)).not.toContain(book.slot)
    booked.push({ slot: book.slot, amountMinor: book.amountMinor, at: word.at, refund: word.refund })
  }
  const sum = (kind: string) =>
    booked.filter(({ slot }) => slot.startsWith(kind)).reduce((all, one) => all + one.amountMinor, 0)
  const failures = booked.filter(({ slot }) => slot === 'failed').length
  return { taken: sum('captured'), back: sum('refunded'), failures, doubts }
}

const word = fc.oneof(
  fc.integer({ min: 1, max: 5 }).map((amount) => settled(amount * 100)),
  fc.constant(failed(10)),
  fc.constantFrom('a', 'b', 'c').map((id) => refunded(50, id)),
)

test('the larger amount is taken, each refund goes back once, whatever the order and the repeats', () => {
  fc.assert(
    fc.property(
      // No more amounts than there are places for in the books.
      fc
        .array(word, { maxLength: 12 })
        .filter((words) => new Set(words.map(({ amountMinor }) => amountMinor)).size <= 7),
      fc.infiniteStream(fc.nat()),
      (words, noise) => {
        const shuffled = [...words, ...words]
          .map((one) => ({ one, at: noise.next().value as number }))
          .sort((a, b) => a.at - b.at)
          .map(({ one }) => one)
        const amounts = words.filter(({ means }) => means === 'settled').map(({ amountMinor }) => amountMinor)
        const refunds = new Set(words.filter(({ means }) => means === 'refunded').map(({ refund }) => refund))
        for (const order of [words, shuffled]) {
          const { taken, back, failures } = play(order)
          expect(taken).toBe(Math.max(0, ...amounts))
          expect(back).toBe(refunds.size * 50)
          expect(failures).toBe(words.some(({ means }) => means === 'failed') ? 1 : 0)
        }
      },
    ),
  )
})

test('what contradicts itself is put before a person', () => {
  expect(play([settled(500), settled(500)]).doubts).toEqual([])
  expect(play([settled(500), settled(700)])).toMatchObject({
    taken: 700,
    doubts: [expect.stringMatching(/500 and with 700/)],
  })
  expect(play([settled(700), settled(500)])).toMatchObject({
    taken: 700,
    doubts: [expect.stringMatching(/700 and with 500/)],
  })
  // A try that failed before another one worked is what terminals do.
  expect(play([failed(0), settled(500, 5)]).doubts).toEqual([])
  expect(play([settled(500, 5), failed(0)]).doubts).toEqual([])
  for (const order of [
    [settled(500, 0), failed(5)],
    [failed(5), settled(500, 0)],
  ])
    expect(play(order)).toMatchObject({
      taken: 500,
      doubts: [expect.stringMatching(/failed after it had been settled/)],
    })
  expect(play([settled(500), refunded(300, 'a'), refunded(300, 'b')]).doubts).toEqual([
    expect.stringMatching(/600 minor units went back, and only 500/),
  ])
})
