// Owns the rows of accounts' terms, invoices, their lines and what settles them. Issued rows are only ever added.
// Must not compute an amount beyond adding up what is stored.
import { type Kysely, type RawBuilder, sql } from 'kysely'
import type { InvoiceContent } from '../domain/document/invoice-document.ts'
import type { LineKind } from '../domain/price.ts'
import { jsonText } from './json-text.ts'
import { type Stamped, stampColumns } from './places.ts'
import { before, from, is, recordTable } from './record-table.ts'
import type { HubTables } from './schema.ts'

type Db = Kysely<HubTables>

export interface AccountTerms extends Stamped {
  accountId: string
  /** Issues the invoices: its time zone, currency, legal data and series. */
  siteId: string
  cadence: 'week' | 'month'
  dueDays: number
  /** What was billed before this day stays as it was: it is on no invoice unless it was put on one before. */
  from: string
  /** What was billed from `from` on and before this day is on an invoice. */
  collectedTo: string
  locale: string | null
  buyer: { name?: string; address?: string; taxId?: string; reference?: string }
}

export const accountTerms = recordTable<AccountTerms>()('account_terms', {
  type: 'account_terms',
  id: 'account_id',
  columns: {
    accountId: 'account_id',
    siteId: 'site_id',
    cadence: 'cadence',
    dueDays: 'due_days',
    from: 'collect_from',
    collectedTo: 'collected_to',
    locale: 'locale',
    buyer: 'buyer',
    ...stampColumns,
  },
  json: ['buyer'],
  reach: 'site',
  archives: true,
  sorts: {
    createdAt: [
      { expression: 't.created_at', type: 'timestamptz' },
      { expression: 't.account_id', type: 'uuid' },
    ],
  },
  filters: { siteId: is('site_id') },
})

export interface Invoice {
  invoiceId: string
  siteId: string
  number: string
  kind: 'invoice' | 'credit_note'
  accountId: string
  correctsInvoiceId: string | null
  currency: string
  fromDate: string
  toDate: string
  netMinor: number
  taxMinor: number
  totalMinor: number
  /** Still to be paid; negative: a credit of the account. */
  openMinor: number
  writtenOffMinor: number
  lineCount: number
  dueOn: string
  businessDate: string
  issuedAt: Date
  issuedBy: string
  approvedBy: string | null
  reason: string | null
  content: InvoiceContent
}

const settled = (of = '') => `coalesce((select sum(s.amount_minor) from invoice_settlement s
  where s.organization_id = t.organization_id and s.invoice_id = t.invoice_id${of}), 0)::bigint`
const open = `(t.total_minor - ${settled()})`

export const invoices = recordTable<Invoice>()('invoice', {
  type: 'invoice',
  id: 'invoice_id',
  columns: {
    invoiceId: 'invoice_id',
    siteId: 'site_id',
    kind: 'kind',
    accountId: 'account_id',
    correctsInvoiceId: 'corrects_invoice_id',
    currency: 'currency',
    fromDate: 'from_date',
    toDate: 'to_date',
    netMinor: 'net_minor',
    taxMinor: 'tax_minor',
    totalMinor: 'total_minor',
    lineCount: 'line_count',
    dueOn: 'due_on',
    businessDate: 'business_date',
    issuedAt: 'issued_at',
    issuedBy: 'issued_by',
    approvedBy: 'approved_by',
    reason: 'reason',
    content: 'content',
  },
  expressions: {
    number: `t.series || '-' || lpad(t.number::text, greatest(6, length(t.number::text)), '0')`,
    openMinor: open,
    writtenOffMinor: settled(` and s.kind = 'write_off'`),
  },
  reach: 'site',
  sorts: {
    issuedAt: [
      { expression: 't.issued_at', type: 'timestamptz' },
      { expression: 't.invoice_id', type: 'uuid' },
    ],
    dueOn: [
      { expression: 't.due_on', type: 'date' },
      { expression: 't.invoice_id', type: 'uuid' },
    ],
  },
  defaultSort: '-issuedAt',
  filters: {
    siteId: is('site_id'),
    accountId: is('account_id'),
    kind: is('kind'),
    correctsInvoiceId: is('corrects_invoice_id'),
    from: from('t.issued_at'),
    to: before('t.issued_at'),
    number: (
      text: string,
    ) => sql<boolean>`t.series || '-' || lpad(t.number::text, greatest(6, length(t.number::text)), '0')
      ilike ${`%${text.replace(/[\\%_]/g, '\\$&')}%`}`,
    open: (yes: boolean) => (yes ? sql<boolean>`${sql.raw(open)} <> 0` : sql<boolean>`${sql.raw(open)} = 0`),
    overdueOn: (date: string) => sql<boolean>`${sql.raw(open)} > 0 and t.due_on < ${date}::date`,
  },
})

