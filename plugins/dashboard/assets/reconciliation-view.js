// Owns the page about reconciliation: what was held against the books, with what came of it, and starting another.
// Must not decide about a difference; the panel of a reconciliation asks a person to.
import { askedFilters } from './asked-filters.js'
import { h } from './elements.js'
import { daysOf } from './export-panel.js'
import { count } from './formats.js'
import { reconciliationForm } from './reconciliation-form.js'
import { runState } from './reconciliation-panel.js'
import { recordTable } from './record-table.js'
import { amountIn, optionsOf, rowSorts, runKinds, runStates } from './settling-words.js'
import { forbidden } from './stay-table.js'
import { timeOf } from './time-of.js'

export const reconciliationView = (app) => [
  app.can('money:write')
    ? reconciliationForm(app)
    : app.can('money:read')
      ? h(
          'p.note',
          { key: 'may-not' },
          'Your key may look at reconciliations. To start one or to decide about differences it needs money:write.',
        )
      : null,
  runTable(app),
]

/** Where ours is not theirs, sort by sort. */
const differences = ({ totals }) => totals.filter(({ difference }) => difference !== 0)

function runTable(app) {
  const { data, times, now } = app
  const source = data.get('reconciliations') ?? forbidden
  const filter = askedFilters(app, 'reconciliations')
  const open = ({ reconciliationId: id }, from) => app.open({ kind: 'reconciliation', id }, from)
  return recordTable(app, {
    id: 'reconciliations',
    title: 'Reconciliations',
    note: 'The same file for the same days is the same one, and only runs again.',
    rows: data.items('reconciliations'),
    source,
    forbids: 'Your key does not reach reconciliations: it needs money:read.',
    keyOf: ({ reconciliationId }) => reconciliationId,
    open,
    tools: [
      filter.choice('kind', 'What', 'All kinds', optionsOf(runKinds)),
      filter.choice('state', 'State', 'Agreed or not', optionsOf(runStates)),
      filter.day('from', 'From'),
      filter.day('to', 'to'),
    ],
    columns: [
      {
        id: 'kind',
        label: 'What',
        cell: (one) => [
          h('button.inline.strong', { onclick: (event) => open(one, event.currentTarget) }, runKinds[one.kind]),
          one.fileName === null ? null : h('span.note', ` ${one.fileName}`),
        ],
        csv: ({ kind }) => kind,
      },
      { id: 'days', label: 'Days', sort: ({ from }) => from, cell: daysOf, csv: daysOf },
      { id: 'state', label: 'State', cell: runState, csv: ({ state }) => state },
      {
        id: 'open',
        label: 'Open',
        end: true,
        sort: ({ openItems }) => openItems,
        cell: ({ openItems }) => (openItems === 0 ? h('span.none', '–') : h('b', count(openItems))),
        csv: ({ openItems }) => openItems,
      },
      {
        id: 'difference',
        label: 'Ours less theirs',
        end: true,
        cell: (one) =>
          differences(one).length === 0
            ? h('span.none', '–')
            : differences(one).map(({ sort, unit, difference }) =>
                h('div', { key: `${sort} ${unit}` }, h('span.note', `${rowSorts[sort]} `), amountIn(difference, unit)),
              ),
        csv: (one) =>
          differences(one)
            .map(({ sort, unit, difference }) => `${sort} ${difference} ${unit}`)
            .join('; '),
      },
      {
        id: 'at',
        label: 'Last run',
        sort: ({ lastRunAt }) => Date.parse(lastRunAt),
        cell: ({ lastRunAt, runs }) => [
          timeOf(times, lastRunAt, now),
          runs > 1 ? h('span.note', ` run ${runs}`) : null,
        ],
        csv: ({ lastRunAt }) => times.exact(lastRunAt),
      },
      { id: 'file', label: 'File', hidden: true, csv: ({ fileName }) => fileName },
      { id: 'id', label: 'Reconciliation id', hidden: true, csv: ({ reconciliationId }) => reconciliationId },
    ],
    file: app.fileName('reconciliations'),
    empty: filter.isFiltered
      ? filter.clear('No reconciliation fits.')
      : h('p', 'Nothing was held against the books of this site yet. Choose what and which days above.'),
    below: source.value?.more
      ? h('button.more', { onclick: () => data.money.showMore('reconciliations') }, 'Older ones')
      : null,
  })
}
