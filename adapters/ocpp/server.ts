// Owns the WebSocket server of the chargers: handshakes, the open connections, the one sweep that runs all their timers.
// Must not handle a frame; connections do.
import type { Duplex } from 'node:stream'
import type { TLSSocket } from 'node:tls'
import { type Server, WebSocket, WebSocketServer } from 'ws'
import type {
  Admission,
  AdmittedStation,
  ChargerPort,
  Clock,
  Health,
  Log,
  NewId,
  Peer,
  UpgradeRequest,
} from '../../core/plugin/index.ts'
import { repairedConnection } from '../../core/plugin/index.ts'
import type { OcppConfig } from './config.ts'
import { Connection } from './connection.ts'
import { flagCode } from './deviations.ts'
import type { Dialect } from './dialect.ts'
import { DoorGuard } from './door-guard.ts'
import { basicCredentials, chooseProtocol, type EarlyNote, refuse, stationIdentity } from './handshake.ts'
import type { Shared } from './line.ts'
import type { StationProfile } from './profile.ts'
import { profileOf } from './profile-of.ts'
import type { Pulse } from './pulse.ts'
import type { Version } from './schema-book.ts'
import { v16 } from './v16/index.ts'
import { v21 } from './v21/index.ts'
import { v201 } from './v201/index.ts'

/** Where the hub mounts the chargers (architecture section 6). */
export const mount = '/ocpp'

const dialects: Readonly<Record<Version, Dialect>> = { 'ocpp1.6': v16, 'ocpp2.0.1': v201, 'ocpp2.1': v21 }

export interface ServerDeps {
  config: OcppConfig
  clock: Clock
  pulse: Pulse
  log: Log
  newId: NewId
  port: ChargerPort
}

/** Where no server of the hub stands in front: what the socket itself says. */
function peerOf({ socket }: UpgradeRequest): Peer {
  return {
    remoteAddress: socket.remoteAddress ?? '',
    secure: (socket as Partial<TLSSocket>).encrypted === true,
    clientCertificate: null,
  }
}

/** A socket that knows its connection, so that one set of listeners serves all sockets. */
class StationSocket extends WebSocket {
  connection: Connection | null = null
}

function onMessage(this: WebSocket, data: unknown, binary: boolean): void {
  ;(this as StationSocket).connection?.received(data as Buffer, binary)
}

function onPong(this: WebSocket): void {
  ;(this as StationSocket).connection?.heard(true)
}

function onPing(this: WebSocket): void {
  ;(this as StationSocket).connection?.heard(false)
}

function onClose(this: WebSocket, code: number, reason: Buffer): void {
  ;(this as StationSocket).connection?.closed(code, reason.toString())
}

/** Broken frames and resets end in `close`, which tells the story. */
function ignoreError(): void {}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms).unref()
  })
}

export class OcppServer {
  readonly #deps: ServerDeps
  readonly #shared: Shared
  readonly #sockets: Server<typeof StationSocket>
  readonly #connections = new Map<Connection, StationSocket>()
  readonly #byStation = new Map<string, Connection[]>()
  readonly #stopSweep: () => void
  readonly #guard: DoorGuard
  #stopping = false

