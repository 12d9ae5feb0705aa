// Owns how often one address may dial in, and how often one may be wrong about a password, within a minute.
// Must not know who is admitted: it is told what came of each attempt.
import type { OcppConfig } from './config.ts'

const minuteMs = 60_000
/** Addresses and stations that are remembered; the oldest go first. */
const mostRemembered = 50_000

interface Bucket {
  tokens: number
  at: number
}

/** Token buckets by name: `perMinute` at once, and as many again each minute. */
class Buckets {
  readonly #perMinute: number
  readonly #buckets = new Map<string, Bucket>()

  constructor(perMinute: number) {
    this.#perMinute = perMinute
  }

  #now(name: string, now: number): Bucket {
    const known = this.#buckets.get(name)
    if (known === undefined) return { tokens: this.#perMinute, at: now }
    const grown = known.tokens + ((now - known.at) / minuteMs) * this.#perMinute
    return { tokens: Math.min(this.#perMinute, grown), at: now }
  }

  /** Seconds until there is one again; 0 when there is one now. */
  wait(name: string, now: number): number {
    if (this.#perMinute === 0) return 0
    const { tokens } = this.#now(name, now)
    return tokens >= 1 ? 0 : Math.ceil(((1 - tokens) * 60) / this.#perMinute)
  }

  take(name: string, now: number): void {
    if (this.#perMinute === 0) return
    const bucket = this.#now(name, now)
    this.#buckets.delete(name)
    this.#buckets.set(name, { tokens: bucket.tokens - 1, at: now })
    const [oldest] = this.#buckets.size > mostRemembered ? this.#buckets.keys() : []
    if (oldest !== undefined) this.#buckets.delete(oldest)
  }
}

export class DoorGuard {
  readonly #handshakes: Buckets
  readonly #failures: Buckets

  constructor(config: Pick<OcppConfig, 'handshakesPerMinutePerAddress' | 'failedLoginsPerMinute'>) {
    this.#handshakes = new Buckets(config.handshakesPerMinutePerAddress)
    this.#failures = new Buckets(config.failedLoginsPerMinute)
  }

  /** Seconds after which to try again; 0 to come in. Counts the attempt. */
  knock(address: string, identity: string, now: number): number {
    const wait = Math.max(this.#handshakes.wait(address, now), this.#failures.wait(pair(address, identity), now))
    if (wait === 0) this.#handshakes.take(address, now)
    return wait
  }

  /** Counted by address and station together: a stranger cannot lock a station out, nor one broken station its whole site. */
  failed(address: string, identity: string, now: number): void {
    this.#failures.take(pair(address, identity), now)
  }
}

function pair(address: string, identity: string): string {
  return `${address} ${identity.toLowerCase()}`
}
