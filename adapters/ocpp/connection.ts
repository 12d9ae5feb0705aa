// Owns the lifetime of one station's socket: opening at the core, frames to either direction, silence, the one end.
// Must not store or translate; inbox, outbox and the dialect do.
import type { WebSocket } from 'ws'
import type { AdmittedStation, ChargerPort, StationSink, WireFrame } from '../../core/plugin/index.ts'
import { type DeviationCode, type FlagCode, flagCode } from './deviations.ts'
import type { Dialect } from './dialect.ts'
import { decodeFrame } from './frame.ts'
import type { EarlyNote } from './handshake.ts'
import { Inbox } from './inbox.ts'
import type { Line, Shared } from './line.ts'
import { Outbox } from './outbox.ts'
import { type AppliedProfile, type FlagName, type StationProfile, traitsOf } from './profile.ts'
import { applyProfile } from './profile-of.ts'
import { redacted } from './redact.ts'

/** How long a socket may wait to be opened by the core. */
const openingMs = 60_000
/** Answers that a station may leave unread before it is cut: it would fill the memory with them. */
const maxUnreadBytes = 1_048_576

/** Reports that may be under way at once; a station that opens more has its oldest count begun anew. */
const maxOpenReports = 64

/** A close reason has 123 bytes. */
function closeReason(text: string): string {
  return Buffer.from(text).subarray(0, 120).toString('utf8').replaceAll('\ufffd', '')
}

export interface ConnectionDeps {
  shared: Shared
  socket: WebSocket
  station: AdmittedStation
  dialect: Dialect
  profile: StationProfile
  gone(connection: Connection): void
}

export class Connection implements Line {
  readonly shared: Shared
  readonly station: AdmittedStation
  readonly dialect: Dialect
  profile: AppliedProfile
  sink: StationSink | null = null
  ended = false
  retiring = false
  readonly #socket: WebSocket
  readonly #gone: (connection: Connection) => void
  readonly #inbox: Inbox
  #outbox: Outbox | null = null
  #admitted: boolean
  #held = false
  #heardAt: number
  #pingedAt = 0
  /** Pings since the last pong. */
  #unanswered = 0
  #ponged = false
  #spared = false
  #heartbeatMs: number
  /** How many parts have come of each report that does not number them. */
  #parts: Map<string, number> | null = null
  /** Messages read in the second that began then. */
  #frames = 0
  #secondAt = 0
  /** Reading stands still until the next second. */
  #paced = false

  constructor({ shared, socket, station, dialect, profile, gone }: ConnectionDeps) {
    this.shared = shared
    this.station = station
    this.dialect = dialect
    this.profile = applyProfile(profile, station.timeZone ?? null, this.#count)
    this.#socket = socket
    this.#gone = gone
    this.#inbox = new Inbox(this)
    this.#admitted = station.admission === 'accepted'
    this.#heardAt = shared.pulse.now()
    this.#heartbeatMs = shared.config.heartbeatIntervalSeconds * 1000
    // Nothing is read until the core has opened the station: no frame can be lost or stored under no epoch.
    socket.pause()
  }

  /** True while messages of this station wait for a store that fails. */
  get stalled(): boolean {
    return this.#inbox.stalled
  }

  get served(): boolean {
    return this.#admitted || this.sink?.station.admission === 'accepted'
  }

  now(): Date {
    return this.shared.clock.now()
  }

  readonly #count = (flag: FlagName): void => {
    this.sink?.deviation(flagCode(flag))
  }

