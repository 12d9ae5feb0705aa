// Owns how one station stands: what it is to have and has, how it departs from the standard, its certificates, logs and firmware.
// Must not change anything by itself; it offers what station-commands.js does.
import { h } from './elements.js'
import { count, span } from './formats.js'
import { icon } from './icons.js'
import { recordTable } from './record-table.js'
import { askForLog } from './station-actions.js'
import { stateWord } from './station-talk.js'
import {
  askerWord,
  certificateStates,
  changeStates,
  desiredKinds,
  desiredScopes,
  flagOrigins,
  knownStates,
  profileWord,
  short,
} from './station-words.js'
import { timeOf } from './time-of.js'
import { plain } from './words.js'

const dayMs = 86_400_000
/** The hub begins to renew certificates about then. */
const soonMs = 30 * dayMs

const none = () => h('span.none', '–')
const orNone = (text) => (text ? h('span.long', text) : none())

/** What all tables of this page have in common. */
function stationTable(app, name, settings) {
  const { station } = app
  return recordTable(app, {
    id: `station-${name}`,
    rows: station.items(name),
    source: station.get(name),
    made: station.seen(name),
    renew: station.renew,
    ...settings,
  })
}

export function driftTable(app, station) {
  const { times, now } = app
  const counts = app.station.get('drift').value?.counts
  const shown = Object.keys(knownStates).filter((state) => counts?.[state] > 0)
  const rank = Object.keys(knownStates)
  return stationTable(app, 'drift', {
    title: 'Desired state',
    note: 'What it is to have, and what it says it has.',
    keyOf: ({ kind, key }) => `${kind} ${key}`,
    order: { id: 'state', down: false },
    tools: app.can('chargers:control')
      ? h('button', { onclick: () => app.commands.reconcile(station) }, icon('restart'), 'Bring in line now')
      : null,
    above:
      shown.length > 0
        ? h(
            'p.counts',
            shown.map((state) =>
              h(
                'span.pill',
                { class: `tone-${knownStates[state].tone}`, 'data-count': state },
                icon(knownStates[state].icon),
                `${count(counts[state])} ${knownStates[state].label.toLowerCase()}`,
              ),
            ),
          )
        : null,
    columns: [
      {
        id: 'key',
        label: 'What',
        sort: ({ key }) => key,
        cell: ({ kind, key }) => [h('b', key), h('span.note', ` ${desiredKinds[kind] ?? plain(kind)}`)],
      },
      {
        id: 'state',
        label: 'State',
        sort: ({ state }) => rank.indexOf(state),
        cell: ({ state }) => stateWord(knownStates, state),
      },
      {
        id: 'wanted',
        label: 'Wanted',
        cell: ({ value, scope }) =>
          value === null
            ? h('span.note', 'to be taken back')
            : [h('span.long', short(value.value ?? value, 60)), h('span.note', ` ${desiredScopes[scope] ?? ''}`)],
      },
      { id: 'actual', label: 'It says', cell: ({ actual }) => orNone(short(actual, 60)) },
      { id: 'reason', label: 'Reason', cell: ({ reason }) => orNone(reason) },
      {
        id: 'checked',
        label: 'Looked at',
        cell: ({ checkedAt }) => (checkedAt ? timeOf(times, checkedAt, now) : h('span.none', 'never')),
      },
    ],
    empty: [
      h('p', 'Nothing is wanted of this station.'),
      h('p.note', 'Say with ', h('code', 'POST /api/v1/desired-items'), ' what stations are to have.'),
    ],
  })
}

export function flagTable(app) {
  const { times, now } = app
  const source = app.station.get('profile')
  const flags = (source.value?.flags ?? []).filter(({ origin, uses }) => origin !== 'standard' || uses > 0)
  return stationTable(app, 'profile', {
    title: 'How it is dealt with',
    note: 'Where the hub does something else with this station than the standard says.',
    rows: flags,
    keyOf: ({ name }) => name,
    columns: [
      {
        id: 'name',
        label: 'Flag',
        cell: ({ name, about }) => [h('b', name), h('span.note.long', ` ${about}`)],
      },
      { id: 'value', label: 'Is', cell: ({ value }) => h('span.long', short(value, 60)) },
      {
        id: 'origin',
        label: 'Says',
        cell: ({ origin, profile }) => [
          flagOrigins[origin] ?? plain(origin),
          profile ? h('span.note', ` ${profile.id}`) : null,
        ],
      },
      { id: 'uses', label: 'Mattered', end: true, cell: ({ uses }) => `${count(uses)} ×` },
      {
        id: 'last',
        label: 'Last',
        cell: ({ lastUsedAt }) => (lastUsedAt ? timeOf(times, lastUsedAt, now) : none()),
      },
    ],
    empty: h('p', 'It is dealt with as the standard says.'),
  })
}

