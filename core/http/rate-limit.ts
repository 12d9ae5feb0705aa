// Owns how many requests a caller may make: a token bucket each, in this process.
// Must not outlive the process: a bucket that is lost is a full one.

export interface RateLimit {
  /** Requests at once. */
  burst: number
  /** Requests that come back each second. */
  perSecond: number
}

export type Taken = { kind: 'allowed'; left: number } | { kind: 'limited'; retryAfterSeconds: number }

/** Full buckets say nothing, so they are thrown away when there are more than this. */
const mostBuckets = 10_000

export function rateLimiter(limit: RateLimit, now: () => Date): (who: string) => Taken {
  const buckets = new Map<string, { tokens: number; at: number }>()
  const filled = (bucket: { tokens: number; at: number }, at: number) =>
    Math.min(limit.burst, bucket.tokens + ((at - bucket.at) / 1000) * limit.perSecond)
  return (who) => {
    const at = now().getTime()
    if (buckets.size >= mostBuckets) {
      for (const [key, bucket] of buckets) if (filled(bucket, at) >= limit.burst) buckets.delete(key)
    }
    const bucket = buckets.get(who) ?? { tokens: limit.burst, at }
    const tokens = filled(bucket, at)
    if (tokens < 1) {
      buckets.set(who, { tokens, at })
      return { kind: 'limited', retryAfterSeconds: Math.max(1, Math.ceil((1 - tokens) / limit.perSecond)) }
    }
    buckets.set(who, { tokens: tokens - 1, at })
    return { kind: 'allowed', left: Math.floor(tokens - 1) }
  }
}
