// Owns what a person typed and chose on a page before it is sent: kept while the page is drawn anew, forgotten with the site.
// Must not be asked for what the hub knows.

export const held = (app, name) => app.tables[name] ?? {}

/** `change` is laid over what is held. */
export function hold(app, name, change) {
  app.tables[name] = { ...held(app, name), ...change }
  app.render()
}
