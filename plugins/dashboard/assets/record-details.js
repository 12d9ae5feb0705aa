// Owns one record of the panel: read when it is opened, and again when an event of its families came.
// Must not draw, and must not know what the record is.
import { resource } from './resource.js'

const everyMs = 30_000
const tickMs = 250

/** `read(id)` gives the whole of it; `families` are the first words of events that touch it. */
export function recordDetails({ subject, read, families, changed }) {
  const all = resource({ everyMs, load: () => read(subject.id), changed: () => closed || changed() })
  let closed = false
  const tick = () => {
    const now = performance.now()
    if (!document.hidden && all.due(now, false)) all.run(now)
  }
  const timer = setInterval(tick, tickMs)
  tick()

  return {
    subject,
    state: all.state,
    heard({ type }) {
      if (families.includes(type.split('.')[0])) all.touch()
    },
    renew: all.renew,
    close() {
      closed = true
      clearInterval(timer)
    },
  }
}
