// Owns the page about invoices: the list with the filter that the hub applies, and the terms on which accounts are invoiced.
// Must not add up amounts; one invoice is invoice-panel.js's, the terms are account-terms.js's.
import { termsBlock } from './account-terms.js'
import { askedFilters } from './asked-filters.js'
import { h } from './elements.js'
import { majorText, money } from './formats.js'
import { documentLinks, invoiceDays, invoiceState } from './invoice-panel.js'
import { recordTable } from './record-table.js'
import { forbidden } from './stay-table.js'
import { timeOf } from './time-of.js'

export const invoicesView = (app) => [invoiceTable(app), termsBlock(app)]

function invoiceTable(app) {
  const { data, times, now } = app
  const source = data.get('invoices') ?? forbidden
  const filter = askedFilters(app, 'invoices')
  const accounts = data.items('accounts')
  return recordTable(app, {
    id: 'invoices',
    title: 'Invoices',
    note: 'An invoice never changes: a credit note corrects it.',
    rows: data.items('invoices'),
    source,
    keyOf: ({ invoiceId }) => invoiceId,
    open: ({ invoiceId }, row) => app.open({ kind: 'invoice', id: invoiceId }, row),
    tools: [
      filter.text('number', 'Number of an invoice', 'Number'),
      filter.day('from', 'From'),
      filter.day('to', 'to'),
      filter.choice('kind', 'Invoices and credit notes', 'Invoices and credit notes', [
        ['invoice', 'Invoices'],
        ['credit_note', 'Credit notes'],
      ]),
      accounts.length > 0
        ? filter.choice(
            'accountId',
            'Account of invoices',
            'All accounts',
            accounts.map(({ accountId, name }) => [accountId, name]),
          )
        : null,
      filter.choice('open', 'Settled or not', 'Open and settled', [
        ['true', 'Open'],
        ['false', 'Settled'],
      ]),
      filter.flag('overdue', 'Overdue'),
    ],
    columns: [
      {
        id: 'number',
        label: 'Number',
        cell: ({ invoiceId, number, kind }) => [
          h(
            'button.inline.strong',
            { onclick: (event) => app.open({ kind: 'invoice', id: invoiceId }, event.currentTarget) },
            number,
          ),
          kind === 'credit_note' ? h('span.note', ' credit note') : null,
        ],
        csv: ({ number }) => number,
      },
      { id: 'kind', label: 'Kind', hidden: true, csv: ({ kind }) => kind },
      { id: 'state', label: 'State', cell: invoiceState, csv: ({ state }) => state },
      {
        id: 'account',
        label: 'Account',
        cell: ({ content }) => content.buyer.name,
        csv: ({ content }) => content.buyer.name,
      },
      { id: 'days', label: 'Days', cell: invoiceDays, csv: invoiceDays },
      {
        id: 'at',
        label: 'Issued',
        cell: ({ issuedAt }) => timeOf(times, issuedAt, now),
        csv: ({ issuedAt }) => times.exact(issuedAt),
      },
      { id: 'due', label: 'Due', cell: ({ dueOn }) => dueOn, csv: ({ dueOn }) => dueOn },
      {
        id: 'total',
        label: 'Total',
        end: true,
        cell: ({ totalMinor, currency }) => h('b', money(totalMinor, currency)),
        csv: ({ totalMinor, currency }) => majorText(totalMinor, currency),
      },
      {
        id: 'open',
        label: 'Still open',
        end: true,
        cell: ({ openMinor, currency }) => (openMinor === 0 ? h('span.none', '–') : money(openMinor, currency)),
        csv: ({ openMinor, currency }) => majorText(openMinor, currency),
      },
      { id: 'currency', label: 'Currency', hidden: true, csv: ({ currency }) => currency },
      { id: 'documents', label: 'On paper', cell: documentLinks },
      { id: 'id', label: 'Invoice id', hidden: true, csv: ({ invoiceId }) => invoiceId },
    ],
    file: app.fileName('invoices'),
    empty: filter.isFiltered
      ? filter.clear('No invoice fits.')
      : h('p', 'This site has issued no invoice yet. Give an account terms below; one follows each week or month.'),
    below: source.value?.more
      ? h('button.more', { onclick: () => data.money.showMore('invoices') }, 'Older invoices')
      : null,
  })
}
