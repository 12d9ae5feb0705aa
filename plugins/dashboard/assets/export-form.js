// Owns asking for an export: which closed period in which format, its options, what the hub finds wrong with it, making it.
// Must not know a format: its form is made from its schema, and problems are the hub's.
import * as api from './api.js'
import { h } from './elements.js'
import { daysOf } from './export-panel.js'
import { counted, money } from './formats.js'
import { icon } from './icons.js'
import { withValue } from './rules-change.js'
import { rulesForm } from './rules-form.js'
import { run } from './run-change.js'

const optionsAt = '/options'

export function exportForm(app) {
  const { data } = app
  const formats = data.items('exportFormats')
  const periods = data.items('periods')
  const typed = app.exportAsk ?? {}
  const chosen = formats.find(({ format }) => format === typed.format) ?? formats[0] ?? null
  const period = periods.find(({ periodId }) => periodId === typed.periodId) ?? periods[0] ?? null
  const failed = data.get('exportFormats')?.error ?? data.get('periods')?.error
  const hold = (change) => app.set({ exportAsk: { ...app.exportAsk, check: null, ...change } })
  return h(
    'section.block',
    { key: 'export-form', 'aria-labelledby': 'export-form-title' },
    h('div.block-head', h('h2', { id: 'export-form-title' }, 'Export a period')),
    chosen === null || period === null
      ? h(
          'p.empty',
          failed?.message ??
            (data.get('periods')?.value ? 'No period is closed yet; only closed ones are exported.' : 'Loading…'),
        )
      : h(
          'div.mapping-form',
          h(
            'div.mapping-fields',
            select('export-period', 'Period', period.periodId, (periodId) => hold({ periodId }), [
              ...periods.map((one) => [one.periodId, `No. ${one.number}, ${daysOf(one)}, ${one.currency}`]),
            ]),
            select('export-format', 'Format', chosen.format, (format) => hold({ format, options: {} }), [
              ...formats.map(({ format, title }) => [format, title]),
            ]),
            select('export-mapping', 'Mapping', typed.mappingId ?? '', (mappingId) => hold({ mappingId }), [
              ['', 'The one for this format'],
              ...data.items('mappings').map(({ mappingId, name, target }) => [mappingId, name || target]),
            ]),
          ),
          h(
            'details',
            { key: chosen.format },
            h('summary', 'Options of the format'),
            rulesForm({
              schema: chosen.options,
              rules: typed.options ?? {},
              findings: (typed.check?.problems ?? []).map(({ pointer, message }) => ({
                severity: 'error',
                pointer: pointer.startsWith(`${optionsAt}/`) ? pointer.slice(optionsAt.length) : pointer,
                message,
              })),
              change: (path, value) => hold({ options: withValue(app.exportAsk?.options ?? {}, path, value) }),
            }),
          ),
          typed.check ? checkPart(period, typed.check) : null,
          tools(app, period, chosen, typed),
        ),
  )
}

function select(id, label, value, choose, options) {
  return h(
    'div.field',
    { key: id },
    h('label', { for: id }, label),
    h(
      'select',
      { id, value, onchange: ({ target }) => choose(target.value) },
      options.map(([given, words]) => h('option', { value: given }, words)),
    ),
  )
}

const bodyOf = ({ format }, { mappingId, options }) => ({
  format,
  ...(mappingId ? { mappingId } : {}),
  options: options ?? {},
})

function tools(app, period, chosen, typed) {
  const may = app.can('money:write')
  return h(
    'div.tools',
    h('button', { onclick: () => check(app, period, chosen, typed) }, icon('check'), 'Check'),
    may
      ? h('button.primary', { onclick: () => askMake(app, period, chosen, typed) }, icon('download'), 'Make the export')
      : null,
    may ? h('button', { onclick: () => askStanding(app, chosen, typed) }, 'After each close') : null,
  )
}

const exportsOf = ({ periodId }, what) => `/api/v1/ledger/periods/${periodId}/${what}`

async function check(app, period, chosen, typed) {
  try {
    const answer = await api.post(exportsOf(period, 'export/check'), bodyOf(chosen, typed))
    app.set({ exportAsk: { ...app.exportAsk, check: answer } })
    // Somebody may have mapped what was missing.
    app.data.touch('mappings')
  } catch (error) {
    app.say({ tone: 'bad', title: 'Not checked', text: error.message })
  }
}

export const problemList = (problems) =>
  h(
    'ul.findings',
    problems.map(({ pointer, message }, i) =>
      h('li', { key: i }, pointer === '' ? null : h('code', pointer), h('p', message)),
    ),
  )

const named = ({ target, number }) => `${target} ${number}`

function checkPart({ currency }, { problems, entryCount, debitMinor, made, supersedes, delivered }) {
  return h(
    'div.answer',
    { key: 'check', role: 'status' },
    problems.length === 0
      ? h(
          'p',
          h('span.state.tone-good', icon('check'), 'It can be made'),
          ` ${counted(entryCount, 'entry', 'entries')}, ${money(debitMinor, currency)} of debits.`,
        )
      : [h('p.state.tone-bad', icon('fault'), counted(problems.length, 'problem')), problemList(problems)],
    made ? h('p', `It was made already, as ${named(made)}.`) : null,
    supersedes ? h('p', `It would take the place of ${named(supersedes)}.`) : null,
    delivered.length > 0
      ? h(
          'p.state.tone-warn',
          icon('fault'),
          `In the books outside already: ${delivered.map(named).join(', ')}. Importing another counts the period twice.`,
        )
      : null,
  )
}

function askMake(app, period, chosen, typed) {
  app.ask({
    title: `Export period ${period.number}?`,
    text: `${daysOf(period)} as ${chosen.title}. The batch has a number for ever.`,
    action: 'Export',
    tone: 'calm',
    async run() {
      const made = await run(app, {
        request: () => api.post(exportsOf(period, 'exports'), bodyOf(chosen, typed)),
        done: `Period ${period.number} is exported`,
        failed: 'Not exported',
        touch: ['exports'],
      })
      // A refusal tells its problems only in words; the check names each with its place.
      if (made === null) return check(app, period, chosen, typed)
      app.set({ exportAsk: { ...app.exportAsk, check: null } })
      return app.open({ kind: 'export', id: made.exportId }, null)
    },
  })
}

function askStanding(app, chosen, typed) {
  const mapping =
    typed.mappingId || app.data.items('mappings').find(({ target }) => target === chosen.format)?.mappingId
  if (!mapping)
    return app.say({
      tone: 'bad',
      title: 'No mapping yet',
      text: `Map the accounts for ${chosen.format} under Periods first.`,
    })
  return app.ask({
    title: `Export as ${chosen.title} after each close?`,
    text: 'Every period with entries that is closed from now on, with the options as they stand here.',
    action: 'Export from now on',
    tone: 'calm',
    fields: [
      {
        name: 'of',
        label: 'Of',
        value: 'site',
        options: [
          ['site', 'This site'],
          ['all', 'All sites'],
        ],
      },
    ],
    run: ({ of }) =>
      run(app, {
        request: () =>
          api.post('/api/v1/ledger/standing-exports', {
            ...bodyOf(chosen, typed),
            mappingId: mapping,
            siteId: of === 'all' ? null : app.siteId,
          }),
        done: 'It is exported after each close',
        failed: 'Not added',
        touch: ['standing'],
      }),
  })
}
