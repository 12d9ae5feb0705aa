// Owns bringing the bills of one subject in line with its facts: wait, issue, adjust, or find that all is as it should be.
// Must not remember anything between two runs: it may be run at any time, twice, or by two workers at once.
import {
  type BillingSettings,
  type BillLine,
  billingSettings,
  creditLines,
  diffLines,
  isCreditLine,
  outstandingLines,
  parkingPricedBy,
  readiness,
  reversalOf,
  type SubjectFacts,
  type SubjectKey,
  subjectOf,
  toBillLines,
  totalsOf,
} from '../../domain/bill/index.ts'
import { HubError } from '../../domain/hub-error.ts'
import type { PricedLine } from '../../domain/price.ts'
import { creditsFor } from '../../store/bill-credits.ts'
import { type BillingSite, readBillingSite, readSubjectFacts, readSubjectScope } from '../../store/billing-facts.ts'
import { lockSessions, lockSubjects, type SubjectState, setSubject } from '../../store/billing-subjects.ts'
import { basesOfSessions, billedLines, type IssuedBill, issuedBills, subjectsWithSessions } from '../../store/bills.ts'
import { addJobs } from '../../store/event-log.ts'
import { unpostedPayments } from '../../store/payments.ts'
import type { Db } from '../../store/record-table.ts'
import { freezeSessionTariff, readTariffPlan } from '../../store/tariffs.ts'
import { transaction } from '../../store/transaction.ts'
import { type AddedSource, type Answers, addedLines } from './added-lines.ts'
import { billedUnder, leaveToParcs, settingsUnder } from './billed-under.ts'
import type { BillingDeps } from './billing-deps.ts'
import { type BillSummary, issueBill } from './issue-bill.ts'
import { postPayment } from './post-payment.ts'
import { type PricedSubject, priceSubject } from './price-subject.ts'

export interface BillQuestion {
  organizationId: string
  siteId?: string | null
  subjectKey: string
}

export type BillOutcome =
  /** The subject's own bill, and those of subjects that gave a session up to it. */
  | { kind: 'issued'; bills: readonly BillSummary[] }
  | { kind: 'unchanged'; note: string | null }
  | { kind: 'waiting'; state: 'pending' | 'held'; reason: string; dueAt: Date | null }
  /** Nothing stored has this key, or it stands at no site. */
  | { kind: 'not_billable'; reason: string }

interface HookAnswers {
  /** The lines that the plugins were asked about; answers about others do not count. */
  about: string
  added: Answers
  settle: { kind: 'pass' } | { kind: 'hold'; until: Date; reason: string }
}

type Step =
  | { kind: 'done'; outcome: BillOutcome }
  /** Another run changed what this one is about. */
  | { kind: 'again' }
  /** Plugins are asked outside the transaction. */
  | { kind: 'ask'; question: HookQuestion }

interface HookQuestion extends Omit<AddedSource, 'answers'> {
  about: string
  siteId: string
  lines: readonly PricedLine[]
}

const mostSteps = 12

/** The task `bill.evaluate`. */
export function evaluateBill(deps: BillingDeps): (question: BillQuestion) => Promise<BillOutcome> {
  return async ({ organizationId, subjectKey }) => {
    if (subjectOf(subjectKey) === null) return { kind: 'not_billable', reason: 'There is no such subject.' }
    const key = subjectKey as SubjectKey
    let answers: HookAnswers | null = null
    for (let step = 0; step < mostSteps; step++) {
      const result: Step = await transaction(deps.db, (trx) => settle(deps, trx, organizationId, key, answers))
      if (result.kind === 'done') return result.outcome
      if (result.kind === 'ask') answers = await ask(deps, organizationId, result.question)
    }
    throw new HubError('billing_busy', `The facts of ${subjectKey} kept changing while it was billed.`, { status: 503 })
  }
}

