// Owns the figures at the top of a site's page: revenue, stays, charging, power, what waits for a person.
// Must not add up money beyond what the hub gives: parking, charging and total come from it as they are.
import { bayCounts } from './bay-state.js'
import { h } from './elements.js'
import { count, counted, energy, money, power } from './formats.js'
import { icon } from './icons.js'

export function tiles(app) {
  const overview = app.data.get('overview')?.value ?? null
  return h(
    'section.tiles',
    { key: 'tiles', 'aria-label': 'The site at this moment' },
    revenueTile(app, overview),
    staysTile(overview),
    chargingTile(app, overview),
    powerTile(app, overview),
    reviewTile(app, overview),
    troubleTile(app),
  )
}

function revenueTile(app, overview) {
  if (!app.can('money:read')) return null
  const day = overview?.revenueToday ?? null
  const part = (name, sign, net, gross) =>
    h(
      'div.revenue-part',
      { class: `part-${sign}` },
      h('h3', icon(sign === 'park' ? 'car' : 'bolt'), name),
      h('p.figure', { 'data-figure': `revenue-${sign}` }, day === null ? '–' : money(net, day.currency)),
      h('p.note', day === null ? '\u00a0' : `${money(gross, day.currency)} gross`),
    )
  return h(
    'article.tile.revenue',
    { 'aria-labelledby': 'tile-revenue' },
    h(
      'div.tile-main',
      h('h2', { id: 'tile-revenue' }, 'Revenue today', h('span.note', ' net')),
      h(
        'div.revenue-parts',
        part('Parking', 'park', day?.parkingNetMinor, day?.parkingTotalMinor),
        part('Charging', 'charge', day?.chargingNetMinor, day?.chargingTotalMinor),
      ),
      h('div.proportion', { vars: proportion(day), 'aria-hidden': 'true' }, h('i.park'), h('i.charge')),
      h(
        'p.note.sums',
        day === null
          ? '\u00a0'
          : [
              sum('Net', day.netMinor, day.currency),
              sum('Tax', day.taxMinor, day.currency),
              sum('Gross', day.totalMinor, day.currency, true),
              h('span', counted(day.bills, 'bill')),
              h('span', `${energy(day.energyWh)} billed`),
            ],
      ),
    ),
    daysChart(app),
  )
}

function sum(name, minor, currency, strong = false) {
  return h('span', `${name} `, h(strong ? 'b' : 'span', money(minor, currency)))
}

function proportion(day) {
  const park = Math.max(0, day?.parkingNetMinor ?? 0)
  const charge = Math.max(0, day?.chargingNetMinor ?? 0)
  const share = park + charge === 0 ? 50 : (100 * park) / (park + charge)
  return { '--share': `${share.toFixed(1)}%`, '--empty': park + charge === 0 ? '0.25' : '1' }
}

/** Fourteen days as bars, parking below charging; the same as a table for those who do not see it. */
function daysChart(app) {
  const summary = app.data.get('revenue')?.value
  const zone = app.times
  const known = new Map((summary?.days ?? []).map((day) => [day.day, day]))
  const days = summary
    ? daysBetween(summary.from, summary.to).map(
        (day) => known.get(day) ?? { day, parkingNetMinor: 0, chargingNetMinor: 0 },
      )
    : []
  const most = Math.max(
    1,
    ...days.map(({ parkingNetMinor: p, chargingNetMinor: c }) => Math.max(0, p) + Math.max(0, c)),
  )
  const currency = summary?.days[0]?.currency ?? app.site?.currency
  const height = (minor) => (46 * Math.max(0, minor)) / most
  const step = 100 / 14
  return h(
    'figure.days',
    h(
      'svg',
      { viewBox: '0 0 100 48', preserveAspectRatio: 'none', 'aria-hidden': 'true', focusable: 'false' },
      days.map(({ day, parkingNetMinor, chargingNetMinor }, index) => {
        const park = height(parkingNetMinor)
        const charge = height(chargingNetMinor)
        const x = (index * step + 1).toFixed(2)
        const width = (step - 2).toFixed(2)
        return h(
          'g',
          { key: day },
          h(
            'title',
            currency
              ? `${day}: parking ${money(parkingNetMinor, currency)}, charging ${money(chargingNetMinor, currency)}`
              : day,
          ),
          h('rect.ground', { x, y: 1, width, height: 47 }),
          h('rect.park', { x, y: (48 - park).toFixed(2), width, height: park.toFixed(2) }),
          h('rect.charge', { x, y: (48 - park - charge).toFixed(2), width, height: charge.toFixed(2) }),
        )
      }),
    ),
    h('figcaption.note', 'Last 14 days'),
    h(
      'table.unseen',
      h('caption', 'Net revenue of the last 14 days'),
      h(
        'thead',
        h(
          'tr',
          h('th', { scope: 'col' }, 'Day'),
          h('th', { scope: 'col' }, 'Parking'),
          h('th', { scope: 'col' }, 'Charging'),
        ),
      ),
      h(
        'tbody',
        days.map(({ day, parkingNetMinor, chargingNetMinor }) =>
          h(
            'tr',
            h('th', { scope: 'row' }, zone ? day : ''),
            h('td', currency ? money(parkingNetMinor, currency) : ''),
            h('td', currency ? money(chargingNetMinor, currency) : ''),
          ),
        ),
      ),
    ),
  )
}

