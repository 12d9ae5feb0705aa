// Owns the page of the parking side: charging bays, how many cars are inside, what was asked of the parking system, its readers.
// Must not judge who is inside or what a bay is; the hub does.
import * as api from './api.js'
import { h } from './elements.js'
import { count, counted, span } from './formats.js'
import { icon } from './icons.js'
import { readerTables } from './readers-part.js'
import { recordTable } from './record-table.js'
import { run } from './run-change.js'
import { forbidden } from './stay-table.js'
import { tile } from './tiles.js'
import { actionStates, evBayStates, parkingActions, plain, signOf } from './words.js'

export function parkingView(app) {
  return [occupancyPart(app), evBayTable(app), actionTable(app), ...readerTables(app)]
}

function occupancyPart(app) {
  const source = app.data.get('occupancy') ?? forbidden
  const report = source.value
  const number = (value) => (value === null ? '–' : count(value))
  if (report === null)
    return recordTable(app, { id: 'occupancy', title: 'Cars inside', rows: [], source, columns: [], keyOf: () => '' })
  const { derived, reported, drift, corrected, countedAt, capacity, causes } = report
  return h(
    'section.block',
    { key: 'occupancy', 'aria-labelledby': 'occupancy-title' },
    h(
      'div.block-head',
      h('h2', { id: 'occupancy-title' }, 'Cars inside'),
      h('p.note', 'Counted three ways. Where they differ, the stays below are the likely reason.'),
      app.can('reviews:resolve')
        ? h('div.tools', h('button', { onclick: () => askCount(app, report) }, icon('edit'), 'Enter a count'))
        : null,
    ),
    h(
      'div.tiles',
      tile(
        'by-stays',
        'By the stays',
        'car',
        number(derived),
        null,
        capacity === null ? 'no capacity given' : `of ${count(capacity)} spaces`,
      ),
      tile('by-counter', 'By the counter', 'device', number(reported), null, driftWords(drift), {
        class: drift === null || drift === 0 ? '' : 'asks tone-warn',
      }),
      tile(
        'by-count',
        'By the last count',
        'edit',
        number(corrected),
        null,
        countedAt === null ? 'nobody has counted yet' : `counted ${app.times.near(countedAt, app.now)}`,
      ),
    ),
    suspects(app, 'Probably gone', 'Open for longer than this site allows.', causes.ghosts),
    suspects(app, 'Exits that were missed', 'Another sign says the car has left.', causes.missedExits),
    suspects(app, 'Entries that were missed', 'Only the exit is known.', causes.missedEntries),
    countList(app),
  )
}

function driftWords(drift) {
  if (drift === null) return 'not reported'
  return drift === 0
    ? 'the same as the stays'
    : `${count(Math.abs(drift))} ${drift > 0 ? 'more' : 'fewer'} than the stays`
}

function suspects(app, title, note, stays) {
  if (stays.length === 0) return null
  return h(
    'div.suspects',
    { key: title },
    h('h3', title, h('span.count', ` ${count(stays.length)}`)),
    h('p.note', note),
    h(
      'ul.chips',
      stays
        .slice(0, 30)
        .map(({ stayId, plate, enteredAt, exitedAt }) =>
          h(
            'li',
            { key: stayId },
            h(
              'button.plate',
              { onclick: (event) => app.open({ kind: 'stay', id: stayId }, event.currentTarget) },
              plate ?? 'No plate',
            ),
            h('span.note', ` ${app.times.near(enteredAt ?? exitedAt, app.now)}`),
          ),
        ),
    ),
    stays.length > 30 ? h('p.note', `and ${count(stays.length - 30)} more`) : null,
  )
}

function countList(app) {
  const counts = app.data.items('counts').slice(0, 5)
  if (counts.length === 0) return null
  return h(
    'div.suspects',
    { key: 'counts' },
    h('h3', 'Last counts'),
    h(
      'ul.plain-list',
      counts.map((one) =>
        h(
          'li',
          { key: one.countId },
          h('b', counted(one.counted, 'car')),
          h(
            'span.note',
            ` ${[app.times.near(one.at, app.now), one.area, one.derived === null ? null : `stays said ${count(one.derived)}`, one.note].filter(Boolean).join(' · ')}`,
          ),
          one.undoneAt !== null
            ? h('span.note', ' · taken back')
            : app.can('reviews:resolve')
              ? h(
                  'button.quiet.small',
                  {
                    onclick: () =>
                      run(app, {
                        request: () => api.post(`/api/v1/occupancy-counts/${one.countId}/undo`),
                        done: 'The count is taken back',
                        failed: 'The count was not taken back',
                        touch: ['counts', 'occupancy', 'stays'],
                      }),
                  },
                  icon('undo'),
                  'Take back',
                )
              : null,
        ),
      ),
    ),
  )
}

