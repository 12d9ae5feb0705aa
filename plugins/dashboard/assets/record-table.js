// Owns how lists of records are shown: search, filters, sorting, more rows, a file of them, and what stands there without rows.
// Must not know what the records are.
import { csvText, download } from './csv.js'
import { h } from './elements.js'
import { byNumber, count } from './formats.js'
import { icon } from './icons.js'

/** A phone shows each row as a card. */
const rowsAtFirst = matchMedia('(max-width: 760px)').matches ? 8 : 15

/**
 * Columns: `{ id, label, cell(row), sort?(row), csv?(row), csvLabel?, end?, hidden? }`; `hidden` ones are only in the file. Filters:
 * `{ id, label, options: [[value, label]], test(row, value) }`. `open(row)` makes the row lead to more. `tools` stand beside the search,
 * `made` gets the element of the whole, `renew` tries again what could not be loaded, `forbids` says why a key does not reach it.
 */
export function recordTable(app, settings) {
  const {
    id,
    title,
    note,
    columns,
    rows,
    source,
    keyOf,
    search,
    filters = [],
    open,
    empty,
    level = 'h2',
    order,
  } = settings
  const held = app.tables[id] ?? { search: '', chosen: {}, sort: order ?? null, shown: rowsAtFirst }
  const hold = (change) => {
    app.tables[id] = { ...held, ...change }
    app.render()
  }
  const fitting = sorted(
    rows.filter(
      (row) =>
        matches(held.search, search?.(row) ?? '') &&
        filters.every(({ id: name, test }) => !held.chosen[name] || test(row, held.chosen[name])),
    ),
    columns,
    held.sort,
  )
  const shownColumns = columns.filter(({ hidden }) => !hidden)
  const filtered = held.search !== '' || Object.values(held.chosen).some(Boolean)
  const heading = `${id}-title`

  return h(
    'section.block',
    { key: id, id: `block-${id}`, 'aria-labelledby': heading, made: settings.made },
    h(
      'div.block-head',
      h(level, { id: heading }, title, h('span.count', ` ${count(rows.length)}${source?.value?.more ? '+' : ''}`)),
      note ? h('p.note', note) : null,
      h(
        'div.tools',
        search ? searchBox(id, title, held.search, (text) => hold({ search: text, shown: rowsAtFirst })) : null,
        filters.map((filter) => chooser(id, filter, held, hold)),
        settings.tools ?? null,
        settings.file
          ? h(
              'button.quiet',
              {
                onclick: () => download(settings.file, csvText(columns, fitting)),
                disabled: fitting.length === 0,
                title: 'Save what is listed as a CSV file',
              },
              icon('download'),
              'CSV',
            )
          : null,
      ),
    ),
    source?.error && source.value !== null ? staleNote(app, source) : null,
    settings.above ?? null,
    source && source.value === null && rows.length === 0
      ? notYet(source, shownColumns.length, { renew: app.data.renew, ...settings })
      : fitting.length === 0
        ? h(
            'div.empty',
            filtered
              ? [
                  h('p', 'Nothing here matches the search.'),
                  h('button.quiet', { onclick: () => hold({ search: '', chosen: {} }) }, 'Show everything'),
                ]
              : empty,
          )
        : [
            table({ id, heading, shownColumns, held, hold, rows: fitting.slice(0, held.shown), keyOf, open }),
            fitting.length > held.shown
              ? h(
                  'button.more',
                  { onclick: () => hold({ shown: held.shown + 50 }) },
                  `Show more (${count(fitting.length - held.shown)} left)`,
                )
              : null,
          ],
    settings.below ?? null,
  )
}

