// Owns gathering everything that the decision about some sessions depends on, and having it decided.
// Must not write.
import type { Kysely } from 'kysely'
import {
  decideLinks,
  defaultLinkPolicy,
  type ExistingLink,
  type LinkDecision,
  type LinkPolicy,
  type SessionView,
} from '../../domain/link/index.ts'
import { type LinkRow, type LinkScope, laterStays, linksOf, partnersById, withPartners } from '../../store/links.ts'
import type { HubTables } from '../../store/schema.ts'
import type { StayRow } from '../../store/stays.ts'
import { loadViews } from './load-views.ts'

export interface Decided {
  /** By session; sessions that are gone are left out. */
  decisions: ReadonlyMap<string, LinkDecision>
  /** Stored links of the sessions asked about. */
  links: readonly LinkRow[]
  stays: ReadonlyMap<string, StayRow>
  sessions: ReadonlyMap<string, SessionView>
}

/** By how much gate and charger clocks may disagree. */
const slackMs = defaultLinkPolicy.skewToleranceMinutes * 60_000

/**
 * Decides sessions from what is stored now. A session's decision depends on its stays, on the other sessions of those stays
 * (rivals), and on what those would get if they were alone: so on their stays, too; no further.
 */
export async function decideNeighbourhood(
  db: Kysely<HubTables>,
  scope: LinkScope,
  sessionIds: readonly string[],
  policy: LinkPolicy,
): Promise<Decided> {
  const own = await linksOf(db, scope, { sessionIds })
  const stays = union(
    await partners(db, scope, 'session', sessionIds),
    own.map((row) => row.stay_id),
  )
  const sessions = union(sessionIds, await partners(db, scope, 'stay', stays))
  const existing = await linksOf(db, scope, { sessionIds: sessions })
  const theirs = union(
    stays,
    await partners(db, scope, 'session', sessions),
    existing.map((row) => row.stay_id),
  )
  const all = union(theirs, await laterStays(db, scope, theirs, sessions, slackMs))
  const views = await loadViews(db, scope, all, sessions)
  const decisions = decideLinks(views.stays, views.sessions, existing.map(existingLink), policy)
  const asked = new Set(sessionIds)
  return {
    decisions: new Map(decisions.filter(({ sessionId }) => asked.has(sessionId)).map((one) => [one.sessionId, one])),
    links: own,
    stays: views.stayRows,
    sessions: new Map(views.sessions.map((one) => [one.id, one])),
  }
}

/** Subjects of the other kind that the index names for these. */
export async function partners(
  db: Kysely<HubTables>,
  scope: LinkScope,
  kind: 'stay' | 'session',
  ids: readonly string[],
): Promise<string[]> {
  return partnersById(db, scope, kind, ids, slackMs)
}

/** Which of these the index has subjects of the other kind for. */
export async function haveAnyPartner(
  db: Kysely<HubTables>,
  scope: LinkScope,
  kind: 'stay' | 'session',
  ids: readonly string[],
): Promise<string[]> {
  return withPartners(db, scope, kind, ids, slackMs)
}

export function union(...lists: readonly (readonly string[])[]): string[] {
  return [...new Set(lists.flat())].sort()
}

export function isHub(row: Pick<LinkRow, 'decided_by'>): boolean {
  return row.decided_by === 'hub'
}

function existingLink(row: LinkRow): ExistingLink {
  return {
    sessionId: row.session_id,
    stayId: row.stay_id,
    state: row.state as ExistingLink['state'],
    decidedBy: isHub(row) ? 'hub' : 'person',
    decidedAt: row.decided_at,
    madeUnder: row.made_under === null ? null : Number(row.made_under),
  }
}