  constructor(deps: ServerDeps) {
    this.#deps = deps
    const { config, clock, pulse, log, newId } = deps
    this.#shared = { config, clock, pulse, log, newId }
    this.#guard = new DoorGuard(config)
    this.#sockets = new WebSocketServer<typeof StationSocket>({
      noServer: true,
      clientTracking: false,
      // Compression costs about 300 kB a connection and charger frames are small.
      perMessageDeflate: false,
      maxPayload: config.maxFrameBytes,
      skipUTF8Validation: false,
      WebSocket: StationSocket,
    })
    this.#stopSweep = pulse.start(() => this.#sweep())
  }

  /** Connections whose socket is open, displaced ones that are still closing included. */
  get connections(): number {
    return this.#connections.size
  }

  /** One HTTP upgrade below the mount. */
  readonly upgrade = (request: UpgradeRequest, socket: Duplex, head: Buffer): void => {
    socket.on('error', ignoreError)
    this.#shake(request, socket, head).catch((cause: unknown) => {
      this.#deps.log.error({ err: cause, path: request.url }, 'handshake failed')
      refuse(socket, 503, 'try again later', ['Retry-After: 10'])
    })
  }

  async #shake(request: UpgradeRequest, socket: Duplex, head: Buffer): Promise<void> {
    if (this.#stopping) return refuse(socket, 503, 'the hub is stopping', ['Retry-After: 10'])
    const notes: EarlyNote[] = []
    const identity = stationIdentity(request.url ?? '', mount, notes)
    if (identity === null) return refuse(socket, 404, `the path must be ${mount}/{stationId}`)
    const credentials = basicCredentials(request.headers.authorization, identity)
    const { userName } = credentials
    if (userName !== null && userName.toLowerCase() !== identity.toLowerCase()) {
      notes.push(['W19', userName.slice(0, 60)])
    }
    if (request.headers.connection === repairedConnection) notes.push(['W3', ''])
    const peer = request.peer ?? peerOf(request)
    const wait = this.#guard.knock(peer.remoteAddress, identity, this.#deps.pulse.now())
    if (wait > 0) return refuse(socket, 429, 'too many attempts', [`Retry-After: ${wait}`])
    const admission = await this.#deps.port.admit({ identity, ...credentials, ...peer })
    if (admission.kind !== 'admitted') {
      this.#guard.failed(peer.remoteAddress, identity, this.#deps.pulse.now())
      return this.#refuse(socket, admission)
    }
    if (socket.destroyed) return
    if (this.#stopping) return refuse(socket, 503, 'the hub is stopping', ['Retry-After: 10'])
    const { station } = admission
    const profile = profileOf(station, station.settings)
    if (station.code !== identity) {
      if (profile.idCase === 'exact') {
        this.#deps.log.info({ station: station.code, identity }, 'identity in another case refused')
        return refuse(socket, 404, 'no station of this identity is registered in this spelling')
      }
      notes.push(['W6', identity.slice(0, 60)])
    }
    this.#accept(request, socket, head, station, profile, peer.remoteAddress, notes)
  }

  #refuse(socket: Duplex, admission: Exclude<Admission, { kind: 'admitted' }>): void {
    switch (admission.kind) {
      case 'unauthorized':
        refuse(socket, 401, admission.reason, ['WWW-Authenticate: Basic realm="Baywatt", charset="UTF-8"'])
        break
      case 'unknown':
        refuse(socket, 404, admission.reason)
        break
      case 'rejected':
        refuse(socket, 403, admission.reason)
        break
    }
  }

  #accept(
    request: UpgradeRequest,
    socket: Duplex,
    head: Buffer,
    station: AdmittedStation,
    profile: StationProfile,
    remoteAddress: string,
    notes: EarlyNote[],
  ): void {
    const choice = chooseProtocol(request.headers['sec-websocket-protocol'], notes)
    // Only the chosen one is left for the library to answer: it refuses handshakes over doubled or malformed offers.
    if (choice.kind === 'chosen') request.headers['sec-websocket-protocol'] = choice.answer
    else delete request.headers['sec-websocket-protocol']
    // Some proxies and stations offer extensions in forms that a parser refuses; none is wanted.
    delete request.headers['sec-websocket-extensions']
    this.#sockets.handleUpgrade(request, socket, head, (ws) => {
      socket.removeListener('error', ignoreError)
      ws.on('error', ignoreError)
      if (choice.kind === 'none_known' || (choice.kind === 'none_offered' && !profile.acceptNoSubprotocol)) {
        // OCPP-J 1.6 3.1.2 and 2.0.1 part 4 3.1.2: complete the handshake without a subprotocol, then close at once.
        const offered = choice.kind === 'none_known' ? choice.offered : ''
        this.#deps.log.info({ station: station.code, offered }, 'no common subprotocol')
        ws.close(1002, 'no common subprotocol')
        return
      }
      let version: Version
      if (choice.kind === 'chosen') version = choice.version
      else {
        notes.push(['W1', ''])
        if (station.defaultProtocol === null && profile.defaultOcppVersion !== null) {
          notes.push([flagCode('defaultOcppVersion'), ''])
        }
        version = this.#assumed(station, profile.defaultOcppVersion)
      }
      const connection = new Connection({
        shared: this.#shared,
        socket: ws,
        station,
        dialect: dialects[version],
        profile,
        gone: this.#gone,
      })
      ws.connection = connection
      ws.on('message', onMessage)
      ws.on('pong', onPong)
      ws.on('ping', onPing)
      ws.on('close', onClose)
      this.#register(connection, ws)
      void connection.open(this.#deps.port, remoteAddress, notes)
    })
  }

  /** What a station speaks that offered no subprotocol (W1). */
  #assumed({ defaultProtocol }: AdmittedStation, ofModel: Version | null): Version {
    return defaultProtocol ?? ofModel ?? this.#deps.config.defaultProtocol
  }

  #register(connection: Connection, socket: StationSocket): void {
    this.#connections.set(connection, socket)
    const { stationId } = connection.station
    const siblings = this.#byStation.get(stationId)
    if (siblings === undefined) {
      this.#byStation.set(stationId, [connection])
      return
    }
    siblings.push(connection)
    // The newest wins; older ones are being closed politely, but a station that opens sockets without end is cut short.
    while (siblings.length > this.#deps.config.maxConnectionsPerStation) siblings.shift()?.terminate()
  }

  readonly #gone = (connection: Connection): void => {
    this.#connections.delete(connection)
    const { stationId } = connection.station
    const siblings = this.#byStation.get(stationId)
    if (siblings === undefined) return
    const at = siblings.indexOf(connection)
    if (at >= 0) siblings.splice(at, 1)
    if (siblings.length === 0) this.#byStation.delete(stationId)
  }

  #sweep(): void {
    const now = this.#deps.pulse.now()
    for (const connection of this.#connections.keys()) connection.beat(now)
  }

  health(): Health {
    let stalled = 0
    for (const connection of this.#connections.keys()) if (connection.stalled) stalled++
    return stalled === 0
      ? { state: 'ok' }
      : { state: 'degraded', reason: `messages of ${stalled} stations wait for the store` }
  }

  /** Answers what is in work, then closes every socket; stations come back by themselves. */
  async stop(): Promise<void> {
    this.#stopping = true
    const open = [...this.#connections.keys()]
    await Promise.race([Promise.all(open.map((connection) => connection.retire())), delay(5_000)])
    const closing = [...this.#connections].map(([connection, socket]) => {
      if (socket.readyState === WebSocket.CLOSED) return Promise.resolve()
      const closed = new Promise<void>((resolve) => {
        socket.once('close', () => resolve())
      })
      socket.resume()
      // 1012: service restart.
      connection.close(1012, 'the hub is restarting')
      return closed
    })
    await Promise.race([Promise.all(closing), delay(2_000)])
    for (const connection of this.#connections.keys()) connection.terminate()
    this.#stopSweep()
    this.#sockets.close()
  }
}