async function settle(
  deps: BillingDeps,
  trx: Db,
  organizationId: string,
  key: SubjectKey,
  answers: HookAnswers | null,
): Promise<Step> {
  const now = deps.clock.now()
  const scope = await readSubjectScope(trx, organizationId, key)
  if (scope === null) return done({ kind: 'not_billable', reason: 'There is no such subject.' })
  const { siteId, sessionIds } = scope
  if (siteId === null) return done({ kind: 'not_billable', reason: 'Its station stands at no site.' })
  // Sessions first, then subjects, each in order: so two runs never wait for each other.
  // What is asked for side by side runs in its order (core/store/turn.ts): all that is read is read under the locks.
  const [, others] = await Promise.all([
    lockSessions(trx, organizationId, sessionIds),
    subjectsWithSessions(trx, organizationId, sessionIds, key),
  ])
  const [, facts, site, earlier, plan, unposted] = await Promise.all([
    lockSubjects(trx, { organizationId, siteId }, [key, ...others], now),
    readSubjectFacts(trx, organizationId, key),
    readBillingSite(trx, organizationId, siteId),
    issuedBills(trx, organizationId, key),
    readTariffPlan(trx, organizationId, siteId),
    unpostedPayments(trx, organizationId, key),
  ])
  if (facts === null || site === undefined) return done({ kind: 'not_billable', reason: 'There is no such subject.' })
  if (facts.sessions.map((session) => session.sessionId).join() !== sessionIds.join()) return { kind: 'again' }

  const place = { organizationId, siteId, subjectKey: key }
  const billing = await billedUnder(trx, { organizationId, siteId, facts }, earlier)
  const left =
    facts.stay !== null &&
    (await leaveToParcs(trx, { organizationId, siteId, stayId: facts.stay.stayId }, billing.model, now))
  const toPost = left ? await unpostedPayments(trx, organizationId, key) : unposted
  await Promise.all(toPost.map((paymentId) => postPayment({ ...deps, db: trx })({ organizationId, paymentId })))
  await tellItsStay(trx, organizationId, facts)

  const given = settingsUnder(billing.model, billingSettings(site.settings, site.code))
  const ownBases = earlier.map((bill) => bill.basis).reverse()
  const settings = { ...given, parkingPrice: parkingPricedBy(ownBases) ?? given.parkingPrice }
  const standing = outstandingLines(earlier.length === 0 ? [] : await billedLines(trx, organizationId, key))
  const billedSessions = new Set([...standing.values()].flatMap((line) => line.sessionId ?? []))
  const ready = readiness(facts, settings, now, { anything: standing.size > 0, sessionIds: billedSessions })
  const wait = async (state: 'pending' | 'held', reason: string, dueAt: Date | null): Promise<Step> => {
    await setSubject(trx, place, { state, reason, dueAt }, now)
    return done({ kind: 'waiting', state, reason, dueAt })
  }
  if (ready.kind === 'wait') return wait(ready.state, ready.reason, ready.dueAt)

  const wanted = {
    parking: ready.parking && settings.billParking,
    sessionIds: settings.billCharging ? ready.sessionIds : [],
  }
  const bases = [
    ...ownBases,
    ...(others.length === 0 ? [] : await basesOfSessions(trx, organizationId, wanted.sessionIds)),
  ]
  const [priced, credits] = await Promise.all([
    priceSubject(deps, trx, { organizationId, site, facts, wanted, earlier: bases, settings, now, plan }),
    creditsFor(trx, { ...place, sessionIds: wanted.sessionIds }),
  ])
  if (priced.kind === 'blocked') return wait('held', priced.reason, null)
  const price = { ...priced, basis: { ...priced.basis, billing } }
  const after: SubjectState =
    price.missing === null
      ? { state: 'settled', reason: ready.note, dueAt: ready.lookAgainAt }
      : { state: 'held', reason: price.missing, dueAt: ready.lookAgainAt }
  const work: Work = { deps, trx, place, site, settings, facts, standing, earlier, others, price, credits, wanted, now }
  const step = await settlePriced(work, ready.note, answers)
  if (step.kind === 'done' && step.outcome.kind !== 'waiting') await setSubject(trx, place, after, now)
  return step
}

interface Work {
  deps: BillingDeps
  trx: Db
  place: { organizationId: string; siteId: string; subjectKey: SubjectKey }
  site: BillingSite
  settings: BillingSettings
  facts: SubjectFacts
  standing: ReadonlyMap<string, BillLine>
  earlier: readonly IssuedBill[]
  /** Subjects on whose bills there are lines of these sessions. */
  others: readonly SubjectKey[]
  price: PricedSubject
  credits: Awaited<ReturnType<typeof creditsFor>>
  wanted: { parking: boolean; sessionIds: readonly string[] }
  now: Date
}

