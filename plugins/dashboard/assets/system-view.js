// Owns the page about the hub's connections, plugins, the parking system's equipment and its counters.
// Must not change a connection; the API does.
import { h } from './elements.js'
import { isFiles } from './files-view.js'
import { count } from './formats.js'
import { icon } from './icons.js'
import { recordTable } from './record-table.js'
import { forbidden } from './stay-table.js'
import { connectionStates, deviceStates, plain, signOf } from './words.js'

export function systemView(app) {
  return [connectionTable(app), deviceTable(app), counterTable(app), pluginTable(app)]
}

function connectionTable(app) {
  const { data, times, now } = app
  const titles = new Map(data.items('plugins').map(({ pluginId, title }) => [pluginId, title]))
  const siteName = (siteId) => {
    const site = app.sites.find((one) => one.siteId === siteId)
    return siteId === null ? 'All sites' : site ? site.name || site.code : 'Another site'
  }
  return recordTable(app, {
    id: 'connections',
    title: 'Connections',
    note: 'One for each outside system. A connection that fails never stops the others.',
    rows: data.items('connections').filter(({ siteId }) => siteId === null || siteId === app.siteId),
    source: data.get('connections') ?? forbidden,
    keyOf: ({ connectionId }) => connectionId,
    columns: [
      {
        id: 'name',
        label: 'Connection',
        sort: ({ name }) => name,
        cell: ({ connectionId, name, pluginId }) => [
          isFiles({ pluginId }) ? filesLink(app, connectionId, name) : h('b', name),
          titles.get(pluginId) === name ? null : h('span.note', ` ${titles.get(pluginId) ?? pluginId}`),
        ],
        csv: ({ name }) => name,
      },
      { id: 'plugin', label: 'Plugin', hidden: true, csv: ({ pluginId }) => pluginId },
      {
        id: 'state',
        label: 'State',
        sort: ({ state }) => state,
        cell: ({ state }) => signOf(connectionStates, state),
        csv: ({ state }) => state,
      },
      {
        id: 'reason',
        label: 'Reason',
        cell: ({ stateReason, nextAttemptAt }) => [
          stateReason ?? h('span.none', '–'),
          nextAttemptAt ? h('span.note', ` next attempt ${times.clockWithSeconds(nextAttemptAt)}`) : null,
        ],
        csv: ({ stateReason }) => stateReason,
      },
      { id: 'site', label: 'Site', cell: ({ siteId }) => siteName(siteId), csv: ({ siteId }) => siteName(siteId) },
      {
        id: 'since',
        label: 'Since',
        sort: ({ stateAt }) => Date.parse(stateAt),
        cell: ({ stateAt }) => times.near(stateAt, now),
        csv: ({ stateAt }) => times.exact(stateAt),
      },
    ],
    file: app.fileName('connections'),
    empty: h(
      'p',
      'Nothing is connected yet. Connect a parking system with ',
      h('code', 'POST /api/v1/connections'),
      '.',
    ),
  })
}

function filesLink(app, connectionId, name) {
  const follow = (event) => {
    app.filesChosen = connectionId
    app.follow(event)
  }
  return h('a.strong', { href: app.path('files'), onclick: follow }, name, h('span.unseen', ', files and mapping'))
}

function deviceTable(app) {
  const { data, times, now } = app
  return recordTable(app, {
    id: 'devices',
    title: 'Parking equipment',
    rows: data.items('devices'),
    source: data.get('devices') ?? forbidden,
    keyOf: ({ deviceId }) => deviceId,
    columns: [
      {
        id: 'code',
        label: 'Device',
        sort: ({ code }) => code,
        cell: ({ code, name }) => [h('b', code), name && name !== code ? h('span.note', ` ${name}`) : null],
        csv: ({ code }) => code,
      },
      { id: 'kind', label: 'Kind', sort: ({ kind }) => kind, cell: ({ kind }) => plain(kind), csv: ({ kind }) => kind },
      {
        id: 'state',
        label: 'State',
        sort: ({ state }) => state,
        cell: ({ state }) => signOf(deviceStates, state),
        csv: ({ state }) => state,
      },
      {
        id: 'text',
        label: 'It says',
        cell: ({ stateText, stateCode }) => [stateText, stateCode].filter(Boolean).join(' · ') || h('span.none', '–'),
        csv: ({ stateText }) => stateText,
      },
      {
        id: 'at',
        label: 'Since',
        cell: ({ stateAt }) => (stateAt === null ? h('span.none', '–') : times.near(stateAt, now)),
        csv: ({ stateAt }) => stateAt,
      },
    ],
    file: app.fileName('equipment'),
    empty: h('p', 'No entry column, pay station or camera is set up at this site.'),
  })
}

function counterTable(app) {
  const { times, now } = app
  const rows = app.data.get('overview')?.value?.occupancy ?? []
  const number = (value) => (value === null ? h('span.none', '–') : count(value))
  return recordTable(app, {
    id: 'counters',
    title: 'Counters',
    rows,
    source: app.data.get('overview') ?? forbidden,
    keyOf: ({ counter, category, areaCode }) => `${counter} ${category} ${areaCode}`,
    columns: [
      {
        id: 'counter',
        label: 'Counter',
        cell: ({ counter, category, areaCode }) => [
          h('b', plain(counter)),
          h('span.note', ` ${[category, areaCode].filter(Boolean).join(' · ')}`),
        ],
        csv: ({ counter }) => counter,
      },
      { id: 'free', label: 'Free', end: true, cell: ({ free }) => number(free), csv: ({ free }) => free },
      {
        id: 'occupied',
        label: 'Taken',
        end: true,
        cell: ({ occupied }) => number(occupied),
        csv: ({ occupied }) => occupied,
      },
      {
        id: 'capacity',
        label: 'Capacity',
        end: true,
        cell: ({ capacity }) => number(capacity),
        csv: ({ capacity }) => capacity,
      },
      { id: 'at', label: 'Reported', cell: ({ at }) => times.near(at, now), csv: ({ at }) => times.exact(at) },
    ],
    file: app.fileName('counters'),
    empty: h('p', 'The parking system has not reported how many spaces are free.'),
  })
}

function pluginTable(app) {
  const { data } = app
  return recordTable(app, {
    id: 'plugins',
    title: 'Plugins',
    rows: data.items('plugins'),
    source: data.get('plugins') ?? forbidden,
    keyOf: ({ pluginId }) => pluginId,
    columns: [
      {
        id: 'title',
        label: 'Plugin',
        sort: ({ title }) => title,
        cell: ({ title, pluginId }) => [h('b', title), h('span.note', ` ${pluginId}`)],
        csv: ({ pluginId }) => pluginId,
      },
      { id: 'version', label: 'Version', cell: ({ version }) => version, csv: ({ version }) => version },
      {
        id: 'state',
        label: 'State',
        cell: ({ state, reason }) => [
          h(
            'span.state',
            { class: state === 'ready' ? 'tone-good' : 'tone-bad' },
            icon(state === 'ready' ? 'check' : 'fault'),
            plain(state),
          ),
          reason ? h('span.note', ` ${reason}`) : null,
        ],
        csv: ({ state }) => state,
      },
      {
        id: 'does',
        label: 'Provides',
        cell: ({ capabilities }) => capabilities.map(plain).join(', ') || h('span.none', '–'),
        csv: ({ capabilities }) => capabilities.join(' '),
      },
      { id: 'origin', label: 'From', cell: ({ origin }) => plain(origin), csv: ({ origin }) => origin },
    ],
    file: app.fileName('plugins'),
    empty: h('p', 'No plugin is installed.'),
  })
}
