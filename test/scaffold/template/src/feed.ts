// Owns one look at the vendor: its events until there are none, each confirmed to the vendor after the hub has stored it.
// Must not confirm anything that is not stored: the vendor would never tell it again.
import { callVendor, type Log, type ParcsSink, type ParkingFact, succeeded } from 'baywatt/plugin'
import { readRecord } from './read-record.ts'

export interface FeedDeps {
  baseUrl: string
  fetch: typeof fetch
  log: Log
  sink: ParcsSink
  secret(): Promise<string>
}

export interface Feed {
  /** What did not work, in plain words; null when all was read. */
  look(signal: AbortSignal): Promise<string | null>
}

/** A vendor that never runs dry is read on at the next look. */
const mostPages = 100

export function feed({ baseUrl, fetch, log, sink, secret }: FeedDeps): Feed {
  const call = async (method: 'GET' | 'POST', path: string, signal: AbortSignal, json?: unknown) =>
    callVendor({
      fetch,
      method,
      url: `${baseUrl}/${path}`,
      headers: { authorization: `Bearer ${await secret()}` },
      ...(json === undefined ? {} : { json }),
      signal,
    })
  return {
    async look(signal) {
      let unfit = 0
      for (let page = 0; page < mostPages; page++) {
        const answer = await call('GET', 'events', signal)
        if (!succeeded(answer)) return 'The parking system could not be read.'
        const { events } = (answer.json ?? {}) as { events?: unknown }
        if (!Array.isArray(events)) return 'The answer of the parking system holds no list "events".'
        if (events.length === 0) return unfit > 0 ? `${unfit} events could not be understood.` : null
        const facts: ParkingFact[] = []
        const safe: string[] = []
        for (const event of events as unknown[]) {
          const read = readRecord(event)
          if (read.kind === 'ok') facts.push(read.fact)
          else {
            unfit += 1
            log.warn({ errors: read.errors }, 'an event of the parking system could not be understood')
            // Confirmed all the same: it would come again for ever and hold up what is behind it.
            if (read.receipt !== undefined) safe.push(read.receipt)
          }
        }
        // Rejects when the hub cannot store: then nothing is confirmed, and the vendor tells it again.
        for (const { id, revision } of await sink.record(facts)) safe.push(`${id}#${revision}`)
        if (safe.length === 0) return 'No event of the parking system could be understood.'
        if (!succeeded(await call('POST', 'events/confirm', signal, { safe })))
          return 'The parking system did not take the confirmation; it will tell everything again.'
      }
      return null
    },
  }
}
