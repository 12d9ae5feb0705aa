// Owns statements: drawn up for a month, numbered and posted when sent, then agreed and paid. One draft for each party.
// Must not change what was sent; what was wrong stands as a correction on the next.
import { accounts, billNumber, type Posting, taxPayable } from '../../domain/bill/index.ts'
import { businessClock, businessDate, startOfBusinessDate } from '../../domain/business-day.ts'
import { Decimal, minor } from '../../domain/money.ts'
import { appendAudit } from '../../store/audit.ts'
import { nextBillNumber } from '../../store/bills.ts'
import { appendEvents } from '../../store/event-log.ts'
import { appendEntry } from '../../store/journal.ts'
import { billedOfSession, type Partner, partnerCdrs, partners } from '../../store/partners.ts'
import { sites } from '../../store/places.ts'
import { type Db, getRecord, insertRecord, updateRecord } from '../../store/record-table.ts'
import { markStated, revenueAgreements, unstatedShares } from '../../store/revenue-shares.ts'
import {
  discardStatement as discard,
  openCdrs,
  openCorrections,
  putOnStatement,
  type Statement,
  type StatementLine,
  statements,
} from '../../store/settlement-statements.ts'
import { refusable } from '../manage/manage-record.ts'
import { type Access, invalid, notFound, type Outcome, ok } from '../manage/outcome.ts'
import type { ServiceDeps } from '../service-deps.ts'

type Deps = Pick<ServiceDeps, 'db' | 'clock' | 'newId'>

/** `2026-03` → `2026-04-01`. */
function dayAfter(month: string): string {
  const [year = 0, number = 1] = month.split('-').map(Number)
  return number === 12 ? `${year + 1}-01-01` : `${year}-${String(number + 1).padStart(2, '0')}-01`
}

export function draftPartnerStatement(deps: Deps) {
  return (access: Access, partnerId: string, { month }: { month: string }): Promise<Outcome<Statement>> =>
    refusable(deps, async (trx) => {
      const { organizationId } = access
      const partner = await getRecord(trx, partners, access, partnerId, 'lock')
      const site = partner && (await getRecord(trx, sites, access, partner.siteId))
      if (partner === undefined || site === undefined) return notFound
      const clock = businessClock(site.timeZone, site.settings)
      const until = startOfBusinessDate(dayAfter(month), clock)
      if (until > deps.clock.now()) return invalid('/month', 'is not over')
      const found = await openCdrs(trx, organizationId, partnerId, until)
      const corrections = await openCorrections(trx, organizationId, partnerId)
      const line =
        (kind: 'cdr' | 'correction') =>
        (one: (typeof found)[number]): StatementLine => ({
          kind,
          id: kind === 'cdr' ? one.cdrId : (one.disputeId ?? one.cdrId),
          siteId: one.siteId,
          text: one.externalId,
          date: businessDate(one.endedAt, clock),
          energyWh: one.energyWh,
          netMinor: one.netMinor,
          taxMinor: one.taxMinor,
          totalMinor: one.totalMinor,
          words: one.settlement ?? '',
        })
      const lines = [...found.map(line('cdr')), ...corrections.map(line('correction'))]
      const draft = await insertDraft(deps, trx, access, {
        siteId: partner.siteId,
        partyKind: 'partner',
        partyId: partnerId,
        series: `S/${partner.code}`,
        month,
        currency: partner.currency,
        lines,
      })
      const disputeIds = [...found, ...corrections].flatMap(({ disputeId }) => disputeId ?? [])
      await putOnStatement(trx, organizationId, draft.statementId, {
        cdrIds: found.map(({ cdrId }) => cdrId),
        disputeIds,
      })
      return ok(draft)
    })
}

export function draftOwnerStatement(deps: Deps) {
  return (access: Access, agreementId: string, { month }: { month: string }): Promise<Outcome<Statement>> =>
    refusable(deps, async (trx) => {
      const agreement = await getRecord(trx, revenueAgreements, access, agreementId, 'lock')
      const site = agreement && (await getRecord(trx, sites, access, agreement.siteId))
      if (agreement === undefined || site === undefined) return notFound
      const { siteId } = agreement
      const { currency } = site
      const until = dayAfter(month)
      const shares = await unstatedShares(trx, access.organizationId, { agreementId, currency, until })
      const lines = shares.map(
        ({ shareId, date, amountMinor, lines }): StatementLine => ({
          kind: 'share',
          id: shareId,
          siteId,
          text: agreement.name,
          date,
          taxMinor: 0,
          energyWh: 0,
          netMinor: amountMinor,
          totalMinor: amountMinor,
          words: lines.map(({ words }) => words).join('; '),
        }),
      )
      const draft = await insertDraft(deps, trx, access, {
        siteId,
        partyKind: 'agreement',
        partyId: agreementId,
        series: `O/${agreementId.slice(-8)}`,
        month,
        currency,
        lines,
      })
      const ids = shares.map(({ shareId }) => shareId)
      await markStated(trx, { organizationId: access.organizationId, siteId }, draft.statementId, ids)
      return ok(draft)
    })
}

