// Owns the rows of bills and their lines: what stands, what is added, how they are listed. Rows are only ever added.
// Must not compute an amount.

import { type Kysely, sql } from 'kysely'
import {
  type AccountSubjectKey,
  type BillBasis,
  type BillingModel,
  type BillLine,
  billNumber,
  type Receipt,
  type RoundingPolicy,
  type SubjectKey,
} from '../domain/bill/index.ts'
import type { Minor } from '../domain/money.ts'
import { minor } from '../domain/money.ts'
import type { LineKind } from '../domain/price.ts'
import { jsonText } from './json-text.ts'
import { all, before, chosenBy, from, is, type ListQuery, recordTable, type Sight } from './record-table.ts'
import { type RevenueSide, revenueSide } from './revenue-side.ts'
import type { HubTables } from './schema.ts'
import { withoutWaiting } from './transaction.ts'

type Db = Kysely<HubTables>

/** Everything that a bill can be for. */
export type BillKey = SubjectKey | AccountSubjectKey

/** Lines of a subject in the order in which they were posted. */
export async function billedLines(db: Db, organizationId: string, subjectKey: BillKey): Promise<BillLine[]> {
  const rows = await db
    .selectFrom('bill_line as l')
    .innerJoin('bill as b', (on) =>
      on.onRef('b.organization_id', '=', 'l.organization_id').onRef('b.bill_id', '=', 'l.bill_id'),
    )
    .selectAll('l')
    .where('b.organization_id', '=', organizationId)
    .where('b.subject_key', '=', subjectKey)
    .orderBy('b.sequence')
    .orderBy('l.line')
    .execute()
  return rows.map((row) => ({
    key: row.line_key,
    kind: row.kind as LineKind,
    description: row.description,
    stayId: row.stay_id,
    sessionId: row.session_id,
    tariffId: row.tariff_id,
    tariffVersion: row.tariff_version,
    rulePath: row.rule_path,
    quantity: row.quantity,
    billedQuantity: row.billed_quantity,
    unit: row.unit,
    unitPrice: row.unit_price,
    per: row.per_quantity,
    taxIncluded: row.tax_included,
    netMinor: minor(row.net_minor),
    taxCode: row.tax_code ?? 'none',
    taxRate: row.tax_rate,
    taxMinor: minor(row.tax_minor),
    totalMinor: minor(row.total_minor),
    rounding: row.rounding,
    explanation: row.explanation as string[],
    addedBy: row.added_by,
  }))
}

/** The printed number of the bill behind this alias, as billNumber and seriesOf of core/domain/bill write it. */
export const billNumberSql = (alias: string): string =>
  `coalesce(${alias}.number_text, ${alias}.series || '-' || lpad(${alias}.number::text, greatest(6, length(${alias}.number::text)), '0'))`

export interface IssuedBill {
  billId: string
  number: string
  sequence: number
  issuedAt: Date
  /** Who was billed. */
  accountId: string | null
  currency: string
  rounding: RoundingPolicy
  basis: BillBasis
  serviceFrom: Date
  serviceTo: Date
}

/** Bills of a subject, the first one first. */
export async function issuedBills(db: Db, organizationId: string, subjectKey: BillKey): Promise<IssuedBill[]> {
  const rows = await db
    .selectFrom('bill')
    .select(['bill_id', 'series', 'number', 'number_text', 'sequence', 'issued_at', 'currency', 'rounding', 'basis'])
    .select(['service_from', 'service_to', 'account_id'])
    .where('organization_id', '=', organizationId)
    .where('subject_key', '=', subjectKey)
    .orderBy('sequence')
    .execute()
  return rows.map((row) => ({
    billId: row.bill_id,
    number: row.number_text ?? billNumber(row.series, row.number),
    sequence: row.sequence,
    issuedAt: row.issued_at,
    accountId: row.account_id,
    currency: row.currency,
    rounding: row.rounding as RoundingPolicy,
    basis: row.basis as BillBasis,
    serviceFrom: row.service_from,
    serviceTo: row.service_to,
  }))
}

/** An array, and not a join: each is found by its key, whatever the planner thinks of tables that have just grown. */
const billsWith = (organizationId: string, sessionIds: readonly string[]) => sql`any(array(
  select l.bill_id from bill_line l
  where l.organization_id = ${organizationId} and l.session_id is not null and l.session_id = any(${sessionIds}::uuid[])))`

