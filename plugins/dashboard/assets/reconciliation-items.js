// Owns the items of one reconciliation: found by class, state and words, with the rows of both sides; accepted, opened, matched, taken apart.
// Must not decide; a person does, with a reason.
import * as api from './api.js'
import { askedFilters } from './asked-filters.js'
import { h } from './elements.js'
import { count, counted } from './formats.js'
import { icon } from './icons.js'
import { matches, searchBox } from './record-table.js'
import { run } from './run-change.js'
import { amountIn, itemClasses, itemStates, matchWays, optionsOf } from './settling-words.js'
import { stateWord } from './station-talk.js'
import { forbidden } from './stay-table.js'
import { held, hold } from './typed-state.js'
import { plain } from './words.js'

const place = 'settling-items'
const shownAtFirst = 20
const touch = ['reconciliations', 'runItems']

export function itemsPart(app, one) {
  const { data } = app
  const { reconciliationId: id } = one
  // Another reconciliation begins with what is to be done.
  if (data.money.asked('runItems').reconciliationId !== id) {
    data.money.ask('runItems', { reconciliationId: id, ...(one.openItems > 0 ? { state: 'open' } : {}) })
    delete app.tables[place]
  }
  const source = data.get('runItems') ?? forbidden
  const loaded = source.value?.reconciliationId === id ? source.value : null
  const typed = { search: '', shown: shownAtFirst, ours: [], theirs: [], ...held(app, place) }
  const items = loaded?.items ?? []
  const fitting = items.filter((item) => matches(typed.search, textOf(item)))
  return h(
    'section.settling-items',
    { key: 'items', 'aria-labelledby': 'items-title' },
    h('h3', { id: 'items-title' }, 'Items', h('span.count', ` ${count(fitting.length)}${loaded?.more ? '+' : ''}`)),
    tools(app, one, typed),
    chosenPart(app, id, typed, items),
    loaded === null
      ? waiting(source)
      : fitting.length === 0
        ? h('div.empty', h('p', emptyWords(app, one, typed)))
        : h(
            'ul.settling-list',
            fitting.slice(0, typed.shown).map((item) => itemEntry(app, id, item, typed, items)),
          ),
    loaded?.more ? h('p.note', `The first ${count(items.length)}: choose a class or a state, or take the CSV.`) : null,
    fitting.length > typed.shown
      ? h(
          'button.more',
          { onclick: () => hold(app, place, { shown: typed.shown + 50 }) },
          `Show more (${count(fitting.length - typed.shown)} left)`,
        )
      : null,
  )
}

const textOf = ({ words, note, ours, theirs, businessDate }) =>
  [
    words,
    note,
    businessDate,
    ...[...ours, ...theirs].flatMap(({ text, place: at, references }) => [text, at, ...Object.values(references)]),
  ]
    .filter(Boolean)
    .join(' ')

function waiting(source) {
  return source.error
    ? h('p.empty', { role: 'alert' }, `Could not be loaded: ${source.error.message}`)
    : h(
        'div.skeleton',
        { 'aria-busy': 'true' },
        h('span.unseen', 'Loading'),
        Array.from({ length: 3 }, () => h('div.skeleton-row', h('i'), h('i'))),
      )
}

function emptyWords(app, one, { search }) {
  if (search !== '') return 'No item here holds these words.'
  const { class: kind, state } = app.data.money.asked('runItems')
  if (kind || state) return state === 'open' && !kind ? 'Nothing is open.' : 'No item fits.'
  return one.totals.length === 0 ? 'There was nothing to compare.' : 'There is no item.'
}

function tools(app, { counts }, typed) {
  const filter = askedFilters(app, 'runItems')
  const counted = (words, many) =>
    optionsOf(words).map(([value, said]) => [value, `${said} (${count(many[value] ?? 0)})`])
  return h(
    'div.tools',
    searchBox('run-items', 'items', typed.search, (search) => hold(app, place, { search, shown: shownAtFirst })),
    filter.choice('class', 'Class', 'All classes', counted(itemClasses, counts.classes)),
    filter.choice('state', 'State of items', 'All but gone', counted(itemStates, counts.states)),
  )
}

function itemEntry(app, id, item, typed, items) {
  const may = app.can('money:write')
  const { class: kind, state, difference, unit } = item
  return h(
    'li',
    { key: item.itemId },
    h(
      'p.settling-head',
      h('b', itemClasses[kind]),
      stateWord(itemStates, state),
      item.reasons.map((reason) => h('span.settling-tag', { key: reason }, plain(reason))),
      h('span.note', item.businessDate),
      difference === 0 ? null : h('b.end', amountIn(difference, unit)),
    ),
    h('p', item.words),
    item.note === null ? null : h('p.note', `“${item.note}”`),
    h('div.settling-sides', side(app, 'Here', 'ours', item, typed), side(app, 'There', 'theirs', item, typed)),
    item.candidates.length > 0 ? candidatesPart(app, item, typed, items) : null,
    may ? actions(app, id, item) : null,
  )
}

const notChosen = ({ state, matchedBy }) => state === 'closed' || matchedBy === 'person'

function side(app, label, name, item, typed) {
  const rows = item[name]
  const amount = name === 'ours' ? item.oursAmount : item.theirsAmount
  return h(
    'div',
    { key: name },
    h('h4', label, rows.length > 0 ? h('span.note', ` ${amountIn(amount, item.unit)}`) : null),
    rows.length === 0 ? h('p.none', 'Nothing') : null,
    rows.map((row) =>
      h(
        'div.settling-row',
        { key: row.id },
        app.can('money:write') && !notChosen(item)
          ? h(
              'label',
              h('input', {
                type: 'checkbox',
                checked: typed[name].includes(row.id),
                onchange: ({ target }) => choose(app, name, row.id, target.checked),
              }),
              h('span.unseen', 'Choose '),
              row.text,
            )
          : h('span', row.text),
        h('span.note', rowNote(app, row)),
      ),
    ),
  )
}

