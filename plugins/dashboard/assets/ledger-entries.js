// Owns the list of the ledger's entries with the filter that the hub applies.
// Must not add anything up.
import { postingList } from './bill-panel.js'
import { h } from './elements.js'
import { majorText } from './formats.js'
import { icon } from './icons.js'
import { recordTable } from './record-table.js'
import { plain } from './words.js'

export function entriesTable(app) {
  const { data } = app
  const asked = data.money.asked('entries')
  const source = data.get('entries')
  const ask = (change) => data.money.ask('entries', { ...asked, ...change })
  const period = data.items('periods').find(({ periodId }) => periodId === asked.periodId)
  const select = (name, label, options) =>
    h(
      'label.chooser',
      h('span.unseen', label),
      h(
        'select',
        {
          id: `entries-${name}`,
          value: String(asked[name] ?? ''),
          onchange: ({ target }) => ask({ [name]: target.value }),
        },
        h('option', { value: '' }, label),
        options.map(([value, words]) => h('option', { value }, words)),
      ),
    )
  const day = (name, label) =>
    h(
      'label.day-field',
      h('span', label),
      h('input', {
        type: 'date',
        id: `entries-${name}`,
        value: asked[name] ?? '',
        onchange: ({ target }) => ask({ [name]: target.value }),
      }),
    )
  return recordTable(app, {
    id: 'entries',
    title: 'Entries',
    rows: data.items('entries'),
    source,
    keyOf: ({ entryId }) => entryId,
    tools: [
      day('from', 'From'),
      day('to', 'to'),
      select(
        'account',
        'All accounts',
        data
          .items('ledgerAccounts')
          .filter(({ used }) => used)
          .map(({ code, name }) => [code, name]),
      ),
      select('sourceType', 'Bills and payments', [
        ['bill', 'Bills'],
        ['payment', 'Payments'],
      ]),
      select('open', 'Open and closed days', [
        ['true', 'Open days'],
        ['false', 'Closed days'],
      ]),
      period
        ? h(
            'button.chip',
            { 'aria-pressed': 'true', onclick: () => ask({ periodId: '' }) },
            `Period ${period.number}`,
            icon('cross'),
          )
        : null,
    ],
    columns: [
      {
        id: 'date',
        label: 'Day',
        cell: ({ date, factDate }) => [date, factDate && factDate !== date ? h('span.note', ` of ${factDate}`) : null],
        csv: ({ date }) => date,
      },
      {
        id: 'what',
        label: 'What',
        cell: ({ description, sourceType, sourceId, corrects }) => [
          sourceType === 'bill'
            ? h(
                'button.inline.strong',
                { onclick: (event) => app.open({ kind: 'bill', id: sourceId }, event.currentTarget) },
                description,
              )
            : h('b', description),
          corrects === null ? null : h('span.note', ' correction'),
        ],
        csv: ({ description }) => description,
      },
      {
        id: 'source',
        label: 'Source',
        hidden: true,
        csv: ({ sourceType, sourceId }) => `${plain(sourceType)} ${sourceId}`,
      },
      {
        id: 'postings',
        label: 'Postings',
        cell: ({ postings }) => h('div.long', postingList(postings)),
        csv: ({ postings }) =>
          postings
            .map(
              ({ debit, credit, amountMinor, currency }) =>
                `${debit} > ${credit} ${majorText(amountMinor, currency)} ${currency}`,
            )
            .join('; '),
      },
      {
        id: 'closed',
        label: 'Books',
        cell: ({ closed }) =>
          closed === null ? h('span.note', 'open') : h('span.note', `no. ${closed.number}, closed`),
        csv: ({ closed }) => closed?.number,
      },
    ],
    file: app.fileName('entries'),
    empty: [
      h('p', 'No entry fits.'),
      Object.keys(asked).length > 0
        ? h('button.quiet', { onclick: () => data.money.ask('entries', {}) }, 'Show everything')
        : null,
    ],
    below: source?.value?.more
      ? h('button.more', { onclick: () => data.money.showMore('entries') }, 'Earlier entries')
      : null,
  })
}
