// Owns taking in a tariff that somebody else wrote: what it is, and what is lost when it becomes the hub's own rules.
// Must not store anything: it ends as a draft.
import * as api from './api.js'
import { h } from './elements.js'
import { icon } from './icons.js'

export const formats = [
  ['standard', 'Standard rules'],
  ['ocpi-2.1.1', 'OCPI 2.1.1'],
  ['ocpi-2.2', 'OCPI 2.2'],
  ['ocpi-2.2.1', 'OCPI 2.2.1'],
  ['ocpi-2.3.0', 'OCPI 2.3.0'],
  ['ocpp-2.1', 'OCPP 2.1'],
]

/** `{ engine, rules, code, name, currency }` of a text; throws with words for a person. `edition` when it does not say. */
export function readTariff(text, edition) {
  let found = JSON.parse(text)
  // As an OCPI module answers, and as a list holds it.
  if (found?.data) found = found.data
  if (Array.isArray(found)) {
    if (found.length !== 1) throw new Error(`This is a list of ${found.length} tariffs: take them in one by one.`)
    found = found[0]
  }
  if (found === null || typeof found !== 'object') throw new Error('This is no tariff.')
  if (found.rules && found.engine) return { ...found, ...named(found) }
  if (found.scope) return { engine: 'tariff-standard', rules: found, scope: found.scope }
  if (found.tariff && found.edition) return wrapped(found)
  if (found.elements) return wrapped({ edition: edition || ocpiEdition(found), tariff: found })
  if (found.currency) return wrapped({ edition: '2.1', tariff: found })
  throw new Error('This is neither an OCPI tariff, nor one of OCPP 2.1, nor standard rules.')
}

const named = ({ code, name, scope }) => ({ code: code ?? '', name: name ?? '', scope: scope ?? 'charging' })

function wrapped(rules) {
  const { tariff, edition } = rules
  const name = tariff.id ?? tariff.tariffId ?? ''
  return {
    engine: edition === '2.1' ? 'tariff-ocpp' : 'tariff-ocpi',
    scope: 'charging',
    rules,
    code: name,
    name,
    currency: tariff.currency,
  }
}

function ocpiEdition(tariff) {
  if (tariff.tax_included !== undefined) return '2.3.0'
  return tariff.country_code === undefined ? '2.1.1' : '2.2.1'
}

export function importBlock(app) {
  const { tariffImport: held } = app
  const hold = (change) => app.set({ tariffImport: { ...app.tariffImport, ...change } })
  return h(
    'section.block.tariff-import',
    { key: 'import', 'aria-labelledby': 'import-title' },
    h(
      'div.block-head',
      h('h2', { id: 'import-title' }, 'Import a tariff'),
      h('div.tools', h('button', { onclick: () => app.set({ tariffImport: null }) }, 'Close')),
      h('p.note', 'An OCPI or OCPP 2.1 tariff or standard rules, as JSON. It becomes a draft; nothing is stored yet.'),
    ),
    h(
      'div.example-fields',
      h(
        'div.field',
        h('label', { for: 'import-file' }, 'From a file'),
        h('input', {
          id: 'import-file',
          type: 'file',
          accept: '.json,application/json',
          onchange: async ({ target }) => {
            if (target.files[0]) hold({ text: await target.files[0].text(), result: null, error: null })
          },
        }),
      ),
      h(
        'div.field',
        h('label', { for: 'import-to' }, 'Take it in as'),
        h(
          'select',
          { id: 'import-to', value: held.to, onchange: ({ target }) => hold({ to: target.value, result: null }) },
          h('option', { value: '' }, 'What it is'),
          formats.map(([value, label]) => h('option', { value }, label)),
        ),
      ),
    ),
    h('label.field', { for: 'import-text' }, 'Or pasted'),
    h('textarea', {
      id: 'import-text',
      class: 'mono',
      rows: 8,
      spellcheck: 'false',
      value: held.text,
      oninput: ({ target }) => hold({ text: target.value, result: null, error: null }),
    }),
    held.error ? h('p.error', { role: 'alert' }, icon('fault'), held.error) : null,
    h(
      'div.tools',
      h(
        'button.primary',
        { disabled: held.text.trim() === '' || held.busy, onclick: () => look(app, hold) },
        'Read it',
      ),
    ),
    held.result
      ? [
          lostList(held.result.lost),
          h(
            'div.tools',
            h('button.primary', { onclick: () => app.beginDraft({ start: held.result.start }) }, 'Open in the editor'),
          ),
        ]
      : null,
  )
}

async function look(app, hold) {
  const { text, to } = app.tariffImport
  try {
    const { engine, rules, code, name, scope, currency = app.site.currency } = readTariff(text)
    hold({ busy: true, error: null })
    const kept = { engine, rules, lost: [] }
    const read = to === '' ? kept : await api.post('/api/v1/tariffs/convert', { engine, rules, currency, to })
    const start = { engine: read.engine, rules: read.rules, scope, currency, code, name }
    hold({ busy: false, result: { lost: read.lost, start: definedOnly(start) } })
  } catch (error) {
    const where = error.errors?.map(({ pointer, message }) => `${pointer} ${message}`).join(' ')
    hold({ busy: false, result: null, error: where || error.message })
  }
}

const definedOnly = (fields) => Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))

/** What the other format could not say. */
export function lostList(lost) {
  if (lost.length === 0) return h('p.state.tone-good', { role: 'status' }, icon('check'), 'Nothing is lost.')
  return h(
    'div',
    { role: 'status' },
    h('p.state.tone-warn', icon('fault'), lost.length === 1 ? 'One thing is lost' : `${lost.length} things are lost`),
    h(
      'ul.findings',
      lost.map(({ pointer, reason }, i) => h('li', { key: i }, h('code', pointer || '/'), h('p', reason))),
    ),
  )
}
