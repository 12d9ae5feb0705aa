// Owns asking for a reconciliation: what is compared, for which days, the file with its columns, and what the hub finds wrong with it.
// Must not check cells and must not compare; the hub does.

import * as api from './api.js'
import { commaChoice, dropZone, fileField, mappingFields } from './column-mapping.js'
import { h } from './elements.js'
import { problemList } from './export-form.js'
import { choiceOf, labelled, lineOf } from './form-controls.js'
import { counted } from './formats.js'
import { icon } from './icons.js'
import { addDays } from './local-time.js'
import { asLastTime, bodyOf, fileFields, metersOf, stripeTitles } from './reconciliation-request.js'
import { run } from './run-change.js'
import { optionsOf, runKindNotes, runKinds } from './settling-words.js'
import { held, hold } from './typed-state.js'

const place = 'settling-start'
const mostCharacters = 900_000

export function reconciliationForm(app) {
  const { times, now } = app
  const yesterday = addDays(times.day(now), -1)
  const set = (change) => hold(app, place, { problems: null, ...change })
  const own = held(app, place)
  const kind = own.kind ?? 'parcs_stays'
  const typed = { kind, from: yesterday, to: yesterday, ...asLastTime(app, kind), ...own }
  const fields = fileFields[kind]
  return h(
    'section.block',
    {
      key: 'reconcile',
      'aria-labelledby': 'reconcile-title',
      ...(fields ? dropZone((file) => set({ file })) : {}),
    },
    h(
      'div.block-head',
      h('h2', { id: 'reconcile-title' }, 'Hold the books against others'),
      h('p.note', runKindNotes[kind]),
    ),
    h(
      'div.mapping-form',
      h(
        'div.mapping-fields',
        labelled(
          'reconcile-kind',
          'What',
          // What was chosen for one kind means nothing for another, but the days and the file stay.
          choiceOf(kind, optionsOf(runKinds), (next) =>
            app.set({ tables: { ...app.tables, [place]: kept(own, next) } }),
          ),
        ),
        day('reconcile-from', 'From', typed.from, (from) => set({ from, ...(from > typed.to ? { to: from } : {}) })),
        day('reconcile-to', 'Up to and with', typed.to, (to) => set({ to })),
        fields
          ? fileField({
              id: 'reconcile-file',
              label: 'File',
              accept: '.csv,.txt,.tsv,.json,.jsonl,text/csv,application/json',
              file: typed.file,
              round: typed.round,
              choose: (file) => set({ file }),
              note: 'Choose it, or drop it here: CSV, or JSON.',
            })
          : null,
        options[kind]?.(app, typed, set) ?? null,
      ),
      fields && typed.file ? filePart(typed, fields, set) : null,
      typed.problems ? problemPart(typed.problems) : null,
      h(
        'div.tools',
        h(
          'button.primary',
          { disabled: (fields && !typed.file?.text) || typed.sending === true, onclick: () => start(app, typed) },
          icon('check'),
          typed.sending ? 'Comparing…' : 'Compare',
        ),
        typed.file
          ? h('button', { onclick: () => set({ file: undefined, round: (typed.round ?? 0) + 1 }) }, 'Without this file')
          : null,
      ),
    ),
  )
}

/** `round` counts files that were let go: their field is a new one then, as none can be emptied. */
const kept = ({ from, to, file, round = 0 }, kind) => ({
  kind,
  ...(from ? { from } : {}),
  ...(to ? { to } : {}),
  file,
  round,
})

const day = (id, label, value, set) =>
  labelled(id, label, (own) =>
    h('input', { id: own, type: 'date', value, onchange: ({ target }) => target.value && set(target.value) }),
  )

/** Connections of parking systems, where the key sees them. */
function gates(app) {
  const parcs = new Set(
    app.data
      .items('plugins')
      .filter(({ capabilities }) => capabilities.includes('parcs'))
      .map(({ pluginId }) => pluginId),
  )
  return app.data
    .items('connections')
    .filter(({ pluginId, siteId }) => parcs.has(pluginId) && (siteId === null || siteId === app.siteId))
}

function connectionChoice(label, all, connections, typed, set) {
  if (connections.length === 0) return null
  return labelled(
    'reconcile-connection',
    label,
    choiceOf(
      typed.connectionId,
      [['', all], ...connections.map(({ connectionId, name }) => [connectionId, name])],
      (connectionId) => set({ connectionId }),
    ),
  )
}

const gateChoice = (app, typed, set) => connectionChoice('Parking system', 'All of the site', gates(app), typed, set)

