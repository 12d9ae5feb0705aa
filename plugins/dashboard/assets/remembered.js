// Owns stays and sessions by their id, for names of cars that have left or stand in no list.
// Must not draw; a record that no list holds is asked for once.
import * as api from './api.js'

/** Far more than a screen shows. */
const mostRemembered = 5_000
const retryMs = 5_000

export function rememberedRecords({ may, changed }) {
  const remembered = { stays: new Map(), sessions: new Map() }
  const asked = new Set()

  function remember(stays, sessions) {
    for (const [map, items, id] of [
      [remembered.stays, stays, 'stayId'],
      [remembered.sessions, sessions, 'sessionId'],
    ]) {
      for (const item of items) {
        if ((map.get(item[id])?.version ?? 0) <= item.version) map.set(item[id], item)
      }
      for (const old of map.keys()) {
        if (map.size <= mostRemembered) break
        map.delete(old)
      }
    }
  }

  /** A record that no list holds, asked for once. */
  function want(kind, id, path) {
    const scope = kind === 'stays' ? 'parking:read' : 'chargers:read'
    if (id === null || remembered[kind].has(id) || asked.has(id) || !may(scope)) return
    asked.add(id)
    api.get(path + id).then(
      (record) => {
        remember(kind === 'stays' ? [record] : [], kind === 'sessions' ? [record] : [])
        changed()
      },
      () => setTimeout(() => asked.delete(id), retryMs),
    )
  }

  return {
    ...remembered,
    remember,
    want,
    clear() {
      remembered.stays.clear()
      remembered.sessions.clear()
      asked.clear()
    },
  }
}
