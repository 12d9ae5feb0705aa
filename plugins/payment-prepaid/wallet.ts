// Owns prepaid balances in the plugin's own schema: one row per account and currency, changed only together with an entry of its statement.
// Must not let a hold take more than there is, however many come at once.
import type { Kysely } from 'kysely'
import type {
  PaymentInquiry,
  PaymentOperation,
  PaymentOutcome,
  PluginMigration,
  ProviderPayment,
} from '../../core/plugin/index.ts'

interface Tables {
  balance: { account_id: string; currency: string; available_minor: number; held_minor: number }
  hold: {
    /** Of a refund of a top-up: the operation's id. */
    order_id: string
    account_id: string
    currency: string
    amount_minor: number
    captured_minor: number
    state: string
    captured_at: Date | null
  }
  entry: {
    entry_key: string
    account_id: string
    currency: string
    order_id: string
    kind: string
    amount_minor: number
    available_minor: number
    at: Date
  }
}

export const walletMigration: PluginMigration = {
  name: '0001-wallet',
  async up(db) {
    await db.schema
      .createTable('balance')
      .addColumn('account_id', 'uuid', (column) => column.notNull())
      .addColumn('currency', 'text', (column) => column.notNull())
      .addColumn('available_minor', 'bigint', (column) => column.notNull())
      .addColumn('held_minor', 'bigint', (column) => column.notNull())
      .addPrimaryKeyConstraint('balance_key', ['account_id', 'currency'])
      .execute()
    await db.schema
      .createTable('hold')
      .addColumn('order_id', 'uuid', (column) => column.primaryKey())
      .addColumn('account_id', 'uuid', (column) => column.notNull())
      .addColumn('currency', 'text', (column) => column.notNull())
      .addColumn('amount_minor', 'bigint', (column) => column.notNull())
      .addColumn('captured_minor', 'bigint', (column) => column.notNull())
      .addColumn('state', 'text', (column) => column.notNull())
      .addColumn('captured_at', 'timestamptz')
      .execute()
    await db.schema
      .createTable('entry')
      .addColumn('entry_key', 'text', (column) => column.primaryKey())
      .addColumn('account_id', 'uuid', (column) => column.notNull())
      .addColumn('currency', 'text', (column) => column.notNull())
      .addColumn('order_id', 'uuid', (column) => column.notNull())
      .addColumn('kind', 'text', (column) => column.notNull())
      .addColumn('amount_minor', 'bigint', (column) => column.notNull())
      .addColumn('available_minor', 'bigint', (column) => column.notNull())
      .addColumn('at', 'timestamptz', (column) => column.notNull())
      .execute()
    await db.schema.createIndex('entry_account').on('entry').columns(['account_id', 'at']).execute()
  },
}

type Db = Kysely<Tables>
interface Purse {
  accountId: string
  currency: string
}

export interface Statement {
  accountId: string
  balances: { currency: string; availableMinor: number; heldMinor: number }[]
  entries: { kind: string; amountMinor: number; availableMinor: number; currency: string; orderId: string; at: Date }[]
}

