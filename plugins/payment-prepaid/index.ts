// Owns the plugin "payment-prepaid": accounts pay from a balance that they filled before, and see its statement.
// Must not take money from outside: other providers fill the balance, by orders of the purpose top_up.
import { definePlugin, problem, problemResponse } from '../../core/plugin/index.ts'
import { wallet, walletMigration } from './wallet.ts'

const amount = { type: 'integer' }
const fragment = {
  paths: {
    '/accounts/{accountId}/statement': {
      get: {
        operationId: 'getPrepaidStatement',
        summary: "An account's prepaid balances and the latest 500 entries of its statement",
        'x-scope': 'money:read',
        parameters: [{ name: 'accountId', in: 'path', required: true, schema: { type: 'string', format: 'uuid' } }],
        responses: {
          200: {
            description: 'The answer.',
            content: {
              'application/json': {
                schema: {
                  type: 'object',
                  required: ['accountId', 'balances', 'entries'],
                  properties: {
                    accountId: { type: 'string' },
                    balances: {
                      type: 'array',
                      items: {
                        type: 'object',
                        properties: { currency: { type: 'string' }, availableMinor: amount, heldMinor: amount },
                      },
                    },
                    entries: {
                      type: 'array',
                      items: {
                        type: 'object',
                        properties: {
                          kind: {
                            type: 'string',
                            enum: ['top_up', 'top_up_refund', 'hold', 'release', 'capture', 'refund'],
                          },
                          amountMinor: {
                            ...amount,
                            description: 'What it changed of what may be spent: 0 where all of it was held before.',
                          },
                          availableMinor: amount,
                          currency: { type: 'string' },
                          orderId: { type: 'string' },
                          at: { type: 'string', format: 'date-time' },
                        },
                      },
                    },
                  },
                },
              },
            },
          },
        },
      },
    },
  },
}

export default definePlugin<object, 'payment'>({
  id: 'payment-prepaid',
  title: 'Prepaid balance',
  version: '1.0.0',
  apiVersion: 1,
  hub: '^0.1',
  capabilities: ['payment'],
  permissions: ['db'],
  config: { type: 'object', additionalProperties: false, properties: {} },
  migrations: [walletMigration],
  async setup(ctx) {
    const own = wallet(ctx.db, () => ctx.clock.now())
    ctx.route(fragment, async (request, caller) => {
      const accountId = /\/accounts\/([^/]+)\/statement$/.exec(new URL(request.url).pathname)?.[1]
      if (accountId === undefined || !(await caller.sees('account', [accountId])).has(accountId))
        return problemResponse(problem(404, 'not_found', 'No such account', 'An account is named by its id.'))
      const { entries, ...statement } = await own.statement(accountId)
      // A balance is the account's wherever it parks; what it paid at a site is for those who may see that site.
      if (caller.siteIds === null) return Response.json({ ...statement, entries })
      const orders = await caller.sees('payment_order', [...new Set(entries.map(({ orderId }) => orderId))])
      return Response.json({ ...statement, entries: entries.filter(({ orderId }) => orders.has(orderId)) })
    })
    ctx.on('payment.captured', async ({ data }) => {
      const { purpose, accountId, orderId, movement, amountMinor, currency } = data
      if (purpose !== 'top_up' || accountId === null) return
      await own.move({ accountId, currency }, `${orderId}/${movement}`, orderId, amountMinor)
    })
    ctx.on('payment.refunded', async ({ data }) => {
      const { purpose, accountId, orderId, movement, amountMinor, currency, operationId } = data
      if (purpose !== 'top_up' || accountId === null) return
      // An event of before refunds were told with their operation has none.
      await own.gone({ accountId, currency }, `${orderId}/${movement}`, orderId, amountMinor, operationId ?? null)
    })
    ctx.on('payment.refund_failed', async ({ data }) => {
      const { purpose, accountId, orderId, currency, operationId } = data
      if (purpose !== 'top_up' || accountId === null) return
      await own.restore({ accountId, currency }, operationId, orderId)
    })
    ctx.provide('payment', {
      async connect() {
        return {
          method: 'prepaid',
          booking: 'hub',
          features: ['manual_capture', 'partial_capture', 'refund', 'partial_refund', 'ask'],
          act: own.act,
          ask: own.ask,
          balance: { left: own.left, withdraw: own.withdraw },
          stop: async () => undefined,
        }
      },
    })
  },
})
