// Owns the page about exports: those that were made of closed periods, and those that follow each close by themselves.
// Must not write a file; the hub's formats do. export-form.js asks for a new one.
import * as api from './api.js'
import { askedFilters } from './asked-filters.js'
import { h } from './elements.js'
import { exportForm, problemList } from './export-form.js'
import { daysOf, exportState, fileLinks } from './export-panel.js'
import { majorText, money } from './formats.js'
import { recordTable } from './record-table.js'
import { run } from './run-change.js'
import { forbidden } from './stay-table.js'
import { timeOf } from './time-of.js'
import { exportStates } from './words.js'

export function exportsView(app) {
  return [app.data.get('exports') ? exportForm(app) : null, exportTable(app), standingTable(app)]
}

function exportTable(app) {
  const { data, times, now } = app
  const source = data.get('exports') ?? forbidden
  const filter = askedFilters(app, 'exports')
  return recordTable(app, {
    id: 'exports',
    title: 'Exports',
    note: 'The same period, names and options are the same files for ever.',
    rows: data.items('exports'),
    source,
    keyOf: ({ exportId }) => exportId,
    open: ({ exportId }, row) => app.open({ kind: 'export', id: exportId }, row),
    tools: [
      filter.choice(
        'state',
        'State',
        'All states',
        Object.entries(exportStates).map(([state, { label }]) => [state, label]),
      ),
      filter.choice(
        'format',
        'Format of exports',
        'All formats',
        data.items('exportFormats').map(({ format, title }) => [format, title]),
      ),
    ],
    columns: [
      {
        id: 'number',
        label: 'Batch',
        cell: ({ exportId, target, number }) =>
          h(
            'button.inline.strong',
            { onclick: (event) => app.open({ kind: 'export', id: exportId }, event.currentTarget) },
            `${target} ${number}`,
          ),
        csv: ({ target, number }) => `${target} ${number}`,
      },
      { id: 'state', label: 'State', cell: exportState, csv: ({ state }) => state },
      {
        id: 'period',
        label: 'Period',
        cell: ({ period }) => [`No. ${period.number}`, h('span.note', ` ${daysOf(period)}`)],
        csv: ({ period }) => period.number,
      },
      {
        id: 'at',
        label: 'Made',
        cell: ({ createdAt }) => timeOf(times, createdAt, now),
        csv: ({ createdAt }) => times.exact(createdAt),
      },
      {
        id: 'sum',
        label: 'Debits',
        end: true,
        cell: ({ debitMinor, period }) => money(debitMinor, period.currency),
        csv: ({ debitMinor, period }) => majorText(debitMinor, period.currency),
      },
      { id: 'files', label: 'Files', cell: fileLinks },
      { id: 'reference', label: 'Reference', hidden: true, csv: ({ reference }) => reference },
      { id: 'hash', label: 'Hash', hidden: true, csv: ({ hash }) => hash },
    ],
    file: app.fileName('exports'),
    empty: filter.isFiltered ? filter.clear('No export fits.') : h('p', 'Nothing has been exported yet.'),
    below: source.value?.more
      ? h('button.more', { onclick: () => data.money.showMore('exports') }, 'Older exports')
      : null,
  })
}

function standingTable(app) {
  const { data, times, now } = app
  const mappings = new Map(data.items('mappings').map((one) => [one.mappingId, one]))
  return recordTable(app, {
    id: 'standing',
    title: 'After each close',
    note: 'Every period with entries that is closed is exported so by itself.',
    rows: data.items('standing').filter(({ siteId }) => siteId === null || siteId === app.siteId),
    source: data.get('standing') ?? forbidden,
    keyOf: ({ standingExportId }) => standingExportId,
    columns: [
      { id: 'format', label: 'Format', cell: ({ format }) => h('b', format) },
      { id: 'site', label: 'Of', cell: ({ siteId }) => (siteId === null ? 'All sites' : 'This site') },
      {
        id: 'mapping',
        label: 'Mapping',
        cell: ({ mappingId }) => mappings.get(mappingId)?.name || mappings.get(mappingId)?.target || 'Archived',
      },
      {
        id: 'refused',
        label: 'Could not be made',
        cell: ({ refused }) =>
          refused.length === 0
            ? h('span.none', '–')
            : refused.map(({ periodId, at, problems }) =>
                h('div', { key: periodId }, h('span.note', times.near(at, now)), problemList(problems)),
              ),
      },
      ...(app.can('money:write')
        ? [
            {
              id: 'archive',
              label: 'Archive',
              quiet: true,
              end: true,
              cell: (one) => h('button.quiet.small', { onclick: () => askArchive(app, one) }, 'Archive'),
            },
          ]
        : []),
    ],
    empty: h('p', 'Nothing is exported by itself. Choose a format above, and “After each close”.'),
  })
}

function askArchive(app, { standingExportId, version, format, siteId }) {
  app.ask({
    title: `No more exports as ${format}?`,
    text: `After the next close nothing is made by it${siteId === null ? ', at any site' : ''}. Batches that it made stay.`,
    action: 'Archive',
    tone: 'danger',
    run: () =>
      run(app, {
        request: () => api.remove(`/api/v1/ledger/standing-exports/${standingExportId}`, version),
        done: 'It is archived',
        failed: 'Not archived',
        touch: ['standing'],
      }),
  })
}
