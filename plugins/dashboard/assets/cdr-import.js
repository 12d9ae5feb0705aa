// Owns taking in charge detail records of a partner from a file: its columns, a piece after the other, and what became of each record.
// Must not read records; the hub does, and names what it refuses.
import * as api from './api.js'
import { columnsIn, commaChoice, dropZone, fileField, mappingFields } from './column-mapping.js'
import { h } from './elements.js'
import { choiceOf, labelled } from './form-controls.js'
import { count, counted } from './formats.js'
import { icon } from './icons.js'
import { recordTable } from './record-table.js'
import { cdrStates, differenceClasses, editions, importStatuses, optionsOf } from './settling-words.js'
import { stateWord } from './station-talk.js'
import { csvOfCells } from './table-file.js'
import { held, hold } from './typed-state.js'

const place = 'settling-import'
/** Each piece is priced within one request, so that none takes long and one sees how far it is. */
const pieceSize = 200

const columns = [
  ['id', 'Id'],
  ['start', 'Start'],
  ['end', 'End'],
  ['energyKwh', 'Energy in kWh'],
  ['net', 'Net amount'],
  ['gross', 'Amount with tax'],
  ['currency', 'Currency'],
  ['chargingHours', 'Hours charged'],
  ['parkingHours', 'Hours parked'],
  ['evse', 'Charger'],
  ['token', 'Token'],
  ['authorizationReference', 'Reference of authorisation'],
  ['sessionReference', 'Reference of session'],
  ['creditReference', 'Takes back'],
]

export function importBlock(app) {
  const partners = app.data.items('partners').filter(({ archivedAt }) => !archivedAt)
  if (partners.length === 0) return null
  const typed = held(app, place)
  const partner = partners.find(({ partnerId }) => partnerId === typed.partnerId) ?? partners[0]
  const set = (change) => hold(app, place, { results: null, error: null, progress: null, ...change })
  const { file, progress } = typed
  const isCsv = file?.columns && file.lines === null
  const mapping = typed.mapping ?? partner.csvMapping ?? { columns: {}, decimalComma: false }
  return [
    h(
      'section.block',
      { key: 'cdr-import', 'aria-labelledby': 'cdr-import-title', ...dropZone((chosen) => set({ file: chosen })) },
      h(
        'div.block-head',
        h('h2', { id: 'cdr-import-title' }, 'Take in records'),
        h('p.note', 'Charge detail records by OCPI, or a CSV. The same record again is known and counts once.'),
      ),
      h(
        'div.mapping-form',
        h(
          'div.mapping-fields',
          labelled(
            'cdr-partner',
            'Partner',
            choiceOf(
              partner.partnerId,
              partners.map(({ partnerId, name }) => [partnerId, name]),
              (partnerId) => set({ partnerId, mapping: undefined, edition: undefined }),
            ),
          ),
          fileField({
            id: 'cdr-file',
            label: 'File of records',
            accept: '.json,.jsonl,.csv,.txt,.tsv,application/json,text/csv',
            file,
            choose: (chosen) => set({ file: chosen }),
            note: 'Choose it, or drop it here: JSON, or CSV.',
          }),
          isCsv
            ? null
            : labelled(
                'cdr-edition',
                'Edition of OCPI',
                choiceOf(
                  typed.edition ?? partner.edition,
                  editions.map((edition) => [edition, edition]),
                  (edition) => set({ edition }),
                ),
              ),
        ),
        file?.fault ? h('p.state.tone-bad', { role: 'alert' }, icon('fault'), file.fault) : null,
        isCsv ? mappingPart(file, mapping, (next) => set({ mapping: next })) : null,
        progress ? progressPart(progress) : null,
        typed.error
          ? h(
              'p.state.tone-bad',
              { role: 'alert' },
              icon('fault'),
              `${typed.error} ${progress?.done > 0 ? 'Take it in again: what is here already counts once.' : ''}`,
            )
          : null,
        h(
          'div.tools',
          h(
            'button.primary',
            {
              disabled: !file?.columns || typed.running === true,
              onclick: () => takeIn(app, partner, typed),
            },
            icon('download'),
            typed.running ? 'Taking in…' : 'Take in',
          ),
        ),
      ),
    ),
    typed.results ? resultsTable(app, typed.results) : null,
  ]
}

function mappingPart(file, mapping, change) {
  return [
    h('h3', 'Columns of the file'),
    mappingFields({
      id: 'cdr-column',
      fields: columns,
      columns: file.columns,
      chosen: mapping.columns,
      change: (next) => change({ ...mapping, columns: next }),
    }),
    h(
      'div.mapping-fields',
      commaChoice('cdr-comma', mapping.decimalComma ?? false, (decimalComma) => change({ ...mapping, decimalComma })),
    ),
    h('p.note', 'The columns are kept with the partner for its next file.'),
  ]
}

function progressPart({ done, total }) {
  return h(
    'div.settling-progress',
    { key: 'progress', role: 'status' },
    h('progress', { value: String(done), max: String(total), 'aria-label': 'Records taken in' }),
    h('span', `${count(done)} of ${counted(total, 'record')}`),
  )
}