export interface InvoiceLine {
  line: number
  siteId: string
  billId: string
  billLine: number
  billNumber: string
  kind: LineKind
  description: string
  serviceAt: Date
  quantity: string
  unit: string
  netMinor: number
  taxCode: string
  taxRate: string
  taxMinor: number
  totalMinor: number
  accountId: string
  department: string
  plate: string | null
  driver: string | null
  stayId: string | null
  sessionId: string | null
}

type Collected = Omit<InvoiceLine, 'line'>

/** Lines of bills that are on no invoice yet. A child account's are collected with its parent's, unless it has terms of its own. */
async function collect(db: Db, organizationId: string, which: RawBuilder<unknown>): Promise<Collected[]> {
  const { rows } = await sql<Collected>`
    select l.site_id as "siteId", l.bill_id as "billId", l.line as "billLine", l.kind, l.description,
      b.series || '-' || lpad(b.number::text, greatest(6, length(b.number::text)), '0') as "billNumber",
      b.service_from as "serviceAt", l.billed_quantity as quantity, l.unit, l.net_minor as "netMinor",
      coalesce(l.tax_code, 'none') as "taxCode", l.tax_rate as "taxRate", l.tax_minor as "taxMinor", l.total_minor as "totalMinor",
      b.account_id as "accountId", coalesce(nullif(a.settings ->> 'department', ''), a.name) as department,
      v.plate, c.label as driver, l.stay_id as "stayId", l.session_id as "sessionId"
    from bill b
    join bill_line l on l.organization_id = b.organization_id and l.bill_id = b.bill_id
    join account a on a.organization_id = b.organization_id and a.account_id = b.account_id
    left join charging_session s on s.organization_id = b.organization_id and s.session_id = l.session_id
    left join stay y on y.organization_id = b.organization_id and y.stay_id = coalesce(l.stay_id, b.stay_id)
    left join vehicle v on v.organization_id = b.organization_id and v.vehicle_id = coalesce(s.vehicle_id, y.vehicle_id)
    left join credential c on c.organization_id = b.organization_id
      and c.credential_id = coalesce(s.credential_id, y.credential_id)
    where b.organization_id = ${organizationId} and ${which}
      and not exists (select from invoice_line i where i.organization_id = b.organization_id and i.bill_id = b.bill_id)
    order by b.service_from, b.series, b.number, l.line`.execute(db)
  return rows
}

/** From a day on; what adjusts a bill of before that is on no invoice stays with it. */
export function collectable(
  db: Db,
  of: { organizationId: string; accountId: string; currency: string; from: Date; before: Date },
): Promise<Collected[]> {
  return collect(
    db,
    of.organizationId,
    sql`b.owed_by = 'payer' and b.currency = ${of.currency} and b.issued_at >= ${of.from} and b.issued_at < ${of.before}
      and not exists (select from bill f where f.organization_id = b.organization_id and f.subject_key = b.subject_key
        and f.account_id = b.account_id and f.issued_at < ${of.from}
        having count(*) > 0 and not bool_or(exists (select from invoice_line i
          where i.organization_id = f.organization_id and i.bill_id = f.bill_id)))
      and b.subject_key not like 'invoice:%' and (b.account_id = ${of.accountId} or (a.parent_account_id = ${of.accountId}
        and not exists (select from account_terms t where t.organization_id = a.organization_id
          and t.account_id = a.account_id and t.archived_at is null)))`,
  )
}

export function linesOfBillToInvoice(db: Db, organizationId: string, billId: string): Promise<Collected[]> {
  return collect(db, organizationId, sql`b.bill_id = ${billId}`)
}

export interface NewInvoice extends Omit<Invoice, 'number' | 'openMinor' | 'writtenOffMinor' | 'lineCount'> {
  organizationId: string
  series: string
  count: number
}

