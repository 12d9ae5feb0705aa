// Owns the page about the books of a site: what is open and what holds it up, closing, closed periods and the proof of them.
// Must not compute an amount or a hash.
import * as api from './api.js'
import { h } from './elements.js'
import { count, counted, money } from './formats.js'
import { icon } from './icons.js'
import { entriesTable } from './ledger-entries.js'
import { mappingsBlock } from './ledger-mappings.js'
import { facts } from './links-view.js'
import { addDays } from './local-time.js'
import { recordTable } from './record-table.js'
import { run } from './run-change.js'
import { forbidden } from './stay-table.js'
import { plain } from './words.js'

export function periodsView(app) {
  if (!app.data.get('periods')) return periodTable(app)
  return [
    h('div.two', { key: 'two' }, closingBlock(app), balanceBlock(app)),
    periodTable(app),
    entriesTable(app),
    mappingsBlock(app),
  ]
}

function waitingNote(source) {
  if (source?.error) return h('p.error', { role: 'alert' }, icon('fault'), source.error.message)
  return h('p.note', { 'aria-busy': 'true' }, 'Loading…')
}

function closingBlock(app) {
  const { data, times, now } = app
  const source = data.get('closing')
  const value = source?.value
  const yesterday = addDays(times.day(now), -1)
  const to = data.money.asked('closing').to ?? value?.to ?? yesterday
  const closed = value?.closedTo !== null && value?.closedTo >= to
  return h(
    'section.block',
    { key: 'closing', 'aria-labelledby': 'closing-title' },
    h(
      'div.block-head',
      h('h2', { id: 'closing-title' }, 'Open days'),
      app.can('money:write') && value
        ? h(
            'div.tools',
            h('button.primary', { onclick: () => askClose(app, value), disabled: closed }, `Close up to ${to}`),
          )
        : null,
      h('p.note', 'Closing is for good: what comes later is posted on a later day.'),
    ),
    h(
      'div.inline-form',
      h(
        'label',
        h('span', 'Look at closing up to'),
        h('input', {
          type: 'date',
          id: 'closing-to',
          value: to,
          max: yesterday,
          onchange: ({ target }) => data.money.ask('closing', { to: target.value }),
        }),
      ),
    ),
    value
      ? [
          facts([
            ['Closed up to', value.closedTo ?? 'nothing is closed yet'],
            ...value.open.map(({ currency, entries, from }) => [
              `Open, ${currency}`,
              `${counted(entries, 'entry', 'entries')} since ${from}`,
            ]),
            ...(value.open.length === 0 ? [['Open', `no entry up to ${value.to}`]] : []),
          ]),
          unsettledPart(app, value.unsettled),
          automatic(app),
        ]
      : waitingNote(source),
  )
}

function unsettledPart(app, unsettled) {
  if (unsettled.length === 0) return h('p.state.tone-good', icon('check'), 'Everything of these days is settled.')
  return h(
    'div',
    { key: 'unsettled' },
    h('p.state.tone-warn', icon('fault'), `${counted(unsettled.length, 'thing')} would be closed unsettled`),
    unsettledList(app, unsettled),
  )
}

const kindOf = { stay: 'stay', charging_session: 'session' }

const unsettledList = (app, unsettled) =>
  h(
    'ul.findings',
    unsettled.map(({ type, id, date, reason }) =>
      h(
        'li',
        { key: id },
        kindOf[type]
          ? h(
              'button.inline.strong',
              { onclick: (event) => app.open({ kind: kindOf[type], id }, event.currentTarget) },
              plain(type),
            )
          : h('b', plain(type)),
        h('p', `${date}: ${reason}`),
      ),
    ),
  )

function askClose(app, { to, unsettled, open }) {
  const entries = open.reduce((sum, one) => sum + one.entries, 0)
  app.ask({
    title: `Close the books up to ${to}?`,
    text: `${counted(entries, 'entry', 'entries')} are numbered, added up and sealed. There is no reopening.${unsettled.length > 0 ? ` ${counted(unsettled.length, 'thing')} of these days ${unsettled.length === 1 ? 'is' : 'are'} not settled; say why they do not hold it up.` : ''}`,
    action: 'Close for good',
    tone: 'danger',
    fields: unsettled.length > 0 ? [{ name: 'reason', label: 'Reason', required: true }] : [],
    run: ({ reason }) =>
      run(app, {
        request: () => api.post('/api/v1/ledger/periods', { siteId: app.siteId, to, ...(reason ? { reason } : {}) }),
        done: `The books are closed up to ${to}`,
        failed: 'Not closed',
        touch: ['closing', 'periods', 'entries', 'trialBalance'],
      }),
  })
}

