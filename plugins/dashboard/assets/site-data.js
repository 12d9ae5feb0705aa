// Owns everything known of one site: which data a view needs, which event touches what, the stream and what stands in for it.
// Must not draw.
import * as api from './api.js'
import { listen } from './event-stream.js'
import { siteTimes } from './formats.js'
import { addDays } from './local-time.js'
import { moneyData, moneyNeeds, moneyTouches } from './money-data.js'
import { resource } from './resource.js'

const tickMs = 200
const minuteMs = 60_000
/** Rows changed while another transaction was still open carry an earlier time than its commit; read again a little. */
const overlapMs = 10_000
/** A page that nobody looks at lets go of the stream: browsers keep only six connections to one hub. */
const hiddenMs = 20_000
const mostRows = 2_000

/** Resources that each view needs besides `overview`, which the frame needs. */
const needs = {
  live: ['areas', 'stays', 'sessions', 'links', 'stations', 'evses', 'devices', 'revenue', 'pending'],
  links: ['stays', 'sessions', 'links', 'decided', 'stations', 'pending'],
  stations: ['stations', 'pending', 'evses', 'sessions'],
  ...moneyNeeds,
  parking: [
    'evBays',
    'occupancy',
    'counts',
    'actions',
    'readers',
    'pairings',
    'lanes',
    'stays',
    'connections',
    'stations',
    'pending',
  ],
  people: ['credentials', 'connections', 'stations', 'pending'],
  system: ['connections', 'plugins', 'devices', 'pending'],
  files: ['connections', 'pending'],
}

/** Which resources an event of a family makes old. */
const touches = {
  station: ['overview', 'stations', 'evses', 'pending'],
  connector: ['overview', 'evses'],
  charging_session: ['overview', 'sessions'],
  stay: ['overview', 'stays', 'occupancy'],
  bay: ['overview', 'stays', 'evBays'],
  ev_bay: ['evBays'],
  occupancy: ['overview', 'occupancy', 'counts'],
  parking_action: ['actions'],
  credential: ['credentials'],
  equipment: ['devices'],
  ...moneyTouches,
  payment: ['stays', ...moneyTouches.payment],
  link: ['overview', 'links', 'decided', 'sessions'],
  bill: ['overview', 'revenue', ...moneyTouches.bill],
  connection: ['connections'],
}

/**
 * `may(scope)` says what the key reaches; what it does not is never asked for. `changed()` is called after every change, `happened`
 * with each event as it comes.
 */
