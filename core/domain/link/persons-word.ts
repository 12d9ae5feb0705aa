// Owns what people said about pairs of stay and session, and which word holds when there are several.
// Must not weigh it against evidence: it always wins.
import { instant } from './evidence.ts'
import type { ExistingLink } from './link-view.ts'

export interface PersonsWord {
  /** session → stay */
  accepted: ReadonlyMap<string, string>
  /** Rejected or unlinked: this pair is never linked again by the hub. */
  refused(sessionId: string, stayId: string): boolean
}

/** The hub's own earlier decisions are left out, so that the same facts give the same links in whatever order they came. */
export function personsWord(existing: readonly ExistingLink[]): PersonsWord {
  const accepted = new Map<string, ExistingLink>()
  const refused = new Set<string>()
  const latest = new Map<string, ExistingLink>()
  for (const link of existing) {
    if (link.decidedBy !== 'person') continue
    const pair = pairKey(link.sessionId, link.stayId)
    const before = latest.get(pair)
    if (!before || isLater(link, before)) latest.set(pair, link)
  }
  for (const link of latest.values()) {
    if (link.state === 'rejected' || link.state === 'unlinked') refused.add(pairKey(link.sessionId, link.stayId))
    if (link.state !== 'linked') continue
    const before = accepted.get(link.sessionId)
    if (!before || isLater(link, before)) accepted.set(link.sessionId, link)
  }
  return {
    accepted: new Map([...accepted].map(([sessionId, { stayId }]) => [sessionId, stayId])),
    refused: (sessionId, stayId) => refused.has(pairKey(sessionId, stayId)),
  }
}

function pairKey(sessionId: string, stayId: string): string {
  return JSON.stringify([sessionId, stayId])
}

/** By time; of two at the same time by state and stay, so that the order of the list never matters. */
function isLater(a: ExistingLink, b: ExistingLink): boolean {
  const [atA, atB] = [instant(a.decidedAt) ?? 0, instant(b.decidedAt) ?? 0]
  return atA !== atB ? atA > atB : `${a.state} ${a.stayId}` > `${b.state} ${b.stayId}`
}
