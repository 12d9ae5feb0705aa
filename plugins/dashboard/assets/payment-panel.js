// Owns how one payment is shown in the panel: where it stands, what it pays, every operation, its story; and what a person may do with it.
// Must not decide what may be done to money: what the hub refuses is said.
import { amountField, minorOf } from './amount-field.js'
import * as api from './api.js'
import { h } from './elements.js'
import { money } from './formats.js'
import { icon } from './icons.js'
import { actorWord } from './link-parts.js'
import { facts } from './links-view.js'
import { run } from './run-change.js'
import { stateWord } from './station-talk.js'
import { paymentStates, plain } from './words.js'

export const paymentTitle = (order) => order?.description ?? 'Payment'

export const paymentState = ({ state, unknownSince }) => [
  stateWord(paymentStates, state),
  unknownSince === null ? null : h('span.state.tone-warn', icon('unknown'), 'Outcome unknown'),
]

export const methodOf = ({ method, cardBrand, cardLastFour }) => [
  plain(method),
  cardLastFour === null ? null : h('span.note', ` ${cardBrand ?? ''} •••• ${cardLastFour}`),
]

export function paymentParts(app, order) {
  return [headPart(app, order), operationsPart(app, order), partsPart(app, order), storyPart(app, order)]
}

function headPart(app, order) {
  const { times, now } = app
  const { currency } = order
  const amounts = [
    ['Taken', order.capturedMinor],
    ['Given back', order.refundedMinor],
  ].filter(([, minor]) => minor !== 0)
  return h(
    'section',
    { key: 'head' },
    h('p.figure', { 'data-figure': 'payment' }, money(order.amountMinor, currency)),
    h('p', paymentState(order)),
    facts([
      ...amounts.map(([name, minor]) => [name, money(minor, currency)]),
      ['By', [methodOf(order), h('span.note', ` ${order.provider}`)]],
      ['Asked', `${times.full(order.createdAt)} by ${actorWord(order.requestedBy)}`],
      ...(order.capture === 'manual' ? [['Taking', 'the money is held first, and taken later']] : []),
      ...(order.reference === null ? [] : [['Reference', h('code', order.reference)]]),
      ...(order.reason === null ? [] : [['Reason', order.reason]]),
      ...(order.unknownSince === null ? [] : [['Unknown since', times.near(order.unknownSince, now)]]),
      ...(isOpen(order) ? [['Ends', times.near(order.expiresAt, now)]] : []),
    ]),
    app.can('money:write') ? actions(app, order) : null,
  )
}

const isOpen = ({ state }) => ['requested', 'authorising', 'authorised'].includes(state)

function actions(app, order) {
  return h(
    'div.chips',
    order.checkoutUrl !== null && isOpen(order)
      ? h(
          'a.tool-link',
          { href: order.checkoutUrl, target: '_blank', rel: 'noopener noreferrer' },
          'Page where the driver pays',
          h('span.unseen', ', in a new tab'),
        )
      : null,
    order.state === 'authorised'
      ? h('button.small', { onclick: () => askCapture(app, order) }, 'Take the money')
      : null,
    isOpen(order) ? h('button.small', { onclick: () => askCancel(app, order) }, 'Cancel') : null,
    order.refundableMinor > 0
      ? h('button.small', { onclick: () => askRefund(app, order) }, icon('undo'), 'Give money back')
      : null,
  )
}

const touch = ['payments', 'reported']
const path = ({ orderId }, what) => `/api/v1/payment-orders/${orderId}/${what}`

function askCapture(app, order) {
  app.ask({
    title: 'Take the money?',
    text: `${money(order.amountMinor, order.currency)} are held for “${order.description}”. Empty: all that is held is taken.`,
    action: 'Take it',
    tone: 'calm',
    fields: [amountField({ currency: order.currency, most: order.amountMinor })],
    run: ({ amount }) =>
      run(app, {
        async request() {
          const amountMinor = minorOf(amount, order.currency)
          return api.post(path(order, 'capture'), amountMinor === undefined ? {} : { amountMinor })
        },
        done: 'The provider is asked to take the money',
        failed: 'Not taken',
        touch,
      }),
  })
}

function askCancel(app, order) {
  app.ask({
    title: 'Cancel this payment?',
    text: `Nobody can pay “${order.description}” by it any more; money that is held goes free.`,
    action: 'Cancel the payment',
    tone: 'danger',
    fields: [{ name: 'reason', label: 'Reason' }],
    run: ({ reason }) =>
      run(app, {
        request: () => api.post(path(order, 'cancel'), reason ? { reason } : {}),
        done: 'The payment is being cancelled',
        failed: 'Not cancelled',
        touch,
      }),
  })
}

function askRefund(app, order) {
  const { currency, refundableMinor } = order
  const bills = order.parts.filter(({ billId }) => billId !== null)
  app.ask({
    title: 'Give money back?',
    text: `At most ${money(refundableMinor, currency)}, the way it was paid. Above the limit of the site somebody else has to approve it.`,
    action: 'Give back',
    tone: 'danger',
    fields: [
      amountField({ currency, most: refundableMinor, value: refundableMinor, required: true }),
      ...(bills.length > 1
        ? [
            {
              name: 'billId',
              label: 'For',
              value: '',
              options: [
                ['', 'What was paid last'],
                ...bills.map(({ billId, paidMinor }, i) => [
                  billId,
                  `Bill ${i + 1}, ${money(paidMinor, currency)} paid`,
                ]),
              ],
            },
          ]
        : []),
      { name: 'reason', label: 'Reason', required: true },
    ],
    run: ({ amount, billId, reason }) =>
      run(app, {
        request: async () =>
          api.post(path(order, 'refund'), {
            amountMinor: minorOf(amount, currency),
            reason,
            ...(billId ? { billId } : {}),
          }),
        done: 'The refund is asked for',
        failed: 'Not given back',
        touch,
      }),
  })
}

