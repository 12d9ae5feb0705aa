// Owns what goes on in the garage while the hub is killed under it: chargers with offline queues, a parking system that retries.
// Must not look into the hub; it knows only what it said and what was answered.
import { faultsOfText } from '../../adapters/ocpp/official-schemas.ts'
import {
  type AckedMessage,
  createAcknowledged,
  createParcs,
  createStation,
  type StationOptions,
  settableClock,
  type WireFact,
} from '../../sim/index.ts'
import type { Garage, GarageStation } from './garage.ts'
import { patienceMs } from './hub-process.ts'

const minute = 60_000

/** Whatever happens, these are never answered with an error: it can stall a charger's queue for good. */
const kept: ReadonlySet<string> = new Set([
  'StartTransaction',
  'StopTransaction',
  'MeterValues',
  'TransactionEvent',
  'StatusNotification',
])

type Exchange = Parameters<NonNullable<StationOptions['onExchange']>>[0]

/** One car at one charger, as it really happened. */
export interface Visit {
  stayRef: string
  station: string
  card: string
  /** The simulator's own count of the station's transactions. */
  transaction: number
  deliveredWh: number
  enteredAt: Date
  exitedAt: Date
  /** What the parking system took in the end, after its corrections. */
  paidMinor: number
}

export interface Traffic {
  readonly visits: readonly Visit[]
  /** Every answered message of every charger, in the order of the answers. */
  readonly acked: readonly AckedMessage[]
  /** Every message that left, answered or not. */
  readonly sent: readonly Exchange[]
  readonly facts: readonly WireFact[]
  readonly acknowledged: ReturnType<typeof createAcknowledged>
  /** What must never happen: refusals, frames that break the protocol. */
  readonly faults: readonly string[]
  /** One car at each charger, all at once. Goes on while the hub is away: chargers and the parking system keep what they have. */
  round(): Promise<void>
  /** Resolves when everything that was kept has been answered. */
  drained(): Promise<void>
  connected(): number
  disconnects(): number
  close(): Promise<void>
}

