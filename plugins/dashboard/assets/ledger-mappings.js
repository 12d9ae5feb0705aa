// Owns the editor of account mappings: what each account and tax code of the hub is called in an accounting system, and what is missing.
// Must not know an accounting system.
import * as api from './api.js'
import { h } from './elements.js'
import { counted } from './formats.js'
import { icon } from './icons.js'
import { run } from './run-change.js'
import { plain } from './words.js'

export function mappingsBlock(app) {
  const { data } = app
  const mappings = data.items('mappings')
  const chosen = mappings.find(({ mappingId }) => mappingId === app.mapping?.mappingId) ?? mappings[0] ?? null
  const may = app.can('money:write')
  return h(
    'section.block',
    { key: 'mappings', 'aria-labelledby': 'mappings-title' },
    h(
      'div.block-head',
      h('h2', { id: 'mappings-title' }, 'Account mappings'),
      h(
        'div.tools',
        mappings.length > 0
          ? h(
              'label.chooser',
              h('span.unseen', 'Mapping'),
              h(
                'select',
                {
                  id: 'mapping',
                  value: chosen.mappingId,
                  onchange: ({ target }) => app.set({ mapping: { mappingId: target.value } }),
                },
                mappings.map(({ mappingId, name, target }) => h('option', { value: mappingId }, name || target)),
              ),
            )
          : null,
        may ? h('button', { onclick: () => askNew(app) }, 'New mapping') : null,
      ),
      h(
        'p.note',
        'What the accounts are called in an accounting system. Nothing is exported with an account that has no name there.',
      ),
    ),
    chosen
      ? editor(app, chosen, may)
      : h(
          'p.empty',
          data.get('mappings')?.error?.message ??
            (data.get('mappings')?.value ? 'No accounting system is mapped yet.' : 'Loading…'),
        ),
  )
}

/** Edited names over those that are stored. */
function namesOf(app, mapping) {
  const { accounts = {}, taxCodes = {} } = app.mapping?.mappingId === mapping.mappingId ? app.mapping : {}
  return { accounts: { ...mapping.accounts, ...accounts }, taxCodes: { ...mapping.taxCodes, ...taxCodes } }
}

/** Accounts that were posted to and have no name there. */
function problemsOf(accounts, names) {
  return accounts
    .filter(({ code, used }) => used && !names.accounts[code]?.trim())
    .map(({ code, name }) => `${name} (${code}) was posted to and is not mapped.`)
}

