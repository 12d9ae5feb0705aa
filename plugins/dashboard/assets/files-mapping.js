// Owns the form of a mapping: the sample, how its file is written, and what each row says.
// Must not ask the hub anything; the editor does.
import { h } from './elements.js'
import { emptyFact } from './files-editor.js'
import { choiceOf, labelled, lineOf } from './form-controls.js'
import { icon } from './icons.js'

export function mappingBlock(app, editor) {
  const { state } = editor
  const may = app.can('plugins:write')
  return h(
    'section.block.files-mapping',
    {
      key: 'mapping',
      'aria-labelledby': 'mapping-title',
      ondragover: (event) => event.preventDefault(),
      ondrop(event) {
        event.preventDefault()
        const [file] = event.dataTransfer.files
        if (file) editor.dropFile(file)
      },
    },
    h(
      'div.block-head',
      h('h2', { id: 'mapping-title' }, 'Mapping'),
      h(
        'div.tools',
        h('button', { disabled: state.source === null, onclick: editor.propose }, 'Propose anew'),
        h(
          'button.primary',
          {
            disabled:
              !may ||
              state.mapping === state.saved ||
              state.saving ||
              !state.mapping ||
              (state.run?.faults.length ?? 0) > 0,
            onclick: editor.save,
          },
          state.saving ? 'Saving…' : 'Save',
        ),
      ),
      h(
        'p.note',
        may
          ? 'Drop a file of the parking system here: nothing of it is stored.'
          : 'Your key may look at the mapping and not change it.',
      ),
    ),
    h(
      'div.field',
      h('label', { for: 'sample-file' }, 'Sample file'),
      h('input', {
        id: 'sample-file',
        type: 'file',
        onchange: (event) => event.target.files[0] && editor.dropFile(event.target.files[0]),
      }),
      state.sourceName ? h('span.note', state.sourceName) : null,
    ),
    state.runError ? h('p.error', { role: 'alert' }, icon('fault'), state.runError.message) : null,
    state.run?.reason ? h('p.error', { role: 'alert' }, icon('fault'), state.run.reason) : null,
    state.run && !state.mapping
      ? h(
          'p',
          'The columns say nothing that is known here. ',
          h('button', { onclick: () => editor.edit(byHand) }, 'Map by hand'),
        )
      : null,
    state.mapping && state.vocabulary
      ? [formatFields(editor), ...state.mapping.facts.map((fact, i) => factCard(editor, fact, i)), adder(editor)]
      : null,
    (state.run?.faults ?? []).map(({ pointer, message }) => h('p.error', icon('fault'), `${pointer} ${message}`)),
    state.run?.missing.length
      ? h('p.error', { role: 'alert' }, icon('fault'), `The sample has no column ${state.run.missing.join(', ')}.`)
      : null,
  )
}

const byHand = { delimiter: ',', header: true, times: ['iso'], key: [], facts: [emptyFact] }

/** Taken when it was left: every change has the sample read anew. */
const line = (value, set) => lineOf(value, set, { when: 'onchange' })

const parts = (text, mark) =>
  text
    .split(mark)
    .map((part) => part.trim())
    .filter(Boolean)

function formatFields(editor) {
  const { mapping, run } = editor.state
  const marks = [
    [',', 'Comma'],
    [';', 'Semicolon'],
    ['\t', 'Tab'],
    ['|', 'Bar'],
  ]
  const encodings = ['auto', 'utf-8', 'windows-1252', 'iso-8859-15', 'utf-16le', 'utf-16be'].map((name) => [
    name,
    name === 'auto' ? `As found${run ? ` (${run.encoding})` : ''}` : name,
  ])
  return h(
    'div.files-format',
    labelled(
      'map-delimiter',
      'Between cells',
      choiceOf(mapping.delimiter, marks, (delimiter) => editor.edit({ delimiter })),
    ),
    labelled(
      'map-header',
      'First line',
      choiceOf(
        String(mapping.header),
        [
          ['true', 'Names the columns'],
          ['false', 'Is a row'],
        ],
        (value) => editor.edit({ header: value === 'true' }),
      ),
    ),
    labelled(
      'map-encoding',
      'Encoding',
      choiceOf(mapping.encoding ?? 'auto', encodings, (encoding) => editor.edit({ encoding })),
    ),
    labelled(
      'map-decimal',
      'Decimal sign',
      choiceOf(
        mapping.decimal ?? 'auto',
        [
          ['auto', 'Either'],
          ['.', 'Point'],
          [',', 'Comma'],
        ],
        (decimal) => editor.edit({ decimal }),
      ),
    ),
    labelled(
      'map-times',
      'Times are written as',
      line(mapping.times.join(' | '), (text) => editor.edit({ times: parts(text, '|') })),
      'Several with | between',
    ),
    labelled(
      'map-key',
      'A row is known by',
      line(mapping.key.join(' | '), (text) => editor.edit({ key: parts(text, '|') })),
      'Columns; empty for none',
    ),
  )
}

