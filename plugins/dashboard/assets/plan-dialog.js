// Owns asking for a plan of memberships: a new one, or other terms of one from the next period on.
// Must not decide what a plan may be; what the hub refuses is said.
import { minorOf } from './amount-field.js'
import * as api from './api.js'
import { majorText } from './formats.js'
import { everyWords } from './membership-panel.js'
import { run } from './run-change.js'

/** `plan`: null for a new one. */
export function askPlan(app, plan) {
  const currency = plan?.currency ?? app.site.currency
  const amount = (name, label, minor, hint) => ({
    ...{ name, label: `${label} in ${currency}`, type: 'number', min: 0, step: majorText(1, currency), required: true },
    ...{ value: minor === undefined ? '' : majorText(minor, currency), ...(hint ? { hint } : {}) },
  })
  app.ask({
    title: plan === null ? 'Add a plan' : `Change ${plan.name}?`,
    text:
      plan === null
        ? 'Accounts can be members by it from then on.'
        : 'It holds from the next period that is billed; what was billed stays as it is.',
    action: plan === null ? 'Add it' : 'Change it',
    tone: 'calm',
    fields: [
      { name: 'name', label: 'Name', required: true, value: plan?.name },
      {
        name: 'code',
        label: 'Code',
        required: true,
        value: plan?.code,
        hint: 'Short and without spaces, such as MONTH.',
      },
      amount('price', 'Price', plan?.priceMinor, 'Of a whole period.'),
      ...(plan === null
        ? [{ name: 'every', label: 'Rhythm', value: 'month', options: Object.entries(everyWords) }]
        : []),
      {
        name: 'taxIncluded',
        label: 'Tax',
        value: String(plan?.taxIncluded ?? true),
        options: [
          ['true', 'Included in the price'],
          ['false', 'On top of the price'],
        ],
      },
      { name: 'taxCode', label: 'Tax code', required: true, value: plan?.taxCode ?? 'standard' },
      { name: 'taxPercent', label: 'Tax in %', required: true, value: plan?.taxPercent, hint: 'Such as 19 or 5.5.' },
      {
        name: 'groupId',
        label: 'Group',
        value: plan?.groupId ?? '',
        hint: 'Members are in it while they are members.',
        options: [['', 'None'], ...app.data.items('groups').map(({ groupId, name }) => [groupId, name])],
      },
      amount('deposit', 'Deposit', plan?.depositMinor ?? 0, 'That has to be held before a membership starts.'),
    ],
    run: ({ price, deposit, taxIncluded, groupId, ...typed }) =>
      run(app, {
        async request() {
          const body = {
            ...typed,
            priceMinor: minorOf(price, currency),
            depositMinor: minorOf(deposit, currency),
            taxIncluded: taxIncluded === 'true',
            groupId: groupId || null,
          }
          return plan === null
            ? api.post('/api/v1/membership-plans', { siteId: app.siteId, ...body })
            : api.patch(`/api/v1/membership-plans/${plan.planId}`, body, plan.version)
        },
        done: plan === null ? 'The plan is added' : 'The plan is changed',
        failed: plan === null ? 'Not added' : 'Not changed',
        touch: ['plans'],
      }),
  })
}
