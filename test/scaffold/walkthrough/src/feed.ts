// Owns one look at the vendor: it holds our question until there is something to tell, and forgets what we confirm.
// Must not confirm anything that is not stored: the vendor would never tell it again.
import { type Log, type ParcsSink, type ParkingFact, readBody } from 'baywatt/plugin'
import { readFrames } from './frames.ts'
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
const mostAnswers = 100
const largestAnswer = 1_048_576

export function feed({ baseUrl, fetch, log, sink, secret }: FeedDeps): Feed {
  const call = async (method: 'GET' | 'POST', path: string, signal: AbortSignal) =>
    fetch(`${baseUrl}/${path}`, {
      method,
      headers: { authorization: `Bearer ${await secret()}` },
      redirect: 'manual',
      signal,
    })
  return {
    async look(signal) {
      for (let count = 0; count < mostAnswers; count++) {
        const answer = await call('GET', 'feed', signal).catch(() => null)
        if (answer === null) return 'The parking system does not answer.'
        // The question was held and nothing happened.
        if (answer.status === 204) return null
        const body = await readBody(answer, largestAnswer)
        if (answer.status !== 200 || body.kind !== 'ok')
          return `The parking system's answer (${answer.status}) cannot be used.`
        const facts: ParkingFact[] = []
        let last: number | undefined
        let broken: string | null = null
        for (const frame of readFrames(body.value)) {
          if (frame.kind === 'bad') {
            broken = `The feed is broken at byte ${frame.at}: ${frame.why}.`
            break
          }
          const read = readRecord(frame.text)
          last = read.sequence ?? last
          if (read.kind === 'ok') facts.push(read.fact)
          else log.warn({ errors: read.errors }, 'a record of the parking system could not be understood')
        }
        // Rejects when the hub cannot store: then nothing is confirmed, and the vendor tells it again.
        if (facts.length > 0) await sink.record(facts)
        if (last !== undefined) {
          const told = await call('POST', `confirm?upto=${last}`, signal).catch(() => null)
          if (!told?.ok) return 'The parking system did not take the confirmation; it will tell everything again.'
        }
        if (broken !== null) return broken
        if (last === undefined) return 'No record of the parking system could be understood.'
      }
      return null
    },
  }
}
