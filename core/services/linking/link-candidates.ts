// Owns what a person is shown beside a question: the stays and sessions side by side, all candidates with what speaks for and against
// each, and why it is linked or not.
// Must not write: the answer is made from the facts as they are now.
import {
  decideLinks,
  explainDecision,
  type LinkDecision,
  type LinkScore,
  type SessionView,
  weighCandidates,
} from '../../domain/link/index.ts'
import type { StayPresentation } from '../../domain/stay/index.ts'
import type { Page, Place } from '../../store/keyset.ts'
import { listQuestions, type OpenQuestion, type QuestionQuery } from '../../store/link-reviews.ts'
import { type LinkScope, partnersById, sessionSite, sessionsById } from '../../store/links.ts'
import { countingFactsOfStays, type ParkingFactRow } from '../../store/parking-facts.ts'
import { type LinkState, type Stay, stays } from '../../store/parking-read.ts'
import { type Db, getRecord } from '../../store/record-table.ts'
import type { StayRow } from '../../store/stays.ts'
import { type Access, notFound, type Outcome, ok } from '../manage/outcome.ts'
import type { ServiceDeps } from '../service-deps.ts'
import { loadNeighbourhood, type Neighbourhood } from './decide-neighbourhood.ts'
import { type FactImage, imagesOfFacts } from './fact-images.ts'
import { stayName } from './link-rows.ts'
import { linkTermsOf, slackOf } from './link-settings.ts'

export interface SessionSide {
  sessionId: string
  stationId: string
  evseNumber: number
  bayId: string | null
  idToken: string | null
  idTokenKind: string | null
  accountId: string | null
  vehicleId: string | null
  plate: string | null
  accountPlates: readonly string[]
  pluggedAt: Date
  unpluggedAt: Date | null
  energyWh: number
  images: readonly FactImage[]
}

export interface StaySide {
  stayId: string
  stayRef: string | null
  state: Stay['state']
  parkerKind: Stay['parkerKind']
  plate: string | null
  enteredAt: Date | null
  exitedAt: Date | null
  entryLane: string | null
  exitLane: string | null
  accountId: string | null
  vehicleId: string | null
  paidMinor: number
  presentations: readonly StayPresentation[]
  images: readonly FactImage[]
}

export interface CandidatePair {
  stay: StaySide
  /** The stored link of the pair, when there is one. */
  link: { linkId: string; state: LinkState; decidedBy: string } | null
  score: number
  plateDistance: number | null
  evidence: LinkScore['evidence']
  /** Why it is impossible; null when it is not. */
  excluded: NonNullable<LinkScore['excluded']> | null
  contradiction: string | null
}

export interface LinkQuestion {
  session: SessionSide
  siteId: string
  outcome: LinkDecision['outcome']
  reason: string | null
  sentences: readonly string[]
  candidates: readonly CandidatePair[]
}

/** Candidates shown; more help nobody. */
const mostShown = 20

/** The queue that waits for people. */
export function listLinkReviews(deps: Pick<ServiceDeps, 'db'>) {
  return async (
    access: Access,
    query: QuestionQuery,
  ): Promise<Page<LinkQuestion & Pick<OpenQuestion, 'openSince'>>> => {
    const found = await listQuestions(deps.db, access, query)
    const bySite = new Map<string, string[]>()
    for (const { siteId, sessionId } of found.items) bySite.set(siteId, [...(bySite.get(siteId) ?? []), sessionId])
    const questions = new Map<string, LinkQuestion>()
    for (const [siteId, sessionIds] of bySite)
      for (const one of await questionsOf(deps.db, { organizationId: access.organizationId, siteId }, sessionIds))
        questions.set(one.session.sessionId, one)
    const next: Place | null = found.next
    return {
      next,
      items: found.items.flatMap(({ sessionId, openSince }) => {
        const question = questions.get(sessionId)
        return question ? [{ ...question, openSince }] : []
      }),
    }
  }
}

/** Why this session is linked, or not, with everything that came into question. */
export function sessionCandidates(deps: Pick<ServiceDeps, 'db'>) {
  return async (access: Access, sessionId: string): Promise<Outcome<LinkQuestion>> => {
    const siteId = await sessionSite(deps.db, access.organizationId, sessionId)
    if (siteId === null || (access.siteIds !== null && !access.siteIds.includes(siteId))) return notFound
    const [question] = await questionsOf(deps.db, { organizationId: access.organizationId, siteId }, [sessionId])
    return question ? ok(question) : notFound
  }
}

