// Owns the rows of payment orders, their parts, operations, reports and stories: adding, locking, moving on, reading.
// Must not decide what follows from an answer; core/domain/payment does.
import { type Insertable, type RawBuilder, type Selectable, sql, type Updateable } from 'kysely'
import type { PaidShare } from '../domain/payment/index.ts'
import type { NewJob } from './event-log.ts'
import { jsonText } from './json-text.ts'
import { before, type Db, from, is, recordTable } from './record-table.ts'
import type { PaymentOperationTable, PaymentOrderPartTable, PaymentOrderTable } from './schema.ts'

export type PaymentOrderRow = Selectable<PaymentOrderTable>
export type PaymentOperationRow = Selectable<PaymentOperationTable>

export interface PaymentOrderRecord {
  orderId: string
  siteId: string
  connectionId: string
  provider: string
  method: string
  purpose: 'bills' | 'stay' | 'top_up'
  accountId: string | null
  description: string
  amountMinor: number
  currency: string
  capture: 'automatic' | 'manual'
  state: string
  capturedMinor: number
  refundedMinor: number
  checkoutUrl: string | null
  cardBrand: string | null
  cardLastFour: string | null
  reference: string | null
  unknownSince: Date | null
  needsPerson: boolean
  reason: string | null
  requestedBy: string
  expiresAt: Date
  version: number
  createdAt: Date
  updatedAt: Date
}

export const paymentOrders = recordTable<PaymentOrderRecord>()('payment_order', {
  type: 'payment_order',
  id: 'order_id',
  columns: {
    orderId: 'order_id',
    siteId: 'site_id',
    connectionId: 'connection_id',
    provider: 'provider',
    method: 'method',
    purpose: 'purpose',
    accountId: 'account_id',
    description: 'description',
    amountMinor: 'amount_minor',
    currency: 'currency',
    capture: 'capture',
    state: 'state',
    capturedMinor: 'captured_minor',
    refundedMinor: 'refunded_minor',
    checkoutUrl: 'checkout_url',
    cardBrand: 'card_brand',
    cardLastFour: 'card_last_four',
    reference: 'reference',
    unknownSince: 'unknown_since',
    needsPerson: 'needs_person',
    reason: 'reason',
    requestedBy: 'requested_by',
    expiresAt: 'expires_at',
    version: 'version',
    createdAt: 'created_at',
    updatedAt: 'updated_at',
  },
  reach: 'site',
  search: ['description', 'reference', 'card_last_four', 'reason'],
  sorts: {
    createdAt: [
      { expression: 't.created_at', type: 'timestamptz' },
      { expression: 't.order_id', type: 'uuid' },
    ],
  },
  defaultSort: '-createdAt',
  filters: {
    siteId: is('site_id'),
    connectionId: is('connection_id'),
    accountId: is('account_id'),
    state: is('state'),
    method: is('method'),
    purpose: is('purpose'),
    needsPerson: is('needs_person'),
    unknown: (value: boolean) => sql<boolean>`(t.unknown_since is not null) = ${value}`,
    billId: (id: string) => forPart(sql`p.bill_id = ${id}`),
    subjectKey: (key: string) => forPart(sql`p.subject_key = ${key}`),
    from: from('t.created_at'),
    to: before('t.created_at'),
  },
})

function forPart(condition: RawBuilder<unknown>) {
  return sql<boolean>`exists (select from payment_order_part p
    where p.organization_id = t.organization_id and p.order_id = t.order_id and ${condition})`
}

export async function insertPaymentOrder(
  trx: Db,
  order: Insertable<PaymentOrderTable>,
  parts: readonly Insertable<PaymentOrderPartTable>[],
): Promise<void> {
  await trx.insertInto('payment_order').values(order).execute()
  await trx
    .insertInto('payment_order_part')
    .values([...parts])
    .execute()
}

export async function orderIdByKey(db: Db, organizationId: string, key: string): Promise<string | undefined> {
  const row = await db
    .selectFrom('payment_order')
    .select('order_id')
    .where('organization_id', '=', organizationId)
    .where('idempotency_key', '=', key)
    .executeTakeFirst()
  return row?.order_id
}

export function readPaymentOrder(
  db: Db,
  organizationId: string,
  orderId: string,
): Promise<PaymentOrderRow | undefined> {
  return db
    .selectFrom('payment_order')
    .selectAll()
    .where('organization_id', '=', organizationId)
    .where('order_id', '=', orderId)
    .executeTakeFirst()
}

export function lockPaymentOrder(
  trx: Db,
  organizationId: string,
  orderId: string,
): Promise<PaymentOrderRow | undefined> {
  return trx
    .selectFrom('payment_order')
    .selectAll()
    .where('organization_id', '=', organizationId)
    .where('order_id', '=', orderId)
    .forUpdate()
    .executeTakeFirst()
}

/** Of one order, in the order of asking. */
export function operationsOf(db: Db, organizationId: string, orderId: string): Promise<PaymentOperationRow[]> {
  return db
    .selectFrom('payment_operation')
    .selectAll()
    .where('organization_id', '=', organizationId)
    .where('order_id', '=', orderId)
    .orderBy('created_at')
    .orderBy('operation_id')
    .execute()
}

