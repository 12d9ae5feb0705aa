// Owns partners, the charge detail records that came from them, disputes about these, and how a record's session is found.
// Must not price, and must not decide what a record is worth.
import { sql } from 'kysely'
import type { Finding, Repriced } from '../domain/cdr/explain-difference.ts'
import type { Edition } from '../domain/tariff-exchange/ocpi-shape.ts'
import { type Stamped, stampColumns } from './places.ts'
import { before, type Db, from, is, recordTable } from './record-table.ts'

export interface CsvMapping {
  /** By field of ours the title of the partner's column. */
  columns: Readonly<Record<string, string>>
  decimalComma?: boolean
}

export interface Partner extends Stamped {
  partnerId: string
  siteId: string
  code: string
  name: string
  countryCode: string | null
  partyId: string | null
  direction: 'owes_us' | 'we_owe'
  role: 'principal' | 'agent'
  commissionPercent: string
  currency: string
  tax: { code: string; percent: string }
  toleranceMinor: number
  edition: Edition
  tariffId: string | null
  csvMapping: CsvMapping | null
  address: string[]
}

export const partners = recordTable<Partner>()('partner', {
  type: 'partner',
  id: 'partner_id',
  columns: {
    partnerId: 'partner_id',
    siteId: 'site_id',
    code: 'code',
    name: 'name',
    countryCode: 'country_code',
    partyId: 'party_id',
    direction: 'direction',
    role: 'role',
    currency: 'currency',
    tax: 'tax',
    toleranceMinor: 'tolerance_minor',
    edition: 'edition',
    tariffId: 'tariff_id',
    csvMapping: 'csv_mapping',
    address: 'address',
    commissionPercent: 'commission_percent',
    ...stampColumns,
  },
  json: ['tax', 'csv_mapping', 'address'],
  reach: 'site',
  archives: true,
  search: ['code', 'name'],
  sorts: {
    code: [
      { expression: 't.code', type: 'text' },
      { expression: 't.partner_id', type: 'uuid' },
    ],
  },
  filters: { siteId: is('site_id'), direction: is('direction') },
})

export interface PartnerCdr {
  cdrId: string
  siteId: string
  partnerId: string
  externalId: string
  edition: Edition
  credit: boolean
  creditReference: string | null
  startedAt: Date
  endedAt: Date
  energyWh: number
  currency: string
  netMinor: number
  taxMinor: number
  totalMinor: number
  sessionId: string | null
  matchMethod: 'reference' | 'evse_time' | 'token_time' | null
  matchWords: string
  repriced: Repriced | null
  findings: Finding[]
  state: 'agreed' | 'differs' | 'conflict' | 'replaced'
  statementId: string | null
  disputed: boolean
  receivedAt: Date
  version: number
  createdAt: Date
  updatedAt: Date
}

export const partnerCdrs = recordTable<PartnerCdr>()('partner_cdr', {
  type: 'partner_cdr',
  id: 'cdr_id',
  columns: {
    cdrId: 'cdr_id',
    siteId: 'site_id',
    partnerId: 'partner_id',
    externalId: 'external_id',
    edition: 'edition',
    credit: 'credit',
    creditReference: 'credit_reference',
    startedAt: 'started_at',
    endedAt: 'ended_at',
    energyWh: 'energy_wh',
    currency: 'currency',
    netMinor: 'net_minor',
    taxMinor: 'tax_minor',
    totalMinor: 'total_minor',
    sessionId: 'session_id',
    matchMethod: 'match_method',
    matchWords: 'match_words',
    repriced: 'repriced',
    findings: 'findings',
    state: 'state',
    statementId: 'statement_id',
    receivedAt: 'received_at',
    version: 'version',
    createdAt: 'created_at',
    updatedAt: 'updated_at',
  },
  expressions: {
    disputed: `exists (select from cdr_dispute d where d.organization_id = t.organization_id and d.cdr_id = t.cdr_id
      and d.state <> 'settled')`,
  },
  json: ['body', 'repriced', 'findings'],
  reach: 'site',
  sorts: {
    endedAt: [
      { expression: 't.ended_at', type: 'timestamptz' },
      { expression: 't.cdr_id', type: 'uuid' },
    ],
  },
  defaultSort: '-endedAt',
  filters: {
    partnerId: is('partner_id'),
    siteId: is('site_id'),
    state: is('state'),
    externalId: is('external_id'),
    sessionId: is('session_id'),
    statementId: is('statement_id'),
    class: (name: string) => sql<boolean>`t.findings @> jsonb_build_array(jsonb_build_object('class', ${name}::text))`,
    from: from('t.ended_at'),
    to: before('t.ended_at'),
  },
})

export interface CdrDispute {
  disputeId: string
  siteId: string
  cdrId: string
  partnerId: string
  state: 'open' | 'answered' | 'settled'
  reason: string
  expectedMinor: number
  answer: string | null
  settledNetMinor: number | null
  settledTaxMinor: number | null
  settlement: string | null
  statementId: string | null
  openedBy: string
  answeredAt: Date | null
  settledAt: Date | null
  version: number
  createdAt: Date
  updatedAt: Date
}

