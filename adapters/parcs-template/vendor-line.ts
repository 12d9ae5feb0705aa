// Owns every call to the vendor: who we are, how often we may ask, how long we hold back after a failure.
// Must not repeat a call that may have been done.
import {
  AuthFailed,
  type Clock,
  callVendor,
  clientCredentials,
  digestAnswer,
  type NewId,
  NotReady,
  type TokenSource,
  type VendorAnswer,
} from '../../core/plugin/index.ts'
import type { BuiltRequest } from './build-request.ts'
import { fillFormat, signatureOf } from './canonical.ts'
import type { OutgoingAuth, Profile } from './profile.ts'

export interface LineDeps {
  profile: Profile
  user: string
  tokenUrl: string
  fetch: typeof fetch
  clock: Clock
  newId: NewId
  secret(): Promise<string>
}

export interface VendorLine {
  /** @throws AuthFailed or NotReady when no token is to be had */
  call(request: BuiltRequest, signal?: AbortSignal): Promise<VendorAnswer>
  /** Milliseconds until the vendor may be asked again; 0 for now. */
  holdMs(): number
  /** The vendor failed or asked for a pause: holds back longer with every time in a row. */
  failed(answer: VendorAnswer): void
  worked(): void
}

const minuteMs = 60_000
const mostHoldMs = 1_800_000
const mostAskedHoldMs = 86_400_000

export function vendorLine(deps: LineDeps): VendorLine {
  const { profile, clock, user } = deps
  const auth: OutgoingAuth = profile.auth ?? { kind: 'none' }
  const { perMinute, largestAnswerKilobytes = 8_192 } = profile.limits ?? {}
  const tokens =
    auth.kind === 'oauth2'
      ? clientCredentials({
          fetch: deps.fetch,
          clock,
          tokenUrl: deps.tokenUrl,
          clientId: user,
          clientSecret: deps.secret,
          ...(auth.scope === undefined ? {} : { scope: auth.scope }),
          ...(auth.extra === undefined ? {} : { extra: auth.extra }),
          ...(auth.send === undefined ? {} : { send: auth.send }),
        })
      : undefined
  let challenge: { text: string; count: number } | undefined
  let holdUntil = 0
  let failures = 0
  const sent: number[] = []

  const paced = async (signal: AbortSignal | undefined) => {
    for (;;) {
      const now = clock.now().getTime()
      while (sent[0] !== undefined && sent[0] <= now - minuteMs) sent.shift()
      if (perMinute === undefined || sent.length < perMinute || signal?.aborted) {
        sent.push(now)
        return
      }
      await pause(clock, (sent[0] ?? now) + minuteMs - now, signal)
    }
  }
  const once = async (request: BuiltRequest, signal: AbortSignal | undefined) => {
    await paced(signal)
    const proof = await proved(auth, request, deps, tokens, challenge)
    const answer = await callVendor({
      fetch: deps.fetch,
      method: request.method,
      url: proof.url,
      headers: { ...request.headers, ...proof.headers },
      ...(request.body === undefined ? {} : { body: request.body }),
      ...(signal ? { signal } : {}),
      largestAnswerBytes: largestAnswerKilobytes * 1_024,
    })
    return { answer, token: proof.token }
  }

  return {
    async call(request, signal) {
      const { answer, token } = await once(request, signal)
      if (answer.kind !== 'answered' || answer.status !== 401) return answer
      // Who was not let in has done nothing: once more with a new token, or an answer to the new challenge.
      if (token !== undefined && tokens) {
        tokens.refused(token)
        return (await once(request, signal)).answer
      }
      const asked = answer.headers.get('www-authenticate')
      if (auth.kind !== 'digest' || asked === null) return answer
      challenge = { text: asked, count: 0 }
      return (await once(request, signal)).answer
    },
    holdMs: () => Math.max(0, holdUntil - clock.now().getTime()),
    failed(answer) {
      failures += 1
      const now = clock.now().getTime()
      const backoff = Math.min(mostHoldMs, minuteMs * 2 ** Math.min(failures - 1, 10))
      const asked = answer.kind === 'answered' ? retryAfterMs(answer.headers, now) : undefined
      holdUntil = now + (asked === undefined ? backoff : Math.min(mostAskedHoldMs, asked))
    },
    worked() {
      failures = 0
      holdUntil = 0
    },
  }
}

/** In seconds or as a date (RFC 9110, 10.2.3). */
function retryAfterMs(headers: Headers, now: number): number | undefined {
  const said = headers.get('retry-after')?.trim()
  if (!said) return undefined
  const ms = /^\d{1,9}$/.test(said) ? Number(said) * 1_000 : Date.parse(said) - now
  return Number.isFinite(ms) ? Math.max(1_000, ms) : undefined
}

interface Proved {
  url: URL
  headers: Record<string, string>
  token?: string
}

async function proved(
  auth: OutgoingAuth,
  { method, url, body }: BuiltRequest,
  { user, secret, clock, newId }: LineDeps,
  tokens: TokenSource | undefined,
  challenge: { text: string; count: number } | undefined,
): Promise<Proved> {
  switch (auth.kind) {
    case 'none':
      return { url, headers: {} }
    case 'bearer':
      return { url, headers: { authorization: `Bearer ${await secret()}` } }
    case 'basic': {
      const pair = Buffer.from(`${user}:${await secret()}`, 'utf8').toString('base64')
      return { url, headers: { authorization: `Basic ${pair}` } }
    }
    case 'header':
      return { url, headers: { [auth.name]: `${auth.prefix ?? ''}${await secret()}` } }
    case 'query': {
      const keyed = new URL(url)
      keyed.searchParams.set(auth.name, await secret())
      return { url: keyed, headers: {} }
    }
    case 'oauth2': {
      const token = await tokens?.token()
      if (token === undefined) throw new NotReady('There is no source of tokens.')
      return { url, headers: { authorization: `Bearer ${token}` }, token }
    }
    case 'digest': {
      if (challenge === undefined) return { url, headers: {} }
      challenge.count += 1
      const uri = url.pathname + url.search
      const answer = digestAnswer(challenge.text, {
        method,
        uri,
        user,
        password: await secret(),
        count: challenge.count,
      })
      if (answer === null)
        throw new AuthFailed('The vendor asks for an authentication that is no digest by MD5 or SHA-256 with qop auth.')
      return { url, headers: { authorization: answer } }
    }
    case 'hmac': {
      const now = clock.now()
      const instant = {
        seconds: String(Math.floor(now.getTime() / 1_000)),
        milliseconds: String(now.getTime()),
        iso: now.toISOString(),
      }
      const timestamp = instant[auth.timestamp ?? 'seconds']
      const nonce = newId()
      const signed = { method, url, body: Buffer.from(body ?? '', 'utf8'), user, timestamp, nonce }
      const signature = signatureOf(auth, signed, await secret())
      return {
        url,
        headers: {
          [auth.header]: fillFormat(auth.format ?? '{signature}', { signature, timestamp, nonce, user }),
          ...(auth.timestampHeader ? { [auth.timestampHeader]: timestamp } : {}),
          ...(auth.nonceHeader ? { [auth.nonceHeader]: nonce } : {}),
        },
      }
    }
  }
}

function pause(clock: Clock, ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      cancel()
      signal?.removeEventListener('abort', done)
      resolve()
    }
    const cancel = clock.after(ms, done)
    signal?.addEventListener('abort', done, { once: true })
  })
}
