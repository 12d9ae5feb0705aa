// Owns what the panel shows: a record is opened and closed, and the address of the page names it.
// Must not draw; detail-panel.js does.
import { details } from './details.js'
import { panelRecords } from './panel-records.js'
import { recordDetails } from './record-details.js'

/** What the panel can show, as the address names it. */
export const panelKinds = ['bay', 'stay', 'session', ...Object.keys(panelRecords)]

/** `remember(stays, sessions)` keeps what the panel has read. */
export function panelSubject(app, remember) {
  function open(subject, opener) {
    openPanel(subject, opener)
    const url = new URL(location.href)
    for (const kind of panelKinds) url.searchParams.delete(kind)
    url.searchParams.set(subject.kind, subject.id)
    history.replaceState(null, '', url.pathname + url.search)
  }

  function openPanel(subject, opener) {
    app.details?.close()
    app.panel = { ...subject, opener: app.panel?.opener ?? opener }
    app.details =
      subject.kind in panelRecords
        ? recordDetails({ subject, ...panelRecords[subject.kind], changed: app.render })
        : details({ subject, may: app.can, places: placesOf, remember, changed: app.render })
    app.render()
    app.afterRender(() => document.querySelector('.panel')?.focus({ preventScroll: true }))
  }

  function placesOf(bayId) {
    const view = app.bayViews.find(({ bay }) => bay.bayId === bayId)
    return { sessionId: view?.session?.sessionId ?? null, stayId: view?.stay?.stayId ?? null }
  }

  function closePanel() {
    app.details?.close()
    Object.assign(app, { details: null, panel: null })
  }

  function close() {
    const opener = app.panel?.opener
    closePanel()
    const url = new URL(location.href)
    for (const kind of panelKinds) url.searchParams.delete(kind)
    history.replaceState(null, '', url.pathname + url.search)
    app.render()
    app.afterRender(() => opener?.isConnected && opener.focus({ preventScroll: true }))
  }

  return { open, openPanel, closePanel, close }
}
