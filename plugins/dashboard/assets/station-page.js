// Owns the page of one station: its head and the order of its blocks.
// Must not load; station-data.js does, for the blocks that are in sight.
import { h } from './elements.js'
import { span } from './formats.js'
import { icon } from './icons.js'
import { facts } from './links-view.js'
import {
  certificateTable,
  changeTable,
  departureTable,
  driftTable,
  firmwareTable,
  flagTable,
  logTable,
} from './station-condition.js'
import { commandTable, frameTable, noticeTable } from './station-talk.js'
import { profileWord } from './station-words.js'
import { evseChip, protocolWord, stationButtons, stationState } from './stations-view.js'

export function stationPage(app) {
  const { value, error, forbidden } = app.station.get('station')
  const back = h(
    'p.back',
    { key: 'back' },
    h('a.inline', { href: app.path('stations'), onclick: app.follow }, icon('undo'), 'All stations'),
  )
  const page = (...children) => h('div.station-page', { key: app.station.stationId }, back, children)
  if (value === null && forbidden)
    return page(emptyHead(h('p', 'This key does not reach stations. A key with the scope chargers:read does.')))
  if (value === null && error !== null) return page(emptyHead(lost(app, error)))
  if (value === null)
    return page(
      emptyHead(
        h('div.skeleton', { 'aria-busy': 'true' }, h('span.unseen', 'Loading'), h('div.skeleton-row', h('i'), h('i'))),
      ),
    )
  if (value.siteId !== null && value.siteId !== app.siteId) return page(emptyHead(elsewhere(app, value)))
  return page(
    head(app, value, error),
    commandTable(app, value),
    driftTable(app, value),
    noticeTable(app, value),
    h('div.two', { key: 'standard' }, flagTable(app), departureTable(app)),
    h('div.two', { key: 'security' }, certificateTable(app), changeTable(app)),
    h('div.two', { key: 'files' }, logTable(app, value), firmwareTable(app)),
    frameTable(app, value),
  )
}

function emptyHead(content) {
  return h(
    'section.block',
    { key: 'head', 'aria-labelledby': 'station-title' },
    h('div.block-head', h('h2', { id: 'station-title' }, 'Station')),
    h('div.empty', content),
  )
}

function lost(app, error) {
  if (error.status === 404) return h('p', { role: 'alert' }, 'There is no station at this address.')
  return [
    h('p', { role: 'alert' }, `Could not be loaded: ${error.message}`),
    h('button.quiet', { onclick: app.station.renew }, icon('restart'), 'Try again'),
  ]
}

function elsewhere(app, { code, siteId, stationId }) {
  const site = app.sites.find((one) => one.siteId === siteId)
  return h(
    'p',
    `${code} stands at another site. `,
    h(
      'a',
      { href: `/sites/${siteId}/stations/${stationId}`, onclick: app.follow },
      `See it at ${site ? site.name || site.code : 'that site'}`,
    ),
  )
}

function head(app, station, error) {
  const { times, now } = app
  const evses = app.data
    .items('evses')
    .filter(({ stationId }) => stationId === station.stationId)
    .sort((a, b) => a.number - b.number)
  const state = stationState(station, evses)
  const { socket, lastSeenAt } = station
  const seenMs = lastSeenAt === null ? null : now - Date.parse(lastSeenAt)
  return h(
    'section.block.station-head',
    { key: 'head', 'aria-labelledby': 'station-title' },
    h(
      'div.block-head',
      h(
        'h2',
        { id: 'station-title' },
        station.code,
        station.name && station.name !== station.code ? h('span.count', ` ${station.name}`) : null,
      ),
      app.can('chargers:control') ? stationButtons(app, station, evses) : null,
    ),
    error === null ? null : h('p.stale-note', { role: 'status' }, icon('fault'), `Not renewed: ${error.message}`),
    h(
      'p.station-state',
      h('span.state.big', { class: `tone-${state.tone}` }, icon(state.icon), state.label),
      h(
        'span.evses',
        evses.map((evse) => evseChip(app, evse)),
      ),
    ),
    h(
      'div.station-facts',
      facts([
        ['Vendor', station.vendor ?? 'not said yet'],
        ['Model', station.model ?? 'not said yet'],
        ['Firmware', station.firmware ?? 'not said yet'],
        ['Serial', station.serial ?? 'not said yet'],
      ]),
      facts([
        ['Protocol', protocolWord(socket?.protocol) ?? 'not connected'],
        ['Security', profileWord(station.securityProfile)],
        [
          'Last seen',
          seenMs === null
            ? 'never'
            : `${seenMs < 60_000 ? 'just now' : `${span(seenMs)} ago`}, ${times.near(lastSeenAt, now)}`,
        ],
        [
          'Started',
          station.bootedAt === null
            ? 'not heard of'
            : `${times.near(station.bootedAt, now)}${station.bootReason ? `, ${station.bootReason}` : ''}`,
        ],
        ...(socket === null
          ? []
          : [
              [
                'Connected',
                `since ${times.near(socket.since, now)}${socket.remoteAddress ? ` from ${socket.remoteAddress}` : ''}`,
              ],
            ]),
      ]),
    ),
  )
}
