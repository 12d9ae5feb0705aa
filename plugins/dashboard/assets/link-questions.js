// Owns what came into question for a session: every stay with its evidence and pictures, asked from the hub while it is looked at.
// Must not keep an answer once something happened to links.
import * as api from './api.js'

const againMs = 5_000
const mostKept = 200

export function linkQuestions({ may, changed }) {
  const known = new Map()

  function ask(sessionId) {
    const entry = { value: null, error: null, askedAt: performance.now() }
    known.set(sessionId, entry)
    if (known.size > mostKept) known.delete(known.keys().next().value)
    api.get(`/api/v1/charging-sessions/${sessionId}/link-candidates`).then(
      (value) => {
        entry.value = value
        changed()
      },
      (error) => {
        entry.error = error
        changed()
      },
    )
    return entry
  }

  return {
    /** The question, null while it is on its way or cannot be had. */
    of(sessionId) {
      if (!may('parking:read')) return null
      const entry = known.get(sessionId)
      const stale = entry?.error && performance.now() - entry.askedAt > againMs
      return (entry === undefined || stale ? ask(sessionId) : entry).value
    },
    heard({ type }) {
      if (/^(link|stay|charging_session)\./.test(type)) known.clear()
    },
  }
}
