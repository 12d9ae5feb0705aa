// Owns the column of a table that names a bill and opens it.
// Must not ask the hub.
import { h } from './elements.js'

export const billNumberColumn = (app) => ({
  id: 'number',
  label: 'Number',
  sort: ({ number }) => number,
  cell: ({ billId, number, kind }) => [
    h(
      'button.inline.strong',
      { onclick: (event) => app.open({ kind: 'bill', id: billId }, event.currentTarget) },
      number,
    ),
    kind === 'adjustment' ? h('span.note', ' adjustment') : null,
  ],
  csv: ({ number }) => number,
})
