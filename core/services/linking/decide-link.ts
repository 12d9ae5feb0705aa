// Owns what people decide about links: accept, reject, take apart, join by hand. Deciding again undoes.
// Must not weigh evidence; the hub never overwrites what is decided here.
import { explainDecision, type LinkDecision, scoreLink } from '../../domain/link/index.ts'
import { appendAudit } from '../../store/audit.ts'
import { type LinkRow, type LinkScope, linksOf, lockSiteLinks, type NewLink } from '../../store/links.ts'
import { type Link, links, stays } from '../../store/parking-read.ts'
import { type Db, getRecord } from '../../store/record-table.ts'
import { refusable } from '../manage/manage-record.ts'
import { type Access, invalid, notFound, type Outcome, ok, type Refusal } from '../manage/outcome.ts'
import type { ServiceDeps } from '../service-deps.ts'
import { isHub } from './decide-neighbourhood.ts'
import { followWord } from './learn-form.ts'
import { type LinkChange, methodOf, scoreText, stayName } from './link-rows.ts'
import { linkTermsOf } from './link-settings.ts'
import { loadViews } from './load-views.ts'
import { linkJob, saveLinks } from './save-links.ts'

export interface LinkWord {
  reason?: string | undefined
}

type PersonState = 'linked' | 'rejected' | 'unlinked'

/** The stay and the session belong together, whatever the hub thinks of it. Binding until a person decides otherwise. */
export function acceptLink(deps: ServiceDeps) {
  return (access: Access, linkId: string, word: LinkWord = {}): Promise<Outcome<Link>> =>
    decide(deps, access, linkId, 'linked', word, async (trx, row) => {
      const stay = await getRecord(trx, stays, access, row.stay_id)
      if (stay?.state === 'voided') return { kind: 'conflict', message: 'The stay was voided.' }
      return takenBy(trx, access, row)
    })
}

/** They do not belong together; the hub does not propose or link the pair again. */
export function rejectLink(deps: ServiceDeps) {
  return (access: Access, linkId: string, word: LinkWord = {}): Promise<Outcome<Link>> =>
    decide(deps, access, linkId, 'rejected', word, async (_, { state }) =>
      state === 'linked' ? { kind: 'conflict', message: 'It is linked; take it apart instead.' } : null,
    )
}

/** What was linked is separate again, and stays so. Bills are put right by adjustments. */
export function unlinkLink(deps: ServiceDeps) {
  return (access: Access, linkId: string, word: LinkWord = {}): Promise<Outcome<Link>> =>
    decide(deps, access, linkId, 'unlinked', word, async (_, { state }) =>
      state === 'linked' || state === 'unlinked' ? null : { kind: 'conflict', message: 'It is not linked.' },
    )
}

export interface NewPair extends LinkWord {
  stayId: string
  sessionId: string
}

/** Joins a stay and a session that the hub did not bring together. */
export function createLink(deps: ServiceDeps) {
  return (access: Access, pair: NewPair): Promise<Outcome<Link>> =>
    refusable(deps, async (trx) => {
      const stay = await getRecord(trx, stays, access, pair.stayId)
      if (!stay) return invalid('/stayId', 'no such stay')
      const scope: LinkScope = { organizationId: access.organizationId, siteId: stay.siteId }
      await lockSiteLinks(trx, scope)
      if (stay.state === 'voided') return { kind: 'conflict', message: 'The stay was voided.', pointer: '/stayId' }
      const known = (await linksOf(trx, scope, { sessionIds: [pair.sessionId] })).find(
        (row) => row.stay_id === pair.stayId,
      )
      const weighed = await weigh(trx, scope, pair)
      if (!weighed) return invalid('/sessionId', 'no such session at the site of the stay')
      const taken = await takenBy(trx, access, { session_id: pair.sessionId, stay_id: pair.stayId })
      if (taken) return taken
      const now = deps.clock.now()
      const row = known
        ? decidedRow(known, 'linked', access.actor, now)
        : {
            organization_id: scope.organizationId,
            site_id: scope.siteId,
            link_id: deps.newId(),
            stay_id: pair.stayId,
            session_id: pair.sessionId,
            state: 'linked',
            ...weighed,
            decided_by: access.actor,
            decided_at: now,
            made_with: null,
            version: 1,
            created_at: now,
            updated_at: now,
          }
      return save(deps, trx, access, scope, { row, before: known ?? null, reason: pair.reason ?? '' })
    })
}

