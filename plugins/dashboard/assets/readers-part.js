// Owns the lists of cameras and card readers, where each stands, and learning how two readers write cards.
// Must not say what a read means; the hub does from where the reader stands.
import * as api from './api.js'
import { h } from './elements.js'
import { icon } from './icons.js'
import { pairingPart } from './pairing-part.js'
import { recordTable } from './record-table.js'
import { run } from './run-change.js'
import { forbidden } from './stay-table.js'
import { passagePolicies, plain, readerKinds, readerRoles } from './words.js'

export function readerTables(app) {
  return [readerTable(app), pairingPart(app)]
}

function readerTable(app) {
  const { data, times, now } = app
  const rows = data.items('readers').filter(({ siteId }) => siteId === null || siteId === app.siteId)
  const lanes = new Map(data.items('lanes').map(({ laneId, code }) => [laneId, code]))
  const place = ({ role, laneId, bayId, spaces }) =>
    role === null
      ? null
      : [
          readerRoles[role] ?? plain(role),
          lanes.get(laneId) ?? app.names.bay(bayId),
          Object.keys(spaces).length > 0 ? `${Object.keys(spaces).length} spaces` : null,
        ]
          .filter(Boolean)
          .join(' · ')
  return recordTable(app, {
    id: 'readers',
    title: 'Cameras and readers',
    note: 'One that reports and has no place yet is listed by itself. Place it, and what it told in the last seven days counts.',
    rows,
    source: data.get('readers') ?? forbidden,
    keyOf: ({ readerId }) => readerId,
    search: ({ name, label, model }) => [name, label, model].join(' '),
    filters: [
      {
        id: 'bound',
        label: 'All readers',
        options: [['none', 'Without a place'], ['silent', 'Silent'], ...Object.entries(readerKinds)],
        test: ({ role, silent, kind }, wanted) =>
          wanted === 'none' ? role === null : wanted === 'silent' ? silent : kind === wanted,
      },
    ],
    columns: [
      {
        id: 'name',
        label: 'Reader',
        sort: ({ label }) => label,
        cell: ({ label, name }) => [h('b', label), name === label ? null : h('span.note', ` ${name}`)],
        csv: ({ name }) => name,
      },
      {
        id: 'kind',
        label: 'Kind',
        sort: ({ kind }) => kind,
        cell: ({ kind, model }) => [readerKinds[kind] ?? plain(kind), model ? h('span.note', ` ${model}`) : null],
        csv: ({ kind }) => kind,
      },
      {
        id: 'place',
        label: 'Stands at',
        sort: (reader) => place(reader),
        cell: (reader) => place(reader) ?? h('span.state.tone-warn', icon('fault'), 'No place yet: its reads wait'),
        csv: (reader) => place(reader),
      },
      {
        id: 'passage',
        label: 'A read is',
        cell: ({ role, passage }) =>
          role === null
            ? h('span.none', '–')
            : { evidence: 'Evidence', passes: 'A passage', asks: 'A question' }[passage],
        csv: ({ passage }) => passage,
      },
      {
        id: 'seen',
        label: 'Last heard',
        sort: ({ seenAt }) => (seenAt === null ? null : Date.parse(seenAt)),
        cell: ({ seenAt, silent }) => [
          seenAt === null ? h('span.none', 'never') : times.near(seenAt, now),
          silent ? h('span.state.tone-bad', icon('offline'), 'Silent') : null,
        ],
        csv: ({ seenAt }) => seenAt,
      },
      ...(app.can('sites:write')
        ? [
            {
              id: 'do',
              label: 'Actions',
              quiet: true,
              end: true,
              cell: (reader) =>
                h(
                  reader.role === null ? 'button.primary.small' : 'button.quiet.small',
                  { onclick: () => askPlace(app, reader) },
                  icon('edit'),
                  reader.role === null ? 'Place' : 'Change',
                  h('span.unseen', ` ${reader.label}`),
                ),
            },
          ]
        : []),
    ],
    file: app.fileName('readers'),
    empty: h(
      'p',
      'No camera or card reader has reported. Connect one with ',
      h('code', 'POST /api/v1/connections'),
      ' and it shows here with its first read.',
    ),
  })
}

const none = ['', '–']

function askPlace(app, reader) {
  const lanes = app.data.items('lanes').map(({ laneId, code, name }) => [laneId, name || code])
  const bays = app.bayViews.map(({ bay }) => [bay.bayId, bay.code])
  app.ask({
    title: `Where does ${reader.label} stand?`,
    text: 'What a read means follows from here, not from what the camera says of itself.',
    action: 'Save',
    fields: [
      { name: 'label', label: 'Name', value: reader.label, required: true },
      { name: 'role', label: 'It watches', value: reader.role ?? 'entry', options: Object.entries(readerRoles) },
      { name: 'laneId', label: 'Lane', value: reader.laneId ?? '', options: [none, ...lanes] },
      { name: 'bayId', label: 'Bay', value: reader.bayId ?? '', options: [none, ...bays] },
      { name: 'passage', label: 'A read is', value: reader.passage, options: Object.entries(passagePolicies) },
      {
        name: 'model',
        label: 'Model',
        value: reader.model ?? '',
        hint: 'All readers of a model can share how they write cards.',
      },
      {
        name: 'heartbeatSeconds',
        label: 'Silent after seconds',
        type: 'number',
        min: 10,
        value: reader.heartbeatSeconds === null ? '' : String(reader.heartbeatSeconds),
        hint: 'Left empty, silence is never a fault.',
      },
    ],
    run: ({ label, role, laneId, bayId, passage, model, heartbeatSeconds }) =>
      run(app, {
        request: () =>
          api.patch(`/api/v1/readers/${reader.readerId}`, {
            ...(reader.siteId === null ? { siteId: app.siteId } : {}),
            label,
            role,
            passage,
            laneId: laneId === '' ? null : laneId,
            bayId: bayId === '' ? null : bayId,
            model: model === '' ? null : model,
            heartbeatSeconds: heartbeatSeconds === '' ? null : Number(heartbeatSeconds),
          }),
        done: `${label} is placed`,
        failed: `${label} was not placed`,
        touch: ['readers', 'stays'],
      }),
  })
}
