// Owns a site that is played: stations as devices, the hub's book of what it told them, buildings that draw, meters that stop.
// Must not decide limits; the guard under test does.
import {
  type Circuit,
  type Guarded,
  type GuardSettings,
  guardSite,
  type LoadEvse,
  type LoadSite,
  type Told,
  watch,
} from '../../../core/domain/load/index.ts'

export type Mood = 'obeys' | 'refuses' | 'ignores'

interface Sent {
  told: Told
  /** On the wire: the station takes it, or it is lost with the connection. */
  stage: 'queued' | 'sent' | 'taken' | 'refused'
}

interface Device {
  mood: Mood
  /** The clock is off by this; a limit ends earlier or later by it. */
  skewMs: number
  limit: { amps: number; until: number } | null
  /** What the hub heard: the answer of these is still out. Unanswered ones the hub has given up may be taken later. */
  wire: Sent[]
}

export interface SiteShape {
  circuits: readonly (Omit<Circuit, 'otherLoad'> & { otherLoad: { reserveA: number; riseA: number } | null })[]
  evses: readonly (Pick<LoadEvse, 'evseId' | 'circuitId' | 'phases' | 'phase' | 'maxA' | 'failsafeA'> & {
    skewMs: number
  })[]
}

export const staleAfterMs = 300_000
const commandMs = 60_000

export class PlayedSite {
  now = new Date('2026-03-10T08:00:00Z')
  evses: LoadEvse[]
  circuits: Circuit[]
  readonly devices: Device[]
  last: Guarded | undefined
  readonly #settings: GuardSettings
  readonly #building: { at: number; amps: number }[][]

  constructor(shape: SiteShape, settings: GuardSettings) {
    this.#settings = settings
    this.circuits = shape.circuits.map((circuit) => ({
      ...circuit,
      otherLoad: circuit.otherLoad && { ...circuit.otherLoad, staleAfterMs, reading: null },
    }))
    this.#building = shape.circuits.map(() => [])
    this.devices = shape.evses.map(({ skewMs }) => ({ mood: 'obeys', skewMs, limit: null, wire: [] }))
    this.evses = shape.evses.map(({ skewMs: _, ...evse }) => ({
      ...evse,
      minA: 6,
      installedA: evse.failsafeA,
      connected: true,
      bootedAt: null,
      charging: false,
      told: [],
      measured: null,
      overSince: null,
      ignoringSince: null,
    }))
  }

  get site(): LoadSite {
    return { circuits: this.circuits, evses: this.evses }
  }

  pass(ms: number): void {
    this.now = new Date(this.now.getTime() + ms)
    this.devices.forEach((device, i) => {
      for (const sent of [...device.wire]) {
        if (sent.stage === 'queued' && sent.told.queuedAt.getTime() + commandMs <= this.now.getTime()) {
          device.wire.splice(device.wire.indexOf(sent), 1)
          this.#set(i, { told: this.#evse(i).told.filter((one) => one !== sent.told) })
        }
      }
    })
  }