const operationStates = {
  waiting: { label: 'Waits for approval', tone: 'warn', icon: 'person' },
  queued: { label: 'Goes out next', tone: 'calm', icon: 'waiting' },
  sent: { label: 'Sent', tone: 'calm', icon: 'waiting' },
  done: { label: 'Done', tone: 'good', icon: 'check' },
  refused: { label: 'Refused', tone: 'bad', icon: 'blocked' },
  unknown: { label: 'Outcome unknown', tone: 'warn', icon: 'unknown' },
  dropped: { label: 'Not done', tone: 'off', icon: 'cross' },
}

const operationKinds = { authorise: 'Ask for it', capture: 'Take', cancel: 'Cancel', refund: 'Give back' }

function operationsPart(app, order) {
  const { times, now } = app
  return h(
    'section',
    { key: 'operations' },
    h('h3', 'Operations'),
    order.operations.length === 0 ? h('p.note', 'Nothing was asked of the provider yet.') : null,
    h(
      'ul.price-lines',
      order.operations.map((one) => {
        const said = [one.reason, one.outcome].filter(Boolean)
        return h(
          'li',
          { key: one.operationId },
          h('p.price-line', h('b', operationKinds[one.kind]), h('b', money(one.amountMinor, order.currency))),
          h(
            'p',
            stateWord(operationStates, one.state),
            h('span.note', ` ${times.near(one.createdAt, now)} by ${actorWord(one.requestedBy)}`),
          ),
          said.length > 0 ? h('p.note', said.join(' · ')) : null,
          one.attempts > 1 || one.asks > 0 ? h('p.note', `Sent ${one.attempts} ×, asked after ${one.asks} ×`) : null,
          app.can('money:write') ? decisions(app, order, one) : null,
        )
      }),
    ),
  )
}

function decisions(app, order, operation) {
  const button = (decision, label) =>
    h('button.small', { key: decision, onclick: () => askDecision(app, order, operation, decision) }, label)
  if (operation.state === 'waiting') return h('div.chips', button('approve', 'Approve'), button('reject', 'Reject'))
  if (operation.state === 'unknown')
    return h('div.chips', button('ask', 'Ask the provider now'), button('not_done', 'It was not done'))
  return null
}

const decisionWords = {
  approve: [
    'Approve this refund?',
    'It goes to the provider. Who asked for it cannot approve it.',
    'Approve',
    'calm',
    'Approved',
  ],
  reject: ['Reject this refund?', 'Nothing is given back.', 'Reject', 'danger', 'Rejected'],
  ask: [
    'Ask the provider now?',
    'The hub asks what became of it; nothing is sent a second time.',
    'Ask',
    'calm',
    'The provider is asked',
  ],
  not_done: [
    'Was it not done?',
    'Only after somebody has looked at the provider’s desk. The hub then counts it as refused.',
    'It was not done',
    'danger',
    'It counts as not done',
  ],
}

function askDecision(app, order, { operationId, amountMinor }, decision) {
  const [title, text, action, tone, done] = decisionWords[decision]
  app.ask({
    title,
    text: `${money(amountMinor, order.currency)} of “${order.description}”. ${text}`,
    action,
    tone,
    fields:
      decision === 'ask'
        ? []
        : [
            {
              name: 'reason',
              label: decision === 'not_done' ? 'What was seen there' : 'Reason',
              required: decision !== 'approve',
            },
          ],
    run: ({ reason }) =>
      run(app, {
        request: () => api.post(path(order, `operations/${operationId}`), { decision, ...(reason ? { reason } : {}) }),
        done,
        failed: 'Not decided',
        touch,
      }),
  })
}

function partsPart(app, { parts, currency }) {
  return h(
    'section',
    { key: 'parts' },
    h('h3', 'What it pays'),
    h(
      'ul.plain-list',
      parts.map(({ subjectKey, billId, amountMinor, paidMinor }) => {
        const [kind, id] = subjectKey.split(':')
        const opens = billId !== null ? { kind: 'bill', id: billId } : kind === 'stay' ? { kind, id } : null
        const name = billId !== null ? 'Bill' : plain(kind)
        return h(
          'li',
          { key: `${subjectKey} ${billId}` },
          opens === null
            ? h('span', name)
            : h('button.inline.strong', { onclick: (event) => app.open(opens, event.currentTarget) }, name),
          h('span.note', `${money(paidMinor, currency)} paid by it`),
          h('b.end', money(amountMinor, currency)),
        )
      }),
    ),
  )
}

function storyPart({ times, now }, { story }) {
  return h(
    'section',
    { key: 'story' },
    h('h3', 'What happened'),
    h(
      'ol.findings',
      story.map(({ at, actor, words }, i) =>
        h('li', { key: i }, h('span.note', `${times.near(at, now)}, ${actorWord(actor)}`), h('p', words)),
      ),
    ),
  )
}
