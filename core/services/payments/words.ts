// Owns the sentences of a payment's story, for people.
// Must not hold a rule.
import { majorText, minor } from '../../domain/money.ts'

interface Named {
  currency: string
  provider: string
}

const money = (amountMinor: number, { currency }: { currency: string }) =>
  `${majorText(minor(amountMinor), currency)} ${currency}`

const doing = {
  authorise: 'the payment',
  capture: 'taking the money',
  cancel: 'the cancellation',
  refund: 'the refund',
}
type Kind = keyof typeof doing

export const words = {
  requested: (amountMinor: number, order: Named) =>
    `${money(amountMinor, order)} were asked for, by ${order.provider}.`,
  sent: (kind: Kind, again: boolean) =>
    `The provider was asked for ${doing[kind]}${again ? ', again under the same key' : ''}.`,
  asking: (kind: Kind, times: number) => `The provider was asked what became of ${doing[kind]} (question ${times}).`,
  lost: (kind: Kind, reason: string) => `Nobody knows what became of ${doing[kind]}: ${reason}`,
  refused: (kind: Kind, reason: string) => `The provider refused ${doing[kind]}: ${reason}`,
  notInBalance: (reason: string) => `The refund was not sent, since the balance did not give the money up: ${reason}`,
  refundFailed: (amountMinor: number, order: Named) =>
    `A refund of ${money(amountMinor, order)} failed at the provider; no money has gone.`,
  postponed: (kind: Kind, reason: string) => `${upper(doing[kind])} was not done yet: ${reason}`,
  dropped: (kind: Kind) => `${upper(doing[kind])} was not needed any more and was not sent.`,
  taken: (amountMinor: number, order: Named) => `${money(amountMinor, order)} were taken.`,
  givenBack: (amountMinor: number, order: Named, outside: boolean) =>
    `${money(amountMinor, order)} were given back${outside ? ', at the provider and not by this hub' : ''}.`,
  refundBack: (amountMinor: number, order: Named) => `A refund of ${money(amountMinor, order)} failed and came back.`,
  state: {
    requested: 'The payment waits to be sent.',
    authorising: 'The provider has the payment.',
    authorised: 'The money is held.',
    capturing: 'The money is being taken.',
    captured: 'The payment is made.',
    declined: 'The payment was declined.',
    cancelled: 'The payment was cancelled.',
    expired: 'The time to pay is over.',
  },
  captureAsked: (amountMinor: number, order: Named) => `Taking ${money(amountMinor, order)} was asked for.`,
  cancelAsked: (reason: string | null) => `Cancelling was asked for${because(reason)}`,
  refundAsked: (amountMinor: number, order: Named, reason: string, waits: boolean) =>
    `A refund of ${money(amountMinor, order)} was asked for: ${reason}${waits ? ' It waits for approval.' : ''}`,
  decided: (approved: boolean, reason: string | null) =>
    `The refund was ${approved ? 'approved' : 'rejected'}${because(reason)}`,
  expired: 'The time to pay ran out; the provider is told to close it.',
  trouble: (reason: string) => `A person has to look: ${reason}`,
  givenUp: (kind: Kind, reason: string) => `A person says that ${doing[kind]} was not done: ${reason}`,
}

/** What a person wrote may have its own full stop. */
const because = (reason: string | null) => (reason === null ? '.' : `: ${reason}${/[.!?]$/.test(reason) ? '' : '.'}`)

function upper(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
