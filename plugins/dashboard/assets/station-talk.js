// Owns what passed between the hub and one station: commands and what came of them, what it told by itself, the frames themselves.
// Must not send a command; station-commands.js does.
import { h } from './elements.js'
import { icon } from './icons.js'
import { recordTable } from './record-table.js'
import { askerWord, commandStates, noticeDetails, outcomes, short, topicWord } from './station-words.js'
import { timeOf } from './time-of.js'
import { plain } from './words.js'

const dayMs = 86_400_000
/** A frame of a report may be very long; the rest of it is in the file. */
const shownOfFrame = 2_000

export function commandTable(app, station) {
  const { station: one, times, now } = app
  const control = app.can('chargers:control')
  return recordTable(app, {
    id: 'station-commands',
    title: 'Commands',
    note: 'The latest. “Answered” is the word of the station; the outcome says what then came of it.',
    rows: one.items('commands'),
    source: one.get('commands'),
    made: one.seen('commands'),
    renew: one.renew,
    keyOf: ({ commandId }) => commandId,
    search: (row) => [row.name, row.state, row.outcome, row.reason, short(row.args)].filter(Boolean).join(' '),
    columns: [
      {
        id: 'name',
        label: 'Command',
        sort: ({ name }) => name,
        cell: ({ name, args }) => [h('b', plain(name)), h('span.note.long', ` ${short(withoutSecrets(args), 80)}`)],
        csv: ({ name }) => name,
      },
      { id: 'args', label: 'With', hidden: true, csv: ({ args }) => JSON.stringify(withoutSecrets(args)) },
      {
        id: 'state',
        label: 'State',
        sort: ({ state }) => state,
        cell: ({ state }) => stateWord(commandStates, state),
        csv: ({ state }) => state,
      },
      {
        id: 'outcome',
        label: 'Outcome',
        sort: ({ outcome }) => outcome,
        cell: ({ outcome }) => {
          if (outcome === null) return h('span.none', '–')
          const { label, tone } = outcomes[outcome] ?? { label: plain(outcome), tone: 'off' }
          return h('span.state', { class: `tone-${tone}` }, label)
        },
        csv: ({ outcome }) => outcome,
      },
      {
        id: 'reason',
        label: 'Reason',
        cell: ({ reason }) => (reason === null ? h('span.none', '–') : h('span.long', reason)),
        csv: ({ reason }) => reason,
      },
      {
        id: 'asker',
        label: 'Asked by',
        cell: ({ requestedBy }) => askerWord(requestedBy, app.session.actor),
        csv: ({ requestedBy }) => requestedBy,
      },
      {
        id: 'at',
        label: 'When',
        sort: ({ createdAt }) => Date.parse(createdAt),
        cell: ({ createdAt }) => timeOf(times, createdAt, now),
        csv: ({ createdAt }) => times.exact(createdAt),
      },
      ...(control
        ? [
            {
              id: 'withdraw',
              label: 'Actions',
              quiet: true,
              end: true,
              cell: (command) =>
                command.state === 'queued'
                  ? h(
                      'div.row-actions',
                      h(
                        'button.quiet.small',
                        { onclick: () => app.commands.withdraw(command) },
                        icon('undo'),
                        'Withdraw',
                        h('span.unseen', ` ${plain(command.name).toLowerCase()}`),
                      ),
                    )
                  : h('span.none', ''),
            },
          ]
        : []),
    ],
    file: app.fileName(`${station.code}-commands`),
    empty: h('p', 'This station has not been told anything yet.'),
  })
}

/** Certificates, links and passwords are no reading for a table; numbers of requests say nothing to a person. */
function withoutSecrets(args) {
  return Object.fromEntries(
    Object.entries(args ?? {}).filter(([name]) => !/pem|url|password|secret|requestId/i.test(name)),
  )
}

