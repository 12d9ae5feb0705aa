// Owns the list of the latest bills with what parking and charging made of each.
// Must not compute a total: net, tax and total are the bill's own; the two columns add up lines of one kind.
import { stayName } from './bay-state.js'
import { h } from './elements.js'
import { majorText, money } from './formats.js'
import { recordTable } from './record-table.js'
import { forbidden } from './stay-table.js'
import { plain } from './words.js'

/** On which side of the revenue a line counts; as in the hub's own sums. */
function sideOf({ kind, sessionId }) {
  if (kind === 'CREDIT' || kind === 'MEMBERSHIP' || kind === 'REBATE') return 'other'
  return sessionId === null ? 'parking' : 'charging'
}

function netBySide({ lines }) {
  const sums = { parking: 0, charging: 0, other: 0 }
  for (const line of lines) sums[sideOf(line)] += line.netMinor
  return sums
}

export function billsView(app) {
  const { data, times, now } = app
  const source = data.get('bills') ?? forbidden
  const rows = data.items('bills').map((bill) => ({ bill, sums: netBySide(bill) }))
  const amount = (id, label, value) => ({
    id,
    label,
    end: true,
    sort: (row) => value(row),
    cell: (row) => (value(row) === 0 ? h('span.none', '–') : money(value(row), row.bill.currency)),
    csv: (row) => majorText(value(row), row.bill.currency),
  })
  return [
    recordTable(app, {
      id: 'bills',
      title: 'Latest bills',
      rows,
      source,
      keyOf: ({ bill }) => bill.billId,
      search: ({ bill }) => [bill.number, stayName(bill.stay), bill.kind, bill.reason].filter(Boolean).join(' '),
      filters: [
        {
          id: 'kind',
          label: 'Bills and adjustments',
          options: [
            ['bill', 'Bills'],
            ['adjustment', 'Adjustments'],
          ],
          test: ({ bill }, kind) => bill.kind === kind,
        },
        {
          id: 'what',
          label: 'Parking or charging',
          options: [
            ['both', 'Parking and charging'],
            ['parking', 'Parking only'],
            ['charging', 'Charging only'],
          ],
          test: ({ bill }, value) => partsOf(bill) === value,
        },
      ],
      columns: [
        {
          id: 'number',
          label: 'Number',
          sort: ({ bill }) => bill.number,
          cell: ({ bill }) => [
            h(
              'a.strong',
              { href: `/api/v1/bills/${bill.billId}/receipt`, target: '_blank', rel: 'noopener' },
              bill.number,
              h('span.unseen', ', receipt in a new tab'),
            ),
            bill.kind === 'adjustment' ? h('span.note', ' adjustment') : null,
          ],
          csv: ({ bill }) => bill.number,
        },
        {
          id: 'stay',
          label: 'Stay',
          sort: ({ bill }) => stayName(bill.stay),
          cell: ({ bill }) => subject(app, bill),
          csv: ({ bill }) => stayName(bill.stay),
        },
        {
          id: 'at',
          label: 'Issued',
          sort: ({ bill }) => Date.parse(bill.issuedAt),
          cell: ({ bill }) =>
            h('time', { datetime: bill.issuedAt, title: times.full(bill.issuedAt) }, times.near(bill.issuedAt, now)),
          csv: ({ bill }) => times.exact(bill.issuedAt),
        },
        amount('parking', 'Parking', ({ sums }) => sums.parking),
        amount('charging', 'Charging', ({ sums }) => sums.charging),
        amount('other', 'Other', ({ sums }) => sums.other),
        amount('tax', 'Tax', ({ bill }) => bill.taxMinor),
        {
          id: 'total',
          label: 'Total',
          end: true,
          sort: ({ bill }) => bill.totalMinor,
          cell: ({ bill }) => h('b', money(bill.totalMinor, bill.currency)),
          csv: ({ bill }) => majorText(bill.totalMinor, bill.currency),
        },
        { id: 'currency', label: 'Currency', hidden: true, csv: ({ bill }) => bill.currency },
        { id: 'reason', label: 'Reason', hidden: true, csv: ({ bill }) => bill.reason },
        { id: 'id', label: 'Bill id', hidden: true, csv: ({ bill }) => bill.billId },
      ],
      file: app.fileName('bills'),
      empty: h('p', 'No bill has been issued at this site yet. One comes when a stay and its charging are over.'),
      below: source.value?.more ? h('button.more', { onclick: () => data.showMoreBills() }, 'Older bills') : null,
    }),
  ]
}

function partsOf({ lines }) {
  const sides = new Set(lines.map(sideOf))
  return sides.has('parking') && sides.has('charging') ? 'both' : [...sides][0]
}

function subject(app, bill) {
  if (bill.stayId !== null) {
    return h(
      'button.plate',
      { onclick: (event) => app.open({ kind: 'stay', id: bill.stayId }, event.currentTarget) },
      stayName(bill.stay) ?? 'Stay',
    )
  }
  if (bill.sessionId !== null) {
    return h(
      'button.inline',
      { onclick: (event) => app.open({ kind: 'session', id: bill.sessionId }, event.currentTarget) },
      'Charging only',
    )
  }
  return h('span.note', plain(bill.subjectKey.split(':')[0]))
}