async function insertDraft(
  deps: Deps,
  trx: Db,
  access: Access,
  draft: Pick<Statement, 'siteId' | 'partyKind' | 'partyId' | 'series' | 'month' | 'currency' | 'lines'>,
): Promise<Statement> {
  const now = deps.clock.now()
  const sum = (name: 'netMinor' | 'taxMinor' | 'totalMinor') =>
    draft.lines.reduce((total, line) => total + line[name], 0)
  const made = await insertRecord(trx, statements, {
    organization_id: access.organizationId,
    site_id: draft.siteId,
    statement_id: deps.newId(),
    party_kind: draft.partyKind,
    party_id: draft.partyId,
    series: draft.series,
    month: draft.month,
    currency: draft.currency,
    state: 'draft',
    lines: draft.lines,
    net_minor: sum('netMinor'),
    tax_minor: sum('taxMinor'),
    total_minor: sum('totalMinor'),
    created_at: now,
    updated_at: now,
  })
  await log(deps, trx, access, null, made, 'drafted')
  return made
}

export function discardStatement(deps: Deps) {
  return (access: Access, statementId: string): Promise<Outcome<null>> =>
    refusable<null>(deps, async (trx) => {
      const draft = await getRecord(trx, statements, access, statementId, 'lock')
      if (draft === undefined) return notFound
      if (draft.state !== 'draft')
        return { kind: 'conflict', message: 'It was sent; what is wrong is corrected by the next.' }
      await log(deps, trx, access, draft, draft, 'discarded')
      await discard(trx, access.organizationId, statementId)
      return ok(null)
    })
}

const next = { draft: 'sent', sent: 'agreed', agreed: 'paid', paid: null } as const

/** One step on: sent, agreed, paid. */
export function moveStatement(deps: Deps) {
  return (
    access: Access,
    statementId: string,
    input: { state: 'sent' | 'agreed' | 'paid' },
  ): Promise<Outcome<Statement>> =>
    refusable(deps, async (trx) => {
      const { organizationId } = access
      const before = await getRecord(trx, statements, access, statementId, 'lock')
      if (before === undefined) return notFound
      if (next[before.state] !== input.state) {
        return {
          kind: 'conflict',
          message: `It is ${before.state}; it cannot become ${input.state}.`,
          pointer: '/state',
        }
      }
      const now = deps.clock.now()
      const number = input.state === 'sent' ? await nextBillNumber(trx, organizationId, before.series) : null
      const after = await updateRecord(trx, statements, organizationId, statementId, {
        state: input.state,
        [`${input.state}_at`]: now,
        updated_at: now,
        ...(number === null ? {} : { number }),
      })
      const called = number === null ? (after.number ?? '') : billNumber(after.series, number)
      const partner =
        after.partyKind === 'partner'
          ? await getRecord(trx, partners, { organizationId, siteIds: null }, after.partyId)
          : undefined
      if (input.state === 'sent' && partner !== undefined) await postLines(deps, trx, access, partner, after, called)
      if (input.state === 'paid') await postPaid(deps, trx, access, partner, after, called)
      await log(deps, trx, access, before, after, input.state)
      const { siteId, partyKind, partyId, month, state, totalMinor, currency } = after
      await appendEvents(trx, [
        {
          id: deps.newId(),
          type: 'settlement_statement.changed',
          organizationId,
          siteId,
          subject: { type: 'settlement_statement', id: statementId },
          occurredAt: now,
          recordedAt: now,
          data: { statementId, partyKind, partyId, month, number: called, state, totalMinor, currency },
        },
      ])
      return ok(after)
    })
}