export function createTraffic(garage: Garage, hubUrl: string, seed: string): Traffic {
  const visits: Visit[] = []
  const acked: AckedMessage[] = []
  const sent: Exchange[] = []
  const facts: WireFact[] = []
  const faults: string[] = []
  const acknowledged = createAcknowledged()
  const state = { closed: false }
  const chargers = garage.stations.map((station, i) => createCharger(station, i))
  const parcs = createParcs({
    hubUrl,
    connectionId: garage.connectionId,
    secret: garage.signingSecret,
    clock: { now: () => new Date() },
    seed,
    batchSize: 3,
    attempts: 1,
    onAcked: (fact, result) => acknowledged.onFact(fact, result),
  })

  function createCharger(station: GarageStation, index: number) {
    // Charging goes on in the past, so that a day of it fits into seconds and no instant is ahead of the hub's clock.
    const clock = settableClock(new Date(Date.now() - 40 * 60 * minute + index * 7_000))
    const device = createStation({
      url: `${hubUrl.replace(/^http/, 'ws')}/ocpp`,
      stationId: station.code,
      password: station.password,
      version: station.version,
      clock,
      seed,
      registersWh: [100_000 + index * 5_000],
      callTimeoutMs: patienceMs,
      onAcked(message) {
        acked.push(message)
        acknowledged.onAcked(message)
      },
      onExchange(exchange) {
        sent.push(exchange)
        const { outcome } = exchange
        if (outcome.kind === 'error' && kept.has(exchange.action)) {
          faults.push(`${station.code} ${exchange.action}: ${outcome.code}`)
        }
        if (outcome.kind === 'silent') faults.push(`${station.code} ${exchange.action}: no answer`)
      },
      onHeard: (text, answered) =>
        faults.push(...faultsOfText(station.version, text, answered).map((fault) => `${station.code}: ${fault}`)),
    })
    return { station, index, clock, device, charges: 0, wasOnline: false, disconnects: 0 }
  }
  type Charger = (typeof chargers)[number]

  /** Tries once to be connected and admitted. */
  async function dial(charger: Charger): Promise<boolean> {
    const { device } = charger
    if (device.online()) return true
    if (charger.wasOnline) charger.disconnects += 1
    charger.wasOnline = false
    try {
      const result = device.connected() ? await device.boot() : await device.goOnline()
      if (result.kind === 'pending' || result.kind === 'rejected')
        faults.push(`${charger.station.code}: ${result.kind}`)
    } catch {
      // The hub is away.
    }
    charger.wasOnline = device.online()
    return charger.wasOnline
  }

  async function visit(charger: Charger): Promise<void> {
    const { clock, device, station } = charger
    const number = ++charger.charges
    const card = station.cards[number % 2 === 0 ? 0 : 1]
    const pass = (minutes: number) => clock.set(new Date(clock.now().getTime() + minutes * minute))
    const step = async (act: () => Promise<unknown>) => {
      await dial(charger)
      await act()
    }
    const stayRef = `${station.code}-${number}`
    const record = (id: string, type: WireFact['type'], data: object, more: object = {}) => {
      const occurredAt = clock.now().toISOString()
      const fact = { id: `${stayRef}-${id}`, revision: 1, type, occurredAt, backfilled: false, stayRef, data, ...more }
      facts.push(fact as WireFact)
      parcs.record(fact as WireFact)
      return fact as WireFact
    }
    const credentials = [{ kind: 'card', value: card, encoding: 'hex' }]
    pass(5)
    const enteredAt = clock.now()
    const entry = { direction: 'entry', credentials, parkerKind: 'transient' }
    record('in', 'gate.passed', entry, { lane: 'IN' })
    pass(2)
    await step(() => device.plugIn(1))
    pass(1)
    await step(async () => {
      const result = await device.presentCard(1, { value: card, type: 'ISO14443' })
      if (result.kind === 'refused') faults.push(`${stayRef}: card refused, ${result.status}`)
    })
    let deliveredWh = 0
    // By car and charger, so that every habit is seen in the first round.
    const kind = (number + charger.index) % 3
    const unplanned = kind === 2
    for (let sample = 1; sample <= 3; sample++) {
      pass(10)
      deliveredWh += 1_000 + 10 * number + sample
      if (unplanned && sample === 2) {
        charger.wasOnline = false
        await device.goOffline()
      }
      const meter = () => device.meter(1, deliveredWh, { powerW: 6_000, currentA: 26 })
      if (unplanned && sample === 2) await meter()
      else await step(meter)
    }
    pass(10)
    // A multiple of 25 Wh costs whole cents.
    deliveredWh = 3_500 + 25 * number
    await step(() => device.stop(1, { deliveredWh }))
    pass(2)
    await step(() => device.unplug(1, deliveredWh))
    pass(3)
    const exitedAt = clock.now()
    const exit = () => record('out', 'gate.passed', { ...entry, direction: 'exit' }, { lane: 'OUT' })
    // Every other car is seen leaving before its money is heard of.
    if (number % 2 === 0) exit()
    const money = { amountMinor: 400 + number, currency: 'EUR', scope: 'parking', method: 'cash' }
    const payment = record('pay', 'payment.captured', money)
    let paidMinor = money.amountMinor
    if (number % 2 === 1) exit()
    if (kind === 0) {
      paidMinor += 25
      const corrected = { ...payment, revision: 2, data: { ...money, amountMinor: paidMinor } } as WireFact
      facts.push(corrected)
      parcs.record(corrected)
    }
    // A parking system that lost the answer says it all again.
    if (number % 2 === 0) parcs.record(payment)
    pass(4)
    visits.push({
      stayRef,
      station: station.code,
      card,
      transaction: number,
      deliveredWh,
      enteredAt,
      exitedAt,
      paidMinor,
    })
  }

  let pumping: Promise<void> = Promise.resolve()
  async function pump(): Promise<boolean> {
    const result = pumping.then(async () => {
      await parcs.flush().catch((error: unknown) => faults.push(String(error)))
    })
    pumping = result.then(() => undefined)
    await result
    return parcs.queued.length === 0
  }

  async function whileRunning(work: Promise<unknown>): Promise<void> {
    const running = { yes: true }
    const ended = work.finally(() => {
      running.yes = false
    })
    while (running.yes && !state.closed) {
      await pump()
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    await ended
  }

  const undelivered = () => chargers.reduce((sum, one) => sum + one.device.outbox.size(), 0) + parcs.queued.length

  return {
    visits,
    acked,
    sent,
    facts,
    acknowledged,
    faults,
    round: () => whileRunning(Promise.all(chargers.map((charger) => visit(charger)))),
    async drained() {
      const limit = Date.now() + patienceMs
      for (;;) {
        await Promise.all(
          chargers.map(async (charger) => {
            if (await dial(charger)) await charger.device.flush()
          }),
        )
        await pump()
        if (undelivered() === 0 && chargers.every((one) => one.device.online())) return
        if (Date.now() > limit) {
          const left = chargers.map((one) => `${one.station.code}: ${one.device.outbox.size()}`).join(', ')
          throw new Error(`still waiting to be answered: ${left}, facts: ${parcs.queued.length}; ${faults.join('; ')}`)
        }
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
    },
    connected: () => chargers.filter((one) => one.device.connected()).length,
    disconnects: () => chargers.reduce((sum, one) => sum + one.disconnects, 0),
    async close() {
      state.closed = true
      await Promise.all(chargers.map((one) => one.device.close()))
    },
  }
}
