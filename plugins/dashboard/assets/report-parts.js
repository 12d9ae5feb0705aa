// Owns the tables below a revenue report: the bills of one row, kinds, taxes, payments, exceptions, missing tickets, the ledger.
// Must not add up amounts.
import { billNumberColumn } from './bill-number-column.js'
import { h } from './elements.js'
import { count, counted, majorText, money } from './formats.js'
import { icon } from './icons.js'
import { recordTable } from './record-table.js'
import { plain } from './words.js'

export function billsOfRow(app) {
  const { data, times, now } = app
  const { label } = data.money.asked('reportRow')
  if (label === undefined) return null
  const source = data.get('reportRow')
  return recordTable(app, {
    id: 'report-bills',
    title: `Bills of ${label}`,
    rows: data.items('reportRow'),
    source,
    keyOf: ({ billId }) => billId,
    open: ({ billId }, row) => app.open({ kind: 'bill', id: billId }, row),
    tools: h(
      'button.quiet',
      {
        onclick() {
          data.money.ask('reportRow', {})
          app.render()
        },
      },
      icon('cross'),
      'Close',
    ),
    columns: [
      billNumberColumn(app),
      {
        id: 'day',
        label: 'Business day',
        cell: ({ businessDate }) => businessDate,
        csv: ({ businessDate }) => businessDate,
      },
      {
        id: 'at',
        label: 'Issued',
        cell: ({ issuedAt }) => times.near(issuedAt, now),
        csv: ({ issuedAt }) => times.exact(issuedAt),
      },
      amount('netMinor', 'Net in this row'),
      amount('taxMinor', 'Tax in this row'),
      amount('totalMinor', 'Total in this row'),
      amount('billTotalMinor', 'Whole bill'),
      { id: 'currency', label: 'Currency', hidden: true, csv: ({ currency }) => currency },
    ],
    file: app.fileName('bills-of-row'),
    empty: h('p', 'No bill stands behind this row.'),
    below: source?.value?.more ? h('p.note', 'Only the first ones are listed; the API gives all.') : null,
  })
}

const amount = (field, label) => ({
  id: field,
  label,
  end: true,
  sort: (row) => row[field],
  cell: (row) => (row[field] === 0 ? h('span.none', '–') : money(row[field], row.currency)),
  csv: (row) => majorText(row[field], row.currency),
})

const currencyColumn = { id: 'currency', label: 'Currency', hidden: true, csv: ({ currency }) => currency }

const number = (field, label) => ({
  id: field,
  label,
  end: true,
  sort: (row) => row[field],
  cell: (row) => count(row[field]),
  csv: (row) => row[field],
})

/** Everything that stands below the main table; nothing of it before the report is there. */
export function reportTables(app, report) {
  if (report === null) return null
  const of = (rowsOf) =>
    report.currencies.flatMap((one) => rowsOf(one).map((row) => ({ ...row, currency: one.currency })))
  return [
    h('div.two', { key: 'report-kinds' }, kindTable(app, of), taxTable(app, of)),
    h(
      'div.two',
      { key: 'report-payments' },
      paymentTable(
        app,
        'method',
        'Payments by method',
        of(({ payments }) => payments.byMethod),
      ),
      paymentTable(
        app,
        'device',
        'Payments by device',
        of(({ payments }) => payments.byDevice),
      ),
    ),
    unposted(report),
    h('div.two', { key: 'report-oddities' }, exceptionTable(app, report), gapTable(app)),
    ledgerTable(app, report, of),
    wordsBlock(report),
  ]
}

const named = (label, name) => ({ id: 'name', label, sort: name, cell: (row) => h('b', name(row)), csv: name })

const kindTable = (app, of) =>
  recordTable(app, {
    id: 'report-kinds',
    title: 'By kind',
    rows: of(({ kinds }) => kinds),
    keyOf: ({ currency, kind }) => `${currency} ${kind}`,
    columns: [
      named('Kind', ({ kind }) => plain(kind.toLowerCase())),
      number('lines', 'Lines'),
      amount('netMinor', 'Net'),
      amount('taxMinor', 'Tax'),
      amount('totalMinor', 'Total'),
      currencyColumn,
    ],
    file: app.fileName('revenue-kinds'),
    empty: h('p', 'No line was billed on these days.'),
  })

const taxTable = (app, of) =>
  recordTable(app, {
    id: 'report-taxes',
    title: 'By tax',
    rows: of(({ taxes }) => taxes),
    keyOf: ({ currency, code, rate }) => `${currency} ${code} ${rate}`,
    columns: [
      named('Tax', ({ code, rate }) => `${code}, ${rate} %`),
      amount('netMinor', 'Net'),
      amount('taxMinor', 'Tax'),
      amount('totalMinor', 'Total'),
      currencyColumn,
    ],
    file: app.fileName('revenue-taxes'),
    empty: h('p', 'No tax was billed on these days.'),
  })

