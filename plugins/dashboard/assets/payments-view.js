// Owns the page about payments: those that the hub asked for, those that wait for a person, and all money that moved, whoever took it.
// Must not add up amounts; the panel of one payment is payment-panel.js's.
import { askedFilters } from './asked-filters.js'
import { h } from './elements.js'
import { majorText, money } from './formats.js'
import { icon } from './icons.js'
import { actorWord } from './link-parts.js'
import { methodOf, paymentState } from './payment-panel.js'
import { recordTable } from './record-table.js'
import { stateWord } from './station-talk.js'
import { forbidden } from './stay-table.js'
import { timeOf } from './time-of.js'
import { paymentStates, plain } from './words.js'

export const paymentsView = (app) => [orderTable(app), movementTable(app)]

const none = () => h('span.none', '–')

/** Ways of paying that a provider of this site has, and one that is asked for already. */
function methods(app, asked) {
  const names = new Set([...app.data.items('providers').map(({ method }) => method), asked].filter(Boolean))
  return [...names].sort().map((name) => [name, plain(name)])
}

function orderTable(app) {
  const { data, times, now } = app
  const source = data.get('payments') ?? forbidden
  const filter = askedFilters(app, 'payments')
  const amount = (id, label, field) => ({
    id,
    label,
    end: true,
    cell: (order) => (order[field] === 0 ? none() : money(order[field], order.currency)),
    csv: (order) => majorText(order[field], order.currency),
  })
  return recordTable(app, {
    id: 'payments',
    title: 'Payments asked for',
    rows: data.items('payments'),
    source,
    keyOf: ({ orderId }) => orderId,
    open: ({ orderId }, row) => app.open({ kind: 'payment', id: orderId }, row),
    tools: [
      filter.text('search', 'Search in payments', 'Words, reference, last digits'),
      filter.day('from', 'From'),
      filter.day('to', 'to'),
      filter.choice(
        'state',
        'State',
        'All states',
        Object.entries(paymentStates).map(([state, { label }]) => [state, label]),
      ),
      filter.choice('method', 'Way of paying', 'All ways of paying', methods(app, filter.asked.method)),
      filter.flag('needsPerson', 'Needs a person'),
      filter.flag('unknown', 'Outcome unknown'),
    ],
    columns: [
      {
        id: 'what',
        label: 'For',
        cell: ({ orderId, description, needsPerson }) => [
          h(
            'button.inline.strong',
            { onclick: (event) => app.open({ kind: 'payment', id: orderId }, event.currentTarget) },
            description,
          ),
          needsPerson ? h('span.state.tone-warn', icon('person'), 'Needs a person') : null,
        ],
        csv: ({ description }) => description,
      },
      {
        id: 'state',
        label: 'State',
        cell: paymentState,
        csv: ({ state }) => state,
      },
      {
        id: 'at',
        label: 'Asked',
        cell: ({ createdAt }) => timeOf(times, createdAt, now),
        csv: ({ createdAt }) => times.exact(createdAt),
      },
      { id: 'method', label: 'By', cell: methodOf, csv: ({ method }) => method },
      amount('amount', 'Amount', 'amountMinor'),
      amount('taken', 'Taken', 'capturedMinor'),
      amount('back', 'Given back', 'refundedMinor'),
      { id: 'currency', label: 'Currency', hidden: true, csv: ({ currency }) => currency },
      { id: 'reference', label: 'Reference', hidden: true, csv: ({ reference }) => reference },
      { id: 'reason', label: 'Reason', hidden: true, csv: ({ reason }) => reason },
      { id: 'by', label: 'Asked by', hidden: true, csv: ({ requestedBy }) => actorWord(requestedBy) },
      { id: 'id', label: 'Payment id', hidden: true, csv: ({ orderId }) => orderId },
    ],
    file: app.fileName('payments'),
    empty: filter.isFiltered
      ? filter.clear('No payment fits.')
      : h('p', 'The hub has not asked anybody for money at this site yet.'),
    below: source.value?.more
      ? h('button.more', { onclick: () => data.money.showMore('payments') }, 'Older payments')
      : null,
  })
}

const movementKinds = {
  captured: { label: 'Paid', tone: 'good', icon: 'check' },
  refunded: { label: 'Given back', tone: 'calm', icon: 'undo' },
  failed: { label: 'Failed', tone: 'bad', icon: 'fault' },
}

function movementTable(app) {
  const { data, times, now } = app
  const source = data.get('reported') ?? forbidden
  const filter = askedFilters(app, 'reported')
  return recordTable(app, {
    id: 'reported',
    title: 'Money that moved',
    note: 'As parking systems report it, and as payments above were taken and given back.',
    rows: data.items('reported'),
    source,
    keyOf: ({ paymentId }) => paymentId,
    tools: filter.choice(
      'kind',
      'Kind',
      'All kinds',
      Object.entries(movementKinds).map(([kind, { label }]) => [kind, label]),
    ),
    columns: [
      {
        id: 'at',
        label: 'When',
        cell: ({ at }) => timeOf(times, at, now),
        csv: ({ at }) => times.exact(at),
      },
      {
        id: 'kind',
        label: 'Kind',
        cell: ({ kind }) => stateWord(movementKinds, kind),
        csv: ({ kind }) => kind,
      },
      {
        id: 'from',
        label: 'Told by',
        cell: ({ orderId }) =>
          orderId === null
            ? 'Parking system'
            : h(
                'button.inline',
                { onclick: (event) => app.open({ kind: 'payment', id: orderId }, event.currentTarget) },
                'A payment asked for',
              ),
        csvLabel: 'Payment id',
        csv: ({ orderId }) => orderId,
      },
      {
        id: 'stay',
        label: 'Stay',
        cell: ({ stayId }) =>
          stayId === null
            ? none()
            : h(
                'button.inline',
                { onclick: (event) => app.open({ kind: 'stay', id: stayId }, event.currentTarget) },
                'Stay',
              ),
        csvLabel: 'Stay id',
        csv: ({ stayId }) => stayId,
      },
      {
        id: 'method',
        label: 'By',
        cell: ({ method }) => (method === null ? none() : plain(method)),
        csv: ({ method }) => method,
      },
      {
        id: 'scope',
        label: 'Of',
        cell: ({ scope }) => (scope === 'both' ? 'Parking and charging' : scope === 'energy' ? 'Charging' : 'Parking'),
        csv: ({ scope }) => scope,
      },
      {
        id: 'amount',
        label: 'Amount',
        end: true,
        cell: ({ amountMinor, currency }) => h('b', money(amountMinor, currency)),
        csv: ({ amountMinor, currency }) => majorText(amountMinor, currency),
      },
      { id: 'currency', label: 'Currency', hidden: true, csv: ({ currency }) => currency },
      {
        id: 'transaction',
        label: 'Transaction',
        cell: ({ vendorTransaction }) => (vendorTransaction === null ? none() : h('code', vendorTransaction)),
        csv: ({ vendorTransaction }) => vendorTransaction,
      },
    ],
    file: app.fileName('money-moved'),
    empty: filter.isFiltered
      ? filter.clear('Nothing of this kind.')
      : h('p', 'No payment has been reported at this site yet.'),
    below: source.value?.more
      ? h('button.more', { onclick: () => data.money.showMore('reported') }, 'Older ones')
      : null,
  })
}
