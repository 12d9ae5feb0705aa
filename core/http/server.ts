// Owns the one port: HTTP to the application, upgrades to whoever takes them, and a going-down that loses no request.
// Must not know a path.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import {
  createServer as createTlsServer,
  type SecureContextOptions,
  type TLSSocket,
  type Server as TlsServer,
} from 'node:tls'
import { getRequestListener, RequestError } from '@hono/node-server'
import type { Hono } from 'hono'
import type { Clock } from '../domain/clock.ts'
import { HubError } from '../domain/hub-error.ts'
import type { Log } from '../domain/log.ts'
import type { Peer } from '../domain/peer.ts'
import { repairUpgradeHead } from '../domain/upgrade-head.ts'
import type { UpgradeAnswer } from '../host/plugin-routes.ts'
import { type ProxyTrust, peerReader } from './peer.ts'
import { servePlain } from './plain-again.ts'
import { type ProblemReply, problem, problemText } from './problem.ts'
import { answerRaw } from './raw-answer.ts'

export interface ServerOptions {
  app: Hono
  host: string
  /** 0 for any that is free. */
  port: number
  /** `taken`: somebody has the socket now. */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): UpgradeAnswer
  /** Whether a request may carry a file. */
  carriesFile?(request: IncomingMessage): boolean
  /** Real time. */
  pace: Clock
  log: Log
  /** In PEM: the port then speaks TLS (1.2 and 1.3), and nothing else. */
  tls?: TlsFiles
  /** Whose headers about the caller are believed; nobody's by default. */
  trust?: ProxyTrust
  /** How long requests under way may take once the server goes down. */
  drainMs?: number
  /** For tests, which cannot wait as long as a slow line may take. */
  patience?: Partial<Patience>
}

export interface TlsFiles {
  cert: string
  key: string
}

export interface HttpServer {
  host: string
  port: number
  /** Shows another certificate from now on; open connections stay. */
  renewTls(files: TlsFiles): void
  /** Takes no new connection, lets requests end (those that nobody waits for any more, too), then cuts what is left. Event streams must have been told to end before. */
  close(): Promise<void>
}

/** How long a peer may take, in milliseconds. */
export interface Patience {
  /** From the connection, or the first byte of a request, to the end of its headers; also for peers that say nothing at all. */
  headersMs: number
  /** From the headers of a request to its last byte. */
  requestMs: number
  /** The same for requests that carry a file: a charger may be on a slow mobile line. */
  fileMs: number
  /** Between two requests on one connection. Longer than proxies keep theirs (60 s), so that none sends into a closing one. */
  keepAliveMs: number
  /** Without a byte in either direction, while an answer waits to be taken. Event streams say something every 15 s. */
  stillMs: number
  checkEveryMs: number
}

/** Nobody needs longer to say what they want; a body of the largest size over a slow line fits well. */
const usual: Patience = {
  headersMs: 15_000,
  requestMs: 60_000,
  fileMs: 6 * 3_600_000,
  keepAliveMs: 65_000,
  stillMs: 120_000,
  checkEveryMs: 5_000,
}
/** Request line and headers together. */
const maxHeaderBytes = 16_384
/** After an outage every charger of a site dials in within the same second. */
const backlog = 4_096

