// Owns listening to the hub's events: server-sent events read by hand, taken up again where they broke off.
// Must not know what an event means.

/** The hub writes something at least every 15 seconds. */
const silenceMs = 40_000
const pausesMs = [500, 1_000, 2_000, 5_000, 10_000]

/**
 * The browser's own EventSource hides why a stream broke and cannot begin at a given place, so the stream is read with fetch.
 * `state(name)`: `connecting`, `live`, `reconnecting`, or `refused` (this key may not listen; it is not tried again).
 * `lost()`: the hub no longer knows the place where we stopped, so events may have passed unseen.
 */
export function listen({ path, event, state, lost }) {
  let lastId = null
  let closed = false
  let current = null
  let failures = 0
  let wake = () => {}

  async function run() {
    state('connecting')
    while (!closed) {
      const outcome = await once()
      if (closed) return
      if (outcome === 'refused') return state('refused')
      state('reconnecting')
      const pause = pausesMs[Math.min(failures++, pausesMs.length - 1)]
      await new Promise((resolve) => {
        const timer = setTimeout(resolve, pause)
        wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
  }

  /** One connection, from beginning to end. */
  async function once() {
    current = new AbortController()
    let watchdog = 0
    const heard = () => {
      clearTimeout(watchdog)
      watchdog = setTimeout(() => current.abort(), silenceMs)
    }
    heard()
    try {
      const headers = { Accept: 'text/event-stream', ...(lastId === null ? {} : { 'Last-Event-ID': lastId }) }
      const response = await fetch(path, {
        headers,
        credentials: 'same-origin',
        cache: 'no-store',
        signal: current.signal,
      })
      if (!response.ok || response.body === null) return refusal(response)
      const read = reader((message) => {
        if (message.id !== null) lastId = message.id
        if (message.data !== '') event(JSON.parse(message.data))
      })
      const chunks = response.body.pipeThrough(new TextDecoderStream()).getReader()
      for (;;) {
        const { value, done } = await chunks.read()
        if (done) return 'ended'
        heard()
        failures = 0
        state('live')
        read(value)
      }
    } catch {
      return 'broken'
    } finally {
      clearTimeout(watchdog)
    }
  }

  function refusal(response) {
    if (response.status === 403) return 'refused'
    // A place that the hub does not know (its database was replaced, for example): begin at the present.
    if (lastId !== null && (response.status === 400 || response.status === 422)) {
      lastId = null
      lost()
    }
    return 'broken'
  }

  run()
  return {
    /** Tries at once, for example when the network is back. */
    hurry: () => wake(),
    close() {
      closed = true
      wake()
      current?.abort()
    },
  }
}

/** Takes text in any pieces and gives messages (HTML standard, 9.2.6). */
export function reader(give) {
  let rest = ''
  let id = null
  let data = []
  let touched = false
  return (text) => {
    const lines = (rest + text).split(/\r\n|\n|\r(?!$)/)
    rest = lines.pop()
    for (const line of lines) {
      if (line === '') {
        if (touched) give({ id, data: data.join('\n') })
        data = []
        touched = false
        continue
      }
      const at = line.indexOf(':')
      if (at === 0) continue
      const field = at === -1 ? line : line.slice(0, at)
      const value = at === -1 ? '' : line.slice(at + 1).replace(/^ /, '')
      if (field === 'data') data.push(value)
      else if (field === 'id') id = value
      else continue
      touched = true
    }
  }
}
