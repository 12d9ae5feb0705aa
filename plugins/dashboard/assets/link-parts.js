// Owns how a link is shown: its evidence as weighed, its explanation in plain words, how sure it is, and what was decided.
// Must not judge; score, evidence and words are the hub's.
import { h } from './elements.js'
import { icon } from './icons.js'
import { linkMethods, linkStates, plain } from './words.js'

/** Never 100 %: nothing here is. */
export function sureness(score) {
  const percent = score * 100
  if (percent >= 99.9) return 'over 99.9 %'
  return percent >= 99 ? `${percent.toFixed(1)} %` : `${Math.floor(percent)} %`
}

/** Bars as long as the evidence weighs; what speaks against it says so in words too. */
export function evidenceList(evidence) {
  const items = Array.isArray(evidence) ? evidence.filter((one) => one !== null && typeof one === 'object') : []
  if (items.length === 0) return h('p.note', 'No evidence was kept for this link.')
  const heaviest = Math.max(1, ...items.map(({ weight }) => Math.abs(Number(weight) || 0)))
  return h(
    'ul.evidence',
    items.map((one) => {
      const weight = Number(one.weight) || 0
      const against = weight < 0
      return h(
        'li',
        { class: against ? 'against' : 'for' },
        h(
          'p.evidence-name',
          icon(against ? 'cross' : 'check', against ? 'tone-bad' : 'tone-good'),
          h('b', linkMethods[one.method] ?? plain(one.method ?? 'Evidence')),
          h('span.note', against ? ' speaks against it' : one.certain ? ' certain by itself' : ''),
        ),
        h(
          'span.weight',
          { vars: { '--share': `${Math.round((100 * Math.abs(weight)) / heaviest)}%` }, 'aria-hidden': 'true' },
          h('i'),
        ),
        h('p', String(one.detail ?? '')),
      )
    }),
  )
}

export function explanationList(explanation) {
  if (explanation.length === 0) return h('p.note', 'The hub gave no explanation.')
  return h(
    'ul.explanation',
    explanation.map((sentence) => h('li', sentence)),
  )
}

export function linkStateWord(state) {
  const tones = { linked: 'good', review: 'link', rejected: 'bad', unlinked: 'off', withdrawn: 'off' }
  const icons = { linked: 'link', review: 'review', rejected: 'cross', unlinked: 'unlink', withdrawn: 'blocked' }
  return h(
    `span.state.tone-${tones[state] ?? 'off'}`,
    icon(icons[state] ?? 'unknown'),
    linkStates[state] ?? plain(state),
  )
}

/** "hub", "key:…" as a person would say it. */
export function actorWord(actor) {
  if (actor === 'hub') return 'the hub'
  return actor.startsWith('key:') || actor.startsWith('user:') ? 'a person' : actor
}
