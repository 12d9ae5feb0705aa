// Owns how one record of a partner is shown in the panel: their amount and ours with the reasons, its session, its disputes.
// Must not price; the hub did.
import { minorOf } from './amount-field.js'
import * as api from './api.js'
import { h } from './elements.js'
import { kwhText, majorText, money } from './formats.js'
import { icon } from './icons.js'
import { actorWord } from './link-parts.js'
import { facts } from './links-view.js'
import { run } from './run-change.js'
import { cdrStates, differenceClasses, recordDisputeStates } from './settling-words.js'
import { stateWord } from './station-talk.js'

export const cdrTitle = (cdr) => (cdr ? `Record ${cdr.externalId}` : 'Record')
export const cdrState = ({ state }) => stateWord(cdrStates, state)
export const recordDisputeState = ({ state }) => stateWord(recordDisputeStates, state)

const touch = ['partnerCdrs', 'cdrDisputes']

/** With its disputes, and with the other contents that came under its id. */
export async function readCdr(id) {
  const cdr = await api.get(`/api/v1/partner-cdrs/${id}`)
  const { partnerId, externalId } = cdr
  const [{ items: disputes }, { items: same }] = await Promise.all([
    api.list('/api/v1/cdr-disputes', { cdrId: id }, 50),
    api.list('/api/v1/partner-cdrs', { partnerId, externalId }, 50),
  ])
  return { ...cdr, disputes, others: same.filter(({ cdrId }) => cdrId !== id) }
}

export const partnerOf = (app, id) => app.data.items('partners').find(({ partnerId }) => partnerId === id)

export function cdrParts(app, cdr) {
  return [
    headPart(app, cdr),
    amountsPart(cdr),
    reasonsPart(cdr),
    othersPart(app, cdr),
    disputesPart(app, cdr),
    linesPart(cdr),
    h(
      'section',
      { key: 'body' },
      h('details', h('summary', 'As it came'), h('pre', { tabindex: '0' }, JSON.stringify(cdr.body, null, 2))),
    ),
  ]
}

function headPart(app, cdr) {
  const { times } = app
  const partner = partnerOf(app, cdr.partnerId)
  const opens = (kind, id, label) =>
    h('button.inline', { onclick: (event) => app.open({ kind, id }, event.currentTarget) }, label)
  return h(
    'section',
    { key: 'head' },
    h(
      'p',
      cdrState(cdr),
      cdr.disputed ? [' ', stateWord({ on: { label: 'Disputed', tone: 'warn', icon: 'fault' } }, 'on')] : null,
    ),
    facts([
      ['Partner', opens('partner', cdr.partnerId, partner?.name ?? 'Archived partner')],
      ['Charged', `${times.full(cdr.startedAt)} – ${times.full(cdr.endedAt)}`],
      ['Energy', `${kwhText(cdr.energyWh)} kWh`],
      ['Session', cdr.sessionId === null ? 'none of ours' : opens('session', cdr.sessionId, 'Charging session')],
      ...(cdr.matchWords === '' ? [] : [['Tied by', cdr.matchWords]]),
      ...(cdr.credit ? [['Takes back', cdr.creditReference ?? 'not named']] : []),
      ['Statement', cdr.statementId === null ? 'on none' : opens('statement', cdr.statementId, 'Statement')],
      ['Edition of OCPI', cdr.edition],
      ['Received', times.full(cdr.receivedAt)],
    ]),
  )
}