function askCount(app, report) {
  app.ask({
    title: 'How many cars were counted?',
    text: 'The count is the base from now on. Where the stays show more cars, the oldest are proposed as gone; nothing is closed without you.',
    action: 'Save the count',
    fields: [
      { name: 'counted', label: 'Cars', type: 'number', min: 0, required: true, value: String(report.derived) },
      { name: 'note', label: 'Note', hint: 'For example who counted, and where.' },
    ],
    async run({ counted: cars, note }) {
      const made = await run(app, {
        request: () =>
          api.post('/api/v1/occupancy-counts', {
            siteId: app.siteId,
            counted: Number(cars),
            ...(note === '' ? {} : { note }),
          }),
        done: 'The count is saved',
        failed: 'The count was not saved',
        touch: ['counts', 'occupancy'],
      })
      if (made?.proposals.length > 0) askGhosts(app, made)
    },
  })
}

function askGhosts(app, { countId, proposals }) {
  const names = proposals.slice(0, 8).map(({ plate }) => plate ?? 'a car without plate')
  const rest = proposals.length - names.length
  app.ask({
    title: `Close ${counted(proposals.length, 'stay')} of cars that are gone?`,
    text: `The stays show more cars than were counted. The oldest are ${names.join(', ')}${rest > 0 ? ` and ${rest} more` : ''}. Their bills end without an exit; a late exit counts instead, and this can be taken back.`,
    action: 'Close them',
    tone: 'danger',
    run: () =>
      run(app, {
        request: () =>
          api.post(`/api/v1/occupancy-counts/${countId}/close-stays`, {
            stayIds: proposals.map(({ stayId }) => stayId),
          }),
        done: `${counted(proposals.length, 'stay')} closed`,
        failed: 'Not closed',
        touch: ['counts', 'occupancy', 'stays', 'overview'],
      }),
  })
}

function evBayTable(app) {
  const { times, now } = app
  const since = ({ since: at }) => (at === null ? null : Date.parse(at))
  return recordTable(app, {
    id: 'ev-bays',
    title: 'Charging bays',
    note: 'Who stands at a charger without charging, who is full and still there, and what is free and works.',
    rows: app.data.items('evBays'),
    source: app.data.get('evBays') ?? forbidden,
    keyOf: ({ bayId }) => bayId,
    search: ({ code, name, plate, evseCodes }) => [code, name, plate, ...evseCodes].join(' '),
    filters: [
      {
        id: 'state',
        label: 'All states',
        options: Object.entries(evBayStates).map(([state, { label }]) => [state, label]),
        test: ({ state }, wanted) => state === wanted,
      },
    ],
    open: ({ bayId }, opener) => app.open({ kind: 'bay', id: bayId }, opener),
    columns: [
      {
        id: 'code',
        label: 'Bay',
        sort: ({ code }) => code,
        cell: ({ code, name }) => [h('b', code), name && name !== code ? h('span.note', ` ${name}`) : null],
        csv: ({ code }) => code,
      },
      {
        id: 'state',
        label: 'State',
        sort: ({ state }) => state,
        cell: ({ state, occupied }) => [
          signOf(evBayStates, state),
          state === 'free' && occupied ? h('span.note', ' a car has just come') : null,
        ],
        csv: ({ state }) => state,
      },
      {
        id: 'since',
        label: 'For',
        sort: since,
        cell: (bay) =>
          bay.since === null
            ? h('span.none', '–')
            : h('span', { title: times.exact(bay.since) }, span(now - since(bay))),
        csv: (bay) => bay.since,
      },
      {
        id: 'car',
        label: 'Car',
        cell: ({ plate, occupied }) => plate ?? (occupied ? h('span.note', 'not known') : h('span.none', '–')),
        csv: ({ plate }) => plate,
      },
      {
        id: 'charger',
        label: 'Charger',
        cell: ({ evseCodes, working }) => [
          evseCodes.join(', ') || h('span.none', '–'),
          working ? null : h('span.note', ' does not work'),
        ],
        csv: ({ evseCodes }) => evseCodes.join(' '),
      },
    ],
    file: app.fileName('charging-bays'),
    empty: h('p', 'No bay of this site has a charger. Give EVSEs their bays, and they show here.'),
  })
}

