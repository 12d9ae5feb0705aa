// Owns the test bench of the OCPP adapter: a real HTTP server with the adapter behind it, and stations over real sockets.
// Must not reach into the adapter; everything goes through the wire and the port.
import { createServer, type Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { type ClientOptions, WebSocket } from 'ws'
import { completeConfig, type OcppConfig } from '../../../adapters/ocpp/config.ts'
import { beatMs, type Pulse } from '../../../adapters/ocpp/pulse.ts'
import { OcppServer } from '../../../adapters/ocpp/server.ts'
import type { ChargerPort, Clock, Log } from '../../../core/plugin/index.ts'
import { faultsOf, type Version } from './official-schemas.ts'
import { RecordingPort } from './recording-port.ts'

/** A pulse moved by hand; sockets stay real. */
class ManualPulse implements Pulse {
  #now = 0
  #beat: (() => void) | null = null

  now(): number {
    return this.#now
  }

  start(beat: () => void): () => void {
    this.#beat = beat
    return () => {
      this.#beat = null
    }
  }

  advance(ms: number): void {
    for (const end = this.#now + ms; this.#now < end; ) {
      this.#now += beatMs
      this.#beat?.()
    }
  }
}

export const startOfTest = new Date('2025-06-01T12:00:00.000Z')

export interface LogLine {
  level: string
  fields: object
  message: string
}

export class TestHub {
  readonly port = new RecordingPort()
  readonly pulse = new ManualPulse()
  readonly log: LogLine[] = []
  now = startOfTest
  readonly ocpp: OcppServer
  readonly #http: Server
  readonly #stations: Station[] = []

  /** @param behind another port than the recording one, with the clock that it goes by */
  constructor(config: Partial<OcppConfig> = {}, behind?: { port: ChargerPort; clock: Clock }) {
    const clock: Clock = behind?.clock ?? { now: () => this.now, after: () => () => undefined }
    const line = (level: string) => (fields: object, message: string) => {
      this.log.push({ level, fields, message })
    }
    const log: Log = { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') }
    let ids = 0
    this.ocpp = new OcppServer({
      // A pulse that stands still would make all frames those of one second.
      config: completeConfig({ maxFramesPerSecond: 0, ...config }),
      clock,
      pulse: this.pulse,
      log,
      newId: () => `00000000-0000-7000-8000-${String(++ids).padStart(12, '0')}`,
      port: behind?.port ?? this.port,
    })
    this.#http = createServer((_request, response) => {
      response.writeHead(404).end()
    })
    this.#http.on('upgrade', this.ocpp.upgrade)
  }

  async listen(): Promise<this> {
    await new Promise<void>((resolve) => this.#http.listen(0, '127.0.0.1', resolve))
    return this
  }

  get address(): string {
    return `127.0.0.1:${(this.#http.address() as AddressInfo).port}`
  }

  get portNumber(): number {
    return (this.#http.address() as AddressInfo).port
  }

  /** Hands over a socket whose first bytes have already been read. */
  takeConnection(socket: Socket): void {
    this.#http.emit('connection', socket)
  }

  /** A station that speaks one version, known to the port and open. */
  async station(
    code: string,
    version: Version = 'ocpp1.6',
    more: Parameters<RecordingPort['add']>[1] = {},
  ): Promise<Station> {
    this.port.add(code, more)
    const station = await this.connect(`/ocpp/${encodeURIComponent(code)}`, version)
    await until(() => this.port.isOpen(code), `station ${code} opened`)
    return station
  }

  async connect(
    path: string,
    version: Version | readonly string[] | null = 'ocpp1.6',
    options: ClientOptions = {},
  ): Promise<Station> {
    const offered = version === null ? [] : typeof version === 'string' ? [version] : [...version]
    const socket = new WebSocket(`ws://${this.address}${path}`, offered, options)
    const station = new Station(socket, version === 'ocpp2.0.1' || version === 'ocpp2.1' ? version : 'ocpp1.6')
    this.#stations.push(station)
    await new Promise<void>((resolve, reject) => {
      socket.once('open', () => resolve())
      socket.once('unexpected-response', (_request, response) => {
        let body = ''
        response.on('data', (part) => {
          body += String(part)
        })
        response.on('end', () => reject(new Refused(response.statusCode ?? 0, response.headers, body)))
      })
      socket.once('error', reject)
    })
    return station
  }

  async stop(): Promise<void> {
    this.port.release()
    for (const station of this.#stations) station.socket.terminate()
    await this.ocpp.stop()
    this.#http.closeAllConnections()
    await new Promise((resolve) => this.#http.close(resolve))
    const faults = this.#stations.flatMap((station) => station.faults)
    if (faults.length > 0) throw new Error(`the hub sent invalid frames:\n${faults.join('\n')}`)
  }
}

export class Refused extends Error {
  readonly status: number
  readonly headers: Record<string, unknown>
  readonly body: string

  constructor(status: number, headers: Record<string, unknown>, body: string) {
    super(`refused with ${status}`)
    this.status = status
    this.headers = headers
    this.body = body
  }
}

export type Answer =
  | { kind: 'result'; payload: Record<string, unknown> }
  | { kind: 'error'; code: string; description: string }

/** One charger over a real socket. Every frame that the hub sends is judged by the official schema. */
export class Station {
  readonly socket: WebSocket
  version: Version
  readonly received: unknown[][] = []
  readonly faults: string[] = []
  closedWith: { code: number; reason: string } | null = null
  /** What the station answers to requests of the hub; undefined stays silent. */
  responder: (
    action: string,
    payload: Record<string, unknown>,
  ) => object | [code: string, description: string] | undefined = () => undefined
  #ids = 0
  readonly #asked = new Map<string, string>()

  constructor(socket: WebSocket, version: Version) {
    this.socket = socket
    this.version = version
    socket.on('error', () => undefined)
    socket.on('close', (code, reason) => {
      this.closedWith = { code, reason: reason.toString() }
    })
    socket.on('message', (data) => {
      const frame = JSON.parse(String(data)) as unknown[]
      this.received.push(frame)
      this.faults.push(...faultsOf(this.version, frame, (id) => this.#asked.get(String(id))))
      if (frame[0] === 2) this.#respond(String(frame[1]), String(frame[2]), frame[3] as Record<string, unknown>)
    })
  }

  #respond(id: string, action: string, payload: Record<string, unknown>): void {
    const answer = this.responder(action, payload)
    if (answer === undefined) return
    if (Array.isArray(answer)) this.send([4, id, answer[0], answer[1], {}])
    else this.send([3, id, answer])
  }

  /** Sends any frame; ids of calls are noted so that their answers can be judged. */
  send(frame: unknown): void {
    if (Array.isArray(frame) && String(frame[0]) === '2') this.#asked.set(String(frame[1]), canonical(String(frame[2])))
    this.raw(JSON.stringify(frame))
  }

  raw(text: string | Buffer, options: { binary?: boolean } = {}): void {
    this.socket.send(text, options)
  }

  expect(id: string, action: string): void {
    this.#asked.set(id, action)
  }

  /** Sends one call without waiting; gives its id. */
  cast(action: string, payload: unknown, id = `m${++this.#ids}`): string {
    this.send([2, id, action, payload])
    return id
  }

  async call(action: string, payload: unknown, id?: string): Promise<Answer> {
    return this.answer(this.cast(action, payload, id))
  }

  /** A call that must be answered with a result. */
  async ask(action: string, payload: unknown, id?: string): Promise<Record<string, unknown>> {
    const answer = await this.call(action, payload, id)
    if (answer.kind !== 'result') throw new Error(`${action} was answered with ${answer.code}: ${answer.description}`)
    return answer.payload
  }

  answersTo(id: unknown): unknown[][] {
    return this.received.filter((frame) => (frame[0] === 3 || frame[0] === 4) && frame[1] === id)
  }

  async answer(id: unknown): Promise<Answer> {
    await until(() => this.answersTo(id).length > 0, `an answer to ${String(id)}`)
    const frame = this.answersTo(id)[0] ?? []
    return frame[0] === 3
      ? { kind: 'result', payload: frame[2] as Record<string, unknown> }
      : { kind: 'error', code: String(frame[2]), description: String(frame[3]) }
  }

  /** Waits for a request of the hub. */
  async request(action: string): Promise<{ id: string; payload: Record<string, unknown> }> {
    const find = () => this.received.find((frame) => frame[0] === 2 && frame[2] === action)
    await until(() => find() !== undefined, `a request ${action}`)
    const frame = find() ?? []
    return { id: String(frame[1]), payload: frame[3] as Record<string, unknown> }
  }

  async closed(): Promise<{ code: number; reason: string }> {
    await until(() => this.closedWith !== null, 'the socket closed')
    return this.closedWith ?? { code: 0, reason: '' }
  }

  /** Round trip: everything sent before has reached the hub. */
  async settled(): Promise<void> {
    await this.call('Heartbeat', {})
  }
}

const names = [
  'StartTransaction',
  'StopTransaction',
  'MeterValues',
  'BootNotification',
  'StatusNotification',
  'Heartbeat',
]

function canonical(action: string): string {
  return names.find((name) => name.toLowerCase() === action.toLowerCase()) ?? action
}

/** Polls for a condition; fails with words after five seconds. */
export async function until(condition: () => boolean, what: string): Promise<void> {
  const deadline = performance.now() + 5_000
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`waited in vain for ${what}`)
    await new Promise((resolve) => setImmediate(resolve))
  }
}

/** One hub per test file, stopped at the end. */
export async function startHub(config: Partial<OcppConfig> = {}): Promise<TestHub> {
  return new TestHub(config).listen()
}
