// Owns the Stripe client as the hub uses it: one API version, no retries of its own, through the connection's own fetch.
// Must not decide what an answer means.
import Stripe from 'stripe'

/** The version whose fields this adapter reads; Stripe keeps old versions. */
export const apiVersion = '2026-10-28.endive'

export function stripeClient(baseUrl: string, key: string, fetch: typeof globalThis.fetch): Stripe {
  const { hostname, port, protocol } = new URL(baseUrl)
  return new Stripe(key, {
    apiVersion,
    host: hostname,
    ...(port === '' ? {} : { port }),
    protocol: protocol === 'http:' ? 'http' : 'https',
    // The hub asks what became of a call before it is made again.
    maxNetworkRetries: 0,
    timeout: 20_000,
    telemetry: false,
    httpClient: Stripe.createFetchHttpClient(fetch),
  })
}
