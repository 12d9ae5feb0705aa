// Owns the table of open stays.
// Must not load anything; it shows what the site's data holds.
import { shortened, stayName } from './bay-state.js'
import { h } from './elements.js'
import { energy, majorText, money, span } from './formats.js'
import { icon } from './icons.js'
import { recordTable } from './record-table.js'
import { timeOf } from './time-of.js'
import { parkerKinds } from './words.js'

export function stayTable(app) {
  const { data, times, now } = app
  const bySession = new Map(data.items('sessions').flatMap((one) => (one.stayId === null ? [] : [[one.stayId, one]])))
  // A session that is over is no longer among the running ones, but its stay says that it has one.
  const linkedBefore = new Map(
    (data.get('overview')?.value?.openStays.items ?? []).flatMap((one) =>
      one.sessionId ? [[one.stayId, one.sessionId]] : [],
    ),
  )
  const rows = data.items('stays').filter(({ state }) => state === 'open')
  const sinceEntry = (stay) => (stay.enteredAt === null ? null : now - Date.parse(stay.enteredAt))
  const hasSession = (stay) => bySession.has(stay.stayId) || linkedBefore.has(stay.stayId)

  const columns = [
    {
      id: 'car',
      label: 'Car',
      sort: (stay) => stayName(stay) ?? null,
      cell: (stay) =>
        h(
          'button.plate',
          { onclick: (event) => app.open({ kind: 'stay', id: stay.stayId }, event.currentTarget) },
          stayName(stay) ?? 'No plate',
        ),
      csv: (stay) => stay.plate,
    },
    {
      id: 'credential',
      label: 'Card or ticket',
      cell: (stay) => credentialOf(stay) ?? h('span.none', '–'),
      csv: (stay) => passOf(stay)?.raw,
    },
    {
      id: 'parker',
      label: 'Parker',
      sort: (stay) => parkerKinds[stay.parkerKind] ?? stay.parkerKind,
      cell: (stay) => parkerKinds[stay.parkerKind] ?? stay.parkerKind,
      csv: (stay) => stay.parkerKind,
    },
    {
      id: 'entered',
      label: 'Entered',
      sort: (stay) => (stay.enteredAt === null ? null : Date.parse(stay.enteredAt)),
      cell: (stay) => (stay.enteredAt === null ? h('span.none', 'Not known') : timeOf(times, stay.enteredAt, now)),
      csv: (stay) => (stay.enteredAt === null ? null : times.exact(stay.enteredAt)),
    },
    {
      id: 'lane',
      label: 'Lane',
      sort: (stay) => stay.entryLane,
      cell: (stay) => stay.entryLane ?? h('span.none', '–'),
      csv: (stay) => stay.entryLane,
    },
    {
      id: 'minutes',
      label: 'Parked for',
      csvLabel: 'Parked for (minutes)',
      end: true,
      sort: sinceEntry,
      cell: (stay) => (sinceEntry(stay) === null ? h('span.none', '–') : span(sinceEntry(stay))),
      csv: (stay) => (sinceEntry(stay) === null ? null : Math.floor(sinceEntry(stay) / 60_000)),
    },
    {
      id: 'session',
      label: 'Charging',
      csvLabel: 'Charging session id',
      sort: (stay) => bySession.get(stay.stayId)?.energyWh ?? (hasSession(stay) ? 0 : null),
      cell: (stay) => chargingCell(app, bySession.get(stay.stayId), linkedBefore.get(stay.stayId)),
      csv: (stay) => bySession.get(stay.stayId)?.sessionId ?? linkedBefore.get(stay.stayId),
    },
    {
      id: 'paid',
      label: 'Paid',
      end: true,
      sort: (stay) => stay.paidMinor,
      cell: (stay) => (stay.paidMinor === 0 ? h('span.none', '–') : money(stay.paidMinor, stay.currency)),
      csv: (stay) => majorText(stay.paidMinor, stay.currency),
    },
    { id: 'currency', label: 'Currency', hidden: true, csv: (stay) => stay.currency },
    { id: 'ref', label: 'Stay reference', hidden: true, csv: (stay) => stay.stayRef },
    { id: 'id', label: 'Stay id', hidden: true, csv: (stay) => stay.stayId },
  ]

  return recordTable(app, {
    id: 'stays',
    title: 'Open stays',
    columns,
    rows,
    source: data.get('stays') ?? forbidden,
    keyOf: ({ stayId }) => stayId,
    order: { id: 'entered', down: true },
    search: (stay) =>
      [stay.plate, stay.stayRef, stay.entryLane, parkerKinds[stay.parkerKind], ...presented(stay)]
        .filter(Boolean)
        .join(' '),
    filters: [
      {
        id: 'parker',
        label: 'All parkers',
        options: Object.entries(parkerKinds),
        test: (stay, kind) => stay.parkerKind === kind,
      },
      {
        id: 'charging',
        label: 'Charging or not',
        options: [
          ['yes', 'With charging'],
          ['no', 'Without charging'],
          ['long', 'Longer than a day'],
        ],
        test: (stay, value) =>
          value === 'long' ? (sinceEntry(stay) ?? 0) > 86_400_000 : hasSession(stay) === (value === 'yes'),
      },
    ],
    open: (stay, element) => app.open({ kind: 'stay', id: stay.stayId }, element),
    file: app.fileName('open-stays'),
    empty: h('p', 'No car is inside. Entries reported by the parking system show up here by themselves.'),
  })
}

export const forbidden = { value: null, forbidden: true, error: null }

function passOf(stay) {
  return (stay.presentations ?? []).find(({ kind }) => kind !== 'plate')
}

function credentialOf(stay) {
  const pass = passOf(stay)
  return pass ? h('span.mono', { title: pass.raw }, shortened(pass.raw)) : null
}

function presented(stay) {
  return (stay.presentations ?? []).map(({ raw }) => raw)
}

function chargingCell(app, session, earlier) {
  const id = session?.sessionId ?? earlier
  if (id === undefined) return h('span.none', '–')
  const text = session
    ? `${app.names.plug(session.stationId, session.evseNumber)} · ${energy(app.energyOf(session))}`
    : 'Charged'
  return h(
    'button.inline',
    { onclick: (event) => app.open({ kind: 'session', id }, event.currentTarget) },
    icon('bolt', 'tone-good'),
    text,
  )
}
