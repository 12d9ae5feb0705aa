// Owns what a person decides about links: a moment to take it back, then the hub's answer, then undoing what can be undone.
// Must not hide a refusal: what the hub does not accept goes back to the queue with the reason.
import * as api from './api.js'

/** A slip of the finger is noticed at once: until then nothing is sent, and no bill is made and corrected. */
const graceMs = 5_000

export function linkDecisions({ data, say, changed }) {
  /** By link: decision, state (`waiting`, `sending`, `sent`), when it is sent. */
  const made = new Map()
  let last = null

  function decide(link, decision) {
    const known = made.get(link.linkId)
    if (known && known.state !== 'waiting') return
    clearTimeout(known?.timer)
    const timer = setTimeout(() => commit(link.linkId), graceMs)
    made.set(link.linkId, { link, decision, state: 'waiting', sendsAt: performance.now() + graceMs, timer })
    last = link.linkId
    changed()
  }

  async function commit(linkId, keepalive = false) {
    const one = made.get(linkId)
    if (one?.state !== 'waiting') return
    clearTimeout(one.timer)
    one.state = 'sending'
    changed()
    try {
      await api.post(`/api/v1/links/${linkId}/${one.decision}`, {}, { keepalive })
      one.state = 'sent'
      data().touch('links', 'decided', 'overview', 'sessions')
    } catch (error) {
      made.delete(linkId)
      data().touch('links', 'decided', 'overview')
      say({
        tone: 'bad',
        title: one.decision === 'accept' ? 'The link was not accepted' : 'The link was not rejected',
        text: error.message,
      })
    }
    changed()
  }

  async function unlink(link) {
    try {
      await api.post(`/api/v1/links/${link.linkId}/unlink`, {})
      made.delete(link.linkId)
      data().touch('links', 'decided', 'overview', 'sessions', 'stays')
      say({
        tone: 'good',
        title: 'The link was taken apart',
        text: 'Bills that were issued are put right by adjustments.',
      })
    } catch (error) {
      say({ tone: 'bad', title: 'The link could not be taken apart', text: error.message })
    }
    changed()
  }

  /** The last decision: not sent yet, it is dropped; a sent one is taken back by the hub, which then asks again. */
  function undo(linkId = last) {
    const one = made.get(linkId)
    if (!one) return say({ tone: 'calm', title: 'There is no decision to undo.' })
    if (one.state === 'sending') return undefined
    if (one.state === 'sent') return takeBack(one.link)
    clearTimeout(one.timer)
    made.delete(linkId)
    changed()
    return undefined
  }

  /** Whatever a person decided, at whatever time. */
  async function takeBack(link) {
    try {
      await api.post(`/api/v1/links/${link.linkId}/undo`, {})
      made.delete(link.linkId)
      data().touch('links', 'decided', 'overview', 'sessions', 'stays')
      say({ tone: 'good', title: 'The decision is taken back', text: 'What was before holds again.' })
    } catch (error) {
      say({ tone: 'bad', title: 'The decision could not be taken back', text: error.message })
    }
    changed()
  }

  return {
    accept: (link) => decide(link, 'accept'),
    reject: (link) => decide(link, 'reject'),
    unlink,
    undo,
    takeBack,
    /** Accepts at once what had been rejected or taken apart. */
    async acceptAfterAll(link) {
      decide(link, 'accept')
      await commit(link.linkId)
    },
    of: (linkId) => made.get(linkId) ?? null,
    /** Seconds until it is sent. */
    secondsLeft: (one) => Math.max(0, Math.ceil((one.sendsAt - performance.now()) / 1000)),
    /** What waits for a person, the oldest first; decided links are gone from it at once. */
    queue: () =>
      data()
        .items('links')
        .filter(({ linkId }) => !made.has(linkId))
        .sort(byAge),
    /** The same with those that were decided a moment ago, so that they can be taken back where they stood. */
    queueWithDecided: () =>
      data()
        .items('links')
        .filter(({ linkId }) => made.get(linkId)?.state !== 'sent')
        .sort(byAge),
    /** The page is going away: what was decided must not be lost. */
    flush() {
      for (const linkId of [...made.keys()]) commit(linkId, true)
    },
  }
}

/** Proposals for one session stand together. */
function byAge(a, b) {
  if (a.sessionId === b.sessionId) return b.score - a.score
  return a.createdAt < b.createdAt || (a.createdAt === b.createdAt && a.sessionId < b.sessionId) ? -1 : 1
}
