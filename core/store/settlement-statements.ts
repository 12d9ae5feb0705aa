// Owns settlement statements and what stands on them: records of partners, settled disputes, shares of takings.
// Must not decide what belongs on one; core/services/partners does.
import { sql } from 'kysely'
import { type Db, is, recordTable } from './record-table.ts'

export interface StatementLine {
  kind: 'cdr' | 'correction' | 'share'
  /** The record, the dispute or the share. */
  id: string
  /** In the books of which site. */
  siteId: string
  text: string
  date: string
  energyWh: number
  netMinor: number
  taxMinor: number
  totalMinor: number
  words: string
}

export interface Statement {
  statementId: string
  siteId: string
  partyKind: 'partner' | 'agreement'
  partyId: string
  series: string
  /** As people call it; null while it is a draft. */
  number: string | null
  month: string
  currency: string
  state: 'draft' | 'sent' | 'agreed' | 'paid'
  netMinor: number
  taxMinor: number
  totalMinor: number
  lines: StatementLine[]
  sentAt: Date | null
  agreedAt: Date | null
  paidAt: Date | null
  version: number
  createdAt: Date
  updatedAt: Date
}

export const statements = recordTable<Statement>()('settlement_statement', {
  type: 'settlement_statement',
  id: 'statement_id',
  columns: {
    statementId: 'statement_id',
    siteId: 'site_id',
    partyKind: 'party_kind',
    partyId: 'party_id',
    series: 'series',
    month: 'month',
    currency: 'currency',
    state: 'state',
    netMinor: 'net_minor',
    taxMinor: 'tax_minor',
    totalMinor: 'total_minor',
    lines: 'lines',
    sentAt: 'sent_at',
    agreedAt: 'agreed_at',
    paidAt: 'paid_at',
    version: 'version',
    createdAt: 'created_at',
    updatedAt: 'updated_at',
  },
  // As core/domain/bill billNumber writes it.
  expressions: { number: `t.series || '-' || lpad(t.number::text, greatest(6, length(t.number::text)), '0')` },
  json: ['lines'],
  reach: 'site',
  sorts: {
    month: [
      { expression: 't.month', type: 'text' },
      { expression: 't.statement_id', type: 'uuid' },
    ],
  },
  defaultSort: '-month',
  filters: {
    siteId: is('site_id'),
    partyId: is('party_id'),
    partyKind: is('party_kind'),
    state: is('state'),
    month: is('month'),
  },
})

export interface OpenCdr {
  cdrId: string
  disputeId: string | null
  siteId: string
  externalId: string
  endedAt: Date
  energyWh: number
  netMinor: number
  taxMinor: number
  totalMinor: number
  settlement: string | null
}

/** Records up to an instant that stand on no statement and are not argued about; settled ones with what was settled. */
export async function openCdrs(db: Db, organizationId: string, partnerId: string, until: Date): Promise<OpenCdr[]> {
  const { rows } = await sql<OpenCdr>`
    select c.cdr_id as "cdrId", d.dispute_id as "disputeId", c.site_id as "siteId", c.external_id as "externalId", c.ended_at as "endedAt",
      c.energy_wh as "energyWh", coalesce(d.settled_net_minor, c.net_minor) as "netMinor",
      coalesce(d.settled_tax_minor, c.tax_minor) as "taxMinor",
      coalesce(d.settled_net_minor + d.settled_tax_minor, c.total_minor) as "totalMinor", d.settlement
    from partner_cdr c
    left join lateral (select * from cdr_dispute d where d.organization_id = c.organization_id and d.cdr_id = c.cdr_id
      order by d.created_at desc limit 1) d on true
    where c.organization_id = ${organizationId} and c.partner_id = ${partnerId} and c.statement_id is null
      and c.state in ('agreed', 'differs') and c.ended_at < ${until} and (d.state is null or d.state = 'settled')
    order by c.ended_at, c.cdr_id`.execute(db)
  return rows
}

/** Disputes that were settled after their record had been stated: what they change of it. */
export async function openCorrections(db: Db, organizationId: string, partnerId: string): Promise<OpenCdr[]> {
  const { rows } = await sql<OpenCdr>`
    select c.cdr_id as "cdrId", d.dispute_id as "disputeId", c.site_id as "siteId", c.external_id as "externalId", c.ended_at as "endedAt",
      0 as "energyWh", d.settled_net_minor - b.net as "netMinor", d.settled_tax_minor - b.tax as "taxMinor",
      d.settled_net_minor + d.settled_tax_minor - b.net - b.tax as "totalMinor", d.settlement
    from cdr_dispute d
    join partner_cdr c on c.organization_id = d.organization_id and c.cdr_id = d.cdr_id
    cross join lateral (select coalesce(p.settled_net_minor, c.net_minor) as net, coalesce(p.settled_tax_minor, c.tax_minor) as tax
      from (select 1) one left join lateral (select * from cdr_dispute p where p.organization_id = d.organization_id
        and p.cdr_id = d.cdr_id and p.dispute_id <> d.dispute_id and p.settled_at < d.settled_at
        order by p.settled_at desc limit 1) p on true) b
    where d.organization_id = ${organizationId} and d.partner_id = ${partnerId} and d.state = 'settled'
      and d.statement_id is null and c.statement_id is not null
    order by d.settled_at, d.dispute_id`.execute(db)
  return rows
}

/** Puts records and disputes on a statement, or takes what stands on it off again. */
export async function putOnStatement(
  trx: Db,
  organizationId: string,
  statementId: string,
  { cdrIds, disputeIds }: { cdrIds: readonly string[]; disputeIds: readonly string[] },
): Promise<void> {
  await sql`update partner_cdr set statement_id = ${statementId}, version = version + 1
    where organization_id = ${organizationId} and cdr_id = any(${cdrIds}::uuid[])`.execute(trx)
  await sql`update cdr_dispute set statement_id = ${statementId}, version = version + 1
    where organization_id = ${organizationId} and dispute_id = any(${disputeIds}::uuid[])`.execute(trx)
}

export async function discardStatement(trx: Db, organizationId: string, statementId: string): Promise<void> {
  for (const table of ['partner_cdr', 'cdr_dispute'] as const) {
    await sql`update ${sql.table(table)} set statement_id = null, version = version + 1
      where organization_id = ${organizationId} and statement_id = ${statementId}`.execute(trx)
  }
  await sql`delete from settlement_statement
    where organization_id = ${organizationId} and statement_id = ${statementId} and state = 'draft'`.execute(trx)
}
