// Owns the way of a command to the station: its requests one at a time, their answers or time-outs, what the station cannot do.
// Must not wait for incoming messages; the two directions are independent.
import type { CommandReply, QueuedCommand } from '../../core/plugin/index.ts'
import { type CallOutcome, CallSlot } from './call-slot.ts'
import { type CallAnswer, type Memory, type OutgoingCall, refused } from './command.ts'
import { sampleOf } from './deviations.ts'
import { callFrame, type Frame, resultErrorFrame } from './frame.ts'
import type { Line } from './line.ts'
import { prune, repair } from './repair.ts'
import { schemaBooks } from './schema-book.ts'

type AnswerFrame = Extract<Frame, { kind: 'result' | 'error' }>

export class Outbox {
  readonly #line: Line
  #slot: CallSlot | null = null
  /** The end of the commands under way; the next one waits for it. */
  #last: Promise<unknown>
  /** Actions that this station said it does not know; not asked again before its next boot (W18). */
  #unsupported: Set<string> | null = null
  /** What commands have learned about the station since its boot. */
  #memory: Memory | null = null
  #triggeredAt = Number.NEGATIVE_INFINITY

  /** @param opened settles when the core has opened the station; commands wait for it */
  constructor(line: Line, opened: Promise<unknown>) {
    this.#line = line
    this.#last = opened
  }

  deliver(queued: QueuedCommand): Promise<CommandReply> {
    const reply = this.#last.then(() => this.#run(queued))
    this.#last = reply
    return reply
  }

  /** Ends the open request when its time is over. Gives the number of consecutive time-outs when that happened, else 0. */
  beat(now: number): number {
    return this.#slot?.expire(now) === true ? this.#slot.timeouts : 0
  }

  close(): void {
    this.#slot?.disconnect()
  }

  /** A new boot may bring new firmware: ask for everything again. */
  forget(): void {
    this.#unsupported = null
    this.#memory = null
  }

  answer(frame: AnswerFrame, text: string, receivedAt: Date): void {
    const action = this.#slot?.action ?? ''
    if (this.#slot?.settle(frame.id, () => this.#read(frame, action)) === true) {
      this.#line.journalIn(action, text, receivedAt)
      return
    }
    this.#line.note('X12', sampleOf(frame.id))
    this.#line.journalIn(undefined, text, receivedAt)
  }

  async #run({ command, deadline }: QueuedCommand): Promise<CommandReply> {
    const line = this.#line
    if (line.ended || line.sink === null) return { kind: 'disconnected' }
    if (deadline <= line.now()) return { kind: 'timed_out' }
    if (command.name === 'trigger') {
      const { triggerAllowed, triggerMinInterval } = line.profile
      if (!triggerAllowed.includes(command.message)) {
        line.profile.used('triggerAllowed')
        return { kind: 'unsupported', reason: 'this model refuses it' }
      }
      const now = line.shared.pulse.now()
      if (now - this.#triggeredAt < triggerMinInterval * 1000) {
        line.profile.used('triggerMinInterval')
        return { kind: 'refused', reason: 'asked too often for this model' }
      }
      this.#triggeredAt = now
    }
    try {
      this.#memory ??= new Map()
      const steps = line.dialect.command(command, line.profile, this.#memory, line.now())
      let step = steps.next()
      while (step.done !== true) {
        if (line.profile.maxParallelCalls === 0) await this.#alone()
        const outcome = await this.#call(step.value)
        if (outcome.kind === 'timed_out' || outcome.kind === 'disconnected') return { kind: outcome.kind }
        if (outcome.kind === 'unsendable') return refused(outcome.reason)
        step = steps.next(outcome)
      }
      return step.value
    } catch (cause) {
      line.shared.log.error(
        { err: cause, station: line.station.code, command: command.name },
        'command could not be sent',
      )
      return { kind: 'refused', reason: 'the command could not be put into a message' }
    }
  }

  /** For stations that drop the socket when both sides have a request open (W16). */
  async #alone(): Promise<void> {
    const line = this.#line
    if (!line.busy) return
    line.profile.used('maxParallelCalls')
    while (line.busy && !line.ended) await line.quiet()
  }

  #call({ action, payload }: OutgoingCall): Promise<CallOutcome | { kind: 'unsendable'; reason: string }> {
    const line = this.#line
    if (line.ended) return Promise.resolve({ kind: 'disconnected' })
    if (this.#unsupported?.has(action) === true) {
      return Promise.resolve({ kind: 'error', code: 'NotSupported', description: `${action}, as answered before` })
    }
    const unsendable = this.#unsendable(action, payload)
    if (unsendable !== null) return Promise.resolve({ kind: 'unsendable', reason: unsendable })
    const { newId, pulse, config } = line.shared
    const id = newId()
    const text = callFrame(id, action, payload)
    const limit = line.profile.maxMessageSize
    if (limit !== null && Buffer.byteLength(text) > limit) {
      line.profile.used('maxMessageSize')
      const reason = `the message has more than the ${limit} bytes that this model takes`
      return Promise.resolve({ kind: 'unsendable', reason })
    }
    this.#slot ??= new CallSlot()
    const outcome = this.#slot.take(id, action, pulse.now() + config.callTimeoutSeconds * 1000)
    line.send(text, action)
    return outcome
  }

  /** What a command holds may be too long or too large for the station's version; the schema knows, and names the field. */
  #unsendable(action: string, payload: object): string | null {
    const { version } = this.#line.dialect
    const book = schemaBooks[version]
    if (book.check(action, 'Request')?.(payload) !== false) return null
    const faultsOf = book.faults(action, 'Request')
    faultsOf?.(payload)
    const fault = faultsOf?.errors?.[0]
    const field = fault?.instancePath.slice(1).replaceAll('/', '.') ?? ''
    return `${version} cannot carry this in ${action}: ${field} ${fault?.message ?? 'breaks the schema'}`.slice(0, 500)
  }

  #read(frame: AnswerFrame, action: string): CallAnswer {
    const line = this.#line
    if (frame.kind === 'error') {
      if (frame.code === 'NotImplemented' || frame.code === 'NotSupported') {
        this.#unsupported ??= new Set()
        this.#unsupported.add(action)
        line.note('W18', action)
      }
      return { kind: 'error', code: frame.code.slice(0, 60), description: frame.description.slice(0, 255) }
    }
    const book = schemaBooks[line.dialect.version]
    const check = book.check(action, 'Response')
    if (check?.(frame.payload) === true) return { kind: 'result', payload: frame.payload as Record<string, unknown> }
    const faultsOf = book.faults(action, 'Response')
    if (faultsOf === null) return { kind: 'result', payload: {} }
    prune(frame.payload, line)
    const { payload, faults } = repair(frame.payload, faultsOf, line)
    for (const each of faults) line.note('J17', `${action} answer ${each.pointer}`.slice(0, 120))
    const [fault] = faults
    if (fault !== undefined && line.dialect.sends !== undefined) {
      const { occurrence, type } = line.dialect.errors
      const text = `${fault.pointer || 'payload'}: ${fault.kind}`
      line.send(resultErrorFrame(frame.id, fault.kind === 'missing' ? occurrence : type, text), action)
    }
    return { kind: 'result', payload }
  }
}
