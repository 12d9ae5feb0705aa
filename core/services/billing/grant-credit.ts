// Owns granting money back on a bill: who may, up to how much, with which reason; the adjustment follows by itself.
// Must not post a line: `bill.evaluate` does, so that late facts and grants never undo each other.
import {
  type BillCredit,
  type BillLine,
  billingSettings,
  type CreditScope,
  creditable,
  isCreditLine,
  outstandingLines,
  type SubjectKey,
} from '../../domain/bill/index.ts'
import { minor } from '../../domain/money.ts'
import type { LineKind } from '../../domain/price.ts'
import { appendAudit } from '../../store/audit.ts'
import { billCredits, type CreditRecord, creditsFor, insertCredit } from '../../store/bill-credits.ts'
import { readBillingSite } from '../../store/billing-facts.ts'
import { lockSubjects } from '../../store/billing-subjects.ts'
import { type Bill, billedLines, bills, subjectsWithSessions } from '../../store/bills.ts'
import { disputedPart } from '../../store/disputes.ts'
import { addJobs } from '../../store/event-log.ts'
import { type Db, getRecord } from '../../store/record-table.ts'
import { refusable } from '../manage/manage-record.ts'
import { type Access, invalid, notFound, type Outcome, ok, type Refusal } from '../manage/outcome.ts'
import type { ServiceDeps } from '../service-deps.ts'

export interface CreditInput {
  kind: 'goodwill' | 'correction'
  /** Number of the line on the bill; left out, all of it. */
  line?: number
  /** With tax. Left out: all that stands. */
  amountMinor?: number
  reason: string
}

/** What a bill or a line of it is about, and the most that can still be given back of it. */
export interface Creditable {
  bill: Bill
  part: CreditScope & { subjectKey: SubjectKey }
  mostMinor: number
  /** Above this, another person than who asked has to decide; null: never. */
  approvalLimitMinor: number | null
}

/** Takes the subject's lock, so that what is found holds until the transaction ends. */
export async function findCreditable(
  trx: Db,
  access: Access,
  of: { billId: string; line: number | null },
  now: Date,
): Promise<Creditable | Refusal> {
  const { organizationId } = access
  const bill = await getRecord(trx, bills, access, of.billId)
  if (bill === undefined) return notFound
  const found = await disputedPart(trx, { organizationId, ...of })
  if (found === undefined) return invalid('/line', 'the bill has no such line')
  const part = { ...found, subjectKey: found.subjectKey as SubjectKey, lineKind: found.lineKind as LineKind | null }
  // A session may have moved to the bills of another subject since.
  const moved = part.sessionId === null ? [] : [part.sessionId]
  const keys = [part.subjectKey, ...(await subjectsWithSessions(trx, organizationId, moved, part.subjectKey))]
  await lockSubjects(trx, { organizationId, siteId: bill.siteId }, keys, now)
  const charges: BillLine[] = []
  for (const key of keys) {
    const standing = outstandingLines(await billedLines(trx, organizationId, key)).values()
    charges.push(...[...standing].filter((line) => !isCreditLine(line)))
  }
  const sessionIds = [...new Set(charges.flatMap((line) => line.sessionId ?? []))]
  const granted = await creditsFor(trx, { organizationId, subjectKey: part.subjectKey, sessionIds })
  const site = await readBillingSite(trx, organizationId, bill.siteId)
  return {
    bill,
    part,
    mostMinor: creditable(charges, granted, part, bill.currency),
    approvalLimitMinor: billingSettings(site?.settings, site?.code ?? '').approvalLimitMinor,
  }
}

export function amountProblem(amountMinor: number, mostMinor: number): Refusal | null {
  if (mostMinor <= 0) return { kind: 'conflict', message: 'Nothing stands on the bills that could be given back.' }
  return amountMinor > mostMinor ? invalid('/amountMinor', `must be at most ${mostMinor}: what still stands`) : null
}

/** Grants at once what one person may grant alone; what is above the limit goes by way of a dispute. */
export function grantCredit(
  deps: ServiceDeps,
): (access: Access, billId: string, input: CreditInput) => Promise<Outcome<CreditRecord>> {
  return (access, billId, input) =>
    refusable(deps, async (trx) => {
      const now = deps.clock.now()
      const found = await findCreditable(trx, access, { billId, line: input.line ?? null }, now)
      if ('kind' in found) return found
      const amountMinor = input.amountMinor ?? found.mostMinor
      const problem = amountProblem(amountMinor, found.mostMinor)
      if (problem) return problem
      const limit = found.approvalLimitMinor
      if (limit !== null && amountMinor > limit) {
        const message = `Above ${limit} another person has to approve: open a dispute on the bill instead.`
        return { kind: 'conflict', message, pointer: '/amountMinor' }
      }
      const credit = { kind: input.kind, amountMinor, reason: input.reason, requestedBy: access.actor, disputeId: null }
      const creditId = await writeCredit(deps, trx, access, found, credit, now)
      const record = await getRecord(trx, billCredits, access, creditId)
      if (record === undefined) throw new Error('a credit that was just written is not there')
      return ok(record)
    })
}

/** Writes the grant and has its bill looked at. */
export async function writeCredit(
  deps: Pick<ServiceDeps, 'newId'>,
  trx: Db,
  access: Access,
  { bill, part }: Pick<Creditable, 'bill' | 'part'>,
  credit: Pick<BillCredit, 'kind' | 'reason'> & { amountMinor: number; requestedBy: string; disputeId: string | null },
  now: Date,
): Promise<string> {
  const { organizationId } = access
  const creditId = deps.newId()
  const row = {
    ...credit,
    organizationId,
    siteId: bill.siteId,
    creditId,
    billId: bill.billId,
    ...part,
    amountMinor: minor(credit.amountMinor),
    currency: bill.currency,
    approvedBy: access.actor,
    approvedAt: now,
  }
  await insertCredit(trx, row)
  await appendAudit(trx, organizationId, {
    auditId: deps.newId(),
    siteId: bill.siteId,
    at: now,
    actor: access.actor,
    action: 'bill_credit.granted',
    subjectType: 'bill',
    subjectId: bill.billId,
    before: null,
    after: { ...row, approvedAt: now.toISOString() },
    requestId: access.requestId,
  })
  await addJobs(trx, evaluations(organizationId, bill.siteId, part))
  return creditId
}

/** A session may have moved to another subject since: its own evaluation tells its stay. */
function evaluations(organizationId: string, siteId: string, part: Creditable['part']) {
  const keys = new Set<string>([part.subjectKey, ...(part.sessionId === null ? [] : [`session:${part.sessionId}`])])
  return [...keys].map((subjectKey) => {
    const name = `bill:${subjectKey}`
    return { task: 'bill.evaluate', payload: { organizationId, siteId, subjectKey }, key: name, queue: name }
  })
}
