// Owns the access token of an OAuth 2.0 client (RFC 6749, 4.4): fetched when needed, shared, renewed before it ends.
// Must not keep a token that the vendor has refused, nor ask for one twice at a time.
import type { Clock } from '../../domain/clock.ts'
import { AuthFailed, NotReady } from '../plugin-error.ts'
import { callVendor } from './call-vendor.ts'

export interface ClientCredentials {
  fetch: typeof fetch
  clock: Clock
  tokenUrl: string
  clientId: string
  clientSecret(): Promise<string>
  scope?: string
  /** More fields of the form, such as `audience`. */
  extra?: Readonly<Record<string, string>>
  /** How the client names itself: in the form, by Basic, or all of it as JSON, as some vendors want. Default `body`. */
  send?: 'body' | 'basic' | 'json'
}

export interface TokenSource {
  /**
   * A token that is good for another half minute.
   * @throws AuthFailed when the vendor refuses the client, NotReady when it cannot be asked
   */
  token(): Promise<string>
  /** The vendor refused this token: the next one is a new one. */
  refused(token: string): void
}

const spareMs = 30_000
const assumedLifeSeconds = 300

export function clientCredentials(options: ClientCredentials): TokenSource {
  let held: { token: string; until: number } | undefined
  let asking: Promise<string> | undefined

  const ask = async (): Promise<string> => {
    const secret = await options.clientSecret()
    const form = new URLSearchParams({ grant_type: 'client_credentials', ...options.extra })
    if (options.scope) form.set('scope', options.scope)
    const headers: Record<string, string> = { 'content-type': 'application/x-www-form-urlencoded' }
    if (options.send === 'basic') {
      const pair = `${encodeURIComponent(options.clientId)}:${encodeURIComponent(secret)}`
      headers.authorization = `Basic ${Buffer.from(pair).toString('base64')}`
    } else {
      form.set('client_id', options.clientId)
      form.set('client_secret', secret)
    }
    const answer = await callVendor({
      fetch: options.fetch,
      method: 'POST',
      url: options.tokenUrl,
      ...(options.send === 'json' ? { json: Object.fromEntries(form) } : { headers, body: form.toString() }),
    })
    const unasked = 'The vendor could not be asked for an access token:'
    if (answer.kind !== 'answered') throw new NotReady(`${unasked} ${answer.reason}`)
    if ([400, 401, 403].includes(answer.status))
      throw new AuthFailed(`The vendor gave no access token (${answer.status}): client id or secret are wrong.`)
    if (answer.status < 200 || answer.status > 299) throw new NotReady(`${unasked} it answered ${answer.status}.`)
    const { access_token: token, expires_in: life } = (answer.json ?? {}) as Record<string, unknown>
    if (typeof token !== 'string' || token === '') throw new NotReady('The vendor answered without an access token.')
    const seconds = Number(life) > 0 ? Number(life) : assumedLifeSeconds
    held = { token, until: options.clock.now().getTime() + seconds * 1_000 }
    return token
  }

  return {
    async token() {
      if (held && held.until - spareMs > options.clock.now().getTime()) return held.token
      asking ??= ask().finally(() => {
        asking = undefined
      })
      return asking
    },
    refused(token) {
      if (held?.token === token) held = undefined
    },
  }
}
