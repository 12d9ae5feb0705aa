// Owns the judgement of the hub's links: right, wrong, waiting for a person, or missed.
// Must not call a wrong link explained, whatever caused it.
import type { HubAnswers, HubLink } from './hub-answers.ts'
import type { SessionMatch } from './reconcile-sessions.ts'
import type { Difference, LinkCounts, Reconciliation } from './reconciliation.ts'
import type { Truth, TruthSession } from './scenario/index.ts'

type Note = (difference: Difference) => void
type Verdict = 'right' | 'wrong' | 'review' | 'reviewOther' | 'missed'

export function reconcileLinks(
  truth: Truth,
  hub: HubAnswers,
  match: SessionMatch,
  note: Note,
): Reconciliation['links'] {
  const refs = new Map(hub.stays.map((stay) => [stay.id, stay.ref ?? '']))
  const bySession = new Map<string, HubLink[]>()
  for (const link of hub.links) bySession.set(link.sessionId, [...(bySession.get(link.sessionId) ?? []), link])
  const byMethod = new Map<string, LinkCounts>()
  const counts: Record<Verdict, number> = { right: 0, wrong: 0, review: 0, reviewOther: 0, missed: 0 }
  const certain = truth.sessions.filter((one) => one.linkable === 'certain')
  let certainRight = 0

  for (const session of truth.sessions) {
    const links = (match.partsOf.get(session.id) ?? []).flatMap((part) => bySession.get(part.id) ?? [])
    const linked = links.filter((link) => link.state === 'linked')
    for (const link of linked) {
      const right = refs.get(link.stayId) === session.stayRef
      const method = byMethod.get(link.method) ?? { right: 0, wrong: 0 }
      byMethod.set(link.method, { right: method.right + (right ? 1 : 0), wrong: method.wrong + (right ? 0 : 1) })
    }
    const verdict = judge(session, links, linked, refs)
    counts[verdict] += 1
    if (verdict === 'right' && session.linkable === 'certain') certainRight += 1
    const difference = describe(session, verdict, linked, refs)
    if (difference) note(difference)
  }
  for (const stranger of match.strangers) {
    for (const link of bySession.get(stranger.id) ?? []) {
      if (link.state !== 'linked') continue
      counts.wrong += 1
      const detail = `linked to ${refs.get(link.stayId)} by ${link.method}`
      note({ class: 'wrong link', explained: false, subject: stranger.id, detail })
    }
  }
  return {
    byMethod,
    linkable: certain.length,
    doubtful: truth.sessions.filter((one) => one.linkable === 'doubtful').length,
    unlinkable: truth.sessions.filter((one) => one.linkable === 'none').length,
    ...counts,
    rightPerMille: certain.length === 0 ? 1000 : Math.floor((certainRight * 1000) / certain.length),
  }
}

function judge(
  session: TruthSession,
  links: readonly HubLink[],
  linked: readonly HubLink[],
  refs: ReadonlyMap<string, string>,
): Verdict {
  if (linked.some((link) => refs.get(link.stayId) !== session.stayRef)) return 'wrong'
  if (linked.length > 0) return 'right'
  const waiting = links.filter((link) => link.state === 'review')
  if (waiting.some((link) => refs.get(link.stayId) === session.stayRef)) return 'review'
  return waiting.length > 0 ? 'reviewOther' : 'missed'
}

function describe(
  session: TruthSession,
  verdict: Verdict,
  linked: readonly HubLink[],
  refs: ReadonlyMap<string, string>,
): Difference | undefined {
  const subject = session.id
  const where = `belongs to ${session.stayRef}: ${session.reason} [${session.evidence.join(' ')}]`
  switch (verdict) {
    case 'right':
      return undefined
    case 'wrong': {
      const detail = `${linked.map((link) => `${refs.get(link.stayId)} by ${link.method}`).join(', ')}; ${where}`
      return { class: 'wrong link', explained: false, subject, detail }
    }
    case 'review':
      return session.linkable === 'certain'
        ? { class: 'link left to a person although the evidence is exact', explained: true, subject, detail: where }
        : { class: `link left to a person: ${session.reason}`, explained: true, subject, detail: where }
    case 'reviewOther':
      return {
        class: 'only another stay is offered to a person',
        explained: session.linkable !== 'certain',
        subject,
        detail: where,
      }
    case 'missed':
      return session.linkable === 'certain'
        ? { class: 'link missed', explained: false, subject, detail: where }
        : { class: `no link: ${session.reason}`, explained: true, subject, detail: where }
  }
}
