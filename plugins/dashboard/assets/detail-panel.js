// Owns the panel beside the page: one bay, stay or session with everything that belongs to the same car, or one record of money.
// Must not load; details.js and record-details.js do.
import { clocks, stayName } from './bay-state.js'
import { h } from './elements.js'
import { energy, money, power, span } from './formats.js'
import { icon } from './icons.js'
import { actorWord, evidenceList, explanationList, linkStateWord, sureness } from './link-parts.js'
import { afterwards, facts } from './links-view.js'
import { panelRecords } from './panel-records.js'
import { sessionDoing, stopButton } from './session-table.js'
import { timeOf } from './time-of.js'
import { bayKinds, bayStates, connectorStates, factWords, linkStates, parkerKinds, plain, plugStates } from './words.js'

export function detailPanel(app) {
  const { panel, details } = app
  if (panel === null || details === null) return null
  const { value, error } = details.state
  const view = panel.kind === 'bay' ? app.bayViews.find(({ bay }) => bay.bayId === panel.id) : null
  return h(
    'aside.panel',
    {
      key: 'panel',
      role: 'dialog',
      'aria-labelledby': 'panel-title',
      tabindex: '-1',
      onkeydown: (event) => {
        if (event.key === 'Escape') app.close()
      },
      made: (element) => queueMicrotask(() => element.focus({ preventScroll: true })),
    },
    h(
      'header.panel-head',
      h('h2', { id: 'panel-title' }, titleOf(app, view, value)),
      h('button.quiet.icon-only', { onclick: () => app.close(), 'aria-label': 'Close' }, icon('cross')),
    ),
    h(
      'div.panel-body',
      view ? bayPart(app, view) : null,
      error && value === null ? h('div.empty', { role: 'alert' }, h('p', error.message)) : null,
      error && value !== null ? h('p.stale-note', icon('fault'), `Not renewed: ${error.message}`) : null,
      value === null && !error
        ? h(
            'div.skeleton',
            { 'aria-busy': 'true' },
            Array.from({ length: 5 }, () => h('div.skeleton-row', h('i'), h('i'))),
          )
        : null,
      value ? (panelRecords[panel.kind]?.parts ?? carParts)(app, value) : null,
    ),
  )
}

function titleOf(app, view, value) {
  if (view) return `Bay ${view.bay.code}`
  if (app.panel.kind in panelRecords) return panelRecords[app.panel.kind].title(value)
  if (app.panel.kind === 'session') return `Session at ${app.names.session(app.panel.id)}`
  return stayName(value?.stay) ?? app.names.stay(app.panel.id)
}

function bayPart(app, view) {
  const { bay } = view
  const words = bayStates[view.kind]
  return h(
    'section',
    { key: 'bay' },
    h('p.state.big', { class: `tone-${words.tone}` }, icon(words.icon), words.label),
    facts([
      ['Kind', bayKinds[bay.kind] ?? bay.kind],
      [
        'Sensor',
        bay.car === null
          ? 'none'
          : `${bay.car.occupied ? 'car inside' : 'empty'} since ${app.times.near(bay.car.since, app.now)}`,
      ],
      ...bay.evses.map(({ code, status, connected }) => [
        `Charger ${code}`,
        `${connectorStates[status] ?? status}${connected ? '' : ', station offline'}`,
      ]),
    ]),
  )
}

function carParts(app, value) {
  const { stay, sessions, links, timeline, bills } = value
  if (stay === null && sessions.length === 0) return h('p.note', 'No stay and no charging session is known here now.')
  return [
    stay
      ? stayPart(app, stay)
      : h(
          'section',
          { key: 'stay' },
          h('h3', icon('car'), 'Stay'),
          h('p.note', 'No stay is linked to this charging session.'),
        ),
    sessions.map((session) => sessionPart(app, session, stay)),
    sessions.length === 0
      ? h('section', { key: 'no-session' }, h('h3', icon('bolt'), 'Charging'), h('p.note', 'This car has not charged.'))
      : null,
    links.map((link) => linkPart(app, link)),
    bills.length > 0 ? billsPart(app, bills) : null,
    timelinePart(app, { stay, sessions, links, timeline, bills }),
  ]
}

