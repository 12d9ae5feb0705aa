// Owns the plugin that keeps prepaid balances, at work on a test's database: its link, its statement, and the events brought to it.
// Must not keep a balance of its own.
import { Kysely, PostgresDialect } from 'kysely'
import type { BalanceKeeper, HubEvents, PaymentLink } from '../../../core/plugin/index.ts'
import { systemNewId as newId } from '../../../core/runtime/random.ts'
import { createPluginTester } from '../../../core/testing/plugin-tester.ts'
import prepaid from '../../../plugins/payment-prepaid/index.ts'
import { wallet, walletMigration } from '../../../plugins/payment-prepaid/wallet.ts'
import type { TestDatabase } from '../../setup/database.ts'
import type { PaymentBench } from './bench.ts'

const types = ['payment.captured', 'payment.refunded', 'payment.refund_failed'] as const

export async function makeWallet(database: TestDatabase): Promise<Kysely<unknown>> {
  await database.ownerPool.query('create schema plugin_payment_prepaid')
  const schema = new Kysely<unknown>({ dialect: new PostgresDialect({ pool: database.ownerPool }) }).withSchema(
    'plugin_payment_prepaid',
  )
  await walletMigration.up(schema)
  return schema
}

export async function prepaidBench(schema: Kysely<unknown>) {
  const tester = createPluginTester(prepaid, { db: schema, at: new Date('2026-03-10T08:00:00Z') })
  await tester.start()
  const link: PaymentLink = await tester.provided('payment').connect({ report: async () => [] })
  const own = wallet(schema, () => tester.clock.now())
  let seen = 0
  return {
    link,
    keeper: link.balance as BalanceKeeper,
    stop: () => tester.stop(),
    /** The hub brings what was told since; each again, as after a kill between the effect and its mark. */
    async deliver(bench: PaymentBench): Promise<void> {
      const told = await bench.events()
      for (const { type, data } of told.slice(seen)) {
        const known = types.find((one) => one === type)
        if (known === undefined) continue
        const event = { type: known, data: data as unknown as HubEvents[typeof known], id: newId() }
        for (let i = 0; i < 2; i++) await tester.emit(event)
      }
      seen = told.length
    },
    async balance(accountId: string): Promise<{ available: number; held: number }> {
      const [one] = (await own.statement(accountId)).balances
      return { available: one?.availableMinor ?? 0, held: one?.heldMinor ?? 0 }
    },
    entries: async (accountId: string) =>
      (await own.statement(accountId)).entries.map(({ kind, amountMinor }) => [kind, amountMinor]),
    /** The driver pays a bill out of the balance. @returns whether there was enough */
    async spend(accountId: string, amountMinor: number): Promise<boolean> {
      const now = tester.clock.now()
      const outcome = await link.act(
        {
          id: newId(),
          kind: 'authorise',
          amountMinor,
          reference: null,
          reason: null,
          order: {
            orderId: newId(),
            purpose: 'bills',
            amountMinor,
            currency: 'EUR',
            capture: 'automatic',
            description: 'Bill',
            accountId,
            stayIds: [],
            returnUrl: null,
            expiresAt: now,
            requestedBy: 'key:a',
            reason: null,
            createdAt: now,
          },
        },
        new AbortController().signal,
      )
      return outcome.kind === 'done'
    },
  }
}

export type PrepaidBench = Awaited<ReturnType<typeof prepaidBench>>
