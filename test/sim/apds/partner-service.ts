// Owns a simulated APDS 4.0 service over a real socket: OAuth2, sessions, rights, places, and the faults that one has in the field.
// Must not share a line with the adapter: it is written from the public description alone.
import { randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Versioned {
  id: string
  version: number
  [field: string]: unknown
}

interface Kept {
  item: Versioned
  modified: number
}

export interface PartnerService {
  url: string
  sessions: Map<string, Kept>
  rights: Map<string, Kept>
  places: Map<string, Kept>
  /** Calls as "METHOD path", tokens aside. */
  calls: string[]
  subscriptions: { endpoint: string; topics: string[] }[]
  /** Rights that were posted or put. */
  received: unknown[]
  tokens: Set<string>
  tokensGiven: number
  /** Unix seconds by its own clock. */
  now: number
  pageSize: number
  /** Answers the next call so, before it is looked at. */
  fail: { status: number; headers?: Record<string, string>; body?: string; after?: boolean }[]
  /** Runs between two pages. */
  betweenPages?: (() => void) | undefined
  /** Whether each page has an instant of its own, as lax services do. */
  movingInstant: boolean
  put(kind: 'sessions' | 'rights' | 'places', item: Versioned): void
  remove(kind: 'sessions' | 'rights', id: string): void
  close(): Promise<void>
}

export const partnerSecret = 'a secret of the partner service'

export async function openPartnerService(): Promise<PartnerService> {
  const deleted: { id: string; className: string; at: number }[] = []
  const service: PartnerService = {
    url: '',
    sessions: new Map(),
    rights: new Map(),
    places: new Map(),
    calls: [],
    subscriptions: [],
    received: [],
    tokens: new Set(),
    tokensGiven: 0,
    now: 1_552_219_200,
    pageSize: 100,
    fail: [],
    movingInstant: false,
    put(kind, item) {
      service[kind].set(item.id, { item, modified: service.now })
    },
    remove(kind, id) {
      service[kind].delete(id)
      deleted.push({ id, className: kind === 'sessions' ? 'Session' : 'AssignedRight', at: service.now })
    },
    close: () => new Promise((resolve) => void server.close(() => resolve()).closeAllConnections()),
  }
  const server = createServer((request, response) => void serve(request, response))
  const send = (response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}) =>
    response
      .writeHead(status, { 'content-type': 'application/json', ...headers })
      .end(typeof body === 'string' ? body : JSON.stringify(body))

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://partner')
    const path = url.pathname.slice(1)
    let text = ''
    for await (const part of request) text += part
    if (path === 'auth') {
      const basic = Buffer.from((request.headers.authorization ?? '').slice(6), 'base64').toString()
      const right =
        basic === `hub:${encodeURIComponent(partnerSecret)}` &&
        new URLSearchParams(text).get('grant_type') === 'client_credentials'
      if (!right) return void send(response, 401, { error: 'invalid_client' })
      const token = randomBytes(8).toString('hex')
      service.tokens.add(token)
      service.tokensGiven += 1
      return void send(response, 200, { access_token: token, token_type: 'Bearer', expires_in: 600 })
    }
    service.calls.push(`${request.method} ${path}`)
    const fault = service.fail[0]
    if (fault && !fault.after) {
      service.fail.shift()
      return void send(response, fault.status, fault.body ?? {}, fault.headers)
    }
    if (!service.tokens.has((request.headers.authorization ?? '').slice(7)))
      return void send(response, 401, { status: 'error', code: 401 })
    if (path === 'webhooks') {
      service.subscriptions.push(JSON.parse(text) as (typeof service.subscriptions)[number])
      return void send(response, 200, {})
    }
    const kind = path.startsWith('sessions') ? 'sessions' : path.startsWith('rights/assigned') ? 'rights' : 'places'
    const id = decodeURIComponent(path.slice(kind === 'rights' ? 'rights/assigned/'.length : kind.length + 1))
    const answer =
      kind && id === '' && request.method === 'GET' ? list(kind, url) : one(kind, id, request.method ?? '', text)
    if (fault?.after) {
      service.fail.shift()
      // Done, and the answer is lost.
      return void response.destroy()
    }
    send(response, answer.status, answer.body)
    if (id === '' && request.method === 'GET') service.betweenPages?.()
  }

  function list(kind: 'sessions' | 'rights' | 'places', url: URL) {
    const since = Number(url.searchParams.get('modified_since') ?? 0)
    const page = Number(url.searchParams.get('page') ?? 1)
    const all = [...service[kind].values()].filter(({ modified }) => modified >= since).map(({ item }) => item)
    const offset = (page - 1) * service.pageSize
    if (service.movingInstant) service.now += 1
    const meta = { referenceInstant: service.now, offset, pageSize: service.pageSize, total: all.length }
    const className = kind === 'sessions' ? 'Session' : 'AssignedRight'
    const deletedReferences = deleted
      .filter((each) => each.at >= since && each.className === className && kind !== 'places')
      .map(({ id, at }) => ({ id, className, deleteTimestamp: new Date(at * 1_000).toISOString() }))
    return { status: 200, body: { meta, deletedReferences, data: all.slice(offset, offset + service.pageSize) } }
  }

  function one(kind: 'sessions' | 'rights' | 'places', id: string, method: string, text: string) {
    const known = service[kind].get(id)
    if (method === 'POST' || method === 'PUT') service.received.push(JSON.parse(text))
    if (method === 'POST') {
      const item = JSON.parse(text) as Versioned
      if (service[kind].has(item.id))
        return { status: 409, body: { status: 'error', code: 409, message: 'exists', ids: [item.id] } }
      service.put(kind, item)
      return { status: 201, body: { status: 'ok', code: 201 } }
    }
    if (!known) return { status: 404, body: { status: 'error', code: 404, message: 'not found' } }
    if (method === 'GET') return { status: 200, body: known.item }
    if (method === 'DELETE') service.remove(kind as 'rights', id)
    else service.put(kind, JSON.parse(text) as Versioned)
    return { status: 200, body: { status: 'ok', code: 200 } }
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  service.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return service
}
