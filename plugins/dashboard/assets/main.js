// Owns the dashboard as a whole: who is logged in, which site and view is shown, and drawing it again when something changed.
// Must not know how anything looks.

import { withNews } from './activity.js'
import * as api from './api.js'
import { bayView, overstayMs, staysByBay } from './bay-state.js'
import { billsView } from './bills-view.js'
import { detailPanel } from './detail-panel.js'
import { details } from './details.js'
import { dialogBox } from './dialogs.js'
import { awayPage, loginPage, noSitePage, opening, sitesPage } from './doors.js'
import { h, show } from './elements.js'
import { filesEditor } from './files-editor.js'
import { filesView } from './files-view.js'
import { byNumber, siteTimes, span } from './formats.js'
import { frame, views } from './frame.js'
import { hubClock } from './hub-clock.js'
import { linkDecisions } from './link-decisions.js'
import { linkQuestions } from './link-questions.js'
import { linksView } from './links-view.js'
import { liveView } from './live-view.js'
import { namesFor } from './names.js'
import { noticeBoard } from './notices.js'
import { parkingView } from './parking-view.js'
import { peopleView } from './people-view.js'
import { siteData } from './site-data.js'
import { stationCommands } from './station-commands.js'
import { stationData } from './station-data.js'
import { stationPage } from './station-page.js'
import { stationsView } from './stations-view.js'
import { systemView } from './system-view.js'
import { eventWords } from './words.js'

const root = document.getElementById('app')
const siteKey = 'baywatt.site'
const themeKey = 'baywatt.theme'
const secondMs = 1_000
const retryMs = 5_000
/** Records kept by id for names of cars that have left; far more than a screen shows. */
const mostRemembered = 5_000

const content = {
  live: liveView,
  links: linksView,
  parking: parkingView,
  people: peopleView,
  stations: (all) => (all.station === null ? stationsView(all) : stationPage(all)),
  bills: billsView,
  system: systemView,
  files: filesView,
}

const remembered = { stays: new Map(), sessions: new Map() }
const asked = new Set()
const clock = hubClock()
let drawing = false
let drawn = { at: 0, took: 0 }
const after = []

const notices = noticeBoard(render)

const app = {
  phase: 'opening',
  session: null,
  sites: [],
  siteId: null,
  view: 'live',
  data: null,
  clock,
  tables: {},
  bayFilter: null,
  showBare: false,
  linkChosen: null,
  /** What was asked of the rules, and the credential whose reach is shown. */
  people: {},
  /** What is known of the one station whose page is shown. */
  station: null,
  /** The mapping that is edited, and which of several file connections was chosen. */
  editor: null,
  filesChosen: null,
  panel: null,
  details: null,
  dialog: null,
  login: {},
  siteForm: {},
  /** Events as they came, newest first. */
  news: [],
  listeningSince: null,
  announcement: '',
  endedReason: null,
  awayReason: null,

  render,
  set(change) {
    Object.assign(app, change)
    render()
  },
  afterRender: (run) => after.push(run),
  say: notices.say,
  ask: (dialog) => app.set({ dialog: { ...dialog, opener: document.activeElement } }),
  answered() {
    const opener = app.dialog?.opener
    app.set({ dialog: null })
    app.afterRender(() => opener?.isConnected && opener.focus({ preventScroll: true }))
  },
  can: (scope) => app.session?.scopes.some((held) => held === 'admin' || held === scope) ?? false,

  begin,
  go,
  logOut,
  path: (view) => `/sites/${app.siteId}${view === 'live' ? '' : `/${view}`}`,
  stationPath: (stationId) => `${app.path('stations')}/${stationId}`,
  /** For links inside the page: new tabs and other clicks are the browser's. */
  follow(event) {
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return
    event.preventDefault()
    go(event.currentTarget.getAttribute('href'))
  },
  open,
  close,
  isDark,
  turnTheme() {
    const next = isDark() ? 'light' : 'dark'
    document.documentElement.dataset.theme = next
    keep(themeKey, next)
    render()
  },

  ago: (at) => `${span(performance.now() - at)} ago`,
  fileName: (what) =>
    `baywatt-${(app.site?.code ?? 'site').replaceAll(/[^A-Za-z0-9-]+/g, '-')}-${what}-${app.times.day(app.now)}.csv`,
  stay: (id) => remembered.stays.get(id),
  sessionRecord: (id) => remembered.sessions.get(id),
  liveOf: (sessionId) => app.liveById.get(sessionId) ?? null,
  /** The overview is renewed more often than the record of a session. */
  energyOf: (session) => Math.max(session.energyWh, app.liveOf(session.sessionId)?.energyWh ?? 0),
  plugOf: ({ stationId, evseNumber }) => app.plugs.get(plugKey(stationId, evseNumber)) ?? null,
  /** The editor of the chosen one of these connections; null when there is none. */
  editorOf(connections) {
    const chosen = connections.find(({ connectionId }) => connectionId === app.filesChosen) ?? connections[0]
    if (app.editor && app.editor.state.connection.connectionId === chosen?.connectionId) return app.editor
    app.editor?.close()
    app.editor = chosen ? filesEditor({ connection: chosen, say: notices.say, changed: render }) : null
    return app.editor
  },
  wantPair({ stayId, sessionId }) {
    want('stays', stayId, '/api/v1/stays/')
    want('sessions', sessionId, '/api/v1/charging-sessions/')
  },
}