/** The sessions that come into question for a stay, each with what it has with this stay and what became of it. */
export function stayCandidates(deps: Pick<ServiceDeps, 'db'>) {
  return async (access: Access, stayId: string): Promise<Outcome<{ stayId: string; items: LinkQuestion[] }>> => {
    const stay = await getRecord(deps.db, stays, access, stayId)
    if (!stay) return notFound
    const scope = { organizationId: access.organizationId, siteId: stay.siteId }
    const { policy } = await linkTermsOf(deps.db, scope)
    const sessionIds = await partnersById(deps.db, scope, 'stay', [stayId], slackOf(policy))
    const questions = await questionsOf(deps.db, scope, sessionIds.slice(0, mostShown))
    return ok({
      stayId,
      items: questions
        .map((one) => ({ ...one, candidates: one.candidates.filter((pair) => pair.stay.stayId === stayId) }))
        .sort((a, b) => (b.candidates[0]?.score ?? 0) - (a.candidates[0]?.score ?? 0)),
    })
  }
}

async function questionsOf(db: Db, scope: LinkScope, sessionIds: readonly string[]): Promise<LinkQuestion[]> {
  if (sessionIds.length === 0) return []
  const terms = await linkTermsOf(db, scope)
  const near = await loadNeighbourhood(db, scope, sessionIds, terms)
  const rows = new Map((await sessionsById(db, scope, sessionIds)).map((row) => [row.session_id, row]))
  const decisions = new Map(
    decideLinks(near.stays, near.sessions, near.existing, terms.policy, terms.model).map((one) => [one.sessionId, one]),
  )
  const weighed = near.sessions
    .filter(({ id }) => rows.has(id))
    .map((session) => ({
      session,
      scores: weighCandidates(near.stays, session, near.existing, terms).slice(0, mostShown),
    }))
  const shown = [...new Set(weighed.flatMap(({ scores }) => scores.map(({ stayId }) => stayId)))]
  const facts = await countingFactsOfStays(db, scope.organizationId, shown)
  const sighted = [...near.sightings.values()].flat()
  const imagesOf = await imagesOfFacts(db, scope.organizationId, [...facts, ...sighted])
  return weighed.flatMap(({ session, scores }) => {
    const row = rows.get(session.id)
    const decision = decisions.get(session.id)
    if (!row || !decision) return []
    return [
      {
        session: sessionSide(session, row, (near.sightings.get(session.id) ?? []).flatMap(imagesOf)),
        siteId: scope.siteId,
        outcome: decision.outcome,
        reason: decision.outcome === 'linked' ? null : decision.reason,
        sentences: explainDecision(decision, stayName(near.stayRows)),
        candidates: scores.flatMap((score) => pairOf(score, near, facts, imagesOf)),
      },
    ]
  })
}

function sessionSide(
  session: SessionView,
  row: Awaited<ReturnType<typeof sessionsById>>[number],
  images: readonly FactImage[],
): SessionSide {
  return {
    sessionId: session.id,
    stationId: row.station_id,
    evseNumber: row.evse_number,
    bayId: session.bayId,
    idToken: row.id_token,
    idTokenKind: row.id_token_kind,
    accountId: row.account_id,
    vehicleId: row.vehicle_id,
    plate: session.plate?.text ?? null,
    accountPlates: session.accountPlates ?? [],
    pluggedAt: row.plugged_at,
    unpluggedAt: row.unplugged_at,
    energyWh: row.energy_wh,
    images,
  }
}

function pairOf(
  score: LinkScore,
  near: Neighbourhood,
  facts: readonly ParkingFactRow[],
  imagesOf: (fact: ParkingFactRow) => FactImage[],
): CandidatePair[] {
  const row = near.stayRows.get(score.stayId)
  if (!row) return []
  const link = near.own.find(({ session_id, stay_id }) => session_id === score.sessionId && stay_id === score.stayId)
  return [
    {
      stay: staySide(row, facts.filter(({ stay_id }) => stay_id === row.stay_id).flatMap(imagesOf)),
      link: link ? { linkId: link.link_id, state: link.state as LinkState, decidedBy: link.decided_by } : null,
      score: score.score,
      plateDistance: score.plateDistance,
      evidence: score.evidence,
      excluded: score.excluded ?? null,
      contradiction: score.contradiction ?? null,
    },
  ]
}

function staySide(row: StayRow, images: readonly FactImage[]): StaySide {
  return {
    stayId: row.stay_id,
    stayRef: row.stay_ref,
    state: row.state as Stay['state'],
    parkerKind: row.parker_kind as Stay['parkerKind'],
    plate: row.plate,
    enteredAt: row.entered_at,
    exitedAt: row.exited_at,
    entryLane: row.entry_lane,
    exitLane: row.exit_lane,
    accountId: row.account_id,
    vehicleId: row.vehicle_id,
    paidMinor: row.paid_minor,
    presentations: row.presentations as StayPresentation[],
    images,
  }
}
