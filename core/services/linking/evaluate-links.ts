// Owns the task `link.evaluate`: after a stay or a session changed, the links of every session that may depend on it are made anew.
// Must not overwrite what a person decided, nor depend on the order in which evaluations run.
import type { Kysely } from 'kysely'
import { contentText } from '../../domain/content-text.ts'
import {
  type IndexPlace,
  indexRows,
  type LinkScope,
  linksOf,
  lockSiteLinks,
  partnersById,
  writeIndexRows,
} from '../../store/links.ts'
import { currentPlateModel } from '../../store/plate-models.ts'
import type { HubTables } from '../../store/schema.ts'
import { transaction } from '../../store/transaction.ts'
import { decideNeighbourhood, union } from './decide-neighbourhood.ts'
import { isHistory, isPast, placeInIndex, placeOfStay } from './index-place.ts'
import { type LinkChange, linkChanges, stayName } from './link-rows.ts'
import { historyFrom, linkSettingsOf, openHistoryFrom, slackOf } from './link-settings.ts'
import { loadViews } from './load-views.ts'
import { recheckHolder } from './recheck-holder.ts'
import type { RematchDeps } from './rematch-sessions.ts'
import { saveLinks } from './save-links.ts'

export interface LinkTask extends LinkScope {
  sessionId?: string
  stayId?: string
  /** Nothing but this session's question: the thresholds changed, not the facts. */
  alone?: boolean
}

/** What the `link` interception is asked before an automatic link is written. */
export interface LinkAsk {
  siteId: string
  stayId: string
  sessionId: string
  score: number
  methods: readonly string[]
}

export interface EvaluateLinksDeps extends RematchDeps {
  /** False when no plugin wants to be asked about links of this site: then nobody is, and a link takes one transaction. */
  listening?(of: LinkScope): boolean
  /** A plugin's reason to send the link to a person, or null. Called outside of transactions. */
  hold?(ask: LinkAsk, of: LinkScope): Promise<string | null>
}

/** Rounds in which new links may come up while plugins are asked about the last ones. */
const mostRounds = 4

/**
 * @example
 * await evaluateLinks(deps)({ organizationId, siteId, stayId })
 */
export function evaluateLinks(deps: EvaluateLinksDeps): (task: LinkTask) => Promise<void> {
  return async (task) => {
    await recheckHolder(deps, task)
    const answers = new Map<string, string | null>()
    for (let round = 1; ; round++) {
      const asks = await evaluate(deps, task, answers, round === mostRounds)
      if (asks.length === 0) return
      for (const ask of asks) {
        const { organizationId, siteId } = task
        answers.set(pairOf(ask), (await deps.hold?.(ask, { organizationId, siteId })) ?? null)
      }
    }
  }
}

/** One transaction. Writes what it may; returns the links it did not write because plugins were not asked yet. */
function evaluate(
  deps: EvaluateLinksDeps,
  task: LinkTask,
  answers: ReadonlyMap<string, string | null>,
  last: boolean,
): Promise<LinkAsk[]> {
  return transaction(deps.db, async (trx) => {
    const scope: LinkScope = { organizationId: task.organizationId, siteId: task.siteId }
    await lockSiteLinks(trx, scope)
    const now = deps.clock.now()
    const settings = await linkSettingsOf(trx, scope)
    const since = { ended: historyFrom(settings, now), open: openHistoryFrom(settings, now) }
    const slackMs = slackOf(settings.policy)
    const { sessionIds, partnerless, history } = await affectedSessions(trx, scope, task, { since, slackMs })
    if (sessionIds.length === 0) return []
    // Nobody to belong to and no link to take back: the car of a site without gates, or one that no gate has seen yet.
    if (partnerless && (await linksOf(trx, scope, { sessionIds })).length === 0) return []
    const terms = { policy: settings.policy, model: await currentPlateModel(trx, scope) }
    const { decisions, links, stays, sessions } = await decideNeighbourhood(trx, scope, sessionIds, terms)
    const listening = deps.hold !== undefined && (deps.listening?.(scope) ?? true)
    const changes: LinkChange[] = []
    const asks: LinkAsk[] = []
    for (const sessionId of sessionIds) {
      const session = sessions.get(sessionId)
      const isOver = history || (session !== undefined && isPast(session, since.ended))
      const decision = decisions.get(sessionId)
      const stored = links.filter((row) => row.session_id === sessionId)
      const held = new Map<string, string>()
      if (listening && !isOver && decision?.outcome === 'linked' && decision.decidedBy === 'hub') {
        const { stayId, score, evidence } = decision
        const isNew = !stored.some((row) => row.stay_id === stayId && row.state === 'linked')
        const answer = answers.get(pairOf({ stayId, sessionId }))
        if (isNew && answer === undefined && !last) {
          asks.push({ siteId: scope.siteId, stayId, sessionId, score, methods: evidence.map(({ method }) => method) })
          continue
        }
        if (isNew && answer !== null)
          held.set(stayId, answer ?? 'what belongs together changed while plugins were asked')
      }
      const writing = { scope, newId: deps.newId, now, nameOf: stayName(stays), held }
      const wanted = linkChanges(decision, sessionId, stored, writing)
      // The index knows history no more, so rivals may be missing: what facts rule out is taken back, nothing new is made of it.
      changes.push(...(isOver ? wanted.filter(({ row }) => row.state === 'withdrawn') : wanted))
    }
    await saveLinks({ trx, scope, newId: deps.newId, now, actor: 'hub' }, changes)
    return asks
  })
}

