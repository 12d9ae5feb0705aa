// Owns how one invoice is shown in the panel: what is open, its lines and taxes, what settled it; and what a person may do with it.
// Must not decide what may be done: what the hub refuses is said.
import { amountField, minorOf } from './amount-field.js'
import * as api from './api.js'
import { h } from './elements.js'
import { money } from './formats.js'
import { actorWord } from './link-parts.js'
import { facts } from './links-view.js'
import { addDays } from './local-time.js'
import { run } from './run-change.js'
import { stateWord } from './station-talk.js'
import { invoiceStates, payMethods, plain } from './words.js'

export const invoiceTitle = (invoice) =>
  invoice ? `${invoice.kind === 'credit_note' ? 'Credit note' : 'Invoice'} ${invoice.number}` : 'Invoice'
export const invoiceState = ({ state }) => stateWord(invoiceStates, state)

/** The last day of an invoice is not in it. */
export function invoiceDays({ fromDate, toDate }) {
  const last = addDays(toDate, -1)
  return last <= fromDate ? fromDate : `${fromDate} – ${last}`
}

const path = ({ invoiceId }, what) => `/api/v1/invoices/${invoiceId}/${what}`

export function documentLinks(invoice) {
  const link = (key, href, label) =>
    h(
      'a.tool-link',
      { key, href, target: '_blank', rel: 'noopener' },
      label,
      h('span.unseen', ` of ${invoice.number}, in a new tab`),
    )
  return [
    link('page', path(invoice, 'document'), 'Page'),
    link('pdf', path(invoice, 'document?format=pdf'), 'PDF'),
    h(
      'a.tool-link',
      { key: 'lines', href: path(invoice, 'lines.csv'), download: `${invoice.number}.csv` },
      'Lines',
      h('span.unseen', ` of ${invoice.number} as CSV`),
    ),
  ]
}

export function invoiceParts(app, invoice) {
  return [headPart(app, invoice), linesPart(app, invoice), taxPart(invoice), settledPart(app, invoice)]
}

function headPart(app, invoice) {
  const { times } = app
  const { currency, content } = invoice
  return h(
    'section',
    { key: 'head' },
    h(
      'p.figure',
      { 'data-figure': 'invoice' },
      money(invoice.totalMinor, currency),
      ' ',
      h('small', `net ${money(invoice.netMinor, currency)}, tax ${money(invoice.taxMinor, currency)}`),
    ),
    h('p', invoiceState(invoice)),
    facts([
      ['Still open', money(invoice.openMinor, currency)],
      ['For', [content.buyer.name, h('span.note', ` ${content.buyer.number}`)]],
      ...(content.buyer.reference === null ? [] : [['Their reference', content.buyer.reference]]),
      ['Days', invoiceDays(invoice)],
      ['Due', invoice.dueOn],
      ['Issued', `${times.full(invoice.issuedAt)} by ${actorWord(invoice.issuedBy)}`],
      ...(content.corrects === null ? [] : [['Corrects', content.corrects]]),
      ...(invoice.reason === null ? [] : [['Reason', invoice.reason]]),
      ...(invoice.approvedBy === null ? [] : [['Approved by', invoice.approvedBy]]),
      ...(invoice.writtenOffMinor === 0 ? [] : [['Given up', money(invoice.writtenOffMinor, currency)]]),
    ]),
    h('div.chips', documentLinks(invoice)),
    app.can('money:write') ? actions(app, invoice) : null,
  )
}

function actions(app, invoice) {
  const button = (key, label, ask) => h('button.small', { key, onclick: () => ask(app, invoice) }, label)
  return h(
    'div.chips',
    invoice.kind === 'invoice' ? button('pay', 'Record a payment', askPayment) : null,
    invoice.openMinor < 0 ? button('back', 'Give money back', askBack) : null,
    invoice.kind === 'invoice' ? button('credit', 'Credit note', askCredit) : null,
    invoice.openMinor > 0 ? button('off', 'Write off', askWriteOff) : null,
  )
}

const touch = ['invoices', 'accountTerms']

const moved = (value) => [
  { name: 'method', label: 'How', value, options: Object.entries(payMethods) },
  { name: 'reference', label: 'Reference' },
]

/** `sign`: -1 for money that goes back. */
const pay = (app, invoice, sign, words) => (typed) =>
  run(app, {
    request: async () =>
      api.post(path(invoice, 'payments'), {
        amountMinor: sign * minorOf(typed.amount, invoice.currency),
        method: typed.method,
        ...(typed.reference ? { reference: typed.reference } : {}),
      }),
    touch,
    ...words,
  })

function askPayment(app, invoice) {
  const { currency, openMinor, number } = invoice
  app.ask({
    title: `Was ${number} paid?`,
    text: 'The money counts from now on. More than is open becomes a credit of the account.',
    action: 'Record it',
    tone: 'calm',
    fields: [
      amountField({ currency, required: true, ...(openMinor > 0 ? { value: openMinor } : {}) }),
      ...moved('bank'),
    ],
    run: pay(app, invoice, 1, { done: 'The payment is recorded', failed: 'Not recorded' }),
  })
}

