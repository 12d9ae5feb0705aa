// Owns the part of the page about invoices that sets on which terms an account is invoiced, and issues its next invoice.
// Must not add up amounts.
import * as api from './api.js'
import { askedFilters } from './asked-filters.js'
import { h } from './elements.js'
import { counted, money } from './formats.js'
import { icon } from './icons.js'
import { facts } from './links-view.js'
import { run } from './run-change.js'
import { plain } from './words.js'

const cadences = { week: 'Each week', month: 'Each month' }
const touch = ['accountTerms', 'invoices']

export function termsBlock(app) {
  const { data } = app
  const source = data.get('accountTerms')
  if (source === null) return null
  const accounts = data.items('accounts')
  const filter = askedFilters(app, 'accountTerms')
  const account = accounts.find(({ accountId }) => accountId === filter.asked.accountId)
  const value = source.value?.accountId === account?.accountId ? source.value : null
  return h(
    'section.block',
    { key: 'terms', 'aria-labelledby': 'terms-title' },
    h(
      'div.block-head',
      h('h2', { id: 'terms-title' }, 'Terms of an account'),
      h('p.note', 'Whoever has terms gets an invoice each week or month instead of paying bill by bill.'),
      h(
        'div.tools',
        filter.choice(
          'accountId',
          'Account',
          'Choose an account',
          accounts.map(({ accountId, name, number }) => [accountId, `${name} (${number})`]),
        ),
      ),
    ),
    accounts.length === 0
      ? h(
          'p.empty',
          app.can('people:read')
            ? 'There is no account yet; one is made under People.'
            : 'This key does not reach accounts.',
        )
      : account === undefined
        ? h('p.empty', 'Choose an account to see its terms.')
        : source.error
          ? h('p.error', { role: 'alert' }, icon('fault'), source.error.message)
          : value === null
            ? h('p.note', { 'aria-busy': 'true' }, 'Loading…')
            : termsPart(app, account, value),
  )
}

function termsPart(app, account, { terms, running, deposits }) {
  const active = terms !== null && terms.archivedAt === null
  const may = app.can('money:write')
  return [
    active
      ? facts([
          ['Invoiced', `${cadences[terms.cadence]}, due after ${counted(terms.dueDays, 'day')}`],
          ['On invoices', `what was billed before ${terms.collectedTo}`],
          ...(terms.siteId === app.siteId ? [] : [['By', 'another site']]),
          ...Object.entries({ ...terms.buyer, locale: terms.locale })
            .filter(([, text]) => text)
            .map(([name, text]) => [buyerWords[name] ?? plain(name), text]),
          ...(running === null
            ? []
            : [
                [
                  'Next invoice',
                  running.lines.length === 0
                    ? `nothing so far, issued by itself on ${running.to}`
                    : `${money(running.sums.totalMinor, running.currency)} in ${counted(running.lines.length, 'line')} so far, issued by itself on ${running.to}`,
                ],
              ]),
        ])
      : h('p', `${account.name} is not invoiced: every bill is paid by itself.`),
    deposits.length === 0
      ? null
      : h(
          'ul.plain-list',
          { key: 'deposits' },
          deposits.map(({ depositId, kind, amountMinor, currency, at, reference }) =>
            h(
              'li',
              { key: depositId },
              h('span', `Deposit ${kind}`),
              h('span.note', [app.times.near(at, app.now), reference].filter(Boolean).join(', ')),
              h('b.end', money(amountMinor, currency)),
            ),
          ),
        ),
    may
      ? h(
          'div.tools',
          { key: 'actions' },
          h(
            'button',
            { onclick: () => askTerms(app, account, active ? terms : null) },
            active ? 'Change the terms' : 'Invoice this account',
          ),
          active ? h('button.primary', { onclick: () => askIssue(app, account) }, 'Issue an invoice now') : null,
          active ? h('button.quiet', { onclick: () => askEnd(app, account, terms) }, 'Invoice no more') : null,
        )
      : null,
  ]
}

const buyerWords = {
  name: 'Name on the invoice',
  address: 'Address',
  taxId: 'Tax number',
  reference: 'Their reference',
  locale: 'Language',
}

const path = ({ accountId }) => `/api/v1/accounts/${accountId}/terms`

function askTerms(app, account, terms) {
  const buyer = terms?.buyer ?? {}
  const text = (name, hint) => ({ name, label: buyerWords[name], value: buyer[name] ?? '', ...(hint ? { hint } : {}) })
  app.ask({
    title: `On which terms is ${account.name} invoiced?`,
    text: 'By this site, for what is billed from today on; what was billed before stays as it is.',
    action: 'Set the terms',
    tone: 'calm',
    fields: [
      { name: 'cadence', label: 'How often', value: terms?.cadence ?? 'month', options: Object.entries(cadences) },
      {
        name: 'dueDays',
        label: 'Days to pay',
        type: 'number',
        min: 0,
        max: 365,
        value: String(terms?.dueDays ?? 14),
        required: true,
      },
      text('name', `Empty: ${account.name}`),
      text('address'),
      text('taxId'),
      text('reference'),
      {
        name: 'locale',
        label: buyerWords.locale,
        value: terms?.locale ?? '',
        hint: 'Such as de-DE. Empty: as the site.',
      },
    ],
    run: ({ cadence, dueDays, locale, ...typed }) =>
      run(app, {
        request: () =>
          api.put(
            path(account),
            {
              siteId: terms?.siteId ?? app.siteId,
              cadence,
              dueDays: Number(dueDays),
              locale: locale.trim() || null,
              buyer: Object.fromEntries(Object.entries(typed).filter(([, given]) => given.trim() !== '')),
            },
            terms?.version,
          ),
        done: 'The terms are set',
        failed: 'Not set',
        touch,
      }),
  })
}

function askIssue(app, account) {
  app.ask({
    title: `Issue an invoice for ${account.name} now?`,
    text: 'It holds what was billed and is on no invoice yet. It gets a number and never changes.',
    action: 'Issue it',
    tone: 'calm',
    fields: [{ name: 'to', label: 'Billed before', type: 'date', hint: 'Empty: before today.' }],
    async run({ to }) {
      const made = await run(app, {
        request: () => api.post('/api/v1/invoices', { accountId: account.accountId, ...(to ? { to } : {}) }),
        done: 'The invoice is issued',
        failed: 'Not issued',
        touch,
      })
      if (made !== null) app.open({ kind: 'invoice', id: made.invoiceId }, null)
    },
  })
}

function askEnd(app, account, terms) {
  app.ask({
    title: `Invoice ${account.name} no more?`,
    text: 'Bills are paid one by one again. Giving terms again goes on where it stopped.',
    action: 'Invoice no more',
    tone: 'danger',
    run: () =>
      run(app, {
        request: () => api.remove(path(account), terms.version),
        done: 'The account is invoiced no more',
        failed: 'Not ended',
        touch,
      }),
  })
}
