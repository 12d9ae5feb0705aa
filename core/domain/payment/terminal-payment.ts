// Owns what follows from a charger terminal's word about one payment: what is booked, and what a person has to look at.
// Must not read or write anything; core/services/payments/book-settlement.ts does.

/** `settled`: money was taken. `failed`: none was, whatever the reason. */
export const terminalMeanings = ['settled', 'failed', 'refunded'] as const
export type TerminalMeaning = (typeof terminalMeanings)[number]

export interface TerminalWord {
  means: TerminalMeaning
  amountMinor: number
  at: Date
  /** Names one of several refunds. */
  refund: string
}

/** A row of this payment that is in the books; `slot` is its place among them. */
export interface TerminalBooked {
  slot: string
  amountMinor: number
  at: Date
  refund: string | null
}

export interface TerminalVerdict {
  book: { slot: string; kind: 'captured' | 'refunded' | 'failed'; amountMinor: number } | null
  /** In words for a person; null when all is as it should be. */
  doubt: string | null
}

const mostCaptures = 8
const mostRefunds = 24

/** The places in the books that one payment can have. */
export const terminalSlots: readonly string[] = [
  'failed',
  ...Array.from({ length: mostCaptures }, (_, i) => `captured/${i}`),
  ...Array.from({ length: mostRefunds }, (_, i) => `refunded/${i}`),
]

/**
 * Money that moved outweighs every word that it did not, and of two amounts the larger counts, as with every other provider: so
 * the order in which a terminal's messages come does not change what is booked.
 */
export function judgeTerminal(booked: readonly TerminalBooked[], word: TerminalWord): TerminalVerdict {
  const of = (kind: string) => booked.filter(({ slot }) => slot.startsWith(kind))
  const captures = of('captured')
  const refunds = of('refunded')
  const failed = of('failed')[0]
  const taken = total(captures)
  switch (word.means) {
    case 'settled': {
      const latest = captures.reduce<Date | null>((max, { at }) => (max === null || at > max ? at : max), word.at)
      const doubt =
        captures.length > 0 && word.amountMinor !== taken
          ? `It was told of with ${taken} and with ${word.amountMinor} minor units; the larger amount is booked.`
          : failed !== undefined && latest !== null && failed.at > latest
            ? failedAfter
            : null
      const rest = word.amountMinor - taken
      if (rest <= 0 && captures.length > 0) return { book: null, doubt }
      if (next(captures) >= mostCaptures) return { book: null, doubt: tooMany }
      return { book: { slot: `captured/${next(captures)}`, kind: 'captured', amountMinor: rest }, doubt }
    }
    case 'failed': {
      const doubt = captures.some(({ at }) => at < word.at) ? failedAfter : null
      if (failed !== undefined) return { book: null, doubt }
      return { book: { slot: 'failed', kind: 'failed', amountMinor: word.amountMinor }, doubt }
    }
    case 'refunded': {
      if (refunds.some(({ refund }) => refund === word.refund)) return { book: null, doubt: null }
      if (next(refunds) >= mostRefunds) return { book: null, doubt: tooMany }
      const back = total(refunds) + word.amountMinor
      return {
        book: { slot: `refunded/${next(refunds)}`, kind: 'refunded', amountMinor: word.amountMinor },
        doubt: back > taken ? `${back} minor units went back, and only ${taken} are known to have been taken.` : null,
      }
    }
  }
}

const failedAfter =
  'It was told of as failed after it had been settled; the money stays booked until a person says otherwise.'
const tooMany = 'So much was told of it that nothing more is booked.'

/** After the last: a payment known by two names has the places of both. */
const next = (rows: readonly TerminalBooked[]) =>
  rows.reduce((most, { slot }) => Math.max(most, Number(slot.split('/')[1]) + 1), 0)

const total = (rows: readonly TerminalBooked[]) => rows.reduce((sum, { amountMinor }) => sum + amountMinor, 0)