/** A decision may be answered after its site was left. */
const nowhere = { touch() {}, items: () => [], renew() {} }
app.decisions = linkDecisions({ data: () => app.data ?? nowhere, say: notices.say, changed: render })
app.questions = linkQuestions({ may: app.can, changed: render })
app.commands = stationCommands({
  data: () => app.data ?? nowhere,
  say: notices.say,
  changed: render,
  settled: (stationId) => app.station?.settled(stationId),
})

/** Draws at the next frame, however many things changed before it. */
function render() {
  if (drawing) return
  drawing = true
  const draw = () => {
    const begun = performance.now()
    drawing = false
    show(root, page())
    for (const run of after.splice(0)) run()
    drawn = { at: begun, took: performance.now() - begun }
  }
  // Frames do not come in a page that is not seen; its title has to stay true.
  if (document.hidden) setTimeout(draw, 50)
  else requestAnimationFrame(draw)
}

function page() {
  switch (app.phase) {
    case 'login':
      document.title = 'Log in · Baywatt'
      return loginPage(app)
    case 'away':
      document.title = 'Baywatt'
      return awayPage(app)
    case 'none':
      document.title = 'Baywatt'
      return noSitePage(app)
    case 'choose':
      document.title = 'Sites · Baywatt'
      return sitesPage(app)
    case 'site':
      prepare()
      document.title = title()
      return [frame(app, content[app.view](app)), detailPanel(app), notices.board(), dialogBox(app), announcer()]
    default:
      return opening()
  }
}

function announcer() {
  return h('p.unseen', { key: 'announcer', role: 'status' }, app.announcement)
}

function title() {
  const waiting = (app.data.get('overview')?.value?.linksToReview.count ?? 0) + app.trouble.pending
  const view = views.find(({ id }) => id === app.view)
  const code = app.station?.get('station').value?.code
  const station = code ? `${code} · ` : ''
  return `${waiting > 0 ? `(${waiting}) ` : ''}${station}${app.view === 'live' ? '' : `${view.label} · `}${app.site?.name || app.site?.code || 'Site'} · Baywatt`
}

/** What the views share, worked out once for each drawing. */
function prepare() {
  const { data } = app
  const overview = data.get('overview')?.value ?? null
  app.site = overview?.site ?? app.sites.find(({ siteId }) => siteId === app.siteId) ?? null
  app.times = siteTimes(app.site?.timeZone ?? 'UTC')
  app.now = clock.now()
  app.names = namesFor(data, remembered)
  app.connection = data.get('overview')?.error?.name === 'Unreachable' ? 'away' : data.stream()
  const running = [
    ...(overview?.runningSessions.items ?? []),
    ...(overview?.bays ?? []).flatMap(({ session }) => (session ? [session] : [])),
  ]
  app.liveById = new Map(running.map((session) => [session.sessionId, session]))
  app.liveSessions = [...app.liveById.values()]
  app.plugs = plugsOf(data, overview)
  const seenIn = staysByBay(data.items('stays').filter(({ state }) => state === 'open'))
  const overstay = overstayMs(app.site)
  app.bayViews = (overview?.bays ?? [])
    .map((bay) => {
      const session = bay.session ? remembered.sessions.get(bay.session.sessionId) : undefined
      const stayId = bay.session?.stayId
      if (stayId) want('stays', stayId, '/api/v1/stays/')
      // A sensor that says "empty" knows better than where the car was seen last.
      const parked = bay.session === null && bay.car?.occupied !== false ? seenIn.get(bay.code) : undefined
      return bayView(bay, {
        session,
        stay: stayId ? remembered.stays.get(stayId) : parked,
        plug: bay.evses.length === 1 ? app.plugs.get(plugKey(bay.evses[0].stationId, bay.evses[0].number)) : undefined,
        now: app.now,
        overstay,
      })
    })
    .sort((a, b) => byNumber(a.bay.code, b.bay.code))
  app.trouble = troubleOf(data)
}

