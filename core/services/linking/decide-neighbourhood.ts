// Owns gathering everything that the decision about some sessions depends on, and having it decided.
// Must not write.
import type { Kysely } from 'kysely'
import {
  decideLinks,
  defaultLinkPolicy,
  type ExistingLink,
  type LinkDecision,
  type LinkPolicy,
  type LinkTerms,
  type PlateModel,
  type SessionView,
} from '../../domain/link/index.ts'
import { type LinkRow, type LinkScope, laterStays, linksOf, partnersById } from '../../store/links.ts'
import { plateModels } from '../../store/plate-models.ts'
import type { HubTables } from '../../store/schema.ts'
import type { StayRow } from '../../store/stays.ts'
import { slackOf } from './link-settings.ts'
import { loadViews, type Views } from './load-views.ts'

export interface Decided {
  /** By session; sessions that are gone are left out. */
  decisions: ReadonlyMap<string, LinkDecision>
  /** Stored links of the sessions asked about. */
  links: readonly LinkRow[]
  stays: ReadonlyMap<string, StayRow>
  sessions: ReadonlyMap<string, SessionView>
}

/**
 * Decides sessions from what is stored now. A session's decision depends on its stays, on the other sessions of those stays
 * (rivals), and on what those would get if they were alone: so on their stays, too; no further.
 */
export async function decideNeighbourhood(
  db: Kysely<HubTables>,
  scope: LinkScope,
  sessionIds: readonly string[],
  terms: LinkTerms,
): Promise<Decided> {
  const views = await loadNeighbourhood(db, scope, sessionIds, terms)
  const decisions = decideLinks(views.stays, views.sessions, views.existing, terms.policy, terms.model)
  const asked = new Set(sessionIds)
  return {
    decisions: new Map(decisions.filter(({ sessionId }) => asked.has(sessionId)).map((one) => [one.sessionId, one])),
    links: views.own,
    stays: views.stayRows,
    sessions: new Map(views.sessions.map((one) => [one.id, one])),
  }
}

export interface Neighbourhood extends Views {
  existing: ExistingLink[]
  /** Stored links of the sessions asked about. */
  own: LinkRow[]
}

/** All that the decision about these sessions depends on. */
export async function loadNeighbourhood(
  db: Kysely<HubTables>,
  scope: LinkScope,
  sessionIds: readonly string[],
  terms: LinkTerms,
): Promise<Neighbourhood> {
  const slackMs = slackOf(terms.policy)
  const own = await linksOf(db, scope, { sessionIds })
  const stays = union(
    await partnersById(db, scope, 'session', sessionIds, slackMs),
    own.map((row) => row.stay_id),
  )
  const sessions = union(sessionIds, await partnersById(db, scope, 'stay', stays, slackMs))
  const rows = await linksOf(db, scope, { sessionIds: sessions })
  const theirs = union(
    stays,
    await partnersById(db, scope, 'session', sessions, slackMs),
    rows.map((row) => row.stay_id),
  )
  const all = union(theirs, await laterStays(db, scope, theirs, sessions, slackMs))
  const views = await loadViews(db, scope, all, sessions)
  const versions = rows.flatMap((row) => termsText(row)?.model ?? [])
  const models = await plateModels(db, scope, versions, terms.model)
  return { ...views, existing: rows.map((row) => existingLink(row, models)), own }
}

export function union(...lists: readonly (readonly string[])[]): string[] {
  return [...new Set(lists.flat())].sort()
}

export function isHub(row: Pick<LinkRow, 'decided_by'>): boolean {
  return row.decided_by === 'hub'
}

function existingLink(row: LinkRow, models: ReadonlyMap<number, PlateModel>): ExistingLink {
  const made = termsText(row)
  const model = made && models.get(made.model)
  return {
    sessionId: row.session_id,
    stayId: row.stay_id,
    state: row.state as ExistingLink['state'],
    decidedBy: isHub(row) ? 'hub' : 'person',
    decidedAt: row.decided_at,
    // Numbers that the policy did not have when the link was made count as they do by default.
    madeUnder: made && model ? { policy: { ...defaultLinkPolicy, ...made.policy }, model } : null,
  }
}

/** As link-rows.ts writes it. */
function termsText(row: LinkRow): { model: number; policy: Partial<LinkPolicy> } | null {
  return row.made_with as { model: number; policy: Partial<LinkPolicy> } | null
}
