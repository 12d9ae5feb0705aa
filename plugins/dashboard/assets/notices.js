// Owns short messages about what a person did here and what came of it.
// Must not be the only place where something lasting is told.
import { h } from './elements.js'
import { icon } from './icons.js'

const shownMs = 7_000
const signs = { good: 'check', bad: 'fault', warn: 'fault', calm: 'review' }

export function noticeBoard(changed) {
  let notices = []
  let next = 1

  function leaveLater(notice) {
    clearTimeout(notice.timer)
    if (!notice.stays) notice.timer = setTimeout(() => drop(notice), shownMs)
  }

  function drop(notice) {
    clearTimeout(notice.timer)
    notices = notices.filter((one) => one !== notice)
    changed()
  }

  /** Bad news stays until it is closed. */
  function say(content) {
    const notice = { id: next++, text: '', ...content, stays: content.stays ?? content.tone === 'bad' }
    notices = [...notices.slice(-4), notice]
    leaveLater(notice)
    changed()
    return {
      change(more) {
        Object.assign(notice, more)
        if (!notices.includes(notice)) notices = [...notices.slice(-4), notice]
        leaveLater(notice)
        changed()
      },
    }
  }

  function board() {
    return h(
      'div.notices',
      { key: 'notices', role: 'region', 'aria-label': 'Messages', 'aria-live': 'polite' },
      notices.map((notice) =>
        h(
          'div.notice',
          { key: notice.id, class: `tone-${notice.tone}` },
          icon(notice.icon ?? signs[notice.tone] ?? 'review', notice.icon === 'waiting' ? 'turning' : ''),
          h('div', h('b', notice.title), notice.text ? h('p', notice.text) : null),
          notice.action ? h('button.small', { onclick: notice.action.run }, notice.action.label) : null,
          h(
            'button.quiet.icon-only.small',
            { onclick: () => drop(notice), 'aria-label': 'Close this message' },
            icon('cross'),
          ),
        ),
      ),
    )
  }

  return { say, board }
}