/** Each record is posted once in the books of its site, whatever becomes of the statement. */
async function postLines(
  deps: Deps,
  trx: Db,
  access: Access,
  partner: Partner,
  statement: Statement,
  number: string,
): Promise<void> {
  for (const line of statement.lines) {
    const cdr =
      line.kind === 'cdr' ? await getRecord(trx, partnerCdrs, { ...access, siteIds: null }, line.id) : undefined
    const billed = cdr?.sessionId == null ? 0 : await billedOfSession(trx, access.organizationId, cdr.sessionId)
    const description = `${partner.name}, ${line.text}, statement ${number}`
    const source = line.kind === 'cdr' ? ('partner_cdr' as const) : ('cdr_dispute' as const)
    await post(deps, trx, access, {
      siteId: line.siteId,
      source,
      sourceId: line.id,
      description,
      currency: statement.currency,
      factDate: line.date,
      postings: partnerPostings(partner, line, billed !== 0),
    })
  }
}

/** What a partner owes or is owed for one line. What our own bill has already is no revenue a second time. */
export function partnerPostings(
  { direction, role, commissionPercent, tax }: Pick<Partner, 'direction' | 'role' | 'commissionPercent' | 'tax'>,
  { netMinor, taxMinor, totalMinor }: Pick<StatementLine, 'netMinor' | 'taxMinor' | 'totalMinor'>,
  billed: boolean,
): Posting[] {
  if (direction === 'we_owe') {
    const cost = role === 'principal' ? accounts.partnerShare : accounts.energy
    return [
      ...moved(cost, accounts.partnerPayable, netMinor),
      ...moved(taxPayable(tax.code), accounts.partnerPayable, taxMinor),
    ]
  }
  if (billed) return moved(accounts.partnerReceivable, accounts.receivable, totalMinor)
  const own =
    role === 'principal'
      ? netMinor
      : new Decimal(netMinor).times(commissionPercent).div(100).toDecimalPlaces(0, Decimal.ROUND_HALF_UP).toNumber()
  return [
    ...moved(accounts.partnerReceivable, accounts.energy, own),
    ...moved(accounts.partnerReceivable, accounts.ownerPayable, netMinor - own),
    ...moved(accounts.partnerReceivable, taxPayable(tax.code), taxMinor),
  ]
}

async function postPaid(
  deps: Deps,
  trx: Db,
  access: Access,
  partner: Partner | undefined,
  statement: Statement,
  number: string,
): Promise<void> {
  const agreement =
    partner === undefined
      ? await getRecord(trx, revenueAgreements, { ...access, siteIds: null }, statement.partyId)
      : undefined
  const owed = agreement?.party === 'owner' ? accounts.ownerPayable : accounts.partnerPayable
  const postings =
    partner?.direction === 'owes_us'
      ? moved(accounts.bank, accounts.partnerReceivable, statement.totalMinor)
      : moved(owed, accounts.bank, statement.totalMinor)
  await post(deps, trx, access, {
    siteId: statement.siteId,
    source: 'settlement_statement',
    sourceId: statement.statementId,
    description: `Statement ${number}, paid`,
    currency: statement.currency,
    factDate: null,
    postings,
  })
}

async function post(
  deps: Deps,
  trx: Db,
  access: Access,
  entry: {
    siteId: string
    source: 'partner_cdr' | 'cdr_dispute' | 'settlement_statement'
    sourceId: string
    description: string
    currency: string
    factDate: string | null
    postings: Posting[]
  },
): Promise<void> {
  const { organizationId } = access
  const site = await getRecord(trx, sites, { organizationId, siteIds: null }, entry.siteId)
  if (site === undefined) throw new Error(`site ${entry.siteId} is gone`)
  const now = deps.clock.now()
  const today = businessDate(now, businessClock(site.timeZone, site.settings))
  await appendEntry(
    trx,
    {
      organizationId,
      siteId: entry.siteId,
      entryId: deps.newId(),
      sourceType: entry.source,
      sourceId: entry.sourceId,
      description: entry.description,
      businessDate: today,
      factDate: entry.factDate ?? today,
      corrects: null,
      postedAt: now,
      currency: entry.currency,
      billId: null,
    },
    entry.postings,
  )
}

function moved(debit: string, credit: string, amount: number): Posting[] {
  if (amount === 0) return []
  const [from, to] = amount > 0 ? [debit, credit] : [credit, debit]
  return [{ debit: from, credit: to, amountMinor: minor(Math.abs(amount)), line: null }]
}

async function log(deps: Deps, trx: Db, access: Access, before: Statement | null, after: Statement, action: string) {
  await appendAudit(trx, access.organizationId, {
    auditId: deps.newId(),
    siteId: after.siteId,
    at: deps.clock.now(),
    actor: access.actor,
    action: `settlement_statement.${action}`,
    subjectType: 'settlement_statement',
    subjectId: after.statementId,
    before,
    after,
    requestId: access.requestId,
  })
}