function automatic(app) {
  const days = app.site?.settings?.ledger_close_after_days
  return h(
    'div.automatic',
    { key: 'automatic' },
    h(
      'p',
      h('b', 'Automatic close: '),
      typeof days === 'number'
        ? `${counted(days, 'day')} after a day is over, once all of it is settled.`
        : 'off; somebody closes the books here.',
    ),
    app.can('sites:write')
      ? h('button.small', { onclick: () => askAutomatic(app, days) }, icon('edit'), 'Change')
      : null,
  )
}

function askAutomatic(app, days) {
  app.ask({
    title: 'Automatic close',
    text: 'A day of the books is closed by itself so many days after it is over, once all of it is settled. Empty: never.',
    action: 'Save',
    tone: 'calm',
    fields: [
      { name: 'days', label: 'Days', type: 'number', min: 0, max: 365, value: days === undefined ? '' : String(days) },
    ],
    async run({ days: typed }) {
      await run(app, {
        async request() {
          // Settings are replaced as a whole, so that others are read and kept.
          const site = await api.get(`/api/v1/sites/${app.siteId}`)
          const { ledger_close_after_days: _, ...settings } = site.settings
          if (typed !== '') settings.ledger_close_after_days = Number(typed)
          return api.patch(`/api/v1/sites/${app.siteId}`, { settings }, site.version)
        },
        done: typed === '' ? 'Days are closed by hand' : `Days are closed after ${counted(Number(typed), 'day')}`,
        failed: 'Not saved',
        touch: ['overview', 'closing'],
      })
    },
  })
}

function balanceBlock(app) {
  const { data, times, now } = app
  const source = data.get('trialBalance')
  const value = source?.value
  const date = data.money.asked('trialBalance').date ?? times.day(now)
  return h(
    'section.block',
    { key: 'balance', 'aria-labelledby': 'balance-title' },
    h(
      'div.block-head',
      h('h2', { id: 'balance-title' }, 'Trial balance'),
      h(
        'div.tools',
        h(
          'label.day-field',
          h('span', 'At the end of'),
          h('input', {
            type: 'date',
            id: 'balance-date',
            value: date,
            onchange: ({ target }) => data.money.ask('trialBalance', { date: target.value }),
          }),
        ),
      ),
    ),
    value ? balanceTable(value) : waitingNote(source),
  )
}

function balanceTable({ accounts, totals }) {
  if (accounts.length === 0) return h('p.empty', 'Nothing was posted up to that day.')
  const cells = (debit, credit, currency) => [
    h('td.end', { 'data-label': 'Debits' }, money(debit, currency)),
    h('td.end', { 'data-label': 'Credits' }, money(credit, currency)),
  ]
  return h(
    'div.table-frame',
    h(
      'table',
      { 'aria-labelledby': 'balance-title' },
      h('thead', h('tr', h('th', 'Account'), h('th.end', 'Debits'), h('th.end', 'Credits'), h('th.end', 'Balance'))),
      h(
        'tbody',
        accounts.map((one) =>
          h(
            'tr',
            { key: `${one.account} ${one.currency}` },
            h('td', { 'data-label': 'Account' }, h('b', one.name), h('span.note', ` ${one.account}`)),
            cells(one.debitMinor, one.creditMinor, one.currency),
            h('td.end', { 'data-label': 'Balance' }, money(one.balanceMinor, one.currency)),
          ),
        ),
        totals.map((one) =>
          h(
            'tr.sum',
            { key: `sum ${one.currency}` },
            h('td', { 'data-label': 'Account' }, h('b', `All, ${one.currency}`)),
            cells(one.debitMinor, one.creditMinor, one.currency),
            h(
              'td.end',
              { 'data-label': 'Balance' },
              one.debitMinor === one.creditMinor
                ? h('span.state.tone-good', icon('check'), 'Balances')
                : h('span.state.tone-bad', icon('fault'), 'Does not balance'),
            ),
          ),
        ),
      ),
    ),
  )
}