function factCard(editor, fact, index) {
  const { vocabulary, run, mapping } = editor.state
  const shape = vocabulary.types.find(({ type }) => type === fact.type)
  const names = [...new Set([...shape.needs, ...shape.may])]
  const columns = [...new Set([...(run?.columns ?? []).map(({ name }) => name), ...columnsOf(mapping)])]
  const types = vocabulary.types.map(({ type, title }) => [type, title])
  const id = `fact-${index}`
  const isShown = (name) => shape.needs.includes(name) || name in fact.fields
  const row = (name) => fieldRow(editor, fact, index, name, shape.needs.includes(name), columns)
  return h(
    'fieldset.files-fact',
    { key: id },
    h('legend', shape.title),
    h(
      'div.files-fact-head',
      labelled(
        `${id}-type`,
        'Each row says',
        choiceOf(fact.type, types, (type) =>
          editor.editFact(index, { type, fields: kept(vocabulary, type, fact.fields) }),
        ),
      ),
      whenField(editor, fact, index, columns),
      h(
        'button.quiet',
        {
          onclick: () => editor.edit({ facts: mapping.facts.filter((_, i) => i !== index) }),
          disabled: mapping.facts.length === 1,
        },
        icon('cross'),
        'Remove',
      ),
    ),
    h('div.files-fields', names.filter(isShown).map(row)),
    h('details', h('summary', 'More fields'), h('div.files-fields', names.filter((name) => !isShown(name)).map(row))),
  )
}

const columnsOf = ({ key, facts }) => [
  ...key,
  ...facts.flatMap(({ when = [], fields }) => [
    ...when.map(({ column }) => column),
    ...Object.values(fields).flatMap((one) => one.column ?? one.columns ?? []),
  ]),
]

function kept(vocabulary, type, fields) {
  const { needs, may } = vocabulary.types.find((one) => one.type === type)
  return Object.fromEntries(Object.entries(fields).filter(([name]) => needs.includes(name) || may.includes(name)))
}

/** One condition can be made here; more, or another kind, are shown and kept. */
function whenField(editor, { when = [] }, index, columns) {
  const simple = when.length === 0 || (when.length === 1 && when[0].filled === true)
  const options = [
    ['', 'Always'],
    ...columns.map((name) => [name, `${name} is filled`]),
    ...(simple ? [] : [['\u0000', when.map(conditionText).join(' and ')]]),
  ]
  const set = (value) =>
    value !== '\u0000' && editor.editFact(index, { when: value === '' ? [] : [{ column: value, filled: true }] })
  return labelled(`fact-${index}-when`, 'When', choiceOf(simple ? (when[0]?.column ?? '') : '\u0000', options, set))
}

function conditionText({ column, is, isNot, filled, sign }) {
  const said = [
    is ? `is ${is.join(' or ')}` : '',
    isNot ? `is not ${isNot.join(' or ')}` : '',
    filled === undefined ? '' : filled ? 'is filled' : 'is empty',
    sign ? `is ${sign}` : '',
  ]
  return `${column} ${said.filter(Boolean).join(', ')}`
}

function fieldRow(editor, fact, index, name, needed, columns) {
  const { title, kind, choices } = editor.state.vocabulary.fields.find((one) => one.name === name)
  const source = fact.fields[name]
  const id = `fact-${index}-${name}`
  const joined = source?.columns ? `\u0001${source.columns.join(' + ')}` : null
  const value = source === undefined ? '' : source.constant !== undefined ? '\u0000' : (joined ?? source.column)
  const options = [
    ['', needed ? 'Choose…' : '–'],
    ...columns.map((column) => [column, column]),
    ...(joined ? [[joined, source.columns.join(' + ')]] : []),
    ['\u0000', 'Always the same…'],
  ]
  const { column: _, columns: __, constant: ___, ...rest } = source ?? {}
  const set = (chosen) => {
    if (chosen === joined && joined !== null) return
    if (chosen === '') editor.setField(index, name, null)
    else
      editor.setField(index, name, chosen === '\u0000' ? { constant: choices?.[0] ?? '' } : { ...rest, column: chosen })
  }
  return h(
    'div.field',
    { key: id, class: needed ? 'is-needed' : '' },
    h('label', { for: id }, title, needed ? h('span.note', ' needed') : null),
    choiceOf(value, options, set)(id),
    value === '\u0000'
      ? h('input', {
          'aria-label': `${title}, always`,
          value: source.constant,
          onchange: (event) => editor.setField(index, name, { constant: event.target.value }),
        })
      : null,
    kind === 'choice' && source && value !== '\u0000'
      ? h('input', {
          'aria-label': `${title}: what the words mean`,
          placeholder: `IN=${choices[0]}, OUT=${choices[1]}`,
          value: Object.entries(source.words ?? {})
            .map(([from, to]) => `${from}=${to}`)
            .join(', '),
          onchange(event) {
            const pairs = parts(event.target.value, ',').map((pair) => parts(pair, '='))
            const { words: ____, ...plain } = source
            const known = pairs.filter((pair) => pair.length === 2)
            editor.setField(index, name, known.length ? { ...plain, words: Object.fromEntries(known) } : plain)
          },
        })
      : null,
  )
}

const adder = (editor) =>
  h(
    'button',
    { onclick: () => editor.edit({ facts: [...editor.state.mapping.facts, emptyFact] }) },
    'Another fact of each row',
  )
