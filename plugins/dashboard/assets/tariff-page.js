// Owns the page of one tariff: what holds now, its versions and how two differ, who it holds for, carrying it elsewhere.
// Must not change a version.
import * as api from './api.js'
import { download } from './csv.js'
import { h } from './elements.js'
import { icon } from './icons.js'
import { facts } from './links-view.js'
import { instantOfField } from './local-time.js'
import { differences } from './rules-change.js'
import { run } from './run-change.js'
import { formats, lostList } from './tariff-import.js'
import { parkerKinds, plain } from './words.js'

export function tariffPage(app) {
  const { data, tariffId } = app
  const tariff = data.items('tariffs').find((one) => one.tariffId === tariffId)
  const source = data.get('tariffs')
  if (!tariff) {
    return h(
      'section.block',
      { key: 'no-tariff', 'aria-labelledby': 'no-tariff' },
      h('h2', { id: 'no-tariff' }, 'Tariff'),
      h(
        'div.empty',
        h(
          'p',
          source === null
            ? 'This key does not reach tariffs.'
            : source.value
              ? 'It is archived or not known here.'
              : (source.error?.message ?? 'Loading…'),
        ),
        h('a', { href: app.path('tariffs'), onclick: app.follow }, 'All tariffs'),
      ),
    )
  }
  return [
    headBlock(app, tariff),
    h(
      'div.two',
      { key: 'two' },
      versionsBlock(app, tariff),
      h('div.beside', assignedBlock(app, tariff), exportBlock(app, tariff)),
    ),
  ]
}

function headBlock(app, tariff) {
  const { current, engine, currency, scope, archivedAt } = tariff
  const may = app.can('money:write')
  const title = app.data.items('engines').find((one) => one.engine === engine)?.title ?? plain(engine)
  return h(
    'section.block',
    { key: 'tariff', 'aria-labelledby': 'tariff-title' },
    h(
      'div.block-head',
      h('h2', { id: 'tariff-title' }, tariff.name, h('span.count', ` ${tariff.code}`)),
      h(
        'div.tools',
        h('a.tool-link', { href: app.path('tariffs'), onclick: app.follow }, 'All tariffs'),
        may
          ? [
              archivedAt === null
                ? h('button.danger', { onclick: () => askArchive(app, tariff) }, 'Archive')
                : h('button', { onclick: () => bringBack(app, tariff) }, 'Bring back'),
              h('button.primary', { onclick: () => edit(app, tariff) }, icon('edit'), 'Next version'),
            ]
          : null,
      ),
    ),
    facts([
      ['For', plain(scope)],
      ['Engine', title],
      ['Currency', currency],
      [
        'Holds now',
        current === null
          ? 'nothing yet'
          : `version ${current.tariffVersion} since ${app.times.near(current.validFrom, app.now)}`,
      ],
    ]),
    current === null
      ? null
      : [
          h('h3', 'In plain words'),
          h(
            'ul.explanation',
            current.description.map((text) => h('li', text)),
          ),
        ],
  )
}

function edit(app, tariff, rules) {
  const [newest] = versionsOf(app, tariff)
  const { code, name, scope, engine, siteId, currency } = tariff
  app.beginDraft({
    tariff,
    start: { code, name, scope, engine, siteId, currency, rules: rules ?? newest?.rules ?? tariff.current?.rules },
  })
}

function askArchive(app, { tariffId, name, version }) {
  app.ask({
    title: `Archive ${name}?`,
    text: 'It leaves the lists. Whatever it was assigned to has no price by it from then on; bills keep it.',
    action: 'Archive',
    tone: 'danger',
    run: () =>
      run(app, {
        request: () => api.remove(`/api/v1/tariffs/${tariffId}`, version),
        done: `${name} is archived`,
        failed: 'Not archived',
        touch: ['tariffs'],
      }).then(() => app.go(app.path('tariffs'))),
  })
}

function bringBack(app, { tariffId, name, version }) {
  return run(app, {
    request: () => api.patch(`/api/v1/tariffs/${tariffId}`, { archived: false }, version),
    done: `${name} is back`,
    failed: 'Not brought back',
    touch: ['tariffs'],
  })
}

const versionsOf = (app, { tariffId }) => {
  const value = app.data.get('versions')?.value
  return value?.tariffId === tariffId ? value.items : []
}

