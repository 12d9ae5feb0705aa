// Owns taking in a partner's charge detail records: each once, tied to its session, priced anew, with its differences named.
// Must not change a record that came before; other content under the same id waits for a person.
import { createHash } from 'node:crypto'
import { differenceWords, type Finding, type Judgement, judgeCdr } from '../../domain/cdr/explain-difference.ts'
import { type Cdr, readCdr } from '../../domain/cdr/read-cdr.ts'
import { Decimal } from '../../domain/money.ts'
import { type Edition, editions, type OcpiRules } from '../../domain/tariff-exchange/ocpi-shape.ts'
import { appendAudit } from '../../store/audit.ts'
import { appendEvents } from '../../store/event-log.ts'
import {
  bodyOfCdr,
  cdrOfSession,
  cdrsNamed,
  type FoundSession,
  type Partner,
  type PartnerCdr,
  partnerCdrs,
  partners,
  sessionsOfCdr,
} from '../../store/partners.ts'
import { sites } from '../../store/places.ts'
import { type Db, getRecord, insertRecord, updateRecord } from '../../store/record-table.ts'
import { versionsAt } from '../../store/tariffs.ts'
import type { BillingDeps } from '../billing/billing-deps.ts'
import { refusable } from '../manage/manage-record.ts'
import { type Access, type FieldProblem, invalid, notFound, type Outcome, ok } from '../manage/outcome.ts'
import { readCdrRows } from './cdr-rows.ts'
import { ocpiEngine } from './manage-partners.ts'

type Deps = Pick<BillingDeps, 'db' | 'clock' | 'newId' | 'engine'>

export interface CdrImport {
  /** One record, or many. */
  cdrs?: unknown
  csv?: string
  /** Left out: the partner's. */
  edition?: string
}

export interface CdrImportResult {
  index: number
  externalId: string | null
  status: 'stored' | 'duplicate' | 'conflict' | 'rejected'
  cdrId: string | null
  state: string | null
  classes: string[]
  problems: FieldProblem[]
}

const mostCdrs = 1_000

export function importCdrs(deps: Deps) {
  return (access: Access, partnerId: string, input: CdrImport): Promise<Outcome<{ items: CdrImportResult[] }>> =>
    refusable(deps, async (trx) => {
      // Locked: two imports of the same record are one after the other.
      const partner = await getRecord(trx, partners, access, partnerId, 'lock')
      if (partner === undefined) return notFound
      const edition = editions.find((each) => each === (input.edition ?? partner.edition))
      if (edition === undefined) return invalid('/edition', `must be one of ${editions.join(', ')}`)
      const given = recordsOf(input, partner)
      if (given.kind === 'invalid') return given
      const items: CdrImportResult[] = []
      for (const [index, body] of given.cdrs.entries()) {
        items.push({ index, ...(await takeIn(deps, trx, access, partner, given.edition ?? edition, body)) })
      }
      return ok({ items })
    })
}

function recordsOf(
  { cdrs, csv }: CdrImport,
  partner: Partner,
): { kind: 'records'; cdrs: readonly unknown[]; edition?: Edition } | { kind: 'invalid'; problems: FieldProblem[] } {
  const wrong = (pointer: string, message: string) => ({ kind: 'invalid' as const, problems: [{ pointer, message }] })
  if ((cdrs === undefined) === (csv === undefined)) return wrong('/cdrs', 'give either cdrs or csv')
  if (csv !== undefined) {
    const rows = readCdrRows(csv, partner.csvMapping, partner.currency)
    return rows.kind === 'invalid' ? rows : { kind: 'records', cdrs: rows.cdrs, edition: '2.2.1' }
  }
  const list = Array.isArray(cdrs) ? cdrs : [cdrs]
  if (list.length === 0 || list.length > mostCdrs) return wrong('/cdrs', `must be 1 to ${mostCdrs} records`)
  return { kind: 'records', cdrs: list }
}

type Taken = Omit<CdrImportResult, 'index'>

