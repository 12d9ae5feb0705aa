// Owns everything about one car: its stay, its sessions, how they are linked, what happened when, what was billed.
// Must not draw.
import * as api from './api.js'

const renewMs = 10_000
const shortestGapMs = 1_000

/** `subject`: a bay, a stay or a session. `places()` says which session and stay are in a bay. */
export function details({ subject, may, places, remember, changed }) {
  const state = { value: null, error: null, loadedAt: null }
  let startedAt = Number.NEGATIVE_INFINITY
  let loading = false
  let dirty = true
  let closed = false
  let ids = new Set()

  async function read() {
    const place = subject.kind === 'bay' ? places(subject.id) : {}
    const sessionIds = new Set([subject.kind === 'session' ? subject.id : place.sessionId].filter(Boolean))
    let stayId = subject.kind === 'stay' ? subject.id : (place.stayId ?? null)
    const first = []
    if (may('chargers:read')) for (const id of sessionIds) first.push(await api.get(`/api/v1/charging-sessions/${id}`))
    stayId ??= first[0]?.stayId ?? null
    const parking = may('parking:read')
    const stay = stayId !== null && parking ? await api.get(`/api/v1/stays/${stayId}`) : null
    const sessionLinks = parking
      ? await Promise.all([...sessionIds].map((sessionId) => api.list('/api/v1/links', { sessionId }, 20)))
      : []
    const links = new Map(
      [...(stay?.links ?? []), ...sessionLinks.flatMap(({ items }) => items)].map((link) => [link.linkId, link]),
    )
    for (const link of links.values())
      if (link.stayId === stayId && link.state === 'linked') sessionIds.add(link.sessionId)
    const [sessions, told, timeline, bills] = await Promise.all([
      Promise.all(
        [...sessionIds].map((id) =>
          may('chargers:read')
            ? (first.find(({ sessionId }) => sessionId === id) ?? api.get(`/api/v1/charging-sessions/${id}`))
            : null,
        ),
      ),
      Promise.all(
        [...links.values()]
          .filter(({ state: at }) => at !== 'withdrawn')
          .slice(0, 6)
          .map(({ linkId }) => api.get(`/api/v1/links/${linkId}`)),
      ),
      stay ? api.list(`/api/v1/stays/${stayId}/timeline`, {}, 200) : { items: [] },
      may('money:read') ? billsOf(stayId, sessionIds) : [],
    ])
    const known = sessions.filter(Boolean)
    ids = new Set(
      [subject.id, stayId, ...sessionIds, ...links.keys(), ...known.map(({ stationId }) => stationId)].filter(Boolean),
    )
    remember(stay ? [stay] : [], known)
    return { stay, sessions: known, links: told, timeline: timeline.items, bills }
  }

  async function billsOf(stayId, sessionIds) {
    const queries = [...(stayId === null ? [] : [{ stayId }]), ...[...sessionIds].map((sessionId) => ({ sessionId }))]
    const lists = await Promise.all(queries.map((query) => api.list('/api/v1/bills', query, 50)))
    return [...new Map(lists.flatMap(({ items }) => items).map((bill) => [bill.billId, bill])).values()]
  }

  async function tick() {
    const now = performance.now()
    const gap = dirty ? shortestGapMs : renewMs
    if (closed || loading || document.hidden || now - startedAt < gap) return
    loading = true
    dirty = false
    startedAt = now
    try {
      state.value = await read()
      state.error = null
      state.loadedAt = performance.now()
    } catch (error) {
      state.error = error
    } finally {
      loading = false
      if (!closed) changed()
    }
  }
  const timer = setInterval(tick, 250)
  tick()

  return {
    subject,
    state,
    /** An event may be about this car. */
    heard({ subject: about, data }) {
      const named = [about?.id, data?.stayId, data?.sessionId, data?.stationId, data?.bayId, data?.linkId]
      if (state.value === null || subject.kind === 'bay' || named.some((id) => ids.has(id))) dirty = true
    },
    renew() {
      dirty = true
      startedAt = Number.NEGATIVE_INFINITY
    },
    close() {
      closed = true
      clearInterval(timer)
    },
  }
}