export async function insertInvoice(trx: Db, invoice: NewInvoice, lines: readonly Collected[]): Promise<void> {
  const { organizationId, invoiceId } = invoice
  await trx
    .insertInto('invoice')
    .values({
      organization_id: organizationId,
      site_id: invoice.siteId,
      invoice_id: invoiceId,
      series: invoice.series,
      number: invoice.count,
      kind: invoice.kind,
      account_id: invoice.accountId,
      corrects_invoice_id: invoice.correctsInvoiceId,
      currency: invoice.currency,
      from_date: invoice.fromDate,
      to_date: invoice.toDate,
      net_minor: invoice.netMinor,
      tax_minor: invoice.taxMinor,
      total_minor: invoice.totalMinor,
      line_count: lines.length,
      due_on: invoice.dueOn,
      business_date: invoice.businessDate,
      issued_at: invoice.issuedAt,
      issued_by: invoice.issuedBy,
      approved_by: invoice.approvedBy,
      reason: invoice.reason,
      content: jsonText(invoice.content),
    })
    .execute()
  const rows = jsonText(lines.map((line, i) => ({ ...line, line: i + 1 })))
  await sql`insert into invoice_line (organization_id, site_id, invoice_id, line, bill_id, bill_line, bill_number, kind, description,
      service_at, quantity, unit, net_minor, tax_code, tax_rate, tax_minor, total_minor, account_id, department, plate, driver,
      stay_id, session_id)
    select ${organizationId}, r."siteId", ${invoiceId}, r.line, r."billId", r."billLine", r."billNumber", r.kind, r.description,
      r."serviceAt", r.quantity, r.unit, r."netMinor", r."taxCode", r."taxRate", r."taxMinor", r."totalMinor", r."accountId",
      r.department, r.plate, r.driver, r."stayId", r."sessionId"
    from json_to_recordset(${rows}::json) as r("siteId" uuid, line int, "billId" uuid, "billLine" int, "billNumber" text, kind text,
      description text, "serviceAt" timestamptz, quantity numeric, unit text, "netMinor" bigint, "taxCode" text, "taxRate" numeric,
      "taxMinor" bigint, "totalMinor" bigint, "accountId" uuid, department text, plate text, driver text, "stayId" uuid,
      "sessionId" uuid)`.execute(trx)
}

export async function linesOfInvoice(db: Db, organizationId: string, invoiceId: string): Promise<InvoiceLine[]> {
  const { rows } = await sql<InvoiceLine>`
    select line, site_id as "siteId", bill_id as "billId", bill_line as "billLine", bill_number as "billNumber", kind, description,
      service_at as "serviceAt", quantity, unit, net_minor as "netMinor", tax_code as "taxCode", tax_rate as "taxRate",
      tax_minor as "taxMinor", total_minor as "totalMinor", account_id as "accountId", department, plate, driver,
      stay_id as "stayId", session_id as "sessionId"
    from invoice_line where organization_id = ${organizationId} and invoice_id = ${invoiceId} order by line`.execute(db)
  return rows
}

export interface Settlement {
  settlementId: string
  siteId: string
  invoiceId: string
  kind: 'payment' | 'refund' | 'credit' | 'write_off' | 'deposit'
  /** Positive lowers what is open; negative uses up a credit. */
  amountMinor: number
  paymentId: string | null
  otherInvoiceId: string | null
  reason: string | null
  approvedBy: string | null
  at: Date
  actor: string
}

export async function insertSettlements(trx: Db, organizationId: string, rows: readonly Settlement[]): Promise<void> {
  if (rows.length === 0) return
  await trx
    .insertInto('invoice_settlement')
    .values(
      rows.map((row) => ({
        organization_id: organizationId,
        site_id: row.siteId,
        settlement_id: row.settlementId,
        invoice_id: row.invoiceId,
        kind: row.kind,
        amount_minor: row.amountMinor,
        payment_id: row.paymentId,
        other_invoice_id: row.otherInvoiceId,
        reason: row.reason,
        approved_by: row.approvedBy,
        at: row.at,
        actor: row.actor,
      })),
    )
    .execute()
}

export async function settlementsOf(db: Db, organizationId: string, invoiceId: string): Promise<Settlement[]> {
  const { rows } = await sql<Settlement>`
    select settlement_id as "settlementId", site_id as "siteId", invoice_id as "invoiceId", kind, amount_minor as "amountMinor",
      payment_id as "paymentId", other_invoice_id as "otherInvoiceId", reason, approved_by as "approvedBy", at, actor
    from invoice_settlement where organization_id = ${organizationId} and invoice_id = ${invoiceId}
    order by at, settlement_id`.execute(db)
  return rows
}

/** What of an invoice is open in each site's books. */
export async function openBySite(
  db: Db,
  organizationId: string,
  invoiceId: string,
): Promise<{ siteId: string; openMinor: number }[]> {
  const { rows } = await sql<{ siteId: string; openMinor: number }>`
    select site_id as "siteId", sum(amount)::bigint as "openMinor" from (
      select site_id, total_minor as amount from invoice_line
      where organization_id = ${organizationId} and invoice_id = ${invoiceId}
      union all
      select site_id, -amount_minor from invoice_settlement
      where organization_id = ${organizationId} and invoice_id = ${invoiceId}) as moves
    group by site_id having sum(amount) <> 0 order by site_id`.execute(db)
  return rows
}

