// Owns a charger port in memory for the adapter's tests: it keeps every fact and frame, and behaves as the contract says.
// Must not soften the contract: epochs fence, records resolve only when "committed", repeats are recognised by content.
import {
  type Admission,
  type AdmissionRequest,
  type AdmittedStation,
  type Authorization,
  type ChargerFact,
  type ChargerOutcome,
  type ChargerPort,
  HubError,
  type InquiryAnswer,
  type InquiryTopic,
  type QueuedCommand,
  type StationCommand,
  type StationOpening,
  type StationSink,
  type TransactionOutcome,
  type TransactionReported,
  type WireFrame,
} from '../../../core/plugin/index.ts'

export interface Recorded {
  station: string
  epoch: number
  fact: ChargerFact
  wire: readonly WireFrame[]
}

interface Known {
  station: AdmittedStation
  password: Uint8Array | null
  epoch: number
  opening: StationOpening | null
  nextNumber: number
  /** Content key of a start or event to what was answered. */
  answered: Map<string, TransactionOutcome>
  open: Map<number, number | undefined>
}

export class RecordingPort implements ChargerPort {
  readonly facts: Recorded[] = []
  readonly frames: { station: string; frame: WireFrame }[] = []
  readonly deviations: { station: string; code: string; sample: string | undefined }[] = []
  readonly closed: { station: string; epoch: number; reason: string }[] = []
  readonly seen: { station: string; at: Date }[] = []
  readonly attempts: AdmissionRequest[] = []
  /** What inquiries are answered with, by topic. */
  readonly answers: { [T in InquiryTopic]: InquiryAnswer<T> } = {
    'certificate.sign': { accepted: true },
    'certificate.status': { accepted: true, ocspResult: 'T0NTUA==' },
    'certificate.chain_status': { results: [] },
    'contract.certificate': { accepted: true, exiResponse: 'RVhJ' },
    'ev.needs': { status: 'accepted' },
    'schedule.pull': { accepted: true, limits: { limit: 11_000 } },
    'payment.settled': { receiptId: 'R-1' },
    'vat_number.check': { accepted: true },
    'stream.open': { accepted: true },
    data_transfer: { status: 'unknown_vendor' },
  }
  readonly verdicts = new Map<string, Authorization>()
  /** When set, records reject with it: the store is out. */
  failure: Error | null = null
  /** When set, admissions reject with it. */
  admissionFailure: Error | null = null
  /** When set, openings reject with it. */
  openFailure: Error | null = null
  intervalSeconds = 300
  /** False forgets facts and frames: for measurements of the adapter's own memory. */
  keep = true
  readonly #known = new Map<string, Known>()
  #held: (() => void)[] | null = null

