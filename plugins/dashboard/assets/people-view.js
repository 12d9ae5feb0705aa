// Owns the page of who may park and charge: credentials, where each is known, how far a revocation has come, and asking the rules.
// Must not decide who may do what; the hub does, and says why.
import * as api from './api.js'
import { h } from './elements.js'
import { span } from './formats.js'
import { icon } from './icons.js'
import { facts } from './links-view.js'
import { recordTable } from './record-table.js'
import { run } from './run-change.js'
import { forbidden } from './stay-table.js'
import { credentialStates, plain, signOf } from './words.js'

const typingMs = 300
let typing = 0

export function peopleView(app) {
  return [askPart(app), credentialTable(app)]
}

/** "May this card park or charge here?", answered as gates and chargers are. */
function askPart(app) {
  const { asked = {}, answer = null } = app.people
  const stations = app.data.items('stations').filter(({ admission }) => admission === 'accepted')
  const hold = (change) => app.set({ people: { ...app.people, asked: { ...asked, ...change } } })
  return h(
    'section.block',
    { key: 'ask', 'aria-labelledby': 'ask-title' },
    h(
      'div.block-head',
      h('h2', { id: 'ask-title' }, 'May they?'),
      h('p.note', 'Asks the rules that gates and chargers are answered by. Nobody is let in, and nothing is held.'),
    ),
    h(
      'form.inline-form',
      {
        onsubmit: (event) => {
          event.preventDefault()
          ask(app, Object.fromEntries(new FormData(event.currentTarget)))
        },
      },
      h(
        'label',
        h('span', 'Card, plate or code'),
        h('input', { name: 'value', required: true, autocomplete: 'off', spellcheck: 'false' }),
      ),
      h(
        'label',
        h('span', 'Kind'),
        h(
          'select',
          { name: 'kind', value: asked.kind ?? 'card', onchange: (event) => hold({ kind: event.target.value }) },
          ['card', 'plate', 'ticket', 'qr', 'app', 'emaid'].map((kind) => h('option', { value: kind }, plain(kind))),
        ),
      ),
      h(
        'label',
        h('span', 'Where'),
        h(
          'select',
          { name: 'where', value: asked.where ?? 'gate', onchange: (event) => hold({ where: event.target.value }) },
          h('option', { value: 'gate' }, 'At the gate'),
          stations.map(({ stationId, code }) => h('option', { value: stationId }, `Charger ${code}`)),
        ),
      ),
      h('button.primary', { type: 'submit' }, icon('review'), 'Ask'),
    ),
    answer === null
      ? null
      : h(
          'div.answer',
          { role: 'status' },
          h(
            'p',
            h(
              'span.state',
              { class: answer.allowed ? 'tone-good' : 'tone-bad' },
              icon(answer.allowed ? 'check' : 'blocked'),
              answer.allowed ? 'Yes' : 'No',
            ),
            ` ${answer.reason}`,
          ),
          h(
            'ul.plain-list',
            answer.trace.map(({ rule, outcome, detail }, at) =>
              h(
                'li',
                { key: `${at} ${rule}` },
                icon(outcome === 'passed' ? 'check' : 'fault', outcome === 'passed' ? 'tone-good' : 'tone-warn'),
                h('span', h('b', plain(rule)), h('span.note', ` ${detail}`)),
              ),
            ),
          ),
        ),
  )
}

async function ask(app, { value, kind, where }) {
  const place = where === 'gate' ? { place: 'gate' } : { place: 'charger', stationId: where }
  try {
    const answer = await api.post('/api/v1/access-questions', {
      siteId: app.siteId,
      ...place,
      presented: { kind, value },
    })
    app.set({ people: { ...app.people, answer } })
  } catch (error) {
    app.set({ people: { ...app.people, answer: null } })
    app.say({ tone: 'bad', title: 'The rules could not be asked', text: error.message })
  }
}

function credentialTable(app) {
  const { times, now } = app
  const mayWrite = app.can('people:write')
  const shown = app.people.reach
  return recordTable(app, {
    id: 'credentials',
    title: 'Credentials',
    note: 'One for gate and charger. Blocking one reaches the parking system, the chargers’ lists and running sessions.',
    rows: app.data.items('credentials'),
    source: app.data.get('credentials') ?? forbidden,
    keyOf: ({ credentialId }) => credentialId,
    filters: [
      {
        id: 'status',
        label: 'All states',
        options: Object.entries(credentialStates).map(([id, { label }]) => [id, label]),
        test: ({ status }, wanted) => status === wanted,
      },
    ],
    tools: h(
      'label.search',
      icon('search'),
      h('span.unseen', 'Search among all credentials'),
      h('input', {
        type: 'search',
        id: 'search-people',
        placeholder: 'Search',
        autocomplete: 'off',
        oninput: ({ target: { value } }) => {
          clearTimeout(typing)
          typing = setTimeout(() => app.data.searchPeople(value.trim()), typingMs)
        },
      }),
    ),
    columns: [
      {
        id: 'label',
        label: 'Credential',
        sort: ({ label, presentations: [first] }) => label ?? first?.value ?? '',
        cell: ({ label, presentations }) => [
          h('b', label ?? presentations[0]?.value ?? 'Without a form'),
          otherForms(label, presentations),
        ],
        csv: ({ label }) => label,
      },
      {
        id: 'values',
        label: 'Forms',
        hidden: true,
        csv: ({ presentations }) => presentations.map(({ value }) => value).join(' '),
      },
      { id: 'kind', label: 'Kind', sort: ({ kind }) => kind, cell: ({ kind }) => plain(kind), csv: ({ kind }) => kind },
      {
        id: 'status',
        label: 'State',
        sort: ({ status }) => status,
        cell: ({ status }) => signOf(credentialStates, status),
        csv: ({ status }) => status,
      },
      {
        id: 'valid',
        label: 'Valid',
        cell: ({ validFrom, validUntil }) =>
          validFrom === null && validUntil === null
            ? h('span.note', 'without end')
            : [
                validFrom === null ? null : `from ${times.near(validFrom, now)} `,
                validUntil === null ? null : `until ${times.near(validUntil, now)}`,
              ],
        csv: ({ validUntil }) => validUntil,
      },
      {
        id: 'do',
        label: 'Actions',
        quiet: true,
        end: true,
        cell: (credential) => [
          h('button.quiet.small', { onclick: () => showReach(app, credential) }, icon('connection'), 'Where known'),
          mayWrite && credential.status !== 'revoked'
            ? h(
                'button.quiet.small',
                { onclick: () => askBlock(app, credential) },
                icon(credential.status === 'active' ? 'blocked' : 'check'),
                credential.status === 'active' ? 'Block' : 'Unblock',
              )
            : null,
        ],
      },
    ],
    above: shown ? reachPart(app, shown) : null,
    file: app.fileName('credentials'),
    empty: h('p', 'No credential fits. Bring people in with ', h('code', 'POST /api/v1/people-imports'), '.'),
  })
}