function periodTable(app) {
  const { data, times, now } = app
  const [proof, shown] = [app.ledgerProof, app.periodShown]
  return recordTable(app, {
    id: 'periods',
    title: 'Closed periods',
    note: 'Each is sealed with a hash over its entries and over the period before it.',
    rows: data.items('periods'),
    source: data.get('periods') ?? forbidden,
    keyOf: ({ periodId }) => periodId,
    tools: data.get('periods')
      ? h('button', { onclick: () => verify(app), disabled: proof === 'asking' }, icon('check'), 'Verify the chain')
      : null,
    above: proof && proof !== 'asking' ? proofPart(proof) : null,
    columns: [
      {
        id: 'number',
        label: 'Period',
        sort: ({ number }) => number,
        cell: (period) =>
          h(
            'button.inline.strong',
            {
              'aria-expanded': String(shown === period.periodId),
              onclick: () => app.set({ periodShown: shown === period.periodId ? null : period.periodId }),
            },
            `No. ${period.number}`,
          ),
        csv: ({ number }) => number,
      },
      {
        id: 'days',
        label: 'Days',
        cell: ({ from, to }) => (from === to ? to : `${from} – ${to}`),
        csv: ({ from, to }) => `${from}/${to}`,
      },
      { id: 'currency', label: 'Currency', cell: ({ currency }) => currency, csv: ({ currency }) => currency },
      {
        id: 'entries',
        label: 'Entries',
        end: true,
        cell: ({ entryCount }) => count(entryCount),
        csv: ({ entryCount }) => entryCount,
      },
      {
        id: 'closed',
        label: 'Closed',
        cell: ({ closedAt, closedBy }) => [
          times.near(closedAt, now),
          h('span.note', closedBy === 'hub' ? ' by itself' : ' by hand'),
        ],
        csv: ({ closedAt }) => times.exact(closedAt),
      },
      {
        id: 'hash',
        label: 'Hash',
        cell: ({ hash }) => h('code', { title: hash }, `${hash.slice(0, 12)}…`),
        csv: ({ hash }) => hash,
      },
      { id: 'reason', label: 'Reason', hidden: true, csv: ({ reason }) => reason },
    ],
    file: app.fileName('periods'),
    empty: h('p', 'Nothing is closed yet. Days are closed above, or by themselves where the site says so.'),
    below: shown
      ? onePeriod(
          app,
          data.items('periods').find(({ periodId }) => periodId === shown),
        )
      : null,
  })
}

function proofPart({ intact, periods, entries, lastHash, firstBroken }) {
  return h(
    'div.answer',
    { key: 'proof', role: 'status' },
    intact
      ? h(
          'p',
          h('span.state.tone-good', icon('check'), 'The chain holds'),
          ` ${counted(periods, 'period')} with ${counted(entries, 'entry', 'entries')}, each as it was closed.`,
        )
      : h(
          'p',
          h('span.state.tone-bad', icon('fault'), 'The chain is broken'),
          ` Period ${firstBroken.number}${firstBroken.entryNumber === null ? '' : `, entry ${firstBroken.entryNumber}`}: ${firstBroken.reason}`,
        ),
    h('p.note', 'Last hash that holds ', h('code.long', lastHash)),
  )
}

async function verify(app) {
  app.set({ ledgerProof: 'asking' })
  try {
    app.set({ ledgerProof: await api.post('/api/v1/ledger/periods/verify', { siteId: app.siteId }) })
  } catch (error) {
    app.set({ ledgerProof: null })
    app.say({ tone: 'bad', title: 'The chain could not be verified', text: error.message })
  }
}

function onePeriod(app, period) {
  if (!period) return null
  return h(
    'article.reach',
    { key: 'period', 'aria-labelledby': 'period-title' },
    h('h3', { id: 'period-title' }, `Period ${period.number}`),
    facts([
      ['Hash', h('code.long', period.hash)],
      ['Before it', h('code.long', period.previousHash)],
      ...(period.reason === null ? [] : [['Reason', period.reason]]),
    ]),
    period.unsettled.length > 0 ? [h('p.note', 'Unsettled at the time:'), unsettledList(app, period.unsettled)] : null,
    period.accounts.length > 0
      ? h(
          'ul.plain-list',
          period.accounts.map(({ account, name, debitMinor, creditMinor }) =>
            h(
              'li',
              { key: account },
              h('span', name, h('span.note', ` ${account}`)),
              h('span.end', `${money(debitMinor, period.currency)} / ${money(creditMinor, period.currency)}`),
            ),
          ),
        )
      : null,
    h(
      'div.chips',
      h(
        'button.small',
        { onclick: () => app.data.money.ask('entries', { periodId: period.periodId }) },
        'Show its entries',
      ),
      h(
        'a.tool-link',
        { href: `/api/v1/ledger/periods/${period.periodId}/book`, target: '_blank', rel: 'noopener' },
        'The book as JSON',
        h('span.unseen', ', in a new tab'),
      ),
    ),
  )
}
