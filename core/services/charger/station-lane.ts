// Owns the order of one station: facts go through one after the other, each on the memory that the last commit left.
// Must not keep memory that the database does not have: a commit that fails throws the memory away.
import { withoutCardNumbers } from '../../domain/card-number.ts'
import type { ChargerFact, ChargerOutcome, WireFrame } from '../../domain/charger-fact.ts'
import { HubError } from '../../domain/hub-error.ts'
import type { StationTraits } from '../../domain/station-model.ts'
import { effect } from '../../store/charger-effects.ts'
import { loadStations, type PendingStart, type StationKey, type StationMemory } from '../../store/charger-state.ts'
import { isUnfitData } from '../../store/database-error.ts'
import type { Fence } from '../../store/fence.ts'
import type { Effect } from '../../store/group-commit.ts'
import type { ChargerDeps } from './charger-deps.ts'
import { reduceBoot } from './reduce-boot.ts'
import { reduceInquiry } from './reduce-inquiry.ts'
import { reduceMeter } from './reduce-meter.ts'
import { reduceNotice } from './reduce-notice.ts'
import { reduceStatus } from './reduce-status.ts'
import { reduceTransaction } from './reduce-transaction.ts'
import { NeedsHistory, rememberStructures } from './session-structure.ts'
import { type EvseState, type StationState, setTraits, stationState } from './station-state.ts'
import { inStation, newWork, type StationWork } from './station-work.ts'

/** A newer socket of the same station has won; whoever still holds the older one must let go. */
export class StaleEpoch extends HubError {
  constructor() {
    super('stale_epoch', 'A newer connection of this station is in charge.', { level: 'info', status: 409 })
    this.name = 'StaleEpoch'
  }
}

/** How far before a fact the memory is made to reach, from likely to certain: two days, a month, ten years. */
const reaches = [48, 30 * 24, 87_600].map((hours) => hours * 3_600_000)

/** Facts kept in memory per EVSE beyond the running session. */
const keptStatuses = 12
const keptTransactions = 2

export class StationLane {
  readonly key: StationKey
  readonly #deps: ChargerDeps
  readonly #load: (key: StationKey) => Promise<StationMemory | undefined>
  /** What was taken up last and has not ended; null when nothing is in work. */
  #tail: Promise<void> | null = null
  #state: StationState | null = null
  /** Journal lines and counters that wait for the station's next commit. */
  #aside: Effect[] = []
  #asideEpoch: number | null = null
  /** Of the last commit: one object for all of an epoch. */
  #fence: Fence | null = null
  /** The socket's epoch while one is open; work without a socket is not fenced. */
  epoch: number | null = null

  constructor(deps: ChargerDeps, key: StationKey, load: (key: StationKey) => Promise<StationMemory | undefined>) {
    this.#deps = deps
    this.key = key
    this.#load = load
  }

  /** Forgets what is in memory; the next fact reads it again. */
  forget(): void {
    this.#state = null
  }

  get state(): StationState | null {
    return this.#state
  }

  /** Runs `body` after everything before it, and commits what it adds to the work. */
  run<T>(
    receivedAt: Date,
    epoch: number | null,
    body: (state: StationState, work: StationWork) => Promise<T> | T,
  ): Promise<T> {
    return this.#inTurn(() => this.#once(receivedAt, epoch, body))
  }

  /** Runs `body`, which writes rows of this station by itself, between two facts; the next fact reads them again. */
  quiet<T>(body: () => Promise<T>): Promise<T> {
    return this.#inTurn(() => body().finally(() => this.forget()))
  }

  /** Nothing is in work or waits for its turn. */
  get idle(): boolean {
    return this.#tail === null
  }

  /** At once when nothing is in work. */
  #inTurn<T>(turn: () => Promise<T>): Promise<T> {
    const result = this.#tail === null ? turn() : this.#tail.then(turn)
    const ended = () => {
      if (this.#tail === tail) this.#tail = null
    }
    const tail: Promise<void> = result.then(ended, ended)
    this.#tail = tail
    return result
  }