function daysBetween(from, to) {
  const days = []
  for (let at = Date.parse(`${from}T12:00:00Z`); at <= Date.parse(`${to}T12:00:00Z`); at += 86_400_000) {
    days.push(new Date(at).toISOString().slice(0, 10))
  }
  return days
}

export function tile(name, title, sign, figure, unit, notes, more = {}) {
  return h(
    'article.tile',
    { 'aria-labelledby': `tile-${name}`, class: more.class ?? '' },
    h('h2', { id: `tile-${name}` }, icon(sign), title),
    h('p.figure', { 'data-figure': name }, figure, unit ? h('small', ` ${unit}`) : null),
    h('p.note', notes),
    more.link ?? null,
  )
}

function staysTile(overview) {
  const total = (overview?.occupancy ?? []).find(({ category, free }) => category === '' && free !== null)
  const notes = total
    ? `${count(total.free)} spaces free${total.capacity === null ? '' : ` of ${count(total.capacity)}`}`
    : 'cars inside'
  return tile('stays', 'Open stays', 'car', overview === null ? '–' : count(overview.openStays.count), null, notes)
}

function chargingTile(app, overview) {
  const { charging, idle } = bayCounts(app.bayViews)
  const running = overview?.runningSessions.count ?? 0
  return tile('charging', 'Charging now', 'bolt', overview === null ? '–' : count(charging), null, [
    `${count(running)} plugged in`,
    idle > 0 ? h('span.tone-warn.soft', `, ${count(idle)} idle`) : null,
  ])
}

function powerTile(app, overview) {
  const known = app.liveSessions.filter(({ powerW }) => powerW !== null)
  const sum = known.reduce((total, { powerW }) => total + powerW, 0)
  const delivered = app.liveSessions.reduce((total, { energyWh }) => total + energyWh, 0)
  // Sessions without a single reading of power say nothing about it.
  const told = overview !== null && (known.length > 0 || app.liveSessions.length === 0)
  const [figure, unit] = told ? splitUnit(power(sum)) : ['–', null]
  return tile(
    'power',
    'Power now',
    'plug',
    figure,
    unit,
    delivered === 0 ? 'nothing plugged in' : `${energy(delivered)} in these sessions`,
  )
}

function splitUnit(text) {
  const at = text.lastIndexOf(' ')
  return [text.slice(0, at), text.slice(at + 1)]
}

function reviewTile(app, overview) {
  const waiting = overview?.linksToReview.count ?? null
  return tile(
    'review',
    'Links to review',
    'review',
    waiting === null ? '–' : count(waiting),
    null,
    waiting ? h('a', { href: app.path('links'), onclick: app.follow }, 'Decide now') : 'nothing waits',
    { class: waiting ? 'asks tone-link' : '' },
  )
}

function troubleTile(app) {
  const { faulted, offline, devices, pending } = app.trouble
  const sum = faulted.length + offline.length + devices.length
  const known = app.data.get('stations')?.value != null
  const parts = [
    faulted.length > 0 ? counted(faulted.length, 'fault') : null,
    offline.length > 0 ? `${count(offline.length)} offline` : null,
    devices.length > 0 ? counted(devices.length, 'device') : null,
  ].filter(Boolean)
  return tile(
    'trouble',
    'Trouble',
    'fault',
    known ? count(sum) : '–',
    null,
    [
      sum > 0
        ? h(
            'a',
            { href: app.path(faulted.length + offline.length > 0 ? 'stations' : 'system'), onclick: app.follow },
            parts.join(', '),
          )
        : 'all stations are well',
      pending > 0 ? h('span', ` · ${counted(pending, 'new station')}`) : null,
    ],
    { class: sum > 0 ? 'asks tone-bad' : '' },
  )
}