function versionsBlock(app, tariff) {
  const { times, now } = app
  const versions = versionsOf(app, tariff)
  const { after = versions[0]?.tariffVersion, before = versions[1]?.tariffVersion } = app.versionPair ?? {}
  const of = (number) => versions.find(({ tariffVersion }) => tariffVersion === Number(number))
  const pair = of(before) && of(after)
  const picker = (name, label, value) =>
    h(
      'label',
      h('span', label),
      h(
        'select',
        {
          value: String(value ?? ''),
          onchange: ({ target }) => app.set({ versionPair: { before, after, [name]: Number(target.value) } }),
        },
        versions.map(({ tariffVersion }) => h('option', { value: String(tariffVersion) }, `Version ${tariffVersion}`)),
      ),
    )
  return h(
    'section.block',
    { key: 'versions', 'aria-labelledby': 'versions-title' },
    h('div.block-head', h('h2', { id: 'versions-title' }, 'Versions', h('span.count', ` ${versions.length}`))),
    versions.length === 0
      ? h('p.note', { 'aria-busy': 'true' }, app.data.get('versions')?.error?.message ?? 'Loading…')
      : h(
          'ul.plain-list',
          versions.map((version) =>
            h(
              'li',
              { key: version.tariffVersion },
              h('b', `Version ${version.tariffVersion}`),
              h('span.note', ` from ${times.near(version.validFrom, now)}`),
              version.tariffVersion === tariff.current?.tariffVersion ? h('span.pill.tone-good', 'Holds now') : null,
              Date.parse(version.validFrom) > now ? h('span.pill.tone-calm', 'Later') : null,
              app.can('money:write')
                ? h('button.quiet.small.end', { onclick: () => edit(app, tariff, version.rules) }, 'Edit from here')
                : null,
            ),
          ),
        ),
    versions.length > 1
      ? [
          h('h3', 'What is different'),
          h('div.inline-form', picker('before', 'From', before), picker('after', 'To', after)),
          pair ? difference(of(before).rules, of(after).rules) : null,
        ]
      : null,
  )
}

function difference(before, after) {
  const found = differences(before, after)
  if (found.length === 0) return h('p.note', 'Both say the same.')
  const shown = (value) => (value === undefined ? h('span.none', 'nothing') : h('code', JSON.stringify(value)))
  return h(
    'ul.differences',
    found.map(({ pointer, before: old, after: next }) =>
      h('li', { key: pointer }, h('b.mono', pointer || '/'), h('p', shown(old), ' → ', shown(next))),
    ),
  )
}

function assignedBlock(app, tariff) {
  const { data, times, now } = app
  const here = data.items('assignments').filter(({ tariffId }) => tariffId === tariff.tariffId)
  const name = (list, key, id) => {
    const found = data.items(list).find((one) => one[key] === id)
    return found ? found.name || found.code : 'one that is not known'
  }
  return h(
    'section.block',
    { key: 'assigned', 'aria-labelledby': 'assigned-title' },
    h(
      'div.block-head',
      h('h2', { id: 'assigned-title' }, 'Holds here for'),
      app.can('money:write') && tariff.archivedAt === null
        ? h('div.tools', h('button', { onclick: () => askAssign(app, tariff) }, 'Assign'))
        : null,
      h('p.note', 'The narrowest assignment wins: group, area and kind of parker before none, then the priority.'),
    ),
    here.length === 0
      ? h('p.empty', 'Nobody: it is not assigned at this site.')
      : h(
          'ul.plain-list',
          here.map((one) =>
            h(
              'li',
              { key: one.assignmentId },
              h(
                'p',
                h(
                  'b',
                  [
                    one.groupId ? `group ${name('groups', 'groupId', one.groupId)}` : null,
                    one.areaId ? `area ${name('areas', 'areaId', one.areaId)}` : null,
                    one.parkerKind ? `${(parkerKinds[one.parkerKind] ?? one.parkerKind).toLowerCase()}s` : null,
                  ]
                    .filter(Boolean)
                    .join(', ') || 'everybody',
                ),
                h(
                  'span.note',
                  ` ${one.validFrom === null ? 'from the beginning' : `from ${times.near(one.validFrom, now)}`}, ${one.validUntil === null ? 'without end' : `until ${times.near(one.validUntil, now)}`}${one.priority === 0 ? '' : `, priority ${one.priority}`}`,
                ),
              ),
              app.can('money:write')
                ? h('button.quiet.small.end', { onclick: () => askEnd(app, tariff, one) }, icon('cross'), 'End')
                : null,
            ),
          ),
        ),
  )
}

