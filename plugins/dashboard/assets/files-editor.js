// Owns the mapping of one file connection while a person edits it: what is known of the connection, the sample, the dry run of it.
// Must not draw.
import * as api from './api.js'

const mount = '/api/v1/x/parcs-files'
const sampleBytes = 700_000
const quietMs = 250
const everyMs = 5_000

export const emptyFact = { type: 'stay.opened', fields: {} }

export function filesEditor({ connection, say, changed }) {
  const state = {
    connection,
    vocabulary: null,
    files: null,
    error: null,
    /** `{ sample }` in base64 or `{ file }` by name, and what a person calls it. */
    source: null,
    sourceName: '',
    mapping: connection.config?.mapping ?? null,
    /** What the connection has: another object than `mapping` as soon as something was changed. */
    saved: connection.config?.mapping ?? null,
    run: null,
    runError: null,
    trying: false,
    saving: false,
    rejected: new Map(),
  }
  const query = `?connectionId=${connection.connectionId}`
  let timer = 0
  let asked = 0
  let closed = false

  const tell = (change) => {
    Object.assign(state, change)
    if (!closed) changed()
  }

  async function load() {
    try {
      const vocabulary =
        state.vocabulary ?? (await api.get(`${mount}/fields`, { connectionId: connection.connectionId }))
      const files = await api.get(`${mount}/files`, { connectionId: connection.connectionId })
      tell({ vocabulary, files, error: null })
    } catch (error) {
      tell({ error })
    }
  }

  async function tryOut() {
    if (state.source === null) return
    asked += 1
    const mine = asked
    tell({ trying: true })
    try {
      const body = { ...state.source, ...(state.mapping ? { mapping: state.mapping } : {}) }
      const run = await api.post(`${mount}/dry-run${query}`, body)
      // A later question has a better answer.
      if (mine === asked) tell({ run, runError: null, trying: false, mapping: state.mapping ?? run.proposal })
    } catch (error) {
      if (mine === asked) tell({ runError: error, trying: false })
    }
  }

  function edit(change) {
    tell({ mapping: { ...state.mapping, ...change } })
    clearTimeout(timer)
    timer = setTimeout(tryOut, quietMs)
  }
  const editFact = (index, change) =>
    edit({ facts: state.mapping.facts.map((fact, i) => (i === index ? { ...fact, ...change } : fact)) })

  load()
  const renewing = setInterval(() => !document.hidden && load(), everyMs)

  return {
    state,
    edit,
    editFact,
    setField(index, field, source) {
      const { [field]: _, ...others } = state.mapping.facts[index].fields
      editFact(index, { fields: source === null ? others : { ...others, [field]: source } })
    },
    async dropFile(file) {
      const bytes = new Uint8Array(await file.slice(0, sampleBytes).arrayBuffer())
      let text = ''
      for (let i = 0; i < bytes.length; i += 8_192) text += String.fromCharCode(...bytes.subarray(i, i + 8_192))
      Object.assign(state, { source: { sample: btoa(text) }, sourceName: file.name })
      tryOut()
    },
    tryWaiting(name) {
      Object.assign(state, { source: { file: name }, sourceName: name })
      tryOut()
    },
    /** Forgets what is mapped; the next dry run proposes. */
    propose() {
      tell({ mapping: null })
      tryOut()
    },
    async showRejected(fileId) {
      if (state.rejected.has(fileId)) {
        state.rejected.delete(fileId)
        return changed()
      }
      try {
        const { items } = await api.get(`${mount}/files/${fileId}/rejected-lines`, {
          connectionId: connection.connectionId,
        })
        state.rejected.set(fileId, items)
      } catch (error) {
        say({ tone: 'bad', title: 'The lines could not be read', text: error.message })
      }
      return changed()
    },
    async save() {
      tell({ saving: true })
      try {
        const { connectionId } = connection
        const { mapping } = state
        const now = await api.get(`/api/v1/connections/${connectionId}`)
        const saved = await api.patch(
          `/api/v1/connections/${connectionId}`,
          { config: { ...now.config, mapping } },
          now.version,
        )
        tell({ connection: saved, saved: mapping, saving: false })
        say({ tone: 'good', title: 'The mapping is saved', text: 'Files that wait are taken with it.' })
      } catch (error) {
        tell({ saving: false })
        say({ tone: 'bad', title: 'The mapping is not saved', text: error.message })
      }
    },
    close() {
      closed = true
      clearTimeout(timer)
      clearInterval(renewing)
    },
  }
}
