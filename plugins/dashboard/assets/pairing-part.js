// Owns the walk through learning how two readers write cards: show a card to both, look at what was found out, accept or undo.
// Must not work anything out; the hub does.
import * as api from './api.js'
import { h } from './elements.js'
import { count } from './formats.js'
import { icon } from './icons.js'
import { run } from './run-change.js'

const stateWords = {
  open: 'Collecting',
  accepted: 'Accepted',
  undone: 'Taken back',
  cancelled: 'Cancelled',
}

export function pairingPart(app) {
  const source = app.data.get('pairings')
  if (source === null || source.forbidden) return null
  const pairings = app.data.items('pairings')
  const open = pairings.filter(({ state }) => state === 'open')
  const past = pairings.filter(({ state }) => state !== 'open').slice(0, 5)
  const cardReaders = app.data
    .items('readers')
    .filter(({ kind, siteId, archivedAt }) => kind === 'card' && siteId === app.siteId && archivedAt === null)
  return h(
    'section.block',
    { key: 'pairings', 'aria-labelledby': 'pairings-title' },
    h(
      'div.block-head',
      h('h2', { id: 'pairings-title' }, 'Same card, two readers'),
      h(
        'p.note',
        'Gate and charger often write one card differently. Show a card to both once, and the hub finds out how.',
      ),
      app.can('sites:write') && cardReaders.length > 0
        ? h('div.tools', h('button', { onclick: () => askBegin(app, cardReaders) }, icon('plug'), 'Pair readers'))
        : null,
    ),
    open.map((one) => openPairing(app, one)),
    past.length > 0
      ? h(
          'ul.plain-list',
          past.map((one) =>
            h(
              'li',
              { key: one.pairingId },
              h('b', names(app, one).join(' and ')),
              h('span.note', ` ${stateWords[one.state]} ${app.times.near(one.updatedAt, app.now)}`),
              one.state === 'accepted' && app.can('sites:write')
                ? h(
                    'button.quiet.small',
                    { onclick: () => send(app, one, 'undo', 'The profiles before hold again', 'Not taken back') },
                    icon('undo'),
                    'Take back',
                  )
                : null,
            ),
          ),
        )
      : open.length === 0
        ? h(
            'div.empty',
            cardReaders.length === 0
              ? h(
                  'p',
                  'No card reader stands at this site yet. One that a gate names in its reads is added under Cameras and readers through the API.',
                )
              : h('p', 'No readers have been paired yet.'),
          )
        : null,
  )
}

function names(app, { firstReaderId, secondReaderId, secondStationId }) {
  const reader = (id) => app.data.items('readers').find(({ readerId }) => readerId === id)?.label ?? 'a reader'
  return [reader(firstReaderId), secondReaderId === null ? app.names.station(secondStationId) : reader(secondReaderId)]
}

function openPairing(app, pairing) {
  const [first, second] = names(app, pairing)
  const { pairs, waiting, collecting, solution, endsAt } = pairing
  const shownTo = waiting === null ? null : waiting.side === 1 ? second : first
  return h(
    'article.pairing',
    { key: pairing.pairingId, 'aria-label': `${first} and ${second}` },
    h('h3', `${first} and ${second}`),
    h(
      'p',
      { role: 'status' },
      collecting
        ? shownTo === null
          ? 'Show a card to one of the two, then to the other.'
          : `Read ${waiting.raw}. Now show the same card to ${shownTo}.`
        : 'The time for showing cards is over.',
      h('span.note', collecting ? ` Until ${app.times.clock(endsAt)}.` : ''),
    ),
    pairs.length > 0
      ? h(
          'ul.plain-list',
          pairs.map((pair) =>
            h('li', { key: pair.first + pair.second }, h('code', pair.first), icon('link'), h('code', pair.second)),
          ),
        )
      : null,
    pairs.length > 0 ? solutionPart(app, pairing, [first, second]) : null,
    app.can('sites:write')
      ? h(
          'div.row-actions',
          h(
            'button.quiet.small',
            { onclick: () => send(app, pairing, 'cancel', 'Cancelled; nothing was set', 'Not cancelled') },
            icon('cross'),
            'Cancel',
          ),
          collecting
            ? h(
                'button.quiet.small',
                { onclick: () => askRead(app, pairing, [first, second]) },
                icon('edit'),
                'Type a card in',
              )
            : null,
        )
      : null,
    solution.outcome === 'several'
      ? h('p.note', `${count(solution.candidates.length)} explanations fit. One more card settles it, or choose.`)
      : null,
  )
}