/** Whether something is to be issued, with the plugins' word on it. */
async function settlePriced(work: Work, note: string | null, answers: HookAnswers | null): Promise<Step> {
  const { deps, trx, place, standing, price, credits, now } = work
  const { currency } = price.basis
  const rounding = work.earlier[0]?.rounding ?? work.settings.rounding
  const base = toBillLines(price.groups, currency, rounding)
  const all = [...standing.values()]
  const standingBase = new Map([...standing].filter(([, line]) => line.addedBy === null && !isCreditLine(line)))
  const standingAdded = all.filter((line) => line.addedBy !== null)
  const standingCredits = new Map([...standing].filter(([, line]) => isCreditLine(line)))
  const credited = creditLines([...base, ...standingAdded], credits, currency)
  const releases = await releasesOf(work)
  const moved = base.length > 0 && all.length > 0 && work.earlier.at(-1)?.accountId !== payerOf(work)
  const same = diffLines(base, standingBase).length === 0 && diffLines(credited, standingCredits).length === 0
  if (same && releases.length === 0 && !moved) {
    return done({ kind: 'unchanged', note: price.missing ?? note })
  }

  const about = JSON.stringify(base)
  const addable = { facts: work.facts, base, standing: standingAdded, currency, rounding }
  const heard = answers?.about === about ? answers : null
  const listening = deps.hooks !== undefined && (deps.hooks.listening?.(place) ?? true)
  if (listening && base.length > 0 && heard === null) {
    const lines = price.groups.flatMap((group) => group.lines)
    return { kind: 'ask', question: { ...addable, about, siteId: place.siteId, lines } }
  }
  if (heard?.settle.kind === 'hold' && heard.settle.until > now) {
    const { reason, until } = heard.settle
    await setSubject(trx, place, { state: 'held', reason, dueAt: until }, now)
    return done({ kind: 'waiting', state: 'held', reason, dueAt: until })
  }
  const added = addedLines(deps, { ...addable, answers: heard?.added ?? [] })
  const charges = [...base, ...added]
  const target = [...charges, ...creditLines(charges, credits, currency)]
  const bills: BillSummary[] = []
  for (const release of releases) bills.push(await issueRelease(work, release))
  const settled = moved && target.length > 0 ? await takeBack(work, bills) : work
  const lines = diffLines(target, settled.standing)
  if (lines.length > 0) bills.push(await issueOwn(settled, lines, target, rounding, note))
  return done(bills.length === 0 ? { kind: 'unchanged', note } : { kind: 'issued', bills })
}

/** Who pays for the subject: whose stay it is, else who charged. */
function payerOf({ facts, wanted }: Pick<Work, 'facts' | 'wanted'>): string | null {
  const sessions = facts.sessions.filter(({ sessionId }) => wanted.sessionIds.includes(sessionId))
  return facts.stay?.accountId ?? sessions.find(({ accountId }) => accountId !== null)?.accountId ?? null
}

/** It turned out to be somebody else's: all is given back to who was billed, so that it can be billed anew. */
async function takeBack(work: Work, bills: BillSummary[]): Promise<Work> {
  const { deps, trx, place, facts, standing, now } = work
  const last = work.earlier.at(-1)
  if (last === undefined) return work
  const lines = [...standing.values()].map(reversalOf)
  const billed = new Set(lines.flatMap((line) => line.sessionId ?? []))
  const bill = {
    organizationId: place.organizationId,
    site: work.site,
    numbering: work.settings.numbering,
    subjectKey: place.subjectKey,
    accountId: last.accountId,
    earlier: work.earlier,
    beforeMinor: totalsOf([...standing.values()]).totalMinor,
    lines,
    stay: facts.stay,
    sessions: facts.sessions.filter(({ sessionId }) => billed.has(sessionId)),
    basis: last.basis,
    rounding: last.rounding,
    tariffs: [],
    reason: 'It belongs to another account and is billed there.',
  }
  bills.push(await issueBill(deps, trx, bill, now))
  const earlier = await issuedBills(trx, place.organizationId, place.subjectKey)
  return { ...work, earlier, standing: new Map() }
}

async function issueOwn(
  work: Work,
  lines: readonly BillLine[],
  target: readonly BillLine[],
  rounding: BillingSettings['rounding'],
  note: string | null,
): Promise<BillSummary> {
  const { deps, trx, place, facts, price, now } = work
  for (const { sessionId, tariffId } of facts.sessions) {
    const tariff = price.basis.sessions[sessionId]?.tariff
    if (tariff !== undefined && tariffId === null) {
      await freezeSessionTariff(trx, place.organizationId, sessionId, tariff)
    }
  }
  const billed = new Set(lines.flatMap((line) => line.sessionId ?? []))
  const bill = {
    organizationId: place.organizationId,
    site: work.site,
    numbering: work.settings.numbering,
    subjectKey: place.subjectKey,
    accountId: target.length === 0 ? (work.earlier.at(-1)?.accountId ?? null) : payerOf(work),
    earlier: work.earlier,
    beforeMinor: totalsOf([...work.standing.values()]).totalMinor,
    lines,
    stay: facts.stay,
    sessions: facts.sessions.filter(
      (session) => billed.has(session.sessionId) || work.wanted.sessionIds.includes(session.sessionId),
    ),
    basis: price.basis,
    rounding,
    tariffs: price.tariffs,
    reason: target.length === 0 ? (note ?? 'Nothing is to be billed any more.') : correctionOf(lines),
  }
  return issueBill(deps, trx, bill, now)
}