function amountsPart({ netMinor, taxMinor, totalMinor, currency, repriced }) {
  const rows = [
    ['Net', netMinor, repriced?.netMinor],
    ['Tax', taxMinor, repriced?.taxMinor],
    ['Total', totalMinor, repriced?.totalMinor],
  ]
  return h(
    'section',
    { key: 'amounts' },
    h('h3', 'Theirs and ours'),
    h(
      'table.small-table',
      { role: 'table', 'aria-label': 'Amounts of the record and as priced anew' },
      h(
        'thead',
        { role: 'rowgroup' },
        h(
          'tr',
          { role: 'row' },
          h('th', { role: 'columnheader', scope: 'col' }, 'Amount'),
          ['Theirs', 'Ours', 'Theirs less ours'].map((words) =>
            h('th.end', { key: words, role: 'columnheader', scope: 'col' }, words),
          ),
        ),
      ),
      h(
        'tbody',
        { role: 'rowgroup' },
        rows.map(([label, theirs, ours]) =>
          h(
            'tr',
            { key: label, role: 'row' },
            h('td', { role: 'cell', 'data-label': 'Amount' }, label),
            h('td.end', { role: 'cell', 'data-label': 'Theirs' }, money(theirs, currency)),
            h('td.end', { role: 'cell', 'data-label': 'Ours' }, ours === undefined ? '–' : money(ours, currency)),
            h(
              'td.end',
              { role: 'cell', 'data-label': 'Theirs less ours' },
              ours === undefined ? '–' : h('b', money(theirs - ours, currency)),
            ),
          ),
        ),
      ),
    ),
  )
}

function reasonsPart({ findings, currency }) {
  return h(
    'section',
    { key: 'reasons' },
    h('h3', 'Why'),
    h(
      'ul.price-lines',
      findings.map(({ class: kind, words, amountMinor }) =>
        h(
          'li',
          { key: kind },
          h(
            'p.price-line',
            h('b', differenceClasses[kind]),
            amountMinor === 0 ? null : h('b', money(amountMinor, currency)),
          ),
          h('p.note', words),
        ),
      ),
    ),
  )
}

function linesPart({ repriced }) {
  if (repriced === null) return null
  return h(
    'section',
    { key: 'lines' },
    h(
      'details',
      h('summary', 'How it was priced anew'),
      h(
        'ul.price-lines',
        repriced.lines.map(({ description, quantity, net, explanation }, i) =>
          h(
            'li',
            { key: i },
            h('p.price-line', h('b', description), h('b', net)),
            h('p.note', [quantity, ...explanation].join(' · ')),
          ),
        ),
      ),
      repriced.warnings.map((words, i) => h('p.state.tone-warn', { key: i }, icon('fault'), words)),
    ),
  )
}

function othersPart(app, cdr) {
  const { others, state, currency } = cdr
  if (others.length === 0) return null
  return h(
    'section',
    { key: 'others' },
    h('h3', 'Other contents under its id'),
    h(
      'ul.plain-list',
      others.map((other) =>
        h(
          'li',
          { key: other.cdrId },
          h(
            'button.inline',
            { onclick: (event) => app.open({ kind: 'cdr', id: other.cdrId }, event.currentTarget) },
            app.times.near(other.receivedAt, app.now),
          ),
          cdrState(other),
          h('b.end', money(other.totalMinor, other.currency)),
        ),
      ),
    ),
    state === 'conflict' && app.can('money:write')
      ? h(
          'div.chips',
          h(
            'button.small',
            { onclick: () => askResolve(app, cdr, 'new') },
            `This counts, ${money(cdr.totalMinor, currency)}`,
          ),
          h('button.small', { onclick: () => askResolve(app, cdr, 'old') }, 'The other counts'),
        )
      : null,
  )
}

function disputesPart(app, cdr) {
  const { disputes, currency, state, disputed } = cdr
  const mayOpen = app.can('money:write') && !disputed && (state === 'agreed' || state === 'differs')
  if (disputes.length === 0 && !mayOpen) return null
  return h(
    'section',
    { key: 'disputes' },
    h('h3', 'Disputes'),
    disputes.length === 0 ? h('p.note', 'It was never disputed.') : null,
    disputes.map((dispute) => disputePart(app, cdr, dispute, currency)),
    mayOpen ? h('div.chips', h('button.small', { onclick: () => askDispute(app, cdr) }, 'Dispute it')) : null,
  )
}