async function takeIn(
  deps: Deps,
  trx: Db,
  access: Access,
  partner: Partner,
  edition: Edition,
  body: unknown,
): Promise<Taken> {
  const read = readCdr(body, edition)
  if (read.kind === 'invalid') {
    const named =
      typeof body === 'object' && body !== null && 'id' in body && typeof body.id === 'string' ? body.id : null
    return {
      externalId: named?.slice(0, 39) ?? null,
      status: 'rejected',
      cdrId: null,
      state: null,
      classes: [],
      problems: read.problems.slice(0, 20),
    }
  }
  const { cdr } = read
  const contentHash = createHash('sha256').update(canonical(body)).digest('hex')
  const earlier = await cdrsNamed(trx, access.organizationId, partner.partnerId, cdr.externalId)
  const same = earlier.find((each) => each.contentHash === contentHash)
  const answer = (status: Taken['status'], cdrId: string, state: string, classes: string[]): Taken => ({
    externalId: cdr.externalId,
    status,
    cdrId,
    state,
    classes,
    problems: [],
  })
  if (same !== undefined) return answer('duplicate', same.cdrId, same.state, [])
  const cdrId = deps.newId()
  const now = deps.clock.now()
  const conflict = earlier.some(({ state }) => state === 'agreed' || state === 'differs')
  const judged = await judge(deps, trx, access, partner, cdr, cdrId)
  const state = conflict ? 'conflict' : judged.judgement.agreed ? 'agreed' : 'differs'
  await insertRecord(trx, partnerCdrs, {
    organization_id: access.organizationId,
    cdr_id: cdrId,
    partner_id: partner.partnerId,
    external_id: cdr.externalId,
    content_hash: contentHash,
    edition,
    body,
    credit: cdr.credit,
    credit_reference: cdr.creditReference,
    started_at: cdr.startedAt,
    ended_at: cdr.endedAt,
    energy_wh: cdr.energyWh,
    currency: cdr.currency,
    ...judged.amounts,
    ...judgedColumns(judged),
    state,
    received_at: now,
    received_by: access.actor,
    created_at: now,
    updated_at: now,
  })
  if (conflict) {
    await appendEvents(trx, [
      {
        id: deps.newId(),
        type: 'partner_cdr.conflict',
        organizationId: access.organizationId,
        siteId: judged.siteId,
        subject: { type: 'partner_cdr', id: cdrId },
        occurredAt: now,
        recordedAt: now,
        data: { cdrId, partnerId: partner.partnerId, externalId: cdr.externalId },
      },
    ])
  }
  const classes = judged.judgement.findings.map((finding) => finding.class)
  return answer(conflict ? 'conflict' : 'stored', cdrId, state, classes)
}

interface Judged {
  siteId: string
  session: FoundSession | null
  words: string
  judgement: Judgement
  amounts: { net_minor: number; tax_minor: number; total_minor: number }
}

function judgedColumns({ siteId, session, words, judgement }: Judged): Record<string, unknown> {
  return {
    site_id: siteId,
    session_id: session?.sessionId ?? null,
    match_method: session?.method ?? null,
    match_words: words,
    repriced: judgement.repriced,
    findings: judgement.findings,
  }
}

async function judge(
  deps: Pick<Deps, 'engine'>,
  trx: Db,
  access: Access,
  partner: Partner,
  cdr: Cdr,
  cdrId: string,
): Promise<Judged> {
  const { organizationId } = access
  const { session, words } = await findSession(trx, access, cdr)
  const site = await getRecord(trx, sites, { organizationId, siteIds: null }, session?.siteId ?? partner.siteId)
  const zone = site?.timeZone ?? 'UTC'
  const taxMinor =
    cdr.grossMinor === null
      ? new Decimal(cdr.netMinor)
          .times(partner.tax.percent)
          .div(100)
          .toDecimalPlaces(0, Decimal.ROUND_HALF_UP)
          .toNumber()
      : cdr.grossMinor - cdr.netMinor
  const rules = await agreedRules(trx, organizationId, partner, cdr)
  const engine = deps.engine(ocpiEngine)
  const more: Finding[] = []
  const finding = (name: 'no_session' | 'same_session'): Finding => ({
    class: name,
    words: differenceWords[name],
    amountMinor: 0,
  })
  // Of a partner's own chargers we need not have a session.
  if (session === null && partner.direction === 'owes_us' && !cdr.credit) more.push(finding('no_session'))
  if (session !== null && !cdr.credit) {
    const of = { partnerId: partner.partnerId, sessionId: session.sessionId, except: cdrId }
    if (await cdrOfSession(trx, organizationId, of)) more.push(finding('same_session'))
  }
  const judgement: Judgement =
    rules === null || engine === null
      ? {
          repriced: null,
          findings: [
            {
              class: 'unpriceable',
              words: `${differenceWords.unpriceable} ${engine === null ? 'The OCPI tariff engine is not running.' : 'No tariff is agreed, and the record brings none.'}`,
              amountMinor: 0,
            },
          ],
          agreed: false,
        }
      : judgeCdr(
          cdr,
          {
            rules,
            zone,
            currency: partner.currency,
            toleranceMinor: partner.toleranceMinor,
            meteredWh: session?.energyWh ?? null,
          },
          (given, priced, at) =>
            engine.quote({
              scope: 'charging',
              rules: given,
              currency: partner.currency,
              zone: at,
              groups: [],
              stay: null,
              session: priced,
            }),
        )
  return {
    siteId: session?.siteId ?? partner.siteId,
    session,
    words,
    judgement: {
      ...judgement,
      findings: [...judgement.findings, ...more],
      agreed: judgement.agreed && more.length === 0,
    },
    amounts: { net_minor: cdr.netMinor, tax_minor: taxMinor, total_minor: cdr.netMinor + taxMinor },
  }
}

const matchSlackMs = 15 * 60_000
/** Two sessions this close to a record's start cannot be told apart by time. */
const apartSeconds = 30

