// Owns what stands around every view: header, site picker, navigation, the state of the connection, the hour at the site.
// Must not know what the views show.
import { h } from './elements.js'
import { icon, mark } from './icons.js'

/** Views of one group share an entry of the navigation, which leads to the first, and have tabs. */
export const views = [
  { id: 'live', label: 'Live', icon: 'bolt' },
  { id: 'links', label: 'Links', icon: 'link' },
  { id: 'parking', label: 'Parking', icon: 'car' },
  { id: 'people', label: 'People', icon: 'person' },
  { id: 'stations', label: 'Stations', icon: 'station' },
  { id: 'bills', label: 'Bills', icon: 'bill', group: 'Money' },
  { id: 'payments', label: 'Payments', icon: 'money', group: 'Money' },
  { id: 'disputes', label: 'Disputes', icon: 'fault', group: 'Money' },
  { id: 'invoices', label: 'Invoices', icon: 'bill', group: 'Money' },
  { id: 'memberships', label: 'Memberships', icon: 'person', group: 'Money' },
  { id: 'partners', label: 'Partners', icon: 'link', group: 'Money' },
  { id: 'reports', label: 'Reports', icon: 'review', group: 'Money' },
  { id: 'tariffs', label: 'Tariffs', icon: 'money', group: 'Money' },
  { id: 'periods', label: 'Periods', icon: 'check', group: 'Money' },
  { id: 'reconciliation', label: 'Reconciliation', icon: 'review', group: 'Money' },
  { id: 'exports', label: 'Exports', icon: 'download', group: 'Money' },
  { id: 'system', label: 'System', icon: 'connection' },
  // Reached from its connection: most sites have none.
  { id: 'files', label: 'Files', icon: 'connection', within: 'system' },
]

const entries = views.filter(
  ({ within, group }, i) => !within && (!group || views.findIndex((view) => view.group === group) === i),
)

/** Older than this is told in large letters. */
const staleMs = 40_000

const streamWords = {
  live: { tone: 'good', label: 'Live', icon: 'online' },
  connecting: { tone: 'calm', label: 'Connecting', icon: 'waiting' },
  reconnecting: { tone: 'warn', label: 'Reconnecting', icon: 'waiting' },
  polling: { tone: 'calm', label: 'Every 5 seconds', icon: 'waiting' },
  away: { tone: 'bad', label: 'No connection', icon: 'offline' },
}

export function frame(app, content) {
  return [
    h('a.skip', { key: 'skip', href: '#content' }, 'Skip to the content'),
    h(
      'header.bar',
      { key: 'bar' },
      h(
        'a.brand',
        { href: app.path('live'), onclick: app.follow, 'aria-label': 'Baywatt, live view' },
        mark(),
        h('span', 'Baywatt'),
      ),
      app.sites.length > 1 ? sitePicker(app) : null,
      h(
        'nav',
        { 'aria-label': 'Views' },
        h(
          'ul',
          entries.map((view) => h('li', { key: view.id }, navLink(app, view))),
        ),
      ),
      h(
        'div.bar-end',
        streamPill(app),
        themeButton(app),
        h(
          'button.quiet.icon-only',
          {
            onclick: app.logOut,
            'aria-label': `Log out (${app.session.name})`,
            title: `Log out (${app.session.name})`,
          },
          icon('leave'),
        ),
      ),
    ),
    staleBanner(app),
    h('main', { key: 'main', id: 'content', tabindex: '-1' }, siteHead(app), tabs(app), content),
  ]
}

function sitePicker(app) {
  return h(
    'label.site-picker',
    h('span.unseen', 'Site'),
    h(
      'select',
      {
        id: 'site-picker',
        value: app.siteId,
        onchange: (event) =>
          event.target.value === '' ? app.go('/', { choose: true }) : app.go(`/sites/${event.target.value}`),
      },
      app.sites.map(({ siteId, name, code }) => h('option', { value: siteId }, name || code)),
      h('option', { value: '' }, 'All sites…'),
    ),
  )
}

function tabs(app) {
  const { group } = views.find(({ id }) => id === app.view)
  if (!group) return null
  return h(
    'nav.tabs',
    { key: 'tabs', 'aria-label': group },
    h(
      'ul',
      views
        .filter((view) => view.group === group)
        .map(({ id, label }) =>
          h(
            'li',
            { key: id },
            h(
              'a',
              { href: app.path(id), onclick: app.follow, ...(app.view === id ? { 'aria-current': 'page' } : {}) },
              label,
            ),
          ),
        ),
    ),
  )
}

function navLink(app, { id, label, group, icon: sign }) {
  const overview = app.data.get('overview')?.value
  const waiting =
    { links: overview?.linksToReview.count ?? 0, stations: app.trouble.pending, parking: app.trouble.actions }[id] ?? 0
  return h(
    'a',
    {
      href: app.path(id),
      onclick: app.follow,
      ...(app.view === id ? { 'aria-current': app.station === null ? 'page' : 'true' } : {}),
      ...(views.some((view) => view.id === app.view && (view.within === id || (group && view.group === group)))
        ? { 'aria-current': 'true' }
        : {}),
    },
    icon(sign),
    h('span', group ?? label),
    waiting > 0 ? h('b.badge', waiting, h('span.unseen', ' waiting')) : null,
  )
}

function streamPill(app) {
  const { tone, label, icon: sign } = streamWords[app.connection]
  const speed = app.clock.rate()
  return h(
    'span.pill',
    { class: `tone-${tone}`, role: 'status', 'data-state': app.connection },
    icon(sign, sign === 'waiting' ? 'turning' : ''),
    label,
    speed > 1.5 ? h('span', { title: "The hub's clock runs faster than real time" }, ` ×${Math.round(speed)}`) : null,
  )
}

function themeButton(app) {
  const dark = app.isDark()
  return h(
    'button.quiet.icon-only',
    {
      onclick: app.turnTheme,
      'aria-label': dark ? 'Change to light colours' : 'Change to dark colours',
      title: dark ? 'Light' : 'Dark',
    },
    icon(dark ? 'sun' : 'moon'),
  )
}

function siteHead(app) {
  const { site, times, now } = app
  return h(
    'div.site-head',
    { key: 'head' },
    h('div', h('h1', site ? site.name || site.code : '\u00a0'), h('p.note', site?.address ?? '\u00a0')),
    h(
      'p.site-clock',
      app.clock.known()
        ? [
            h('time', { datetime: new Date(now).toISOString() }, times.clock(now)),
            h('span.note', times.longDay(now), h('span.zone', times.zone)),
          ]
        : '\u00a0',
    ),
  )
}

function staleBanner(app) {
  const age = app.data.ageMs()
  const source = app.data.get('overview')
  // A page that was hidden is renewed as it is seen again; that is no news.
  const old =
    source !== null && !source.forbidden && age !== null && age > staleMs && (source.error !== null || !source.loading)
  return h(
    'div.banner-place',
    { key: 'banner', role: 'alert' },
    old
      ? h(
          'p.banner',
          icon('fault'),
          `What you see was true ${app.ago(source.loadedAt)}. ${source.error?.message ?? 'The hub does not answer.'} Trying again.`,
          h('button.small', { onclick: () => app.data.renew() }, 'Try now'),
        )
      : null,
  )
}
