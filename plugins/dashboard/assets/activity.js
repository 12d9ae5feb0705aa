// Owns the list of what has just happened at the site, newest first.
// Must not announce each line to a screen reader: a busy garage would never let it speak of anything else.
import { h } from './elements.js'
import { icon } from './icons.js'
import { timeOf } from './time-of.js'
import { eventWords } from './words.js'

const most = 100

/** Adds an event; those that came twice are kept once. */
export function withNews(events, event) {
  return [event, ...events.filter(({ id }) => id !== event.id)].slice(0, most)
}

/** What the records themselves tell of the last hours, for the time before this page began to listen. */
export function before(app) {
  const { data, names } = app
  const lines = []
  for (const stay of data.items('stays')) {
    if (stay.enteredAt === null) continue
    lines.push({
      id: `in-${stay.stayId}`,
      at: stay.enteredAt,
      icon: 'car',
      tone: 'park',
      text: `${names.stay(stay.stayId)} drove in`,
      opens: { kind: 'stay', id: stay.stayId },
    })
  }
  for (const session of data.items('sessions')) {
    const plug = names.plug(session.stationId, session.evseNumber)
    const opens = { kind: 'session', id: session.sessionId }
    lines.push({
      id: `plug-${session.sessionId}`,
      at: session.startedAt,
      icon: 'bolt',
      tone: 'good',
      text: `Charging began at ${plug}`,
      opens,
    })
    if (session.endedAt !== null) {
      lines.push({
        id: `end-${session.sessionId}`,
        at: session.endedAt,
        icon: 'plug',
        tone: 'calm',
        text: `Charging ended at ${plug}`,
        opens,
      })
    }
  }
  for (const link of data.items('links')) {
    lines.push({
      id: `link-${link.linkId}`,
      at: link.createdAt,
      icon: 'review',
      tone: 'link',
      text: `${names.stay(link.stayId)}: a link waits for review`,
      opens: { kind: 'stay', id: link.stayId },
    })
  }
  return lines.sort((a, b) => (a.at < b.at ? 1 : -1)).slice(0, 30)
}

export function activity(app) {
  const since = app.listeningSince
  const earlier = before(app).filter(({ at }) => since === null || at < since)
  const news = app.news.flatMap((event) => {
    const words = eventWords(event, app.names)
    return words === null ? [] : [{ id: event.id, at: event.occurredAt, ...words }]
  })
  const lines = [...news, ...earlier].slice(0, most)
  return h(
    'section.block.activity',
    { key: 'activity', 'aria-labelledby': 'activity-title' },
    h('div.block-head', h('h2', { id: 'activity-title' }, 'Activity')),
    lines.length === 0
      ? h('div.empty', h('p', 'Nothing has happened yet. Entries, charging, links and bills appear here as they come.'))
      : h(
          'ol',
          { tabindex: '0', 'aria-label': 'What happened, newest first' },
          lines.map((line) =>
            h(
              'li',
              { key: line.id },
              h('span.news-icon', { class: `tone-${line.tone}` }, icon(line.icon)),
              line.opens
                ? h('button.news-text', { onclick: (event) => app.open(line.opens, event.currentTarget) }, line.text)
                : h('span.news-text', line.text),
              timeOf(app.times, line.at, app.now),
            ),
          ),
        ),
  )
}