export function noticeTable(app, station) {
  const { station: one, times, now } = app
  const told = [...new Set(one.items('notices').map(({ topic }) => topic))]
  return recordTable(app, {
    id: 'station-notices',
    title: 'What it told',
    note: 'Beside its state, its meter and who charges: progress, events, and what it asked the hub.',
    rows: one.items('notices'),
    source: one.get('notices'),
    made: one.seen('notices'),
    renew: one.renew,
    keyOf: ({ noticeId }) => noticeId,
    filters:
      told.length < 2
        ? []
        : [
            {
              id: 'topic',
              label: 'Everything',
              options: told.map((topic) => [topic, topicWord(topic)]),
              test: (notice, topic) => notice.topic === topic,
            },
          ],
    columns: [
      {
        id: 'topic',
        label: 'About',
        sort: ({ topic }) => topicWord(topic),
        cell: ({ topic, evse }) => [h('b', topicWord(topic)), evse === null ? null : h('span.note', ` EVSE ${evse}`)],
        csv: ({ topic }) => topic,
      },
      {
        id: 'data',
        label: 'What',
        cell: (notice) => h('span.long', noticeDetails(notice) || '–'),
        csv: ({ data }) => JSON.stringify(data),
      },
      {
        id: 'answer',
        label: 'Answer of the hub',
        cell: ({ answer }) => (answer === null ? h('span.none', '–') : h('span.long', short(answer, 80))),
        csv: ({ answer }) => (answer === null ? null : JSON.stringify(answer)),
      },
      {
        id: 'at',
        label: 'When',
        sort: ({ receivedAt }) => Date.parse(receivedAt),
        cell: ({ receivedAt }) => timeOf(times, receivedAt, now),
        csv: ({ receivedAt }) => times.exact(receivedAt),
      },
    ],
    file: app.fileName(`${station.code}-notices`),
    empty: h('p', 'It has told nothing of this kind yet.'),
  })
}

export function frameTable(app, station) {
  const { station: one, times, now } = app
  const held = one.get('frames')
  // While another action is being read, what is listed would not be what was asked for.
  const source = held.value !== null && held.value.action !== one.action() ? { ...held, value: null } : held
  const download = `/api/v1/stations/${station.stationId}/messages/download`
  const yesterday = new Date(now - dayMs).toISOString()
  const link = (href, label) =>
    h('a.tool-link', { href, download: '' }, icon('download'), label, h('span.unseen', ' of the frames'))
  return recordTable(app, {
    id: 'station-frames',
    title: 'Frames',
    note: 'The newest 50 of the journal, word for word.',
    rows: source.value?.items ?? [],
    source,
    made: one.seen('frames'),
    renew: one.renew,
    keyOf: ({ messageId }) => messageId,
    tools: [
      h(
        'label.search',
        icon('search'),
        h('span.unseen', 'Only this action'),
        h('input', {
          type: 'search',
          id: 'frames-action',
          list: 'frames-actions',
          placeholder: 'Action',
          autocomplete: 'off',
          spellcheck: 'false',
          maxlength: 64,
          onchange: (event) => {
            one.onlyAction(event.target.value.trim())
            app.render()
          },
        }),
      ),
      h(
        'datalist',
        { id: 'frames-actions' },
        one.actions().map((action) => h('option', { value: action })),
      ),
      app.can('chargers:read') && app.clock.known() ? link(`${download}?from=${yesterday}`, 'Last 24 hours') : null,
      app.can('chargers:read') ? link(download, 'All') : null,
    ],
    columns: [
      {
        id: 'at',
        label: 'When',
        cell: ({ receivedAt }) =>
          h(
            'time',
            { datetime: receivedAt, title: times.full(receivedAt) },
            `${times.day(receivedAt) === times.day(now) ? '' : `${times.day(receivedAt)} `}${times.clockWithSeconds(receivedAt)}`,
          ),
      },
      {
        id: 'direction',
        label: 'Way',
        cell: ({ direction }) =>
          h('span.state', { class: `tone-${direction === 'in' ? 'park' : 'good'}` }, direction === 'in' ? 'In' : 'Out'),
      },
      { id: 'action', label: 'Action', cell: ({ action }) => action ?? h('span.none', '–') },
      {
        id: 'frame',
        label: 'Frame',
        cell: ({ frame }) => h('code.long', frame.length > shownOfFrame ? `${frame.slice(0, shownOfFrame)}…` : frame),
      },
    ],
    empty: h(
      'p',
      one.action() === ''
        ? 'No frame has passed yet, or the journal does not reach back so far.'
        : `No frame of the action “${one.action()}” is in the journal. Actions are written as in OCPP, for example BootNotification.`,
    ),
  })
}

export function stateWord(words, state) {
  const { tone, icon: sign, label } = words[state] ?? { tone: 'off', icon: 'unknown', label: plain(state) }
  return h('span.state', { class: `tone-${tone}` }, icon(sign), label)
}