function stayPart(app, stay) {
  const { times, now } = app
  const end = stay.exitedAt === null ? now : Date.parse(stay.exitedAt)
  return h(
    'section',
    { key: 'stay' },
    h('h3', icon('car', 'tone-park'), 'Stay', h('span.note', ` ${plain(stay.state).toLowerCase()}`)),
    facts([
      ['Plate', stay.plate ?? 'not read'],
      ['Parker', parkerKinds[stay.parkerKind] ?? stay.parkerKind],
      [
        'Entered',
        stay.enteredAt === null
          ? 'not known'
          : `${times.near(stay.enteredAt, now)}${stay.entryLane ? `, lane ${stay.entryLane}` : ''}`,
      ],
      [
        'Left',
        stay.exitedAt === null
          ? 'still inside'
          : `${times.near(stay.exitedAt, now)}${stay.exitLane ? `, lane ${stay.exitLane}` : ''}`,
      ],
      ['Parked for', stay.enteredAt === null ? 'not known' : span(end - Date.parse(stay.enteredAt))],
      ...(stay.presentations ?? [])
        .slice(0, 6)
        .map(({ kind, raw, role }) => [plain(kind), `${raw}${role ? ` (${role})` : ''}`]),
      ...(stay.paidMinor === 0 ? [] : [['Paid', money(stay.paidMinor, stay.currency)]]),
      ...stay.flags.map((flag) => ['Odd', plain(flag)]),
    ]),
  )
}

function sessionPart(app, session, stay) {
  const { times, now } = app
  const plugNow = app.plugOf(session)
  const own = session.stayId !== null && session.stayId === stay?.stayId ? stay : null
  const told = clocks(session, own, now, plugNow)
  const live = app.liveOf(session.sessionId)
  const doing = sessionDoing(session, plugNow, live?.powerW)
  const plug = app.names.plug(session.stationId, session.evseNumber)
  return h(
    'section',
    { key: session.sessionId },
    h('h3', icon('bolt', 'tone-good'), `Charging at ${plug}`),
    h('p.state', { class: `tone-${doing.tone}` }, icon(doing.icon), doing.label),
    h(
      'dl.clocks',
      h('div', h('dt', 'Stay'), h('dd', told.stayMs === null ? '–' : span(told.stayMs))),
      h('div', h('dt', 'Plugged'), h('dd', span(told.pluggedMs))),
      h('div', h('dt', 'Energising'), h('dd', told.energisingMs === null ? 'running' : span(told.energisingMs))),
    ),
    facts([
      ['Energy', energy(app.energyOf(session))],
      ...(live?.powerW == null ? [] : [['Power', power(live.powerW)]]),
      ...(told.idleMs ? [['Idle', span(told.idleMs)]] : []),
      ['Plugged in', times.near(session.pluggedAt, now)],
      ['Unplugged', session.unpluggedAt === null ? 'still plugged in' : times.near(session.unpluggedAt, now)],
      ...(session.idToken === null ? [] : [['Token', session.idToken]]),
      ...session.flags.map((flag) => ['Odd', plain(flag)]),
    ]),
    app.can('chargers:control') ? stopButton(app, session, plug) : null,
  )
}

function linkPart(app, link) {
  const decision = app.decisions.of(link.linkId)
  return h(
    'section',
    { key: link.linkId },
    h('h3', icon('link', 'tone-link'), 'Link', h('span.note', ` ${sureness(link.score)} likely`)),
    h(
      'p',
      linkStateWord(link.state),
      h('span.note', ` by ${actorWord(link.decidedBy)}, ${app.times.near(link.decidedAt, app.now)}`),
    ),
    explanationList(link.explanation),
    h('details', h('summary', 'Evidence'), evidenceList(link.evidence)),
    app.can('links:decide')
      ? decision?.state === 'waiting'
        ? h(
            'div.decide',
            h(
              'p.note',
              `${decision.decision === 'accept' ? 'Accepted' : 'Rejected'}, sent in ${app.decisions.secondsLeft(decision)} s`,
            ),
            h('button.small', { onclick: () => app.decisions.undo(link.linkId) }, icon('undo'), 'Undo'),
          )
        : link.state === 'review' && decision === null
          ? h(
              'div.decide',
              h('button.primary.small', { onclick: () => app.decisions.accept(link) }, icon('check'), 'Accept'),
              h('button.small', { onclick: () => app.decisions.reject(link) }, icon('cross'), 'Reject'),
            )
          : afterwards(app, link)
      : null,
  )
}

