// Owns how the evidence around a proposed link is shown: pictures of both sides, and the other stays that were looked at.
// Must not judge; the hub has.
import { h } from './elements.js'
import { counted } from './formats.js'
import { icon } from './icons.js'
import { sureness } from './link-parts.js'
import { plain } from './words.js'

/** Every other stay that came into question, with what speaks for it or why it cannot be. */
export function otherStays(app, link, question) {
  const rest = (question?.candidates ?? []).filter(({ stay }) => stay.stayId !== link.stayId).slice(0, 5)
  if (rest.length === 0) return null
  return h(
    'details.others',
    h('summary', `${counted(rest.length, 'other stay', 'other stays')} looked at`),
    h(
      'ul.plain-list',
      rest.map(({ stay, score, excluded, contradiction, evidence }) =>
        h(
          'li',
          { key: stay.stayId },
          h(
            'button.plate',
            { onclick: (event) => app.open({ kind: 'stay', id: stay.stayId }, event.currentTarget) },
            stay.plate ?? 'No plate',
          ),
          h(
            'span',
            excluded ? excluded.detail : (contradiction ?? `${sureness(score)} likely`),
            h(
              'span.note',
              ` ${evidence
                .map(({ detail }) => detail)
                .filter(Boolean)
                .join(' ')}`,
            ),
          ),
        ),
      ),
    ),
  )
}

/** Pictures that the hub keeps; those that a vendor keeps open there. */
export function pictures(images) {
  const shown = images
    .map(({ image, at }) => ({ url: image.url, kind: image.kind ?? 'scene', at }))
    .filter(({ url }) => typeof url === 'string' && /^(\/api\/v1\/|https?:\/\/)/.test(url))
    .slice(0, 3)
  if (shown.length === 0) return null
  return h(
    'div.pictures',
    shown.map(({ url, kind }) =>
      url.startsWith('/api/v1/')
        ? h(
            'a',
            { key: url, href: url, target: '_blank', rel: 'noreferrer' },
            h('img', { src: url, alt: `Picture of the ${kind}`, loading: 'lazy' }),
          )
        : h(
            'a.inline',
            { key: url, href: url, target: '_blank', rel: 'noreferrer' },
            icon('camera'),
            `${plain(kind)}, at the camera`,
          ),
    ),
  )
}
