// Owns everything known of one station: what each block of its page needs, read once the block is seen, and which event makes it old.
// Must not draw, and must not read for a block that nobody looks at.
import * as api from './api.js'
import { resource } from './resource.js'
import { forbidden } from './stay-table.js'

const tickMs = 200
const minuteMs = 60_000
/** Blocks are read shortly before they come into sight. */
const aheadOfSight = '300px'
const latest = 50
const most = 200

/** Which blocks an event of the station makes old; frames pass with every one of them. */
const touches = {
  'command.queued': ['commands'],
  'command.finished': ['commands', 'drift', 'profile'],
  'station.notice': ['notices'],
  'station.booted': ['station', 'firmware', 'profile', 'models', 'drift'],
  'station.connected': ['station', 'profile', 'changes'],
  'station.disconnected': ['station', 'commands'],
  'station.drifted': ['drift'],
  'station.in_line': ['drift'],
  'station.certificate_changed': ['certificates'],
  'station.certificate_expiring': ['certificates', 'notices'],
  'station.security_changed': ['changes', 'station'],
  'station.log_received': ['logs', 'commands'],
}

/**
 * `isLive()` says whether events are heard at all; without them everything in sight is read more often. `everywhere`: the key is not
 * limited to sites; to one that is, the hub answers with no departures at all, which would read as if there were none.
 */
export function stationData({ stationId, may, everywhere, isLive, changed }) {
  const own = `/api/v1/stations/${stationId}`
  const of = { stationId }
  const make = (load, everyMs = minuteMs) =>
    may('chargers:read') ? resource({ load, everyMs, changed: (state) => closed || changed(state) }) : null
  let closed = false
  let action = ''
  /** OCPP actions that were seen, as suggestions for the filter. */
  const actions = new Set()

  const all = {
    station: make(() => api.get(own), 30_000),
    commands: make(() => api.list('/api/v1/commands', of, latest)),
    drift: make(wantedAndKnown),
    notices: make(() => api.list('/api/v1/station-notices', of, latest)),
    profile: make(() => api.get(`${own}/profile`)),
    models: everywhere ? make(departures) : null,
    certificates: make(() => api.list('/api/v1/certificates', of, latest)),
    changes: make(() => api.list(`${own}/security-changes`, {}, latest)),
    logs: make(() => api.list(`${own}/logs`, {}, latest)),
    firmware: make(() => api.list(`${own}/firmware-history`, {}, latest)),
    frames: make(frames, 20_000),
  }

  /** What it is to have with what it was found to have; what is only there any more, to be taken back, stands last. */
  async function wantedAndKnown() {
    const [desired, drift] = await Promise.all([api.get(`${own}/desired`), api.get(`${own}/drift`, { limit: most })])
    const known = new Map(drift.items.map((item) => [`${item.kind} ${item.key}`, item]))
    const items = desired.items.map((item) => {
      const found = known.get(`${item.kind} ${item.key}`)
      known.delete(`${item.kind} ${item.key}`)
      return { ...found, ...item, actual: found?.actual ?? null, checkedAt: found?.checkedAt ?? null }
    })
    const left = [...known.values()].map((item) => ({ ...item, value: null, scope: null }))
    return { items: [...items, ...left], counts: drift.counts, more: drift.nextCursor !== null }
  }

  async function departures() {
    const { vendor, model } = all.station.state.value ?? (await api.get(own))
    if (!vendor) return { items: [], vendor, model }
    const { items } = await api.list('/api/v1/protocol-deviations/by-model', { vendor }, most)
    const codes = items.filter((one) => one.model === (model ?? '')).flatMap((one) => one.codes)
    return { items: codes, vendor, model }
  }

  async function frames() {
    const asked = action
    const page = await api.get(`${own}/messages`, { limit: latest, action: asked || null })
    for (const frame of page.items) if (frame.action !== null) actions.add(frame.action)
    return { items: page.items, more: page.nextCursor !== null, action: asked }
  }

  const inSight = new Set(['station'])
  const names = new WeakMap()
  const observer = new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting } of entries) {
        if (isIntersecting) inSight.add(names.get(target))
        else inSight.delete(names.get(target))
      }
      tick()
    },
    { rootMargin: aheadOfSight },
  )

  function tick() {
    if (document.hidden || closed) return
    const now = performance.now()
    for (const name of inSight) if (all[name]?.due(now, !isLive())) all[name].run(now)
  }
  const timer = setInterval(tick, tickMs)
  tick()

  function touch(...which) {
    for (const name of which) all[name]?.touch()
  }

  return {
    stationId,
    get: (name) => all[name]?.state ?? forbidden,
    items: (name) => all[name]?.state.value?.items ?? [],
    /** For the element of a block: it is read when it can be seen. */
    seen: (name) => (element) => {
      names.set(element, name)
      observer.observe(element)
    },
    action: () => action,
    actions: () => [...actions].sort(),
    onlyAction(wanted) {
      action = wanted
      all.frames?.renew()
    },
    heard({ type, data }) {
      if (data?.stationId === stationId) touch('frames', ...(touches[type] ?? []))
    },
    /** A command to it has ended, or something else was asked of it. */
    settled(id) {
      if (id === stationId) touch('station', 'commands', 'drift', 'logs', 'frames')
    },
    renew() {
      for (const one of Object.values(all)) one?.renew()
      tick()
    },
    close() {
      closed = true
      clearInterval(timer)
      observer.disconnect()
    },
  }
}
