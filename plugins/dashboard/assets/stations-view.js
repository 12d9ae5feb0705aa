// Owns the list of charging stations: new ones that wait to be let in, and the state of all others with what can be done to them.
// Must not let a station in without a person.
import * as api from './api.js'
import { h } from './elements.js'
import { counted, span } from './formats.js'
import { icon } from './icons.js'
import { recordTable } from './record-table.js'
import { chooseWork } from './station-actions.js'
import { forbidden } from './stay-table.js'
import { connectorStates } from './words.js'

const signs = {
  available: ['free', 'none'],
  preparing: ['plug', 'calm'],
  charging: ['bolt', 'good'],
  suspended_vehicle: ['idle', 'warn'],
  suspended_station: ['pause', 'calm'],
  finishing: ['idle', 'warn'],
  occupied: ['plug', 'calm'],
  reserved: ['reserved', 'calm'],
  unavailable: ['blocked', 'off'],
  faulted: ['fault', 'bad'],
  unknown: ['unknown', 'off'],
}

export function stationsView(app) {
  return [pendingPart(app), stationTable(app)]
}

function pendingPart(app) {
  const pending = app.data.items('pending').filter(({ siteId }) => siteId === null || siteId === app.siteId)
  if (pending.length === 0) return null
  return h(
    'section.block.pending',
    { key: 'pending', 'aria-labelledby': 'pending-title' },
    h(
      'div.block-head',
      h('h2', { id: 'pending-title' }, 'New stations', h('span.count', ` ${pending.length}`)),
      h('p.note', 'They dialled in without being known. They are connected but not served until you let them in.'),
    ),
    h(
      'ul.pending-list',
      pending.map((station) =>
        h(
          'li',
          { key: station.stationId },
          icon('station', 'tone-warn'),
          h(
            'div',
            h('b', station.code),
            h(
              'p.note',
              [
                station.vendor,
                station.model,
                station.firmware,
                station.socket?.remoteAddress ? `from ${station.socket.remoteAddress}` : null,
              ]
                .filter(Boolean)
                .join(' · ') || 'has not said what it is yet',
            ),
            h(
              'p.note',
              station.lastSeenAt === null ? 'never seen' : `last seen ${app.times.near(station.lastSeenAt, app.now)}`,
            ),
          ),
          app.can('chargers:write')
            ? h(
                'div.row-actions',
                h(
                  'button.primary',
                  { onclick: () => approve(app, station) },
                  icon('check'),
                  'Approve',
                  h('span.unseen', ` ${station.code}`),
                ),
                h(
                  'button',
                  { onclick: () => reject(app, station) },
                  icon('cross'),
                  'Reject',
                  h('span.unseen', ` ${station.code}`),
                ),
              )
            : h('p.note', 'Letting it in needs the scope chargers:write.'),
        ),
      ),
    ),
  )
}

function approve(app, station) {
  app.ask({
    title: `Approve ${station.code}?`,
    text: 'It belongs to the site that you choose, and is served from now on.',
    action: 'Approve',
    fields: [
      {
        name: 'siteId',
        label: 'Site',
        value: app.siteId,
        options: app.sites.map(({ siteId, name, code }) => [siteId, name || code]),
      },
    ],
    run: ({ siteId }) =>
      admission(app, station, { decision: 'accept', siteId: station.siteId ?? siteId }, `${station.code} is approved`),
  })
}

function reject(app, station) {
  app.ask({
    title: `Reject ${station.code}?`,
    text: 'It is turned away whenever it dials in.',
    action: 'Reject',
    tone: 'danger',
    run: () => admission(app, station, { decision: 'reject' }, `${station.code} is rejected`),
  })
}

async function admission(app, station, body, done) {
  try {
    await api.post(`/api/v1/stations/${station.stationId}/admission`, body)
    app.say({
      tone: 'good',
      title: done,
      text: body.decision === 'accept' ? 'Give its EVSEs their bays through the API, so that it shows on the map.' : '',
    })
  } catch (error) {
    app.say({ tone: 'bad', title: `${station.code}: not decided`, text: error.message })
  }
  app.data.touch('pending', 'stations', 'evses', 'overview')
}