  async #once<T>(
    receivedAt: Date,
    epoch: number | null,
    body: (state: StationState, work: StationWork) => Promise<T> | T,
  ): Promise<T> {
    if (epoch !== null && epoch !== this.epoch) throw new StaleEpoch()
    const state = await this.#ready()
    const work = newWork(receivedAt)
    try {
      const value = await body(state, work)
      if (epoch !== null && epoch === this.#asideEpoch) work.effects.push(...this.#takeAside())
      await this.#commit(work.effects, epoch)
      trim(state)
      return value
    } catch (error) {
      this.#state = null
      throw error
    }
  }

  async #ready(): Promise<StationState> {
    if (this.#state !== null) return this.#state
    const memory = await this.#load(this.key)
    if (memory === undefined)
      throw new HubError('station_gone', 'This station is not registered any more.', { status: 404 })
    this.#state = awake(memory, this.#deps.clock.now())
    return this.#state
  }

  /** Reads further back, for a fact that is older than what memory holds. */
  async widen(from: Date, everything: boolean): Promise<StationState> {
    const memory = (await loadStations(this.#deps.pool, [this.key], from)).get(this.key.stationId)
    if (memory === undefined)
      throw new HubError('station_gone', 'This station is not registered any more.', { status: 404 })
    const evses = everything ? memory.evses.map((e) => ({ ...e, completeFrom: null })) : memory.evses
    this.#state = awake({ ...memory, evses }, this.#deps.clock.now())
    return this.#state
  }

  async #commit(effects: Effect[], epoch: number | null): Promise<void> {
    if (effects.length === 0) return
    if (epoch !== null && this.#fence?.epoch !== epoch) this.#fence = { ...this.key, epoch }
    const fence = epoch === null ? null : this.#fence
    const result = await this.#deps.groupCommit
      .commit(fence === null ? { effects } : { effects, fence })
      .catch((cause: unknown) => {
        // Told apart from a store that fails: however often it is tried, this row never fits.
        throw isUnfitData(cause) ? new TypeError('a value of this fact fits no column', { cause }) : cause
      })
    if (result.kind === 'fenced') throw new StaleEpoch()
  }

  /** Stores one fact with its frames and resolves with the answer for the station. */
  record<F extends ChargerFact>(fact: F, wire: readonly WireFrame[], epoch: number): Promise<ChargerOutcome<F>> {
    const receivedAt = this.#deps.clock.now()
    return this.run(receivedAt, epoch, async (state, work) => {
      const frames = wire.map((frame) => this.frameEffect(state.record.site_id, frame, epoch))
      work.effects.push(...frames)
      return (await this.#withHistory(state, work, frames, fact)) as ChargerOutcome<F>
    })
  }

  /** Runs `body` as `run` does, on a memory that reaches back as far as it needs. */
  runReaching(receivedAt: Date, body: (state: StationState, work: StationWork) => Promise<void>): Promise<void> {
    return this.run(receivedAt, this.epoch, (state, work) =>
      this.#reaching(state, work, [], null, (current) => body(current, work)),
    )
  }

  /** A fact from before the memory is taken up again on a memory that reaches further back. */
  #withHistory(state: StationState, work: StationWork, frames: Effect[], fact: ChargerFact): Promise<unknown> {
    const oldest = oldestTime(fact)
    const before = oldest !== null && isBeforeMemory(state, fact, oldest) ? oldest : null
    return this.#reaching(state, work, frames, before, (current) => reduce(this.#deps, current, work, fact))
  }

  /** `body` begins anew, with nothing but `kept` in the work, on a memory from before `before` and as far as it asks for. */
  async #reaching<T>(
    state: StationState,
    work: StationWork,
    kept: Effect[],
    before: Date | null,
    body: (state: StationState) => Promise<T>,
  ): Promise<T> {
    let from = before
    let current = state
    for (const reach of reaches) {
      if (from !== null) {
        current = await this.widen(new Date(from.getTime() - reach), reach === reaches.at(-1))
        work.effects.splice(0, work.effects.length, ...kept)
        work.readings.length = 0
        work.stationReadings.length = 0
      }
      try {
        return await body(current)
      } catch (error) {
        if (!(error instanceof NeedsHistory)) throw error
        from = error.before
      }
    }
    throw new Error('a session reaches back further than the hub keeps facts')
  }

  /** Rows nobody waits for: they ride the station's next commit, or the next sweep. A commit of their own cost a third. */
  aside(epoch: number, row: Effect): void {
    if (epoch !== this.epoch) return
    this.#asideEpoch = epoch
    this.#aside.push(row)
  }

  /** Stores what is still aside; called now and then, and when the socket closes. */
  async sweep(): Promise<void> {
    if (this.#aside.length === 0) return
    await this.#commit(this.#takeAside(), this.#asideEpoch)
  }

  #takeAside(): Effect[] {
    const rows = this.#aside
    if (rows.length > 0) this.#aside = []
    return rows
  }

  /** What the adapter says of the station's model before it boots; written only when it is news. */
  takeTraits(epoch: number, traits: StationTraits): Promise<void> {
    return this.run(this.#deps.clock.now(), epoch, (state, work) => {
      setTraits(state, traits)
      work.effects.push(effect.stationTraits({ ...inStation(state), traits }))
    })
  }

  /** Adds rows that depend on nothing in memory; they need no place in the lane's order. */
  write(epoch: number | null, effects: Effect[]): Promise<void> {
    return this.#commit(effects, epoch)
  }

  expectStart(start: PendingStart): void {
    this.#state?.pendingStarts.push(start)
  }

  dropStart(commandId: string): void {
    if (this.#state !== null) {
      this.#state.pendingStarts = this.#state.pendingStarts.filter((s) => s.command_id !== commandId)
    }
  }

  get siteId(): string | null | undefined {
    return this.#state?.record.site_id
  }

  frameEffect(siteId: string | null, frame: WireFrame, epoch: number): Effect {
    return effect.stationMessage({
      organization_id: this.key.organizationId,
      site_id: siteId,
      station_id: this.key.stationId,
      received_at: frame.at,
      message_id: this.#deps.newId(),
      direction: frame.direction,
      epoch,
      action: frame.action ?? null,
      // Free text may carry one, and so may what a terminal sends as DataTransfer; what a card reader read as an identifier stays.
      frame: withoutCardNumbers(frame.text, frame.action === 'DataTransfer' ? 'text' : 'identifier'),
    })
  }
}

