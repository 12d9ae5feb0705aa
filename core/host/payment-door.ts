// Owns how the hub asks something of a connected payment provider: within its limits, and whatever the plugin answers is checked.
// Must not decide what follows from an answer.
import {
  type BalanceDoor,
  type PaymentDoor,
  type PaymentInquiry,
  type PaymentOperation,
  type PaymentOutcome,
  type PaymentReport,
  type ProviderCapture,
  type ProviderPayment,
  type ProviderRefund,
  paymentFeatures,
  providerStates,
} from '../domain/payment/index.ts'
import type { BalanceKeeper, PaymentLink } from '../plugin/index.ts'
import type { Run } from './run.ts'

const actMs = 30_000
/** Somebody looks at the payment meanwhile. */
const leftMs = 5_000

export function paymentDoor(run: Pick<Run, 'call'>, link: PaymentLink): PaymentDoor {
  return {
    method: /^[a-z][a-z0-9_]{0,30}$/.test(link.method) ? link.method : 'unknown',
    booking: link.booking === 'elsewhere' ? 'elsewhere' : 'hub',
    features: paymentFeatures.filter((feature) => link.features.includes(feature)),
    act: (operation: PaymentOperation) =>
      outcome(run, 'the payment', (signal) => link.act(structuredClone(operation), signal)),
    ask: (operation: PaymentOperation) =>
      answer(run, 'the question after a payment', (signal) => link.ask(structuredClone(operation), signal)),
    ...(link.balance === undefined ? {} : { balance: balanceDoor(run, link.balance) }),
  }
}

function balanceDoor(run: Pick<Run, 'call'>, keeper: BalanceKeeper): BalanceDoor {
  return {
    async left(of) {
      try {
        const told: unknown = await run.call('the balance', leftMs, (signal) => keeper.left({ ...of }, signal))
        return typeof told === 'number' && Number.isSafeInteger(told) ? told : null
      } catch {
        return null
      }
    },
    withdraw: (refund: PaymentOperation) =>
      outcome(run, 'taking from the balance', (signal) => keeper.withdraw(structuredClone(refund), signal)),
  }
}

async function outcome(
  run: Pick<Run, 'call'>,
  what: string,
  call: (signal: AbortSignal) => Promise<unknown>,
): Promise<PaymentOutcome> {
  const told = await answer(run, what, call)
  return told.kind === 'not_done' ? { kind: 'unknown', reason: 'The adapter gave an answer that is none.' } : told
}

async function answer(
  run: Pick<Run, 'call'>,
  what: string,
  call: (signal: AbortSignal) => Promise<unknown>,
): Promise<PaymentInquiry> {
  try {
    return inquiryOf(await run.call(what, actMs, call))
  } catch (error) {
    return { kind: 'unknown', reason: short(error instanceof Error ? error.message : String(error)) }
  }
}

type Loose = Readonly<Record<string, unknown>>
const loose = (value: unknown): Loose => (typeof value === 'object' && value !== null ? (value as Loose) : {})

function inquiryOf(told: unknown): PaymentInquiry {
  const said = loose(told)
  const payment = said.payment === undefined ? {} : { payment: providerPayment(said.payment) }
  const reason = typeof said.reason === 'string' && said.reason !== '' ? short(said.reason) : 'No reason was given.'
  switch (said.kind) {
    case 'done':
      return { kind: 'done', ...payment }
    case 'not_done':
      return { kind: 'not_done', ...payment }
    case 'refused':
      return {
        kind: 'refused',
        reason,
        ...payment,
        ...(typeof said.code === 'string' ? { code: said.code.slice(0, 100) } : {}),
      }
    case 'later': {
      const seconds = said.retryAfterSeconds
      const given = typeof seconds === 'number' && Number.isFinite(seconds) ? { retryAfterSeconds: seconds } : {}
      return { kind: 'later', reason, ...given }
    }
    case 'unknown':
      return { kind: 'unknown', reason }
    default:
      return { kind: 'unknown', reason: 'The adapter gave an answer that is none.' }
  }
}

/** @throws TypeError for what cannot be money: it is never booked. */
export function providerPayment(told: unknown): ProviderPayment {
  const said = loose(told)
  const state = providerStates.find((one) => one === said.state)
  if (state === undefined) throw new TypeError('the payment has no state')
  if (typeof said.currency !== 'string' || !/^[A-Z]{3}$/.test(said.currency))
    throw new TypeError('the payment has no currency')
  const card = loose(said.card)
  const lastFour = typeof card.lastFour === 'string' && /^\d{4}$/.test(card.lastFour) ? card.lastFour : null
  return {
    reference: textOf(said.reference, 'reference'),
    state,
    currency: said.currency,
    captures: listOf(said.captures).map(captureOf),
    refunds: listOf(said.refunds).map(refundOf),
    ...(said.authorisedMinor === undefined ? {} : { authorisedMinor: amountOf(said.authorisedMinor) }),
    ...(isHttpUrl(said.checkoutUrl) ? { checkoutUrl: said.checkoutUrl } : {}),
    ...(lastFour === null ? {} : { card: { brand: short(String(card.brand ?? '')).slice(0, 40), lastFour } }),
    ...(typeof said.reason === 'string' ? { reason: short(said.reason) } : {}),
  }
}

export function paymentReport(told: PaymentReport): PaymentReport {
  return {
    id: textOf(told.id, 'id'),
    orderId: textOf(told.orderId, 'orderId'),
    payment: providerPayment(told.payment),
    at: instantOf(told.at),
  }
}

function captureOf(told: unknown): ProviderCapture {
  const { id, amountMinor, at } = loose(told)
  return { id: textOf(id, 'id'), amountMinor: amountOf(amountMinor), at: instantOf(at) }
}

function refundOf(told: unknown): ProviderRefund {
  const { state, operationId } = loose(told)
  if (state !== 'pending' && state !== 'done' && state !== 'failed') throw new TypeError('the refund has no state')
  return { ...captureOf(told), state, operationId: typeof operationId === 'string' ? operationId : null }
}

function listOf(value: unknown): unknown[] {
  if (!Array.isArray(value)) throw new TypeError('the payment does not list what moved')
  return value
}

function amountOf(value: unknown): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0)
    throw new TypeError('an amount is no whole number of minor units')
  return value
}

function textOf(value: unknown, name: string): string {
  if (typeof value !== 'string' || value === '') throw new TypeError(`the payment has no ${name}`)
  return short(value).slice(0, 500)
}

function instantOf(value: unknown): Date {
  if (!(value instanceof Date) || Number.isNaN(value.getTime())) throw new TypeError('the payment says no time')
  return value
}

function isHttpUrl(value: unknown): value is string {
  return typeof value === 'string' && value.length <= 4_000 && /^https?:\/\//.test(value)
}

function short(text: string): string {
  // PostgreSQL cannot hold NUL in text.
  return text.replaceAll('\u0000', '').slice(0, 1_000)
}