function otherForms(label, presentations) {
  const forms = (label === null ? presentations.slice(1) : presentations).map(({ value }) => value)
  return forms.length > 0 ? h('span.note', ` ${forms.join(', ')}`) : null
}

function askBlock(app, { credentialId, label, status, presentations }) {
  const name = label ?? presentations[0]?.value ?? 'this credential'
  const blocks = status === 'active'
  app.ask({
    title: blocks ? `Block ${name}?` : `Unblock ${name}?`,
    text: blocks
      ? 'It opens no gate and starts no charging from now on, wherever it is known.'
      : 'It is made known again wherever it belongs.',
    action: blocks ? 'Block' : 'Unblock',
    tone: blocks ? 'danger' : 'calm',
    async run() {
      const changed = await run(app, {
        request: () => api.patch(`/api/v1/credentials/${credentialId}`, { status: blocks ? 'blocked' : 'active' }),
        done: blocks ? `${name} is blocked` : `${name} is active again`,
        failed: 'Not changed',
        touch: ['credentials'],
      })
      if (changed !== null) showReach(app, changed)
    },
  })
}

const followMs = 1_500

/** Followed until a running revocation has ended. */
async function showReach(app, credential) {
  const { credentialId } = credential
  try {
    const reach = await api.get(`/api/v1/credentials/${credentialId}/reach`)
    app.set({ people: { ...app.people, reach: { credential, reach } } })
    if (reach.revocation?.state === 'running')
      setTimeout(() => {
        if (app.view === 'people' && app.people.reach?.credential.credentialId === credentialId)
          showReach(app, credential)
      }, followMs)
  } catch (error) {
    app.say({ tone: 'bad', title: 'Where it is known could not be read', text: error.message })
  }
}

const revocationWords = {
  running: { label: 'Under way', tone: 'calm', icon: 'waiting' },
  stalled: { label: 'Takes too long', tone: 'bad', icon: 'fault' },
  completed: { label: 'Complete', tone: 'good', icon: 'check' },
  lifted: { label: 'Lifted', tone: 'off', icon: 'undo' },
}

const placeStates = {
  waiting: { label: 'Waits', tone: 'calm', icon: 'waiting' },
  away: { label: 'When it is back', tone: 'warn', icon: 'offline' },
  refused: { label: 'Refused', tone: 'bad', icon: 'blocked' },
  needs_person: { label: 'Waits for a person', tone: 'bad', icon: 'fault' },
  done: { label: 'Done', tone: 'good', icon: 'check' },
  left: { label: 'Left alone', tone: 'off', icon: 'pause' },
}

const placeKinds = {
  hub: 'The hub',
  connection: 'Parking system',
  station_list: 'List of a charger',
  station_cache: 'Cache of a charger',
  session: 'Running session',
}

function reachPart(app, { credential, reach }) {
  const { knownAt, revocation } = reach
  const connection = (id) =>
    app.data.items('connections').find(({ connectionId }) => connectionId === id)?.name ?? 'a parking system'
  const known = [...knownAt.connectionIds.map(connection), ...knownAt.stationIds.map(app.names.station)]
  return h(
    'article.reach',
    { key: 'reach', 'aria-labelledby': 'reach-title' },
    h('h3', { id: 'reach-title' }, credential.label ?? credential.presentations[0]?.value ?? 'Credential'),
    facts([
      ['Known at', known.length > 0 ? known.join(', ') : 'the hub alone'],
      ...(revocation === null
        ? []
        : [
            [
              'Last revocation',
              [signOf(revocationWords, revocation.state), h('span.note', ` after ${span(revocation.seconds * 1000)}`)],
            ],
          ]),
    ]),
    revocation === null
      ? null
      : h(
          'ul.plain-list',
          revocation.places.map((place, at) =>
            h(
              'li',
              { key: at },
              signOf(placeStates, place.state),
              h('span', placeKinds[place.place] ?? plain(place.place)),
              place.reason ? h('span.note', place.reason) : null,
            ),
          ),
        ),
    h(
      'button.quiet.small',
      { onclick: () => app.set({ people: { ...app.people, reach: null } }) },
      icon('cross'),
      'Close',
    ),
  )
}
