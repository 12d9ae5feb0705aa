// Owns linking in memory as the services do it on the database: an index by keys, and a neighbourhood decided after each fact.
// Must not know the truth.
import {
  decideLinks,
  type ExistingLink,
  type LinkDecision,
  type LinkTerms,
  linkIndexKeys,
  type SessionView,
  type StayView,
} from '../../../core/domain/link/index.ts'
import type { GarageFact } from './garage.ts'

export interface Linker {
  take(fact: GarageFact): void
  decisions: ReadonlyMap<string, LinkDecision>
  /** Every link that was ever made, `session/stay`: one that was taken back later was money moved all the same. */
  everLinked: ReadonlySet<string>
  sessions: ReadonlyMap<string, SessionView>
  /** The stays that a session shares a key with, as far as their times fit. */
  candidates(sessionId: string): StayView[]
  /** The stay as it is known by now. */
  stay(stayId: string): StayView | undefined
}

export function linker(terms: LinkTerms): Linker {
  const stays = new Map<string, StayView>()
  const sessions = new Map<string, SessionView>()
  const decisions = new Map<string, LinkDecision>()
  const everLinked = new Set<string>()
  const staysByKey = new Map<string, Set<string>>()
  const sessionsByKey = new Map<string, Set<string>>()
  const keysOf = new Map<string, string[]>()
  const slackMs = terms.policy.skewToleranceMinutes * 60_000

  const place = (view: StayView | SessionView, index: Map<string, Set<string>>) => {
    for (const key of keysOf.get(view.id) ?? []) index.get(key)?.delete(view.id)
    const keys = linkIndexKeys(view)
    keysOf.set(view.id, keys)
    for (const key of keys) {
      const ids = index.get(key)
      if (ids) ids.add(view.id)
      else index.set(key, new Set([view.id]))
    }
  }
  const overlaps = (stay: StayView, session: SessionView) => {
    const from = stay.enteredAt?.getTime() ?? (stay.exitedAt?.getTime() ?? 0) - 7 * 86_400_000
    const to = stay.exitedAt?.getTime() ?? Number.POSITIVE_INFINITY
    const at = session.pluggedAt.getTime()
    return from - slackMs <= at && at <= to + slackMs
  }
  const staysOf = (ids: Iterable<string>) => {
    const found = new Set<string>()
    for (const id of ids) {
      const session = sessions.get(id)
      if (!session) continue
      for (const key of keysOf.get(id) ?? [])
        for (const stayId of staysByKey.get(key) ?? []) {
          const stay = stays.get(stayId)
          if (stay && overlaps(stay, session)) found.add(stayId)
        }
    }
    return found
  }
  const sessionsOf = (ids: Iterable<string>) => {
    const found = new Set<string>()
    for (const id of ids) {
      const stay = stays.get(id)
      if (!stay) continue
      for (const key of keysOf.get(id) ?? [])
        for (const sessionId of sessionsByKey.get(key) ?? []) {
          const session = sessions.get(sessionId)
          if (session && overlaps(stay, session)) found.add(sessionId)
        }
    }
    return found
  }
  /** Stays that began later with a key of one without an exit: they tell when that one must have ended. */
  const later = (ids: Iterable<string>) => {
    const found = new Set<string>()
    for (const id of ids) {
      const stay = stays.get(id)
      if (!stay || stay.exitedAt !== null || stay.enteredAt === null) continue
      for (const key of keysOf.get(id) ?? [])
        for (const other of staysByKey.get(key) ?? []) {
          const entered = stays.get(other)?.enteredAt
          if (entered && entered > stay.enteredAt) found.add(other)
        }
    }
    return found
  }
  const existing = (ids: Iterable<string>): ExistingLink[] =>
    [...ids].flatMap((sessionId) => {
      const known = decisions.get(sessionId)
      return known?.outcome === 'linked'
        ? [{ sessionId, stayId: known.stayId, state: 'linked' as const, decidedBy: 'hub' as const, madeUnder: terms }]
        : []
    })
  const decide = (asked: ReadonlySet<string>) => {
    if (asked.size === 0) return
    const near = staysOf(asked)
    const rivals = new Set([...asked, ...sessionsOf(near)])
    const theirs = new Set([...near, ...staysOf(rivals)])
    const all = [...new Set([...theirs, ...later(theirs)])].map((id) => stays.get(id) as StayView)
    const views = [...rivals].map((id) => sessions.get(id) as SessionView)
    for (const decision of decideLinks(all, views, existing(rivals), terms.policy, terms.model)) {
      if (!asked.has(decision.sessionId)) continue
      decisions.set(decision.sessionId, decision)
      if (decision.outcome === 'linked') everLinked.add(`${decision.sessionId}/${decision.stayId}`)
    }
  }
  return {
    decisions,
    everLinked,
    sessions,
    stay: (stayId) => stays.get(stayId),
    candidates(sessionId) {
      const near = staysOf([sessionId])
      return [...new Set([...near, ...later(near)])].map((id) => stays.get(id) as StayView)
    },
    take(fact) {
      if ('session' in fact) {
        const { session } = fact
        sessions.set(session.id, session)
        place(session, sessionsByKey)
        decide(new Set([session.id, ...sessionsOf(staysOf([session.id]))]))
        return
      }
      const { stay } = fact
      const before = stays.has(stay.id) ? sessionsOf([stay.id]) : []
      stays.set(stay.id, stay)
      place(stay, staysByKey)
      const direct = new Set([...before, ...sessionsOf([stay.id])])
      decide(new Set([...direct, ...sessionsOf(staysOf(direct))]))
    },
  }
}
