// Owns speaking with the hub: requests, problems, pages of lists. Nothing else of the dashboard makes a request.
// Must not decide what a failure means for the page.

/** What the hub refused, with the stable code of its problem (RFC 9457). */
export class Problem extends Error {
  constructor(status, body) {
    super(body?.detail ?? body?.title ?? `The hub answered ${status}.`)
    this.name = 'Problem'
    this.status = status
    this.code = body?.code ?? 'unknown'
    this.errors = body?.errors ?? []
  }
}

/** No answer: the hub, the network or this device is away. */
export class Unreachable extends Error {
  constructor(cause) {
    super('The hub cannot be reached.', { cause })
    this.name = 'Unreachable'
  }
}

const timeLimitMs = 20_000
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

async function send(method, path, { query = {}, body, headers = {}, keepalive = false, raw = false } = {}) {
  const address = new URL(path, location.origin)
  for (const [name, value] of Object.entries(query)) {
    if (value !== null && value !== undefined) address.searchParams.set(name, String(value))
  }
  const change = method === 'GET' ? {} : { 'Baywatt-Request': '1' }
  const json = body === undefined ? {} : { 'Content-Type': 'application/json' }
  let response
  try {
    response = await fetch(address, {
      method,
      headers: { Accept: 'application/json', ...change, ...json, ...headers },
      credentials: 'same-origin',
      cache: 'no-store',
      keepalive,
      signal: AbortSignal.timeout(timeLimitMs),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
  } catch (cause) {
    throw new Unreachable(cause)
  }
  const text = await response.text().catch((cause) => {
    throw new Unreachable(cause)
  })
  if (response.ok && raw) return text
  const answer = text === '' ? null : parsed(text)
  if (response.ok) return answer
  if (response.status >= 502 && answer?.code === undefined)
    throw new Unreachable(new Error(`status ${response.status}`))
  const problem = new Problem(response.status, answer)
  problem.retryAfterMs = Number(response.headers.get('retry-after') ?? 1) * 1000
  throw problem
}

function parsed(text) {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

/** Waits its turn when the hub says that there were too many requests. */
export async function get(path, query) {
  for (let tries = 0; ; tries++) {
    try {
      return await send('GET', path, { query })
    } catch (error) {
      if (!(error instanceof Problem) || error.status !== 429 || tries === 3) throw error
      await pause(Math.min(error.retryAfterMs, 5_000))
    }
  }
}

/** What the hub answers in another form than JSON, as it is. */
export function text(path, query, type) {
  return send('GET', path, { query, headers: { Accept: type }, raw: true })
}

/** All items of a list up to `most`, and whether there are more. */
export async function list(path, query = {}, most = 1_000) {
  const items = []
  let cursor = null
  do {
    const page = await get(path, { limit: Math.min(200, most), ...query, cursor })
    items.push(...page.items)
    cursor = page.nextCursor
  } while (cursor !== null && items.length < most)
  return { items, more: cursor !== null, cursor }
}

/**
 * A POST that happens once: a request whose answer was lost is sent again under the same key, and the hub answers as the
 * first time.
 */
export async function post(path, body, { keepalive = false } = {}) {
  const headers = { 'Idempotency-Key': randomText() }
  for (let tries = 0; ; tries++) {
    try {
      return await send('POST', path, { headers, keepalive, ...(body === undefined ? {} : { body }) })
    } catch (error) {
      const again =
        error instanceof Unreachable || (error instanceof Problem && error.code === 'idempotency_key_in_use')
      if (!again || tries === 2) throw error
      await pause(500 * 2 ** tries)
    }
  }
}

/** Changes the named fields of a record. With a version, somebody else's change in between is not overwritten. */
export function patch(path, body, version) {
  return send('PATCH', path, { body, headers: version === undefined ? {} : { 'If-Match': `"v${version}"` } })
}

/** Sets the whole of a record. */
export function put(path, body, version) {
  return send('PUT', path, { body, headers: version === undefined ? {} : { 'If-Match': `"v${version}"` } })
}

/** Archives or ends a record. */
export function remove(path, version) {
  return send('DELETE', path, { headers: version === undefined ? {} : { 'If-Match': `"v${version}"` } })
}

export function logIn(key) {
  return send('POST', '/api/v1/session', { body: { key } })
}

export function logOut() {
  return send('DELETE', '/api/v1/session')
}

/** `crypto.randomUUID` is missing on pages without TLS, such as a hub in the local network. */
function randomText() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('')
}