const options = {
  parcs_stays: gateChoice,
  parcs_report: (app, typed, set) => [
    gateChoice(app, typed, set),
    labelled(
      'reconcile-methods',
      'Their words for ways of payment',
      lineOf(typed.methodNames, (methodNames) => set({ methodNames }), { placeholder: 'Bar=cash, EC=card' }),
      'Theirs, a sign of equality, ours.',
    ),
  ],
  meter_readings: meterChoices,
  processor_settlement: (app, typed, set) => [
    labelled(
      'reconcile-format',
      'Written by',
      choiceOf(
        typed.format,
        [
          ['plain', 'Any processor'],
          ['stripe', 'Stripe, itemized balance report'],
        ],
        (format) => set({ format }),
      ),
    ),
    connectionChoice('Processor', 'Only the ways below', app.data.items('providers'), typed, set),
    labelled(
      'reconcile-ways',
      'Ways of payment that it settles',
      lineOf(typed.methods, (methods) => set({ methods }), { placeholder: 'card' }),
      'As the books name them; beside the processor, or instead.',
    ),
    labelled(
      'reconcile-percent',
      'Fee of the contract in %',
      lineOf(typed.feePercent, (feePercent) => set({ feePercent }), { inputmode: 'decimal', placeholder: '1.5' }),
      'Each fee is held against it. Empty: not compared.',
    ),
    labelled(
      'reconcile-fixed',
      `and of each charge in ${app.site?.currency ?? 'money'}`,
      lineOf(typed.feeFixed, (feeFixed) => set({ feeFixed }), { inputmode: 'decimal', placeholder: '0.25' }),
    ),
  ],
}

/** Which chargers are behind a meter matters only where there are several. */
function meterChoices(app, typed, set) {
  const meters = metersOf(typed)
  if (meters.length < 2) return null
  const stations = app.data.items('stations').filter(({ siteId }) => siteId === app.siteId)
  return meters.map((meter) =>
    h(
      'fieldset.rules-choices',
      { key: `meter-${meter}` },
      h('legend', `Chargers behind ${meter}`),
      stations.map(({ stationId, code }) =>
        h(
          'label',
          { key: stationId },
          h('input', {
            type: 'checkbox',
            checked: (typed.meters[meter] ?? []).includes(stationId),
            onchange: ({ target }) =>
              set({ meters: { ...typed.meters, [meter]: ticked(typed, meter, stationId, target) } }),
          }),
          code,
        ),
      ),
    ),
  )
}

const ticked = ({ meters }, meter, stationId, { checked }) => [
  ...(meters[meter] ?? []).filter((one) => one !== stationId),
  ...(checked ? [stationId] : []),
]

function filePart({ kind, file, format, columns, decimalComma, dateOrder }, fields, set) {
  if (file.fault) return h('p.state.tone-bad', { role: 'alert' }, icon('fault'), file.fault)
  if (file.reading) return h('p.note', { role: 'status' }, 'Reading…')
  const tooLong = file.text.length > mostCharacters
  return [
    h('h3', 'Columns of the file'),
    mappingFields({
      id: 'reconcile-column',
      fields,
      columns: file.columns,
      chosen: columns,
      ownName: (field) =>
        (format === 'stripe' && kind === 'processor_settlement' ? stripeTitles[field] : undefined) ?? field,
      change: (next) => set({ columns: next }),
    }),
    h(
      'div.mapping-fields',
      commaChoice('reconcile-comma', decimalComma, (next) => set({ decimalComma: next })),
      labelled(
        'reconcile-order',
        'Days are written',
        choiceOf(
          dateOrder,
          [
            ['ymd', 'Year, month, day'],
            ['dmy', 'Day, month, year'],
            ['mdy', 'Month, day, year'],
          ],
          (next) => set({ dateOrder: next }),
        ),
      ),
    ),
    samplePart(file),
    tooLong
      ? h('p.state.tone-bad', icon('fault'), 'The file is longer than the hub takes at once: divide it by days.')
      : null,
  ]
}

function samplePart({ columns, rows }) {
  return h(
    'div.files-run.settling-sample',
    { tabindex: '0', role: 'region', 'aria-label': 'First rows of the file' },
    h(
      'table',
      { 'aria-label': 'First rows of the file' },
      h(
        'thead',
        h(
          'tr',
          columns.map((title, i) => h('th', { key: i, scope: 'col' }, title)),
        ),
      ),
      h(
        'tbody',
        rows.slice(0, 3).map((cells, i) =>
          h(
            'tr',
            { key: i },
            cells.map((cell, at) => h('td', { key: at }, cell)),
          ),
        ),
      ),
    ),
  )
}

function problemPart(problems) {
  return h(
    'div.answer',
    { key: 'problems', role: 'alert' },
    h('p.state.tone-bad', icon('fault'), `${counted(problems.length, 'mistake')}; nothing of it was taken`),
    problemList(problems.slice(0, 100)),
  )
}

async function start(app, typed) {
  hold(app, place, { sending: true, problems: null })
  const made = await run(app, {
    async request() {
      try {
        return await api.post('/api/v1/reconciliations', bodyOf(app, typed))
      } catch (error) {
        if (!(error.errors?.length > 0)) throw error
        hold(app, place, { problems: error.errors })
        throw new Error(`${counted(error.errors.length, 'mistake')}, named in the form.`, { cause: error })
      }
    },
    done: 'It is compared',
    failed: 'Not compared',
    touch: ['reconciliations'],
  })
  if (made === null) return hold(app, place, { sending: false })
  const { kind, from, to, round = 0 } = typed
  app.tables[place] = { kind, from, to, round: round + 1 }
  return app.open({ kind: 'reconciliation', id: made.reconciliationId }, null)
}
