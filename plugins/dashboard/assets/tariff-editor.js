// Owns a tariff while a person writes it: the draft and its undoing, what is wrong with it, what an example costs by it.
// Must not draw, and must not store anything before it is published.
import * as api from './api.js'
import { addDays, instantOfField, instantOfWall } from './local-time.js'
import { withValue } from './rules-change.js'

const quietMs = 300
/** Changes at one place within this are undone together. */
const togetherMs = 1_000
const mostUndone = 200
const againMs = 3_000
const minuteMs = 60_000

const firstRules = {
  parking: { scope: 'parking', bands: [{ everyMinutes: 60, price: '2.00' }] },
  charging: { scope: 'charging', energy: { price: '0.49' } },
}

/** The rules that an engine begins with. */
export function emptyRules(engine, scope, currency) {
  if (engine === 'tariff-ocpi') {
    const component = { type: 'ENERGY', price: 0.49, vat: 19, step_size: 1 }
    const elements = [{ price_components: [component] }]
    return { edition: '2.2.1', tariff: { id: 'NEW', currency, elements } }
  }
  if (engine === 'tariff-ocpp') {
    return { edition: '2.1', tariff: { tariffId: 'NEW', currency, energy: { prices: [{ priceKwh: 0.49 }] } } }
  }
  return firstRules[scope]
}

/**
 * `tariff`: the one whose next version is written, null for a new one. `start`: fields of the draft. `today`: day at the site.
 */
export function tariffEditor({ tariff, start, site, today, say, changed }) {
  const draft = {
    code: '',
    name: '',
    scope: 'charging',
    engine: 'tariff-standard',
    siteId: site.siteId,
    currency: site.currency,
    validFrom: '',
    ...start,
  }
  const state = {
    tariff,
    draft,
    text: JSON.stringify(draft.rules, null, 2),
    textError: null,
    past: [],
    lint: null,
    preview: null,
    previewError: null,
    asking: false,
    publishing: false,
    example: {
      date: addDays(today, 1),
      time: '09:00',
      minutes: '120',
      kwh: draft.scope === 'charging' ? '20' : '0',
      kw: '11',
      parkerKind: 'transient',
      group: '',
      lostTicket: false,
    },
    starts: 'day',
  }
  const saved = JSON.stringify(draft)
  let timer = 0
  let asked = 0
  let closed = false
  let last = { place: '', at: Number.NEGATIVE_INFINITY }

  const tell = (change) => {
    Object.assign(state, change)
    if (!closed) changed()
  }

  function remember(place) {
    const at = performance.now()
    if (place !== last.place || at - last.at > togetherMs) {
      state.past = [
        ...state.past.slice(-mostUndone),
        { draft: state.draft, text: state.text, textError: state.textError },
      ]
    }
    last = { place, at }
  }

  function edit(place, change) {
    remember(place)
    tell(change)
    later()
  }

  function later() {
    clearTimeout(timer)
    timer = setTimeout(ask, quietMs)
  }

  const about = () => {
    const { engine, scope, currency, rules } = state.draft
    return { engine, scope, currency, rules, timeZone: site.timeZone }
  }

  async function ask() {
    asked += 1
    const mine = asked
    if (state.textError !== null) return
    tell({ asking: true })
    const found = { lint: null, preview: null, previewError: null }
    try {
      const country = site.country ? { country: site.country } : {}
      found.lint = await api.post('/api/v1/tariffs/lint', { ...about(), ...country })
      const example = exampleOf(state, site.timeZone)
      if (found.lint.valid) found.preview = await api.post('/api/v1/tariffs/preview', { ...about(), ...example })
    } catch (error) {
      found.previewError = error
    }
    // A later question has a better answer.
    if (mine !== asked || closed) return
    tell({ asking: false, ...found })
    const away = found.previewError !== null && (found.previewError.status ?? 429) === 429
    if (away) timer = setTimeout(ask, againMs)
  }
  ask()

  return {
    state,
    dirty: () => JSON.stringify(state.draft) !== saved || state.textError !== null,
    set: (fields) => edit(Object.keys(fields).join(), { draft: { ...state.draft, ...fields } }),
    /** Another kind of tariff begins anew. */
    begin({ engine = state.draft.engine, scope = state.draft.scope }) {
      const only = engine === 'tariff-standard' ? scope : 'charging'
      const rules = emptyRules(engine, only, state.draft.currency)
      const text = JSON.stringify(rules, null, 2)
      state.example = { ...state.example, kwh: only === 'parking' ? '0' : '20' }
      edit('kind', { draft: { ...state.draft, engine, scope: only, rules }, text, textError: null })
    },
    setRule(path, value) {
      const rules = withValue(state.draft.rules, path, value)
      edit(path.join('/'), { draft: { ...state.draft, rules }, text: JSON.stringify(rules, null, 2), textError: null })
    },
    setText(text) {
      try {
        const rules = JSON.parse(text)
        if (rules === null || typeof rules !== 'object' || Array.isArray(rules)) throw new Error('Rules are an object.')
        edit('text', { draft: { ...state.draft, rules }, text, textError: null })
      } catch (error) {
        edit('text', { text, textError: error.message })
      }
    },
    undo() {
      const before = state.past.at(-1)
      if (!before) return
      last = { place: '', at: Number.NEGATIVE_INFINITY }
      tell({ ...before, past: state.past.slice(0, -1) })
      later()
    },
    setExample(change) {
      tell({ example: { ...state.example, ...change } })
      later()
    },
    setStarts(starts) {
      tell({ starts })
      later()
    },
    /** The tariff as published; null when the hub refused, which has been said then. */
    async publish() {
      const { code, name, scope, engine, siteId, currency, rules, validFrom } = state.draft
      const at = validFrom === '' ? {} : { validFrom: instantOfField(validFrom, site.timeZone) }
      tell({ publishing: true })
      try {
        if (tariff === null) {
          const body = { code, name: name || code, scope, engine, siteId, currency, rules, ...at }
          return await api.post('/api/v1/tariffs', body)
        }
        if (name !== tariff.name || code !== tariff.code) {
          await api.patch(`/api/v1/tariffs/${tariff.tariffId}`, { name, code }, tariff.version)
        }
        await api.post(`/api/v1/tariffs/${tariff.tariffId}/versions`, { rules, ...at })
        return tariff
      } catch (error) {
        const where = error.errors?.map(({ pointer, message }) => `${pointer} ${message}`).join(' ')
        say({ tone: 'bad', title: 'Not published', text: where || error.message })
        return null
      } finally {
        tell({ publishing: false })
      }
    },
    close() {
      closed = true
      clearTimeout(timer)
    },
  }
}

