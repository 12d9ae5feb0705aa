// Owns a simulated eConnect tenant over a real socket: tokens, facilities, counters, consumers, a lane that asks, and its faults.
// Must not share a line with the adapter: it is written from the public tutorials and samples alone.
import { randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export const econnectSecret = 'a secret of the hub at eConnect'

export interface SimConsumer {
  firstName: string
  lastName: string
  externalReference: string
  costCenter?: string
  mediums: { type: string; value: string; encoding?: string }[]
  [field: string]: unknown
}

export interface Econnect {
  url: string
  /** Calls as "METHOD path", tokens aside. */
  calls: string[]
  counters: Map<string, { id: number; present: number; max: number; free: number; [more: string]: unknown }[]>
  consumers: Map<string, SimConsumer>
  tokens: Set<string>
  pageSize: number
  /** Answers the next calls so; `after` loses the answer of a call that was carried out. */
  fail: { status?: number; headers?: Record<string, string>; body?: string; after?: boolean }[]
  close(): Promise<void>
}

export async function openEconnect(project = 'garage_one', customer = 'C-1', contract = 'A-1'): Promise<Econnect> {
  const tenant: Econnect = {
    url: '',
    calls: [],
    counters: new Map([['loc-1', [{ id: 3, present: 40, max: 100, free: 60 }]]]),
    consumers: new Map(),
    tokens: new Set(),
    pageSize: 2,
    fail: [],
    close: () => new Promise((resolve) => void server.close(() => resolve()).closeAllConnections()),
  }
  const send = (response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}) =>
    response
      .writeHead(status, { 'content-type': 'application/json', ...headers })
      .end(typeof body === 'string' ? body : JSON.stringify(body))

  const server = createServer((request, response) => void serve(request, response))
  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://econnect')
    let text = ''
    for await (const part of request) text += part
    if (url.pathname === `/auth/realms/${project}/protocol/openid-connect/token`) {
      const form = new URLSearchParams(text)
      const right = form.get('grant_type') === 'client_credentials' && form.get('client_secret') === econnectSecret
      if (!right) return void send(response, 401, { error: 'unauthorized_client' })
      const token = randomBytes(8).toString('hex')
      tenant.tokens.add(token)
      return void send(response, 200, { access_token: token, expires_in: 300, token_type: 'Bearer' })
    }
    tenant.calls.push(`${request.method} ${url.pathname}`)
    const fault = tenant.fail.shift()
    if (fault && !fault.after) {
      if (fault.status === undefined) return void response.destroy()
      return void send(response, fault.status, fault.body ?? {}, fault.headers)
    }
    if (!tenant.tokens.has((request.headers.authorization ?? '').slice('Bearer '.length)))
      return void send(response, 401, { message: 'token' })
    const { status, body } = answer(request.method ?? '', url, text)
    if (fault?.after) return void response.destroy()
    send(response, status, body)
  }

  function answer(method: string, url: URL, text: string): { status: number; body: unknown } {
    const capacity = `/capacity-manager/v2/${project}/occupancy/`
    const customers = `/customers-contracts/v2/${project}/customers/${customer}/`
    const aggregates = `${customers}consumers/regular/aggregates`
    const { pathname } = url
    if (pathname === `${capacity}facilities`)
      return {
        status: 200,
        body: {
          facility: [...tenant.counters.keys()].map((id) => ({
            'facility-name': id,
            'business-partner-name': 'P',
            'location-id': id,
          })),
        },
      }
    if (pathname.startsWith(`${capacity}standardcounters/`)) {
      const counters = tenant.counters.get(decodeURIComponent(pathname.slice(`${capacity}standardcounters/`.length)))
      return counters
        ? { status: 200, body: { counters: { 'standard-counter': counters } } }
        : { status: 404, body: { message: 'no such facility' } }
    }
    if (pathname === aggregates && method === 'POST') {
      const consumer = JSON.parse(text) as SimConsumer
      if (!consumer.externalReference || !consumer.lastName)
        return { status: 400, body: { message: 'lastName missing' } }
      tenant.consumers.set(consumer.externalReference, consumer)
      return { status: 201, body: { externalReference: consumer.externalReference } }
    }
    if (pathname.startsWith(`${aggregates}/`) && method === 'DELETE')
      return tenant.consumers.delete(decodeURIComponent(pathname.slice(aggregates.length + 1)))
        ? { status: 204, body: '' }
        : { status: 404, body: {} }
    if (pathname === `${customers}contracts/${contract}/consumers/regular` && method === 'GET') {
      const page = Number(url.searchParams.get('page') ?? 0)
      const all = [...tenant.consumers.values()]
      const from = page * tenant.pageSize
      const content = all.slice(from, from + tenant.pageSize)
      const last = from + tenant.pageSize >= all.length
      return { status: 200, body: { content, last, totalPages: Math.ceil(all.length / tenant.pageSize), number: page } }
    }
    return { status: 404, body: { message: 'no such path' } }
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  tenant.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return tenant
}