/** False when the order has one for the same cause already. */
export async function insertOperation(trx: Db, row: Insertable<PaymentOperationTable>): Promise<boolean> {
  const added = await trx
    .insertInto('payment_operation')
    .values(row)
    .onConflict((conflict) => conflict.columns(['organization_id', 'order_id', 'cause']).doNothing())
    .returning('operation_id')
    .executeTakeFirst()
  return added !== undefined
}

export function changeOperation(
  trx: Db,
  row: Pick<PaymentOperationRow, 'organization_id' | 'operation_id'>,
  set: Updateable<PaymentOperationTable>,
): Promise<PaymentOperationRow> {
  return trx
    .updateTable('payment_operation')
    .set(set)
    .where('organization_id', '=', row.organization_id)
    .where('operation_id', '=', row.operation_id)
    .returningAll()
    .executeTakeFirstOrThrow()
}

export function changePaymentOrder(
  trx: Db,
  row: Pick<PaymentOrderRow, 'organization_id' | 'order_id'>,
  set: Updateable<PaymentOrderTable>,
  now: Date,
): Promise<PaymentOrderRow> {
  return trx
    .updateTable('payment_order')
    .set((eb) => ({ ...set, version: eb('version', '+', 1), updated_at: now }))
    .where('organization_id', '=', row.organization_id)
    .where('order_id', '=', row.order_id)
    .returningAll()
    .executeTakeFirstOrThrow()
}

/** A person is needed as long as one of its reviews is open or a refund waits for approval, whoever closed or decided the last one. */
export async function noteNeedsPerson(trx: Db, organizationId: string, orderId: string, now: Date): Promise<void> {
  const needed = sql<boolean>`(exists (select from review_item r where r.organization_id = o.organization_id
      and r.subject_type = 'payment_order' and r.subject_id = o.order_id and r.state = 'open')
    or exists (select from payment_operation p where p.organization_id = o.organization_id
      and p.order_id = o.order_id and p.state = 'waiting'))`
  await trx
    .updateTable('payment_order as o')
    .set((eb) => ({ needs_person: needed, version: eb('o.version', '+', 1), updated_at: now }))
    .where('o.organization_id', '=', organizationId)
    .where('o.order_id', '=', orderId)
    .where(sql<boolean>`o.needs_person <> ${needed}`)
    .execute()
}

export async function addStory(
  trx: Db,
  of: Pick<PaymentOrderRow, 'organization_id' | 'order_id'>,
  entry: { entryId: string; at: Date; actor: string; words: string },
): Promise<void> {
  const { entryId, at, actor, words } = entry
  await trx
    .insertInto('payment_story')
    .values({ organization_id: of.organization_id, order_id: of.order_id, entry_id: entryId, at, actor, words })
    .execute()
}

export interface StoryEntry {
  at: Date
  actor: string
  words: string
}

export async function storyOf(db: Db, organizationId: string, orderId: string): Promise<StoryEntry[]> {
  return db
    .selectFrom('payment_story')
    .select(['at', 'actor', 'words'])
    .where('organization_id', '=', organizationId)
    .where('order_id', '=', orderId)
    .orderBy('entry_id')
    .execute()
}

/** False when the same was kept before. */
export async function keepReport(
  trx: Db,
  report: { organizationId: string; connectionId: string; contentKey: string; orderId: string; data: object; at: Date },
): Promise<boolean> {
  const added = await trx
    .insertInto('payment_report')
    .values({
      organization_id: report.organizationId,
      connection_id: report.connectionId,
      content_key: report.contentKey,
      order_id: report.orderId,
      data: jsonText(report.data),
      received_at: report.at,
    })
    .onConflict((conflict) => conflict.columns(['organization_id', 'connection_id', 'content_key']).doNothing())
    .returning('content_key')
    .executeTakeFirst()
  return added !== undefined
}

export interface PartPaid extends PaidShare {
  billId: string | null
}

/** What an order pays for, with what was booked for it so far. */
export async function partsPaid(db: Db, organizationId: string, orderId: string): Promise<PartPaid[]> {
  const { rows } = await sql<PartPaid>`
    select o.subject_key as "subjectKey", o.bill_id as "billId", o.amount_minor as "amountMinor",
      coalesce((select sum(case p.kind when 'captured' then p.amount_minor when 'refunded' then -p.amount_minor else 0 end)
        from payment p where p.organization_id = o.organization_id and p.order_id = o.order_id
          and p.subject_key = o.subject_key), 0)::bigint as "paidMinor"
    from payment_order_part o where o.organization_id = ${organizationId} and o.order_id = ${orderId} order by o.part`.execute(
    db,
  )
  return rows
}

/** Movements of an order that are in the books, with their amounts. */
export async function bookedMovements(db: Db, organizationId: string, orderId: string): Promise<Map<string, number>> {
  const { rows } = await sql<{ movement: string; amount: number }>`
    select movement, sum(amount_minor)::bigint as amount from payment
    where organization_id = ${organizationId} and order_id = ${orderId} and movement is not null group by movement`.execute(
    db,
  )
  return new Map(rows.map(({ movement, amount }) => [movement, amount]))
}

export function paymentJob(of: { organizationId: string; orderId: string }): NewJob {
  const name = `payment:${of.orderId}`
  return { task: 'payment.follow', payload: { ...of }, key: name, queue: name }
}
