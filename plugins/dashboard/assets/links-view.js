// Owns the queue of links that wait for a person: one beside the other, with keys for those who decide many.
// Must not send anything; link-decisions.js does.
import { clocks, stayName } from './bay-state.js'
import { h } from './elements.js'
import { count, energy, span } from './formats.js'
import { icon } from './icons.js'
import { actorWord, evidenceList, explanationList, linkStateWord, sureness } from './link-parts.js'
import { otherStays, pictures } from './link-question-part.js'
import { recordTable, staleNote } from './record-table.js'
import { forbidden } from './stay-table.js'
import { linkMethods, parkerKinds, plain } from './words.js'

export function linksView(app) {
  const source = app.data.get('links') ?? forbidden
  const queue = app.decisions.queueWithDecided()
  const chosen = queue.find(({ linkId }) => linkId === app.linkChosen) ?? queue[0] ?? null
  for (const link of queue.slice(0, 40)) app.wantPair(link)
  return [
    h(
      'section.block.queue',
      {
        key: 'queue',
        'aria-labelledby': 'queue-title',
        // Single keys work only while the focus is inside the queue, so they never surprise anybody typing elsewhere.
        onkeydown: (event) => keys(app, queue, chosen, event),
      },
      h(
        'div.block-head',
        h('h2', { id: 'queue-title' }, 'Links to review', h('span.count', ` ${count(queue.length)}`)),
        h(
          'p.note.keys',
          h('kbd', '↑'),
          h('kbd', '↓'),
          ' choose ',
          h('kbd', 'A'),
          ' accept ',
          h('kbd', 'R'),
          ' reject ',
          h('kbd', 'U'),
          ' undo',
        ),
      ),
      source.error && source.value !== null ? staleNote(app, source) : null,
      source.value === null
        ? waitingFor(app, source)
        : chosen === null
          ? h(
              'div.empty.done',
              icon('check'),
              h('p', 'Nothing waits for review.'),
              h(
                'p.note',
                'Links that the hub is sure of are made by themselves. Doubtful ones come here, with what speaks for and against them.',
              ),
            )
          : h('div.queue-parts', queueList(app, queue, chosen), proposal(app, chosen, queue)),
    ),
    decidedTable(app),
  ]
}

function waitingFor(app, source) {
  if (source.forbidden) return h('div.empty', h('p', 'This key does not reach the links.'))
  if (source.error) {
    return h(
      'div.empty',
      { role: 'alert' },
      h('p', source.error.message),
      h('button.quiet', { onclick: () => app.data.renew() }, 'Try again'),
    )
  }
  return h(
    'div.skeleton',
    { 'aria-busy': 'true' },
    Array.from({ length: 5 }, () => h('div.skeleton-row', h('i'), h('i'))),
  )
}

function keys(app, queue, chosen, event) {
  if (event.altKey || event.ctrlKey || event.metaKey || /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName)) return
  const at = queue.indexOf(chosen)
  const move = (to) => {
    const next = queue[Math.min(queue.length - 1, Math.max(0, to))]
    if (next) choose(app, next)
  }
  const actions = {
    ArrowDown: () => move(at + 1),
    ArrowUp: () => move(at - 1),
    Home: () => move(0),
    End: () => move(queue.length - 1),
    a: () => decide(app, queue, chosen, 'accept'),
    r: () => decide(app, queue, chosen, 'reject'),
    u: () => app.decisions.undo(app.decisions.of(chosen?.linkId)?.state === 'waiting' ? chosen.linkId : undefined),
  }
  const action = actions[event.key.length === 1 ? event.key.toLowerCase() : event.key]
  if (!action) return
  event.preventDefault()
  action()
}

function choose(app, link) {
  app.set({ linkChosen: link.linkId })
  app.afterRender(() => document.getElementById(`link-${link.linkId}`)?.focus())
}

/** Goes on to the next one that waits, so that a hand can stay on the keys. */
function decide(app, queue, link, decision) {
  if (link === null || !app.can('links:decide')) return
  app.decisions[decision](link)
  const at = queue.indexOf(link)
  const next = [...queue.slice(at + 1), ...queue.slice(0, at)].find(({ linkId }) => app.decisions.of(linkId) === null)
  if (next) choose(app, next)
}

