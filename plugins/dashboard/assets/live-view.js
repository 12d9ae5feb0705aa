// Owns the first page of a site: figures, the map of bays, what waits, what runs, who is inside.
// Must not hold any of these parts itself.
import { activity } from './activity.js'
import { bayMap } from './bay-map.js'
import { h } from './elements.js'
import { icon } from './icons.js'
import { sessionTable } from './session-table.js'
import { stayTable } from './stay-table.js'
import { tiles } from './tiles.js'

export function liveView(app) {
  return [
    tiles(app),
    h('div.live-grid', { key: 'grid' }, bayMap(app), h('div.beside', { key: 'beside' }, waiting(app), activity(app))),
    sessionTable(app),
    stayTable(app),
  ]
}

const shownAtOnce = 3

function waiting(app) {
  const links = app.decisions.queue()
  if (links.length === 0 && app.trouble.pending === 0) return null
  return h(
    'section.block.waits',
    { key: 'waits', 'aria-labelledby': 'waits-title' },
    h('div.block-head', h('h2', { id: 'waits-title' }, 'Waits for you')),
    h(
      'ul',
      app.trouble.pending > 0
        ? h(
            'li',
            { key: 'pending' },
            icon('station', 'tone-warn'),
            h(
              'p',
              app.trouble.pending === 1
                ? 'A station that nobody knows has dialled in.'
                : `${app.trouble.pending} stations that nobody knows have dialled in.`,
            ),
            h(
              'a.go',
              { href: app.path('stations'), onclick: app.follow },
              'Look',
              h('span.unseen', ' at new stations'),
            ),
          )
        : null,
      links
        .slice(0, shownAtOnce)
        .map((link) =>
          h(
            'li',
            { key: link.linkId },
            icon('review', 'tone-link'),
            h(
              'p',
              h('b', app.names.stay(link.stayId)),
              ' and ',
              h('b', app.names.session(link.sessionId)),
              h('span.note', firstWords(link)),
            ),
            h(
              'a.go',
              { href: `${app.path('links')}?link=${link.linkId}`, onclick: app.follow },
              'Decide',
              h(
                'span.unseen',
                ` whether ${app.names.stay(link.stayId)} belongs to ${app.names.session(link.sessionId)}`,
              ),
            ),
          ),
        ),
    ),
    links.length > shownAtOnce
      ? h('a.more', { href: app.path('links'), onclick: app.follow }, `All ${links.length} links to review`)
      : null,
  )
}

/** The sentence that says why, without the opening that is the same for all. */
function firstWords({ explanation }) {
  const first = explanation[0]?.replace(/^Not linked yet: a person has to look\.\s*/, '') || explanation[1]
  return first ? ` ${first}` : ''
}
