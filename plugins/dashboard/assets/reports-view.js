// Owns the page about revenue reports: which sites and days, how rows are grouped, the table of parking and charging, its files.
// Must not add up amounts; sums, averages and the comparison with the ledger are the hub's.
import { askedFilters } from './asked-filters.js'
import { download } from './csv.js'
import { h } from './elements.js'
import { count, counted, energy, money } from './formats.js'
import { icon } from './icons.js'
import { facts } from './links-view.js'
import { recordTable } from './record-table.js'
import { billsOfRow, reportTables } from './report-parts.js'
import { spans } from './report-span.js'
import { forbidden } from './stay-table.js'
import { plain } from './words.js'

const groupings = [
  ['day', 'By day'],
  ['hour', 'By hour'],
  ['site', 'By site'],
  ['kind', 'By kind'],
  ['rate', 'By rate'],
  ['rule', 'By rule of a tariff'],
  ['tax', 'By tax'],
  ['entryLane', 'By entry lane'],
  ['exitLane', 'By exit lane'],
  ['station', 'By station'],
  ['evse', 'By charging point'],
  ['bay', 'By bay'],
  ['account', 'By account'],
]

export function reportsView(app) {
  const source = app.data.get('report') ?? forbidden
  return [headBlock(app, source), revenueTable(app, source), billsOfRow(app), reportTables(app, source.value)]
}

function headBlock(app, source) {
  const { data } = app
  const filter = askedFilters(app, 'report')
  const periods = data
    .items('periods')
    .map(({ periodId, number, from, to, currency }) => [
      `period:${periodId}`,
      `Closed period ${number}, ${from} – ${to}, ${currency}`,
    ])
  const [first, ...others] = spans
  const ofPeriod = filter.asked.span?.startsWith('period:')
  return h(
    'section.block',
    { key: 'report-head', 'aria-labelledby': 'report-head-title' },
    h(
      'div.block-head',
      h('h2', { id: 'report-head-title' }, 'Revenue report'),
      h(
        'div.tools',
        filter.choice('span', 'Days', first[1], [...others, ...periods]),
        filter.asked.span === 'days' ? [filter.day('from', 'From'), filter.day('to', 'to')] : null,
        ofPeriod || app.sites.length < 2
          ? null
          : filter.choice('sites', 'Sites', 'This site', [['all', 'All sites that I reach']]),
        fileButtons(app, source),
      ),
    ),
    source.forbidden
      ? h('p.note', 'This key does not reach the money of this site. A key with more scopes does.')
      : source.error
        ? h('p.error', { role: 'alert' }, icon('fault'), source.error.message)
        : source.value === null
          ? h('p.note', { 'aria-busy': 'true' }, 'Loading…')
          : [spanNote(app, source.value), useFacts(source.value)],
  )
}

function fileButtons(app, { value }) {
  const name = (report, ending) => `baywatt-revenue-${report.from}-${report.to}-${report.by}.${ending}`
  return [
    h(
      'button.quiet',
      {
        key: 'csv',
        disabled: value === null,
        title: 'Save the rows as a CSV file',
        async onclick() {
          try {
            download(name(value, 'csv'), await app.data.money.reportCsv())
          } catch (error) {
            app.say({ tone: 'bad', title: 'The file could not be made', text: error.message })
          }
        },
      },
      icon('download'),
      'CSV',
    ),
    h(
      'button.quiet',
      {
        key: 'json',
        disabled: value === null,
        title: 'Save the whole report as a JSON file',
        onclick: () => download(name(value, 'json'), `${JSON.stringify(value, null, 2)}\n`, 'application/json'),
      },
      icon('download'),
      'JSON',
    ),
  ]
}

function spanNote(app, { from, to, siteIds, currencies, reconciled }) {
  const begins = app.site?.settings?.business_day_start
  const days = from === to ? `Business day ${from}` : `Business days ${from} – ${to}`
  const where = siteIds.length === 1 ? app.times.zone : `${counted(siteIds.length, 'site')}, each in its own time zone`
  return h(
    'div.report-span',
    h('p', h('b', days), ` · ${where}${begins ? ` · a day begins at ${begins}` : ''}`),
    currencies.length === 0
      ? null
      : reconciled
        ? h('p.state.tone-good', icon('check'), 'The same as the ledger, to the cent')
        : h('p.state.tone-bad', icon('fault'), 'Not what the ledger says: see “Held against the ledger”'),
  )
}