async function findSession(
  trx: Db,
  access: Access,
  cdr: Cdr,
): Promise<{ session: FoundSession | null; words: string }> {
  if (cdr.credit) return { session: null, words: 'A credit belongs to the record that it takes back.' }
  const references = [cdr.authorizationReference, cdr.sessionRef].filter((one) => one !== null)
  const found = await sessionsOfCdr(trx, access.organizationId, {
    references,
    evseNames: cdr.evseNames,
    tokens: cdr.tokens,
    startedAt: cdr.startedAt,
    endedAt: cdr.endedAt,
    slackMs: matchSlackMs,
  })
  const [first, second] = found.filter(({ siteId }) => access.siteIds === null || access.siteIds.includes(siteId))
  if (first === undefined)
    return { session: null, words: 'Nothing of ours is at its EVSE or under its token at its time.' }
  if (first.method === 'reference') return { session: first, words: 'It names our session.' }
  if (second?.method === first.method && second.offSeconds - first.offSeconds < apartSeconds) {
    return { session: null, words: 'More than one session of ours fits.' }
  }
  const by = first.method === 'evse_time' ? 'at its EVSE' : 'under its token'
  return { session: first, words: `Ours ${by} began ${first.offSeconds} seconds apart.` }
}

/** The agreed tariff as it was when the session began; without one, what the record brings along. */
async function agreedRules(trx: Db, organizationId: string, partner: Partner, cdr: Cdr): Promise<OcpiRules | null> {
  if (partner.tariffId !== null) {
    const version = (await versionsAt(trx, organizationId, [partner.tariffId], cdr.startedAt)).get(partner.tariffId)
    return version === undefined ? null : (version.rules as OcpiRules)
  }
  const [tariff, ...alternatives] = cdr.tariffs
  if (tariff === undefined) return null
  const tax = partner.tax.percent === '0' ? {} : { tax: partner.tax }
  return { edition: cdr.edition, tariff, ...(alternatives.length > 0 ? { alternatives } : {}), ...tax }
}

/** The same content whatever the order of its fields. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  const fields = Object.entries(value).filter(([, each]) => each !== undefined)
  return `{${fields
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, each]) => `${JSON.stringify(name)}:${canonical(each)}`)
    .join(',')}}`
}

/** Which of two contents under one id counts. What was stated stands; a credit is the way to change it. */
export function resolveConflict(deps: Deps) {
  return (access: Access, cdrId: string, input: { use: 'new' | 'old'; reason: string }): Promise<Outcome<PartnerCdr>> =>
    refusable(deps, async (trx) => {
      const seen = await getRecord(trx, partnerCdrs, access, cdrId)
      if (seen === undefined) return notFound
      const partner = await getRecord(trx, partners, access, seen.partnerId, 'lock')
      const record = await getRecord(trx, partnerCdrs, access, cdrId, 'lock')
      if (partner === undefined || record === undefined) return notFound
      if (record.state !== 'conflict') return { kind: 'conflict', message: 'It is not in conflict.' }
      const now = deps.clock.now()
      if (input.use === 'new') {
        const known = await cdrsNamed(trx, access.organizationId, partner.partnerId, record.externalId)
        const counts = known.find(({ state }) => state === 'agreed' || state === 'differs')
        if (counts !== undefined) {
          const old = await getRecord(trx, partnerCdrs, access, counts.cdrId, 'lock')
          if (old?.statementId != null) return { kind: 'conflict', message: 'The earlier one stands on a statement.' }
          if (old?.disputed) return { kind: 'conflict', message: 'The earlier one is disputed.' }
          await updateRecord(trx, partnerCdrs, access.organizationId, counts.cdrId, {
            state: 'replaced',
            updated_at: now,
          })
        }
        const read = readCdr(await bodyOfCdr(trx, access.organizationId, cdrId), record.edition)
        if (read.kind === 'invalid') return { kind: 'invalid', problems: read.problems }
        const judged = await judge(deps, trx, access, partner, read.cdr, cdrId)
        await updateRecord(trx, partnerCdrs, access.organizationId, cdrId, {
          ...judgedColumns(judged),
          state: judged.judgement.agreed ? 'agreed' : 'differs',
          updated_at: now,
        })
      } else {
        await updateRecord(trx, partnerCdrs, access.organizationId, cdrId, { state: 'replaced', updated_at: now })
      }
      const after = await getRecord(trx, partnerCdrs, access, cdrId)
      if (after === undefined) return notFound
      await appendAudit(trx, access.organizationId, {
        auditId: deps.newId(),
        siteId: after.siteId,
        at: now,
        actor: access.actor,
        action: `partner_cdr.resolved_${input.use}`,
        subjectType: 'partner_cdr',
        subjectId: cdrId,
        before: record,
        after: { ...after, reason: input.reason },
        requestId: access.requestId,
      })
      return ok(after)
    })
}