  add(code: string, more: Partial<AdmittedStation> & { password?: Uint8Array } = {}): AdmittedStation {
    const { password, ...rest } = more
    const station: AdmittedStation = {
      organizationId: 'org',
      siteId: null,
      stationId: `id-${code}`,
      code,
      admission: 'accepted',
      defaultProtocol: null,
      vendor: null,
      model: null,
      firmware: null,
      settings: {},
      ...rest,
    }
    this.#known.set(code.toLowerCase(), {
      station,
      password: password ?? null,
      epoch: 0,
      opening: null,
      nextNumber: 1,
      answered: new Map(),
      open: new Map(),
    })
    return station
  }

  /** The operator accepts a station that waited; its next boot hears of it. */
  admitStation(code: string): void {
    const known = this.#known.get(code.toLowerCase())
    if (known !== undefined) known.station = { ...known.station, admission: 'accepted' }
  }

  /** From now on commits wait until `release`. */
  hold(): void {
    this.#held = []
  }

  release(): void {
    const held = this.#held ?? []
    this.#held = null
    for (const commit of held) commit()
  }

  get holding(): number {
    return this.#held?.length ?? 0
  }

  factsOf(code: string): ChargerFact[] {
    return this.facts.filter(({ station }) => station === code).map(({ fact }) => fact)
  }

  codesOf(code: string): string[] {
    return this.deviations.filter(({ station }) => station === code).map((each) => each.code)
  }

  deliver(code: string, command: StationCommand, deadline = new Date(8.64e15)): ReturnType<StationOpening['deliver']> {
    const queued: QueuedCommand = { id: 'command', command, deadline }
    const opening = this.#known.get(code.toLowerCase())?.opening
    return opening === null || opening === undefined
      ? Promise.resolve({ kind: 'disconnected' })
      : opening.deliver(queued)
  }

  isOpen(code: string): boolean {
    return this.#known.get(code.toLowerCase())?.opening != null
  }

  async admit(request: AdmissionRequest): Promise<Admission> {
    if (this.keep) this.attempts.push(request)
    if (this.admissionFailure !== null) throw this.admissionFailure
    const known = this.#known.get(request.identity.toLowerCase())
    if (known === undefined) return { kind: 'unknown', reason: 'no such station' }
    if (known.station.admission === 'rejected') return { kind: 'rejected', reason: 'the station was rejected' }
    if (known.password !== null) {
      const sent = request.password
      const hex = Buffer.from(known.password).toString('hex')
      const right =
        sent !== null &&
        (Buffer.compare(sent, known.password) === 0 || Buffer.from(sent).toString().toLowerCase() === hex)
      if (!right) return { kind: 'unauthorized', reason: 'wrong password' }
    }
    return { kind: 'admitted', station: { ...known.station } }
  }

  async open(opening: StationOpening): Promise<StationSink> {
    if (this.openFailure !== null) throw this.openFailure
    const known = this.#known.get(opening.station.code.toLowerCase())
    if (known === undefined) throw new HubError('not_found', 'no such station')
    const older = known.opening
    known.epoch++
    known.opening = opening
    older?.displaced('a newer socket has been opened')
    const { epoch } = known
    const code = known.station.code
    const stale = () => new HubError('stale_epoch', 'a newer socket has won', { level: 'info', status: 409 })
    return {
      epoch,
      station: opening.station,
      record: async <F extends ChargerFact>(fact: F, wire: readonly WireFrame[] = []) => {
        if (known.epoch !== epoch) throw stale()
        if (this.failure !== null) throw this.failure
        await this.#commit()
        if (known.epoch !== epoch) throw stale()
        const outcome = this.#reduce(known, fact)
        if (!this.keep) return outcome as ChargerOutcome<F>
        this.facts.push({ station: code, epoch, fact, wire })
        for (const frame of wire) this.frames.push({ station: code, frame })
        return outcome as ChargerOutcome<F>
      },
      journal: (frame) => {
        if (this.keep) this.frames.push({ station: code, frame })
      },
      deviation: (deviation, sample) => {
        this.deviations.push({ station: code, code: deviation, sample })
      },
      seen: (at) => {
        if (this.keep) this.seen.push({ station: code, at })
      },
      close: async (reason) => {
        this.closed.push({ station: code, epoch, reason })
        if (known.epoch === epoch) known.opening = null
      },
    }
  }

  #commit(): Promise<void> {
    const held = this.#held
    return held === null ? Promise.resolve() : new Promise((resolve) => held.push(resolve))
  }

  #reduce(known: Known, fact: ChargerFact): ChargerOutcome<ChargerFact> {
    switch (fact.kind) {
      case 'station.booted':
        return { admission: known.station.admission, intervalSeconds: this.intervalSeconds }
      case 'connector.status':
        return { disposition: 'new' }
      case 'token.presented':
        return this.#verdict(fact.token.value)
      case 'notice':
        return { noticeId: `notice-${this.facts.length}` }
      case 'inquiry':
        return this.answers[fact.topic] as ChargerOutcome<ChargerFact>
      case 'meter':
        return { stored: fact.samples.length }
      case 'transaction':
        return this.#transaction(known, fact)
    }
  }

  #verdict(token: string): Authorization {
    return this.verdicts.get(token) ?? { status: 'accepted', reason: 'known' }
  }

  #transaction(known: Known, fact: TransactionReported): TransactionOutcome {
    const { name } = fact
    const key = JSON.stringify([
      fact.phase,
      name,
      fact.sequence,
      fact.evse,
      fact.token?.value,
      fact.time.device ?? fact.time.at,
      fact.registerWh,
    ])
    const before = known.answered.get(key)
    if (before !== undefined) return { ...before, disposition: 'repeat' }
    const outcome = this.#fresh(known, fact)
    if (fact.token !== undefined) outcome.authorization = this.#verdict(fact.token.value)
    known.answered.set(key, outcome)
    return outcome
  }

  #fresh(known: Known, { name, phase, evse, token }: TransactionReported): TransactionOutcome {
    if (name.by === 'station') return { number: 0, disposition: name.ref === '' ? 'review' : 'new' }
    if (phase === 'started') {
      const number = known.nextNumber++
      known.open.set(number, evse)
      return { number, disposition: evse === undefined || token === undefined ? 'review' : 'new' }
    }
    const matched =
      name.number !== null && known.open.has(name.number)
        ? name.number
        : known.open.size === 1
          ? [...known.open.keys()][0]
          : undefined
    if (matched === undefined) return { number: name.number ?? 0, disposition: 'review' }
    if (phase === 'ended') known.open.delete(matched)
    return { number: matched, disposition: 'new' }
  }
}
