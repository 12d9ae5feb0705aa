// Owns the pages before a site: logging in, choosing a site, making the first one, and a hub that is away.
// Must not keep the key: the hub exchanges it for a cookie that no script can read.
import * as api from './api.js'
import { h } from './elements.js'
import { icon, mark } from './icons.js'

function alone(name, ...content) {
  return h(
    'main.alone',
    { key: name, id: 'content' },
    h('div.card', h('div.brand.big', mark(), h('span', 'Baywatt')), content),
  )
}

export function opening() {
  return alone('opening', h('p.waiting', { role: 'status' }, 'Opening the dashboard…'))
}

export function awayPage(app) {
  return alone(
    'away',
    h('h1', 'The hub does not answer'),
    h('p', { role: 'alert' }, app.awayReason ?? 'It may be starting, or this device may have lost the network.'),
    h('p.note', 'This page tries again every few seconds.'),
    h('button.primary', { onclick: app.begin }, icon('restart'), 'Try again'),
  )
}

export function loginPage(app) {
  const { login } = app
  return alone(
    'login',
    h('h1', 'Log in'),
    app.endedReason ? h('p.note', { role: 'status' }, app.endedReason) : null,
    h(
      'form',
      {
        onsubmit: (event) => {
          event.preventDefault()
          logIn(app, event.currentTarget.elements.key.value.trim())
        },
      },
      // For password managers: they keep a secret under a name.
      h('input', { type: 'text', name: 'username', autocomplete: 'username', value: 'Baywatt', hidden: true }),
      h('label', { for: 'key' }, 'API key'),
      h('input', {
        id: 'key',
        name: 'key',
        type: 'password',
        autocomplete: 'current-password',
        spellcheck: 'false',
        placeholder: 'bwk_…',
        'aria-describedby': 'key-help',
        'aria-invalid': login.error ? 'true' : 'false',
        made: (element) => queueMicrotask(() => element.focus()),
      }),
      h('p.error', { role: 'alert' }, login.error ? [icon('fault'), login.error] : null),
      h('button.primary.wide', { type: 'submit', disabled: login.busy }, login.busy ? 'Logging in…' : 'Log in'),
    ),
    h(
      'div.help',
      { id: 'key-help' },
      h(
        'p',
        'The first key was printed when the hub was started for the first time, or is the one in ',
        h('code', 'BAYWATT_ADMIN_KEY'),
        '.',
      ),
      h(
        'p',
        'Further keys, with fewer rights, are made through the API: ',
        h('a', { href: '/docs' }, 'reference'),
        '.',
      ),
    ),
  )
}

async function logIn(app, key) {
  if (key === '') return app.set({ login: { error: 'Paste a key first.' } })
  app.set({ login: { busy: true } })
  try {
    await api.logIn(key)
    app.set({ login: {}, endedReason: null })
    return await app.begin()
  } catch (error) {
    return app.set({ login: { error: refusalWords(error) } })
  }
}

function refusalWords(error) {
  if (error.status === 401) {
    return 'This key is not known, has expired or was revoked. Check that all of it was pasted.'
  }
  if (error.status === 429) return 'Too many attempts. Wait a few seconds and try again.'
  if (error.status === 422 || error.status === 400) return 'This cannot be a key. Check that nothing else was pasted.'
  return error.message
}

export function sitesPage(app) {
  return h(
    'main.alone.wide-page',
    { key: 'sites', id: 'content' },
    h(
      'div.card',
      h('div.brand.big', mark(), h('span', 'Baywatt')),
      h('h1', 'Sites'),
      h(
        'ul.site-list',
        app.sites.map((site) =>
          h(
            'li',
            { key: site.siteId },
            h(
              'a',
              { href: `/sites/${site.siteId}`, onclick: app.follow },
              h('b', site.name || site.code),
              h('span.note', [site.address, site.timeZone].filter(Boolean).join(' · ')),
            ),
          ),
        ),
      ),
      h('button.quiet', { onclick: app.logOut }, icon('leave'), 'Log out'),
    ),
  )
}

export function noSitePage(app) {
  if (!app.can('sites:read')) {
    return alone(
      'blind',
      h('h1', 'No site to show'),
      h('p', 'This key does not reach sites. The dashboard needs a key with the scope ', h('code', 'sites:read'), '.'),
      h('button.quiet', { onclick: app.logOut }, icon('leave'), 'Log out'),
    )
  }
  const may = app.can('sites:write')
  return h(
    'main.alone.wide-page',
    { key: 'no-site', id: 'content' },
    h(
      'div.card',
      h('div.brand.big', mark(), h('span', 'Baywatt')),
      h('h1', 'No site yet'),
      h('p', 'A site is one parking facility: it has a time zone and a currency, and everything else stands in it.'),
      may
        ? siteForm(app)
        : h(
            'p',
            'This key may not add one. Ask for a key with the scope ',
            h('code', 'sites:write'),
            ', or for access to a site.',
          ),
      h(
        'div.help',
        h('p', 'The same through the API:'),
        h(
          'pre',
          { tabindex: '0', 'aria-label': 'Example request' },
          `curl -X POST ${location.origin}/api/v1/sites \\\n  -H "Authorization: Bearer $KEY" -H "Content-Type: application/json" \\\n  -d '{"code":"P1","name":"Central garage","timeZone":"${localZone()}","currency":"EUR"}'`,
        ),
        h('p', 'To look around first: ', h('code', 'npm run demo'), ' brings a garage with a month of real charging.'),
      ),
      h('button.quiet', { onclick: app.logOut }, icon('leave'), 'Log out'),
    ),
  )
}

function siteForm(app) {
  const { siteForm: held } = app
  const field = (name, label, more) => [
    h('label', { for: `site-${name}` }, label),
    h('input', { id: `site-${name}`, name, required: true, autocomplete: 'off', ...more }),
  ]
  return h(
    'form.site-form',
    {
      onsubmit: async (event) => {
        event.preventDefault()
        const values = Object.fromEntries(new FormData(event.currentTarget))
        app.set({ siteForm: { busy: true } })
        try {
          const site = await api.post('/api/v1/sites', { ...values, currency: values.currency.toUpperCase() })
          app.set({ siteForm: {} })
          await app.begin(`/sites/${site.siteId}`)
        } catch (error) {
          app.set({ siteForm: { error: error.message } })
        }
      },
    },
    field('code', 'Short name', { maxlength: '64', placeholder: 'P1' }),
    field('name', 'Name', { maxlength: '200', placeholder: 'Central garage' }),
    field('timeZone', 'Time zone', { list: 'zones', placeholder: localZone() }),
    field('currency', 'Currency', { maxlength: '3', pattern: '[A-Za-z]{3}', placeholder: 'EUR' }),
    h(
      'datalist',
      { id: 'zones' },
      Intl.supportedValuesOf('timeZone').map((zone) => h('option', { value: zone })),
    ),
    h('p.error', { role: 'alert' }, held.error ? [icon('fault'), held.error] : null),
    h('button.primary', { type: 'submit', disabled: held.busy }, 'Add the site'),
  )
}

function localZone() {
  return Intl.DateTimeFormat().resolvedOptions().timeZone
}