export const cdrDisputes = recordTable<CdrDispute>()('cdr_dispute', {
  type: 'cdr_dispute',
  id: 'dispute_id',
  columns: {
    disputeId: 'dispute_id',
    siteId: 'site_id',
    cdrId: 'cdr_id',
    partnerId: 'partner_id',
    state: 'state',
    reason: 'reason',
    expectedMinor: 'expected_minor',
    answer: 'answer',
    settledNetMinor: 'settled_net_minor',
    settledTaxMinor: 'settled_tax_minor',
    settlement: 'settlement',
    statementId: 'statement_id',
    openedBy: 'opened_by',
    answeredAt: 'answered_at',
    settledAt: 'settled_at',
    version: 'version',
    createdAt: 'created_at',
    updatedAt: 'updated_at',
  },
  reach: 'site',
  sorts: {
    createdAt: [
      { expression: 't.created_at', type: 'timestamptz' },
      { expression: 't.dispute_id', type: 'uuid' },
    ],
  },
  defaultSort: '-createdAt',
  filters: { siteId: is('site_id'), partnerId: is('partner_id'), cdrId: is('cdr_id'), state: is('state') },
})

export interface KnownCdr {
  cdrId: string
  contentHash: string
  state: string
  statementId: string | null
}

/** What came under this id before, whatever became of it. */
export async function cdrsNamed(
  db: Db,
  organizationId: string,
  partnerId: string,
  externalId: string,
): Promise<KnownCdr[]> {
  const { rows } = await sql<KnownCdr>`
    select cdr_id as "cdrId", content_hash as "contentHash", state, statement_id as "statementId" from partner_cdr
    where organization_id = ${organizationId} and partner_id = ${partnerId} and external_id = ${externalId}
    order by created_at, cdr_id`.execute(db)
  return rows
}

export interface FoundSession {
  sessionId: string
  siteId: string
  zone: string
  energyWh: number
  method: 'reference' | 'evse_time' | 'token_time'
  offSeconds: number
}

export interface SessionSearch {
  references: readonly string[]
  evseNames: readonly string[]
  tokens: readonly string[]
  startedAt: Date
  endedAt: Date
  slackMs: number
}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

/** Sessions that a record may be about: named by it, else at its EVSE or under its token at about its time; the closest first. */
export async function sessionsOfCdr(db: Db, organizationId: string, search: SessionSearch): Promise<FoundSession[]> {
  const { startedAt, endedAt, slackMs, evseNames, tokens } = search
  const ids = search.references.filter((one) => uuid.test(one))
  const early = new Date(startedAt.getTime() - slackMs)
  const late = new Date(startedAt.getTime() + slackMs)
  const { rows } = await sql<FoundSession>`
    select * from (
      select c.session_id as "sessionId", c.site_id as "siteId", s.time_zone as zone, c.energy_wh as "energyWh",
        case when c.session_id = any(${ids}::uuid[]) then 'reference'
          when ${evseNames}::text[] && array[t.code, t.code || '*' || c.evse_number, e.code, e.evse_id::text] then 'evse_time'
          when c.id_token = any(${tokens}::text[]) then 'token_time' end as method,
        abs(extract(epoch from c.started_at - ${startedAt}::timestamptz))::bigint as "offSeconds"
      from charging_session c
      join site s on s.organization_id = c.organization_id and s.site_id = c.site_id
      join station t on t.organization_id = c.organization_id and t.station_id = c.station_id
      left join evse e on e.organization_id = c.organization_id and e.station_id = c.station_id and e.number = c.evse_number
      where c.organization_id = ${organizationId} and c.state <> 'void'
        and (c.session_id = any(${ids}::uuid[]) or (c.started_at between ${early} and ${late} and c.started_at <= ${endedAt}))
    ) found where method is not null
    order by case method when 'reference' then 1 when 'evse_time' then 2 else 3 end, "offSeconds", "sessionId" limit 3`.execute(
    db,
  )
  return rows
}

/** Another record of the partner that counts for this session. */
export async function cdrOfSession(
  db: Db,
  organizationId: string,
  { partnerId, sessionId, except }: { partnerId: string; sessionId: string; except: string },
): Promise<boolean> {
  const { rows } = await sql<{ found: boolean }>`
    select exists (select from partner_cdr where organization_id = ${organizationId} and partner_id = ${partnerId}
      and session_id = ${sessionId} and not credit and state in ('agreed', 'differs') and cdr_id <> ${except}) as found`.execute(
    db,
  )
  return rows[0]?.found ?? false
}

/** What our own bills have of a session, adjustments and all. */
export async function billedOfSession(db: Db, organizationId: string, sessionId: string): Promise<number> {
  const { rows } = await sql<{ total: number }>`
    select coalesce(sum(total_minor), 0)::bigint as total from bill_line
    where organization_id = ${organizationId} and session_id = ${sessionId}`.execute(db)
  return rows[0]?.total ?? 0
}

/** As it came. */
export async function bodyOfCdr(db: Db, organizationId: string, cdrId: string): Promise<unknown> {
  const row = await db
    .selectFrom('partner_cdr')
    .select('body')
    .where('organization_id', '=', organizationId)
    .where('cdr_id', '=', cdrId)
    .executeTakeFirst()
  return row?.body
}