const plugKey = (stationId, number) => `${stationId}/${number}`

/** What each station last said of its plugs; the overview is newer, the EVSEs know since when. */
function plugsOf(data, overview) {
  const plugs = new Map()
  for (const { stationId, number, connectors } of data.items('evses')) {
    const shown = connectors.find(({ status }) => status !== 'available') ?? connectors[0]
    if (shown) plugs.set(plugKey(stationId, number), { status: shown.status, since: shown.statusAt })
  }
  for (const { stationId, number, status } of (overview?.bays ?? []).flatMap(({ evses }) => evses)) {
    const known = plugs.get(plugKey(stationId, number))
    if (known?.status !== status) plugs.set(plugKey(stationId, number), { status, since: null })
  }
  return plugs
}

function troubleOf(data) {
  const accepted = data.items('stations').filter(({ admission }) => admission === 'accepted')
  return {
    offline: accepted.filter(({ socket }) => socket === null),
    faulted: data.items('evses').filter(({ connectors }) => connectors.some(({ status }) => status === 'faulted')),
    actions: data.items('actions').filter(({ needsPerson }) => needsPerson).length,
    devices: data.items('devices').filter(({ state }) => state === 'fault' || state === 'offline'),
    pending: data.items('pending').filter(({ siteId }) => siteId === null || siteId === app.siteId).length,
  }
}

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
  if (id === null || remembered[kind].has(id) || asked.has(id) || !app.can(scope)) return
  asked.add(id)
  api.get(path + id).then(
    (record) => {
      remember(kind === 'stays' ? [record] : [], kind === 'sessions' ? [record] : [])
      render()
    },
    () => setTimeout(() => asked.delete(id), retryMs),
  )
}

async function begin(path) {
  app.set({ phase: app.phase === 'login' ? 'login' : 'opening' })
  try {
    app.session = await api.get('/api/v1/session')
    app.sites = app.can('sites:read') ? (await api.list('/api/v1/sites', { sort: 'name' })).items : []
    app.awayReason = null
  } catch (error) {
    if (error.status === 401) return app.set({ phase: 'login' })
    app.set({ phase: 'away', awayReason: error.name === 'Unreachable' ? null : error.message })
    setTimeout(() => app.phase === 'away' && begin(), retryMs)
    return undefined
  }
  return go(path ?? location.pathname + location.search, { replace: true })
}

/** Shows what an address of ours stands for. */
function go(address, { replace = false, choose = false } = {}) {
  const url = new URL(address, location.origin)
  const [, siteId, view = 'live', stationId] =
    /^\/sites\/([0-9a-f-]{36})(?:\/(\w+)(?:(?<=stations)\/([0-9a-f-]{36}))?)?$/.exec(url.pathname) ?? []
  if (siteId === undefined && !choose) {
    const known =
      app.sites.find((one) => one.siteId === kept(siteKey)) ?? (app.sites.length === 1 ? app.sites[0] : undefined)
    if (known) return go(`/sites/${known.siteId}`, { replace: true })
  }
  history[replace ? 'replaceState' : 'pushState'](null, '', url.pathname + url.search)
  route(siteId, view, stationId, url.searchParams)
  if (!replace) scrollTo(0, 0)
  return undefined
}

function route(siteId, view, stationId, query) {
  if (siteId === undefined || !(view in content)) {
    leaveSite()
    return app.set({ phase: app.sites.length === 0 ? 'none' : 'choose' })
  }
  if (app.can('sites:read') && !app.sites.some((one) => one.siteId === siteId)) {
    leaveSite()
    return app.set({ phase: app.sites.length === 0 ? 'none' : 'choose' })
  }
  if (app.siteId !== siteId || app.data === null) enterSite(siteId)
  app.data.show(view)
  if (view !== 'files') closeEditor()
  showStation(stationId)
  const wanted = query.get('link')
  app.set({ phase: 'site', view, ...(wanted ? { linkChosen: wanted } : {}) })
  for (const kind of ['bay', 'stay', 'session']) {
    const id = query.get(kind)
    if (id && app.panel?.id !== id) openPanel({ kind, id }, null)
  }
  return undefined
}

