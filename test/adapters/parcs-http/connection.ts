// Owns one running parcs-http connection for tests: a garage in the database, the plugin set up, a real HTTP server in front.
// Must not hold expectations. Plays the host as far as this plugin needs one.
import { createHmac } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import parcsHttp from '../../../adapters/parcs-http/index.ts'
import type { Ctx, Log, ParcsCapability, ParcsLink, ParkingBook } from '../../../core/plugin/index.ts'
import { parcsSink } from '../../../core/services/parking/parcs-sink.ts'
import type { Garage } from '../../services/parking/garage.ts'
import { silent } from '../../setup/database.ts'

type Context = Parameters<typeof parcsHttp.setup>[0]

export const secret = `whsec_${Buffer.from('a test secret of thirty-two byte').toString('base64')}`

export interface SendOptions {
  id?: string
  secret?: string
  /** Seconds added to the timestamp. */
  skew?: number
  headers?: Record<string, string>
  method?: string
}

export interface Connection {
  url: string
  secrets: Map<string, string>
  logged: { level: string; message: string }[]
  link: ParcsLink
  settled(): Promise<void>
  send(path: string, body: string | Uint8Array, options?: SendOptions): Promise<Response>
  post(path: string, json: unknown, options?: SendOptions): Promise<{ status: number; body: Record<string, unknown> }>
  stop(): Promise<void>
}

export function signature(key: string, id: string, timestamp: string, body: string | Uint8Array): string {
  const bytes = Buffer.from(key.slice('whsec_'.length), 'base64')
  return `v1,${createHmac('sha256', bytes).update(`${id}.${timestamp}.`).update(body).digest('base64')}`
}

export async function openConnection(
  garage: Garage,
  config: object = {},
  secrets: Map<string, string> = new Map([['signing', secret]]),
  deadline: (ms: number) => Promise<void> = () => new Promise(() => undefined),
): Promise<Connection> {
  const logged: Connection['logged'] = []
  const log = Object.fromEntries(
    Object.keys(silent).map((level) => [level, (_: object, message: string) => logged.push({ level, message })]),
  ) as unknown as Log
  const stopped = new AbortController()
  let capability: ParcsCapability | undefined
  let handle: Parameters<Context['inbound']>[0] = async () => new Response('not yet', { status: 503 })
  const dispose = { dispose() {} }
  const ctx = {
    connection: { id: garage.connectionId, organizationId: garage.organizationId, siteId: garage.siteId, name: 'Gate' },
    config,
    log,
    clock: garage.clock,
    newId: garage.deps.newId,
    signal: stopped.signal,
    async secret(name: string) {
      const value = secrets.get(name)
      if (value === undefined) throw new Error(`no secret ${name}`)
      return value
    },
    provide(_: 'parcs', implementation: ParcsCapability) {
      capability = implementation
      return dispose
    },
    inbound(fetch: typeof handle) {
      handle = fetch
      return dispose
    },
  } as unknown as Ctx<object, 'parcs'>
  await parcsHttp.setup(ctx as Context)
  if (!capability) throw new Error('the plugin provided no parcs capability')
  const prefix = `/in/${garage.connectionId}/`
  const server = createServer(
    getRequestListener((request) => handle(request, new URL(request.url).pathname.slice(prefix.length))),
  )
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}${prefix}`
  const sink = parcsSink({ ...garage.deps, log, deadline })(garage)
  const link = await capability.connect(sink, {} as ParkingBook)
  let count = 0
  const send: Connection['send'] = (path, body, options = {}) => {
    const id = options.id ?? `msg_${++count}`
    const timestamp = String(Math.floor(garage.clock.now().getTime() / 1000) + (options.skew ?? 0))
    const method = options.method ?? 'POST'
    return fetch(`${url}${path}`, {
      method,
      headers: {
        'content-type': 'application/json',
        'webhook-id': id,
        'webhook-timestamp': timestamp,
        'webhook-signature': signature(options.secret ?? secret, id, timestamp, body),
        ...options.headers,
      },
      ...(method === 'GET' ? {} : { body: body as Uint8Array<ArrayBuffer> }),
    })
  }
  return {
    url,
    secrets,
    logged,
    link,
    settled: () => sink.settled(),
    send,
    async post(path, json, options) {
      const response = await send(path, JSON.stringify(json), options)
      return { status: response.status, body: (await response.json()) as Record<string, unknown> }
    },
    async stop() {
      stopped.abort()
      await link.stop()
      await sink.settled()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
