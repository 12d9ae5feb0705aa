// Owns a hub that is nothing but an echo: it answers every OCPP call, takes every fact, keeps what it saw and can be told to misbehave.
// Must not share code with the real hub; it is what the simulators are tested against.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type WebSocket, WebSocketServer } from 'ws'

type Payload = Record<string, unknown>

interface SeenFrame {
  path: string
  text: string
  binary: boolean
}

interface SeenCall {
  path: string
  messageId: string
  action: string
  payload: Payload
}

interface SeenRequest {
  method: string
  path: string
  headers: IncomingMessage['headers']
  body: string
}

type EchoAnswer = { result: Payload } | { error: string } | 'silence' | 'cut'

export interface EchoHub {
  /** http://127.0.0.1:port */
  url: string
  /** ws://127.0.0.1:port/ocpp */
  ocppUrl: string
  frames: SeenFrame[]
  calls: SeenCall[]
  handshakes: { path: string; headers: IncomingMessage['headers'] }[]
  requests: SeenRequest[]
  /** Takes the place of the usual answer to an action for as long as it returns one. */
  answer: Map<string, (payload: Payload, call: SeenCall) => EchoAnswer | undefined>
  /** HTTP status with which charger connections are refused; null lets them in. */
  refuse: number | null
  /** Takes the place of the usual answer to an HTTP request. */
  http: (request: SeenRequest) => { status: number; body: unknown } | undefined
  /** Sends a command to every connected station of that path and gives the answer of the first. */
  command(path: string, action: string, payload: Payload): Promise<unknown[]>
  /** Pings every station and tells whether any answered in time. */
  ping(ms: number): Promise<boolean>
  connected(): number
  /** Resolves when the condition holds; checked whenever a socket closes or a frame comes. */
  until(condition: () => boolean): Promise<void>
  /** Writes any text to every connected station. */
  write(text: string): void
  close(): Promise<void>
}

export async function createEchoHub(): Promise<EchoHub> {
  const frames: SeenFrame[] = []
  const calls: SeenCall[] = []
  const handshakes: EchoHub['handshakes'] = []
  const requests: SeenRequest[] = []
  const answer: EchoHub['answer'] = new Map()
  const sockets = new Map<WebSocket, string>()
  const waiting = new Map<string, (frame: unknown[]) => void>()
  const watchers = new Set<() => void>()
  const changed = () => {
    for (const watcher of watchers) watcher()
  }
  let transactions = 0
  let commands = 0

  const usual = (action: string, payload: Payload, version: string): EchoAnswer => {
    const now = new Date(0).toISOString()
    switch (action) {
      case 'BootNotification':
        return { result: { status: 'Accepted', currentTime: now, interval: 3600 } }
      case 'Heartbeat':
        return { result: { currentTime: now } }
      case 'Authorize':
        return version === 'ocpp1.6'
          ? { result: { idTagInfo: { status: 'Accepted' } } }
          : { result: { idTokenInfo: { status: 'Accepted' } } }
      case 'StartTransaction':
        return { result: { transactionId: ++transactions, idTagInfo: { status: 'Accepted' } } }
      case 'TransactionEvent':
        return { result: payload.idToken ? { idTokenInfo: { status: 'Accepted' } } : {} }
      case 'DataTransfer':
      case 'NotifyEVChargingNeeds':
      case 'NotifyEVChargingSchedule':
      case 'OpenPeriodicEventStream':
      case 'SignCertificate':
        return { result: { status: 'Accepted' } }
      default:
        return { result: {} }
    }
  }

  const receive = (ws: WebSocket, path: string, text: string) => {
    const frame = parse(text)
    if (!frame) return
    if (frame[0] === 3 || frame[0] === 4) {
      waiting.get(String(frame[1]))?.(frame)
      return
    }
    if (frame[0] !== 2) return
    const call = {
      path,
      messageId: String(frame[1]),
      action: String(frame[2]),
      payload: (frame[3] ?? {}) as Payload,
    }
    calls.push(call)
    const reply = answer.get(call.action)?.(call.payload, call) ?? usual(call.action, call.payload, ws.protocol)
    if (reply === 'silence') return
    if (reply === 'cut') return ws.terminate()
    ws.send(
      JSON.stringify('result' in reply ? [3, call.messageId, reply.result] : [4, call.messageId, reply.error, '', {}]),
    )
  }

  const server = createServer((request, response) => {
    void body(request).then((text) => respond(request, response, text))
  })
  const respond = (request: IncomingMessage, response: ServerResponse, text: string) => {
    const seen = { method: request.method ?? '', path: request.url ?? '', headers: request.headers, body: text }
    requests.push(seen)
    const { status, body: out } = hub.http(seen) ?? { status: 200, body: takeFacts(text) }
    response.writeHead(status, { 'content-type': 'application/json' })
    response.end(JSON.stringify(out))
  }

  const sockServer = new WebSocketServer({
    server,
    verifyClient: (_, decide) => (hub.refuse === null ? decide(true) : decide(false, hub.refuse)),
    handleProtocols: (offered) => offered.values().next().value ?? false,
  })
  sockServer.on('connection', (ws, request) => {
    const path = request.url ?? ''
    handshakes.push({ path, headers: request.headers })
    sockets.set(ws, path)
    ws.on('close', () => {
      sockets.delete(ws)
      changed()
    })
    ws.on('message', (data, binary) => {
      frames.push({ path, text: String(data), binary })
      receive(ws, path, String(data))
      changed()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo

  const hub: EchoHub = {
    url: `http://127.0.0.1:${port}`,
    ocppUrl: `ws://127.0.0.1:${port}/ocpp`,
    frames,
    calls,
    handshakes,
    requests,
    answer,
    refuse: null,
    http: () => undefined,
    command: (path, action, payload) =>
      new Promise((resolve) => {
        const messageId = `hub-${++commands}`
        waiting.set(messageId, resolve)
        for (const [ws, at] of sockets) if (at === path) ws.send(JSON.stringify([2, messageId, action, payload]))
      }),
    ping: (ms) =>
      new Promise((resolve) => {
        const timer = setTimeout(() => resolve(false), ms)
        for (const ws of sockets.keys()) {
          ws.once('pong', () => {
            clearTimeout(timer)
            resolve(true)
          })
          ws.ping()
        }
      }),
    connected: () => sockets.size,
    until: (condition) =>
      new Promise((resolve) => {
        const check = () => {
          if (!condition()) return
          watchers.delete(check)
          resolve()
        }
        watchers.add(check)
        check()
      }),
    write: (text) => {
      for (const ws of sockets.keys()) ws.send(text)
    },
    close: async () => {
      for (const ws of sockets.keys()) ws.terminate()
      sockServer.close()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return hub
}

/** Facts are stored, whatever they are; a gate question is granted. */
function takeFacts(text: string): unknown {
  const sent = text === '' ? {} : JSON.parse(text)
  if ('requestId' in sent) {
    return { requestId: sent.requestId, decision: 'granted', reasonCode: 'OK', message: 'Welcome' }
  }
  const facts: { id: string; revision: number }[] = sent.facts ?? [sent]
  return { results: facts.map(({ id, revision }) => ({ id, revision, status: 'stored' })) }
}

async function body(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}

function parse(text: string): unknown[] | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return Array.isArray(value) ? value : undefined
  } catch {
    return undefined
  }
}
