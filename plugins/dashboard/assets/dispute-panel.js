// Owns how one dispute is shown in the panel, and deciding it.
// Must not compute what is granted; the hub says what still stands.
import { amountField, minorOf } from './amount-field.js'
import * as api from './api.js'
import { h } from './elements.js'
import { money } from './formats.js'
import { icon } from './icons.js'
import { actorWord } from './link-parts.js'
import { facts } from './links-view.js'
import { run } from './run-change.js'
import { stateWord } from './station-talk.js'
import { disputeStates, plain } from './words.js'

export const disputeTitle = (dispute) => (dispute ? `Dispute of bill ${dispute.billNumber}` : 'Dispute')

export const disputeState = ({ state }) => stateWord(disputeStates, state)

export const overdue = ({ now }, { state, dueAt }) =>
  state === 'open' && Date.parse(dueAt) < now ? h('span.state.tone-bad', icon('overstay'), 'Overdue') : null

export function disputeParts(app, dispute) {
  const { times, now } = app
  const { currency } = dispute
  const opens = (kind, id, label, sign) =>
    h('button.small', { key: id, onclick: (event) => app.open({ kind, id }, event.currentTarget) }, icon(sign), label)
  return [
    h(
      'section',
      { key: 'head' },
      h('p.figure', { 'data-figure': 'dispute' }, money(dispute.amountMinor, currency)),
      h('p', disputeState(dispute), overdue(app, dispute)),
      facts([
        [
          'About',
          dispute.line === null
            ? 'the whole bill'
            : `line ${dispute.line}, ${plain(dispute.lineKind ?? '').toLowerCase()}`,
        ],
        ['Reason', dispute.reason],
        ...(dispute.evidence === null ? [] : [['Evidence', dispute.evidence]]),
        ['Opened', `${times.full(dispute.openedAt)} by ${actorWord(dispute.openedBy)}`],
        ['To be decided by', times.full(dispute.dueAt)],
        ...(dispute.decidedAt === null
          ? []
          : [
              ['Decided', `${times.near(dispute.decidedAt, now)} by ${actorWord(dispute.decidedBy)}`],
              ['In words', dispute.decision],
            ]),
        ...(dispute.creditedMinor === null ? [] : [['Granted', money(dispute.creditedMinor, currency)]]),
      ]),
      h(
        'div.chips',
        opens('bill', dispute.billId, `Bill ${dispute.billNumber}`, 'bill'),
        dispute.sessionId === null ? null : opens('session', dispute.sessionId, 'Session', 'bolt'),
        dispute.adjustmentBillIds.map((id, i) => opens('bill', id, `Adjustment ${i + 1}`, 'bill')),
      ),
    ),
    dispute.state === 'open' && app.can('money:write') ? decidePart(app, dispute) : null,
  ]
}

const decisionWords = {
  accepted: ['Accept this dispute?', 'What is granted is given back by an adjustment of the bill.', 'Accept', 'calm'],
  refused: ['Refuse this dispute?', 'The bill stays as it is.', 'Refuse', 'danger'],
  withdrawn: [
    'Is this dispute withdrawn?',
    'Whoever opened it no longer wants it decided. The bill stays as it is.',
    'Withdraw',
    'danger',
  ],
}

function decidePart(app, dispute) {
  return h(
    'section',
    { key: 'decide' },
    h('h3', 'Decide'),
    h('p.note', 'Once, and for good. Above the limit of the site it takes another person than who opened it.'),
    h(
      'div.chips',
      Object.entries(decisionWords).map(([state, [, , action]]) =>
        h('button.small', { key: state, onclick: () => askDecision(app, dispute, state) }, action),
      ),
    ),
  )
}

function askDecision(app, { disputeId, version, currency, amountMinor }, state) {
  const [title, text, action, tone] = decisionWords[state]
  app.ask({
    title,
    text,
    action,
    tone,
    fields: [
      ...(state === 'accepted'
        ? [
            amountField({
              currency,
              most: amountMinor,
              hint: `Empty: all ${money(amountMinor, currency)}, as far as it still stands.`,
            }),
          ]
        : []),
      { name: 'decision', label: 'In words', required: true },
    ],
    run: ({ amount, decision }) =>
      run(app, {
        async request() {
          const granted = minorOf(amount, currency)
          return api.post(`/api/v1/disputes/${disputeId}/decision`, {
            state,
            decision,
            version,
            ...(granted === undefined ? {} : { amountMinor: granted }),
          })
        },
        done: `The dispute is ${state}`,
        failed: 'Not decided',
        touch: ['disputes', 'credits', 'bills'],
      }),
  })
}