export function departureTable(app) {
  const { times, now } = app
  const value = app.station.get('models').value
  return stationTable(app, 'models', {
    title: 'Departures from the standard',
    note: value?.vendor
      ? `Of all stations that say they are ${[value.vendor, value.model].filter(Boolean).join(' ')}.`
      : null,
    keyOf: ({ kind, code }) => `${kind} ${code}`,
    forbids: 'These counts belong to the whole organization; a key of single sites does not reach them.',
    columns: [
      {
        id: 'code',
        label: 'Departure',
        cell: ({ code, title }) => [h('b', code), h('span.note.long', ` ${title}`)],
      },
      { id: 'handling', label: 'What the hub does', cell: ({ handling }) => h('span.long', handling) },
      { id: 'count', label: 'Times', end: true, sort: (row) => row.count, cell: (row) => count(row.count) },
      { id: 'stations', label: 'Stations', end: true, cell: ({ stations }) => count(stations) },
      { id: 'last', label: 'Last', cell: ({ lastAt }) => timeOf(times, lastAt, now) },
    ],
    empty: h(
      'p',
      value?.vendor === null
        ? 'The station has not said yet what it is.'
        : 'No station of this model has departed from the standard yet.',
    ),
  })
}

export function certificateTable(app) {
  const { times, now } = app
  return stationTable(app, 'certificates', {
    title: 'Certificates',
    keyOf: ({ certificateId }) => certificateId,
    columns: [
      {
        id: 'use',
        label: 'For',
        cell: ({ use, origin }) => [h('b', plain(use)), h('span.note', origin === 'operator' ? ' registered' : '')],
      },
      { id: 'state', label: 'State', cell: ({ state }) => stateWord(certificateStates, state) },
      {
        id: 'until',
        label: 'Until',
        cell: ({ notAfter }) => {
          if (notAfter === null) return none()
          const left = Date.parse(notAfter) - now
          const tone = left <= 0 ? 'bad' : left < soonMs ? 'warn' : 'none'
          return [
            h('time', { datetime: notAfter, title: times.full(notAfter) }, times.day(notAfter)),
            h('span.note.soft', { class: `tone-${tone}` }, left <= 0 ? ' over' : ` in ${span(left)}`),
          ]
        },
      },
      { id: 'reason', label: 'Reason', cell: ({ reason }) => orNone(reason) },
    ],
    empty: h('p', 'No certificate of this station is known.'),
  })
}

export function changeTable(app) {
  const { times, now } = app
  return stationTable(app, 'changes', {
    title: 'Security changes',
    keyOf: ({ changeId }) => changeId,
    columns: [
      {
        id: 'kind',
        label: 'Change',
        cell: ({ kind, fromProfile, toProfile }) =>
          kind === 'profile' ? h('b', `Profile ${fromProfile} to ${profileWord(toProfile)}`) : h('b', 'New password'),
      },
      { id: 'state', label: 'State', cell: ({ state }) => stateWord(changeStates, state) },
      { id: 'reason', label: 'Reason', cell: ({ reason }) => orNone(reason) },
      { id: 'asker', label: 'Asked by', cell: ({ requestedBy }) => askerWord(requestedBy, app.session.actor) },
      { id: 'at', label: 'When', cell: ({ createdAt }) => timeOf(times, createdAt, now) },
    ],
    empty: h('p', 'Its password and its security profile have not been changed from here.'),
  })
}

export function logTable(app, station) {
  const { times, now } = app
  return stationTable(app, 'logs', {
    title: 'Logs',
    keyOf: ({ fileId }) => fileId,
    tools: app.can('chargers:control')
      ? h('button', { onclick: () => askForLog(app, station) }, icon('download'), 'Fetch its log')
      : null,
    columns: [
      {
        id: 'name',
        label: 'File',
        cell: ({ fileId, name }) =>
          h('a.inline', { href: `/api/v1/files/${fileId}/content`, download: name }, icon('download'), name),
      },
      { id: 'size', label: 'Size', end: true, cell: ({ sizeBytes }) => sizeWord(sizeBytes) },
      { id: 'at', label: 'Came', cell: ({ createdAt }) => timeOf(times, createdAt, now) },
    ],
    empty: h('p', 'It has sent no log to this hub yet.'),
  })
}

function sizeWord(bytes) {
  if (bytes < 1_000) return `${count(bytes)} B`
  return bytes < 1_000_000 ? `${count(Math.round(bytes / 1_000))} kB` : `${count(Math.round(bytes / 100_000) / 10)} MB`
}

export function firmwareTable(app) {
  const { times, now } = app
  return stationTable(app, 'firmware', {
    title: 'Firmware it started with',
    keyOf: ({ historyId }) => historyId,
    columns: [
      { id: 'to', label: 'Version', cell: ({ toFirmware }) => h('b', toFirmware ?? 'none told') },
      {
        id: 'from',
        label: 'Before',
        cell: ({ fromFirmware }) => fromFirmware ?? h('span.note', 'the first one heard of'),
      },
      { id: 'at', label: 'Since', cell: ({ at }) => timeOf(times, at, now) },
    ],
    empty: h('p', 'It has not said yet which firmware it has.'),
  })
}