function pairOf({ stayId, sessionId }: { stayId: string; sessionId: string }): string {
  return `${stayId}/${sessionId}`
}

interface Affected {
  sessionIds: string[]
  partnerless: boolean
  /** The subject ended too long ago for new links (link-settings.ts). */
  history: boolean
}

/** Brings the index up to date and names every session whose decision may differ from what it was before the change. */
async function affectedSessions(
  trx: Kysely<HubTables>,
  scope: LinkScope,
  task: LinkTask,
  { since, slackMs }: { since: { ended: Date; open: Date }; slackMs: number },
): Promise<Affected> {
  const partners = (kind: 'stay' | 'session', ids: readonly string[]) => partnersById(trx, scope, kind, ids, slackMs)
  const { stayId, sessionId } = task
  const views = await loadViews(trx, scope, stayId ? [stayId] : [], sessionId ? [sessionId] : [])
  const [session] = views.sessions
  const [stay] = views.stays
  if (sessionId !== undefined) {
    const history = session !== undefined && isPast(session, since.ended)
    const stays = await reindex(trx, scope, 'session', sessionId, placeInIndex(session, since.ended), slackMs)
    if (stays.length === 0) return { sessionIds: [sessionId], partnerless: true, history }
    if (task.alone) return { sessionIds: [sessionId], partnerless: false, history }
    return { sessionIds: union([sessionId], await partners('stay', stays)), partnerless: false, history }
  }
  if (stayId === undefined) return { sessionIds: [], partnerless: true, history: false }
  const row = views.stayRows.get(stayId)
  const place = stay && row ? placeOfStay(stay, row) : null
  const history = row !== undefined && isHistory(row, since)
  const found = await reindex(trx, scope, 'stay', stayId, history ? null : place, slackMs)
  const linked = await linksOf(trx, scope, { stayIds: [stayId] })
  const direct = union(
    found,
    linked.map((link) => link.session_id),
  )
  if (history) return { sessionIds: direct, partnerless: false, history }
  const rivals = await partners('stay', await partners('session', direct))
  return { sessionIds: union(direct, rivals), partnerless: false, history }
}

/** The subject's partners by the place it had in the index until now, and by the one it has now. */
async function reindex(
  trx: Kysely<HubTables>,
  scope: LinkScope,
  kind: 'stay' | 'session',
  id: string,
  now: IndexPlace | null,
  slackMs: number,
): Promise<string[]> {
  const row = (await indexRows(trx, scope, kind, [id])).get(id)
  const before: IndexPlace | null = row ? { keys: row.keys, from_at: row.from_at, to_at: row.to_at } : null
  const former = before ? await partnersById(trx, scope, kind, [id], slackMs) : []
  if (contentText(now) === contentText(before)) return former
  await writeIndexRows(trx, scope, kind, new Map([[id, now]]))
  return now ? union(former, await partnersById(trx, scope, kind, [id], slackMs)) : former
}
