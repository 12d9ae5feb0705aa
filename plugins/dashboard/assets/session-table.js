// Owns the table of running charging sessions with their three clocks, and the button that stops one.
// Must not decide that a session has stopped; the hub's records say so.
import { clocks, pluggedKind, stayName } from './bay-state.js'
import { h } from './elements.js'
import { energy, kwhText, power, span } from './formats.js'
import { icon } from './icons.js'
import { recordTable } from './record-table.js'
import { forbidden } from './stay-table.js'
import { bayStates, sessionStates } from './words.js'

/** What a session is doing, in a word with a tone. */
export function sessionDoing(session, plug, powerW) {
  if (session.state === 'ended') return { icon: 'plug', tone: 'warn', label: 'Ended, cable in' }
  if (session.state !== 'active') return { icon: 'check', tone: 'calm', label: sessionStates[session.state] }
  return bayStates[pluggedKind(plug?.status ?? null, session, powerW ?? 0)]
}

export function sessionTable(app) {
  const { data, now } = app
  const rows = data
    .items('sessions')
    .filter(({ state }) => state === 'active' || state === 'ended')
    .map((session) => {
      const stay = session.stayId === null ? null : app.stay(session.stayId)
      const plug = app.plugOf(session)
      const live = app.liveOf(session.sessionId)
      return {
        session,
        stay,
        times: clocks(session, stay, now, plug),
        doing: sessionDoing(session, plug, live?.powerW),
        energyWh: app.energyOf(session),
        powerW: live?.powerW ?? null,
        link: session.stayId !== null ? 'linked' : live?.linkState === 'review' ? 'review' : 'none',
        plug: app.names.plug(session.stationId, session.evseNumber),
        bay: app.names.bay(session.bayId),
      }
    })

  const clock = (id, label, value, title) => ({
    id,
    label,
    csvLabel: `${label} (seconds)`,
    end: true,
    sort: (row) => value(row),
    cell: (row) => (value(row) === null ? h('span.none', '–') : h('span', { title }, span(value(row)))),
    csv: (row) => (value(row) === null ? null : Math.round(value(row) / 1000)),
  })

  const columns = [
    {
      id: 'station',
      label: 'Station',
      sort: (row) => row.plug,
      cell: (row) =>
        h(
          'button.inline.strong',
          { onclick: (event) => app.open({ kind: 'session', id: row.session.sessionId }, event.currentTarget) },
          row.plug,
        ),
      csv: (row) => row.plug,
    },
    {
      id: 'bay',
      label: 'Bay',
      sort: (row) => row.bay,
      cell: (row) => row.bay ?? h('span.none', '–'),
      csv: (row) => row.bay,
    },
    {
      id: 'car',
      label: 'Car',
      sort: (row) => stayName(row.stay),
      cell: (row) => linkedCar(app, row),
      csv: (row) => stayName(row.stay),
    },
    {
      id: 'state',
      label: 'State',
      sort: (row) => row.doing.label,
      cell: (row) => h(`span.state.tone-${row.doing.tone}`, icon(row.doing.icon), row.doing.label),
      csv: (row) => row.doing.label,
    },
    {
      id: 'energy',
      label: 'Energy',
      csvLabel: 'Energy (kWh)',
      end: true,
      sort: (row) => row.energyWh,
      cell: (row) => energy(row.energyWh),
      csv: (row) => kwhText(row.energyWh),
    },
    {
      id: 'power',
      label: 'Power',
      csvLabel: 'Power (kW)',
      end: true,
      sort: (row) => row.powerW,
      cell: (row) => (row.powerW === null ? h('span.none', '–') : power(row.powerW)),
      csv: (row) => (row.powerW === null ? null : kwhText(row.powerW)),
    },
    clock('stayed', 'Stay', (row) => row.times.stayMs, 'Stay time: gate to gate'),
    clock('plugged', 'Plugged', (row) => row.times.pluggedMs, 'Plugged time: cable in'),
    clock('energising', 'Energising', (row) => row.times.energisingMs, 'Energising time: power flows'),
    {
      id: 'idle',
      label: 'Idle (seconds)',
      hidden: true,
      csv: (row) => (row.times.idleMs === null ? null : Math.round(row.times.idleMs / 1000)),
    },
    { id: 'pluggedAt', label: 'Plugged in at', hidden: true, csv: (row) => app.times.exact(row.session.pluggedAt) },
    { id: 'stayId', label: 'Stay id', hidden: true, csv: (row) => row.session.stayId },
    { id: 'id', label: 'Session id', hidden: true, csv: (row) => row.session.sessionId },
    ...(app.can('chargers:control')
      ? [
          {
            id: 'actions',
            label: 'Actions',
            quiet: true,
            end: true,
            cell: (row) => stopButton(app, row.session, row.plug),
          },
        ]
      : []),
  ]

  return recordTable(app, {
    id: 'sessions',
    title: 'Running sessions',
    columns,
    rows,
    source: data.get('sessions') ?? forbidden,
    keyOf: ({ session }) => session.sessionId,
    order: { id: 'station', down: false },
    search: (row) =>
      [row.plug, row.bay, stayName(row.stay), row.session.idToken, row.doing.label].filter(Boolean).join(' '),
    filters: [
      {
        id: 'link',
        label: 'Linked or not',
        options: [
          ['linked', 'Linked to a stay'],
          ['review', 'Waits for review'],
          ['none', 'Not linked'],
        ],
        test: (row, value) => row.link === value,
      },
      {
        id: 'doing',
        label: 'All states',
        options: [
          ['good', 'Charging'],
          ['warn', 'Idle or ended'],
          ['calm', 'Plugged in or paused'],
        ],
        test: (row, value) => row.doing.tone === value,
      },
    ],
    open: (row, element) => app.open({ kind: 'session', id: row.session.sessionId }, element),
    file: app.fileName('running-sessions'),
    empty: h('p', 'No car is plugged in at this site.'),
  })
}

function linkedCar(app, { session, stay, link }) {
  if (link === 'linked') {
    return h(
      'button.plate',
      { onclick: (event) => app.open({ kind: 'stay', id: session.stayId }, event.currentTarget) },
      stayName(stay) ?? 'Linked stay',
    )
  }
  if (link === 'review') {
    return h('a.inline', { href: app.path('links'), onclick: app.follow }, icon('review', 'tone-link'), 'To review')
  }
  return h('span.state.tone-link', icon('unlink'), 'Not linked')
}

export function stopButton(app, session, plug) {
  if (session.state !== 'active') return null
  const under = app.commands.of({ name: 'stop', sessionId: session.sessionId })
  if (under) return h('span.state.tone-calm', icon('waiting', 'turning'), under.short)
  return h(
    'button.danger.small',
    {
      onclick: () =>
        app.ask({
          title: `Stop charging at ${plug}?`,
          text: 'The station is told to end the transaction. The cable stays locked or is released as the station decides; the car stays where it is.',
          action: 'Stop charging',
          tone: 'danger',
          run: () => app.commands.stop(session, plug),
        }),
      'aria-label': `Stop charging at ${plug}`,
    },
    icon('stop'),
    'Stop',
  )
}