function useFacts({ use }) {
  return facts([
    [
      'Tickets',
      `${count(use.issued)} issued, ${count(use.closed)} collected, ${count(use.open)} open, ${count(use.voided)} voided`,
    ],
    ['Charging', `${counted(use.sessions, 'session')}, ${energy(use.meteredWh)} metered`],
  ])
}

const nothing = () => h('span.none', '–')

function revenueTable(app, source) {
  const { value } = source
  const filter = askedFilters(app, 'report')
  const rows = (value?.currencies ?? []).flatMap(({ currency, rows: own }) => own.map((row) => ({ ...row, currency })))
  const by = value?.by ?? 'day'
  const amount = (field, label) => ({
    id: field,
    label,
    end: true,
    sort: (row) => row[field],
    cell: (row) => (row[field] === 0 ? nothing() : money(row[field], row.currency)),
  })
  return recordTable(app, {
    id: 'report',
    title: 'Parking and charging',
    note: 'A row opens the bills behind it.',
    rows,
    source,
    keyOf: ({ currency, key }) => `${currency} ${key}`,
    search: (row) => rowName(row, by),
    order: { id: 'name', down: false },
    open: (row) => choose(app, row, by),
    tools: filter.choice('by', 'Rows', 'By day', groupings.slice(1)),
    above: value === null ? null : sums(value.currencies),
    columns: [
      {
        id: 'name',
        label:
          groupings
            .find(([name]) => name === by)?.[1]
            .slice(3)
            .replace(/^./, (one) => one.toUpperCase()) ?? by,
        sort: ({ key }) => key,
        cell: (row) => h('button.inline.strong', { onclick: () => choose(app, row, by) }, rowName(row, by)),
      },
      { id: 'bills', label: 'Bills', end: true, sort: ({ bills }) => bills, cell: ({ bills }) => count(bills) },
      amount('grossMinor', 'Gross'),
      amount('discountsMinor', 'Discounts'),
      amount('validationsMinor', 'Validations'),
      amount('paidByOthersMinor', 'Paid by others'),
      amount('netMinor', 'Net'),
      amount('taxMinor', 'Tax'),
      {
        ...amount('totalMinor', 'To pay'),
        cell: ({ totalMinor, currency }) => h('b', money(totalMinor, currency)),
      },
      {
        id: 'energy',
        label: 'Energy',
        end: true,
        sort: ({ energyWh }) => energyWh,
        cell: ({ energyWh }) => (energyWh === 0 ? nothing() : energy(energyWh)),
      },
    ],
    empty: filter.isFiltered
      ? filter.clear('Nothing was billed on these days.')
      : h('p', 'Nothing has been billed this month. Choose other days above.'),
  })
}

function rowName({ key, label }, by) {
  const name = label ?? key
  if (name === null) return 'Not known'
  return by === 'kind' ? plain(name.toLowerCase()) : name
}

function choose(app, row, by) {
  app.data.money.ask('reportRow', { label: rowName(row, by), key: row.key })
  app.render()
  app.afterRender(() => document.getElementById('block-report-bills')?.scrollIntoView({ block: 'nearest' }))
}

function sums(currencies) {
  return h(
    'div.money-sums',
    { key: 'sums', 'aria-live': 'polite' },
    currencies.map(({ currency, totals, averageTicketMinor, revenuePerBayMinor }) => {
      const figure = (name, label, minor, strong = false) =>
        minor === null || (minor === 0 && !strong)
          ? null
          : h(
              'div',
              { key: name },
              h('dt', label),
              h('dd', { class: strong ? 'strong' : '', 'data-figure': name }, money(minor, currency)),
            )
      return h(
        'dl.clocks.sums-row',
        { key: currency },
        h('div', h('dt', 'Bills'), h('dd', count(totals.bills))),
        figure('gross', 'Gross', totals.grossMinor),
        figure('discounts', 'Discounts', totals.discountsMinor),
        figure('validations', 'Validations', totals.validationsMinor),
        figure('others', 'Paid by others', totals.paidByOthersMinor),
        figure('net', 'Net', totals.netMinor),
        figure('tax', 'Tax', totals.taxMinor),
        figure('total', 'To pay', totals.totalMinor, true),
        figure('ticket', 'Average ticket', averageTicketMinor),
        figure('bay', 'Net per bay', revenuePerBayMinor),
      )
    }),
  )
}