  guard(): void {
    this.evses = this.evses.map((evse) => ({ ...evse, ...watch(evse, this.now, this.#settings) }))
    this.last = guardSite(this.site, this.now, this.#settings)
    for (const { evseId, amps, until } of this.last.commands) {
      const i = this.evses.findIndex((evse) => evse.evseId === evseId)
      const told: Told = { amps, until, queuedAt: this.now, state: 'open', endedAt: null }
      this.#set(i, { told: [...this.#evse(i).told, told].slice(-40) })
      this.devices[i]?.wire.push({ told, stage: 'queued' })
    }
  }

  /** The hub sends what is next, one at a time. */
  send(i: number): void {
    const { wire } = this.#device(i)
    if (!this.#evse(i).connected || wire.some(({ stage, told }) => stage !== 'queued' && told.state === 'open')) return
    const next = wire.find(({ stage }) => stage === 'queued')
    if (next !== undefined) next.stage = 'sent'
  }

  /** The station takes the oldest that has reached it, also one that the hub has given up. */
  take(i: number): void {
    const device = this.#device(i)
    const next = device.wire.find(({ stage }) => stage === 'sent')
    if (next === undefined || !this.#evse(i).connected) return
    next.stage = device.mood === 'refuses' ? 'refused' : 'taken'
    if (next.stage === 'taken') device.limit = { amps: next.told.amps, until: next.told.until.getTime() }
    if (next.told.state === 'unknown') device.wire.splice(device.wire.indexOf(next), 1)
  }

  answer(i: number): void {
    const { wire } = this.#device(i)
    const at = wire.findIndex(({ stage, told }) => (stage === 'taken' || stage === 'refused') && told.state === 'open')
    const sent = wire[at]
    if (sent === undefined || !this.#evse(i).connected) return
    wire.splice(at, 1)
    this.#end(i, sent, sent.stage === 'taken' ? 'accepted' : 'refused')
  }

  /** The hub waited long enough for an answer. */
  giveUp(i: number): void {
    const { wire } = this.#device(i)
    const sent = wire.find(({ stage, told }) => stage !== 'queued' && told.state === 'open')
    if (sent === undefined) return
    this.#end(i, sent, 'unknown')
    if (sent.stage !== 'sent') wire.splice(wire.indexOf(sent), 1)
  }

  cut(i: number): void {
    const device = this.#device(i)
    for (const sent of [...device.wire].filter(({ stage }) => stage !== 'queued')) {
      if (sent.told.state === 'open') this.#end(i, sent, 'unknown')
      device.wire.splice(device.wire.indexOf(sent), 1)
    }
    this.#set(i, { connected: false })
  }

  connect(i: number): void {
    this.#set(i, { connected: true })
  }

  reboot(i: number, forgets: boolean): void {
    this.cut(i)
    if (forgets) this.#device(i).limit = null
    this.#set(i, { connected: true, bootedAt: this.now })
  }

  charge(i: number, charging: boolean): void {
    this.#set(i, { charging })
  }

  sample(i: number): void {
    this.#set(i, { measured: { amps: this.drawOf(i), at: this.now } })
  }

  /** Moves a building within its word: never above its reserve, never up by more than its rise while a reading counts. */
  build(c: number, wanted: number): void {
    const { otherLoad } = this.#circuit(c)
    if (otherLoad === null) return
    const lately = this.#history(c).filter(({ at }) => at > this.now.getTime() - staleAfterMs)
    const before = this.#history(c).findLast(({ at }) => at <= this.now.getTime() - staleAfterMs)?.amps ?? 0
    const lowest = Math.min(before, ...lately.map(({ amps }) => amps))
    const amps = Math.max(0, Math.min(wanted, otherLoad.reserveA, lowest + otherLoad.riseA))
    this.#history(c).push({ at: this.now.getTime(), amps })
  }

  read(c: number): void {
    const circuit = this.#circuit(c)
    const { otherLoad } = circuit
    if (otherLoad === null) return
    const reading = { amps: this.#buildingOf(c), readAt: this.now }
    this.circuits = this.circuits.map((one) =>
      one === circuit ? { ...one, otherLoad: { ...otherLoad, reading } } : one,
    )
  }

  drawOf(i: number): number {
    const { limit, skewMs, mood } = this.#device(i)
    const { charging, failsafeA, maxA } = this.#evse(i)
    if (!charging) return 0
    if (mood === 'ignores') return maxA
    const holds = limit !== null && this.now.getTime() < limit.until + skewMs
    return Math.min(maxA, holds ? limit.amps : failsafeA)
  }

  /** What truly flows through the busiest phase of a circuit. */
  totalOf(circuitId: string): number {
    const phases = [0, 0, 0]
    const add = (amps: number, on: (phase: number) => boolean) => {
      for (const i of phases.keys()) if (on(i + 1)) phases[i] = (phases[i] ?? 0) + amps
    }
    this.circuits.forEach((circuit, c) => {
      if (this.#isBelow(circuit.circuitId, circuitId)) add(this.#buildingOf(c), () => true)
    })
    this.evses.forEach((evse, i) => {
      // Where nobody knows the phase, all of them may be on one.
      if (this.#isBelow(evse.circuitId, circuitId))
        add(this.drawOf(i), (phase) => evse.phases === 3 || evse.phase === null || evse.phase === phase)
    })
    return Math.max(...phases)
  }

  broken(): string[] {
    return this.circuits
      .filter(({ circuitId, limitA }) => this.totalOf(circuitId) > limitA + 1e-6)
      .map(({ circuitId, limitA }) => `${circuitId}: ${this.totalOf(circuitId)} of ${limitA}`)
  }

  /** Nothing is lost or late any more for a while. */
  quiet(ms: number): void {
    for (let passed = 0; passed < ms; passed += 10_000) {
      this.pass(10_000)
      this.circuits.forEach((_, c) => {
        this.read(c)
      })
      this.guard()
      this.devices.forEach((_, i) => {
        for (let n = 0; n < 3; n++) {
          this.send(i)
          this.take(i)
          this.answer(i)
          this.giveUp(i)
        }
      })
    }
  }

  #isBelow(circuitId: string, above: string): boolean {
    for (let at: string | null | undefined = circuitId; at != null; ) {
      if (at === above) return true
      at = this.circuits.find((one) => one.circuitId === at)?.parentId
    }
    return false
  }

  #buildingOf(c: number): number {
    return this.#history(c).at(-1)?.amps ?? 0
  }

  #end(i: number, sent: Sent, state: Told['state']): void {
    const ended: Told = { ...sent.told, state, endedAt: this.now }
    this.#set(i, { told: this.#evse(i).told.map((one) => (one === sent.told ? ended : one)) })
    sent.told = ended
  }

  #set(i: number, change: Partial<LoadEvse>): void {
    this.evses = this.evses.map((evse, at) => (at === i ? { ...evse, ...change } : evse))
  }

  #evse(i: number): LoadEvse {
    return some(this.evses[i])
  }

  #device(i: number): Device {
    return some(this.devices[i])
  }

  #circuit(c: number): Circuit {
    return some(this.circuits[c])
  }

  #history(c: number): { at: number; amps: number }[] {
    return some(this.#building[c])
  }
}

function some<T>(value: T | undefined): T {
  if (value === undefined) throw new RangeError('there is no such thing')
  return value
}
