// Owns one WebSocket connection of a simulated charger: handshake, framing (OCPP-J section 4), the call slots of both sides.
// Must not know what a message means.
import { WebSocket } from 'ws'
import { encodeCall } from './deform.ts'
import type { Answer, Payload } from './model.ts'
import type { Quirks } from './quirks.ts'

export type CallOutcome =
  | { kind: 'result'; messageId: string; payload: Payload }
  | { kind: 'error'; messageId: string; code: string; description: string }
  /** The connection went before the answer came: nobody knows whether the hub has it. */
  | { kind: 'lost'; messageId: string }
  /** No answer within the call's time. */
  | { kind: 'silent'; messageId: string }

export interface SocketOptions {
  url: string
  subprotocols: readonly string[]
  authorization: string | undefined
  quirks: Quirks
  callTimeoutMs: number
  nextMessageId(): string
  /** The pull of the network cable at a chosen moment: true drops the connection as soon as this CALL has been written. */
  cutAfter(action: string): boolean
  onCall(action: string, payload: Payload): Promise<Answer>
  /** What the station does once its answer to a command has left. */
  follow(after: () => Promise<void>): void
  onClosed(): void
  /** The hub broke the protocol: an answer to nothing, a frame that is no JSON. */
  onViolation(text: string): void
  /** Every frame of the hub, before it is acted on, with the action of the call that it answers. */
  onHeard?: ((text: string, answered: string | undefined) => void) | undefined
}

export class HandshakeRefused extends Error {
  readonly status: number
  constructor(status: number) {
    super(`the hub refused the connection with HTTP ${status}`)
    this.name = 'HandshakeRefused'
    this.status = status
  }
}

interface Waiting {
  action: string
  resolve(outcome: CallOutcome): void
  timer: NodeJS.Timeout
}

export class OcppSocket {
  readonly #ws: WebSocket
  readonly #options: SocketOptions
  readonly #waiting = new Map<string, Waiting>()
  readonly #queue: (() => void)[] = []
  #slots: number
  #incoming = 0
  #closed = false

  private constructor(ws: WebSocket, options: SocketOptions) {
    this.#ws = ws
    this.#options = options
    this.#slots = options.quirks.maxParallelCalls ?? 1
    ws.on('message', (data) => this.#receive(String(data)))
    ws.on('close', () => this.#closing())
    ws.on('error', () => ws.terminate())
  }

  static open(options: SocketOptions): Promise<OcppSocket> {
    return new Promise((resolve, reject) => {
      const ws = new WebSocket(options.url, [...options.subprotocols], {
        headers: options.authorization === undefined ? {} : { Authorization: options.authorization },
        autoPong: !options.quirks.noPong,
        perMessageDeflate: false,
      })
      // Listening starts here and not after `open`: the hub may speak in the same packet that ends the handshake.
      const socket = new OcppSocket(ws, options)
      ws.once('open', () => resolve(socket))
      ws.once('unexpected-response', (_request, response) => {
        response.resume()
        reject(new HandshakeRefused(response.statusCode ?? 0))
        ws.terminate()
      })
      ws.once('error', reject)
    })
  }

  get protocol(): string {
    return this.#ws.protocol
  }

  get open(): boolean {
    return this.#ws.readyState === WebSocket.OPEN
  }

  async call(action: string, payload: Payload | null): Promise<CallOutcome> {
    await this.#slot()
    const messageId = this.#options.nextMessageId()
    try {
      if (!this.open) return { kind: 'lost', messageId }
      return await new Promise<CallOutcome>((resolve) => {
        const timer = setTimeout(
          () => this.#settle(messageId, { kind: 'silent', messageId }),
          this.#options.callTimeoutMs,
        )
        this.#waiting.set(messageId, { action, resolve, timer })
        for (const wire of encodeCall(messageId, action, payload, this.#options.quirks)) this.#write(wire)
        if (this.#options.cutAfter(action)) this.#ws.terminate()
      })
    } finally {
      this.#slots += 1
      this.#queue.shift()?.()
    }
  }

  /** Writes any text, for frames that no charger should send. */
  sendRaw(text: string): void {
    this.#ws.send(text)
  }

  /** The cable is pulled: no closing handshake. */
  cut(): Promise<void> {
    return this.#end(() => this.#ws.terminate())
  }

  close(): Promise<void> {
    return this.#end(() => this.#ws.close(1000))
  }

  #end(how: () => void): Promise<void> {
    return new Promise((resolve) => {
      if (this.#closed) return resolve()
      this.#ws.once('close', () => resolve())
      how()
    })
  }

  async #slot(): Promise<void> {
    if (this.#slots <= 0) await new Promise<void>((resolve) => this.#queue.push(resolve))
    this.#slots -= 1
  }

  #write(wire: { text: string; binary: boolean; fragmented: boolean }): void {
    const half = wire.fragmented ? Math.floor(wire.text.length / 2) : 0
    if (wire.fragmented) this.#ws.send(wire.text.slice(0, half), { binary: wire.binary, fin: false })
    this.#ws.send(wire.text.slice(half), { binary: wire.binary, fin: true })
  }

  #settle(messageId: string, outcome: CallOutcome): boolean {
    const waiting = this.#waiting.get(messageId)
    if (!waiting) return false
    this.#waiting.delete(messageId)
    clearTimeout(waiting.timer)
    waiting.resolve(outcome)
    return true
  }

  #closing(): void {
    this.#closed = true
    for (const messageId of [...this.#waiting.keys()]) this.#settle(messageId, { kind: 'lost', messageId })
    this.#options.onClosed()
  }

  #receive(text: string): void {
    const [type, messageId, ...rest] = parse(text) ?? []
    this.#options.onHeard?.(text, this.#waiting.get(String(messageId))?.action)
    if (typeof messageId !== 'string') this.#options.onViolation(text)
    else if (type === 2) void this.#answer(messageId, String(rest[0]), asPayload(rest[1]))
    else if (type === 3) {
      if (!this.#settle(messageId, { kind: 'result', messageId, payload: asPayload(rest[0]) }))
        this.#stray(messageId, text)
    } else if (type === 4) {
      const outcome: CallOutcome = {
        kind: 'error',
        messageId,
        code: String(rest[0]),
        description: String(rest[1] ?? ''),
      }
      if (!this.#settle(messageId, outcome)) this.#stray(messageId, text)
    } else this.#options.onViolation(text)
  }

  #stray(messageId: string, text: string): void {
    if (!messageId.startsWith('stray-') && messageId !== 'nobody-asked') this.#options.onViolation(text)
  }

  async #answer(messageId: string, action: string, payload: Payload): Promise<void> {
    const { quirks } = this.#options
    this.#incoming += 1
    if (quirks.dropOnParallelCalls && this.#incoming > 1) return this.#ws.terminate()
    try {
      if (quirks.silentOn?.includes(action)) return
      const answer: Answer = quirks.notImplemented?.includes(action)
        ? { kind: 'error', code: 'NotImplemented', description: '' }
        : await this.#options.onCall(action, payload)
      if (answer.kind === 'silence' || !this.open) return
      const frame =
        answer.kind === 'result' ? [3, messageId, answer.payload] : [4, messageId, answer.code, answer.description, {}]
      this.#ws.send(JSON.stringify(frame))
      if (answer.kind === 'result' && answer.after) this.#options.follow(answer.after)
    } finally {
      this.#incoming -= 1
    }
  }
}

function parse(text: string): unknown[] | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return Array.isArray(value) ? value : undefined
  } catch {
    return undefined
  }
}

function asPayload(value: unknown): Payload {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Payload) : {}
}