/** Of an account's invoices those that are open, the oldest first. */
export async function openInvoices(
  db: Db,
  of: { organizationId: string; accountId: string; currency: string },
): Promise<{ invoiceId: string; siteId: string; openMinor: number; correctsInvoiceId: string | null }[]> {
  const { rows } = await sql<{
    invoiceId: string
    siteId: string
    openMinor: number
    correctsInvoiceId: string | null
  }>`
    select * from (
      select t.invoice_id as "invoiceId", t.site_id as "siteId", ${sql.raw(open)}::bigint as "openMinor",
        t.corrects_invoice_id as "correctsInvoiceId", t.issued_at, t.invoice_id
      from invoice t
      where t.organization_id = ${of.organizationId} and t.account_id = ${of.accountId} and t.currency = ${of.currency}) as i
    where i."openMinor" <> 0 order by i.issued_at, i.invoice_id`.execute(db)
  return rows
}

/** Money that came for what is on the account's invoices (also for sessions that their stays bill), by another way than the invoice, and is on none of them yet. */
export async function straightPayments(
  db: Db,
  of: { organizationId: string; accountId: string; currency: string },
): Promise<{ paymentId: string; siteId: string; kind: 'captured' | 'refunded'; amountMinor: number }[]> {
  const { rows } = await sql<{ paymentId: string; siteId: string; kind: 'captured' | 'refunded'; amountMinor: number }>`
    select p.payment_id as "paymentId", p.site_id as "siteId", p.kind, p.amount_minor as "amountMinor"
    from payment p
    where p.organization_id = ${of.organizationId} and p.currency = ${of.currency} and p.kind <> 'failed' and p.amount_minor > 0
      and p.subject_key in (with billed as (select distinct b.subject_key from invoice v
          join invoice_line l on l.organization_id = v.organization_id and l.invoice_id = v.invoice_id
          join bill b on b.organization_id = l.organization_id and b.bill_id = l.bill_id
          where v.organization_id = ${of.organizationId} and v.account_id = ${of.accountId})
        select subject_key from billed
        union all
        select 'session:' || x.session_id from billed join link x on x.organization_id = ${of.organizationId}
          and x.state = 'linked' and x.stay_id = case when billed.subject_key like 'stay:%' then substr(billed.subject_key, 6)::uuid end)
      and not exists (select from invoice_settlement s where s.organization_id = p.organization_id and s.payment_id = p.payment_id)
      and not exists (select from payment_elsewhere w where w.organization_id = p.organization_id and w.payment_id = p.payment_id)
    order by p.at, p.payment_id`.execute(db)
  return rows
}

/** True when it was not noted before. */
export async function noteOverdue(
  trx: Db,
  of: { organizationId: string; siteId: string; invoiceId: string },
  at: Date,
): Promise<boolean> {
  const row = await trx
    .insertInto('invoice_notice')
    .values({ organization_id: of.organizationId, site_id: of.siteId, invoice_id: of.invoiceId, kind: 'overdue', at })
    .onConflict((conflict) => conflict.doNothing())
    .returning('invoice_id')
    .executeTakeFirst()
  return row !== undefined
}

export interface Movement {
  at: Date
  kind: Invoice['kind'] | Exclude<Settlement['kind'], 'credit'>
  /** Of the invoice. */
  number: string
  invoiceId: string
  amountMinor: number
}

/** Invoices and what settled them, but for credits set off against invoices, which move nothing. */
export async function movementsOf(
  db: Db,
  of: { organizationId: string; accountId: string; currency: string; from: Date; to: Date },
): Promise<{ openingMinor: number; movements: Movement[] }> {
  const { rows } = await sql<Movement & { earlier: boolean }>`
    select m.at, m.kind, m.number, m."invoiceId", m.amount::bigint as "amountMinor", m.at < ${of.from} as earlier from (
      select t.issued_at as at, t.kind, ${sql.raw(invoices.fields.number)} as number, t.invoice_id as "invoiceId",
        t.total_minor as amount
      from invoice t where t.organization_id = ${of.organizationId} and t.account_id = ${of.accountId} and t.currency = ${of.currency}
      union all
      select s.at, s.kind, ${sql.raw(invoices.fields.number)}, t.invoice_id, -s.amount_minor
      from invoice t
      join invoice_settlement s on s.organization_id = t.organization_id and s.invoice_id = t.invoice_id and s.kind <> 'credit'
      where t.organization_id = ${of.organizationId} and t.account_id = ${of.accountId} and t.currency = ${of.currency}) as m
    where m.at < ${of.to} order by m.at, m.number, m.kind`.execute(db)
  const opening = rows.filter((row) => row.earlier).reduce((sum, row) => sum + row.amountMinor, 0)
  return { openingMinor: opening, movements: rows.filter((row) => !row.earlier).map(({ earlier: _, ...row }) => row) }
}
