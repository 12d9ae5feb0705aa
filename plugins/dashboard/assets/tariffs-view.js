// Owns the page about tariffs: the list, and which of them or of the draft is shown instead.
// Must not read rules; the hub describes them.
import { h } from './elements.js'
import { counted } from './formats.js'
import { icon } from './icons.js'
import { recordTable } from './record-table.js'
import { forbidden } from './stay-table.js'
import { tariffEditorPage } from './tariff-editor-view.js'
import { importBlock } from './tariff-import.js'
import { tariffPage } from './tariff-page.js'
import { plain } from './words.js'

export function tariffsView(app) {
  if (app.draft && app.draftShown) return tariffEditorPage(app, app.draft)
  if (app.tariffId !== null) return [draftNote(app), tariffPage(app)]
  return [draftNote(app), app.tariffImport ? importBlock(app) : null, tariffTable(app)]
}

function draftNote(app) {
  if (!app.draft) return null
  const { draft, tariff } = app.draft.state
  return h(
    'p.stale-note',
    { key: 'draft', role: 'status' },
    icon('edit'),
    `A draft of ${tariff ? tariff.name : draft.name || 'a new tariff'} is not published.`,
    h('button.small', { onclick: () => app.set({ draftShown: true }) }, 'Back to it'),
  )
}

function tariffTable(app) {
  const { data, times, now } = app
  const { archived = false } = data.money.asked('tariffs')
  const may = app.can('money:write')
  const assigned = new Map()
  for (const { tariffId } of data.items('assignments')) assigned.set(tariffId, (assigned.get(tariffId) ?? 0) + 1)
  const engines = new Map(data.items('engines').map(({ engine, title }) => [engine, title]))
  const here = ({ siteId }) => (siteId === null ? 'any' : siteId === app.siteId ? 'this' : 'other')
  return recordTable(app, {
    id: 'tariffs',
    title: archived ? 'Archived tariffs' : 'Tariffs',
    note: 'What parking and charging cost. A version never changes: the next one is published instead.',
    rows: data.items('tariffs'),
    source: data.get('tariffs') ?? forbidden,
    keyOf: ({ tariffId }) => tariffId,
    search: ({ code, name, current }) => [code, name, ...(current?.description ?? [])].join(' '),
    open: ({ tariffId }) => app.go(app.tariffPath(tariffId)),
    filters: [
      {
        id: 'site',
        label: 'All sites',
        options: [
          ['this', 'This site only'],
          ['any', 'For any site'],
          ['other', 'Other sites'],
        ],
        test: (tariff, wanted) => here(tariff) === wanted,
      },
      {
        id: 'engine',
        label: 'All engines',
        options: [...engines],
        test: ({ engine }, wanted) => engine === wanted,
      },
      {
        id: 'state',
        label: 'All states',
        options: [
          ['assigned', 'Assigned here'],
          ['free', 'Not assigned here'],
          ['later', 'Holds later'],
        ],
        test: ({ tariffId, current }, wanted) =>
          wanted === 'later' ? current === null : assigned.has(tariffId) === (wanted === 'assigned'),
      },
    ],
    tools: [
      h(
        'button.quiet',
        {
          'aria-pressed': String(archived),
          onclick: () => data.money.ask('tariffs', archived ? {} : { archived: true }),
        },
        archived ? 'Show live ones' : 'Archived',
      ),
      may
        ? [
            h(
              'button.quiet',
              {
                onclick: () => app.set({ tariffImport: { text: '', to: '', result: null, error: null, busy: false } }),
              },
              icon('up'),
              'Import',
            ),
            h('button.primary', { onclick: () => app.beginDraft({}) }, 'New tariff'),
          ]
        : null,
    ],
    columns: [
      {
        id: 'code',
        label: 'Tariff',
        sort: ({ code }) => code,
        cell: ({ tariffId, code, name }) => [
          h('a.strong', { href: app.tariffPath(tariffId), onclick: app.follow }, name),
          h('span.note', ` ${code}`),
        ],
        csv: ({ code }) => code,
      },
      { id: 'name', label: 'Name', hidden: true, csv: ({ name }) => name },
      {
        id: 'scope',
        label: 'For',
        sort: ({ scope }) => scope,
        cell: ({ scope }) =>
          h(
            'span.state',
            { class: scope === 'parking' ? 'tone-park' : 'tone-good' },
            icon(scope === 'parking' ? 'car' : 'bolt'),
            plain(scope),
          ),
        csv: ({ scope }) => scope,
      },
      {
        id: 'words',
        label: 'Price',
        cell: ({ current }) =>
          current === null
            ? h('span.note', 'holds later')
            : h('span.long', current.description.slice(0, 3).join(' · '), current.description.length > 3 ? ' …' : ''),
        csv: ({ current }) => current?.description.join(' | '),
      },
      {
        id: 'engine',
        label: 'Engine',
        sort: ({ engine }) => engine,
        cell: ({ engine }) => engines.get(engine) ?? plain(engine),
        csv: ({ engine }) => engine,
      },
      {
        id: 'site',
        label: 'Sites',
        cell: (tariff) => ({ any: 'any', this: 'this one', other: nameOfSite(app, tariff.siteId) })[here(tariff)],
        csv: ({ siteId }) => siteId ?? 'any',
      },
      {
        id: 'version',
        label: 'Version',
        end: true,
        sort: ({ current }) => current?.tariffVersion ?? 0,
        cell: ({ current }) =>
          current === null
            ? h('span.none', '–')
            : h(
                'span',
                { title: times.full(current.validFrom) },
                `${current.tariffVersion} since ${times.near(current.validFrom, now)}`,
              ),
        csv: ({ current }) => current?.tariffVersion,
      },
      {
        id: 'assigned',
        label: 'Here',
        cell: ({ tariffId }) =>
          assigned.has(tariffId) ? counted(assigned.get(tariffId), 'assignment') : h('span.none', '–'),
        csv: ({ tariffId }) => assigned.get(tariffId) ?? 0,
      },
    ],
    file: app.fileName('tariffs'),
    empty: archived
      ? h('p', 'No tariff has been archived.')
      : [
          h('p', 'There is no tariff yet, so nothing can be billed.'),
          may ? h('button.primary', { onclick: () => app.beginDraft({}) }, 'Write the first one') : null,
        ],
  })
}

const nameOfSite = (app, id) => {
  const site = app.sites.find(({ siteId }) => siteId === id)
  return site ? site.name || site.code : 'another'
}