/** The example and the other starts of a question for the price; nothing where it is not filled in. */
function exampleOf({ draft, example, starts }, zone) {
  const { date, time, minutes, kwh, kw, parkerKind, group, lostTicket } = example
  const from = instantOfWall(date, time, zone)
  const length = Number(minutes)
  if (from === null || minutes === '' || !(length >= 0)) return {}
  const instant = (ms) => new Date(Date.parse(from) + Math.round(ms)).toISOString()
  const wanted = Number(kwh) || 0
  const strength = Number(kw) || 0
  const charged = strength > 0 ? Math.min(wanted, (strength * length) / 60) : wanted
  const chargingMs = strength > 0 ? (charged / strength) * 60 * minuteMs : length * minuteMs
  const session = {
    pluggedAt: from,
    unpluggedAt: instant(length * minuteMs),
    chargedUntil: instant(Math.min(chargingMs, length * minuteMs)),
    energyWh: Math.round(charged * 1000),
  }
  const parking = draft.scope === 'parking'
  const stay = { enteredAt: from, exitedAt: session.unpluggedAt, parkerKind, ...(lostTicket ? { lostTicket } : {}) }
  return {
    ...(parking ? { stay } : {}),
    ...(parking && charged === 0 ? {} : { session: parking ? session : { ...session, parkerKind } }),
    ...(group === '' ? {} : { groups: [group] }),
    starts: starts === 'day' ? { date } : { clockChangesOf: Number(date.slice(0, 4)) },
  }
}