function stationTable(app) {
  const { data, times, now } = app
  const evses = new Map()
  for (const evse of data.items('evses')) evses.set(evse.stationId, [...(evses.get(evse.stationId) ?? []), evse])
  for (const list of evses.values()) list.sort((a, b) => a.number - b.number)
  const rows = data.items('stations').filter(({ admission: at }) => at !== 'pending')
  const stateOf = (station) => stationState(station, evses.get(station.stationId) ?? [])
  const seen = (station) => (station.lastSeenAt === null ? null : Date.parse(station.lastSeenAt))
  const model = (station) => [station.vendor, station.model].filter(Boolean).join(' ')
  const columns = [
    {
      id: 'code',
      label: 'Station',
      sort: (station) => station.code,
      cell: (station) => [
        h('a.inline.strong', { href: app.stationPath(station.stationId), onclick: app.follow }, station.code),
        station.name && station.name !== station.code ? h('span.note', ` ${station.name}`) : null,
      ],
      csv: (station) => station.code,
    },
    { id: 'name', label: 'Name', hidden: true, csv: (station) => station.name },
    {
      id: 'state',
      label: 'State',
      sort: (station) => stateOf(station).label,
      cell: (station) => {
        const state = stateOf(station)
        return h('span.state', { class: `tone-${state.tone}` }, icon(state.icon), state.label)
      },
      csv: (station) => stateOf(station).label,
    },
    {
      id: 'evses',
      label: 'EVSEs',
      cell: (station) =>
        h(
          'span.evses',
          (evses.get(station.stationId) ?? []).map((evse) => evseChip(app, evse)),
        ),
      csv: (station) =>
        (evses.get(station.stationId) ?? []).map((evse) => `${evse.number}: ${statusOf(evse)}`).join('; '),
    },
    { id: 'model', label: 'Model', sort: model, cell: (station) => model(station) || h('span.none', '–'), csv: model },
    {
      id: 'firmware',
      label: 'Firmware',
      sort: (station) => station.firmware,
      cell: (station) => station.firmware ?? h('span.none', '–'),
      csv: (station) => station.firmware,
    },
    {
      id: 'protocol',
      label: 'Protocol',
      sort: (station) => station.socket?.protocol ?? null,
      cell: (station) => protocolWord(station.socket?.protocol) ?? h('span.none', '–'),
      csv: (station) => station.socket?.protocol,
    },
    {
      id: 'seen',
      label: 'Last seen',
      sort: seen,
      cell: (station) =>
        seen(station) === null
          ? h('span.none', 'Never')
          : h(
              'time',
              { datetime: station.lastSeenAt, title: times.full(station.lastSeenAt) },
              now - seen(station) < 60_000 ? 'Just now' : `${span(now - seen(station))} ago`,
            ),
      csv: (station) => (seen(station) === null ? null : times.exact(station.lastSeenAt)),
    },
    ...(app.can('chargers:control')
      ? [
          {
            id: 'actions',
            label: 'Actions',
            quiet: true,
            end: true,
            cell: (station) => stationButtons(app, station, evses.get(station.stationId) ?? []),
          },
        ]
      : []),
  ]
  return recordTable(app, {
    id: 'stations',
    title: 'Stations',
    columns,
    rows,
    source: data.get('stations') ?? forbidden,
    keyOf: ({ stationId }) => stationId,
    order: { id: 'code', down: false },
    search: (station) =>
      [station.code, station.name, model(station), station.firmware, station.serial, stateOf(station).label]
        .filter(Boolean)
        .join(' '),
    filters: [
      {
        id: 'state',
        label: 'All states',
        options: ['Connected', 'Fault', 'Offline', 'Rejected'].map((label) => [label, label]),
        test: (station, value) => stateOf(station).label === value,
      },
    ],
    file: app.fileName('stations'),
    empty: [
      h('p', 'No station stands at this site yet.'),
      h(
        'p.note',
        'Point a charger at ',
        h('code', `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/ocpp/<its name>`),
        ': it appears here and waits to be approved.',
      ),
    ],
  })
}