function showStation(stationId) {
  if (app.station?.stationId === stationId) return
  app.station?.close()
  app.station =
    stationId === undefined
      ? null
      : stationData({
          stationId,
          may: app.can,
          everywhere: app.session.siteIds === null,
          isLive: () => app.data?.stream() === 'live',
          changed: stationChanged,
        })
  // What was typed and sorted for one station is not meant for the next.
  for (const id of Object.keys(app.tables)) if (id.startsWith('station-')) delete app.tables[id]
}

function stationChanged({ error }) {
  if (error?.status === 401) return happened({ type: 'logged_out' })
  return render()
}

function enterSite(siteId) {
  leaveSite()
  keep(siteKey, siteId)
  remembered.stays.clear()
  remembered.sessions.clear()
  asked.clear()
  Object.assign(app, {
    siteId,
    tables: {},
    bayFilter: null,
    linkChosen: null,
    people: {},
    news: [],
    listeningSince: null,
  })
  app.data = siteData({
    siteId,
    may: app.can,
    clock,
    changed() {
      remember(app.data.items('stays'), app.data.items('sessions'))
      if (app.listeningSince === null && app.data.stream() === 'live' && clock.known())
        app.listeningSince = new Date(clock.now()).toISOString()
      render()
    },
    happened,
  })
}

function closeEditor() {
  app.editor?.close()
  app.editor = null
}

function leaveSite() {
  app.decisions.flush()
  closeEditor()
  closePanel()
  showStation(undefined)
  app.data?.close()
  Object.assign(app, { data: null, siteId: null })
}

function happened(event) {
  if (event.type === 'logged_out') return ended('Your session is over. Log in again to go on.')
  app.details?.heard(event)
  app.station?.heard(event)
  app.questions.heard(event)
  app.news = withNews(app.news, event)
  const words = eventWords(event, namesFor(app.data, remembered))
  if (words?.tone === 'bad' || spoken.has(event.type)) app.announcement = words.text
  return render()
}

/** What a person who does not see the page is told at once; all else stands in the list of what happened. */
const spoken = new Set(['link.review', 'station.pending', 'station.disconnected'])

function open(subject, opener) {
  openPanel(subject, opener)
  const url = new URL(location.href)
  for (const kind of ['bay', 'stay', 'session']) url.searchParams.delete(kind)
  url.searchParams.set(subject.kind, subject.id)
  history.replaceState(null, '', url.pathname + url.search)
}

function openPanel(subject, opener) {
  app.details?.close()
  app.panel = { ...subject, opener: app.panel?.opener ?? opener }
  app.details = details({ subject, may: app.can, places: placesOf, remember, changed: render })
  render()
  app.afterRender(() => document.querySelector('.panel')?.focus({ preventScroll: true }))
}

function placesOf(bayId) {
  const view = app.bayViews.find(({ bay }) => bay.bayId === bayId)
  return { sessionId: view?.session?.sessionId ?? null, stayId: view?.stay?.stayId ?? null }
}

function closePanel() {
  app.details?.close()
  Object.assign(app, { details: null, panel: null })
}

function close() {
  const opener = app.panel?.opener
  closePanel()
  const url = new URL(location.href)
  for (const kind of ['bay', 'stay', 'session']) url.searchParams.delete(kind)
  history.replaceState(null, '', url.pathname + url.search)
  render()
  app.afterRender(() => opener?.isConnected && opener.focus({ preventScroll: true }))
}

function ended(reason) {
  if (app.phase === 'login') return
  leaveSite()
  app.set({ phase: 'login', session: null, endedReason: reason, dialog: null })
}

async function logOut() {
  leaveSite()
  await api.logOut().catch((error) => notices.say({ tone: 'bad', title: 'Not logged out', text: error.message }))
  history.replaceState(null, '', '/')
  app.set({ phase: 'login', session: null, sites: [], endedReason: 'You are logged out.' })
}

function isDark() {
  const chosen = document.documentElement.dataset.theme
  return chosen ? chosen === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches
}

function keep(key, value) {
  try {
    localStorage.setItem(key, value)
  } catch {
    // Storage may be closed to us; then nothing is remembered.
  }
}

function kept(key) {
  try {
    return localStorage.getItem(key)
  } catch {
    return null
  }
}

addEventListener('popstate', () => {
  closePanel()
  go(location.pathname + location.search, { replace: true })
})
addEventListener('pagehide', () => app.decisions.flush())
document.addEventListener('keydown', (event) => {
  if (event.key === 'Escape' && app.panel !== null && app.dialog === null) close()
})
// Clocks and lengths of time go on between news; a site so large that drawing takes long is drawn less often.
setInterval(() => {
  if (app.phase === 'site' && !document.hidden && performance.now() - drawn.at >= drawn.took * 20) render()
}, secondMs)

begin()
