// Owns the page about a parking system that speaks in files: which files came and what became of each.
// Must not ask the hub anything; the editor does.
import { h } from './elements.js'
import { dryRunBlock } from './files-dry-run.js'
import { mappingBlock } from './files-mapping.js'
import { count } from './formats.js'
import { icon } from './icons.js'
import { recordTable } from './record-table.js'
import { forbidden } from './stay-table.js'

export const isFiles = ({ pluginId }) => pluginId === 'parcs-files'

export function filesView(app) {
  const connections = app.data
    .items('connections')
    .filter((one) => isFiles(one) && (one.siteId === app.siteId || one.siteId === null))
  const editor = app.editorOf(connections)
  if (!editor) {
    const known = app.data.get('connections')?.value
    return h(
      'section.block',
      { key: 'no-files' },
      h('h2', 'Files'),
      known || !app.data.get('connections')
        ? h(
            'p.empty',
            'No parking system at this site speaks in files. Connect one with the plugin “Parking system by files”.',
          )
        : h('p.note', 'Loading…'),
    )
  }
  const { state } = editor
  return [
    connections.length > 1 ? connectionPicker(app, connections, state) : null,
    state.error ? h('p.error', { key: 'files-error', role: 'alert' }, icon('fault'), state.error.message) : null,
    fileTable(app, editor),
    mappingBlock(app, editor),
    state.run ? dryRunBlock(state) : null,
  ]
}

function connectionPicker(app, connections, { connection }) {
  return h(
    'label.files-picker',
    { key: 'picker' },
    'Connection ',
    h(
      'select',
      { value: connection.connectionId, onchange: (event) => app.set({ filesChosen: event.target.value }) },
      connections.map(({ connectionId, name }) => h('option', { value: connectionId }, name)),
    ),
  )
}

const words = {
  done: { tone: 'good', sign: 'check', label: 'Taken' },
  taking: { tone: 'calm', sign: 'waiting', label: 'Being taken' },
  refused: { tone: 'bad', sign: 'fault', label: 'Refused' },
  waiting: { tone: 'calm', sign: 'idle', label: 'Waiting' },
}

function fileTable(app, editor) {
  const { state } = editor
  const { times, now } = app
  const waiting = (state.files?.waiting ?? []).map((one) => ({
    ...one,
    fileId: `waiting ${one.name}`,
    state: 'waiting',
  }))
  const rows = [...waiting, ...(state.files?.items ?? [])]
  const number = (id, label) => ({
    id,
    label,
    end: true,
    cell: (row) => (row[id] ? count(row[id]) : h('span.none', '–')),
    csv: (row) => row[id] ?? '',
  })
  return recordTable(app, {
    id: 'files',
    title: `Files of ${state.connection.name}`,
    note: state.files?.trouble ?? 'Each is taken once, whatever it is called and however often it comes.',
    rows,
    source: state.files ? { value: state.files, error: null } : state.error ? forbidden : { value: null, error: null },
    keyOf: ({ fileId }) => fileId,
    columns: [
      { id: 'name', label: 'File', cell: ({ name }) => h('b.mono', name), csv: ({ name }) => name },
      {
        id: 'state',
        label: 'State',
        cell: (row) => {
          const { tone, sign, label } = words[row.state]
          const part = row.state === 'taking' && row.size > 0 ? ` ${Math.floor((100 * row.read) / row.size)} %` : ''
          return [
            h('span.state', { class: `tone-${tone}` }, icon(sign), label + part),
            row.reason ? h('span.note', ` ${row.reason}`) : null,
          ]
        },
        csv: (row) => row.state,
      },
      number('stored', 'Stored'),
      number('known', 'Known'),
      number('passedOver', 'Passed over'),
      {
        id: 'rejected',
        label: 'Rejected',
        end: true,
        cell: ({ fileId, rejected, name }) =>
          rejected
            ? [
                h(
                  'button.small',
                  {
                    onclick: () => editor.showRejected(fileId),
                    'aria-expanded': String(state.rejected.has(fileId)),
                    'aria-label': `${rejected} rejected lines of ${name}`,
                  },
                  count(rejected),
                ),
                rejectedLines(state.rejected.get(fileId)),
              ]
            : h('span.none', '–'),
        csv: ({ rejected }) => rejected ?? '',
      },
      {
        id: 'at',
        label: 'Since',
        cell: (row) =>
          row.state === 'waiting'
            ? h('button.small', { onclick: () => editor.tryWaiting(row.name) }, 'Try', h('span.unseen', ` ${row.name}`))
            : times.near(row.endedAt ?? row.begunAt, now),
        csv: ({ begunAt }) => begunAt ?? '',
      },
    ],
    file: app.fileName('files'),
    empty: h('p', 'No file has come yet.'),
  })
}

const rejectedLines = (items) =>
  items
    ? h(
        'ul.files-rejected',
        items
          .slice(0, 50)
          .map(({ line, column, message }) => h('li', `Line ${line}${column ? `, ${column}` : ''}: ${message}`)),
      )
    : null