function askBack(app, invoice) {
  const { currency, openMinor, number } = invoice
  app.ask({
    title: `Was money of ${number} given back?`,
    text: `${money(-openMinor, currency)} are a credit of the account.`,
    action: 'Record it',
    tone: 'danger',
    fields: [amountField({ currency, required: true, most: -openMinor, value: -openMinor }), ...moved('bank')],
    run: pay(app, invoice, -1, { done: 'What went back is recorded', failed: 'Not recorded' }),
  })
}

const approval = (app) => [
  { name: 'reason', label: 'Reason', required: true },
  { name: 'approvedBy', label: 'Approved by', required: true, value: app.session.name },
]

function askCredit(app, invoice) {
  const { currency, lines, number } = invoice
  app.ask({
    title: `Correct ${number} by a credit note?`,
    text: 'It is set off against this invoice, then against the oldest open one.',
    action: 'Issue the credit note',
    tone: 'danger',
    fields: [
      {
        name: 'line',
        label: 'Line',
        value: '',
        options: [
          ['', 'All lines'],
          ...lines.map(({ line, description, totalMinor }) => [
            String(line),
            `${line}. ${description}, ${money(totalMinor, currency)}`,
          ]),
        ],
      },
      amountField({ currency, hint: 'Of one line, with tax. Empty: all of it.' }),
      ...approval(app),
    ],
    async run({ line, amount, reason, approvedBy }) {
      const made = await run(app, {
        async request() {
          const totalMinor = minorOf(amount, currency)
          if (line === '' && totalMinor !== undefined) throw new Error('Choose the line that the amount is of.')
          const chosen = line === '' ? lines.map((one) => one.line) : [Number(line)]
          const given = chosen.map((one) => ({ line: one, ...(totalMinor === undefined ? {} : { totalMinor }) }))
          return api.post(path(invoice, 'credit-notes'), { reason, approvedBy, lines: given })
        },
        done: 'The credit note is issued',
        failed: 'Not issued',
        touch: [...touch, 'bills', 'billTotals'],
      })
      if (made !== null) app.open({ kind: 'invoice', id: made.invoiceId }, null)
    },
  })
}

function askWriteOff(app, invoice) {
  app.ask({
    title: `Give up ${money(invoice.openMinor, invoice.currency)} of ${invoice.number}?`,
    text: 'What is open is posted as lost, for good.',
    action: 'Write it off',
    tone: 'danger',
    fields: approval(app),
    run: ({ reason, approvedBy }) =>
      run(app, {
        request: () => api.post(path(invoice, 'write-off'), { reason, approvedBy }),
        done: 'It is written off',
        failed: 'Not written off',
        touch,
      }),
  })
}

function linesPart(app, { lines, currency }) {
  const { times, now } = app
  return h(
    'section',
    { key: 'lines' },
    h('h3', 'Lines'),
    h(
      'ul.price-lines',
      lines.map((line) =>
        h(
          'li',
          { key: line.line },
          h('p.price-line', h('b', line.description), h('b', money(line.totalMinor, currency))),
          h(
            'p.note',
            [
              `${line.quantity} ${line.unit}`,
              times.near(line.serviceAt, now),
              line.plate,
              line.driver,
              line.department,
              `${line.taxCode} ${line.taxRate} %`,
            ]
              .filter(Boolean)
              .join(' · '),
          ),
          h(
            'button.inline',
            { onclick: (event) => app.open({ kind: 'bill', id: line.billId }, event.currentTarget) },
            `Bill ${line.billNumber}`,
          ),
        ),
      ),
    ),
  )
}

function taxPart({ content: { taxes, departments }, currency }) {
  const list = (key, title, rows) =>
    h(
      'section',
      { key },
      h('h3', title),
      h(
        'ul.plain-list',
        rows.map(([name, netMinor, totalMinor]) =>
          h(
            'li',
            { key: name },
            h('span', name),
            h('span.note', `net ${money(netMinor, currency)}`),
            h('b.end', money(totalMinor, currency)),
          ),
        ),
      ),
    )
  return [
    list(
      'taxes',
      'Taxes',
      taxes.map(({ code, rate, netMinor, totalMinor }) => [`${code}, ${rate} %`, netMinor, totalMinor]),
    ),
    departments.length > 1
      ? list(
          'departments',
          'Departments',
          departments.map(({ department, netMinor, totalMinor }) => [department || 'None', netMinor, totalMinor]),
        )
      : null,
  ]
}

function settledPart(app, { settlements, currency }) {
  const { times, now } = app
  return h(
    'section',
    { key: 'settled' },
    h('h3', 'What settled it'),
    settlements.length === 0 ? h('p.note', 'Nothing yet.') : null,
    h(
      'ul.plain-list',
      settlements.map(({ settlementId, kind, amountMinor, reason, at, actor, otherInvoiceId }) =>
        h(
          'li',
          { key: settlementId },
          otherInvoiceId === null
            ? h('span', plain(kind))
            : h(
                'button.inline',
                { onclick: (event) => app.open({ kind: 'invoice', id: otherInvoiceId }, event.currentTarget) },
                plain(kind),
              ),
          h('span.note', [times.near(at, now), actorWord(actor), reason].filter(Boolean).join(', ')),
          h('b.end', money(amountMinor, currency)),
        ),
      ),
    ),
  )
}
