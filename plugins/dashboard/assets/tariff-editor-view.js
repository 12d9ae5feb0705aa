// Owns the page on which a tariff is written: its head, the form and the JSON in step, what is wrong with it, publishing.
// Must not ask the hub anything; the editor does.
import { h } from './elements.js'
import { icon } from './icons.js'
import { nearestPlace, placesOf } from './json-places.js'
import { branchOf, rulesForm } from './rules-form.js'
import { previewBlock } from './tariff-preview.js'
import { plain } from './words.js'

export function tariffEditorPage(app, editor) {
  const { state } = editor
  const engine = app.data.items('engines').find((one) => one.engine === state.draft.engine)
  const inForm = state.draft.engine === 'tariff-standard'
  return h(
    'div.tariff-editor',
    { key: 'tariff-editor' },
    headBlock(app, editor),
    h(
      'div.tariff-columns',
      h(
        'div.tariff-rules',
        findingsBlock(editor),
        inForm
          ? h(
              'section.block',
              { key: 'form', 'aria-labelledby': 'rules-title' },
              h('div.block-head', h('h2', { id: 'rules-title' }, 'Rules')),
              engine
                ? rulesForm({
                    schema: branchOf(engine.schema, state.draft.scope),
                    rules: state.draft.rules,
                    findings: state.lint?.findings ?? [],
                    change: editor.setRule,
                  })
                : h('p.note', app.data.get('engines')?.error?.message ?? 'Loading…'),
            )
          : null,
        jsonBlock(editor, { open: !inForm }),
      ),
      previewBlock(app, editor),
    ),
  )
}

function headBlock(app, editor) {
  const { state } = editor
  const { draft, tariff } = state
  const errors = (state.lint?.findings ?? []).filter(({ severity }) => severity === 'error').length
  const ready = state.lint?.valid === true && state.textError === null && draft.code.trim() !== '' && !state.publishing
  const field = (name, label, more) =>
    h(
      'div.field',
      h('label', { for: `tariff-${name}` }, label),
      h('input', {
        id: `tariff-${name}`,
        value: draft[name],
        autocomplete: 'off',
        oninput: ({ target }) => editor.set({ [name]: target.value }),
        ...more,
      }),
    )
  const select = (name, label, options, set, disabled = false) =>
    h(
      'div.field',
      h('label', { for: `tariff-${name}` }, label),
      h(
        'select',
        { id: `tariff-${name}`, value: draft[name] ?? '', disabled, onchange: ({ target }) => set(target.value) },
        options.map(([value, text]) => h('option', { value }, text)),
      ),
    )
  const standard = draft.engine === 'tariff-standard'
  return h(
    'section.block',
    { key: 'editor-head', 'aria-labelledby': 'editor-title' },
    h(
      'div.block-head',
      h('h2', { id: 'editor-title' }, tariff ? `Next version of ${tariff.name}` : 'New tariff'),
      editor.dirty() ? h('span.pill.tone-warn', { role: 'status' }, 'Not published') : null,
      h(
        'div.tools',
        h('button', { onclick: editor.undo, disabled: state.past.length === 0 }, icon('undo'), 'Undo'),
        h('button', { onclick: () => app.leaveDraft() }, 'Close'),
        h(
          'button.primary',
          { onclick: () => app.publishDraft(), disabled: !ready || errors > 0 },
          state.publishing ? 'Publishing…' : 'Publish',
        ),
      ),
      h(
        'p.note',
        'A draft lives in this window until it is published. What began under an earlier version is billed by that one.',
      ),
    ),
    h(
      'div.example-fields',
      field('code', 'Code', { required: true, maxlength: 64 }),
      field('name', 'Name', { maxlength: 200 }),
      tariff
        ? null
        : [
            select(
              'engine',
              'Engine',
              app.data.items('engines').map(({ engine, title }) => [engine, title]),
              (engine) => editor.begin({ engine }),
            ),
            select(
              'scope',
              'For',
              [
                ['parking', 'Parking'],
                ['charging', 'Charging'],
              ],
              (scope) => editor.begin({ scope }),
              !standard,
            ),
            app.session.siteIds === null
              ? select(
                  'siteId',
                  'Sites',
                  [
                    [app.siteId, 'This site only'],
                    ['', 'Any site'],
                  ],
                  (siteId) => editor.set({ siteId: siteId === '' ? null : siteId }),
                )
              : null,
          ],
      field('validFrom', 'Holds from (or at once)', { type: 'datetime-local' }),
    ),
  )
}

const severities = {
  error: { tone: 'bad', icon: 'fault', label: 'Wrong' },
  warning: { tone: 'warn', icon: 'fault', label: 'Doubtful' },
  info: { tone: 'calm', icon: 'review', label: 'To know' },
}

function findingsBlock({ state }) {
  const findings = state.lint?.findings ?? []
  return h(
    'section.block',
    { key: 'findings', 'aria-labelledby': 'findings-title' },
    h('h2', { id: 'findings-title' }, 'Check', findings.length > 0 ? h('span.count', ` ${findings.length}`) : null),
    state.textError === null
      ? null
      : h('p.error', { role: 'alert' }, icon('fault'), `This is no JSON yet: ${state.textError}`),
    state.lint === null
      ? h('p.note', state.asking ? 'Asking the hub…' : 'Not checked yet.')
      : findings.length === 0
        ? h('p.state.tone-good', { role: 'status' }, icon('check'), 'Nothing is wrong and nothing doubtful.')
        : h(
            'ul.findings',
            { role: 'status' },
            findings.map(({ pointer, severity, code, message }) => {
              const { tone, icon: sign, label } = severities[severity]
              return h(
                'li',
                { key: `${pointer} ${code}` },
                h('span.state', { class: `tone-${tone}` }, icon(sign), label),
                h(
                  'p',
                  message,
                  ' ',
                  h(
                    'button.inline',
                    { type: 'button', onclick: () => showPlace(state.text, pointer), title: plain(code) },
                    pointer === '' ? 'the rules' : pointer,
                  ),
                ),
              )
            }),
          ),
  )
}

/** At its field, or else in the JSON. */
function showPlace(text, pointer) {
  const field = document.getElementById(`rule${pointer}`)
  if (field && pointer !== '') {
    field.scrollIntoView({ block: 'center' })
    const first = field.matches('input, select, button') ? field : field.querySelector('input, select, button')
    first?.focus()
    return
  }
  const area = document.getElementById('rules-json')
  area.closest('details').open = true
  const place = nearestPlace(placesOf(text), pointer)
  area.focus()
  if (place) area.setSelectionRange(...place)
}

function jsonBlock({ state, setText }, { open }) {
  return h(
    'details.block.rules-json',
    { key: open ? 'json-alone' : 'json', made: (element) => (element.open = open) },
    h('summary', h('h2', 'Rules as JSON')),
    h('label.unseen', { for: 'rules-json' }, 'Rules as JSON'),
    h('textarea', {
      id: 'rules-json',
      class: 'mono',
      rows: Math.min(40, Math.max(12, state.text.split('\n').length + 1)),
      spellcheck: 'false',
      autocomplete: 'off',
      'aria-invalid': String(state.textError !== null),
      value: state.text,
      oninput: ({ target }) => setText(target.value),
    }),
  )
}