const openStates = new Set(['queued', 'sent', 'unknown'])

function actionTable(app) {
  const { times, now } = app
  const mayAct = app.can('parking:control')
  return recordTable(app, {
    id: 'actions',
    title: 'Asked of the parking system',
    note: 'An answer that is lost is asked after, never guessed. What only a person can find out waits for one.',
    rows: app.data.items('actions'),
    source: app.data.get('actions') ?? forbidden,
    keyOf: ({ actionId }) => actionId,
    search: ({ kind, subjectKey, reason, reference }) => [kind, subjectKey, reason, reference].join(' '),
    filters: [
      {
        id: 'state',
        label: 'All states',
        options: [
          ['person', 'Waits for a person'],
          ...Object.entries(actionStates).map(([id, { label }]) => [id, label]),
        ],
        test: ({ state, needsPerson }, wanted) => (wanted === 'person' ? needsPerson : state === wanted),
      },
    ],
    columns: [
      {
        id: 'kind',
        label: 'What',
        sort: ({ kind }) => kind,
        cell: ({ kind, data, subjectType, subjectKey }) => [
          h('b', parkingActions[kind] ?? plain(kind)),
          h(
            'span.note',
            ` ${subjectType === 'stay' ? app.names.stay(subjectKey) : subjectType === 'credential' ? 'a credential' : subjectKey}`,
          ),
          data.reason ? h('span.note', ` · ${data.reason}`) : null,
        ],
        csv: ({ kind }) => kind,
      },
      { id: 'subject', label: 'Subject', hidden: true, csv: ({ subjectKey }) => subjectKey },
      {
        id: 'state',
        label: 'State',
        sort: ({ state }) => state,
        cell: ({ state, needsPerson }) => [
          signOf(actionStates, state),
          needsPerson ? h('span.note', ' waits for a person') : null,
        ],
        csv: ({ state }) => state,
      },
      {
        id: 'reason',
        label: 'It says',
        cell: ({ reason, code }) => [reason, code].filter(Boolean).join(' · ') || h('span.none', '–'),
        csv: ({ reason }) => reason,
      },
      {
        id: 'tries',
        label: 'Sent',
        end: true,
        cell: ({ attempt, asks }) => [count(attempt), asks > 0 ? h('span.note', ` asked after ${asks} times`) : null],
        csv: ({ attempt }) => attempt,
      },
      {
        id: 'at',
        label: 'Asked',
        sort: ({ createdAt }) => Date.parse(createdAt),
        cell: ({ createdAt }) => times.near(createdAt, now),
        csv: ({ createdAt }) => times.exact(createdAt),
      },
      ...(mayAct
        ? [{ id: 'do', label: 'Actions', quiet: true, end: true, cell: (action) => actionButtons(app, action) }]
        : []),
    ],
    file: app.fileName('parking-actions'),
    empty: h('p', 'Nothing has been asked of the parking system yet.'),
  })
}

function actionButtons(app, action) {
  const { actionId, state, needsPerson } = action
  if (needsPerson)
    return h('button.small', { onclick: () => askSettle(app, action) }, icon('review'), 'Say what happened')
  if (state !== 'queued') return openStates.has(state) ? h('span.note', 'under way') : null
  return h(
    'button.quiet.small',
    {
      onclick: () =>
        run(app, {
          request: () => api.post(`/api/v1/parking-actions/${actionId}/cancel`),
          done: 'It is not asked any more',
          failed: 'It was not cancelled',
          touch: ['actions'],
        }),
    },
    icon('cross'),
    'Cancel',
  )
}

function askSettle(app, { actionId, kind, reason }) {
  app.ask({
    title: `${parkingActions[kind] ?? plain(kind)}: what happened at the parking system?`,
    text: `${reason ?? 'The answer was lost.'} Look there, then say what you found.`,
    action: 'Save',
    fields: [
      {
        name: 'found',
        label: 'I found that it was',
        value: 'done',
        options: [
          ['done', 'done'],
          ['again', 'not done; try again'],
          ['never', 'not done; leave it'],
        ],
      },
      { name: 'note', label: 'Where you saw it', required: true },
    ],
    run: ({ found, note }) =>
      run(app, {
        request: () =>
          api.post(`/api/v1/parking-actions/${actionId}/settle`, {
            outcome: found === 'done' ? 'done' : 'not_done',
            ...(found === 'done' ? {} : { again: found === 'again' }),
            note,
          }),
        done: 'Settled',
        failed: 'Not settled',
        touch: ['actions'],
      }),
  })
}