export async function startServer(options: ServerOptions): Promise<HttpServer> {
  const { app, log, pace, drainMs = 10_000 } = options
  const peerOf = peerReader(options.trust ?? { proxies: [], clientCertHeader: null })
  const patience = { ...usual, ...options.patience }
  /** What is being answered, also for a client that went away meanwhile: its work goes on, and needs the database. */
  const answering = new Set<Promise<unknown>>()
  const answer: typeof app.fetch = (...asked) => {
    const reply = app.fetch(...asked)
    if (reply instanceof Promise) {
      const ended = () => answering.delete(reply)
      answering.add(reply)
      reply.then(ended, ended)
    }
    return reply
  }
  const serve = getRequestListener(answer, {
    // The runtime's own Request and Response stay what they are: plugins make them, too.
    overrideGlobalObjects: false,
    // HTTP/1.0 has no Host; load balancers still ask for health that way.
    hostname: 'localhost',
    errorHandler(error) {
      if (error instanceof RequestError) return problemResponse(malformed(`${error.message}.`))
      log.error({ err: error }, 'a request failed')
      return problemResponse(problem('internal_error'))
    },
  })
  /** Answers that are owed on a connection, in their order. */
  const underWay = new WeakMap<Duplex, Set<ServerResponse>>()
  const server = createServer(
    {
      headersTimeout: patience.headersMs,
      requestTimeout: patience.fileMs,
      keepAliveTimeout: patience.keepAliveMs,
      connectionsCheckingInterval: patience.checkEveryMs,
      maxHeaderSize: maxHeaderBytes,
      // Refused here, so that the refusal says why.
      requireHostHeader: false,
    },
    (request, response) => {
      const { socket } = request
      ;(request as Known).peer = peerOf(request, 'address')
      const owed = underWay.get(socket) ?? new Set()
      underWay.set(socket, owed.add(response))
      response.once('close', () => owed.delete(response))
      if (options.carriesFile?.(request) !== true) hurry(request)
      const fault = hostFault(request)
      if (fault === null) serve(request, response)
      else answerPlain(response, malformed(fault))
    },
  )
  /** Node has one limit for all requests; those without a file get a shorter one. */
  const hurry = (request: IncomingMessage): void => {
    const { 'content-length': length, 'transfer-encoding': coding } = request.headers
    if (coding === undefined && (length === undefined || length === '0')) return
    const late = Object.assign(new Error('The body took too long.'), { code: 'ERR_HTTP_REQUEST_TIMEOUT' })
    const cancel = pace.after(patience.requestMs, () => {
      if (!request.complete) server.emit('clientError', late, request.socket)
    })
    request.once('close', cancel)
  }
  server.timeout = patience.stillMs
  // Node would drop what is past its count without a word; the bytes are limited already.
  server.maxHeadersCount = 0
  const broken = new WeakSet<Duplex>()
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    if (broken.has(socket)) return
    broken.add(socket)
    const owed = [...(underWay.get(socket) ?? [])]
    // Half an answer cannot be taken back.
    if (error.code === 'ECONNRESET' || owed.some(({ req, headersSent }) => headersSent && !req.complete)) {
      socket.destroy()
      return
    }
    const refuse = () => answerRaw(socket, unreadable(error.code, error.message))
    // What came whole before it has its effect, and its own answer first.
    const last = owed.filter(({ req }) => req.complete).at(-1)
    if (last) last.once('close', refuse)
    else refuse()
  })
  server.on('checkExpectation', (_request, response) => {
    answerPlain(response, problem('expectation_failed', { detail: 'Only `Expect: 100-continue` is understood.' }))
  })
  server.on('connect', (_request, socket) => {
    answerRaw(
      socket,
      problem('method_not_allowed', {
        detail: 'The hub is no proxy.',
        headers: { Allow: 'GET, POST, PUT, PATCH, DELETE' },
      }),
    )
  })
  const upgraded = new Set<Duplex>()
  server.on('upgrade', (request, socket: Socket, head) => {
    if (request.headers.upgrade?.toLowerCase() !== 'websocket') return servePlain(server, request, socket, head)
    socket.on('error', (error) => log.debug({ err: error }, 'a socket failed'))
    socket.setTimeout(0)
    ;(request as Known).peer = peerOf(request, 'all')
    const answer = options.handleUpgrade(request, socket, head)
    if (answer !== 'taken') return answerRaw(socket, turnedAway[answer])
    upgraded.add(socket)
    socket.once('close', () => upgraded.delete(socket))
  })
  // In front of HTTP stands plain TCP, for handshakes that Node's parser would take for plain requests (catalogue W3).
  const silent = new Set<Socket>()
  const greet = (socket: Socket) => {
    silent.add(socket)
    const forget = () => silent.delete(socket)
    socket.once('close', forget)
    socket.on('error', (error) => log.debug({ err: error }, 'a connection failed'))
    socket.setTimeout(patience.headersMs, () => silent.has(socket) && socket.destroy())
    socket.once('data', (first) => {
      forget()
      socket.setTimeout(0)
      socket.pause()
      socket.unshift(repairUpgradeHead(first))
      server.emit('connection', socket)
      socket.resume()
    })
  }
  const door = options.tls
    ? tlsDoor(options.tls, patience.headersMs, greet, log)
    : createTcpServer({ noDelay: true }, greet)
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
    renewTls({ cert, key }) {
      if (options.tls) (door as TlsServer).setSecureContext({ ...tlsRules, cert, key })
    },
    close: () =>
      new Promise<void>((resolve) => {
        let giveUp = () => {}
        const late = new Promise<void>((late) => {
          giveUp = late
        })
        const cut = pace.after(drainMs, () => {
          log.warn(
            { drainMs, sockets: upgraded.size, answering: answering.size },
            'connections that were still open are cut',
          )
          server.closeAllConnections()
          for (const socket of [...upgraded, ...silent]) socket.destroy()
          giveUp()
        })
        door.close(async () => {
          await Promise.race([Promise.allSettled(answering), late])
          cut()
          resolve()
        })
        for (const socket of silent) socket.destroy()
        // Node ends kept-alive connections on its own only when its server listens; here they are told.
        server.closeIdleConnections()
      }),
  }
}

