// Owns one piece of data from the hub: loaded when it is wanted, again when something happened to it, with pauses after failures.
// Must not draw, and must not hide its age: a value that could not be renewed says since when it stands.
import { Problem } from './api.js'

const pausesAfterFailureMs = [1_000, 2_000, 5_000, 10_000, 20_000]
const shortestGapMs = 700

/**
 * `load(before)` gives the new value from the hub; `before` is the last one, null when it is to be read anew from the ground.
 * `everyMs` is how old it may grow without news, `anewMs` how long changes may be added onto it.
 */
export function resource({ load, everyMs, anewMs = Number.POSITIVE_INFINITY, changed }) {
  const state = { value: null, loadedAt: null, error: null, forbidden: false, loading: false }
  let dirty = true
  let startedAt = Number.NEGATIVE_INFINITY
  let freshAt = Number.NEGATIVE_INFINITY
  let failures = 0
  let took = 0

  function due(now, hurried) {
    if (state.loading || state.forbidden) return false
    if (failures > 0) {
      return now - startedAt >= pausesAfterFailureMs[Math.min(failures - 1, pausesAfterFailureMs.length - 1)]
    }
    // A slow hub is asked less often, so that a busy site does not keep it busy with us.
    if (dirty) return now - startedAt >= Math.max(shortestGapMs, took * 2)
    return now - startedAt >= (hurried ? Math.min(everyMs, 5_000) : everyMs)
  }

  async function run(now) {
    state.loading = true
    startedAt = now
    dirty = false
    const anew = state.value === null || now - freshAt >= anewMs
    try {
      state.value = await load(anew ? null : state.value)
      state.loadedAt = performance.now()
      if (anew) freshAt = now
      state.error = null
      failures = 0
    } catch (error) {
      failures++
      state.error = error
      state.forbidden = error instanceof Problem && error.status === 403
      if (!(error instanceof Problem) && error.name !== 'Unreachable') console.error(error)
    } finally {
      took = performance.now() - now
      state.loading = false
      changed(state)
    }
  }

  return {
    state,
    due,
    run,
    /** Something happened to it. */
    touch: () => {
      dirty = true
    },
    /** It is to be read from the ground at the next chance, at once if it had failed. */
    renew: () => {
      dirty = true
      freshAt = Number.NEGATIVE_INFINITY
      failures = 0
      startedAt = Number.NEGATIVE_INFINITY
    },
  }
}
