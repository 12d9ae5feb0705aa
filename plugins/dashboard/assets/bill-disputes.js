// Owns the part of a bill's panel about what is contested on it and granted on it, and asking for either.
// Must not decide a dispute; dispute-panel.js does.
import { amountField, minorOf } from './amount-field.js'
import * as api from './api.js'
import { disputeState } from './dispute-panel.js'
import { h } from './elements.js'
import { money } from './formats.js'
import { run } from './run-change.js'
import { creditKinds } from './words.js'

export function disputesPart(app, { bill, disputes, credits }) {
  const may = app.can('money:write') && bill.kind === 'bill'
  if (!may && disputes.length + credits.length === 0) return null
  return h(
    'section',
    { key: 'disputes' },
    h('h3', 'Disputes and credits'),
    disputes.length + credits.length === 0 ? h('p.note', 'Nothing is contested, and nothing was granted.') : null,
    h(
      'ul.plain-list',
      disputes.map((dispute) =>
        h(
          'li',
          { key: dispute.disputeId },
          h(
            'button.inline.strong',
            { onclick: (event) => app.open({ kind: 'dispute', id: dispute.disputeId }, event.currentTarget) },
            'Dispute',
          ),
          disputeState(dispute),
          h('b.end', money(dispute.amountMinor, dispute.currency)),
        ),
      ),
      credits.map(({ creditId, kind, reason, creditedMinor, currency }) =>
        h(
          'li',
          { key: creditId },
          h('span', creditKinds[kind]),
          h('span.note', reason),
          h('b.end', money(creditedMinor, currency)),
        ),
      ),
    ),
    may
      ? h(
          'div.chips',
          h('button.small', { onclick: () => askDispute(app, bill) }, 'Open a dispute'),
          h('button.small', { onclick: () => askCredit(app, bill) }, 'Grant a credit'),
        )
      : null,
  )
}

const touch = ['disputes', 'credits', 'bills', 'billTotals']

function common({ lines, currency }) {
  return [
    {
      name: 'line',
      label: 'About',
      value: '',
      options: [
        ['', 'The whole bill'],
        ...lines.map(({ line, description, totalMinor }) => [
          String(line),
          `${line}. ${description}, ${money(totalMinor, currency)}`,
        ]),
      ],
    },
    amountField({ currency, hint: 'With tax. Empty: all that still stands.' }),
    { name: 'reason', label: 'Reason', required: true },
  ]
}

function bodyOf({ line, amount, reason }, currency) {
  const amountMinor = minorOf(amount, currency)
  return { reason, ...(line ? { line: Number(line) } : {}), ...(amountMinor === undefined ? {} : { amountMinor }) }
}

function askDispute(app, bill) {
  app.ask({
    title: `Open a dispute about ${bill.number}?`,
    text: 'It waits for a decision within the days that the site sets. The bill stays as it is until then.',
    action: 'Open the dispute',
    tone: 'calm',
    fields: [...common(bill), { name: 'evidence', label: 'Evidence' }],
    run: ({ evidence, ...typed }) =>
      run(app, {
        request: async () =>
          api.post(`/api/v1/bills/${bill.billId}/disputes`, {
            ...bodyOf(typed, bill.currency),
            ...(evidence ? { evidence } : {}),
          }),
        done: 'The dispute is open',
        failed: 'Not opened',
        touch,
      }),
  })
}

function askCredit(app, bill) {
  app.ask({
    title: `Grant a credit on ${bill.number}?`,
    text: 'An adjustment of the bill follows by itself. Above the limit of the site, open a dispute instead.',
    action: 'Grant it',
    tone: 'danger',
    fields: [
      {
        name: 'kind',
        label: 'Why',
        value: 'goodwill',
        options: [
          ['goodwill', 'For goodwill'],
          ['correction', 'To correct the bill'],
        ],
      },
      ...common(bill),
    ],
    run: ({ kind, ...typed }) =>
      run(app, {
        request: async () =>
          api.post(`/api/v1/bills/${bill.billId}/credits`, { kind, ...bodyOf(typed, bill.currency) }),
        done: 'The credit is granted',
        failed: 'Not granted',
        touch,
      }),
  })
}