export function stationState(station, evses) {
  if (station.admission === 'pending') return { icon: 'station', tone: 'warn', label: 'Waits for approval' }
  if (station.admission === 'rejected') return { icon: 'blocked', tone: 'off', label: 'Rejected' }
  if (station.socket === null) return { icon: 'offline', tone: 'bad', label: 'Offline' }
  const faulted = evses.some(({ connectors }) => connectors.some(({ status }) => status === 'faulted'))
  return faulted ? { icon: 'fault', tone: 'bad', label: 'Fault' } : { icon: 'online', tone: 'good', label: 'Connected' }
}

export function protocolWord(protocol) {
  return protocol ? protocol.replace('ocpp', 'OCPP ') : null
}

function statusOf({ connectors }) {
  const busy = connectors.find(({ status }) => status !== 'available' && status !== 'unknown')
  return (busy ?? connectors[0])?.status ?? 'unknown'
}

export function evseChip(app, evse) {
  const status = statusOf(evse)
  const [sign, tone] = signs[status] ?? signs.unknown
  const bay = app.names.bay(evse.bayId)
  const fault = evse.connectors.find(({ errorCode }) => errorCode)?.errorCode
  return h(
    'span.evse',
    { class: `tone-${tone}`, title: `EVSE ${evse.code}${bay ? `, bay ${bay}` : ', no bay'}` },
    icon(sign),
    `${evse.number} ${connectorStates[status] ?? status}`,
    status === 'faulted' && fault ? h('span.note', ` ${fault}`) : null,
    bay ? h('span.note', ` ${bay}`) : null,
  )
}

export function stationButtons(app, station, evses) {
  if (station.admission !== 'accepted') return null
  const name = station.code
  const pick = {
    name: 'evse',
    label: 'EVSE',
    value: String(evses[0]?.number ?? 1),
    options: (evses.length > 0 ? evses : [{ number: 1, bayId: null }]).map((evse) => [
      String(evse.number),
      `${evse.number}${app.names.bay(evse.bayId) ? `, bay ${app.names.bay(evse.bayId)}` : ''}`,
    ]),
  }
  const plugOf = (number) => (evses.length > 1 ? `${name} / ${number}` : name)
  const button = (sign, label, run) =>
    h('button.quiet.small', { onclick: run, 'aria-label': `${label} ${name}` }, icon(sign), label)
  return h(
    'div.row-actions',
    button('play', 'Start', () =>
      app.ask({
        title: `Start charging at ${name}`,
        text: 'The station begins as if this card had been held to it. The session belongs to whoever the card belongs to.',
        action: 'Start',
        fields: [
          pick,
          {
            name: 'value',
            label: 'Card or token',
            required: true,
            hint: 'As the reader shows it, for example 04A1B2C3D4E5F6',
          },
          {
            name: 'kind',
            label: 'Kind of token',
            value: 'central',
            options: [
              ['central', 'Given by this hub'],
              ['iso14443', 'RFID card (ISO 14443)'],
              ['iso15693', 'RFID card (ISO 15693)'],
              ['emaid', 'Contract (eMAID)'],
              ['local', 'Local to the station'],
            ],
          },
        ],
        run: ({ evse, value, kind }) =>
          app.commands.start(station, plugOf(evse), Number(evse), { value: value.trim(), kind }),
      }),
    ),
    button('unlock', 'Unlock', () =>
      app.ask({
        title: `Unlock a cable at ${name}?`,
        text: 'For a cable that is stuck. Charging at this EVSE ends if it is running.',
        action: 'Unlock',
        tone: 'danger',
        fields: [pick],
        run: ({ evse }) => app.commands.unlock(station, plugOf(evse), Number(evse)),
      }),
    ),
    button('restart', 'Reset', () =>
      app.ask({
        title: `Reset ${name}?`,
        text: `${counted(evses.length, 'EVSE')} will be away for a minute or two.`,
        action: 'Reset',
        tone: 'danger',
        fields: [
          {
            name: 'mode',
            label: 'When',
            value: 'on_idle',
            options: [
              ['on_idle', 'As soon as nobody charges'],
              ['immediate', 'At once, running sessions end'],
            ],
          },
        ],
        run: ({ mode }) => app.commands.reset(station, name, mode),
      }),
    ),
    button('command', 'More', () => chooseWork(app, station, evses)),
  )
}
