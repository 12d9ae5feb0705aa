// Owns how payments are read and listed. They are written by the parking facts that tell of them.
// Must not take money, and must not edit a payment.
import { type Kysely, sql } from 'kysely'
import type { SubjectKey } from '../domain/bill/index.ts'
import { type Minor, minor } from '../domain/money.ts'
import type { BillKey } from './bills.ts'
import { before, from, is, recordTable } from './record-table.ts'
import type { HubTables } from './schema.ts'
import { keysPaidUnder, paymentsUnder } from './subject-standing.ts'

type Db = Kysely<HubTables>

export interface Payment {
  paymentId: string
  siteId: string
  kind: 'captured' | 'refunded' | 'failed'
  stayId: string | null
  subjectKey: string | null
  connectionId: string | null
  vendorTransaction: string | null
  method: string | null
  scope: 'parking' | 'energy' | 'both'
  amountMinor: number
  currency: string
  at: Date
  recordedAt: Date
  /** Of a payment that the hub asked for. */
  orderId: string | null
  /** Of a free vend or write-off. */
  reason: string | null
}

export const payments = recordTable<Payment>()('payment', {
  type: 'payment',
  id: 'payment_id',
  columns: {
    paymentId: 'payment_id',
    siteId: 'site_id',
    kind: 'kind',
    stayId: 'stay_id',
    subjectKey: 'subject_key',
    connectionId: 'connection_id',
    vendorTransaction: 'vendor_transaction',
    method: 'method',
    scope: 'scope',
    amountMinor: 'amount_minor',
    currency: 'currency',
    at: 'at',
    recordedAt: 'recorded_at',
    orderId: 'order_id',
    reason: 'reason',
  },
  reach: 'site',
  sorts: {
    at: [
      { expression: 't.at', type: 'timestamptz' },
      { expression: 't.payment_id', type: 'uuid' },
    ],
  },
  defaultSort: '-at',
  filters: {
    siteId: is('site_id'),
    stayId: is('stay_id'),
    kind: is('kind'),
    orderId: is('order_id'),
    subjectKey: is('subject_key'),
    method: is('method'),
    from: from('t.at'),
    to: before('t.at'),
  },
})

export interface StoredPayment {
  paymentId: string
  siteId: string
  zone: string
  siteSettings: unknown
  kind: 'captured' | 'refunded' | 'failed'
  method: string | null
  amountMinor: Minor
  currency: string
  at: Date
  reference: string | null
  pays: 'bill' | 'balance' | 'nothing'
}

const elsewhere = sql<boolean>`(select from payment_elsewhere w
  where w.organization_id = p.organization_id and w.payment_id = p.payment_id)`

const read = (db: Db, organizationId: string) =>
  db
    .selectFrom('payment as p')
    .innerJoin('site as s', (on) =>
      on.onRef('s.organization_id', '=', 'p.organization_id').onRef('s.site_id', '=', 'p.site_id'),
    )
    .select([
      'p.payment_id',
      'p.site_id',
      's.time_zone',
      's.settings',
      'p.kind',
      'p.method',
      'p.amount_minor',
      'p.currency',
      'p.at',
    ])
    .select(['p.vendor_transaction', 'p.stay_id', 'p.subject_key'])
    .where('p.organization_id', '=', organizationId)
    .where((on) => on.not(on.exists(elsewhere)))
    .orderBy('p.at')
    .orderBy('p.payment_id')

type Row = Awaited<ReturnType<ReturnType<typeof read>['execute']>>[number]

const stored = (row: Row): StoredPayment => ({
  paymentId: row.payment_id,
  siteId: row.site_id,
  zone: row.time_zone,
  siteSettings: row.settings,
  kind: row.kind as StoredPayment['kind'],
  method: row.method,
  amountMinor: minor(row.amount_minor),
  currency: row.currency,
  at: row.at,
  reference: row.vendor_transaction,
  pays: row.subject_key?.startsWith('prepaid:')
    ? 'balance'
    : (row.stay_id ?? row.subject_key) === null
      ? 'nothing'
      : 'bill',
})

export async function readPayment(
  db: Db,
  organizationId: string,
  paymentId: string,
): Promise<StoredPayment | undefined> {
  const row = await read(db, organizationId).where('p.payment_id', '=', paymentId).executeTakeFirst()
  return row && stored(row)
}

/** Payments of what one subject bills, in order of time. */
export async function paymentsOf(db: Db, organizationId: string, key: BillKey): Promise<StoredPayment[]> {
  const stayId = key.startsWith('stay:') ? key.slice('stay:'.length) : null
  const rows = await read(db, organizationId)
    .where('p.payment_id', '=', paymentsUnder(organizationId, keysPaidUnder(organizationId, key), stayId))
    .execute()
  return rows.map(stored)
}

/** Those of a subject that the journal does not have yet. */
export async function unpostedPayments(db: Db, organizationId: string, key: SubjectKey): Promise<string[]> {
  const stayId = key.startsWith('stay:') ? key.slice('stay:'.length) : null
  const { rows } = await sql<{ payment_id: string }>`
    select p.payment_id from payment p
    where p.organization_id = ${organizationId} and p.payment_id = ${paymentsUnder(organizationId, sql`array[${key}::text]`, stayId)}
      and p.kind <> 'failed' and not exists ${elsewhere}
      and not exists (select from journal_entry e where e.organization_id = p.organization_id
        and e.source_type = 'payment' and e.source_id = p.payment_id)
    order by p.at, p.payment_id`.execute(db)
  return rows.map((row) => row.payment_id)
}

/**
 * Marks what the parking system took for a stay that it bills itself: the hub books no money that it never gets. A payment
 * that was posted before stays posted.
 */
export async function leaveElsewhere(
  trx: Db,
  of: { organizationId: string; siteId: string; stayId: string },
  { scopes, reason, at }: { scopes: readonly Payment['scope'][]; reason: string; at: Date },
): Promise<void> {
  await sql`insert into payment_elsewhere (organization_id, site_id, payment_id, reason, at)
    select p.organization_id, p.site_id, p.payment_id, ${reason}, ${at}
    from payment p
    join stay y on y.organization_id = p.organization_id and y.stay_id = p.stay_id and y.connection_id = p.connection_id
    where p.organization_id = ${of.organizationId} and p.stay_id = ${of.stayId} and p.scope = any(${[...scopes]}::text[])
      and not exists (select from journal_entry e where e.organization_id = p.organization_id
        and e.source_type = 'payment' and e.source_id = p.payment_id)
    on conflict do nothing`.execute(trx)
}