function disputePart(app, cdr, dispute, currency) {
  const { times } = app
  const { state, settledNetMinor, settledTaxMinor } = dispute
  return h(
    'div.settling-dispute',
    { key: dispute.disputeId },
    h('p', recordDisputeState(dispute)),
    facts([
      ['Reason', dispute.reason],
      ['We expect', money(dispute.expectedMinor, currency)],
      ['Opened', `${times.full(dispute.createdAt)} by ${actorWord(dispute.openedBy)}`],
      ...(dispute.answer === null
        ? []
        : [['Their answer', `${dispute.answer} (${times.near(dispute.answeredAt, app.now)})`]]),
      ...(dispute.settlement === null
        ? []
        : [
            ['Settled at', `net ${money(settledNetMinor, currency)}, tax ${money(settledTaxMinor, currency)}`],
            ['In words', dispute.settlement],
            ['Settled', times.full(dispute.settledAt)],
          ]),
    ]),
    state !== 'settled' && app.can('money:write')
      ? h(
          'div.chips',
          h('button.small', { onclick: () => askAnswer(app, dispute) }, 'They answered'),
          h('button.small', { onclick: () => askSettle(app, cdr, dispute) }, icon('check'), 'Settle it'),
        )
      : null,
  )
}

/** A credit is below zero. */
function signedMinor(text, currency) {
  const typed = text.trim()
  return typed.startsWith('-') ? -minorOf(typed.slice(1), currency) : minorOf(typed, currency)
}

const amount = (name, label, currency, minor) => ({
  name,
  label: `${label} in ${currency}`,
  type: 'number',
  step: majorText(1, currency),
  required: true,
  value: majorText(minor, currency),
})

function askDispute(app, { cdrId, externalId, currency, repriced, totalMinor }) {
  app.ask({
    title: `Dispute ${externalId}?`,
    text: 'It stands on no statement until the dispute is settled.',
    action: 'Dispute it',
    tone: 'calm',
    fields: [
      { name: 'reason', label: 'Reason', required: true },
      amount('expected', 'We expect', currency, repriced?.totalMinor ?? totalMinor),
    ],
    run: ({ reason, expected }) =>
      run(app, {
        request: async () =>
          api.post(`/api/v1/partner-cdrs/${cdrId}/disputes`, {
            reason,
            expectedMinor: signedMinor(expected, currency),
          }),
        done: 'It is disputed',
        failed: 'Not disputed',
        touch,
      }),
  })
}

function askAnswer(app, { disputeId }) {
  app.ask({
    title: 'What did they answer?',
    text: 'It is kept with the dispute, which stays open.',
    action: 'Keep it',
    tone: 'calm',
    fields: [{ name: 'answer', label: 'Their answer', required: true }],
    run: ({ answer }) =>
      run(app, {
        request: () => api.post(`/api/v1/cdr-disputes/${disputeId}/answer`, { answer }),
        done: 'The answer is kept',
        failed: 'Not kept',
        touch,
      }),
  })
}

function askSettle(app, { currency, repriced, netMinor, taxMinor }, { disputeId }) {
  app.ask({
    title: 'At what is it settled?',
    text: 'This amount stands on the next statement; what was stated already is corrected there.',
    action: 'Settle it',
    tone: 'calm',
    fields: [
      amount('net', 'Net', currency, repriced?.netMinor ?? netMinor),
      amount('tax', 'Tax', currency, repriced?.taxMinor ?? taxMinor),
      { name: 'settlement', label: 'In words', required: true },
    ],
    run: ({ net, tax, settlement }) =>
      run(app, {
        request: async () =>
          api.post(`/api/v1/cdr-disputes/${disputeId}/settle`, {
            netMinor: signedMinor(net, currency),
            taxMinor: signedMinor(tax, currency),
            settlement,
          }),
        done: 'The dispute is settled',
        failed: 'Not settled',
        touch,
      }),
  })
}

function askResolve(app, { cdrId, externalId }, use) {
  app.ask({
    title:
      use === 'new' ? `Does this content of ${externalId} count?` : `Does the other content of ${externalId} count?`,
    text: 'The one that does not count stays, to be looked at.',
    action: use === 'new' ? 'This one counts' : 'The other counts',
    tone: 'calm',
    fields: [{ name: 'reason', label: 'Reason', required: true }],
    run: ({ reason }) =>
      run(app, {
        request: () => api.post(`/api/v1/partner-cdrs/${cdrId}/resolve`, { use, reason }),
        done: 'It is decided',
        failed: 'Not decided',
        touch,
      }),
  })
}