function table({ id, heading, shownColumns, held, hold, rows, keyOf, open }) {
  return h(
    'div.table-frame',
    { key: `${id}-frame` },
    h(
      'table',
      // The roles stand for themselves, as small screens lay the rows out as cards.
      { role: 'table', 'aria-labelledby': heading },
      h(
        'thead',
        { role: 'rowgroup' },
        h(
          'tr',
          { role: 'row' },
          shownColumns.map((column) => headCell(column, held, hold)),
        ),
      ),
      h(
        'tbody',
        { role: 'rowgroup' },
        rows.map((row) =>
          h(
            'tr',
            {
              key: keyOf(row),
              role: 'row',
              class: open ? 'opens' : '',
              onclick: open
                ? (event) => {
                    if (!event.target.closest('button, a, input, select')) open(row, event.currentTarget)
                  }
                : null,
            },
            shownColumns.map((column) =>
              h('td', { role: 'cell', class: column.end ? 'end' : '', 'data-label': column.label }, column.cell(row)),
            ),
          ),
        ),
      ),
    ),
  )
}

function headCell({ id, label, sort, end, quiet }, held, hold) {
  const chosen = held.sort?.id === id
  const direction = chosen ? (held.sort.down ? 'descending' : 'ascending') : 'none'
  const turn = () => hold({ sort: { id, down: chosen ? !held.sort.down : false } })
  const words = quiet ? h('span.unseen', label) : label
  return h(
    'th',
    { role: 'columnheader', scope: 'col', class: end ? 'end' : '', ...(sort ? { 'aria-sort': direction } : {}) },
    sort ? h('button.sorter', { onclick: turn }, words, chosen ? icon(held.sort.down ? 'down' : 'up') : null) : words,
  )
}

export function searchBox(id, title, value, change) {
  return h(
    'label.search',
    icon('search'),
    h('span.unseen', `Search in ${title}`),
    h('input', {
      type: 'search',
      id: `search-${id}`,
      value,
      placeholder: 'Search',
      autocomplete: 'off',
      oninput: (event) => change(event.target.value),
    }),
  )
}

function chooser(id, { id: name, label, options }, held, hold) {
  return h(
    'label.chooser',
    h('span.unseen', label),
    h(
      'select',
      {
        id: `filter-${id}-${name}`,
        value: held.chosen[name] ?? '',
        onchange: (event) => hold({ chosen: { ...held.chosen, [name]: event.target.value }, shown: rowsAtFirst }),
      },
      h('option', { value: '' }, label),
      options.map(([value, words]) => h('option', { value }, words)),
    ),
  )
}

/** Every word that was typed has to be there, in any order. */
export function matches(typed, text) {
  const within = text.toLowerCase()
  return typed
    .toLowerCase()
    .split(/\s+/)
    .every((word) => within.includes(word))
}

function sorted(rows, columns, sort) {
  const by = columns.find(({ id }) => id === sort?.id)?.sort
  if (!by) return rows
  const way = sort.down ? -1 : 1
  return rows
    .map((row) => ({ row, value: by(row) }))
    .sort((a, b) => {
      // What has no value stands last, whichever way it is turned.
      if (a.value === null || b.value === null) return (a.value === null ? 1 : 0) - (b.value === null ? 1 : 0)
      if (typeof a.value === 'string') return way * byNumber(a.value, b.value)
      return way * (a.value - b.value)
    })
    .map(({ row }) => row)
}

export function staleNote(app, source) {
  const since = source.loadedAt === null ? '' : ` as it was ${app.ago(source.loadedAt)}`
  return h('p.stale-note', { role: 'status' }, icon('fault'), `Shown${since}: ${source.error.message} Trying again.`)
}

/** A place of about the size that the rows will have, so that nothing jumps when they come. */
function notYet(source, columns, { renew, forbids }) {
  if (source.forbidden) {
    return h('div.empty', h('p', forbids ?? 'This key does not reach these records. A key with more scopes does.'))
  }
  if (source.error) {
    return h(
      'div.empty',
      { role: 'alert' },
      h('p', `Could not be loaded: ${source.error.message}`),
      h('button.quiet', { onclick: () => renew() }, icon('restart'), 'Try again'),
    )
  }
  return h(
    'div.skeleton',
    { 'aria-busy': 'true' },
    h('span.unseen', 'Loading'),
    Array.from({ length: 4 }, () =>
      h(
        'div.skeleton-row',
        Array.from({ length: Math.min(columns, 6) }, () => h('i')),
      ),
    ),
  )
}
