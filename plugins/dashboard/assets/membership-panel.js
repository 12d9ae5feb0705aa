// Owns how one membership is shown in the panel: its periods, its bills, what comes next; and pausing, resuming, moving and ending it.
// Must not work out an amount: the hub says beforehand what a change bills or gives back.
import * as api from './api.js'
import { h } from './elements.js'
import { money } from './formats.js'
import { facts } from './links-view.js'
import { addDays } from './local-time.js'
import { run } from './run-change.js'
import { stateWord } from './station-talk.js'
import { membershipStates } from './words.js'

export const everyWords = {
  month: 'each month',
  four_weeks: 'every four weeks',
  quarter: 'each quarter',
  year: 'each year',
}

export const membershipTitle = (value) =>
  value ? `Membership of ${value.account?.name ?? 'an account'}` : 'Membership'
export const membershipState = ({ state }) => stateWord(membershipStates, state)

/** When the next period is billed and at what price; null where none follows. */
export function nextBill({ state, periodTo, startsOn, endsOn, resumesOn }, plan) {
  if (state === 'ended' || plan === undefined) return null
  if (state === 'paused') return resumesOn === null ? 'when it is resumed' : `when it is resumed, on ${resumesOn}`
  const from = periodTo ?? startsOn
  if (endsOn !== null && from >= endsOn) return null
  return `${addDays(from, -plan.advanceDays)}, ${money(plan.priceMinor, plan.currency)}`
}

/** What a change bills or gives back at once. */
export function changeWords({ totalMinor, bills }, currency) {
  const of = bills[0]?.currency ?? currency
  if (totalMinor === 0) return 'Nothing is billed now'
  return totalMinor > 0 ? `${money(totalMinor, of)} are billed now` : `${money(-totalMinor, of)} are given back now`
}

export async function readMembership(membershipId) {
  const membership = await api.get(`/api/v1/memberships/${membershipId}`)
  const { siteId, accountId } = membership
  const [plans, account, bills] = await Promise.all([
    api.list('/api/v1/membership-plans', { siteId }, 200),
    api.get(`/api/v1/accounts/${accountId}`).catch((error) => {
      // A key may reach money and not people.
      if (error.status === 403) return null
      throw error
    }),
    api.list('/api/v1/bills', { siteId, accountId }, 200),
  ])
  const mine = `membership:${membershipId}`
  return {
    membership,
    account,
    plans: plans.items,
    bills: bills.items.filter(({ subjectKey }) => subjectKey.startsWith(mine)),
  }
}

export function membershipParts(app, value) {
  const { membership, plans } = value
  const plan = plans.find(({ planId }) => planId === membership.planId)
  return [headPart(app, value, plan), billsPart(app, value)]
}

function headPart(app, { membership, plans }, plan) {
  const next = plans.find(({ planId }) => planId === membership.nextPlanId)
  const due = nextBill(membership, next ?? plan)
  const { periodFrom, periodTo } = membership
  return h(
    'section',
    { key: 'head' },
    h('p', membershipState(membership)),
    facts([
      ['Plan', plan ? `${plan.name}, ${money(plan.priceMinor, plan.currency)} ${everyWords[plan.every]}` : 'Archived'],
      ...(membership.nextPlanId === null || membership.endsOn !== null ? [] : [['Then', next?.name ?? 'Another plan']]),
      ['Since', membership.startsOn],
      ...(periodFrom === null ? [] : [['Billed for', `${periodFrom} – ${addDays(periodTo, -1)}`]]),
      ['Periods so far', String(membership.periods)],
      ...(due === null ? [] : [['Next bill', due]]),
      ...(membership.pausedOn === null ? [] : [['Paused on', membership.pausedOn]]),
      ...(membership.resumesOn === null ? [] : [['Resumes on', membership.resumesOn]]),
      ...(membership.endsOn === null ? [] : [['Ends', `${membership.endsOn} is the first day without it`]]),
      ...(membership.endReason === null ? [] : [['Why', membership.endReason]]),
    ]),
    app.can('money:write') ? actions(app, membership, plans) : null,
  )
}

