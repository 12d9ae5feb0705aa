// Owns how one export is shown in the panel: its files, what it was made of, and saying that it was delivered or is not wanted.
// Must not read the files; they are downloaded as they are.
import * as api from './api.js'
import { h } from './elements.js'
import { count, money } from './formats.js'
import { icon } from './icons.js'
import { actorWord } from './link-parts.js'
import { facts } from './links-view.js'
import { run } from './run-change.js'
import { stateWord } from './station-talk.js'
import { exportStates } from './words.js'

export const exportTitle = (batch) => (batch ? `Export ${batch.target} ${batch.number}` : 'Export')
export const exportState = ({ state }) => stateWord(exportStates, state)
export const daysOf = ({ from, to }) => (from === to ? to : `${from} – ${to}`)

export const fileLinks = ({ exportId, files }) =>
  files.map(({ number, name }) =>
    h(
      'a.tool-link',
      { key: number, href: `/api/v1/ledger/exports/${exportId}/files/${number}`, download: name },
      icon('download'),
      name,
    ),
  )

export function exportParts(app, batch) {
  const { times, now } = app
  const { period, deliveredBefore } = batch
  const names = Object.entries({ ...batch.accounts, ...batch.taxCodes })
  return [
    h(
      'section',
      { key: 'head' },
      h('p', exportState(batch)),
      deliveredBefore.length > 0
        ? h(
            'p.state.tone-warn',
            icon('fault'),
            `This period is in the books outside already, as ${deliveredBefore.map(({ target, number, reference }) => `${target} ${number} (${reference})`).join(', ')}.`,
          )
        : null,
      facts([
        ['Period', `No. ${period.number}, ${daysOf(period)}`],
        ['Format', batch.format],
        ['Entries', count(batch.entryCount)],
        [
          'Debits and credits',
          `${money(batch.debitMinor, period.currency)} / ${money(batch.creditMinor, period.currency)}`,
        ],
        ['Made', `${times.full(batch.createdAt)} by ${actorWord(batch.createdBy)}`],
        ...(batch.settledAt === null
          ? []
          : [
              [exportStates[batch.state].label, `${times.near(batch.settledAt, now)} by ${actorWord(batch.settledBy)}`],
            ]),
        ...(batch.reference === null ? [] : [['Reference', h('code', batch.reference)]]),
        ...(batch.note === null ? [] : [['Note', batch.note]]),
        ...(batch.supersededBy === null ? [] : [['Place taken by', other(app, batch.supersededBy)]]),
        ...(batch.supersedes === null ? [] : [['Takes the place of', other(app, batch.supersedes)]]),
        ['Hash', h('code.long', batch.hash)],
      ]),
    ),
    h('section', { key: 'files' }, h('h3', 'Files'), h('div.chips', fileLinks(batch))),
    names.length > 0
      ? h(
          'section',
          { key: 'names' },
          h('h3', 'Names at the time'),
          h(
            'ul.plain-list',
            names.map(([code, name]) => h('li', { key: code }, h('span', code), h('b.end', name))),
          ),
        )
      : null,
    batch.state === 'ready' && app.can('money:write')
      ? h(
          'div.chips',
          { key: 'actions' },
          h('button.small', { onclick: () => askDelivered(app, batch) }, icon('check'), 'Mark as delivered'),
          h('button.small', { onclick: () => askCancel(app, batch) }, 'Cancel the export'),
        )
      : null,
  ]
}

const other = (app, id) =>
  h('button.inline', { onclick: (event) => app.open({ kind: 'export', id }, event.currentTarget) }, 'Another batch')

function askDelivered(app, { exportId, target, number }) {
  app.ask({
    title: `Is ${target} ${number} in the books outside?`,
    text: 'For good: a batch that was delivered is not cancelled any more.',
    action: 'It is delivered',
    tone: 'calm',
    fields: [
      { name: 'reference', label: 'Reference there', required: true },
      { name: 'note', label: 'Note' },
    ],
    run: ({ reference, note }) =>
      run(app, {
        request: () =>
          api.post(`/api/v1/ledger/exports/${exportId}/delivered`, { reference, ...(note ? { note } : {}) }),
        done: `${target} ${number} is delivered`,
        failed: 'Not marked',
        touch: ['exports'],
      }),
  })
}

function askCancel(app, { exportId, target, number }) {
  app.ask({
    title: `Cancel ${target} ${number}?`,
    text: 'Its number stays taken. Exporting the period again makes a new batch.',
    action: 'Cancel the export',
    tone: 'danger',
    fields: [{ name: 'note', label: 'Why', required: true }],
    run: ({ note }) =>
      run(app, {
        request: () => api.post(`/api/v1/ledger/exports/${exportId}/cancel`, { note }),
        done: `${target} ${number} is cancelled`,
        failed: 'Not cancelled',
        touch: ['exports'],
      }),
  })
}
