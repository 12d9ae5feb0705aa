// Owns the map of bays: by area, each with its car and its charger at a glance.
// Must not work out what a bay is doing; bay-state.js does.
import { stayName } from './bay-state.js'
import { h } from './elements.js'
import { byNumber, counted, energy, power, shortSpan } from './formats.js'
import { icon } from './icons.js'
import { staleNote } from './record-table.js'
import { bayKinds, bayStates } from './words.js'

/** Kinds that share a chip above the map. */
const chips = [
  { id: 'charging', kinds: ['charging'], label: 'Charging', state: 'charging' },
  { id: 'idle', kinds: ['idle', 'overstay'], label: 'Idle', state: 'idle' },
  { id: 'plugged', kinds: ['plugged', 'paused'], label: 'Plugged in', state: 'plugged' },
  { id: 'parked', kinds: ['parked'], label: 'Parked', state: 'parked' },
  { id: 'free', kinds: ['free', 'reserved'], label: 'Free', state: 'free' },
  { id: 'trouble', kinds: ['fault', 'offline', 'blocked', 'unknown'], label: 'Trouble', state: 'fault' },
]

export function bayMap(app) {
  const source = app.data.get('overview')
  const views = app.bayViews
  const chip = chips.find(({ id }) => id === app.bayFilter)
  return h(
    'section.block.map',
    { key: 'map', 'aria-labelledby': 'map-title' },
    h(
      'div.block-head',
      h('h2', { id: 'map-title' }, 'Bays', h('span.count', ` ${views.length}`)),
      h(
        'div.chips',
        { role: 'group', 'aria-label': 'Show only bays of a kind' },
        chips.map(({ id, kinds, label, state }) => {
          const amount = views.filter(({ kind }) => kinds.includes(kind)).length
          return h(
            `button.chip.tone-${bayStates[state].tone}`,
            {
              key: id,
              'aria-pressed': String(app.bayFilter === id),
              onclick: () => app.set({ bayFilter: app.bayFilter === id ? null : id }),
            },
            icon(bayStates[state].icon),
            h('span', label),
            h('b', amount),
          )
        }),
      ),
    ),
    source?.error && source.value ? staleNote(app, source) : null,
    source === null || source.forbidden
      ? h('div.empty', h('p', 'This key does not reach the bays of this site.'))
      : source.value === null
        ? waiting()
        : views.length === 0
          ? h(
              'div.empty',
              h('p', 'This site has no bays yet.'),
              h(
                'p.note',
                'Bays come from the API (',
                h('code', 'POST /api/v1/bays'),
                '), charger by charger or in one go. See ',
                h('a', { href: '/docs' }, 'the API'),
                '.',
              ),
            )
          : areasOf(app, views).map(({ area, members }) => areaPart(app, area, members, chip)),
  )
}

function areasOf(app, views) {
  const areas = [...app.data.items('areas')].sort((a, b) => byNumber(a.code, b.code))
  const named = areas.map((area) => ({ area, members: views.filter(({ bay }) => bay.areaId === area.areaId) }))
  const known = new Set(areas.map(({ areaId }) => areaId))
  const rest = views.filter(({ bay }) => bay.areaId === null || !known.has(bay.areaId))
  return [...named, { area: null, members: rest }].filter(({ members }) => members.length > 0)
}

function areaPart(app, area, members, chip) {
  const shown = ({ kind }) => !chip || chip.kinds.includes(kind)
  const taken = members.filter(({ hasCar }) => hasCar).length
  const name = area === null ? 'Other bays' : area.name || area.code
  // Bays of which nothing can be known would only hide the others.
  const bare = members.filter(({ kind }) => kind === 'bare')
  const visible = members.filter((view) => shown(view) && (app.showBare || view.kind !== 'bare'))
  return h(
    'section.area',
    { key: area?.areaId ?? 'none', 'aria-label': name },
    h(
      'h3',
      name,
      area?.level ? h('span.level', ` Level ${area.level}`) : null,
      h('span.note', ` ${taken} of ${members.length} taken`),
    ),
    visible.length === 0
      ? h('p.note.nothing', 'No bay of this kind here.')
      : h(
          'ul.bays',
          visible.map((view) => h('li', { key: view.bay.bayId }, bayCard(app, view))),
        ),
    bare.length > 0 && !chip
      ? h(
          'p.note.bare',
          `${counted(bare.length, 'bay')} ${bare.length === 1 ? 'has' : 'have'} neither charger nor sensor. `,
          h(
            'button.inline',
            { onclick: () => app.set({ showBare: !app.showBare }), 'aria-pressed': String(app.showBare) },
            app.showBare ? 'Hide' : 'Show',
            h('span.unseen', ` bays of ${name} without charger and sensor`),
          ),
        )
      : null,
  )
}

function bayCard(app, view) {
  const { bay, kind } = view
  const words = bayStates[kind]
  const chosen = app.panel?.kind === 'bay' && app.panel.id === bay.bayId
  return h(
    `button.bay.tone-${words.tone}`,
    {
      class: `is-${kind} ${view.hasCar ? 'taken' : ''}`,
      'aria-pressed': String(chosen),
      'aria-haspopup': 'dialog',
      'data-bay': bay.code,
      onclick: (event) => app.open({ kind: 'bay', id: bay.bayId }, event.currentTarget),
    },
    h(
      'span.bay-top',
      h('span.bay-code', h('span.unseen', 'Bay '), bay.code),
      bay.kind.includes('accessible')
        ? h(
            'span.bay-kind',
            { title: bayKinds[bay.kind] },
            icon('accessible'),
            h('span.unseen', ` ${bayKinds[bay.kind]}`),
          )
        : null,
      linkSign(view),
      h('span.bay-sign', icon(words.icon)),
    ),
    h('span.bay-car', carName(view)),
    h('span.bay-state', h('span', words.label), h('span', detail(view))),
    h(
      'span.bay-numbers',
      view.session === null
        ? '\u00a0'
        : [
            h('span', energy(view.energyWh)),
            h('span', h('span.unseen', ', plugged in for '), shortSpan(view.pluggedMs)),
          ],
    ),
  )
}

function carName({ stay, hasCar }) {
  if (stay === null) return hasCar ? 'Car' : '\u00a0'
  return stay.plate ?? stayName(stay)?.replace(/^Ticket /, '') ?? 'Car'
}

/** The one figure that belongs to the state; a word where the state alone would hide something. */
function detail({ kind, powerW, idleMs, evse, hasCar, session }) {
  switch (kind) {
    case 'charging':
      return powerW === null ? '' : power(powerW)
    case 'idle':
    case 'overstay':
      return idleMs === null ? '' : shortSpan(idleMs)
    case 'fault':
    case 'offline':
      return session !== null ? 'plugged in' : hasCar ? 'car inside' : ''
    case 'parked':
      return evse === null ? '' : 'no cable'
    default:
      return ''
  }
}

function linkSign({ link }) {
  if (link === 'review')
    return h(
      'span.bay-link',
      { title: 'A link waits for review' },
      icon('review'),
      h('span.unseen', ' link waits for review'),
    )
  if (link === 'none')
    return h(
      'span.bay-link',
      { title: 'Not linked to a stay' },
      icon('unlink'),
      h('span.unseen', ' not linked to a stay'),
    )
  return null
}

function waiting() {
  return h(
    'ul.bays',
    { 'aria-busy': 'true' },
    Array.from({ length: 18 }, () => h('li', h('div.bay.ghost', h('span.unseen', 'Loading')))),
  )
}
