// Owns the plugin "payment-parcs": the parking system takes the money; an order is made when it reports the payment of the stay.
// Must not book anything: the parking system's payment is booked when it is reported.
import type { Kysely } from 'kysely'
import {
  definePlugin,
  type HubEvent,
  type PaymentInquiry,
  type PaymentOperation,
  type PaymentOutcome,
  type PaymentSink,
  type PluginMigration,
  type ProviderPayment,
} from '../../core/plugin/index.ts'

interface Tables {
  waiting: {
    connection_id: string
    order_id: string
    stay_id: string
    amount_minor: number
    currency: string
    state: string
  }
  /** A payment counts for one order only. */
  paid: { connection_id: string; payment_id: string; order_id: string; amount_minor: number; at: Date }
}

const migration: PluginMigration = {
  name: '0001-waiting',
  async up(db) {
    await db.schema
      .createTable('waiting')
      .addColumn('connection_id', 'uuid', (column) => column.notNull())
      .addColumn('order_id', 'uuid', (column) => column.notNull())
      .addColumn('stay_id', 'uuid', (column) => column.notNull())
      .addColumn('amount_minor', 'bigint', (column) => column.notNull())
      .addColumn('currency', 'text', (column) => column.notNull())
      .addColumn('state', 'text', (column) => column.notNull())
      .addPrimaryKeyConstraint('waiting_key', ['connection_id', 'order_id'])
      .execute()
    await db.schema
      .createTable('paid')
      .addColumn('connection_id', 'uuid', (column) => column.notNull())
      .addColumn('payment_id', 'uuid', (column) => column.notNull())
      .addColumn('order_id', 'uuid', (column) => column.notNull())
      .addColumn('amount_minor', 'bigint', (column) => column.notNull())
      .addColumn('at', 'timestamptz', (column) => column.notNull())
      .addPrimaryKeyConstraint('paid_key', ['connection_id', 'payment_id'])
      .execute()
  },
}

function book(schema: Kysely<unknown>, connectionId: string) {
  const db = schema as Kysely<Tables>
  const waiting = (orderId: string) =>
    db
      .selectFrom('waiting')
      .selectAll()
      .where('connection_id', '=', connectionId)
      .where('order_id', '=', orderId)
      .executeTakeFirst()
  const paymentOf = async (orderId: string): Promise<ProviderPayment | undefined> => {
    const order = await waiting(orderId)
    if (order === undefined) return undefined
    const rows = await db
      .selectFrom('paid')
      .selectAll()
      .where('connection_id', '=', connectionId)
      .where('order_id', '=', orderId)
      .execute()
    const captures = rows.map(({ payment_id: id, amount_minor, at }) => ({ id, amountMinor: Number(amount_minor), at }))
    const sum = captures.reduce((all, one) => all + one.amountMinor, 0)
    const state = order.state === 'cancelled' ? 'cancelled' : sum >= Number(order.amount_minor) ? 'captured' : 'open'
    return { reference: order.stay_id, state, currency: order.currency, captures, refunds: [] }
  }
  const answer = async ({ kind, order }: PaymentOperation): Promise<PaymentInquiry> => {
    const payment = await paymentOf(order.orderId)
    if (payment === undefined) return { kind: 'not_done' }
    if (kind === 'authorise' || (kind === 'cancel' && payment.state === 'cancelled')) return { kind: 'done', payment }
    if (kind === 'cancel' && payment.state === 'open') return { kind: 'not_done', payment }
    return { kind: 'refused', reason: 'The parking system moves this money, not the hub.', payment }
  }
  return {
    answer,
    paymentOf,
    async act(operation: PaymentOperation): Promise<PaymentOutcome> {
      const { kind, order } = operation
      const [stayId, second] = order.stayIds
      if (kind === 'authorise') {
        if (stayId === undefined || second !== undefined)
          return { kind: 'refused', reason: 'The parking system takes money for one stay at a time.', code: 'one_stay' }
        const row = {
          connection_id: connectionId,
          order_id: order.orderId,
          stay_id: stayId,
          amount_minor: order.amountMinor,
        }
        await db
          .insertInto('waiting')
          .values({ ...row, currency: order.currency, state: 'open' })
          .onConflict((conflict) => conflict.columns(['connection_id', 'order_id']).doNothing())
          .execute()
      }
      if (kind === 'cancel')
        await db
          .updateTable('waiting')
          .set({ state: 'cancelled' })
          .where('connection_id', '=', connectionId)
          .where('order_id', '=', order.orderId)
          .execute()
      const said = await answer(operation)
      return said.kind === 'not_done' ? { kind: 'refused', reason: 'There is no such order here.' } : said
    },
    /** The order that a reported payment counts for; the same payment counts once. */
    async count(
      stayId: string,
      payment: { paymentId: string; amountMinor: number; currency: string; at: Date },
    ): Promise<string | null> {
      const orders = await db
        .selectFrom('waiting')
        .select('order_id')
        .where('connection_id', '=', connectionId)
        .where('stay_id', '=', stayId)
        .where('currency', '=', payment.currency)
        .where('state', '=', 'open')
        .orderBy('order_id')
        .execute()
      for (const { order_id: orderId } of orders) {
        if ((await paymentOf(orderId))?.state !== 'open') continue
        const { paymentId: payment_id, amountMinor: amount_minor, at } = payment
        await db
          .insertInto('paid')
          .values({ connection_id: connectionId, payment_id, order_id: orderId, amount_minor, at })
          .onConflict((conflict) => conflict.columns(['connection_id', 'payment_id']).doNothing())
          .execute()
        break
      }
      const counted = await db
        .selectFrom('paid')
        .select('order_id')
        .where('connection_id', '=', connectionId)
        .where('payment_id', '=', payment.paymentId)
        .executeTakeFirst()
      return counted?.order_id ?? null
    },
  }
}

async function hear(
  own: ReturnType<typeof book>,
  sink: PaymentSink,
  event: HubEvent<'payment.recorded'>,
): Promise<void> {
  const { stayId, kind, connectionId, orderId, paymentId, amountMinor, currency } = event.data
  // Reported by a parking system, and not asked for by the hub elsewhere.
  if (stayId === null || kind !== 'captured' || connectionId === null || orderId !== null) return
  const at = event.occurredAt
  const counted = await own.count(stayId, { paymentId, amountMinor, currency, at })
  const payment = counted === null ? undefined : await own.paymentOf(counted)
  if (counted !== null && payment !== undefined) await sink.report([{ id: paymentId, orderId: counted, payment, at }])
}

export default definePlugin<object, 'payment'>({
  id: 'payment-parcs',
  title: 'Paid at the parking system',
  version: '1.0.0',
  apiVersion: 1,
  hub: '^0.1',
  capabilities: ['payment'],
  permissions: ['db'],
  config: { type: 'object', additionalProperties: false, properties: {} },
  migrations: [migration],
  async setup(ctx) {
    ctx.provide('payment', {
      async connect(sink) {
        const own = book(ctx.db, ctx.connection.id)
        ctx.on('payment.recorded', (event) => hear(own, sink, event))
        return {
          method: 'parcs',
          booking: 'elsewhere',
          features: ['ask'],
          act: own.act,
          ask: own.answer,
          stop: async () => undefined,
        }
      },
    })
  },
})
