// Owns what a technician does to a station now and then: one dialog to choose the work, one for what it needs.
// Must not send anything by itself; station-commands.js does, and waits for what really came of it.
import { counted } from './formats.js'

const hours = [
  ['', 'Until it is taken back'],
  ['1', 'For an hour'],
  ['2', 'For two hours'],
  ['4', 'For four hours'],
  ['12', 'For twelve hours'],
]
const triggers = [
  ['status', 'Its state'],
  ['meter', 'Its meter'],
  ['boot', 'What it is'],
  ['heartbeat', 'That it is alive'],
  ['firmware_status', 'How its firmware is doing'],
  ['log_status', 'How its log is doing'],
  ['sign_station_certificate', 'A new certificate'],
]

/** Each: what it is called, what is asked for, and the command it becomes. `at` is the instant of the hub's clock. */
const works = {
  out: {
    label: 'Take out of service',
    text: 'Nobody can begin to charge there. What runs goes on until it ends.',
    whole: true,
    tone: 'danger',
    done: (plug) => `${plug} is out of service`,
    body: ({ evse }) => ({ name: 'availability', operative: false, ...at(evse) }),
  },
  back: {
    label: 'Put back into service',
    whole: true,
    done: (plug) => `${plug} is in service again`,
    body: ({ evse }) => ({ name: 'availability', operative: true, ...at(evse) }),
  },
  limit: {
    label: 'Limit the power',
    text: 'The most that it may draw in each phase, from now on.',
    whole: true,
    fields: [
      { name: 'amps', label: 'Amperes', required: true, type: 'number', min: 0, max: 2000, step: 0.1, value: '16' },
      { name: 'hours', label: 'How long', value: '', options: hours },
    ],
    done: (plug) => `${plug} is limited`,
    body: ({ evse, amps, hours: count }, now) => ({
      name: 'limit',
      amps: Number(amps),
      ...at(evse),
      ...(count === '' ? {} : { until: new Date(now + Number(count) * 3_600_000).toISOString() }),
    }),
  },
  unlimit: {
    label: 'Take the limit back',
    whole: true,
    done: (plug) => `${plug} is not limited any more`,
    body: ({ evse }) => ({ name: 'unlimit', ...at(evse) }),
  },
  reserve: {
    label: 'Reserve',
    text: 'Only this card can charge there until then.',
    fields: [
      { name: 'value', label: 'Card or token', required: true, hint: 'As the reader shows it' },
      {
        name: 'minutes',
        label: 'How long',
        value: '30',
        options: [
          ['15', 'A quarter of an hour'],
          ['30', 'Half an hour'],
          ['60', 'An hour'],
          ['240', 'Four hours'],
        ],
      },
    ],
    done: (plug, { args }) => `${plug} is reserved as number ${args.reservationId}`,
    body: ({ evse, value, minutes }, now) => ({
      name: 'reserve',
      token: { value: value.trim(), kind: 'iso14443' },
      until: new Date(now + Number(minutes) * 60_000).toISOString(),
      ...at(evse),
    }),
  },
  release: {
    label: 'Cancel a reservation',
    station: true,
    fields: [{ name: 'number', label: 'Its number', required: true, type: 'number', min: 0, max: 2147483647 }],
    done: (plug, { args }) => `${plug}: reservation ${args.reservationId} is cancelled`,
    body: ({ number }) => ({ name: 'cancel_reservation', reservationId: Number(number) }),
  },
  trigger: {
    label: 'Ask it to report',
    whole: true,
    fields: [{ name: 'message', label: 'What', value: 'status', options: triggers }],
    done: (plug) => `${plug} reports`,
    body: ({ evse, message }) => ({ name: 'trigger', message, ...at(evse) }),
  },
  cache: {
    label: 'Clear its memory of cards',
    text: 'It asks the hub again about every card that it had remembered.',
    station: true,
    done: (plug) => `${plug} has forgotten the cards it knew`,
    body: () => ({ name: 'clear_cache' }),
  },
  settings: {
    label: 'Read its settings',
    station: true,
    done: (plug, { result }) =>
      `${plug} has told ${counted(Object.keys(result?.settings ?? {}).length, 'setting')}; they are with the command`,
    body: () => ({ name: 'read_settings' }),
  },
  log: {
    label: 'Fetch its log',
    text: 'The station sends a file to this hub, which may take minutes. It is then listed on the page of the station.',
    station: true,
    ttlSeconds: 300,
    fields: [
      {
        name: 'log',
        label: 'Which',
        value: 'diagnostics',
        options: [
          ['diagnostics', 'What it has been doing'],
          ['security', 'What touched its security'],
        ],
      },
    ],
    done: (plug) => `${plug} has sent its log`,
    body: ({ log }) => ({ name: 'get_log', log }),
  },
  model: {
    label: 'Read its device model',
    text: 'Everything the station knows about itself, in parts; this may take minutes.',
    station: true,
    ttlSeconds: 300,
    done: (plug, { result }) => `${plug} has told ${counted(result?.items ?? 0, 'variable')}`,
    body: () => ({ name: 'read_report', base: 'full' }),
  },
}

const at = (evse) => (evse ? { evse: Number(evse) } : {})

/** Asks what is to be done at a station, then for what that needs, then does it. */
export function chooseWork(app, station, evses) {
  const name = station.code
  app.ask({
    title: `What is to be done at ${name}?`,
    text: 'Each is a command that the station has to accept; what really came of it is shown.',
    action: 'Next',
    fields: [
      {
        name: 'work',
        label: 'Work',
        value: 'out',
        options: Object.entries(works).map(([id, { label }]) => [id, label]),
      },
    ],
    run: ({ work }) => askFor(app, station, evses, works[work]),
  })
}

export function askForLog(app, station) {
  askFor(app, station, [], works.log)
}

function askFor(app, station, evses, work) {
  const name = station.code
  const plugOf = (evse) => (evse && evses.length > 1 ? `${name} / ${evse}` : name)
  const numbers = evses.map(({ number, bayId }) => [
    String(number),
    `${number}${app.names.bay(bayId) ? `, bay ${app.names.bay(bayId)}` : ''}`,
  ])
  const where = work.station
    ? []
    : [
        {
          name: 'evse',
          label: 'EVSE',
          value: work.whole ? '' : (numbers[0]?.[0] ?? '1'),
          options: [
            ...(work.whole ? [['', 'The whole station']] : []),
            ...(numbers.length > 0 ? numbers : [['1', '1']]),
          ],
        },
      ]
  app.ask({
    title: `${work.label}: ${name}`,
    text: work.text ?? '',
    action: work.label,
    tone: work.tone,
    fields: [...where, ...(work.fields ?? [])],
    run: (values) => {
      const plug = plugOf(values.evse)
      app.commands.work(
        station,
        { label: work.label, plug, done: (command) => work.done(plug, command) },
        {
          ...work.body(values, app.now),
          ...(work.ttlSeconds ? { ttlSeconds: work.ttlSeconds } : {}),
        },
      )
    },
  })
}