function editor(app, mapping, may) {
  const accounts = app.data.items('ledgerAccounts')
  const names = namesOf(app, mapping)
  const problems = problemsOf(accounts, names)
  const taxCodes = [
    ...new Set([
      ...Object.keys(names.taxCodes),
      ...accounts.flatMap(({ code }) => (code.startsWith('tax.payable.') ? [code.slice('tax.payable.'.length)] : [])),
    ]),
  ]
  const changed = !same(names.accounts, mapping.accounts) || !same(names.taxCodes, mapping.taxCodes)
  const hold = (part, code, value) => {
    const held = app.mapping?.mappingId === mapping.mappingId ? app.mapping : {}
    app.set({ mapping: { ...held, mappingId: mapping.mappingId, [part]: { ...held[part], [code]: value } } })
  }
  const field = (part, code, label, note) => {
    const missing = part === 'accounts' && problems.some((text) => text.includes(`(${code})`))
    return h(
      'div.field',
      { key: `${part} ${code}` },
      h('label', { for: `map-${part}-${code}` }, label, h('span.note', ` ${note}`)),
      h('input', {
        id: `map-${part}-${code}`,
        value: names[part][code] ?? '',
        maxlength: 200,
        disabled: !may,
        autocomplete: 'off',
        'aria-invalid': String(missing),
        oninput: ({ target }) => hold(part, code, target.value),
      }),
    )
  }
  const accountField = ({ code, name, kind }) => field('accounts', code, name, `${code}, ${plain(kind).toLowerCase()}`)
  // One that has a name stays in sight while it is typed.
  const isShown = ({ code, used }) => used || mapping.accounts[code] !== undefined
  const [shown, hidden] = [accounts.filter(isShown), accounts.filter((one) => !isShown(one))]
  return h(
    'form.mapping-form',
    {
      key: mapping.mappingId,
      'aria-label': `Mapping ${mapping.name || mapping.target}`,
      onsubmit: (event) => {
        event.preventDefault()
        save(app, mapping, names)
      },
    },
    h('p.note', `For ${mapping.target}`),
    problems.length > 0
      ? h(
          'ul.findings',
          { role: 'status' },
          problems.map((text) =>
            h('li', { key: text }, h('span.state.tone-warn', icon('fault'), 'Missing'), h('p', text)),
          ),
        )
      : h('p.state.tone-good', { role: 'status' }, icon('check'), 'Every account that was posted to is mapped.'),
    h('div.mapping-fields', shown.map(accountField)),
    hidden.length > 0
      ? h(
          'details',
          h('summary', `${counted(hidden.length, 'account')} that nothing was posted to yet`),
          h('div.mapping-fields', hidden.map(accountField)),
        )
      : null,
    taxCodes.length > 0
      ? [
          h('h3', 'Tax codes'),
          h(
            'div.mapping-fields',
            taxCodes.map((code) => field('taxCodes', code, code, 'of bills')),
          ),
        ]
      : null,
    may
      ? h(
          'div.tools',
          h('button.primary', { type: 'submit', disabled: !changed }, 'Save'),
          h(
            'button',
            {
              type: 'button',
              disabled: !changed,
              onclick: () => app.set({ mapping: { mappingId: mapping.mappingId } }),
            },
            icon('undo'),
            'Undo',
          ),
          h('button.danger', { type: 'button', onclick: () => askArchive(app, mapping) }, 'Archive'),
        )
      : null,
  )
}

const same = (a, b) =>
  JSON.stringify(Object.entries(filled(a)).sort()) === JSON.stringify(Object.entries(filled(b)).sort())

const filled = (names) =>
  Object.fromEntries(Object.entries(names).flatMap(([code, name]) => (name.trim() === '' ? [] : [[code, name.trim()]])))

async function save(app, { mappingId, version, name, target }, { accounts, taxCodes }) {
  const saved = await run(app, {
    request: () =>
      api.patch(
        `/api/v1/ledger/account-mappings/${mappingId}`,
        { accounts: filled(accounts), taxCodes: filled(taxCodes) },
        version,
      ),
    done: `The mapping for ${name || target} is saved`,
    failed: 'Not saved',
    touch: ['mappings'],
  })
  // What was typed stays until the list has it.
  if (saved !== null)
    app.set({ mapping: { mappingId, accounts: filled(saved.accounts), taxCodes: filled(saved.taxCodes) } })
}

function askNew(app) {
  app.ask({
    title: 'New mapping',
    text: 'For one accounting system: the id of its format (as datev-extf), or a name of your own in small letters.',
    action: 'Add',
    tone: 'calm',
    fields: [
      { name: 'target', label: 'For', required: true },
      { name: 'name', label: 'Name' },
    ],
    async run({ target, name }) {
      const made = await run(app, {
        request: () => api.post('/api/v1/ledger/account-mappings', { target, ...(name ? { name } : {}) }),
        done: `A mapping for ${target} is there`,
        failed: 'Not added',
        touch: ['mappings'],
      })
      if (made !== null) app.set({ mapping: { mappingId: made.mappingId } })
    },
  })
}

function askArchive(app, { mappingId, version, name, target }) {
  app.ask({
    title: `Archive the mapping for ${name || target}?`,
    text: 'Its target is free for another mapping. Nothing that was exported changes.',
    action: 'Archive',
    tone: 'danger',
    run: () =>
      run(app, {
        request: () => api.remove(`/api/v1/ledger/account-mappings/${mappingId}`, version),
        done: 'The mapping is archived',
        failed: 'Not archived',
        touch: ['mappings'],
      }),
  })
}