function askAssign(app, tariff) {
  const { data } = app
  const options = (list, key, none) => [['', none], ...data.items(list).map((one) => [one[key], one.name || one.code])]
  app.ask({
    title: `Assign ${tariff.name}`,
    text: 'Stays and sessions that begin from then on are priced by it.',
    action: 'Assign',
    tone: 'calm',
    fields: [
      {
        name: 'parkerKind',
        label: 'Kind of parker',
        value: '',
        options: [['', 'Every kind'], ...Object.entries(parkerKinds)],
      },
      ...(data.items('groups').length > 0
        ? [
            {
              name: 'groupId',
              label: 'Group',
              value: '',
              options: options('groups', 'groupId', 'Every group and none'),
            },
          ]
        : []),
      ...(data.items('areas').length > 0
        ? [{ name: 'areaId', label: 'Area', value: '', options: options('areas', 'areaId', 'Every area') }]
        : []),
      { name: 'validFrom', label: 'From (empty: at once)', type: 'datetime-local', step: 60 },
      { name: 'validUntil', label: 'Until (empty: without end)', type: 'datetime-local', step: 60 },
      { name: 'priority', label: 'Priority among equals', type: 'number', min: -1000, max: 1000, value: '0' },
    ],
    run({ priority, validFrom, validUntil, ...narrow }) {
      const zone = app.times.zone
      return run(app, {
        request: () =>
          api.post('/api/v1/tariff-assignments', {
            siteId: app.siteId,
            tariffId: tariff.tariffId,
            priority: Number(priority) || 0,
            ...Object.fromEntries(Object.entries(narrow).filter(([, value]) => value !== '')),
            ...(validFrom ? { validFrom: instantOfField(validFrom, zone) } : {}),
            ...(validUntil ? { validUntil: instantOfField(validUntil, zone) } : {}),
          }),
        done: `${tariff.name} is assigned`,
        failed: 'Not assigned',
        touch: ['assignments'],
      })
    },
  })
}

function askEnd(app, { name }, { assignmentId }) {
  app.ask({
    title: `End this assignment of ${name}?`,
    text: 'What has begun keeps the tariff it began with; what begins later does not get it.',
    action: 'End it',
    tone: 'danger',
    run: () =>
      run(app, {
        request: () => api.remove(`/api/v1/tariff-assignments/${assignmentId}`),
        done: 'The assignment has ended',
        failed: 'Not ended',
        touch: ['assignments'],
      }),
  })
}

function exportBlock(app, { engine, scope, currency, code, current }) {
  if (current === null) return null
  const { tariffExport: held } = app
  const save = (format, rules) =>
    download(`${code}-${format}.json`, `${JSON.stringify(rules, null, 2)}\n`, 'application/json')
  return h(
    'section.block',
    { key: 'export', 'aria-labelledby': 'export-title' },
    h('div.block-head', h('h2', { id: 'export-title' }, 'Export')),
    h(
      'div.chips',
      h(
        'button.small',
        { onclick: () => save('rules', { engine, scope, currency, code, rules: current.rules }) },
        icon('download'),
        'As it is',
      ),
      scope === 'charging'
        ? formats.map(([format, label]) =>
            h(
              'button.small',
              { key: format, onclick: () => convert(app, { engine, currency, rules: current.rules }, format) },
              `As ${label}`,
            ),
          )
        : null,
    ),
    scope === 'parking' ? h('p.note', 'Neither OCPI nor OCPP can say what parking costs.') : null,
    held
      ? h(
          'div.export-result',
          { key: 'result' },
          held.error ? h('p.error', { role: 'alert' }, icon('fault'), held.error) : null,
          held.rules
            ? [
                h('h3', formats.find(([format]) => format === held.format)[1]),
                lostList(held.lost),
                h('button.small', { onclick: () => save(held.format, held.rules) }, icon('download'), 'Save'),
                h('pre', { tabindex: '0', 'aria-label': 'Converted tariff' }, JSON.stringify(held.rules, null, 2)),
              ]
            : null,
        )
      : null,
  )
}

async function convert(app, body, to) {
  try {
    const { rules, lost } = await api.post('/api/v1/tariffs/convert', { ...body, to })
    // What leaves the hub is the tariff itself, as partners read it.
    app.set({ tariffExport: { format: to, rules: rules.tariff ?? rules, lost } })
  } catch (error) {
    app.set({ tariffExport: { format: to, error: error.message } })
  }
}