const paymentTable = (app, id, title, rows) =>
  recordTable(app, {
    id: `report-${id}`,
    title,
    rows,
    keyOf: ({ currency, name }) => `${currency} ${name}`,
    columns: [
      named(id === 'method' ? 'Method' : 'Device', ({ name }) => (name === null ? 'Not told' : plain(name))),
      number('captured', 'Paid'),
      amount('capturedMinor', 'Taken'),
      amount('refundedMinor', 'Given back'),
      amount('netMinor', 'Left'),
      currencyColumn,
    ],
    file: app.fileName(`payments-by-${id}`),
    empty: h('p', 'No money moved on these days.'),
  })

function unposted({ currencies }) {
  const late = currencies.filter(({ payments }) => payments.unposted.count > 0)
  return late.length === 0
    ? null
    : h(
        'p.state.tone-warn',
        { key: 'unposted' },
        icon('waiting'),
        late
          .map(
            ({ currency, payments: { unposted: waiting } }) =>
              `${counted(waiting.count, 'payment')} of these days, ${money(waiting.amountMinor, currency)}, not in the ledger yet`,
          )
          .join('; '),
      )
}

function exceptionTable(app, { exceptions }) {
  return recordTable(app, {
    id: 'report-exceptions',
    title: 'Exceptions',
    note: `${count(exceptions.length)} kinds are looked for.`,
    rows: exceptions.filter((one) => one.count > 0),
    keyOf: ({ name }) => name,
    columns: [
      named('Exception', ({ name }) => plain(name)),
      { id: 'label', label: 'What is counted', cell: ({ label }) => label, csv: ({ label }) => label },
      number('count', 'How many'),
    ],
    file: app.fileName('exceptions'),
    empty: h('p', 'None of them happened on these days.'),
  })
}

function gapTable(app) {
  const { data } = app
  return recordTable(app, {
    id: 'report-gaps',
    title: 'Ticket numbers',
    note: 'Numbers that should be there and are not.',
    rows: data.items('ticketGaps'),
    source: data.get('ticketGaps'),
    keyOf: ({ connectionId, prefix }) => `${connectionId} ${prefix}`,
    columns: [
      named('Numbers', ({ first, last }) => (first === last ? first : `${first} – ${last}`)),
      number('issued', 'Issued'),
      number('voided', 'Voided'),
      number('missing', 'Missing'),
      {
        id: 'gaps',
        label: 'Gaps',
        cell: ({ gaps }) =>
          gaps.length === 0
            ? h('span.none', '–')
            : gaps.map(({ from, to }) => (from === to ? from : `${from} – ${to}`)).join(', '),
        csv: ({ gaps }) => gaps.map(({ from, to }) => `${from} - ${to}`).join('; '),
      },
    ],
    file: app.fileName('ticket-numbers'),
    empty: h('p', 'No parking system told numbered tickets on these days.'),
  })
}

function ledgerTable(app, { reconciled }, of) {
  return recordTable(app, {
    id: 'report-ledger',
    title: 'Held against the ledger',
    note: reconciled ? 'Every account has exactly what the report says.' : 'Accounts with a difference stand first.',
    rows: of(({ ledger }) => ledger.accounts).sort(
      (a, b) => Number(b.differenceMinor !== 0) - Number(a.differenceMinor !== 0),
    ),
    keyOf: ({ currency, account }) => `${currency} ${account}`,
    columns: [
      {
        id: 'account',
        label: 'Account',
        cell: ({ account, name }) => [h('b', name), h('span.note', ` ${account}`)],
        csv: ({ account }) => account,
      },
      amount('reportMinor', 'By the report'),
      amount('ledgerMinor', 'In the ledger'),
      {
        ...amount('differenceMinor', 'Difference'),
        cell: ({ differenceMinor, currency }) =>
          differenceMinor === 0
            ? h('span.none', '–')
            : h('span.state.tone-bad', icon('fault'), money(differenceMinor, currency)),
      },
      {
        id: 'others',
        label: 'Posted besides',
        cell: ({ others, currency }) =>
          others.length === 0
            ? h('span.none', '–')
            : others
                .map(({ sourceType, movementMinor }) => `${plain(sourceType)} ${money(movementMinor, currency)}`)
                .join(', '),
        csv: ({ others }) => others.map(({ sourceType, movementMinor }) => `${sourceType} ${movementMinor}`).join('; '),
      },
      amount('movementMinor', 'All movements'),
      currencyColumn,
    ],
    file: app.fileName('ledger-check'),
    empty: h('p', 'Nothing was posted on these days.'),
  })
}

const wordsBlock = ({ figures }) =>
  h(
    'details.block.figure-words',
    { key: 'figure-words' },
    h('summary', 'How each number is worked out'),
    h(
      'ul.findings',
      figures.map(({ name, label, formula, source }) =>
        h('li', { key: name }, h('b', label), h('p', `${formula} (${source})`)),
      ),
    ),
  )