/** What these sessions were priced by on bills of any subject, the latest bill first. */
export async function basesOfSessions(
  db: Db,
  organizationId: string,
  sessionIds: readonly string[],
): Promise<BillBasis[]> {
  if (sessionIds.length === 0) return []
  const { rows } = await sql<{ basis: BillBasis }>`
    select b.basis from bill b
    where b.organization_id = ${organizationId} and b.bill_id = ${billsWith(organizationId, sessionIds)}
    order by b.issued_at desc, b.bill_id desc`.execute(db)
  return rows.map((row) => row.basis)
}

/** Subjects, other than the given one, on whose bills there are lines of these sessions. */
export async function subjectsWithSessions(
  db: Db,
  organizationId: string,
  sessionIds: readonly string[],
  except: SubjectKey,
): Promise<SubjectKey[]> {
  if (sessionIds.length === 0) return []
  const { rows } = await sql<{ subject_key: SubjectKey }>`
    select distinct b.subject_key from bill b
    where b.organization_id = ${organizationId} and b.bill_id = ${billsWith(organizationId, sessionIds)} and b.subject_key <> ${except}
    order by b.subject_key`.execute(db)
  return rows.map((row) => row.subject_key)
}

/**
 * The next number of a legal series. The series' row stays locked until the transaction ends and goes back with it, so that
 * numbers have no gap.
 */
export async function nextBillNumber(trx: Db, organizationId: string, series: string): Promise<number> {
  const row = await trx
    .insertInto('bill_series')
    .values({ organization_id: organizationId, series, next_number: 2 })
    .onConflict((conflict) =>
      conflict
        .columns(['organization_id', 'series'])
        .doUpdateSet((set) => ({ next_number: sql<number>`${set.ref('bill_series.next_number')} + 1` })),
    )
    .returning('next_number')
    .executeTakeFirstOrThrow()
  return row.next_number - 1
}

export interface NewBill {
  organizationId: string
  siteId: string
  billId: string
  series: string
  number: number
  /** As it is printed. */
  numberText: string
  kind: 'bill' | 'adjustment'
  subjectKey: BillKey
  sequence: number
  adjustsBillId: string | null
  stayId: string | null
  sessionId: string | null
  accountId: string | null
  owedBy: 'payer' | 'parcs'
  currency: string
  netMinor: Minor
  taxMinor: Minor
  totalMinor: Minor
  reason: string | null
  serviceFrom: Date
  serviceTo: Date
  issuedAt: Date
  issuedBy: string
  /** Local day of the site on which it was issued. */
  businessDate: string
  rounding: RoundingPolicy
  basis: BillBasis
  receipt: unknown
}

/** Lines are numbered from 1 in the order given. Not waited for: the commit is. */
export async function insertBill(trx: Db, bill: NewBill, lines: readonly BillLine[]): Promise<void> {
  const stored = trx.insertInto('bill').values({
    organization_id: bill.organizationId,
    site_id: bill.siteId,
    bill_id: bill.billId,
    series: bill.series,
    number: bill.number,
    number_text: bill.numberText,
    kind: bill.kind,
    subject_key: bill.subjectKey,
    sequence: bill.sequence,
    adjusts_bill_id: bill.adjustsBillId,
    stay_id: bill.stayId,
    session_id: bill.sessionId,
    account_id: bill.accountId,
    owed_by: bill.owedBy,
    currency: bill.currency,
    net_minor: bill.netMinor,
    tax_minor: bill.taxMinor,
    total_minor: bill.totalMinor,
    reason: bill.reason,
    service_from: bill.serviceFrom,
    service_to: bill.serviceTo,
    issued_at: bill.issuedAt,
    issued_by: bill.issuedBy,
    business_date: bill.businessDate,
    rounding: jsonText(bill.rounding),
    basis: jsonText(bill.basis),
    receipt: jsonText(bill.receipt),
  })
  await withoutWaiting(trx, stored)
  await addLines(trx, bill, lines)
}

