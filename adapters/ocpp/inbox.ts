// Owns the way of a station's message: recognise, check or mend, store in order, answer only after storage.
// Must not know the socket; the line sends.
import {
  type BootOutcome,
  type ChargerFact,
  HubError,
  type StationBooted,
  type WireFrame,
} from '../../core/plugin/index.ts'
import { errorFrame, type Frame, type FrameId, resultFrame } from './frame.ts'
import type { Line } from './line.ts'
import { Mailbox } from './mailbox.ts'
import type { AnyFactMessage, AnyMessage } from './message.ts'
import { type StationProfile, traitsOf } from './profile.ts'
import { profileOf } from './profile-of.ts'
import { redacted } from './redact.ts'
import { type Fault, prune, repair } from './repair.ts'
import { RepeatMemory, textHash } from './repeat-memory.ts'
import { actions, schemaBooks } from './schema-book.ts'

interface Incoming {
  message: AnyMessage
  /** Null for a message that is never answered (2.1 SEND). */
  id: FrameId | null
  payload: unknown
  text: string
  receivedAt: Date
  /** 0 for messages that are not remembered. */
  hash: number
}

/** A message that may be refused waits this long for a failing store before it is. */
const refusalAfterMs = 10_000
const firstRetryMs = 250
const longestRetryMs = 10_000
/** A fact that makes the core throw a programming error is let go unanswered, so that the station's other messages go on. */
const triesOnBug = 5
/** A repeat after this long is a message of its own. */
const repeatLifetimeMs = 300_000
/** Frames above this size are bounded before they are mended. */
const pruneAbove = 65_536

function isStale(error: unknown): boolean {
  return error instanceof HubError && (error.code === 'stale_epoch' || error.name === 'StaleEpoch')
}

function isBug(error: unknown): boolean {
  return error instanceof TypeError || error instanceof RangeError || error instanceof ReferenceError
}

export class Inbox {
  readonly #line: Line
  readonly #mailbox = new Mailbox<Incoming>((incoming) => this.#handle(incoming))
  #repeats: RepeatMemory | null = null
  #wake: (() => void) | null = null
  #wakeAt = 0
  #holding = false
  #bootedAt = Number.NEGATIVE_INFINITY
  /** True while messages wait for a store that fails. */
  stalled = false

  constructor(line: Line) {
    this.#line = line
  }

  /** Runs the retry timer. */
  beat(now: number): void {
    if (this.#wake !== null && now >= this.#wakeAt) this.#wake()
  }

  /** Forgets what waits and ends every pause; resolves when the message in work has ended. */
  close(): Promise<void> {
    this.stalled = false
    this.#mailbox.clear()
    this.#wake?.()
    return this.#mailbox.settled()
  }

  get busy(): boolean {
    return this.#mailbox.busy
  }

  /** Resolves when nothing is in work. */
  settled(): Promise<void> {
    return this.#mailbox.settled()
  }

  call({ action, id, payload }: Extract<Frame, { kind: 'call' }>, text: string, receivedAt: Date): void {
    const message = this.#messageFor(action)
    if (message === undefined) {
      this.#refuseUnknown(action, id, text, receivedAt)
      return
    }
    const incoming: Incoming = { message, id, payload, text, receivedAt, hash: 0 }
    if (message.kind === 'notice' && message.immediate === true) {
      void this.#handle(incoming)
      return
    }
    if (message.kind === 'fact' && message.kept && this.#isRepeat(incoming)) return
    if (this.#mailbox.busy) this.#line.note('X2')
    this.#mailbox.push(incoming)
    if (!this.#holding && this.#mailbox.size >= this.#line.shared.config.maxQueuedFrames) this.#hold(true)
  }

  /** A message that is never answered (2.1 part 4, 4.2.5): what cannot be read is counted and kept in the journal. */
  sent({ action, payload }: Extract<Frame, { kind: 'send' }>, text: string, receivedAt: Date): void {
    const message = this.#line.dialect.sends?.get(action)
    if (message === undefined) {
      this.#line.note('X13', `SEND ${action.slice(0, 60)}`)
      this.#line.journalIn(action.slice(0, 60), text, receivedAt)
      return
    }
    this.#mailbox.push({ message, id: null, payload, text, receivedAt, hash: 0 })
    if (!this.#holding && this.#mailbox.size >= this.#line.shared.config.maxQueuedFrames) this.#hold(true)
  }

  #refuse({ id, message }: Incoming, code: string, description: string): void {
    if (id !== null) this.#line.send(errorFrame(id, code, description), message.action)
  }

  /** A frame that is no call and no answer. */
  broken({ id, reason }: Extract<Frame, { kind: 'broken' }>, text: string, receivedAt: Date): void {
    const { dialect } = this.#line
    this.#line.journalIn(undefined, text, receivedAt)
    if (reason === 'message_type') {
      const code = dialect.errors.messageType
      if (code !== null) this.#line.send(errorFrame(id ?? '-1', code, 'unknown message type'))
    } else if (id !== null) this.#line.send(errorFrame(id, dialect.errors.format, 'no readable call'))
    // 2.0.1 part 4, 4.2.3: where the id cannot be read, the answer carries "-1". 1.6 has no answer for it.
    else if (dialect.errors.framework !== null) {
      this.#line.send(errorFrame('-1', dialect.errors.framework, 'no readable frame'))
    }
  }

  #messageFor(action: string): AnyMessage | undefined {
    const { messages, byLowerCase } = this.#line.dialect
    const exact = messages.get(action)
    if (exact !== undefined) return exact
    const similar = byLowerCase.get(action.trim().toLowerCase())
    if (similar !== undefined) this.#line.note('J5', action.slice(0, 60))
    return similar
  }

  #refuseUnknown(action: string, id: FrameId, text: string, receivedAt: Date): void {
    const { version, errors } = this.#line.dialect
    this.#line.journalIn(action.slice(0, 60), text, receivedAt)
    const known = actions[version].has(action)
    this.#line.send(
      known
        ? errorFrame(id, errors.notSupported, 'a station does not send this as a call')
        : errorFrame(id, errors.notImplemented, 'unknown action'),
    )
  }

  #isRepeat(incoming: Incoming): boolean {
    const { action } = incoming.message
    incoming.hash = textHash(incoming.text)
    this.#repeats ??= new RepeatMemory()
    const now = this.#line.shared.pulse.now()
    const recall = this.#repeats.recall(incoming.id ?? '', incoming.hash, now, repeatLifetimeMs)
    switch (recall.kind) {
      case 'new':
        return false
      case 'reused':
        this.#line.note('J12', String(incoming.id))
        return false
      case 'in_work':
        // The answer to the first one carries the same id and answers both.
        this.#line.note('J9', String(incoming.id))
        return true
      case 'answered':
        this.#line.note('J21', String(incoming.id))
        this.#line.journalIn(action, incoming.text, incoming.receivedAt)
        this.#line.send(recall.answer, action)
        return true
    }
  }

