// Owns one WebSocket of a simulated station: framing (OCPP-J), one open call of its own, answers to the hub, and faults on purpose.
// Must not know what a message means. Every frame of both sides is judged by the official schemas of its version.
import { once } from 'node:events'
import { WebSocket } from 'ws'
import { faultsOf } from '../../adapters/ocpp/official-schemas.ts'
import type { OcppVersion } from '../../setup/ocpp-versions.ts'
import type { Payload, StationQuirks } from './options.ts'

export type Outcome =
  | { kind: 'result'; messageId: string; payload: Payload }
  | { kind: 'error'; messageId: string; code: string; description: string }
  /** The connection went, or nothing came in time: nobody knows whether the hub has it. */
  | { kind: 'lost' | 'silent'; messageId: string }

export type Reply =
  | { payload: Payload; after?: () => Promise<unknown> }
  | { error: string; description: string }
  | 'silence'

export interface WireOptions {
  url: string
  version: OcppVersion
  authorization: string | null
  tls?: { ca: string; cert?: string; key?: string } | undefined
  quirks: StationQuirks
  callTimeoutMs: number
  newId(): string
  pause(ms: number): Promise<void>
  onCall(messageId: string, action: string, payload: Payload): Reply
  /** Work that goes on after an answer. */
  onWork(work: Promise<unknown>): void
  onClosed(): void
  onFrame(direction: 'in' | 'out', text: string): void
  /** Frames of the hub that break the standard. */
  violations: string[]
  /** Frames of this station that break it; a quirk may want that. */
  ownFaults: string[]
}

export class HandshakeRefused extends Error {
  readonly status: number
  constructor(status: number) {
    super(`the hub refused the connection with HTTP ${status}`)
    this.status = status
  }
}

export class Wire {
  readonly #ws: WebSocket
  readonly #options: WireOptions
  readonly #waiting = new Map<string, (outcome: Outcome) => void>()
  /** Names of calls of either side, so that their answers can be judged. */
  readonly #asked = new Map<string, string>()
  readonly #answering = new Map<string, string>()
  readonly #settled = new Set<string>()
  /** A station has one call open at a time (OCPP-J 4.1.1). */
  #turn: Promise<unknown> = Promise.resolve()
  #open = true

  private constructor(ws: WebSocket, options: WireOptions) {
    this.#ws = ws
    this.#options = options
    ws.on('message', (data) => this.#receive(String(data)))
    ws.on('close', () => {
      this.#open = false
      for (const [messageId, resolve] of this.#waiting) resolve({ kind: 'lost', messageId })
      options.onClosed()
    })
  }

  static async dial(options: WireOptions): Promise<Wire> {
    const headers = options.authorization === null ? {} : { authorization: options.authorization }
    const ws = new WebSocket(options.url, [options.version], {
      headers,
      perMessageDeflate: false,
      ...(options.tls === undefined ? {} : { ...options.tls, rejectUnauthorized: true }),
    })
    const refused = new Promise<never>((_, reject) => {
      ws.once('unexpected-response', (_request, response) => {
        response.resume()
        reject(new HandshakeRefused(response.statusCode ?? 0))
        ws.terminate()
      })
    })
    ws.on('error', () => undefined)
    const wire = new Wire(ws, options)
    await Promise.race([once(ws, 'open'), refused])
    return wire
  }

  get open(): boolean {
    return this.#open && this.#ws.readyState === WebSocket.OPEN
  }

  get protocol(): string {
    return this.#ws.protocol
  }

  /** Waits for its turn, then for the answer. */
  call(action: string, payload: Payload): Promise<Outcome> {
    const outcome = this.#turn.then(() => this.#call(action, payload))
    this.#turn = outcome
    return outcome
  }

  /** A message that is never answered (2.1, message type 6). */
  send(action: string, payload: Payload): void {
    this.write([6, this.#options.newId(), action, payload])
  }

  write(frame: unknown[]): void {
    if (!this.open) return
    this.#options.ownFaults.push(...faultsOf(this.#options.version, frame, (id) => this.#answering.get(String(id))))
    const text = JSON.stringify(frame)
    for (let copy = 0; copy < (this.#options.quirks.duplicateFrames === true ? 2 : 1); copy++) this.raw(text)
  }

  raw(text: string): void {
    if (!this.open) return
    this.#options.onFrame('out', text)
    this.#ws.send(text)
  }

  async close(how: 'close' | 'cut'): Promise<void> {
    if (this.#ws.readyState === WebSocket.CLOSED) return
    const closed = once(this.#ws, 'close')
    if (how === 'cut') this.#ws.terminate()
    else this.#ws.close(1000)
    await closed
  }

  #call(action: string, payload: Payload): Promise<Outcome> {
    const messageId = this.#options.newId()
    if (!this.open) return Promise.resolve({ kind: 'lost', messageId })
    this.#asked.set(messageId, action)
    return new Promise((resolve) => {
      const settle = (outcome: Outcome) => {
        clearTimeout(timer)
        this.#waiting.delete(messageId)
        resolve(outcome)
      }
      const timer = setTimeout(() => settle({ kind: 'silent', messageId }), this.#options.callTimeoutMs)
      this.#waiting.set(messageId, settle)
      this.write([2, messageId, action, payload])
    })
  }

  #receive(text: string): void {
    const { version, violations, onFrame, onCall, onWork, quirks } = this.#options
    onFrame('in', text)
    let frame: unknown
    try {
      frame = JSON.parse(text)
    } catch {
      violations.push(`no JSON: ${text.slice(0, 200)}`)
      return
    }
    for (const fault of faultsOf(version, frame, (id) => this.#asked.get(String(id)))) {
      violations.push(`${fault} in ${text.slice(0, 300)}`)
    }
    if (!Array.isArray(frame)) return
    const [type, id, third, fourth] = frame as [number, string, string, Payload]
    if (type === 3) {
      this.#settle(id, { kind: 'result', messageId: id, payload: third as unknown as Payload }, text)
    } else if (type === 4) {
      this.#settle(id, { kind: 'error', messageId: id, code: third, description: String(fourth) }, text)
    } else if (type === 2) {
      this.#answering.set(id, third)
      const reply = onCall(id, third, fourth)
      if (reply !== 'silence') onWork(this.#answer(id, reply, quirks))
    }
  }

  #settle(id: string, outcome: Outcome, text: string): void {
    // With frames sent twice, a second answer is our own doing; one that comes late is no fault either.
    const again = this.#settled.has(id) && this.#options.quirks.duplicateFrames !== true
    if (again || !this.#asked.has(id)) {
      this.#options.violations.push(`answer that nobody waits for: ${text.slice(0, 200)}`)
    }
    this.#settled.add(id)
    this.#waiting.get(id)?.(outcome)
  }

  async #answer(id: string, reply: Exclude<Reply, 'silence'>, quirks: StationQuirks): Promise<void> {
    if (quirks.answerDelayMs !== undefined) await this.#options.pause(quirks.answerDelayMs)
    if (quirks.wrongIds === true) this.raw(JSON.stringify([3, this.#options.newId(), {}]))
    if ('error' in reply) return this.write([4, id, reply.error, reply.description, {}])
    this.write([3, id, reply.payload])
    await reply.after?.()
  }
}
