// Owns the dashboard as a whole: who is logged in, which site and view is shown, and drawing it again when something changed.
// Must not know how anything looks.

import { withNews } from './activity.js'
import * as api from './api.js'
import { detailPanel } from './detail-panel.js'
import { dialogBox } from './dialogs.js'
import { awayPage, loginPage, noSitePage, opening, sitesPage } from './doors.js'
import { h, show } from './elements.js'
import { filesEditor } from './files-editor.js'
import { span } from './formats.js'
import { frame, views } from './frame.js'
import { hubClock } from './hub-clock.js'
import { keep, kept } from './kept.js'
import { linkDecisions } from './link-decisions.js'
import { linkQuestions } from './link-questions.js'
import { namesFor } from './names.js'
import { noticeBoard } from './notices.js'
import { panelKinds, panelSubject } from './panel-subject.js'
import { rememberedRecords } from './remembered.js'
import { siteData } from './site-data.js'
import { plugKey, prepare } from './site-picture.js'
import { stationCommands } from './station-commands.js'
import { stationData } from './station-data.js'
import { tariffDrafts } from './tariff-drafts.js'
import { content } from './view-content.js'
import { eventWords } from './words.js'

const root = document.getElementById('app')
const siteKey = 'baywatt.site'
const themeKey = 'baywatt.theme'
const secondMs = 1_000
const retryMs = 5_000

const clock = hubClock()
let drawing = false
let drawn = { at: 0, took: 0 }
const after = []

const notices = noticeBoard(render)
const memory = rememberedRecords({ may: (scope) => app.can(scope), changed: render })

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
  /** The tariff whose page is shown. */
  tariffId: null,
  ...moneyAtRest(),
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
  tariffPath: (tariffId) => `${app.path('tariffs')}/${tariffId}`,
  stationPath: (stationId) => `${app.path('stations')}/${stationId}`,
  /** For links inside the page: new tabs and other clicks are the browser's. */
  follow(event) {
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return
    event.preventDefault()
    go(event.currentTarget.getAttribute('href'))
  },
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
  stay: (id) => memory.stays.get(id),
  sessionRecord: (id) => memory.sessions.get(id),
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
    memory.want('stays', stayId, '/api/v1/stays/')
    memory.want('sessions', sessionId, '/api/v1/charging-sessions/')
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

const panel = panelSubject(app, memory.remember)
Object.assign(app, tariffDrafts(app), { open: panel.open, close: panel.close })

/** What is chosen and typed on the pages about money, before anybody did. */
function moneyAtRest() {
  return {
    tariffImport: null,
    tariffExport: null,
    versionPair: null,
    mapping: null,
    ledgerProof: null,
    periodShown: null,
    exportAsk: null,
  }
}

/** Draws at the next frame, however many things changed before it. */
function render() {
  if (drawing) return
  drawing = true
  // Frames do not come in a page that is not seen; its title has to stay true.
  if (document.hidden) setTimeout(draw, 50)
  else requestAnimationFrame(draw)
}

function draw() {
  if (!drawing) return
  const begun = performance.now()
  drawing = false
  show(root, page())
  for (const run of after.splice(0)) run()
  drawn = { at: begun, took: performance.now() - begun }
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
      prepare(app, memory)
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
  const [, siteId, view = 'live', recordId] =
    /^\/sites\/([0-9a-f-]{36})(?:\/(\w+)(?:(?<=stations|tariffs)\/([0-9a-f-]{36}))?)?$/.exec(url.pathname) ?? []
  if (app.draftHolds(siteId, () => go(address, { replace, choose }))) return undefined
  if (siteId === undefined && !choose) {
    const known =
      app.sites.find((one) => one.siteId === kept(siteKey)) ?? (app.sites.length === 1 ? app.sites[0] : undefined)
    if (known) return go(`/sites/${known.siteId}`, { replace: true })
  }
  history[replace ? 'replaceState' : 'pushState'](null, '', url.pathname + url.search)
  route(siteId, view, recordId, url.searchParams)
  if (!replace) scrollTo(0, 0)
  // A phone shows a few of the tabs.
  app.afterRender(() =>
    document.querySelector('.tabs [aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'nearest' }),
  )
  return undefined
}

function route(siteId, view, recordId, query) {
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
  showStation(view === 'stations' ? recordId : undefined)
  showTariff(view === 'tariffs' ? recordId : undefined)
  const wanted = query.get('link')
  app.set({ phase: 'site', view, draftShown: false, ...(wanted ? { linkChosen: wanted } : {}) })
  for (const kind of panelKinds) {
    const id = query.get(kind)
    if (id && app.panel?.id !== id) panel.openPanel({ kind, id }, null)
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

function showTariff(tariffId = null) {
  if (app.tariffId === tariffId) return
  Object.assign(app, { tariffId, tariffExport: null, versionPair: null })
  if (tariffId !== null) app.data.money.ask('versions', { tariffId })
}

function stationChanged({ error }) {
  if (error?.status === 401) return happened({ type: 'logged_out' })
  return render()
}

function enterSite(siteId) {
  leaveSite()
  keep(siteKey, siteId)
  memory.clear()
  Object.assign(app, {
    siteId,
    tables: {},
    bayFilter: null,
    linkChosen: null,
    people: {},
    tariffId: null,
    ...moneyAtRest(),
    news: [],
    listeningSince: null,
  })
  app.data = siteData({
    siteId,
    may: app.can,
    clock,
    changed() {
      memory.remember(app.data.items('stays'), app.data.items('sessions'))
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
  panel.closePanel()
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
  const words = eventWords(event, namesFor(app.data, memory))
  if (words?.tone === 'bad' || spoken.has(event.type)) app.announcement = words.text
  return render()
}

/** What a person who does not see the page is told at once; all else stands in the list of what happened. */
const spoken = new Set(['link.review', 'station.pending', 'station.disconnected'])

function ended(reason) {
  if (app.phase === 'login') return
  leaveSite()
  app.set({ phase: 'login', session: null, endedReason: reason, dialog: null })
}

async function logOut() {
  if (app.draftHolds(null, logOut)) return
  leaveSite()
  await api.logOut().catch((error) => notices.say({ tone: 'bad', title: 'Not logged out', text: error.message }))
  history.replaceState(null, '', '/')
  app.set({ phase: 'login', session: null, sites: [], endedReason: 'You are logged out.' })
}

function isDark() {
  const chosen = document.documentElement.dataset.theme
  return chosen ? chosen === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches
}

addEventListener('popstate', () => {
  panel.closePanel()
  go(location.pathname + location.search, { replace: true })
})
addEventListener('pagehide', () => app.decisions.flush())
document.addEventListener('keydown', (event) => {
  if (event.key === 'Escape' && app.panel !== null && app.dialog === null) app.close()
})
// A second deed within one frame has to build on the first: what answers it was made by the drawing before it. A click that is part of
// choosing waits for its `change`, which would otherwise find the choice drawn over.
document.addEventListener('change', draw)
document.addEventListener('click', ({ target }) => target.closest('button') && draw())
// Clocks and lengths of time go on between news; a site so large that drawing takes long is drawn less often.
setInterval(() => {
  if (app.phase === 'site' && !document.hidden && performance.now() - drawn.at >= drawn.took * 20) render()
}, secondMs)

begin()
