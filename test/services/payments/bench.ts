// Owns one organization with a payment connection whose provider is a model in memory, and the jobs of payments run by hand.
// Must not skip a rule of the hub: everything behind the provider's door is the real thing.
import type {
  BalanceDoor,
  OpenPaymentDoor,
  PaymentInquiry,
  PaymentOperation,
  PaymentReport,
  ProviderPayment,
} from '../../../core/domain/payment/index.ts'
import { runTimers } from '../../../core/events/run-timers.ts'
import { paymentDoor, paymentReport } from '../../../core/host/payment-door.ts'
import type { BalanceKeeper } from '../../../core/plugin/index.ts'
import { systemNewId as newId } from '../../../core/runtime/random.ts'
import type { Access } from '../../../core/services/manage/outcome.ts'
import { followOrder } from '../../../core/services/payments/follow-order.ts'
import type { PaymentDeps } from '../../../core/services/payments/payment-deps.ts'
import { paymentSink } from '../../../core/services/payments/payment-sink.ts'
import { refundOverpaid } from '../../../core/services/payments/refund-overpaid.ts'
import { paymentsOf } from '../../../core/store/payments.ts'
import { nextTimer } from '../../../core/store/timers.ts'
import { silent, type TestDatabase } from '../../setup/database.ts'
import { openGarage } from '../billing/garage.ts'

/** Thrown by the provider's model: the hub is killed in the middle of this call, and writes nothing of it. */
export class Killed extends Error {}

/** What a call of the model comes to. */
export type How =
  | 'ok'
  | 'unheard'
  | 'never_arrived'
  | 'refused'
  | 'later'
  | 'killed_before'
  | 'killed_after'
  | 'garbage'
  | 'report_first'

export interface ModelOptions {
  call(): How
  ask(): 'truth' | 'silence' | 'killed'
  manual?: boolean
  currency?: string
}

/** A provider that knows every operation by its id and does each once. */
export function modelProvider(options: ModelOptions) {
  const payments = new Map<string, ProviderPayment>()
  const done = new Map<string, PaymentInquiry>()
  const captures: string[] = []
  let report: (orderId: string) => Promise<void> = async () => undefined
  let at = 0
  const time = () => new Date(Date.UTC(2026, 2, 10, 8, 0, at++))
  const apply = ({ id, kind, amountMinor, order }: PaymentOperation): PaymentInquiry => {
    const known = done.get(id)
    if (known) return { ...known, payment: payments.get(order.orderId) as ProviderPayment } as PaymentInquiry
    const now = payments.get(order.orderId)
    const set = (payment: ProviderPayment): PaymentInquiry => {
      payments.set(order.orderId, payment)
      return { kind: 'done', payment }
    }
    const take = (payment: ProviderPayment, amount: number): PaymentInquiry => {
      captures.push(order.orderId)
      return set({
        ...payment,
        state: 'captured',
        captures: [...payment.captures, { id: `c${captures.length}`, amountMinor: amount, at: time() }],
      })
    }
    const refuse = (reason: string): PaymentInquiry => ({ kind: 'refused', reason, ...(now ? { payment: now } : {}) })
    const outcome = ((): PaymentInquiry => {
      if (kind === 'authorise') {
        const held: ProviderPayment = {
          reference: `p-${order.orderId}`,
          state: 'authorised',
          currency: options.currency ?? order.currency,
          authorisedMinor: order.amountMinor,
          captures: [],
          refunds: [],
        }
        return order.capture === 'manual' ? set(held) : take(held, order.amountMinor)
      }
      if (now === undefined) return refuse('no such payment')
      if (kind === 'capture') return now.state === 'authorised' ? take(now, amountMinor) : refuse(`it is ${now.state}`)
      if (kind === 'cancel')
        return now.state === 'authorised' || now.state === 'open'
          ? set({ ...now, state: 'cancelled' })
          : refuse(`it is ${now.state}`)
      const back = now.refunds.reduce((all, one) => all + one.amountMinor, 0)
      const taken = now.captures.reduce((all, one) => all + one.amountMinor, 0)
      if (back + amountMinor > taken) return refuse('too much')
      return set({
        ...now,
        refunds: [...now.refunds, { id: `r-${id}`, amountMinor, state: 'done', at: time(), operationId: id }],
      })
    })()
    done.set(id, outcome)
    return outcome
  }
  return {
    payments,
    captures,
    done,
    onReport(tell: (orderId: string) => Promise<void>) {
      report = tell
    },
    async act(operation: PaymentOperation): Promise<PaymentInquiry> {
      switch (options.call()) {
        case 'ok':
          return apply(operation)
        case 'report_first':
          apply(operation)
          await report(operation.order.orderId)
          await report(operation.order.orderId)
          return apply(operation)
        case 'unheard':
          apply(operation)
          throw new Error('the line broke')
        case 'never_arrived':
          throw new Error('the line broke')
        case 'refused':
          return { kind: 'refused', reason: 'no' }
        case 'later':
          return { kind: 'later', reason: 'busy', retryAfterSeconds: 3 }
        case 'killed_before':
          throw new Killed()
        case 'killed_after':
          apply(operation)
          throw new Killed()
        case 'garbage':
          apply(operation)
          return { kind: 'maybe' } as unknown as PaymentInquiry
      }
    },
    async ask(operation: PaymentOperation): Promise<PaymentInquiry> {
      const how = options.ask()
      if (how === 'killed') throw new Killed()
      if (how === 'silence') throw new Error('no answer')
      const known = done.get(operation.id)
      const payment = payments.get(operation.order.orderId)
      return { ...(known ?? { kind: 'not_done' }), ...(payment ? { payment } : {}) } as PaymentInquiry
    },
  }
}