type Known = IncomingMessage & { peer?: Peer }

/** Some chargers speak 1.2 only (catalogue X10); nothing older is safe. Without a list of authorities every client certificate may be shown. */
const tlsRules: SecureContextOptions = { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.3', ca: [] }

/** Every client may show a certificate; whose it is the core decides, for the one station that it is to be. */
function tlsDoor(files: TlsFiles, handshakeMs: number, greet: (socket: TLSSocket) => void, log: Log): TlsServer {
  const rules = { ...tlsRules, ...files, requestCert: true, rejectUnauthorized: false, handshakeTimeout: handshakeMs }
  try {
    const door = createTlsServer({ ...rules, noDelay: true }, greet)
    door.on('tlsClientError', (error) => log.debug({ err: error }, 'a TLS handshake failed'))
    return door
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new HubError('bad_configuration', `BAYWATT_TLS_CERT and BAYWATT_TLS_KEY cannot be used: ${why}`, { cause })
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

const turnedAway = {
  unknown: problem('not_found', { detail: 'Nobody takes sockets at this address; chargers dial /ocpp/{stationId}.' }),
  unavailable: problem('unavailable', { detail: 'Try again soon.', headers: { 'Retry-After': '5' } }),
} as const

const malformed = (detail: string): ProblemReply =>
  problem('malformed_request', { detail, headers: { Connection: 'close' } })

/** RFC 9112 3.2: one Host, in HTTP/1.1 always. */
function hostFault({ httpVersion, rawHeaders }: IncomingMessage): string | null {
  const hosts = rawHeaders.filter((name, i) => i % 2 === 0 && name.toLowerCase() === 'host').length
  if (hosts > 1) return 'There is more than one Host header.'
  return hosts === 0 && httpVersion !== '1.0' ? 'The Host header is missing.' : null
}

/** What Node's parser and its time limits call an error. */
function unreadable(code: string | undefined, message: string): ProblemReply {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return problem('headers_too_large', { detail: `Address and headers may have ${maxHeaderBytes} bytes.` })
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return problem('request_timeout', { detail: 'Send headers and body without long pauses.' })
    case 'HPE_INVALID_EOF_STATE':
      return problem('body_incomplete', { detail: 'The connection was closed in the middle of the request.' })
    default:
      return problem('malformed_request', { detail: `${message.replace(/^Parse Error: /, '').replace(/\.?$/, '')}.` })
  }
}

function problemResponse(reply: ProblemReply): Response {
  return new Response(problemText(reply), {
    status: reply.status,
    headers: { 'Content-Type': 'application/problem+json', 'Cache-Control': 'no-store', ...reply.headers },
  })
}

function answerPlain(response: ServerResponse, reply: ProblemReply): void {
  response.writeHead(reply.status, {
    'Content-Type': 'application/problem+json',
    'Cache-Control': 'no-store',
    Connection: 'close',
  })
  response.end(problemText(reply))
}