function awake(memory: StationMemory, now: Date): StationState {
  const state = stationState(memory, now)
  for (const evse of state.evses.values()) rememberStructures(evse)
  return state
}

/** A fact that does not name its EVSE may belong to any of them. */
function isBeforeMemory(state: StationState, fact: ChargerFact, oldest: Date): boolean {
  const named = 'evse' in fact && fact.evse !== undefined && fact.evse > 0 ? fact.evse : null
  for (const { number, completeFrom } of state.evses.values())
    if ((named === null || number === named) && completeFrom !== null && oldest < completeFrom) return true
  return false
}

function oldestTime(fact: ChargerFact): Date | null {
  switch (fact.kind) {
    case 'connector.status':
      return fact.time.at
    case 'transaction':
      return fact.samples.reduce((min, s) => (s.time.at < min ? s.time.at : min), fact.time.at)
    case 'meter':
      return fact.samples.reduce<Date | null>((min, s) => (min === null || s.time.at < min ? s.time.at : min), null)
    case 'station.booted':
    case 'token.presented':
    case 'notice':
    case 'inquiry':
      return null
  }
}

async function reduce(deps: ChargerDeps, state: StationState, work: StationWork, fact: ChargerFact): Promise<unknown> {
  switch (fact.kind) {
    case 'station.booted':
      return reduceBoot(deps, state, work, fact)
    case 'connector.status':
      return reduceStatus(deps, state, work, fact)
    case 'transaction':
      return reduceTransaction(deps, state, work, fact)
    case 'meter':
      return reduceMeter(deps, state, work, fact)
    case 'notice':
      return reduceNotice(deps, state, work, fact)
    case 'inquiry':
      return reduceInquiry(deps, state, work, fact)
    case 'token.presented':
      return deps.authorise({
        organizationId: state.record.organization_id,
        siteId: state.record.site_id,
        stationId: state.record.station_id,
        token: fact.token,
        ...(fact.evse === undefined ? {} : { evse: fact.evse }),
        ...(fact.contract === undefined ? {} : { contract: fact.contract }),
        at: work.receivedAt,
      })
  }
}

/** Lets go of whole settled sessions, and remembers from when on the memory is complete. */
function trim(state: StationState): void {
  for (const evse of state.evses.values()) {
    const { transactions, statuses } = evse
    if (transactions.length > 2 * keptTransactions) {
      const kept = new Set(
        transactions.slice(-keptTransactions).concat(transactions.filter((t) => t.row.state === 'open')),
      )
      const sessions = new Set([...kept].map((t) => t.row.session_id))
      const dropped = transactions.filter((t) => !kept.has(t) && !sessions.has(t.row.session_id))
      raise(
        evse,
        dropped.map((t) => t.row.ended_at ?? t.row.started_at),
      )
      evse.transactions = transactions.filter((t) => !dropped.includes(t))
      for (const id of evse.sessions.keys())
        if (!sessions.has(id) && dropped.some((t) => t.row.session_id === id)) evse.sessions.delete(id)
    }
    if (statuses.length > 2 * keptStatuses) {
      const cut = statuses.slice(0, -keptStatuses).slice(0, firstNeeded(evse))
      raise(
        evse,
        cut.map((s) => s.at),
      )
      evse.statuses = statuses.slice(cut.length)
    }
  }
}

/**
 * How many of the oldest reports say nothing of the transactions in memory. The connector was free before the car of the first one
 * came: from that report on they show when it was plugged in, and that nothing before it matters.
 */
function firstNeeded({ statuses, transactions: [first] }: EvseState): number {
  if (first === undefined) return statuses.length
  const started = first.row.started_at.getTime()
  const before = statuses.filter(({ at }) => at.getTime() < started)
  const free = before.findLast(({ status }) => status === 'available')
  return free === undefined ? before.length : before.findIndex(({ at }) => at.getTime() >= free.at.getTime())
}

function raise(evse: EvseState, dropped: readonly Date[]): void {
  if (dropped.length === 0) return
  // One millisecond on: what happened at the cut itself is gone.
  const next = Math.max(...dropped.map((d) => d.getTime())) + 1
  if (evse.completeFrom === null || next > evse.completeFrom.getTime()) evse.completeFrom = new Date(next)
}