function solutionPart(app, pairing, [first, second]) {
  const { solution } = pairing
  if (solution.outcome === 'none') return h('p.also', icon('fault', 'tone-warn'), solution.reason)
  const candidates = solution.outcome === 'unique' ? [solution] : solution.candidates
  return h(
    'ul.solutions',
    candidates.map(({ words, lossy }, candidate) =>
      h(
        'li',
        { key: words.join('|') },
        h('p', h('b', first), ` ${words[0]}`),
        h('p', h('b', second), ` ${words[1]}`),
        lossy
          ? h('p.note', 'A part of the number is lost: such cards never let anybody in when they could be several.')
          : null,
        app.can('sites:write')
          ? h(
              'button.primary.small',
              { onclick: () => askAccept(app, pairing, solution.outcome === 'unique' ? undefined : candidate) },
              icon('check'),
              'Accept',
            )
          : null,
      ),
    ),
  )
}

function askBegin(app, cardReaders) {
  const readers = cardReaders.map(({ readerId, label }) => [readerId, label])
  const stations = app.data.items('stations').map(({ stationId, code }) => [`station:${stationId}`, `Charger ${code}`])
  app.ask({
    title: 'Which two write the same card?',
    text: 'For the next ten minutes cards shown to both are collected. Nobody is let in by this.',
    action: 'Begin',
    fields: [
      { name: 'first', label: 'First', value: readers[0]?.[0], options: readers },
      {
        name: 'second',
        label: 'Second',
        value: stations[0]?.[0] ?? readers[1]?.[0],
        options: [...stations, ...readers],
      },
    ],
    run: ({ first, second }) =>
      run(app, {
        request: () =>
          api.post('/api/v1/card-pairings', {
            firstReaderId: first,
            ...(second.startsWith('station:')
              ? { secondStationId: second.slice('station:'.length) }
              : { secondReaderId: second }),
          }),
        done: 'Show a card to both now',
        failed: 'Not begun',
        touch: ['pairings'],
      }),
  })
}

function askRead(app, pairing, [first, second]) {
  app.ask({
    title: 'Type a card in',
    text: 'As the display or the log of the reader shows it.',
    action: 'Add',
    fields: [
      {
        name: 'side',
        label: 'Shown to',
        value: '1',
        options: [
          ['1', first],
          ['2', second],
        ],
      },
      { name: 'raw', label: 'Number', required: true },
    ],
    run: ({ side, raw }) =>
      run(app, {
        request: () => api.post(`/api/v1/card-pairings/${pairing.pairingId}/reads`, { side: Number(side), raw }),
        done: 'Added',
        failed: 'Not added',
        touch: ['pairings'],
      }),
  })
}

function askAccept(app, pairing, candidate) {
  app.ask({
    title: 'Set how these readers write cards?',
    text: 'Cards that they read before are read anew, and stays and sessions that belong together are found. This can be taken back.',
    action: 'Set',
    fields: [
      {
        name: 'target',
        label: 'For',
        value: 'devices',
        options: [
          ['devices', 'these two'],
          ['models', 'all of their models'],
        ],
      },
    ],
    run: ({ target }) =>
      send(app, pairing, 'accept', 'Set', 'Not set', {
        for: target,
        ...(candidate === undefined ? {} : { candidate }),
      }),
  })
}

function send(app, { pairingId }, what, done, failed, body) {
  return run(app, {
    request: () => api.post(`/api/v1/card-pairings/${pairingId}/${what}`, body),
    done,
    failed,
    touch: ['pairings', 'readers', 'stays', 'sessions'],
  })
}
