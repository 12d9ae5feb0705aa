// Owns a simulated parking system as an HTTP client: a queue of facts, signed posts, retries, the gate question.
// Must not decide what happens in the garage; the scenario does.
import { createRandom } from '../random.ts'
import type { SimClock } from '../sim-clock.ts'
import { uuid } from '../station/uuid.ts'
import type { WireDecision, WireFact, WireQuestion, WireResult } from './facts.ts'
import { signDelivery } from './signature.ts'

export interface ParcsOptions {
  hubUrl: string
  connectionId: string
  /** `whsec_…` */
  secret: string
  clock: SimClock
  seed: string | number
  /** Facts per request; 1 posts bare facts. */
  batchSize?: number
  /** Attempts per request before the facts stay in the queue for the next flush. */
  attempts?: number
  /** Waits between attempts; tests pass one that returns at once. */
  pause?: (ms: number) => Promise<void>
  fetch?: typeof fetch
  /** Called for each fact that the hub answered as stored, duplicate or superseded. */
  onAcked?: (fact: WireFact, result: WireResult) => void
}

/** The hub understood the request and refuses it: repeating will not help. */
export class ParcsRefused extends Error {
  readonly status: number
  constructor(path: string, status: number, body: string) {
    super(`the hub answered ${status} to ${path}: ${body.slice(0, 500)}`)
    this.name = 'ParcsRefused'
    this.status = status
  }
}

type FlushResult = { kind: 'empty' } | { kind: 'unanswered'; left: number }

type GateAnswer = { kind: 'answered'; decision: WireDecision; millis: number } | { kind: 'noAnswer' }

/** Standard Webhooks suggests seconds to hours between tries; a lane controller beside the hub starts much closer. */
const backoffMs = [200, 1_000, 5_000, 20_000]

/** Body limit of one request in the wire format. */
const largestBatch = 1000

export type Parcs = ReturnType<typeof createParcs>

export function createParcs(options: ParcsOptions) {
  const random = createRandom(`${options.seed}/parcs/${options.connectionId}`)
  const post = options.fetch ?? fetch
  const pause = options.pause ?? ((ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms)))
  const attempts = options.attempts ?? backoffMs.length + 1
  const batchSize = Math.min(options.batchSize ?? 1, largestBatch)
  const queue: WireFact[] = []
  const rejected: { fact: WireFact; result: WireResult }[] = []
  let online = true

  const request = (path: string, body: string, id: string): Promise<Response> =>
    post(`${options.hubUrl}/in/${options.connectionId}/${path}`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...signDelivery(options.secret, id, options.clock.now(), body),
      },
      body,
    })

  /** One body until the hub takes it: the webhook id stays, the timestamp and so the signature are new at each try. */
  const deliver = async (path: string, body: string): Promise<unknown | undefined> => {
    const id = `msg_${uuid(random)}`
    for (let attempt = 0; attempt < attempts; attempt++) {
      if (attempt > 0) await pause(backoffMs[Math.min(attempt, backoffMs.length) - 1] ?? 0)
      const response = await request(path, body, id).catch(() => undefined)
      if (response?.ok) return await response.json()
      const text = response ? await response.text() : ''
      if (response && response.status < 500 && response.status !== 429 && response.status !== 408) {
        throw new ParcsRefused(path, response.status, text)
      }
    }
    return undefined
  }

  /** Takes the answered facts out of the queue; a fact that the answer does not name stays. */
  const settle = (facts: readonly WireFact[], answer: unknown): number => {
    let settled = 0
    for (const result of resultsOf(answer)) {
      const fact = facts.find((one) => one.id === result.id && one.revision === result.revision)
      const place = fact ? queue.indexOf(fact) : -1
      if (!fact || place < 0) continue
      queue.splice(place, 1)
      settled += 1
      if (result.status === 'rejected') rejected.push({ fact, result })
      else options.onAcked?.(fact, result)
    }
    return settled
  }

  const flush = async (): Promise<FlushResult> => {
    while (online && queue.length > 0) {
      const batch = queue.slice(0, batchSize)
      const body = JSON.stringify(batchSize === 1 ? batch[0] : { facts: batch })
      const answer = await deliver('facts', body)
      if (answer === undefined || settle(batch, answer) === 0) break
    }
    return queue.length === 0 ? { kind: 'empty' } : { kind: 'unanswered', left: queue.length }
  }

  return {
    /** Facts that no answer has covered yet, oldest first. */
    queued: queue as readonly WireFact[],
    /** Facts that the hub said no to, one by one. */
    rejected: rejected as readonly { fact: WireFact; result: WireResult }[],
    online: () => online,

    record(fact: WireFact): void {
      queue.push(online ? fact : { ...fact, backfilled: true })
    },

    /** Posts the queue in order. What the hub did not take stays in it. */
    flush,

    /** The line to the hub is down: facts wait and will be told as backfilled. */
    goOffline(): void {
      online = false
    },
    goOnline(): Promise<FlushResult> {
      online = true
      return flush()
    },

    /** "May this credential enter?" asked once: a lane does not wait for a second try. */
    async askGate(question: WireQuestion): Promise<GateAnswer> {
      if (!online) return { kind: 'noAnswer' }
      const body = JSON.stringify(question)
      const began = performance.now()
      const response = await request('gate-requests', body, `msg_${uuid(random)}`).catch(() => undefined)
      if (!response) return { kind: 'noAnswer' }
      const text = await response.text()
      if (!response.ok) throw new ParcsRefused('gate-requests', response.status, text)
      return { kind: 'answered', decision: JSON.parse(text) as WireDecision, millis: performance.now() - began }
    },
  }
}

function resultsOf(answer: unknown): WireResult[] {
  if (typeof answer !== 'object' || answer === null || !('results' in answer)) return []
  return Array.isArray(answer.results) ? (answer.results as WireResult[]) : []
}
