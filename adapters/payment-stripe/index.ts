// Owns the plugin "payment-stripe": money by card on a checkout page hosted by Stripe, through Stripe's own library.
// Must not see a card number: the page is Stripe's, and the hub keeps brand and last four digits.
import Stripe from 'stripe'
import { AuthFailed, ConfigInvalid, definePlugin, NotReady } from '../../core/plugin/index.ts'
import { stripeClient } from './client.ts'
import { configSchema, type StripeConfig } from './config.ts'
import { act, ask } from './operations.ts'
import { webhook } from './webhook.ts'

export default definePlugin<StripeConfig, 'payment'>({
  id: 'payment-stripe',
  title: 'Card payments by Stripe',
  version: '1.0.0',
  apiVersion: 1,
  hub: '^0.1',
  capabilities: ['payment'],
  permissions: ['inbound', 'secret:apiKey', 'secret:webhook', 'net:config:/baseUrl'],
  config: configSchema,
  async check(config, { fetch, secret }) {
    const stripe = stripeClient(config.baseUrl, await secret('apiKey'), fetch)
    try {
      await stripe.balance.retrieve()
    } catch (error) {
      if (
        error instanceof Stripe.errors.StripeAuthenticationError ||
        error instanceof Stripe.errors.StripePermissionError
      )
        throw new AuthFailed('Stripe refuses the API key.')
      throw new NotReady('Stripe did not answer as expected.', error)
    }
  },
  async setup(ctx) {
    const { baseUrl, returnUrl } = ctx.config
    if (!URL.canParse(baseUrl)) throw new ConfigInvalid('/baseUrl', 'is no address')
    const secret = await ctx.secret('webhook')
    const stripe = stripeClient(baseUrl, await ctx.secret('apiKey'), ctx.fetch)
    ctx.provide('payment', {
      async connect(sink) {
        ctx.inbound((request, path) =>
          webhook({ stripe, secret, sink, clock: ctx.clock, signal: ctx.signal }, request, path),
        )
        return {
          method: 'card',
          booking: 'hub',
          features: ['checkout', 'manual_capture', 'partial_capture', 'refund', 'partial_refund', 'ask'],
          act: (operation, signal) => act({ stripe, returnUrl }, operation, signal),
          ask: (operation, signal) => ask({ stripe, returnUrl }, operation, signal),
          stop: async () => undefined,
        }
      },
    })
  },
})
