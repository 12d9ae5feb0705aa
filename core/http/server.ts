// Owns the one port: HTTP to the application, upgrades to whoever takes them, and a going-down that loses no request.
// Must not know a path.
import { createServer, type IncomingMessage } from 'node:http'
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { getRequestListener } from '@hono/node-server'
import type { Hono } from 'hono'
import type { Clock } from '../domain/clock.ts'
import { HubError } from '../domain/hub-error.ts'
import type { Log } from '../domain/log.ts'
import { repairUpgradeHead } from '../domain/upgrade-head.ts'
import type { UpgradeAnswer } from '../host/plugin-routes.ts'

export interface ServerOptions {
  app: Hono
  host: string
  /** 0 for any that is free. */
  port: number
  /** `taken`: somebody has the socket now. */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): UpgradeAnswer
  /** Real time. */
  pace: Clock
  log: Log
  /** How long requests under way may take once the server goes down. */
  drainMs?: number
}

export interface HttpServer {
  host: string
  port: number
  /** Takes no new connection, lets requests end, then cuts what is left. Event streams must have been told to end before. */
  close(): Promise<void>
}

/** Nobody needs longer to say what they want; a body of the largest size over a slow line fits well. */
const headersTimeoutMs = 15_000
const requestTimeoutMs = 60_000
const maxHeaderBytes = 16_384
/** After an outage every charger of a site dials in within the same second. */
const backlog = 4_096

export async function startServer(options: ServerOptions): Promise<HttpServer> {
  const { app, log, pace, drainMs = 10_000 } = options
  const server = createServer(
    {
      headersTimeout: headersTimeoutMs,
      requestTimeout: requestTimeoutMs,
      keepAliveTimeout: 65_000,
      connectionsCheckingInterval: 5_000,
      maxHeaderSize: maxHeaderBytes,
    },
    // The runtime's own Request and Response stay what they are: plugins make them, too.
    getRequestListener(app.fetch, { overrideGlobalObjects: false }),
  )
  const upgraded = new Set<Duplex>()
  server.on('upgrade', (request, socket, head) => {
    socket.on('error', (error) => log.debug({ err: error }, 'a socket failed'))
    const answer = options.handleUpgrade(request, socket, head)
    if (answer !== 'taken') return turnAway(socket, answer)
    upgraded.add(socket)
    socket.once('close', () => upgraded.delete(socket))
  })
  // In front of HTTP stands plain TCP, for handshakes that Node's parser would take for plain requests (catalogue W3).
  const silent = new Set<Socket>()
  const door = createTcpServer({ noDelay: true }, (socket) => {
    silent.add(socket)
    const forget = () => silent.delete(socket)
    socket.once('close', forget)
    socket.on('error', (error) => log.debug({ err: error }, 'a connection failed'))
    socket.setTimeout(headersTimeoutMs, () => silent.has(socket) && socket.destroy())
    socket.once('data', (first) => {
      forget()
      socket.setTimeout(0)
      socket.pause()
      socket.unshift(repairUpgradeHead(first))
      server.emit('connection', socket)
      socket.resume()
    })
  })
  await new Promise<void>((resolve, reject) => {
    const refused = (cause: Error) => reject(cannotListen(options, cause))
    door.once('error', refused)
    door.listen(options.port, options.host, backlog, () => {
      door.off('error', refused)
      resolve()
    })
  })
  // The HTTP server itself never listens; this is what makes Node watch its connections for the time-outs above.
  server.emit('listening')
  door.on('error', (error) => log.error({ err: error }, 'the server failed'))
  const address = door.address() as AddressInfo
  return {
    host: address.address,
    port: address.port,
    close: () =>
      new Promise<void>((resolve) => {
        const cut = pace.after(drainMs, () => {
          log.warn({ drainMs, sockets: upgraded.size }, 'connections that were still open are cut')
          server.closeAllConnections()
          for (const socket of [...upgraded, ...silent]) socket.destroy()
        })
        door.close(() => {
          cut()
          resolve()
        })
        for (const socket of silent) socket.destroy()
        // Node ends kept-alive connections on its own only when its server listens; here they are told.
        server.closeIdleConnections()
      }),
  }
}

function cannotListen({ host, port }: ServerOptions, cause: NodeJS.ErrnoException): HubError {
  const taken = cause.code === 'EADDRINUSE'
  const why = taken ? 'another program has this port' : cause.message
  return new HubError(
    'cannot_listen',
    `The hub cannot listen on ${host}:${port}: ${why}. Choose with BAYWATT_HOST and BAYWATT_PORT.`,
    { cause },
  )
}

const refusals = { unknown: '404 Not Found', unavailable: '503 Service Unavailable' } as const

function turnAway(socket: Duplex, answer: 'unknown' | 'unavailable'): void {
  const retry = answer === 'unavailable' ? 'Retry-After: 5\r\n' : ''
  socket.end(`HTTP/1.1 ${refusals[answer]}\r\nConnection: close\r\nContent-Length: 0\r\n${retry}\r\n`)
}
