// Owns how the price of an example is shown: what is asked, its lines, and the same at every quarter of an hour as chart and table.
// Must not price anything; the hub does.
import { h } from './elements.js'
import { money } from './formats.js'
import { icon } from './icons.js'
import { parkerKinds, plain } from './words.js'

export function previewBlock(app, editor) {
  const { state } = editor
  const { preview, previewError } = state
  return h(
    'section.block.tariff-preview',
    {
      key: 'preview',
      'aria-labelledby': 'preview-title',
      'aria-busy': state.asking && preview === null ? 'true' : 'false',
    },
    h(
      'div.block-head',
      h('h2', { id: 'preview-title' }, 'Preview'),
      h('p.note', 'Priced by the hub as you type. Nothing of it is stored.'),
    ),
    exampleFields(app, editor),
    previewError && state.lint?.valid !== false
      ? h('p.error', { role: 'alert' }, icon('fault'), previewError.message)
      : null,
    state.lint?.valid === false
      ? h('p.note', { role: 'status' }, 'The price is shown as soon as the rules hold.')
      : null,
    preview ? [priceOf(preview), startsPart(app, editor, preview), inWords(preview)] : null,
  )
}

function exampleFields(app, editor) {
  const { example, draft } = editor.state
  const groups = app.data.items('groups')
  const field = (name, label, more) =>
    h(
      'div.field',
      h('label', { for: `example-${name}` }, label),
      h('input', {
        id: `example-${name}`,
        value: example[name],
        oninput: ({ target }) => editor.setExample({ [name]: target.value }),
        ...more,
      }),
    )
  const number = (name, label, more) => field(name, label, { type: 'number', min: 0, step: 'any', ...more })
  const select = (name, label, options) =>
    h(
      'div.field',
      h('label', { for: `example-${name}` }, label),
      h(
        'select',
        {
          id: `example-${name}`,
          value: example[name],
          onchange: ({ target }) => editor.setExample({ [name]: target.value }),
        },
        options.map(([value, text]) => h('option', { value }, text)),
      ),
    )
  return h(
    'div.example-fields',
    field('date', 'Day', { type: 'date', required: true }),
    field('time', 'Begins at', { type: 'time', required: true }),
    number('minutes', draft.scope === 'parking' ? 'Minutes parked' : 'Minutes plugged in', { step: 1, max: 525600 }),
    number('kwh', 'Energy (kWh)', { max: 1000 }),
    number('kw', 'Power (kW)', { max: 1000 }),
    select('parkerKind', 'Kind of parker', Object.entries(parkerKinds)),
    groups.length > 0
      ? select('group', 'Group', [['', 'None'], ...groups.map(({ code, name }) => [code, name || code])])
      : null,
    draft.scope === 'parking'
      ? h(
          'div.field.rules-check',
          h('input', {
            id: 'example-lost',
            type: 'checkbox',
            checked: example.lostTicket,
            onchange: ({ target }) => editor.setExample({ lostTicket: target.checked }),
          }),
          h('label', { for: 'example-lost' }, 'Lost ticket'),
        )
      : null,
  )
}

function priceOf({ currency, lines, netMinor, taxMinor, totalMinor }) {
  return h(
    'div.example-price',
    { key: 'price' },
    h(
      'p.figure',
      { 'data-figure': 'preview' },
      money(totalMinor, currency),
      ' ',
      h('small', `of which ${money(taxMinor, currency)} tax`),
    ),
    lines.length === 0 ? h('p.note', 'No line: this costs nothing.') : null,
    h(
      'ul.price-lines',
      lines.map((line) =>
        h(
          'li',
          { key: line.key },
          h('p.price-line', h('b', line.description), h('span', `${line.net} ${currency}`)),
          h(
            'p.note',
            `${line.quantity === line.billedQuantity ? line.billedQuantity : `${line.quantity} → ${line.billedQuantity}`} ${line.unit} × ${line.unitPrice}${line.per && line.per !== '1' ? ` per ${line.per}` : ''}, tax ${line.taxRate} % · rule ${line.rulePath}`,
          ),
          line.explanation.length > 0
            ? h(
                'details',
                h('summary', 'Why', h('span.unseen', ` ${line.description}`)),
                line.explanation.map((text) => h('p.note', text)),
              )
            : null,
        ),
      ),
    ),
    lines.length > 1 ? h('p.note', `Before tax ${money(netMinor, currency)}`) : null,
  )
}