function actions(app, membership, plans) {
  const { state } = membership
  const others = plans.filter(
    ({ planId, archivedAt, every }) =>
      planId !== membership.planId && archivedAt === null && every === membership.every,
  )
  const button = (key, label, onclick) => h('button.small', { key, onclick }, label)
  return h(
    'div.chips',
    state === 'active' ? button('pause', 'Pause', () => askPause(app, membership)) : null,
    state === 'paused' ? button('resume', 'Resume', () => askResume(app, membership)) : null,
    state === 'active' && others.length > 0
      ? button('plan', 'Move to another plan', () => askPlanChange(app, membership, others))
      : null,
    state === 'ended' ? null : button('cancel', 'Cancel the membership', () => askCancel(app, membership)),
  )
}

const touch = ['memberships', 'bills', 'billTotals']

/** The hub is asked first what it comes to; a person agrees to that. */
async function change(app, membership, { what, body, title, action, done }) {
  const path = `/api/v1/memberships/${membership.membershipId}/${what}`
  try {
    const looked = await api.post(path, { ...body, preview: true })
    app.ask({
      title,
      text: `${changeWords(looked, app.site?.currency)}.`,
      action,
      tone: what === 'cancel' ? 'danger' : 'calm',
      run: () => run(app, { request: () => api.post(path, body), done, failed: 'Not changed', touch }),
    })
  } catch (error) {
    app.say({ tone: 'bad', title: 'Not possible', text: error.message })
  }
}

function askPause(app, membership) {
  app.ask({
    title: 'Pause this membership?',
    text: 'What that comes to is shown before it happens.',
    action: 'Go on',
    tone: 'calm',
    fields: [
      {
        name: 'credit',
        label: 'What is billed already',
        value: 'true',
        options: [
          ['true', 'Is given back from today on'],
          ['false', 'Stays billed'],
        ],
      },
      { name: 'resumesOn', label: 'Resumes on', type: 'date', hint: 'Empty: when somebody resumes it.' },
    ],
    run: ({ credit, resumesOn }) =>
      change(app, membership, {
        what: 'pause',
        body: { credit: credit === 'true', ...(resumesOn ? { resumesOn } : {}) },
        title: 'Is that the pause?',
        action: 'Pause it',
        done: 'The membership is paused',
      }),
  })
}

const askResume = (app, membership) =>
  change(app, membership, {
    what: 'resume',
    body: {},
    title: 'Resume this membership?',
    action: 'Resume it',
    done: 'The membership goes on',
  })

const moments = [
  ['period_end', 'At the end of the period'],
  ['now', 'Today'],
]

function askPlanChange(app, membership, plans) {
  app.ask({
    title: 'Move to another plan?',
    text: 'What that comes to is shown before it happens.',
    action: 'Go on',
    tone: 'calm',
    fields: [
      {
        name: 'planId',
        label: 'Plan',
        value: plans[0].planId,
        options: plans.map(({ planId, name, priceMinor, currency }) => [
          planId,
          `${name}, ${money(priceMinor, currency)}`,
        ]),
      },
      { name: 'at', label: 'When', value: 'period_end', options: moments },
    ],
    run: (body) =>
      change(app, membership, {
        what: 'change-plan',
        body,
        title: 'Is that the move?',
        action: 'Move it',
        done: 'The membership is moved',
      }),
  })
}

function askCancel(app, membership) {
  app.ask({
    title: 'Cancel this membership?',
    text: 'What that comes to is shown before it happens.',
    action: 'Go on',
    tone: 'danger',
    fields: [
      { name: 'at', label: 'When', value: 'period_end', options: moments },
      { name: 'reason', label: 'Reason', required: true },
    ],
    run: (body) =>
      change(app, membership, {
        what: 'cancel',
        body,
        title: 'Does it end so?',
        action: 'Cancel the membership',
        done: 'The membership is cancelled',
      }),
  })
}

function billsPart(app, { bills }) {
  return h(
    'section',
    { key: 'bills' },
    h('h3', 'Bills'),
    bills.length === 0 ? h('p.note', 'Nothing has been billed for it yet.') : null,
    h(
      'ul.plain-list',
      bills.map(({ billId, number, kind, totalMinor, currency, issuedAt }) =>
        h(
          'li',
          { key: billId },
          h(
            'button.inline.strong',
            { onclick: (event) => app.open({ kind: 'bill', id: billId }, event.currentTarget) },
            number,
          ),
          h('span.note', `${kind === 'adjustment' ? 'Adjustment, ' : ''}${app.times.near(issuedAt, app.now)}`),
          h('b.end', money(totalMinor, currency)),
        ),
      ),
    ),
  )
}
