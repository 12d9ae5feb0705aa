// Owns the page about disputes: what is contested and until when it is to be decided, and what people granted on bills.
// Must not decide; the panel of a dispute asks a person to.
import { askedFilters } from './asked-filters.js'
import { disputeState, overdue } from './dispute-panel.js'
import { h } from './elements.js'
import { majorText, money } from './formats.js'
import { actorWord } from './link-parts.js'
import { recordTable } from './record-table.js'
import { forbidden } from './stay-table.js'
import { creditKinds, disputeStates } from './words.js'

export const disputesView = (app) => [disputeTable(app), creditTable(app)]

function disputeTable(app) {
  const { data, times, now } = app
  const source = data.get('disputes') ?? forbidden
  const filter = askedFilters(app, 'disputes')
  return recordTable(app, {
    id: 'disputes',
    title: 'Disputes',
    note: 'One is opened from its bill.',
    rows: data.items('disputes'),
    source,
    keyOf: ({ disputeId }) => disputeId,
    open: ({ disputeId }, row) => app.open({ kind: 'dispute', id: disputeId }, row),
    tools: [
      filter.choice(
        'state',
        'State',
        'All states',
        Object.entries(disputeStates).map(([state, { label }]) => [state, label]),
      ),
      filter.day('dueBefore', 'Due by'),
      filter.given('billId', 'Of one bill'),
    ],
    columns: [
      {
        id: 'bill',
        label: 'Bill',
        sort: ({ billNumber }) => billNumber,
        cell: ({ disputeId, billNumber, line }) => [
          h(
            'button.inline.strong',
            { onclick: (event) => app.open({ kind: 'dispute', id: disputeId }, event.currentTarget) },
            billNumber,
          ),
          line === null ? null : h('span.note', ` line ${line}`),
        ],
        csv: ({ billNumber }) => billNumber,
      },
      { id: 'state', label: 'State', cell: (dispute) => disputeState(dispute), csv: ({ state }) => state },
      { id: 'reason', label: 'Reason', cell: ({ reason }) => reason, csv: ({ reason }) => reason },
      {
        id: 'opened',
        label: 'Opened',
        sort: ({ openedAt }) => Date.parse(openedAt),
        cell: ({ openedAt }) => times.near(openedAt, now),
        csv: ({ openedAt }) => times.exact(openedAt),
      },
      {
        id: 'due',
        label: 'Due',
        sort: ({ dueAt }) => Date.parse(dueAt),
        cell: (dispute) => [times.near(dispute.dueAt, now), overdue(app, dispute)],
        csv: ({ dueAt }) => times.exact(dueAt),
      },
      {
        id: 'amount',
        label: 'Disputed',
        end: true,
        sort: ({ amountMinor }) => amountMinor,
        cell: ({ amountMinor, currency }) => money(amountMinor, currency),
        csv: ({ amountMinor, currency }) => majorText(amountMinor, currency),
      },
      {
        id: 'credited',
        label: 'Granted',
        end: true,
        cell: ({ creditedMinor, currency }) =>
          creditedMinor === null ? h('span.none', '–') : money(creditedMinor, currency),
        csv: ({ creditedMinor, currency }) => (creditedMinor === null ? null : majorText(creditedMinor, currency)),
      },
      { id: 'currency', label: 'Currency', hidden: true, csv: ({ currency }) => currency },
      { id: 'decision', label: 'Decision', hidden: true, csv: ({ decision }) => decision },
      { id: 'id', label: 'Dispute id', hidden: true, csv: ({ disputeId }) => disputeId },
    ],
    file: app.fileName('disputes'),
    empty: filter.isFiltered ? filter.clear('No dispute fits.') : h('p', 'Nobody has disputed a bill of this site.'),
    below: source.value?.more
      ? h('button.more', { onclick: () => data.money.showMore('disputes') }, 'Older disputes')
      : null,
  })
}

function creditTable(app) {
  const { data, times, now } = app
  const source = data.get('credits') ?? forbidden
  const filter = askedFilters(app, 'credits')
  return recordTable(app, {
    id: 'credits',
    title: 'Granted on bills',
    note: 'Each becomes an adjustment by itself.',
    rows: data.items('credits'),
    source,
    keyOf: ({ creditId }) => creditId,
    open: ({ billId }, row) => app.open({ kind: 'bill', id: billId }, row),
    tools: filter.choice('kind', 'Kind', 'All kinds', Object.entries(creditKinds)),
    columns: [
      {
        id: 'at',
        label: 'Granted',
        cell: ({ approvedAt }) => times.near(approvedAt, now),
        csv: ({ approvedAt }) => times.exact(approvedAt),
      },
      { id: 'kind', label: 'Kind', cell: ({ kind }) => creditKinds[kind], csv: ({ kind }) => kind },
      {
        id: 'bill',
        label: 'Bill',
        cell: ({ billId }) =>
          h(
            'button.inline',
            { onclick: (event) => app.open({ kind: 'bill', id: billId }, event.currentTarget) },
            'Bill',
          ),
        csvLabel: 'Bill id',
        csv: ({ billId }) => billId,
      },
      { id: 'reason', label: 'Reason', cell: ({ reason }) => reason, csv: ({ reason }) => reason },
      { id: 'by', label: 'By', cell: ({ approvedBy }) => actorWord(approvedBy), csv: ({ approvedBy }) => approvedBy },
      {
        id: 'amount',
        label: 'Granted amount',
        end: true,
        cell: ({ amountMinor, currency }) => money(amountMinor, currency),
        csv: ({ amountMinor, currency }) => majorText(amountMinor, currency),
      },
      {
        id: 'stands',
        label: 'Stands on bills',
        end: true,
        cell: ({ creditedMinor, currency }) => h('b', money(creditedMinor, currency)),
        csv: ({ creditedMinor, currency }) => majorText(creditedMinor, currency),
      },
      { id: 'currency', label: 'Currency', hidden: true, csv: ({ currency }) => currency },
    ],
    file: app.fileName('credits'),
    empty: filter.isFiltered
      ? filter.clear('Nothing of this kind.')
      : h('p', 'Nothing was granted on a bill of this site.'),
    below: source.value?.more
      ? h('button.more', { onclick: () => data.money.showMore('credits') }, 'Older ones')
      : null,
  })
}
