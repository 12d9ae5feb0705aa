// Owns how one reconciliation is shown in the panel: totals of both sides, how it was asked for, what people decided, running it again.
// Must not compare; its items are reconciliation-items.js's.
import * as api from './api.js'
import { download } from './csv.js'
import { h } from './elements.js'
import { daysOf } from './export-panel.js'
import { count, counted } from './formats.js'
import { icon } from './icons.js'
import { actorWord } from './link-parts.js'
import { facts } from './links-view.js'
import { itemsPart } from './reconciliation-items.js'
import { run } from './run-change.js'
import { amountIn, decisionKinds, rowSorts, runKinds, runStates } from './settling-words.js'
import { stateWord } from './station-talk.js'

const mostDecisions = 500
const pathOf = (id, what = '') => `/api/v1/reconciliations/${id}${what}`

export async function readRun(id) {
  const [all, { items: decisions, more }] = await Promise.all([
    api.get(pathOf(id)),
    api.list(pathOf(id, '/decisions'), {}, mostDecisions),
  ])
  return { ...all, decisions, moreDecisions: more }
}

export const runTitle = (one) => (one ? `${runKinds[one.kind]}, ${daysOf(one)}` : 'Reconciliation')
export const runState = ({ state }) => stateWord(runStates, state)

export function runParts(app, one) {
  return [headPart(app, one), totalsPart(one), itemsPart(app, one), decisionsPart(app, one)]
}

function headPart(app, one) {
  const { times, now } = app
  const { options, counts } = one
  return h(
    'section.settling-run',
    { key: 'head' },
    h('p', runState(one), ' ', h('span.note', `${counted(one.openItems, 'open item')}`)),
    facts([
      ['Days', daysOf(one)],
      ...(one.fileName === null ? [] : [['File', one.fileName]]),
      ...(options.format === 'stripe' ? [['Written by', 'Stripe']] : []),
      ...(options.methods ? [['Ways of payment', options.methods.join(', ')]] : []),
      ...(options.fee ? [['Fee of the contract', feeWords(one)]] : []),
      ['Items', count(Object.values(counts.states).reduce((sum, each) => sum + each, 0))],
      ['Last run', `${times.near(one.lastRunAt, now)}, run ${count(one.runs)}`],
      ['Started', `${times.full(one.createdAt)} by ${actorWord(one.createdBy)}`],
    ]),
    h(
      'div.chips',
      app.can('money:write')
        ? h('button.small', { onclick: () => askAgain(app, one) }, icon('restart'), 'Run again')
        : null,
      h('button.small', { onclick: () => saveItems(app, one) }, icon('download'), 'Items as CSV'),
    ),
  )
}

const feeWords = ({ options: { fee }, currency }) => `${fee.percent} % and ${amountIn(fee.fixedMinor, currency)}`

function totalsPart({ totals }) {
  return h(
    'section',
    { key: 'totals' },
    h('h3', 'Both sides'),
    totals.length === 0
      ? h('p.note', 'Neither side has anything in these days.')
      : h(
          'table.small-table',
          { role: 'table', 'aria-label': 'Totals of both sides' },
          h(
            'thead',
            { role: 'rowgroup' },
            h(
              'tr',
              { role: 'row' },
              h('th', { role: 'columnheader', scope: 'col' }, 'Of'),
              ['Here', 'There', 'Ours less theirs'].map((words) =>
                h('th.end', { key: words, role: 'columnheader', scope: 'col' }, words),
              ),
            ),
          ),
          h('tbody', { role: 'rowgroup' }, totals.map(totalRow)),
        ),
  )
}

function totalRow({ sort, unit, oursCount, oursAmount, theirsCount, theirsAmount, difference }) {
  const side = (label, amount, many) =>
    h('td.end', { role: 'cell', 'data-label': label }, amountIn(amount, unit), h('span.note', ` (${count(many)})`))
  return h(
    'tr',
    { key: `${sort} ${unit}`, role: 'row' },
    h('td', { role: 'cell', 'data-label': 'Of' }, rowSorts[sort]),
    side('Here', oursAmount, oursCount),
    side('There', theirsAmount, theirsCount),
    h('td.end', { role: 'cell', 'data-label': 'Ours less theirs' }, h('b', amountIn(difference, unit))),
  )
}

function decisionsPart(app, { decisions, moreDecisions }) {
  const { times, now } = app
  const undone = new Set(decisions.map(({ undoes }) => undoes))
  return h(
    'section',
    { key: 'decisions' },
    h('h3', 'What people decided'),
    decisions.length === 0 ? h('p.note', 'Nothing yet.') : null,
    moreDecisions ? h('p.note', `The first ${count(mostDecisions)} of them.`) : null,
    h(
      'ul.settling-decisions',
      decisions.map((one) =>
        h(
          'li',
          { key: one.decisionId },
          h('b', decisionKinds[one.kind]),
          h('span', ` ${one.reason}`),
          h(
            'p.note',
            [
              `${actorWord(one.decidedBy)}, ${times.near(one.decidedAt, now)}`,
              `${counted(one.ours.length, 'row')} here, ${counted(one.theirs.length, 'row')} there`,
              one.difference === 0 ? null : amountIn(one.difference, one.unit),
              undone.has(one.decisionId) ? 'taken back later' : null,
            ]
              .filter(Boolean)
              .join(' · '),
          ),
        ),
      ),
    ),
  )
}

function askAgain(app, { reconciliationId }) {
  app.ask({
    title: 'Run it again?',
    text: 'With what is known now. What people decided stays; differences that went away are closed.',
    action: 'Run again',
    tone: 'calm',
    run: () =>
      run(app, {
        request: () => api.post(pathOf(reconciliationId, '/rerun')),
        done: 'It was run again',
        failed: 'Not run',
        touch: ['reconciliations', 'runItems'],
      }),
  })
}

/** As the hub writes them, by the filter that is set. */
async function saveItems(app, { reconciliationId, kind, from }) {
  const { reconciliationId: _, ...filter } = app.data.money.asked('runItems')
  try {
    download(
      app.fileName(`${kind}-${from}-items`),
      await api.text(pathOf(reconciliationId, '/items'), filter, 'text/csv'),
    )
  } catch (error) {
    app.say({ tone: 'bad', title: 'Not saved', text: error.message })
  }
}