async function addLines(trx: Db, bill: NewBill, lines: readonly BillLine[]): Promise<void> {
  if (lines.length === 0) return
  const stored = trx.insertInto('bill_line').values(
    lines.map((line, i) => ({
      organization_id: bill.organizationId,
      site_id: bill.siteId,
      bill_id: bill.billId,
      line: i + 1,
      line_key: line.key,
      kind: line.kind,
      description: line.description,
      stay_id: line.stayId,
      session_id: line.sessionId,
      tariff_id: line.tariffId,
      tariff_version: line.tariffVersion,
      rule_path: line.rulePath,
      quantity: line.quantity,
      billed_quantity: line.billedQuantity,
      unit: line.unit,
      unit_price: line.unitPrice,
      per_quantity: line.per,
      tax_included: line.taxIncluded,
      net_minor: line.netMinor,
      tax_code: line.taxCode,
      tax_rate: line.taxRate,
      tax_minor: line.taxMinor,
      total_minor: line.totalMinor,
      rounding: line.rounding,
      explanation: jsonText(line.explanation),
      added_by: line.addedBy,
    })),
  )
  await withoutWaiting(trx, stored)
}

export interface Bill {
  billId: string
  siteId: string
  number: string
  kind: 'bill' | 'adjustment'
  subjectKey: string
  sequence: number
  adjustsBillId: string | null
  stayId: string | null
  sessionId: string | null
  accountId: string | null
  /** `parcs`: the parking system bills the driver, and its operator owes this. */
  owedBy: 'payer' | 'parcs'
  /** Who bills what, as it was decided for it. */
  billingModel: BillingModel
  currency: string
  parkingNetMinor: number
  chargingNetMinor: number
  /** Of lines that are neither: credits and memberships. */
  otherNetMinor: number
  netMinor: number
  taxMinor: number
  totalMinor: number
  reason: string | null
  serviceFrom: Date
  serviceTo: Date
  issuedAt: Date
  issuedBy: string
}

// As core/domain/bill billNumber writes it.
const numberText = billNumberSql('t')

const netOf = (side: RevenueSide) => `(select coalesce(sum(l.net_minor), 0)::bigint from bill_line l
  where l.organization_id = t.organization_id and l.bill_id = t.bill_id and ${revenueSide} = '${side}')`

export const bills = recordTable<Bill>()('bill', {
  type: 'bill',
  id: 'bill_id',
  columns: {
    billId: 'bill_id',
    siteId: 'site_id',
    kind: 'kind',
    subjectKey: 'subject_key',
    sequence: 'sequence',
    adjustsBillId: 'adjusts_bill_id',
    stayId: 'stay_id',
    sessionId: 'session_id',
    accountId: 'account_id',
    owedBy: 'owed_by',
    currency: 'currency',
    netMinor: 'net_minor',
    taxMinor: 'tax_minor',
    totalMinor: 'total_minor',
    reason: 'reason',
    serviceFrom: 'service_from',
    serviceTo: 'service_to',
    issuedAt: 'issued_at',
    issuedBy: 'issued_by',
  },
  expressions: {
    number: numberText,
    parkingNetMinor: netOf('parking'),
    chargingNetMinor: netOf('charging'),
    otherNetMinor: netOf('other'),
    billingModel: `coalesce(t.basis #>> '{billing,model}', 'hub')`,
  },
  reach: 'site',
  sorts: {
    issuedAt: [
      { expression: 't.issued_at', type: 'timestamptz' },
      { expression: 't.bill_id', type: 'uuid' },
    ],
  },
  defaultSort: '-issuedAt',
  filters: {
    siteId: is('site_id'),
    kind: is('kind'),
    number: (part: string) => sql<boolean>`position(upper(${part}::text) in upper(${sql.raw(numberText)})) > 0`,
    accountId: is('account_id'),
    stayId: is('stay_id'),
    subjectKey: is('subject_key'),
    owedBy: is('owed_by'),
    // Also when it was billed with a stay.
    sessionId: (id: string) => sql<boolean>`t.bill_id in (select l.bill_id from bill_line l
      where l.organization_id = t.organization_id and l.session_id = ${id})`,
    from: from('t.issued_at'),
    to: before('t.issued_at'),
  },
})

export interface BillTotal
  extends Pick<
    Bill,
    'currency' | 'parkingNetMinor' | 'chargingNetMinor' | 'otherNetMinor' | 'netMinor' | 'taxMinor' | 'totalMinor'
  > {
  bills: number
  adjustments: number
}