  /** Reading stops while too much waits and goes on when half of it is done. */
  #hold(holding: boolean): void {
    this.#holding = holding
    this.#line.hold(holding)
  }

  async #handle(incoming: Incoming): Promise<void> {
    if (this.#line.ended) return
    const { message } = incoming
    try {
      if (message.kind === 'notice') this.#answerNotice(incoming)
      else await this.#answerFact(incoming, message)
    } catch (cause) {
      this.#fail(incoming, cause)
    }
    if (this.#holding && this.#mailbox.size <= this.#line.shared.config.maxQueuedFrames / 2) this.#hold(false)
  }

  /** A mistake of ours ends with the one message: the station's others, and all other stations, go on. */
  #fail(incoming: Incoming, cause: unknown): void {
    const { shared, station, dialect } = this.#line
    const { action } = incoming.message
    shared.log.error({ err: cause, station: station.code, action }, 'message could not be handled')
    this.#refuse(incoming, dialect.errors.internal, 'the hub could not handle this')
  }

  #answerNotice(incoming: Incoming): void {
    const { message } = incoming
    this.#line.journalIn(message.action, incoming.text, incoming.receivedAt)
    const payload = this.#payloadOf(incoming, false)
    if (payload === null || message.kind !== 'notice') return
    this.#answer(incoming, message.reply(payload, this.#line), false)
  }

  async #answerFact(incoming: Incoming, message: AnyFactMessage): Promise<void> {
    const payload = this.#payloadOf(incoming, message.kept)
    if (payload === null) {
      this.#line.journalIn(message.action, incoming.text, incoming.receivedAt)
      return
    }
    const fact = this.#read(message, payload, incoming)
    const profile = fact.kind === 'station.booted' ? this.#profileOf(fact) : null
    if (profile !== null && fact.kind === 'station.booted') {
      const traits = traitsOf(profile)
      if (Object.keys(traits).length > 0) fact.traits = traits
    }
    const outcome = await this.#record(fact, incoming, message)
    if (outcome === undefined) {
      if (incoming.id !== null) this.#repeats?.forget(incoming.id, incoming.hash)
      return
    }
    const effective = profile === null ? outcome : this.#booted(profile, outcome as BootOutcome)
    this.#answer(incoming, message.reply(effective, fact, this.#line), message.kept)
  }

  #read(message: AnyFactMessage, payload: object, { receivedAt }: Incoming): ChargerFact {
    try {
      return message.read(payload, this.#line, receivedAt)
    } catch (cause) {
      // A mistake of ours in reading must not cost the station its transaction: the bare fact is kept with the raw frame.
      const { station, shared } = this.#line
      shared.log.error({ err: cause, station: station.code, action: message.action }, 'message could not be read')
      return message.read({}, this.#line, receivedAt)
    }
  }

  /** The payload when it meets the schema or could be mended; null when it was refused. A kept message is never refused. */
  #payloadOf(incoming: Incoming, kept: boolean): object | null {
    const { message, payload, text, id } = incoming
    const line = this.#line
    const book = schemaBooks[line.dialect.version]
    const direction = id === null ? 'Send' : 'Request'
    const check = book.check(message.action, direction)
    if (check?.(payload) === true) return payload as object
    const faultsOf = book.faults(message.action, direction)
    if (faultsOf === null) return {}
    if (text.length > pruneAbove) prune(payload, line)
    let repaired: ReturnType<typeof repair>
    try {
      repaired = repair(payload, faultsOf, line)
    } catch (cause) {
      if (!kept) throw cause
      // The raw frame is kept with the bare fact, as where reading fails.
      line.shared.log.error({ err: cause, station: line.station.code, action: message.action }, 'payload beyond repair')
      return {}
    }
    const [fault] = repaired.faults
    if (fault === undefined) return repaired.payload
    if (kept) {
      for (const each of repaired.faults) if (each.kind === 'missing') line.note('J17', each.pointer.slice(0, 120))
      return repaired.payload
    }
    if (id === null) line.note('J17', `${message.action} ${fault.pointer}`.slice(0, 120))
    this.#refuse(incoming, this.#errorFor(fault), `${fault.pointer || 'payload'}: ${fault.kind}`)
    return null
  }

  #errorFor(fault: Fault): string {
    const { errors } = this.#line.dialect
    if (fault.pointer === '') return errors.format
    return fault.kind === 'missing' ? errors.occurrence : errors.type
  }

  #profileOf({ vendor, model, firmware }: StationBooted): StationProfile {
    return profileOf({ vendor, model, firmware: firmware ?? null }, this.#line.station.settings)
  }

  #booted(profile: StationProfile, outcome: BootOutcome): BootOutcome {
    const line = this.#line
    const now = line.shared.pulse.now()
    if (now - this.#bootedAt < 30_000) line.note('W14')
    this.#bootedAt = now
    line.follow(profile)
    const named = Math.floor(outcome.intervalSeconds)
    const intervalSeconds = named > 0 ? named : line.shared.config.heartbeatIntervalSeconds
    line.booted(outcome.admission === 'accepted', intervalSeconds)
    return { admission: outcome.admission, intervalSeconds }
  }

  /** Stores a fact, as often as it takes. Undefined: the message stays unanswered, or was refused. */
  async #record(fact: ChargerFact, incoming: Incoming, message: AnyFactMessage): Promise<unknown> {
    const { receivedAt, text } = incoming
    const line = this.#line
    const wire: WireFrame = { direction: 'in', at: receivedAt, action: message.action, text: redacted(text) }
    const since = line.shared.pulse.now()
    for (let tries = 1; ; tries++) {
      if (line.sink === null || line.ended) return undefined
      try {
        const outcome = await line.sink.record(fact, [wire])
        this.stalled = false
        return line.ended ? undefined : outcome
      } catch (cause) {
        if (line.ended) return undefined
        if (isStale(cause)) {
          line.displaced('a newer socket has taken over')
          return undefined
        }
        if (!(await this.#retryLater(cause, tries, since, incoming, message))) return undefined
      }
    }
  }

  /** False when the message is given up. A kept message is never refused, only left unanswered for the station to repeat. */
  async #retryLater(
    cause: unknown,
    tries: number,
    since: number,
    incoming: Incoming,
    message: AnyFactMessage,
  ): Promise<boolean> {
    const line = this.#line
    const { log, pulse } = line.shared
    const fields = { err: cause, station: line.station.code, action: message.action, tries }
    const bug = isBug(cause)
    if (bug && tries >= triesOnBug) {
      log.error(fields, 'message cannot be stored and stays unanswered')
      this.stalled = false
      return false
    }
    if (tries === 1 || bug) log.warn(fields, 'message could not be stored, trying again')
    if (!message.kept && (bug || pulse.now() - since > refusalAfterMs)) {
      this.stalled = false
      this.#refuse(incoming, line.dialect.errors.internal, 'try again later')
      return false
    }
    this.stalled = true
    await this.#rest(Math.min(longestRetryMs, firstRetryMs * 2 ** Math.min(tries - 1, 10)))
    return !line.ended && !line.retiring
  }

  /** Waits for the shared sweep, or for the end of the connection. */
  #rest(ms: number): Promise<void> {
    if (this.#line.ended || this.#line.retiring) return Promise.resolve()
    return new Promise((resolve) => {
      this.#wakeAt = this.#line.shared.pulse.now() + ms
      this.#wake = () => {
        this.#wake = null
        resolve()
      }
    })
  }

  #answer({ message, id, hash }: Incoming, reply: object, kept: boolean): void {
    if (id === null) return
    const line = this.#line
    const { action } = message
    const check = schemaBooks[line.dialect.version].check(action, 'Response')
    if (check?.(reply) === false) {
      line.shared.log.error({ station: line.station.code, action, errors: check.errors }, 'answer breaks the schema')
      if (!kept) {
        line.send(errorFrame(id, line.dialect.errors.internal, 'no valid answer'), action)
        return
      }
    }
    const text = resultFrame(id, JSON.stringify(reply))
    if (hash !== 0) this.#repeats?.answered(id, hash, text)
    line.send(text, action)
  }
}