function billsPart(app, bills) {
  return h(
    'section',
    { key: 'bills' },
    h('h3', icon('bill'), 'Bills'),
    h(
      'ul.plain-list',
      bills.map((bill) =>
        h(
          'li',
          { key: bill.billId },
          h(
            'button.inline.strong',
            { onclick: (event) => app.open({ kind: 'bill', id: bill.billId }, event.currentTarget) },
            bill.number,
          ),
          h(
            'span.note',
            ` ${bill.kind === 'adjustment' ? 'adjustment ' : ''}${app.times.near(bill.issuedAt, app.now)}`,
          ),
          h('b.end', money(bill.totalMinor, bill.currency)),
        ),
      ),
    ),
  )
}

/** Gate, charger, link and bill in one line of time. */
function timelinePart(app, { sessions, links, timeline, bills }) {
  const { times, now } = app
  const items = timeline.map((item) => {
    const { what, details } = factWords(item)
    const late = item.backfilled ? ' (reported late)' : ''
    return {
      at: item.occurredAt,
      id: item.id,
      icon: item.kind === 'payment' ? 'money' : 'car',
      tone: 'park',
      what: what + late,
      details,
      old: item.superseded,
    }
  })
  for (const session of sessions) {
    const plug = app.names.plug(session.stationId, session.evseNumber)
    items.push({
      at: session.pluggedAt,
      id: `${session.sessionId}-plug`,
      icon: 'plug',
      tone: 'good',
      what: 'Plugged in',
      details: plug,
    })
    for (const [index, { from, state, energyWh }] of session.periods.entries()) {
      if (state === 'connected' || typeof from !== 'string') continue
      items.push({
        at: from,
        id: `${session.sessionId}-${index}`,
        icon: state === 'charging' ? 'bolt' : 'pause',
        tone: 'good',
        what: plugStates[state] ?? plain(state),
        details: energyWh > 0 ? energy(energyWh) : '',
      })
    }
    if (session.unpluggedAt !== null) {
      items.push({
        at: session.unpluggedAt,
        id: `${session.sessionId}-out`,
        icon: 'plug',
        tone: 'good',
        what: 'Unplugged',
        details: energy(session.energyWh),
      })
    }
  }
  for (const link of links) {
    for (const [index, { at, toState, actor, reason }] of link.history.entries()) {
      items.push({
        at,
        id: `${link.linkId}-${index}`,
        icon: 'link',
        tone: 'link',
        what: linkStates[toState] ?? plain(toState),
        details: [`by ${actorWord(actor)}`, reason].filter(Boolean).join(': '),
      })
    }
  }
  for (const bill of bills) {
    items.push({
      at: bill.issuedAt,
      id: bill.billId,
      icon: 'bill',
      tone: 'calm',
      what: `${bill.kind === 'adjustment' ? 'Adjustment' : 'Bill'} ${bill.number}`,
      details: money(bill.totalMinor, bill.currency),
    })
  }
  items.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0))
  return h(
    'section',
    { key: 'timeline' },
    h('h3', 'Timeline'),
    h(
      'ol.timeline',
      items.map(({ at, id, icon: sign, tone, what, details, old }) =>
        h(
          'li',
          { key: id, class: old ? 'old' : '' },
          timeOf(times, at, now),
          h('span.news-icon', { class: `tone-${tone}` }, icon(sign)),
          h(
            'p',
            h('b', what),
            old ? h('span.note', ' (replaced by a correction)') : null,
            details ? h('span.note', ` ${details}`) : null,
          ),
        ),
      ),
    ),
  )
}
