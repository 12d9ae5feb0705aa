// Owns how a sample is shown with what each of its rows becomes.
// Must not judge a row; the hub has.
import { h } from './elements.js'
import { count } from './formats.js'
import { icon } from './icons.js'

export function dryRunBlock({ run, trying }) {
  const { counts } = run
  const told = [
    `${count(counts.rows)} rows`,
    `${count(counts.taken)} would be taken`,
    counts.passedOver ? `${count(counts.passedOver)} passed over` : '',
    counts.rejected ? `${count(counts.rejected)} rejected` : '',
  ]
  return h(
    'section.block',
    { key: 'dry-run', 'aria-labelledby': 'dry-run-title' },
    h(
      'div.block-head',
      h('h2', { id: 'dry-run-title' }, 'What the sample becomes'),
      h('p.note', { role: 'status' }, trying ? 'Trying…' : told.filter(Boolean).join(' · ')),
    ),
    h(
      'div.table-frame.files-run',
      h(
        'table',
        { 'aria-labelledby': 'dry-run-title' },
        h(
          'thead',
          h(
            'tr',
            ['Line', 'Becomes', ...run.columns.map(({ title }) => title)].map((title) =>
              h('th', { scope: 'col' }, title),
            ),
          ),
        ),
        h(
          'tbody',
          run.rows.slice(0, 50).map((row) =>
            h(
              'tr',
              { key: String(row.line) },
              h('td', row.line),
              h('td', outcome(row)),
              run.columns.map((column, i) => cellOf(row, column, i)),
            ),
          ),
        ),
      ),
    ),
  )
}

function outcome({ facts, errors }) {
  if (errors.length > 0)
    return h(
      'ul.files-outcome',
      errors.map(({ column, message }) => h('li.state.tone-bad', icon('fault'), `${column ?? 'Row'} ${message}`)),
    )
  if (facts.length === 0) return h('span.none', 'Passed over')
  return h(
    'ul.files-outcome',
    facts.map((fact) => h('li', h('b', fact.type), ` ${fact.occurredAt.replace('.000', '')} ${shortData(fact)}`)),
  )
}

function shortData({ stayRef, data }) {
  const { amountMinor, currency, direction, credentials = [], free } = data
  const said = [
    stayRef,
    direction,
    amountMinor === undefined ? '' : `${amountMinor} ${currency ?? ''} minor`,
    ...credentials.map(({ kind, value }) => `${kind} ${value}`),
    free === undefined ? '' : `${free} free`,
  ]
  return said.filter(Boolean).join(', ')
}

function cellOf({ cells, errors }, { name }, i) {
  const wrong = errors.some(({ column }) => column?.toLowerCase() === name.toLowerCase())
  return h('td.mono', { class: wrong ? 'files-wrong' : '' }, cells[i] ?? '')
}