/** What the bills of a list's filter add up to, by currency. */
export async function totalsOfBills(db: Db, sight: Sight, query: ListQuery): Promise<BillTotal[]> {
  const { rows } = await sql<BillTotal>`
    with chosen as (
      select t.organization_id, t.bill_id, t.currency, t.kind, t.net_minor, t.tax_minor, t.total_minor
      from bill t where ${all(chosenBy(bills, sight, query))}),
    sides as (
      select c.currency,
        coalesce(sum(l.net_minor) filter (where ${sql.raw(revenueSide)} = 'parking'), 0)::bigint as parking,
        coalesce(sum(l.net_minor) filter (where ${sql.raw(revenueSide)} = 'charging'), 0)::bigint as charging,
        coalesce(sum(l.net_minor) filter (where ${sql.raw(revenueSide)} = 'other'), 0)::bigint as other
      from chosen c
      join bill_line l on l.organization_id = c.organization_id and l.bill_id = c.bill_id
      group by c.currency),
    sums as (
      select currency, (count(*) filter (where kind = 'bill'))::int as bills,
        (count(*) filter (where kind = 'adjustment'))::int as adjustments,
        sum(net_minor)::bigint as net, sum(tax_minor)::bigint as tax, sum(total_minor)::bigint as total
      from chosen group by currency)
    select a.currency, a.bills, a.adjustments, coalesce(s.parking, 0) as "parkingNetMinor",
      coalesce(s.charging, 0) as "chargingNetMinor", coalesce(s.other, 0) as "otherNetMinor",
      a.net as "netMinor", a.tax as "taxMinor", a.total as "totalMinor"
    from sums a left join sides s on s.currency = a.currency order by a.currency`.execute(db)
  return rows
}

export interface BillLineRecord {
  line: number
  lineKey: string
  kind: string
  description: string
  stayId: string | null
  sessionId: string | null
  tariffId: string | null
  tariffVersion: number | null
  rulePath: string | null
  quantity: string
  billedQuantity: string
  unit: string
  unitPrice: string
  /** The unit price is for this many units. */
  perQuantity: string
  taxIncluded: boolean
  netMinor: number
  taxCode: string | null
  taxRate: string
  taxMinor: number
  totalMinor: number
  rounding: string
  explanation: string[]
  addedBy: string | null
}

export async function linesOfBill(db: Db, organizationId: string, billId: string): Promise<BillLineRecord[]> {
  const rows = await db
    .selectFrom('bill_line')
    .selectAll()
    .where('organization_id', '=', organizationId)
    .where('bill_id', '=', billId)
    .orderBy('line')
    .execute()
  return rows.map((row) => ({
    line: row.line,
    lineKey: row.line_key,
    kind: row.kind,
    description: row.description,
    stayId: row.stay_id,
    sessionId: row.session_id,
    tariffId: row.tariff_id,
    tariffVersion: row.tariff_version,
    rulePath: row.rule_path,
    quantity: row.quantity,
    billedQuantity: row.billed_quantity,
    unit: row.unit,
    unitPrice: row.unit_price,
    perQuantity: row.per_quantity,
    taxIncluded: row.tax_included,
    netMinor: row.net_minor,
    taxCode: row.tax_code,
    taxRate: row.tax_rate,
    taxMinor: row.tax_minor,
    totalMinor: row.total_minor,
    rounding: row.rounding,
    explanation: row.explanation as string[],
    addedBy: row.added_by,
  }))
}

export interface ToldReceipt {
  receipt: Receipt
  subjectKey: string
  /** In which language and forms whoever was billed wants it; null: never said. */
  accountLocale: string | null
}

export async function receiptOfBill(db: Db, organizationId: string, billId: string): Promise<ToldReceipt | undefined> {
  const row = await db
    .selectFrom('bill as b')
    .leftJoin('account as a', (on) =>
      on.onRef('a.organization_id', '=', 'b.organization_id').onRef('a.account_id', '=', 'b.account_id'),
    )
    .select(['b.receipt', 'b.subject_key', sql<string | null>`a.settings ->> 'locale'`.as('locale')])
    .where('b.organization_id', '=', organizationId)
    .where('b.bill_id', '=', billId)
    .executeTakeFirst()
  return row && { receipt: row.receipt as Receipt, subjectKey: row.subject_key, accountLocale: row.locale }
}