function queueList(app, queue, chosen) {
  return h(
    'ul.queue-list',
    { role: 'listbox', 'aria-label': 'Links to review', tabindex: '-1' },
    queue.map((link) => {
      const decision = app.decisions.of(link.linkId)
      const selected = link.linkId === chosen.linkId
      return h(
        'li',
        {
          key: link.linkId,
          id: `link-${link.linkId}`,
          role: 'option',
          tabindex: selected ? '0' : '-1',
          'aria-selected': String(selected),
          class: decision ? `is-${decision.decision}` : '',
          onclick: () => choose(app, link),
        },
        h(
          'span.queue-pair',
          h('b', app.names.stay(link.stayId)),
          icon('link'),
          h('span', app.names.session(link.sessionId)),
        ),
        h(
          'span.note',
          decision
            ? decision.state === 'waiting'
              ? `${decision.decision === 'accept' ? 'Accepted' : 'Rejected'}, sent in ${app.decisions.secondsLeft(decision)} s`
              : 'Sending…'
            : `${sureness(link.score)} likely · ${linkMethods[link.method] ?? plain(link.method)}`,
        ),
      )
    }),
  )
}

function proposal(app, link, queue) {
  const decision = app.decisions.of(link.linkId)
  const question = app.questions.of(link.sessionId)
  const own = question?.candidates.find(({ stay }) => stay.stayId === link.stayId)
  const others = queue.filter((one) => one.sessionId === link.sessionId && one !== link)
  return h(
    'article.proposal',
    { key: link.linkId, 'aria-label': `${app.names.stay(link.stayId)} and ${app.names.session(link.sessionId)}` },
    h('p.question', 'Is this the same car?', h('span.sure', `${sureness(link.score)} likely`)),
    h(
      'div.pair',
      stayCard(app, link, own?.stay.images ?? []),
      h('span.pair-link', icon('link')),
      sessionCard(app, link, question?.session.images ?? []),
    ),
    others.length > 0
      ? h(
          'p.also',
          icon('fault', 'tone-warn'),
          `Only one can be right: this session was also proposed to ${others.map(({ stayId }) => app.names.stay(stayId)).join(', ')}.`,
        )
      : null,
    h(
      'div.grounds',
      h('section', h('h3', 'Evidence'), evidenceList(link.evidence)),
      h('section', h('h3', 'In plain words'), explanationList(link.explanation)),
    ),
    otherStays(app, link, question),
    app.can('links:decide')
      ? decision
        ? h(
            'div.decide',
            { role: 'status' },
            h(
              'p',
              decision.decision === 'accept'
                ? 'Accepted: one bill for both.'
                : 'Rejected: it will not be proposed again.',
            ),
            decision.state === 'waiting'
              ? h('button', { onclick: () => app.decisions.undo(link.linkId) }, icon('undo'), 'Undo', h('kbd', 'U'))
              : null,
          )
        : h(
            'div.decide',
            h(
              'button.primary',
              { onclick: () => decide(app, queue, link, 'accept') },
              icon('check'),
              'Accept',
              h('kbd', 'A'),
            ),
            h('button', { onclick: () => decide(app, queue, link, 'reject') }, icon('cross'), 'Reject', h('kbd', 'R')),
            h('p.note', 'Accepting puts parking and charging on one bill.'),
          )
      : h('p.note', 'This key may look, but not decide (scope links:decide).'),
  )
}

function stayCard(app, { stayId }, images) {
  const stay = app.stay(stayId)
  const { times, now } = app
  return h(
    'section.side-card.park',
    h('h3', icon('car'), 'Stay'),
    stay === undefined
      ? h('p.note', 'Loading…')
      : [
          h('p.side-name', stayName(stay) ?? 'No plate'),
          facts([
            [
              'Entered',
              stay.enteredAt === null
                ? 'not known'
                : `${times.near(stay.enteredAt, now)}${stay.entryLane ? `, lane ${stay.entryLane}` : ''}`,
            ],
            ['Left', stay.exitedAt === null ? 'still inside' : times.near(stay.exitedAt, now)],
            ['Parker', parkerKinds[stay.parkerKind] ?? stay.parkerKind],
            ...(stay.presentations ?? [])
              .slice(0, 4)
              .map(({ kind, raw, role }) => [plain(kind), `${raw}${role ? ` (${role})` : ''}`]),
            ...lastBay(stay),
          ]),
          pictures(images),
          h(
            'button.quiet',
            { onclick: (event) => app.open({ kind: 'stay', id: stayId }, event.currentTarget) },
            'Everything about it',
          ),
        ],
  )
}

function lastBay(stay) {
  const place = (stay.bays ?? []).findLast(({ bay }) => typeof bay === 'string')
  return place ? [['Seen in bay', place.bay]] : []
}