export function siteData({ siteId, may, clock, changed, happened }) {
  const site = { siteId }
  const now = () => performance.now()
  const make = (scope, settings) => (may(scope) ? resource({ ...settings, changed: (state) => settled(state) }) : null)

  const money = moneyData({ site, may, make, timeZone, today })
  const all = {
    ...money.resources,
    overview: make('parking:read', {
      everyMs: 12_000,
      load: overview,
    }),
    areas: make('sites:read', { everyMs: 10 * minuteMs, load: () => api.list('/api/v1/areas', site) }),
    stays: make('parking:read', {
      everyMs: minuteMs,
      anewMs: 3 * minuteMs,
      load: (before) => changedRows('/api/v1/stays', before, ['open'], 'stayId'),
    }),
    sessions: make('chargers:read', {
      everyMs: 30_000,
      anewMs: 3 * minuteMs,
      load: (before) => changedRows('/api/v1/charging-sessions', before, ['active', 'ended'], 'sessionId'),
    }),
    links: make('parking:read', {
      everyMs: minuteMs,
      load: () => api.list('/api/v1/links', { ...site, state: 'review' }, 400),
    }),
    decided: make('parking:read', {
      everyMs: minuteMs,
      load: () => api.list('/api/v1/links', { ...site, limit: 50 }, 50),
    }),
    stations: make('chargers:read', { everyMs: 30_000, load: () => api.list('/api/v1/stations', site, mostRows) }),
    // A station that dialled in unknown stands at no site yet, so no event of this site tells of it.
    pending: make('chargers:read', {
      everyMs: 8_000,
      load: () => api.list('/api/v1/stations', { admission: 'pending' }, 400),
    }),
    evses: make('chargers:read', { everyMs: minuteMs, load: () => api.list('/api/v1/evses', site, mostRows) }),
    devices: make('sites:read', { everyMs: minuteMs, load: () => api.list('/api/v1/devices', site, 400) }),
    revenue: make('money:read', { everyMs: 5 * minuteMs, load: () => lastDays(14) }),
    evBays: make('parking:read', { everyMs: 30_000, load: () => api.list('/api/v1/ev-bays', site, mostRows) }),
    occupancy: make('parking:read', { everyMs: minuteMs, load: () => api.get('/api/v1/occupancy-report', site) }),
    counts: make('parking:read', { everyMs: 5 * minuteMs, load: () => api.list('/api/v1/occupancy-counts', site, 20) }),
    actions: make('parking:read', { everyMs: 15_000, load: () => api.list('/api/v1/parking-actions', site, 200) }),
    readers: make('sites:read', { everyMs: 30_000, load: () => api.list('/api/v1/readers', {}, mostRows) }),
    pairings: make('sites:read', { everyMs: 3_000, load: openPairings }),
    lanes: make('sites:read', { everyMs: 10 * minuteMs, load: () => api.list('/api/v1/lanes', site, 400) }),
    credentials: make('people:read', {
      everyMs: minuteMs,
      load: () => api.list('/api/v1/credentials', { ...(typed === '' ? {} : { search: typed }) }, 100),
    }),
    connections: make('plugins:read', { everyMs: 10_000, load: () => api.list('/api/v1/connections', {}, 400) }),
    plugins: make('plugins:read', { everyMs: 5 * minuteMs, load: () => api.get('/api/v1/plugins') }),
  }

  let view = 'live'
  let stream = null
  let streamState = may('events:read') ? 'connecting' : 'refused'
  let typed = ''

  /** The first answer, or only rows that changed since: rows that left the states of interest are taken out. */
  async function changedRows(path, before, states, id) {
    if (before === null) {
      const lists = await Promise.all(states.map((state) => api.list(path, { ...site, state }, mostRows)))
      const items = lists.flatMap((one) => one.items)
      return { items, more: lists.some(({ more }) => more), since: latest(items, null) }
    }
    if (before.since === null) return changedRows(path, null, states, id)
    const updatedSince = new Date(Date.parse(before.since) - overlapMs).toISOString()
    const { items: news, more } = await api.list(path, { ...site, updatedSince }, mostRows)
    if (more) return changedRows(path, null, states, id)
    const items = new Map(before.items.map((item) => [item[id], item]))
    for (const item of news) {
      if (!states.includes(item.state)) items.delete(item[id])
      else if ((items.get(item[id])?.version ?? 0) <= item.version) items.set(item[id], item)
    }
    return { items: [...items.values()], more: before.more, since: latest(news, before.since) }
  }

  function latest(items, at) {
    return items.reduce((newest, { updatedAt }) => (newest === null || updatedAt > newest ? updatedAt : newest), at)
  }

  /** With the time at the hub, which no answer has for who may not look at the parking. */
  async function overview() {
    const value = await api.get(`/api/v1/sites/${siteId}/overview`)
    clock.heard(value.at)
    return value
  }

  let zone = null

  /** Who may not look at the parking has no overview, and may read the site all the same. */
  async function timeZone() {
    const shown = all.overview?.state.value?.site
    if (shown) return shown.timeZone
    zone ??= all.overview ? (await overview()).site.timeZone : (await api.get(`/api/v1/sites/${siteId}`)).timeZone
    return zone
  }

  async function today() {
    return siteTimes(await timeZone()).day(all.overview?.state.value?.at ?? new Date(clock.now()).toISOString())
  }

  async function lastDays(days) {
    const to = await today()
    return api.get('/api/v1/revenue', { ...site, from: addDays(to, 1 - days), to })
  }

  /** The list does not tell what was found out, so the open ones are read each. */
  async function openPairings() {
    const { items, more } = await api.list('/api/v1/card-pairings', site, 20)
    const read = items.map((one) => (one.state === 'open' ? api.get(`/api/v1/card-pairings/${one.pairingId}`) : one))
    return { items: await Promise.all(read), more }
  }

  function settled(state) {
    if (state.error?.status === 401) happened({ type: 'logged_out' })
    changed()
  }

  function wanted() {
    return ['overview', ...(needs[view] ?? [])].flatMap((name) => (all[name] ? [all[name]] : []))
  }

  function tick() {
    if (document.hidden) return
    const at = now()
    // Without the stream nothing tells of changes, so everything is asked for more often.
    for (const one of wanted()) if (one.due(at, streamState !== 'live')) one.run(at)
  }
  const timer = setInterval(tick, tickMs)

  function open() {
    if (stream !== null || streamState === 'refused') return
    stream = listen({
      path: `/api/v1/events/stream?siteId=${siteId}`,
      event(event) {
        touch(event)
        happened(event)
      },
      state(name) {
        if (name === streamState) return
        // What happened while nobody listened is told by the stream itself, from where it broke off.
        streamState = name
        changed()
      },
      lost: renew,
    })
  }

  function touch({ type }) {
    for (const name of touches[type.split('.')[0]] ?? []) all[name]?.touch()
  }

  function renew() {
    for (const one of Object.values(all)) one?.renew()
    tick()
  }

  let hideTimer = 0
  function seen() {
    clearTimeout(hideTimer)
    if (document.hidden) {
      hideTimer = setTimeout(() => {
        stream?.close()
        stream = null
        if (streamState !== 'refused') streamState = 'connecting'
      }, hiddenMs)
      return
    }
    const rested = stream === null
    open()
    if (rested) renew()
    else tick()
  }
  const online = () => {
    stream?.hurry()
    renew()
  }
  document.addEventListener('visibilitychange', seen)
  addEventListener('online', online)
  open()
  tick()

  return {
    siteId,
    /** The state of a resource: value, error, loadedAt, forbidden; null when the key does not reach it. */
    get: (name) => all[name]?.state ?? null,
    items: (name) => all[name]?.state.value?.items ?? [],
    may,
    touch: (...names) => {
      for (const name of names) all[name]?.touch()
    },
    renew,
    show(name) {
      view = name
      tick()
    },
    /** People are too many to hold; the hub searches among them. */
    searchPeople(text) {
      typed = text
      all.credentials?.touch()
    },
    money,
    /** `live`, `connecting`, `reconnecting`, or `polling` for a key that may not listen. */
    stream: () => (streamState === 'refused' ? 'polling' : streamState),
    /** Milliseconds since the overview was true; null before the first. */
    ageMs: () => (all.overview?.state.loadedAt == null ? null : now() - all.overview.state.loadedAt),
    close() {
      clearInterval(timer)
      clearTimeout(hideTimer)
      document.removeEventListener('visibilitychange', seen)
      removeEventListener('online', online)
      stream?.close()
    },
  }
}