export async function paymentBench(
  database: TestDatabase,
  model: ReturnType<typeof modelProvider>,
  /** Of a second connection, which keeps prepaid balances. */
  balance?: BalanceKeeper,
) {
  const garage = await openGarage(database.db)
  const { organizationId, siteId, clock, db } = garage
  const connectionId = newId()
  const base = { ...garage.deps, db, clock, newId, log: silent }
  let killed: Killed | undefined
  const run = {
    call: <T>(_: string, __: number, call: (signal: AbortSignal) => Promise<T>) =>
      call(new AbortController().signal).catch((error: unknown) => {
        if (error instanceof Killed) killed = error
        throw error
      }),
  }
  const features = ['manual_capture', 'partial_capture', 'refund', 'partial_refund', 'ask'] as const
  const link = { method: 'card', booking: 'hub' as const, features, stop: async () => undefined }
  const made = paymentDoor(run, {
    ...link,
    act: (operation: PaymentOperation) => model.act(operation) as never,
    ask: (operation: PaymentOperation) => model.ask(operation),
  })
  // The door makes an outcome of every failure; a kill is none.
  const deadly = async <T>(call: Promise<T>): Promise<T> => {
    const outcome = await call
    if (killed === undefined) return outcome
    const error = killed
    killed = undefined
    throw error
  }
  const door = {
    organizationId,
    siteId,
    connectionId,
    pluginId: 'model',
    name: 'Model',
    ...made,
    act: (operation: PaymentOperation) => deadly(made.act(operation)),
    ask: (operation: PaymentOperation) => deadly(made.ask(operation)),
  }
  const keeping = paymentDoor(run, {
    ...link,
    method: 'prepaid',
    act: async () => ({ kind: 'refused', reason: 'It keeps balances, and nothing else here.' }),
    ask: async () => ({ kind: 'not_done' }),
    ...(balance === undefined ? {} : { balance }),
  })
  const keeper: OpenPaymentDoor | undefined = keeping.balance && {
    ...door,
    ...keeping,
    connectionId: newId(),
    balance: {
      left: keeping.balance.left,
      withdraw: (refund) => deadly((keeping.balance as BalanceDoor).withdraw(refund)),
    },
  }
  let keeps = true
  const open = (): OpenPaymentDoor[] => (keeper !== undefined && keeps ? [door, keeper] : [door])
  const deps: PaymentDeps = {
    ...base,
    paymentDoors: (id) => open().filter((one) => id === undefined || id === one.connectionId),
  }
  const sink = paymentSink(base, paymentReport)({ organizationId, connectionId })
  let reports = 0
  const report = async (orderId: string, change: (payment: ProviderPayment) => ProviderPayment = (one) => one) => {
    const payment = model.payments.get(orderId)
    if (payment === undefined) return []
    const told: PaymentReport = { id: `e${reports++}`, orderId, payment: change(payment), at: clock.now() }
    return sink.report([told])
  }
  model.onReport(async (orderId) => void (await report(orderId)))
  const timers = runTimers({ db, clock })
  const tasksOf = () =>
    ({ 'payment.follow': followOrder(deps), 'refund.consider': refundOverpaid(deps) }) as Record<
      string,
      (payload: never) => Promise<unknown>
    >
  let tasks = tasksOf()
  const access: Access = { organizationId, siteIds: null, actor: 'key:asker', requestId: 'test' }
  const bench = {
    garage,
    deps,
    sink,
    report,
    organizationId,
    siteId,
    connectionId,
    clock,
    db,
    access,
    other: { ...access, actor: 'key:approver' } satisfies Access,
    /** Whether the connection that keeps balances is at work. */
    keep(atWork: boolean) {
      keeps = atWork
    },
    restart() {
      tasks = tasksOf()
    },
    /** One round of the jobs that wait. @returns how many there were */
    async runJobs(): Promise<number> {
      await timers()
      const { rows } = await database.ownerPool.query<{ task: string; payload: Record<string, unknown> }>(
        `select t.identifier as task, j.payload, j.id from graphile_worker._private_jobs j
         join graphile_worker._private_tasks t on t.id = j.task_id
         where t.identifier = any($1) and j.payload ->> 'organizationId' = $2 order by j.id`,
        [Object.keys(tasks), organizationId],
      )
      for (const { task, payload, id } of rows as ((typeof rows)[number] & { id: string })[]) {
        for (;;) {
          // Thrown by a kill: the job stays, as it does when a worker dies.
          const outcome = (await tasks[task]?.(payload as never)) as { again: number } | undefined
          if (!outcome) break
        }
        await database.ownerPool.query('delete from graphile_worker._private_jobs where id = $1', [id])
      }
      return rows.length
    },
    async settle(most = 100) {
      for (let i = 0; i < most; i++) if ((await bench.runJobs()) === 0) return
      throw new Error('the jobs do not come to an end')
    },
    /** Jobs and appointments of this long, with every kill survived. */
    async pass(ms: number) {
      const end = new Date(clock.now().getTime() + ms)
      for (let i = 0; i < 300; i++) {
        try {
          await bench.settle()
        } catch (error) {
          if (!(error instanceof Killed)) throw error
          bench.restart()
          continue
        }
        const next = await nextTimer(db)
        if (next === undefined || next > end) return clock.advanceTo(end)
        clock.advanceTo(next)
      }
      throw new Error('it does not come to rest')
    },
    order: async (orderId: string) =>
      db.selectFrom('payment_order').selectAll().where('order_id', '=', orderId).executeTakeFirstOrThrow(),
    rows: async (orderId: string) =>
      db.selectFrom('payment').selectAll().where('order_id', '=', orderId).orderBy('payment_id').execute(),
    operations: async (orderId: string) =>
      db.selectFrom('payment_operation').selectAll().where('order_id', '=', orderId).orderBy('operation_id').execute(),
    events: async (like = 'payment.%') =>
      (
        await database.pool.query<{ type: string; data: Record<string, unknown> }>(
          'select type, data from event where organization_id = $1 and type like $2 order by event_id',
          [organizationId, like],
        )
      ).rows,
    reviews: async () =>
      db
        .selectFrom('review_item')
        .select(['kind', 'reason', 'state'])
        .where('organization_id', '=', organizationId)
        .execute(),
    /** Debits less credits of an account. */
    balance: async (account: string) =>
      Number(
        (
          await database.pool.query<{ sum: string | null }>(
            `select sum(case when debit_account = $2 then amount_minor else 0 end
              - case when credit_account = $2 then amount_minor else 0 end) as sum
             from journal_posting where organization_id = $1`,
            [organizationId, account],
          )
        ).rows[0]?.sum ?? 0,
      ),
    paymentsOf: (key: `stay:${string}`) => paymentsOf(db, organizationId, key),
  }
  return bench
}

export type PaymentBench = Awaited<ReturnType<typeof paymentBench>>
