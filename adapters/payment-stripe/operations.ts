// Owns the hub's operations at Stripe, each under its own idempotency key, and what became of one, found by that key.
// Must not repeat anything: the hub does, after it has asked.
import Stripe from 'stripe'
import type { PaymentInquiry, PaymentOperation, PaymentOutcome, ProviderPayment } from '../../core/plugin/index.ts'
import { paymentOf, toStripe } from './payment-of.ts'

export interface Deps {
  stripe: Stripe
  returnUrl: string
}

const minuteMs = 60_000
const dayMs = 24 * 60 * minuteMs

/** Only what the order says: with the same key Stripe wants the same parameters on every try. */
function checkoutOf({ id, order }: PaymentOperation, returnUrl: string): Stripe.Checkout.SessionCreateParams {
  const metadata = { hub_order: order.orderId, hub_operation: id }
  // The hub closes the page when its own time is over; Stripe's is later, so that a late first try is still within its 30 minutes.
  const latest = Math.min(order.expiresAt.getTime() + 30 * minuteMs, order.createdAt.getTime() + dayMs - minuteMs)
  return {
    mode: 'payment',
    client_reference_id: order.orderId,
    line_items: [
      {
        quantity: 1,
        price_data: {
          currency: order.currency.toLowerCase(),
          unit_amount: toStripe(order.amountMinor, order.currency),
          product_data: { name: order.description },
        },
      },
    ],
    payment_intent_data: { capture_method: order.capture === 'manual' ? 'manual' : 'automatic', metadata },
    metadata,
    success_url: order.returnUrl ?? returnUrl,
    cancel_url: order.returnUrl ?? returnUrl,
    expires_at: Math.floor(latest / 1_000),
  }
}

export async function act(deps: Deps, operation: PaymentOperation, signal: AbortSignal): Promise<PaymentOutcome> {
  const { stripe } = deps
  const { id, kind, amountMinor, order } = operation
  const once = { idempotencyKey: id }
  const outcome = await outcomeOf(async () => {
    if (kind === 'authorise') {
      const session = await stripe.checkout.sessions.create(checkoutOf(operation, deps.returnUrl), once)
      return { kind: 'done', payment: await paymentOf(stripe, session.id, signal) }
    }
    const sessionId = operation.reference
    if (sessionId === null) return { kind: 'refused', reason: 'Stripe has no payment for this order.' }
    const session = await stripe.checkout.sessions.retrieve(sessionId)
    const intent = typeof session.payment_intent === 'string' ? session.payment_intent : session.payment_intent?.id
    if (kind === 'cancel' && session.status === 'open') await stripe.checkout.sessions.expire(sessionId, {}, once)
    else if (intent === undefined) return { kind: 'refused', reason: 'Nothing was paid on this page.' }
    else if (kind === 'cancel') await stripe.paymentIntents.cancel(intent, {}, once)
    else if (kind === 'capture')
      await stripe.paymentIntents.capture(intent, { amount_to_capture: toStripe(amountMinor, order.currency) }, once)
    else {
      const metadata = { hub_order: order.orderId, hub_operation: id }
      const amount = toStripe(amountMinor, order.currency)
      await stripe.refunds.create({ payment_intent: intent, amount, metadata }, once)
    }
    return { kind: 'done', payment: await paymentOf(stripe, sessionId, signal) }
  })
  if (outcome.kind !== 'refused' || outcome.payment !== undefined || operation.reference === null) return outcome
  // Refused is news of the payment, too: it may have been paid just now.
  const payment = await paymentOf(stripe, operation.reference, signal).catch(() => undefined)
  return payment === undefined ? { kind: 'unknown', reason: outcome.reason } : { ...outcome, payment }
}

export async function ask(deps: Deps, operation: PaymentOperation, signal: AbortSignal): Promise<PaymentInquiry> {
  try {
    const sessionId = operation.reference ?? (await sessionOf(deps.stripe, operation))
    if (sessionId === null) return { kind: 'not_done' }
    const payment = await paymentOf(deps.stripe, sessionId, signal)
    return { kind: verdict(operation, payment), reason: `It is ${payment.state} at Stripe.`, payment }
  } catch (error) {
    return { kind: 'unknown', reason: wordsOf(error) }
  }
}

function verdict({ id, kind }: PaymentOperation, { state, refunds }: ProviderPayment): 'done' | 'refused' | 'not_done' {
  switch (kind) {
    case 'authorise':
      return 'done'
    case 'refund':
      return refunds.some(({ operationId }) => operationId === id) ? 'done' : 'not_done'
    case 'capture':
      return state === 'captured' ? 'done' : state === 'authorised' ? 'not_done' : 'refused'
    case 'cancel':
      return state === 'cancelled' || state === 'expired' ? 'done' : state === 'captured' ? 'refused' : 'not_done'
  }
}

async function sessionOf(stripe: Stripe, { id, order }: PaymentOperation): Promise<string | null> {
  const gte = Math.floor(order.createdAt.getTime() / 1_000) - 300
  for await (const session of stripe.checkout.sessions.list({ created: { gte }, limit: 100 }))
    if (session.client_reference_id === order.orderId && session.metadata?.hub_operation === id) return session.id
  return null
}

async function outcomeOf(call: () => Promise<PaymentOutcome>): Promise<PaymentOutcome> {
  try {
    return await call()
  } catch (error) {
    const reason = wordsOf(error)
    if (!(error instanceof Stripe.errors.StripeError)) return { kind: 'unknown', reason }
    if (error instanceof Stripe.errors.StripeRateLimitError) return { kind: 'later', reason }
    if (
      error instanceof Stripe.errors.StripeAuthenticationError ||
      error instanceof Stripe.errors.StripePermissionError
    )
      return { kind: 'later', reason, retryAfterSeconds: 300 }
    const sure =
      error instanceof Stripe.errors.StripeCardError ||
      (error instanceof Stripe.errors.StripeInvalidRequestError && error.statusCode !== 409)
    return sure ? { kind: 'refused', reason, ...(error.code ? { code: error.code } : {}) } : { kind: 'unknown', reason }
  }
}

function wordsOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  // Stripe quotes the key it refuses, with most of it starred out.
  return text.replace(/\b[srp]k_(test|live)_\S+/g, 'the key')
}