const rowNote = ({ times, now }, { amount, unit, at, day, place: where, outside, references, notes = [] }) =>
  [
    amountIn(amount, unit),
    at === null ? day : times.near(at, now),
    where,
    ...Object.entries(references).map(([kind, value]) => `${plain(kind).toLowerCase()} ${value}`),
    outside ? 'beside the compared days' : null,
    ...notes.map(({ words }) => words),
  ]
    .filter(Boolean)
    .join(' · ')

/** Rows that it may belong to, as far as they are among the items that are loaded. */
function candidatesPart(app, { candidates }, typed, items) {
  return h(
    'p.settling-candidates',
    h('span.note', 'May belong to '),
    candidates.map((rowId) => {
      const found = ['ours', 'theirs']
        .flatMap((name) => items.flatMap((each) => each[name].map((row) => ({ name, row, each }))))
        .find(({ row }) => row.id === rowId)
      if (!found || !app.can('money:write') || notChosen(found.each))
        return h('span.settling-tag', { key: rowId }, found?.row.text ?? rowId)
      const isChosen = typed[found.name].includes(rowId)
      return h(
        'button.chip',
        {
          key: rowId,
          'aria-pressed': String(isChosen),
          onclick: () => choose(app, found.name, rowId, !isChosen),
        },
        found.row.text,
      )
    }),
  )
}

function choose(app, name, rowId, isChosen) {
  const others = (held(app, place)[name] ?? []).filter((one) => one !== rowId)
  hold(app, place, { [name]: isChosen ? [...others, rowId] : others })
}

function chosenPart(app, id, { ours, theirs }, items) {
  if (ours.length + theirs.length === 0) return null
  const sum = (name, ids) => {
    const rows = items.flatMap((item) => item[name]).filter((row) => ids.includes(row.id))
    const [first] = rows
    if (!first || rows.length < ids.length || rows.some(({ unit }) => unit !== first.unit)) return ''
    return ` (${amountIn(
      rows.reduce((total, { amount }) => total + amount, 0),
      first.unit,
    )})`
  }
  return h(
    'div.answer.settling-chosen',
    { key: 'chosen', role: 'status' },
    h(
      'p',
      `Chosen: ${counted(ours.length, 'row')} here${sum('ours', ours)}, ${counted(theirs.length, 'row')} there${sum('theirs', theirs)}.`,
    ),
    h(
      'div.chips',
      h(
        'button.primary.small',
        {
          disabled: ours.length === 0 || theirs.length === 0,
          onclick: () => askMatch(app, id, { ours, theirs }),
        },
        icon('link'),
        'They are one thing',
      ),
      h('button.small', { onclick: () => hold(app, place, { ours: [], theirs: [] }) }, 'Choose none'),
    ),
  )
}

function actions(app, id, item) {
  const { state, ours, theirs, difference } = item
  const button = (label, ask) => h('button.small', { key: label, onclick: () => ask(app, id, item) }, label)
  const isOpen = state === 'open' || (state === 'explained' && difference !== 0)
  return h(
    'div.chips',
    isOpen ? button('Accept', askAccept) : null,
    state === 'accepted' || state === 'explained' ? button('Open again', askReopen) : null,
    state !== 'closed' && ours.length > 0 && theirs.length > 0 ? button('Take apart', askUnmatch) : null,
  )
}

const reasonField = [{ name: 'reason', label: 'Reason', required: true }]

const decide = (app, id, what, words, after) => async (body) => {
  const made = await run(app, {
    request: () => api.post(`/api/v1/reconciliations/${id}/${what}`, body),
    touch,
    ...words,
  })
  if (made !== null) after?.()
}

function askAccept(app, id, { itemId, words }) {
  app.ask({
    title: 'Accept this difference?',
    text: `${words} It is accepted for as long as it is this difference.`,
    action: 'Accept',
    tone: 'calm',
    fields: reasonField,
    run: decide(app, id, `items/${itemId}/accept`, { done: 'It is accepted', failed: 'Not accepted' }),
  })
}

function askReopen(app, id, { itemId, words }) {
  app.ask({
    title: 'Open it again?',
    text: words,
    action: 'Open again',
    tone: 'calm',
    fields: reasonField,
    run: decide(app, id, `items/${itemId}/reopen`, { done: 'It is open again', failed: 'Not opened' }),
  })
}

function askUnmatch(app, id, { itemId, matchedBy }) {
  app.ask({
    title: 'Are these not one thing?',
    text: `They were matched ${matchWays[matchedBy] ?? 'by the hub'}. ${
      matchedBy === 'person' ? 'That match is taken back.' : 'The hub does not match them again.'
    }`,
    action: 'Take apart',
    tone: 'danger',
    fields: reasonField,
    run: decide(app, id, `items/${itemId}/unmatch`, { done: 'They are apart', failed: 'Not taken apart' }),
  })
}

function askMatch(app, id, { ours, theirs }) {
  app.ask({
    title: 'Are these one thing?',
    text: `${counted(ours.length, 'row')} here and ${counted(theirs.length, 'row')} there. It stands before what the hub finds, on every later run.`,
    action: 'Match them',
    tone: 'calm',
    fields: reasonField,
    run: ({ reason }) =>
      decide(app, id, 'matches', { done: 'They are matched', failed: 'Not matched' }, () =>
        hold(app, place, { ours: [], theirs: [] }),
      )({ ours, theirs, reason }),
  })
}
