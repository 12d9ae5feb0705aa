// Owns the page about bills: the filter that the hub applies, what its bills add up to, the list, a file of all of them.
// Must not compute a total: sums are the hub's.
import { askedFilters } from './asked-filters.js'
import { stayName } from './bay-state.js'
import { billNumberColumn } from './bill-number-column.js'
import { csvText, download } from './csv.js'
import { h } from './elements.js'
import { count, counted, majorText, money } from './formats.js'
import { icon } from './icons.js'
import { recordTable } from './record-table.js'
import { forbidden } from './stay-table.js'
import { timeOf } from './time-of.js'
import { plain } from './words.js'

export function billsView(app) {
  const { data } = app
  const source = data.get('bills') ?? forbidden
  const asked = askedFilters(app, 'bills')
  return recordTable(app, {
    id: 'bills',
    title: 'Bills',
    rows: data.items('bills'),
    source,
    keyOf: ({ billId }) => billId,
    open: ({ billId }, row) => app.open({ kind: 'bill', id: billId }, row),
    tools: [filters(app, asked), fileButton(app)],
    above: source.forbidden ? null : totals(app),
    columns: columnsOf(app),
    empty: asked.isFiltered
      ? asked.clear('No bill fits.')
      : h('p', 'No bill has been issued at this site yet. One comes when a stay and its charging are over.'),
    below: source.value?.more ? h('button.more', { onclick: () => data.money.showMore('bills') }, 'Older bills') : null,
  })
}

function filters(app, { text, day, choice, given }) {
  const accounts = app.data.items('accounts')
  return [
    text('number', 'Number of a bill', 'Number'),
    day('from', 'From'),
    day('to', 'to'),
    choice('kind', 'Bills and adjustments', 'Bills and adjustments', [
      ['bill', 'Bills'],
      ['adjustment', 'Adjustments'],
    ]),
    accounts.length > 0
      ? choice(
          'accountId',
          'Account',
          'All accounts',
          accounts.map(({ accountId, name }) => [accountId, name]),
        )
      : null,
    given('stayId', 'Of one stay'),
    given('sessionId', 'Of one session'),
  ]
}

function fileButton(app) {
  return h(
    'button.quiet',
    {
      disabled: app.data.items('bills').length === 0,
      title: 'Save all bills of the filter as a CSV file',
      async onclick() {
        try {
          const bills = await app.data.money.allBills()
          download(app.fileName('bills'), csvText(columnsOf(app), bills))
        } catch (error) {
          app.say({ tone: 'bad', title: 'The file could not be made', text: error.message })
        }
      },
    },
    icon('download'),
    'CSV',
  )
}

function totals(app) {
  const sums = app.data.items('billTotals')
  const figure = (label, minor, currency, strong) =>
    h('div', h('dt', label), h('dd', { class: strong ? 'strong' : '' }, money(minor, currency)))
  return h(
    'div.money-sums',
    { key: 'totals', 'aria-live': 'polite' },
    sums.map((sum) =>
      h(
        'dl.clocks.sums-row',
        { key: sum.currency },
        h(
          'div',
          h('dt', 'Bills'),
          h(
            'dd',
            count(sum.bills),
            sum.adjustments > 0 ? h('span.note', ` and ${counted(sum.adjustments, 'adjustment')}`) : null,
          ),
        ),
        figure('Parking', sum.parkingNetMinor, sum.currency),
        figure('Charging', sum.chargingNetMinor, sum.currency),
        sum.otherNetMinor === 0 ? null : figure('Other', sum.otherNetMinor, sum.currency),
        figure('Tax', sum.taxMinor, sum.currency),
        figure('Total', sum.totalMinor, sum.currency, true),
      ),
    ),
  )
}

function columnsOf(app) {
  const { times, now } = app
  const amount = (id, label, field) => ({
    id,
    label,
    end: true,
    sort: (bill) => bill[field],
    cell: (bill) => (bill[field] === 0 ? h('span.none', '–') : money(bill[field], bill.currency)),
    csv: (bill) => majorText(bill[field], bill.currency),
  })
  return [
    billNumberColumn(app),
    { id: 'kind', label: 'Kind', hidden: true, csv: ({ kind }) => kind },
    {
      id: 'stay',
      label: 'Stay',
      sort: ({ stay }) => stayName(stay),
      cell: (bill) => subject(app, bill),
      csvLabel: 'Stay id',
      csv: ({ stayId }) => stayId,
    },
    {
      id: 'at',
      label: 'Issued',
      sort: ({ issuedAt }) => Date.parse(issuedAt),
      cell: ({ issuedAt }) => timeOf(times, issuedAt, now),
      csv: ({ issuedAt }) => times.exact(issuedAt),
    },
    amount('parking', 'Parking', 'parkingNetMinor'),
    amount('charging', 'Charging', 'chargingNetMinor'),
    amount('other', 'Other', 'otherNetMinor'),
    amount('tax', 'Tax', 'taxMinor'),
    {
      id: 'total',
      label: 'Total',
      end: true,
      sort: ({ totalMinor }) => totalMinor,
      cell: ({ totalMinor, currency }) => h('b', money(totalMinor, currency)),
      csv: ({ totalMinor, currency }) => majorText(totalMinor, currency),
    },
    { id: 'currency', label: 'Currency', hidden: true, csv: ({ currency }) => currency },
    { id: 'reason', label: 'Reason', hidden: true, csv: ({ reason }) => reason },
    { id: 'session', label: 'Session id', hidden: true, csv: ({ sessionId }) => sessionId },
    { id: 'account', label: 'Account id', hidden: true, csv: ({ accountId }) => accountId },
    { id: 'id', label: 'Bill id', hidden: true, csv: ({ billId }) => billId },
    {
      id: 'receipt',
      label: 'Receipt',
      quiet: true,
      end: true,
      cell: ({ billId, number }) =>
        h(
          'a',
          { href: `/api/v1/bills/${billId}/receipt`, target: '_blank', rel: 'noopener' },
          'Receipt',
          h('span.unseen', ` of ${number}, in a new tab`),
        ),
    },
  ]
}

function subject(app, { stay, stayId, sessionId, subjectKey }) {
  if (stayId !== null) {
    return h(
      'button.plate',
      { onclick: (event) => app.open({ kind: 'stay', id: stayId }, event.currentTarget) },
      stayName(stay) ?? 'Stay',
    )
  }
  if (sessionId !== null) {
    return h(
      'button.inline',
      { onclick: (event) => app.open({ kind: 'session', id: sessionId }, event.currentTarget) },
      'Charging only',
    )
  }
  return h('span.note', plain(subjectKey.split(':')[0]))
}
