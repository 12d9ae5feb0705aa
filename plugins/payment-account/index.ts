// Owns the plugin "payment-account": what is owed is put on an account, whose invoice is paid later.
// Must not say that money moved: nothing is taken.
import { definePlugin, type PaymentInquiry, type PaymentOperation } from '../../core/plugin/index.ts'

/** Nothing happens anywhere, so the answer follows from the question, however often it is asked. */
function answer({ kind, amountMinor, order }: PaymentOperation): PaymentInquiry {
  if (kind !== 'authorise') return { kind: 'refused', reason: 'What stands on an account is put right by its invoice.' }
  if (order.accountId === null) return { kind: 'refused', reason: 'There is no account to charge.', code: 'no_account' }
  const captures = [{ id: `account/${order.orderId}`, amountMinor, at: order.createdAt }]
  const { currency } = order
  return {
    kind: 'done',
    payment: { reference: `account/${order.accountId}`, state: 'captured', currency, captures, refunds: [] },
  }
}

export default definePlugin<object, 'payment'>({
  id: 'payment-account',
  title: 'Charge to an account',
  version: '1.0.0',
  apiVersion: 1,
  hub: '^0.1',
  capabilities: ['payment'],
  config: { type: 'object', additionalProperties: false, properties: {} },
  async setup(ctx) {
    ctx.provide('payment', {
      connect: async () => ({
        method: 'account',
        booking: 'elsewhere',
        features: ['ask'],
        act: async (operation) => answer(operation) as Exclude<PaymentInquiry, { kind: 'not_done' }>,
        ask: async (operation) => answer(operation),
        stop: async () => undefined,
      }),
    })
  },
})
