// Owns the rows that a decision asks for, beside those that are stored: what to write, and what that changes.
// Must not touch what a person decided, nor the database.
import { contentText } from '../../domain/content-text.ts'
import {
  type Evidence,
  explainDecision,
  type LinkDecision,
  type LinkTerms,
  type StayName,
} from '../../domain/link/index.ts'
import type { LinkRow, LinkScope, NewLink } from '../../store/links.ts'
import type { StayRow } from '../../store/stays.ts'
import { isHub } from './decide-neighbourhood.ts'

export interface LinkChange {
  row: NewLink
  before: LinkRow | null
  /** Why, for the history. */
  reason: string
}

interface Wanted {
  stayId: string
  state: 'linked' | 'review'
  method: string
  score: number
  evidence: readonly Evidence[]
  explanation: readonly string[]
  reason: string
  /** Of a link that the hub makes. */
  terms: LinkTerms | null
}

/** Candidates of one question that are put before a person. */
const mostCandidates = 5

export interface Writing {
  scope: LinkScope
  newId(): string
  now: Date
  nameOf: StayName
  /** A plugin's reason to send this link to a person, by stay. */
  held: ReadonlyMap<string, string>
}

/** An undefined decision is that of a session that is gone. */
export function linkChanges(
  decision: LinkDecision | undefined,
  sessionId: string,
  stored: readonly LinkRow[],
  writing: Writing,
): LinkChange[] {
  const wanted = decision ? wantedBy(decision, writing) : []
  const byStay = new Map(stored.map((row) => [row.stay_id, row]))
  const kept = new Set(wanted.map(({ stayId }) => stayId))
  const dropped = stored
    .filter((row) => isHub(row) && isLive(row) && !kept.has(row.stay_id))
    .map((row) => withdrawn(row, decision, writing))
  const written = wanted.flatMap((want): LinkChange[] => {
    const before = byStay.get(want.stayId) ?? null
    if (before && !isHub(before)) return []
    const row = rowOf(want, sessionId, before, writing)
    return before && sameLink(row, before) ? [] : [{ row, before, reason: want.reason }]
  })
  return [...dropped, ...written]
}

export function isLive({ state }: Pick<LinkRow, 'state'>): boolean {
  return state === 'linked' || state === 'review'
}

function wantedBy(decision: LinkDecision, { nameOf, held }: Writing): Wanted[] {
  if (decision.outcome === 'linked') {
    // What a person linked stands in the row that the person wrote.
    if (decision.decidedBy === 'person') return []
    const { stayId, method, score, evidence } = decision
    const hold = held.get(stayId)
    const explanation = explainDecision(decision, nameOf)
    const base = { stayId, method, score, evidence }
    if (hold === undefined)
      return [
        { ...base, state: 'linked', explanation, reason: explanation[0] ?? 'linked', terms: decision.terms ?? null },
      ]
    const reason = `Held back for a person: ${hold}`
    return [{ ...base, state: 'review', explanation: [reason, ...explanation.slice(1)], reason, terms: null }]
  }
  if (decision.outcome === 'none') return []
  return decision.candidates.slice(0, mostCandidates).map((candidate) => ({
    stayId: candidate.stayId,
    state: 'review',
    method: methodOf(candidate.evidence) ?? 'time',
    score: candidate.score,
    evidence: candidate.evidence,
    explanation: explainDecision({ ...decision, candidates: [candidate] }, nameOf),
    reason: decision.detail,
    terms: null,
  }))
}

/** What speaks loudest for the pair; times never do. */
export function methodOf(evidence: readonly Evidence[]): string | undefined {
  return evidence.find(({ method, weight }) => weight > 0 && method !== 'time')?.method
}

function withdrawn(before: LinkRow, decision: LinkDecision | undefined, { now }: Writing): LinkChange {
  const reason =
    decision === undefined
      ? 'The charging session is gone.'
      : decision.outcome === 'linked'
        ? 'The session belongs to another stay.'
        : decision.detail
  const row = {
    ...before,
    state: 'withdrawn',
    evidence: JSON.stringify(before.evidence),
    made_with: before.made_with === null ? null : JSON.stringify(before.made_with),
    explanation: JSON.stringify([reason]),
    decided_at: now,
    version: before.version + 1,
    updated_at: now,
  }
  return { row, before, reason }
}

function rowOf(want: Wanted, sessionId: string, before: LinkRow | null, { scope, newId, now }: Writing): NewLink {
  return {
    organization_id: scope.organizationId,
    site_id: scope.siteId,
    link_id: before?.link_id ?? newId(),
    stay_id: want.stayId,
    session_id: sessionId,
    state: want.state,
    method: want.method,
    score: scoreText(want.score),
    evidence: JSON.stringify(want.evidence),
    explanation: JSON.stringify(want.explanation),
    decided_by: 'hub',
    decided_at: before?.state === want.state ? before.decided_at : now,
    made_with: want.terms && JSON.stringify({ model: want.terms.model.version, policy: want.terms.policy }),
    version: (before?.version ?? 0) + 1,
    created_at: before?.created_at ?? now,
    updated_at: now,
  }
}

/** Six places: what is left of a double beyond that is not evidence. */
export function scoreText(score: number): string {
  return score.toFixed(6)
}

function sameLink(row: NewLink, before: LinkRow): boolean {
  return (
    row.state === before.state &&
    row.method === before.method &&
    Number(row.score) === Number(before.score) &&
    contentText(JSON.parse(String(row.evidence))) === contentText(before.evidence) &&
    contentText(JSON.parse(String(row.explanation))) === contentText(before.explanation)
  )
}

/** How sentences call a stay: by its plate, else by when it began. */
export function stayName(stays: ReadonlyMap<string, StayRow>): StayName {
  return (stayId) => {
    const row = stays.get(stayId)
    if (row?.plate) return `the stay of ${row.plate}`
    const at = row?.entered_at ?? row?.exited_at
    return at ? `the stay of ${at.toISOString().slice(0, 16).replace('T', ' ')}` : 'another stay'
  }
}
