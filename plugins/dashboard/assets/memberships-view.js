// Owns the page about memberships: the plans of a site, who has one, and starting one.
// Must not add up amounts; one membership is membership-panel.js's, a plan is plan-dialog.js's.
import * as api from './api.js'
import { askedFilters } from './asked-filters.js'
import { h } from './elements.js'
import { majorText, money } from './formats.js'
import { addDays } from './local-time.js'
import { changeWords, everyWords, membershipState, nextBill } from './membership-panel.js'
import { askPlan } from './plan-dialog.js'
import { recordTable } from './record-table.js'
import { run } from './run-change.js'
import { forbidden } from './stay-table.js'
import { membershipStates } from './words.js'

export const membershipsView = (app) => [membershipTable(app), planTable(app)]

const none = () => h('span.none', '–')
const planOf = (app, planId) => app.data.items('plans').find((plan) => plan.planId === planId)
const accountName = (app, accountId) =>
  app.data.items('accounts').find((one) => one.accountId === accountId)?.name ?? 'An account'

function membershipTable(app) {
  const { data } = app
  const source = data.get('memberships') ?? forbidden
  const filter = askedFilters(app, 'memberships')
  const plans = data.items('plans')
  const accounts = data.items('accounts')
  const open = plans.filter(({ archivedAt }) => archivedAt === null)
  const opens = (id, opener) => app.open({ kind: 'membership', id }, opener)
  return recordTable(app, {
    id: 'memberships',
    title: 'Memberships',
    rows: data.items('memberships'),
    source,
    keyOf: ({ membershipId }) => membershipId,
    search: ({ accountId, planId }) => `${accountName(app, accountId)} ${planOf(app, planId)?.name ?? ''}`,
    open: ({ membershipId }, row) => opens(membershipId, row),
    tools: [
      filter.choice(
        'state',
        'State',
        'All states',
        Object.entries(membershipStates).map(([state, { label }]) => [state, label]),
      ),
      filter.choice(
        'planId',
        'Plan of memberships',
        'All plans',
        plans.map(({ planId, name }) => [planId, name]),
      ),
      app.can('money:write') && open.length > 0 && accounts.length > 0
        ? h('button.primary', { onclick: () => askStart(app, open, accounts) }, 'Start a membership')
        : null,
    ],
    columns: [
      {
        id: 'account',
        label: 'Account',
        cell: ({ membershipId, accountId }) =>
          h(
            'button.inline.strong',
            { onclick: (event) => opens(membershipId, event.currentTarget) },
            accountName(app, accountId),
          ),
        csv: ({ accountId }) => accountName(app, accountId),
      },
      { id: 'state', label: 'State', cell: membershipState, csv: ({ state }) => state },
      {
        id: 'plan',
        label: 'Plan',
        cell: ({ planId, nextPlanId, endsOn }) => [
          planOf(app, planId)?.name ?? 'Archived plan',
          nextPlanId === null || endsOn !== null
            ? null
            : h('span.note', ` then ${planOf(app, nextPlanId)?.name ?? 'another'}`),
        ],
        csv: ({ planId }) => planOf(app, planId)?.name,
      },
      { id: 'since', label: 'Since', cell: ({ startsOn }) => startsOn, csv: ({ startsOn }) => startsOn },
      {
        id: 'period',
        label: 'Billed for',
        cell: ({ periodFrom, periodTo }) => (periodFrom === null ? none() : `${periodFrom} – ${addDays(periodTo, -1)}`),
        csv: ({ periodFrom, periodTo }) => (periodFrom === null ? null : `${periodFrom}/${addDays(periodTo, -1)}`),
      },
      { id: 'periods', label: 'Periods', end: true, cell: ({ periods }) => periods, csv: ({ periods }) => periods },
      {
        id: 'next',
        label: 'Next bill',
        cell: (one) => nextBill(one, planOf(app, one.nextPlanId ?? one.planId)) ?? none(),
        csv: (one) => nextBill(one, planOf(app, one.nextPlanId ?? one.planId)),
      },
      { id: 'ends', label: 'Ends', cell: ({ endsOn }) => endsOn ?? none(), csv: ({ endsOn }) => endsOn },
      { id: 'id', label: 'Membership id', hidden: true, csv: ({ membershipId }) => membershipId },
    ],
    file: app.fileName('memberships'),
    empty: filter.isFiltered
      ? filter.clear('No membership fits.')
      : h(
          'p',
          open.length === 0
            ? 'Nobody is a member yet. Add a plan below first.'
            : 'Nobody is a member yet. Start the first membership above.',
        ),
    below: source.value?.more
      ? h('button.more', { onclick: () => data.money.showMore('memberships') }, 'Older memberships')
      : null,
  })
}