function sessionCard(app, { sessionId }, images) {
  const session = app.sessionRecord(sessionId)
  const { times, now } = app
  if (session === undefined)
    return h('section.side-card.charge', h('h3', icon('bolt'), 'Charging session'), h('p.note', 'Loading…'))
  const { pluggedMs } = clocks(session, null, now)
  const bay = app.names.bay(session.bayId) ?? app.names.bayOfPlug(session.stationId, session.evseNumber)
  return h(
    'section.side-card.charge',
    h('h3', icon('bolt'), 'Charging session'),
    h('p.side-name', app.names.plug(session.stationId, session.evseNumber)),
    facts([
      ['Plugged in', `${times.near(session.pluggedAt, now)}, for ${span(pluggedMs)}`],
      ['Unplugged', session.unpluggedAt === null ? 'still plugged in' : times.near(session.unpluggedAt, now)],
      ['Energy', energy(app.energyOf(session))],
      ...(session.idToken === null
        ? []
        : [['Token', `${session.idToken}${session.idTokenKind ? ` (${session.idTokenKind})` : ''}`]]),
      ...(bay === null ? [] : [['Bay', bay]]),
    ]),
    pictures(images),
    h(
      'button.quiet',
      { onclick: (event) => app.open({ kind: 'session', id: sessionId }, event.currentTarget) },
      'Everything about it',
    ),
  )
}

export function facts(pairs) {
  return h(
    'dl.facts',
    pairs.map(([name, value]) => h('div', h('dt', name), h('dd', value))),
  )
}

function decidedTable(app) {
  const rows = app.data.items('decided').filter(({ state }) => state !== 'review')
  for (const link of rows.slice(0, 25)) app.wantPair(link)
  const { times, now } = app
  return recordTable(app, {
    id: 'decided',
    title: 'Recently decided',
    rows,
    source: app.data.get('decided') ?? forbidden,
    keyOf: ({ linkId }) => linkId,
    search: (link) =>
      [app.names.stay(link.stayId), app.names.session(link.sessionId), link.method, link.state].join(' '),
    columns: [
      {
        id: 'stay',
        label: 'Car',
        cell: (link) =>
          h(
            'button.plate',
            { onclick: (event) => app.open({ kind: 'stay', id: link.stayId }, event.currentTarget) },
            app.names.stay(link.stayId),
          ),
        csv: (link) => app.names.stay(link.stayId),
      },
      {
        id: 'session',
        label: 'Charged at',
        cell: (link) => app.names.session(link.sessionId),
        csv: (link) => app.names.session(link.sessionId),
      },
      { id: 'state', label: 'State', cell: (link) => linkStateWord(link.state), csv: (link) => link.state },
      {
        id: 'why',
        label: 'Because of',
        cell: (link) => linkMethods[link.method] ?? plain(link.method),
        csv: (link) => link.method,
      },
      { id: 'score', label: 'Likely', end: true, cell: (link) => sureness(link.score), csv: (link) => link.score },
      { id: 'by', label: 'Decided by', cell: (link) => actorWord(link.decidedBy), csv: (link) => link.decidedBy },
      {
        id: 'at',
        label: 'When',
        cell: (link) => times.near(link.decidedAt, now),
        csv: (link) => times.exact(link.decidedAt),
      },
      ...(app.can('links:decide')
        ? [{ id: 'actions', label: 'Actions', quiet: true, end: true, cell: (link) => afterwards(app, link) }]
        : []),
    ],
    file: app.fileName('links'),
    empty: h('p', 'No link has been decided yet.'),
  })
}

export function afterwards(app, link) {
  if (link.state === 'linked') {
    return h(
      'button.quiet.small',
      {
        onclick: () =>
          app.ask({
            title: 'Take this link apart?',
            text: `${app.names.stay(link.stayId)} and ${app.names.session(link.sessionId)} are then billed each by itself. Bills that were issued are put right by adjustments, and this pair is not linked again by the hub.`,
            action: 'Take apart',
            tone: 'danger',
            run: () => app.decisions.unlink(link),
          }),
      },
      icon('unlink'),
      'Take apart',
    )
  }
  if (link.state === 'rejected' || link.state === 'unlinked') {
    return [
      link.decidedBy === 'hub'
        ? null
        : h(
            'button.quiet.small',
            { onclick: () => app.decisions.takeBack(link), title: 'What was before holds again' },
            icon('undo'),
            'Undo',
          ),
      h('button.quiet.small', { onclick: () => app.decisions.acceptAfterAll(link) }, icon('link'), 'Accept after all'),
    ]
  }
  return null
}