function inWords({ description }) {
  return h(
    'div.in-words',
    { key: 'words' },
    h('h3', 'In plain words, before a driver starts'),
    h(
      'ul.explanation',
      description.map((text) => h('li', text)),
    ),
  )
}

function startsPart(app, editor, { starts, currency }) {
  const { state } = editor
  const days = new Map()
  for (const start of starts) {
    const day = start.startsAt.slice(0, 10)
    days.set(day, [...(days.get(day) ?? []), start])
  }
  return h(
    'div.starts',
    { key: 'starts' },
    h('h3', 'The same example at every quarter of an hour'),
    h(
      'div.chips',
      { role: 'group', 'aria-label': 'Which days' },
      [
        ['day', `On ${state.example.date}`],
        ['clocks', 'On the days of clock changes'],
      ].map(([id, label]) =>
        h(
          'button.chip',
          { type: 'button', 'aria-pressed': String(state.starts === id), onclick: () => editor.setStarts(id) },
          label,
        ),
      ),
    ),
    starts.length === 0
      ? h(
          'p.note',
          state.starts === 'clocks' ? `No clock is changed in ${app.times.zone} in that year.` : 'No day is chosen.',
        )
      : [...days].map(([day, list]) => dayChart(day, list, currency)),
  )
}

const wide = 960
const high = 120

function dayChart(day, starts, currency) {
  const highest = Math.max(1, ...starts.map(({ totalMinor }) => totalMinor ?? 0))
  const step = wide / starts.length
  const clockOf = ({ startsAt }) => startsAt.slice(11, 16)
  const runs = runsOf(starts)
  const quarters = starts.length === 96 ? '' : `, ${starts.length / 4} hours`
  return h(
    'figure.start-chart',
    { key: day },
    h('figcaption', h('b', day), h('span.note', ` up to ${money(highest, currency)}${quarters}`)),
    h(
      'svg',
      { viewBox: `0 0 ${wide} ${high}`, preserveAspectRatio: 'none', 'aria-hidden': 'true', focusable: 'false' },
      starts.map((start, i) => {
        const height = start.totalMinor === null ? high : Math.max(2, ((start.totalMinor ?? 0) / highest) * high)
        return h('rect', {
          class: start.totalMinor === null ? 'unpriced' : 'priced',
          x: i * step + 0.5,
          y: high - height,
          width: Math.max(1, step - 1),
          height,
        })
      }),
    ),
    h(
      'p.chart-hours',
      { 'aria-hidden': 'true' },
      [0, 0.25, 0.5, 0.75].map((part) => h('span', clockOf(starts[Math.floor(part * starts.length)]))),
    ),
    h(
      'details',
      h('summary', `As a table (${runs.length} ${runs.length === 1 ? 'price' : 'stretches'})`),
      h(
        'table.start-table',
        { 'aria-label': `Prices by start on ${day}` },
        h('thead', h('tr', h('th', 'Starts from'), h('th', 'to'), h('th.end', 'Price'))),
        h(
          'tbody',
          runs.map(({ first, last, totalMinor, reason }) =>
            h(
              'tr',
              { key: first.startsAt },
              h('td', { 'data-label': 'Starts from' }, withZone(first)),
              h('td', { 'data-label': 'to' }, withZone(last)),
              h('td.end', { 'data-label': 'Price' }, totalMinor === null ? plain(reason) : money(totalMinor, currency)),
            ),
          ),
        ),
      ),
    ),
  )
}

/** The hour of a clock change is told apart by its offset. */
const withZone = ({ startsAt }) => [startsAt.slice(11, 16), h('span.note', ` ${startsAt.slice(19)}`)]

/** Starts that follow each other and cost the same. */
function runsOf(starts) {
  const runs = []
  for (const start of starts) {
    const run = runs.at(-1)
    const same = run && run.totalMinor === start.totalMinor && run.reason === start.reason
    if (same && run.last.startsAt.slice(19) === start.startsAt.slice(19)) run.last = start
    else runs.push({ first: start, last: start, totalMinor: start.totalMinor, reason: start.reason })
  }
  return runs
}