/** Records as bodies of requests, a piece each. */
function piecesOf({ columns: titles, rows, lines }, edition) {
  const all = lines ?? rows
  const pieces = []
  for (let from = 0; from < all.length; from += pieceSize) {
    const part = all.slice(from, from + pieceSize)
    pieces.push({
      from,
      count: part.length,
      body: lines ? { cdrs: part, edition } : { csv: csvOfCells([titles, ...part]) },
    })
  }
  return pieces
}

/** Each piece is taken by itself: what came before one that fails stays. */
async function takeIn(app, partner, { file, edition, mapping }) {
  const { data } = app
  const pieces = piecesOf(file, edition ?? partner.edition)
  const total = (file.lines ?? file.rows).length
  if (total === 0) return hold(app, place, { error: 'There is no record in the file.', results: null, progress: null })
  const results = []
  const tell = (change) => app.data === data && hold(app, place, change)
  // What was searched among the results of another file would hide these.
  delete app.tables['cdr-results']
  tell({ running: true, error: null, results: null, progress: { done: 0, total } })
  try {
    if (file.lines === null && mapping) await keepMapping(app, partner, file, mapping)
    for (const { from, count: many, body } of pieces) {
      if (app.data !== data) return undefined
      const { items } = await api.post(`/api/v1/partners/${partner.partnerId}/cdr-imports`, body)
      results.push(...items.map((item) => ({ ...item, index: item.index + from })))
      tell({ progress: { done: from + many, total } })
    }
    const rejected = results.filter(({ status }) => status === 'rejected').length
    const taken = `${counted(total - rejected, 'record')} taken in`
    if (rejected === 0) app.say({ tone: 'good', title: taken })
    else app.say({ tone: 'warn', title: `${taken}, ${count(rejected)} refused` })
  } catch (error) {
    const [first] = error.errors ?? []
    tell({ error: first ? `${first.pointer} ${first.message}.` : error.message })
    app.say({ tone: 'bad', title: 'Not all is taken in', text: error.message })
  }
  tell({ running: false, results })
  return data.touch('partnerCdrs')
}

/** What a person chose; the mapping of another file is not taken away because this one lacks a column. */
async function keepMapping(app, { partnerId }, file, { columns: chosen, decimalComma = false }) {
  const path = `/api/v1/partners/${partnerId}`
  const { version } = await api.get(path)
  await api.patch(path, { csvMapping: { columns: columnsIn(chosen, file.columns), decimalComma } }, version)
  app.data.touch('partners')
}

function resultsTable(app, results) {
  const many = {}
  for (const { status } of results) many[status] = (many[status] ?? 0) + 1
  return recordTable(app, {
    id: 'cdr-results',
    title: 'What became of each record',
    rows: results,
    keyOf: ({ index }) => String(index),
    open: (result, row) => result.cdrId && app.open({ kind: 'cdr', id: result.cdrId }, row),
    search: ({ externalId, problems }) => [externalId, ...problems.map(({ message }) => message)].join(' '),
    filters: [
      {
        id: 'status',
        label: 'All of them',
        options: optionsOf(importStatuses)
          .filter(([status]) => many[status])
          .map(([status, said]) => [status, `${said} (${count(many[status])})`]),
        test: ({ status }, chosen) => status === chosen,
      },
    ],
    above: h(
      'ul.chips.settling-counts',
      Object.entries(importStatuses)
        .filter(([status]) => many[status])
        .map(([status]) => h('li', { key: status }, stateWord(importStatuses, status), ` ${count(many[status])}`)),
    ),
    columns: [
      { id: 'index', label: 'No.', cell: ({ index }) => count(index + 1), csv: ({ index }) => index + 1 },
      {
        id: 'record',
        label: 'Record',
        cell: ({ externalId, cdrId }) =>
          cdrId === null
            ? (externalId ?? h('span.none', 'no id'))
            : h(
                'button.inline.strong',
                { onclick: (event) => app.open({ kind: 'cdr', id: cdrId }, event.currentTarget) },
                externalId,
              ),
        csv: ({ externalId }) => externalId,
      },
      {
        id: 'status',
        label: 'Outcome',
        cell: ({ status }) => stateWord(importStatuses, status),
        csv: ({ status }) => status,
      },
      {
        id: 'state',
        label: 'State',
        cell: ({ state }) => (state === null ? h('span.none', '–') : stateWord(cdrStates, state)),
        csv: ({ state }) => state,
      },
      {
        id: 'why',
        label: 'Why',
        cell: ({ classes, problems }) =>
          problems.length > 0
            ? problems.map(({ pointer, message }) =>
                h('p.settling-why', { key: pointer }, h('code', pointer), ` ${message}`),
              )
            : classes.length > 0
              ? classes.map((kind) => differenceClasses[kind]).join(', ')
              : h('span.none', '–'),
        csv: ({ classes, problems }) =>
          [...classes, ...problems.map(({ pointer, message }) => `${pointer} ${message}`)].join('; '),
      },
    ],
    file: app.fileName('taken-in'),
    empty: h('p', 'There was no record in it.'),
  })
}