  follow(profile: StationProfile): void {
    this.profile = applyProfile(profile, this.station.timeZone ?? null, this.#count)
  }

  get busy(): boolean {
    return this.#inbox.busy
  }

  quiet(): Promise<void> {
    return this.#inbox.settled()
  }

  note(code: DeviationCode | FlagCode, sample?: string): void {
    this.sink?.deviation(code, sample)
  }

  numberPart(report: string, last: boolean): number {
    this.#parts ??= new Map()
    const number = this.#parts.get(report) ?? 0
    this.#parts.delete(report)
    if (!last) this.#parts.set(report, number + 1)
    // A map keeps its order: the first is the one that has waited longest for its next part.
    const [oldest] = this.#parts.keys()
    if (oldest !== undefined && this.#parts.size > maxOpenReports) this.#parts.delete(oldest)
    return number
  }

  /** Opens the station at the core and begins to read. */
  async open(port: ChargerPort, remoteAddress: string, notes: readonly EarlyNote[]): Promise<void> {
    let opened = () => {}
    const outbox = new Outbox(
      this,
      new Promise<void>((resolve) => {
        opened = resolve
      }),
    )
    this.#outbox = outbox
    try {
      this.sink = await port.open({
        station: this.station,
        protocol: this.dialect.version,
        remoteAddress,
        deliver: (command) => outbox.deliver(command),
        displaced: (reason) => this.displaced(reason),
        traits: traitsOf(this.profile),
      })
    } catch (cause) {
      this.shared.log.warn({ err: cause, station: this.station.code }, 'station could not be opened')
      this.#socket.resume()
      this.close(1013, 'try again later')
    }
    opened()
    if (this.sink === null) return
    if (this.ended) {
      this.#release('socket closed')
      return
    }
    for (const [code, sample] of notes) this.note(code, sample)
    this.#heardAt = this.shared.pulse.now()
    this.#socket.resume()
  }

  /** A newer socket has won, or the operator asked: from here on nothing of this socket has any effect. */
  displaced(reason: string): void {
    this.#end(reason)
    this.#socket.resume()
    this.#socket.close(1000, closeReason(reason))
  }

  close(code: number, reason: string): void {
    this.#socket.close(code, closeReason(reason))
  }

  terminate(): void {
    this.#socket.terminate()
  }

  /** Takes no new message, lets the one in work be answered. */
  retire(): Promise<void> {
    this.retiring = true
    return this.#inbox.close()
  }

  /** The socket is closed. */
  closed(code: number, reason: string): void {
    this.#end(`socket closed: ${code} ${reason}`.trim())
    this.#gone(this)
  }

  heard(pong: boolean): void {
    this.#heardAt = this.shared.pulse.now()
    if (pong) {
      this.#ponged = true
      this.#unanswered = 0
    }
    if (!this.ended) this.sink?.seen(this.shared.clock.now())
  }

  /** One frame of the socket. */
  received(data: Buffer, binary: boolean): void {
    if (this.ended || this.retiring) return
    const receivedAt = this.shared.clock.now()
    this.#heardAt = this.shared.pulse.now()
    this.#pace(this.#heardAt)
    this.sink?.seen(receivedAt)
    if (binary) this.note('J14')
    const sent = data.toString()
    const frame = decodeFrame(sent, this, this.dialect.sends !== undefined)
    // The journal is a text column, which holds any character but NUL.
    const text = sent.includes('\0') ? sent.replaceAll('\0', ' ') : sent
    switch (frame.kind) {
      case 'call':
        this.#inbox.call(frame, text, receivedAt)
        break
      case 'result':
      case 'error':
        this.#outbox?.answer(frame, text, receivedAt)
        break
      case 'send':
        this.#inbox.sent(frame, text, receivedAt)
        break
      case 'result_error':
        this.note('X14', `${frame.code.slice(0, 60)}: ${frame.description}`.slice(0, 120))
        this.journalIn(undefined, text, receivedAt)
        break
      case 'broken':
        this.#inbox.broken(frame, text, receivedAt)
        break
      case 'ignored':
        break
    }
  }

  /** Runs all timers of the connection; called by one sweep for all connections. */
  beat(now: number): void {
    if (this.ended) return
    if (this.#paced && now - this.#secondAt >= 1_000) {
      this.#paced = false
      if (!this.#held) this.#socket.resume()
    }
    this.#inbox.beat(now)
    const timeouts = this.#outbox?.beat(now) ?? 0
    if (timeouts >= this.shared.config.maxCallTimeouts) {
      this.note('W10', `${timeouts} calls timed out`)
      this.close(1011, 'calls are not answered')
    }
    if (this.sink === null) {
      if (now - this.#heardAt > openingMs) this.terminate()
    }
    // Not reading is our own doing and says nothing about the station.
    else if (this.#held || this.#paced) this.#heardAt = now
    else this.#watchSilence(now)
  }

  send(text: string, action?: string): void {
    if (this.ended) return
    this.#socket.send(text)
    const frame: WireFrame = { direction: 'out', at: this.shared.clock.now(), text: redacted(text) }
    if (action !== undefined) frame.action = action
    this.sink?.journal(frame)
    if (this.#socket.bufferedAmount > maxUnreadBytes) this.terminate()
  }

  journalIn(action: string | undefined, text: string, at: Date): void {
    const frame: WireFrame = { direction: 'in', at, text: redacted(text) }
    if (action !== undefined) frame.action = action
    this.sink?.journal(frame)
  }

  hold(holding: boolean): void {
    this.#held = holding
    if (holding) this.#socket.pause()
    else if (!this.#paced) this.#socket.resume()
  }

  /** Past the limit of a second the socket is not read until the sweep finds that second over: TCP makes the station wait. */
  #pace(now: number): void {
    const most = this.shared.config.maxFramesPerSecond
    if (most === 0) return
    if (now - this.#secondAt >= 1_000) {
      this.#secondAt = now
      this.#frames = 0
    }
    if (++this.#frames < most || this.#paced) return
    this.#paced = true
    this.note('W20', `${most} messages in a second`)
    this.#socket.pause()
  }

  booted(accepted: boolean, intervalSeconds: number): void {
    this.#admitted = accepted
    this.#heartbeatMs = intervalSeconds * 1000
    this.#outbox?.forget()
  }

  #watchSilence(now: number): void {
    const { pingPolicy } = this.profile
    const pingMs = pingPolicy === 'never' ? 0 : this.shared.config.pingIntervalSeconds * 1000
    const silence = now - this.#heardAt
    if (pingPolicy === 'never' && !this.#spared && silence >= this.shared.config.pingIntervalSeconds * 1000) {
      // Counted once for a connection: every silence would be a commit of its own.
      this.#spared = true
      this.profile.used('pingPolicy')
    }
    // A station that has shown that it answers pings may be believed dead after three of them; any other only after three
    // heartbeats (W7, W9): some never answer a ping, and some do not come back after a socket is cut.
    const patience = 3 * (this.#ponged && pingMs > 0 ? pingMs : Math.max(pingMs, this.#heartbeatMs))
    if (silence > patience) {
      this.shared.log.info(
        { station: this.station.code, silentMs: Math.round(silence) },
        'station is silent, socket cut',
      )
      this.terminate()
      return
    }
    if (pingMs === 0 || silence < pingMs || now - this.#pingedAt < pingMs) return
    this.#pingedAt = now
    this.#unanswered++
    if (this.#unanswered === 3) this.note('W7')
    this.#socket.ping()
  }

  #end(reason: string): void {
    if (this.ended) return
    this.ended = true
    void this.#inbox.close()
    this.#outbox?.close()
    this.#release(reason)
  }

  /** Tells the core that the socket is gone; the core knows by the epoch whether that still matters. */
  #release(reason: string): void {
    this.sink?.close(reason).catch((cause: unknown) => {
      this.shared.log.warn({ err: cause, station: this.station.code }, 'closing of a station could not be recorded')
    })
  }
}
