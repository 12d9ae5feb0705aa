// Owns the plugin "payment-free": somebody who may lets a driver out without paying, and says why.
// Must not be used without a reason; the order keeps it with who asked.
import { definePlugin, type PaymentInquiry, type PaymentOperation } from '../../core/plugin/index.ts'

/** Nothing happens anywhere, so the answer follows from the question, however often it is asked. */
function answer({ kind, amountMinor, order }: PaymentOperation): PaymentInquiry {
  if (kind !== 'authorise') return { kind: 'refused', reason: 'A free vend took no money that could be moved.' }
  if ((order.reason ?? '').trim() === '')
    return { kind: 'refused', reason: 'A free vend needs a reason.', code: 'no_reason' }
  const captures = [{ id: `free/${order.orderId}`, amountMinor, at: order.createdAt }]
  const { currency, requestedBy } = order
  return { kind: 'done', payment: { reference: requestedBy, state: 'captured', currency, captures, refunds: [] } }
}

export default definePlugin<object, 'payment'>({
  id: 'payment-free',
  title: 'Free vend',
  version: '1.0.0',
  apiVersion: 1,
  hub: '^0.1',
  capabilities: ['payment'],
  config: { type: 'object', additionalProperties: false, properties: {} },
  async setup(ctx) {
    ctx.provide('payment', {
      connect: async () => ({
        method: 'free',
        booking: 'hub',
        features: ['ask'],
        act: async (operation) => answer(operation) as Exclude<PaymentInquiry, { kind: 'not_done' }>,
        ask: async (operation) => answer(operation),
        stop: async () => undefined,
      }),
    })
  },
})