function correctionOf(lines: readonly BillLine[]): string {
  const words: Partial<Record<BillLine['kind'], string>> = {
    PARKING: 'parking',
    ENERGY: 'energy',
    CHARGE_TIME: 'charging time',
    IDLE: 'idle time',
    SESSION: 'session fee',
  }
  const granted = lines.filter((line) => isCreditLine(line) && line.totalMinor < 0)
  const reasons = [...new Set(granted.map((line) => `${line.description}: ${line.explanation[0]}`))]
  const others = lines.filter((line) => !isCreditLine(line))
  const kinds = [...new Set(others.map((line) => words[line.kind] ?? 'discounts and credits'))]
  const corrected = kinds.length > 0 || reasons.length === 0 ? [`Corrected: ${kinds.join(', ') || 'credits'}.`] : []
  return [...corrected, ...reasons].join(' ')
}

interface Release {
  subjectKey: SubjectKey
  standing: ReadonlyMap<string, BillLine>
  lines: BillLine[]
}

/** What other subjects still bill for sessions that belong here: given up in the same transaction, so nothing is billed twice. */
async function releasesOf({ trx, place, others, wanted }: Work): Promise<Release[]> {
  const releases: Release[] = []
  for (const subjectKey of others) {
    const standing = outstandingLines(await billedLines(trx, place.organizationId, subjectKey))
    const moved = [...standing.values()].filter(
      (line) => line.sessionId !== null && wanted.sessionIds.includes(line.sessionId),
    )
    if (moved.length > 0) releases.push({ subjectKey, standing, lines: moved.map(reversalOf) })
  }
  return releases
}

async function issueRelease(work: Work, release: Release): Promise<BillSummary> {
  const { deps, trx, place, now } = work
  const { organizationId } = place
  const earlier = await issuedBills(trx, organizationId, release.subjectKey)
  const last = earlier.at(-1)
  if (last === undefined) throw new Error(`${release.subjectKey} has lines without a bill`)
  const facts = await readSubjectFacts(trx, organizationId, release.subjectKey)
  const gone = new Set(release.lines.map((line) => line.sessionId))
  const sessions = Object.fromEntries(Object.entries(last.basis.sessions).filter(([id]) => !gone.has(id)))
  const bill = {
    organizationId,
    site: work.site,
    numbering: work.settings.numbering,
    subjectKey: release.subjectKey,
    accountId: last.accountId,
    earlier,
    beforeMinor: totalsOf([...release.standing.values()]).totalMinor,
    lines: release.lines,
    stay: facts?.stay ?? null,
    sessions: work.facts.sessions.filter((session) => gone.has(session.sessionId)),
    basis: { ...last.basis, sessions },
    rounding: last.rounding,
    tariffs: [],
    reason: place.subjectKey.startsWith('stay:')
      ? 'The charging session belongs to a stay and is billed with it.'
      : 'The charging session does not belong to this stay.',
  }
  return issueBill(deps, trx, bill, now)
}

/** A charger knows nothing of stays: what it tells about a session is news for the stay that the session belongs to. */
async function tellItsStay(trx: Db, organizationId: string, facts: SubjectFacts): Promise<void> {
  if (!facts.key.startsWith('session:')) return
  const link = facts.links.find((each) => each.state === 'linked')
  if (link === undefined) return
  const subjectKey = `stay:${link.stayId}`
  const name = `bill:${subjectKey}`
  const payload = { organizationId, siteId: facts.siteId, subjectKey }
  await addJobs(trx, [{ task: 'bill.evaluate', payload, key: name, queue: name }])
}

async function ask(deps: BillingDeps, organizationId: string, question: HookQuestion): Promise<HookAnswers> {
  const { about, siteId, currency, base } = question
  if (deps.hooks === undefined) return { about, added: [], settle: { kind: 'pass' } }
  const of = { organizationId, siteId, subjectKey: question.facts.key, currency }
  const added = await deps.hooks.price({ ...of, lines: question.lines })
  const { totalMinor } = totalsOf([...base, ...addedLines(deps, { ...question, answers: added })])
  return { about, added, settle: await deps.hooks.settle({ ...of, totalMinor }) }
}

function done(outcome: BillOutcome): Step {
  return { kind: 'done', outcome }
}
