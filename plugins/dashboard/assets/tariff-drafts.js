// Owns the one draft of a tariff in this window: begun, kept while other pages are looked at, published or thrown away.
// Must not draw, and must not lose a draft that nobody threw away.
import { emptyRules, tariffEditor } from './tariff-editor.js'

/** The parts of `app` that are about the draft. */
export function tariffDrafts(app) {
  let draftSite = null

  function drop() {
    app.draft?.close()
    draftSite = null
    app.set({ draft: null, draftShown: false })
  }

  function begin({ tariff = null, start = {} }) {
    app.draft?.close()
    draftSite = app.siteId
    const { scope = 'charging', engine = 'tariff-standard', currency = app.site.currency } = start
    const rules = start.rules ?? emptyRules(engine, scope, currency)
    app.set({
      draft: tariffEditor({
        tariff,
        start: { ...start, rules },
        site: app.site,
        today: app.times.day(app.now),
        say: app.say,
        changed: app.render,
      }),
      draftShown: true,
      tariffImport: null,
    })
    scrollTo(0, 0)
  }

  /** Asks before what was written is thrown away. */
  function unlessWritten(then) {
    if (!app.draft?.dirty()) return then()
    return app.ask({
      title: 'Throw the draft away?',
      text: 'What was written since the last publishing is lost.',
      action: 'Throw away',
      tone: 'danger',
      run: then,
    })
  }

  addEventListener('beforeunload', (event) => {
    if (app.draft?.dirty()) event.preventDefault()
  })

  return {
    draft: null,
    /** The draft stands in place of the list; else it waits. */
    draftShown: false,
    beginDraft: (of) => unlessWritten(() => begin(of)),
    leaveDraft: () => unlessWritten(drop),
    /** True while a draft of another site is in the way of going there; `then` is done once a person gave it up. */
    draftHolds(siteId, then) {
      if (!app.draft || siteId === draftSite || app.phase !== 'site') return false
      if (!app.draft.dirty()) {
        drop()
        return false
      }
      history.pushState(null, '', app.path(app.view))
      unlessWritten(() => {
        drop()
        then()
      })
      return true
    },
    async publishDraft() {
      const published = await app.draft.publish()
      if (published === null) return
      app.say({ tone: 'good', title: `${published.name} is published` })
      drop()
      app.data.touch('tariffs')
      app.data.money.ask('versions', { tariffId: published.tariffId })
      app.go(app.tariffPath(published.tariffId))
    },
  }
}