function askStart(app, plans, accounts) {
  app.ask({
    title: 'Start a membership?',
    text: 'The first period is billed when it begins; what is left of it counts by days.',
    action: 'Start it',
    tone: 'calm',
    fields: [
      {
        name: 'accountId',
        label: 'Account',
        value: accounts[0].accountId,
        options: accounts.map(({ accountId, name, number }) => [accountId, `${name} (${number})`]),
      },
      {
        name: 'planId',
        label: 'Plan',
        value: plans[0].planId,
        options: plans.map((plan) => [plan.planId, `${plan.name}, ${priceOf(plan)}`]),
      },
      { name: 'startsOn', label: 'Starts on', type: 'date', hint: 'Empty: today.' },
    ],
    async run({ accountId, planId, startsOn }) {
      const made = await run(app, {
        request: () => api.post('/api/v1/memberships', { accountId, planId, ...(startsOn ? { startsOn } : {}) }),
        done: 'The membership is started',
        failed: 'Not started',
        touch: ['memberships', 'bills', 'billTotals'],
      })
      if (made === null) return
      app.say({ tone: 'calm', title: changeWords(made, app.site?.currency) })
      app.open({ kind: 'membership', id: made.membership.membershipId }, null)
    },
  })
}

const priceOf = ({ priceMinor, currency, every }) => `${money(priceMinor, currency)} ${everyWords[every]}`

function planTable(app) {
  const { data } = app
  const source = data.get('plans') ?? forbidden
  const filter = askedFilters(app, 'plans')
  const may = app.can('money:write')
  return recordTable(app, {
    id: 'plans',
    title: 'Plans',
    note: 'A new price holds from the next period billed; what was billed keeps its own.',
    rows: data.items('plans'),
    source,
    keyOf: ({ planId }) => planId,
    tools: [
      filter.text('search', 'Search in plans', 'Search'),
      filter.flag('archived', 'Archived'),
      may ? h('button.primary', { onclick: () => askPlan(app, null) }, 'Add a plan') : null,
    ],
    columns: [
      {
        id: 'name',
        label: 'Name',
        cell: ({ name, code }) => [h('b', name), name === code ? null : h('span.note', ` ${code}`)],
        csv: ({ name }) => name,
      },
      { id: 'code', label: 'Code', hidden: true, csv: ({ code }) => code },
      {
        id: 'price',
        label: 'Price',
        end: true,
        sort: ({ priceMinor }) => priceMinor,
        cell: ({ priceMinor, currency }) => h('b', money(priceMinor, currency)),
        csv: ({ priceMinor, currency }) => majorText(priceMinor, currency),
      },
      { id: 'every', label: 'Rhythm', cell: ({ every }) => everyWords[every], csv: ({ every }) => every },
      {
        id: 'tax',
        label: 'Tax',
        cell: ({ taxCode, taxPercent, taxIncluded }) =>
          `${taxPercent} % ${taxIncluded ? 'in it' : 'on top'} (${taxCode})`,
        csv: ({ taxCode, taxPercent }) => `${taxCode} ${taxPercent}`,
      },
      {
        id: 'group',
        label: 'Group',
        cell: ({ groupId }) =>
          groupId === null ? none() : (data.items('groups').find((one) => one.groupId === groupId)?.name ?? 'A group'),
      },
      {
        id: 'deposit',
        label: 'Deposit',
        end: true,
        cell: ({ depositMinor, currency }) => (depositMinor === 0 ? none() : money(depositMinor, currency)),
        csv: ({ depositMinor, currency }) => majorText(depositMinor, currency),
      },
      ...(may
        ? [
            {
              id: 'change',
              label: 'Change',
              quiet: true,
              end: true,
              cell: (plan) =>
                h(
                  'div.row-actions',
                  plan.archivedAt === null
                    ? [
                        h('button.quiet.small', { key: 'c', onclick: () => askPlan(app, plan) }, 'Change'),
                        h('button.quiet.small', { key: 'a', onclick: () => archive(app, plan) }, 'Archive'),
                      ]
                    : h('button.quiet.small', { key: 'r', onclick: () => restore(app, plan) }, 'Take back'),
                ),
            },
          ]
        : []),
    ],
    file: app.fileName('plans'),
    empty: filter.isFiltered ? filter.clear('No plan fits.') : h('p', 'This site has no plan yet.'),
  })
}

const touch = ['plans', 'memberships']

function archive(app, { planId, name, version }) {
  app.ask({
    title: `Archive ${name}?`,
    text: 'Nobody can start it any more; memberships that have it keep it. It can be taken back.',
    action: 'Archive',
    tone: 'danger',
    run: () =>
      run(app, {
        request: () => api.remove(`/api/v1/membership-plans/${planId}`, version),
        done: `${name} is archived`,
        failed: 'Not archived',
        touch,
      }),
  })
}

const restore = (app, { planId, name, version }) =>
  run(app, {
    request: () => api.patch(`/api/v1/membership-plans/${planId}`, { archived: false }, version),
    done: `${name} is back`,
    failed: 'Not taken back',
    touch,
  })