export function wallet(schema: Kysely<unknown>, now: () => Date) {
  const db = schema as Db

  /** Locks the balance and lets `change` work on it. */
  const within = <T>(
    { accountId, currency }: Purse,
    change: (trx: Db, available: number, held: number) => Promise<T>,
  ) =>
    db.transaction().execute(async (trx) => {
      await trx
        .insertInto('balance')
        .values({ account_id: accountId, currency, available_minor: 0, held_minor: 0 })
        .onConflict((conflict) => conflict.columns(['account_id', 'currency']).doNothing())
        .execute()
      const row = await trx
        .selectFrom('balance')
        .selectAll()
        .where('account_id', '=', accountId)
        .where('currency', '=', currency)
        .forUpdate()
        .executeTakeFirstOrThrow()
      return change(trx, Number(row.available_minor), Number(row.held_minor))
    })
  const set = (trx: Db, { accountId, currency }: Purse, available: number, held: number) =>
    trx
      .updateTable('balance')
      .set({ available_minor: available, held_minor: held })
      .where('account_id', '=', accountId)
      .where('currency', '=', currency)
      .execute()
  /** False when this was entered before: nothing may be changed then. */
  const enter = async (
    trx: Db,
    purse: Purse,
    key: string,
    orderId: string,
    kind: string,
    amount: number,
    available: number,
  ) => {
    const added = await trx
      .insertInto('entry')
      .values({
        entry_key: key,
        account_id: purse.accountId,
        currency: purse.currency,
        order_id: orderId,
        kind,
        amount_minor: amount,
        available_minor: available,
        at: now(),
      })
      .onConflict((conflict) => conflict.column('entry_key').doNothing())
      .returning('entry_key')
      .executeTakeFirst()
    return added !== undefined
  }

  const paymentOf = async (from: Db, orderId: string): Promise<ProviderPayment | undefined> => {
    const hold = await heldFor(from, orderId)
    if (hold === undefined) return undefined
    const refunds = await from
      .selectFrom('entry')
      .selectAll()
      .where('order_id', '=', orderId)
      .where('kind', '=', 'refund')
      .execute()
    const captured = Number(hold.captured_minor)
    return {
      reference: orderId,
      state: hold.state as ProviderPayment['state'],
      currency: hold.currency,
      ...(hold.state === 'authorised' ? { authorisedMinor: Number(hold.amount_minor) } : {}),
      captures: captured === 0 ? [] : [{ id: orderId, amountMinor: captured, at: hold.captured_at as Date }],
      refunds: refunds.map(({ entry_key: key, amount_minor, at }) => ({
        id: key,
        amountMinor: Number(amount_minor),
        state: 'done',
        at,
        operationId: key,
      })),
    }
  }

  const heldFor = (trx: Db, id: string) =>
    trx.selectFrom('hold').selectAll().where('order_id', '=', id).executeTakeFirst()
  const endHold = (trx: Db, id: string, state: string, captured: number) =>
    trx
      .updateTable('hold')
      .set({ state, captured_minor: captured, captured_at: captured > 0 ? now() : null })
      .where('order_id', '=', id)
      .execute()
  const newHold = (trx: Db, { accountId, currency }: Purse, id: string, amount: number, state: string) => {
    const captured = state === 'captured' ? { captured_minor: amount, captured_at: now() } : null
    const values = { order_id: id, account_id: accountId, currency, amount_minor: amount, state }
    return trx
      .insertInto('hold')
      .values({ ...values, ...(captured ?? { captured_minor: 0, captured_at: null }) })
      .execute()
  }

  const act = async (operation: PaymentOperation): Promise<PaymentOutcome> => {
    const { id, kind, amountMinor, order } = operation
    const { orderId, accountId, currency } = order
    if (accountId === null)
      return { kind: 'refused', reason: 'There is no account whose balance could pay.', code: 'no_account' }
    const purse = { accountId, currency }
    return within(purse, async (trx, available, held): Promise<PaymentOutcome> => {
      const done = async (): Promise<PaymentOutcome> => ({
        kind: 'done',
        payment: (await paymentOf(trx, orderId)) as ProviderPayment,
      })
      const before = await trx.selectFrom('entry').select('entry_key').where('entry_key', '=', id).executeTakeFirst()
      if (before !== undefined) return done()
      const hold = await heldFor(trx, orderId)
      const refuse = async (reason: string, code: string): Promise<PaymentOutcome> => {
        const payment = await paymentOf(trx, orderId)
        return { kind: 'refused', reason, code, ...(payment === undefined ? {} : { payment }) }
      }
      if (kind === 'authorise') {
        if (hold !== undefined) return refuse('The order has its money already.', 'held')
        if (available < amountMinor) return refuse('The balance is too low.', 'balance_too_low')
        const auto = order.capture === 'automatic'
        await enter(trx, purse, id, orderId, auto ? 'capture' : 'hold', -amountMinor, available - amountMinor)
        await set(trx, purse, available - amountMinor, auto ? held : held + amountMinor)
        await newHold(trx, purse, orderId, amountMinor, auto ? 'captured' : 'authorised')
        return done()
      }
      if (hold === undefined) return refuse('The balance knows no such order.', 'unknown_order')
      const whole = Number(hold.amount_minor)
      if (kind === 'refund') {
        const back = ((await paymentOf(trx, orderId))?.refunds ?? []).reduce((all, one) => all + one.amountMinor, 0)
        if (back + amountMinor > Number(hold.captured_minor)) return refuse('That is more than was taken.', 'too_much')
        await enter(trx, purse, id, orderId, 'refund', amountMinor, available + amountMinor)
        await set(trx, purse, available + amountMinor, held)
        return done()
      }
      if (hold.state !== 'authorised') return refuse(`The money is ${hold.state}.`, 'not_held')
      const taken = kind === 'capture' ? Math.min(amountMinor, whole) : 0
      await enter(
        trx,
        purse,
        id,
        orderId,
        kind === 'capture' ? 'capture' : 'release',
        whole - taken,
        available + whole - taken,
      )
      await set(trx, purse, available + whole - taken, held - whole)
      await endHold(trx, orderId, kind === 'capture' ? 'captured' : 'cancelled', taken)
      return done()
    })
  }

  return {
    act,
    /** An operation is entered under its id, or it was not done. */
    async ask({ id, order }: PaymentOperation): Promise<PaymentInquiry> {
      const entered = await db.selectFrom('entry').select('entry_key').where('entry_key', '=', id).executeTakeFirst()
      const payment = await paymentOf(db, order.orderId)
      return { kind: entered === undefined ? 'not_done' : 'done', ...(payment === undefined ? {} : { payment }) }
    },
    /** Money that came in, a refund that came back with it. */
    async move(purse: Purse, key: string, orderId: string, amountMinor: number): Promise<void> {
      await within(purse, async (trx, available, held) => {
        if (await enter(trx, purse, key, orderId, 'top_up', amountMinor, available + amountMinor))
          await set(trx, purse, available + amountMinor, held)
      })
    },
    async left({ accountId, currency }: Purse): Promise<number> {
      const row = await db
        .selectFrom('balance')
        .select('available_minor')
        .where('account_id', '=', accountId)
        .where('currency', '=', currency)
        .executeTakeFirst()
      return Number(row?.available_minor ?? 0)
    },
    /** Holds the money of a refund of a top-up. What was refused once stays so, however late it is asked again. */
    async withdraw({ id, amountMinor, order }: PaymentOperation): Promise<PaymentOutcome> {
      const { orderId, accountId, currency } = order
      if (accountId === null) return { kind: 'refused', reason: 'The top-up has no account.', code: 'no_account' }
      const purse = { accountId, currency }
      return within(purse, async (trx, available, held): Promise<PaymentOutcome> => {
        const known = await heldFor(trx, id)
        const enough = known === undefined ? available >= amountMinor : known.state !== 'cancelled'
        if (known === undefined) {
          await newHold(trx, purse, id, amountMinor, enough ? 'authorised' : 'cancelled')
          if (enough) {
            await enter(trx, purse, id, orderId, 'hold', -amountMinor, available - amountMinor)
            await set(trx, purse, available - amountMinor, held + amountMinor)
          }
        }
        return enough
          ? { kind: 'done' }
          : { kind: 'refused', reason: 'The balance is too low.', code: 'balance_too_low' }
      })
    },
    /** A refund of a top-up will not be made: what is held for it is free again, and nothing can be held for it any more. */
    async restore(purse: Purse, operationId: string, orderId: string): Promise<void> {
      await within(purse, async (trx, available, held) => {
        const hold = await heldFor(trx, operationId)
        if (hold === undefined) return void (await newHold(trx, purse, operationId, 0, 'cancelled'))
        if (hold.state !== 'authorised') return
        const amount = Number(hold.amount_minor)
        await enter(trx, purse, `${operationId}/release`, orderId, 'release', amount, available + amount)
        await set(trx, purse, available + amount, held - amount)
        await endHold(trx, operationId, 'cancelled', 0)
      })
    },
    /** Money of a top-up went back: out of what is held for it, otherwise out of the balance, even below zero, as it is a fact. */
    async gone(
      purse: Purse,
      key: string,
      orderId: string,
      amountMinor: number,
      operationId: string | null,
    ): Promise<void> {
      await within(purse, async (trx, available, held) => {
        const hold = operationId === null ? undefined : await heldFor(trx, operationId)
        const open = hold?.state === 'authorised' ? Number(hold.amount_minor) : 0
        const change = open - amountMinor
        if (!(await enter(trx, purse, key, orderId, 'top_up_refund', change, available + change))) return
        await set(trx, purse, available + change, held - open)
        if (operationId !== null && open > 0) await endHold(trx, operationId, 'captured', amountMinor)
      })
    },
    async statement(accountId: string): Promise<Statement> {
      const balances = await db
        .selectFrom('balance')
        .selectAll()
        .where('account_id', '=', accountId)
        .orderBy('currency')
        .execute()
      const entries = await db
        .selectFrom('entry')
        .selectAll()
        .where('account_id', '=', accountId)
        .orderBy('at', 'desc')
        .orderBy('entry_key')
        .limit(500)
        .execute()
      return {
        accountId,
        balances: balances.map((one) => ({
          currency: one.currency,
          availableMinor: Number(one.available_minor),
          heldMinor: Number(one.held_minor),
        })),
        entries: entries.map((one) => ({
          kind: one.kind,
          amountMinor: Number(one.amount_minor),
          availableMinor: Number(one.available_minor),
          currency: one.currency,
          orderId: one.order_id,
          at: one.at,
        })),
      }
    },
  }
}
