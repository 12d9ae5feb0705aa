// Owns how payments are read and listed. They are written by the parking facts that tell of them.
// Must not take money, and must not edit a payment.
import { type Kysely, sql } from 'kysely'
import type { SubjectKey } from '../domain/bill/index.ts'
import { type Minor, minor } from '../domain/money.ts'
import { before, from, is, recordTable } from './record-table.ts'
import type { HubTables } from './schema.ts'

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
    from: from('t.at'),
    to: before('t.at'),
  },
})

export interface StoredPayment {
  paymentId: string
  siteId: string
  zone: string
  kind: 'captured' | 'refunded' | 'failed'
  method: string | null
  amountMinor: Minor
  currency: string
  at: Date
  reference: string | null
  /** Belongs to a stay or session. */
  applied: boolean
}

const read = (db: Db, organizationId: string) =>
  db
    .selectFrom('payment as p')
    .innerJoin('site as s', (on) =>
      on.onRef('s.organization_id', '=', 'p.organization_id').onRef('s.site_id', '=', 'p.site_id'),
    )
    .select(['p.payment_id', 'p.site_id', 's.time_zone', 'p.kind', 'p.method', 'p.amount_minor', 'p.currency', 'p.at'])
    .select(['p.vendor_transaction', 'p.stay_id', 'p.subject_key'])
    .where('p.organization_id', '=', organizationId)
    .orderBy('p.at')
    .orderBy('p.payment_id')

type Row = Awaited<ReturnType<ReturnType<typeof read>['execute']>>[number]

const stored = (row: Row): StoredPayment => ({
  paymentId: row.payment_id,
  siteId: row.site_id,
  zone: row.time_zone,
  kind: row.kind as StoredPayment['kind'],
  method: row.method,
  amountMinor: minor(row.amount_minor),
  currency: row.currency,
  at: row.at,
  reference: row.vendor_transaction,
  applied: row.stay_id !== null || row.subject_key !== null,
})

export async function readPayment(
  db: Db,
  organizationId: string,
  paymentId: string,
): Promise<StoredPayment | undefined> {
  const row = await read(db, organizationId).where('p.payment_id', '=', paymentId).executeTakeFirst()
  return row && stored(row)
}

/** Payments of one subject, in order of time. */
export async function paymentsOf(db: Db, organizationId: string, key: SubjectKey): Promise<StoredPayment[]> {
  const stayId = key.startsWith('stay:') ? key.slice('stay:'.length) : null
  const rows = await read(db, organizationId)
    .where((on) => on.or([on('p.subject_key', '=', key), ...(stayId === null ? [] : [on('p.stay_id', '=', stayId)])]))
    .execute()
  return rows.map(stored)
}

/** Those of a subject that the journal does not have yet. */
export async function unpostedPayments(db: Db, organizationId: string, key: SubjectKey): Promise<string[]> {
  const stayId = key.startsWith('stay:') ? key.slice('stay:'.length) : null
  const { rows } = await sql<{ payment_id: string }>`
    select p.payment_id from payment p
    where p.organization_id = ${organizationId} and (p.subject_key = ${key} or p.stay_id = ${stayId}::uuid) and p.kind <> 'failed'
      and not exists (select from journal_entry e where e.organization_id = p.organization_id
        and e.source_type = 'payment' and e.source_id = p.payment_id)
    order by p.at, p.payment_id`.execute(db)
  return rows.map((row) => row.payment_id)
}