function decide(
  deps: ServiceDeps,
  access: Access,
  linkId: string,
  state: PersonState,
  { reason = '' }: LinkWord,
  refuse: (trx: Db, row: LinkRow) => Promise<Refusal | null>,
): Promise<Outcome<Link>> {
  return refusable(deps, async (trx) => {
    const seen = await getRecord(trx, links, access, linkId)
    if (!seen) return notFound
    const scope: LinkScope = { organizationId: access.organizationId, siteId: seen.siteId }
    await lockSiteLinks(trx, scope)
    const before = (await linksOf(trx, scope, { sessionIds: [seen.sessionId] })).find((row) => row.link_id === linkId)
    if (!before) return notFound
    const refusal = await refuse(trx, before)
    if (refusal) return refusal
    if (before.state === state && !isHub(before)) return ok((await getRecord(trx, links, access, linkId)) ?? seen)
    const row = decidedRow(before, state, access.actor, deps.clock.now())
    return save(deps, trx, access, scope, { row, before, reason })
  })
}

async function save(
  deps: ServiceDeps,
  trx: Db,
  access: Access,
  scope: LinkScope,
  change: LinkChange,
): Promise<Outcome<Link>> {
  const { row, before, reason } = change
  const now = deps.clock.now()
  // The other candidates of the session are decided anew by the hub, in the light of this.
  const jobs = [linkJob(scope, row.session_id)]
  await saveLinks({ trx, scope, newId: deps.newId, now, actor: access.actor }, [change], jobs)
  await followWord({ trx, access, now, newId: deps.newId }, scope, row)
  await appendAudit(trx, access.organizationId, {
    auditId: deps.newId(),
    siteId: scope.siteId,
    at: now,
    actor: access.actor,
    action: `link.${before === null ? 'created' : row.state}`,
    subjectType: 'link',
    subjectId: row.link_id,
    before: before && { state: before.state, decidedBy: before.decided_by },
    after: { state: row.state, stayId: row.stay_id, sessionId: row.session_id, reason },
    requestId: access.requestId,
  })
  const after = await getRecord(trx, links, access, row.link_id)
  return after ? ok(after) : notFound
}

function decidedRow(before: LinkRow, state: PersonState, actor: string, now: Date): NewLink {
  return {
    ...before,
    state,
    evidence: JSON.stringify(before.evidence),
    explanation: JSON.stringify(before.explanation),
    decided_by: actor,
    decided_at: now,
    made_with: null,
    version: before.version + 1,
    updated_at: now,
  }
}

/** A session belongs to one stay at a time. */
export async function takenBy(
  trx: Db,
  access: Access,
  pair: { session_id: string; stay_id: string },
): Promise<Refusal | null> {
  const others = await linksOf(trx, access, { sessionIds: [pair.session_id] })
  return others.some((row) => row.state === 'linked' && row.stay_id !== pair.stay_id)
    ? { kind: 'conflict', message: 'The session is linked to another stay; take that link apart first.' }
    : null
}

/** What the evidence says about a pair that a person joins; undefined when the session is not at this site. */
async function weigh(
  trx: Db,
  scope: LinkScope,
  { stayId, sessionId }: NewPair,
): Promise<Pick<NewLink, 'method' | 'score' | 'evidence' | 'explanation'> | undefined> {
  const views = await loadViews(trx, scope, [stayId], [sessionId])
  const [stay] = views.stays
  const [session] = views.sessions
  if (!stay || !session) return undefined
  const { policy, model } = await linkTermsOf(trx, scope)
  const { score, evidence, excluded, contradiction } = scoreLink(stay, session, policy, { model })
  const against = excluded?.detail ?? contradiction
  const decision: LinkDecision = {
    outcome: 'linked',
    decidedBy: 'person',
    sessionId,
    stayId,
    method: 'person',
    score,
    evidence,
    ...(against === undefined ? {} : { warning: against }),
    others: [],
  }
  return {
    method: methodOf(evidence) ?? 'person',
    score: scoreText(score),
    evidence: JSON.stringify(evidence),
    explanation: JSON.stringify(explainDecision(decision, stayName(views.stayRows))),
  }
}
