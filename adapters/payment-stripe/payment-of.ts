// Owns reading one payment at Stripe as a whole: checkout session, payment intent, charge and refunds, in the hub's words.
// Must not change anything there.
import type Stripe from 'stripe'
import type { ProviderPayment, ProviderRefund, ProviderState } from '../../core/plugin/index.ts'

/** Stripe counts these in hundredths though they have none (docs.stripe.com/currencies, special cases). */
const inHundredths: ReadonlySet<string> = new Set(['ISK', 'UGX'])

export const toStripe = (amountMinor: number, currency: string) =>
  inHundredths.has(currency.toUpperCase()) ? amountMinor * 100 : amountMinor
export const fromStripe = (amount: number, currency: string) =>
  inHundredths.has(currency.toUpperCase()) ? Math.round(amount / 100) : amount

const expand = ['payment_intent.latest_charge']

export async function paymentOf(stripe: Stripe, sessionId: string, signal: AbortSignal): Promise<ProviderPayment> {
  signal.throwIfAborted()
  const session = await stripe.checkout.sessions.retrieve(sessionId, { expand })
  const intent = typeof session.payment_intent === 'object' ? session.payment_intent : null
  const currency = (session.currency ?? intent?.currency ?? '').toUpperCase()
  const charge = typeof intent?.latest_charge === 'object' ? intent.latest_charge : null
  const refunds = charge === null || intent === null ? [] : await refundsOf(stripe, intent.id, currency)
  const received = fromStripe(intent?.amount_received ?? 0, currency)
  const card = charge?.payment_method_details?.card
  const failure = intent?.last_payment_error?.message
  return {
    reference: session.id,
    state: stateOf(session, intent),
    currency,
    captures:
      received === 0 || charge === null ? [] : [{ id: charge.id, amountMinor: received, at: instant(charge.created) }],
    refunds,
    ...(intent?.status === 'requires_capture'
      ? { authorisedMinor: fromStripe(intent.amount_capturable, currency) }
      : {}),
    ...(session.url ? { checkoutUrl: session.url } : {}),
    ...(card?.last4 ? { card: { brand: card.brand ?? 'unknown', lastFour: card.last4 } } : {}),
    ...(failure ? { reason: failure } : {}),
  }
}

function stateOf(session: Stripe.Checkout.Session, intent: Stripe.PaymentIntent | null): ProviderState {
  switch (intent?.status) {
    case 'succeeded':
      return 'captured'
    case 'requires_capture':
      return 'authorised'
    case 'canceled':
      return session.status === 'expired' ? 'expired' : 'cancelled'
    default:
      return session.status === 'expired' ? 'expired' : 'open'
  }
}

async function refundsOf(stripe: Stripe, intentId: string, currency: string): Promise<ProviderRefund[]> {
  const list = await stripe.refunds.list({ payment_intent: intentId, limit: 100 }).autoPagingToArray({ limit: 1_000 })
  return list.map(({ id, amount, created, status, metadata }) => ({
    id,
    amountMinor: fromStripe(amount, currency),
    at: instant(created),
    state: status === 'succeeded' ? 'done' : status === 'failed' || status === 'canceled' ? 'failed' : 'pending',
    operationId: metadata?.hub_operation ?? null,
  }))
}

const instant = (seconds: number) => new Date(seconds * 1_000)
