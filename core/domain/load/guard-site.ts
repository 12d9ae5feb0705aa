// Owns the load guard's decision: from a site as it stands, the share of each EVSE and which limits may be told now.
// Must not do I/O nor remember: what was told comes in, what is to be told goes out.
//
// What holds, and test/domain/load proves it by playing: a station draws no more than its worst case (worst-case.ts) as long as it
// keeps to what it accepted; and while the worst cases of a circuit are within its limit, no limit told here takes them above it, now or
// when a reading gets stale. They can be above it only where a person took room away, where a station has no failsafe profile yet, or
// where one ignores or refuses its limits and the failsafe shares of the others leave less than its hardware can draw.
// A reading that is higher than the one before may put them above it, too: what flows is still within, since a building keeps to its
// rise for as long as the earlier reading counts, and every limit that rests on that ends by then.
import type { GuardSettings, LoadEvse, LoadSite, Told } from './load-site.ts'
import { isReachable, shareRoom } from './share-room.ts'
import { Accounts, fallbackOf, otherAt, refusalsOf, staleTimes, worstAccounts, worstOf } from './worst-case.ts'

export type Why =
  | 'charging'
  | 'idle'
  | 'waits_for_room'
  | 'suspended'
  | 'offline'
  | 'no_failsafe'
  | 'refuses_limits'
  | 'ignores_limit'

export interface GuardedEvse {
  evseId: string
  /** What it is to have; it is told once there is room. */
  shareA: number
  /** What counts for it. */
  reservedA: number
  why: Why
}

export interface GuardedCircuit {
  circuitId: string
  /** Busiest phase: EVSEs below and other loads. */
  reservedA: number
  otherA: number
  meter: 'none' | 'fresh' | 'stale'
  /** The worst cases are above the limit. */
  over: boolean
}

export interface LimitToTell {
  evseId: string
  amps: number
  until: Date
}

export interface Guarded {
  evses: GuardedEvse[]
  circuits: GuardedCircuit[]
  /** In the order in which they are to be told. */
  commands: LimitToTell[]
}

export function guardSite(site: LoadSite, now: Date, settings: GuardSettings): Guarded {
  const shares = shareRoom(site, now, settings)
  const share = (evse: LoadEvse) => shares.get(evse.evseId) ?? 0
  const round = new Round(site, now, settings)
  const reachable = site.evses.filter(
    (evse) => evse.connected && evse.installedA !== null && evse.ignoringSince === null,
  )
  // Who gives room comes first; the room is there only once the station has said so.
  const falling = reachable.filter((evse) => share(evse) <= bindingA(evse, now))
  for (const evse of [...falling, ...reachable.filter((one) => !falling.includes(one))]) {
    const aim = isReachable(evse, settings) ? share(evse) : fallbackOf(evse)
    round.bring(evse, aim)
  }
  const { accounts } = round
  return {
    commands: round.commands,
    evses: site.evses.map((evse) => ({
      evseId: evse.evseId,
      shareA: share(evse),
      reservedA: worstOf(round.known(evse), now, now, settings),
      why: whyOf(evse, share(evse), now, settings),
    })),
    circuits: site.circuits.map((circuit) => ({
      circuitId: circuit.circuitId,
      reservedA: accounts.takenOf(circuit.circuitId),
      otherA: otherAt(circuit, now),
      meter: circuit.otherLoad?.reading ? (staleTimes([circuit], now).length > 0 ? 'fresh' : 'stale') : 'none',
      over: accounts.isOver(circuit.circuitId),
    })),
  }
}

/** What binds it as far as is known: the last limit told, while it holds, else its failsafe share. */
function bindingA(evse: LoadEvse, now: Date): number {
  const last = lastTold(evse)
  return last === undefined || last.until <= now ? fallbackOf(evse) : last.amps
}

const lastTold = ({ told }: LoadEvse): Told | undefined => told.findLast(({ state }) => state !== 'refused')

class Round {
  readonly commands: LimitToTell[] = []
  readonly #site: LoadSite
  readonly #now: Date
  readonly #settings: GuardSettings
  readonly #stale: readonly Date[]
  readonly #evses: Map<string, LoadEvse>
  /** Worst cases now and at each instant at which a reading gets stale. */
  readonly #accounts: { at: Date; accounts: Accounts }[]

  constructor(site: LoadSite, now: Date, settings: GuardSettings) {
    this.#site = site
    this.#now = now
    this.#settings = settings
    this.#stale = staleTimes(site.circuits, now)
    this.#evses = new Map(site.evses.map((evse) => [evse.evseId, evse]))
    this.#accounts = [now, ...this.#stale].map((at) => ({ at, accounts: worstAccounts(site, at, now, settings) }))
  }

  get accounts(): Accounts {
    return this.#accounts[0]?.accounts ?? new Accounts(this.#site, this.#now)
  }

  known(evse: LoadEvse): LoadEvse {
    return this.#evses.get(evse.evseId) ?? evse
  }

  /** Tells what may be told now to bring it to its share; nothing, where it has it or has to wait. */
  bring(evse: LoadEvse, shareA: number): void {
    if (isPausing(evse, this.#now, this.#settings)) return
    const until = this.#until(evse, shareA)
    // A limit that could not hold for long enough: what it falls back to is what it is told.
    const amps = until === null ? Math.min(shareA, fallbackOf(evse)) : shareA
    const last = lastTold(evse)
    if (refusalsOf(evse) >= this.#settings.mostRefusals) {
      if (evse.told.at(-1)?.state !== 'open') this.#tell(evse, Math.min(amps, fallbackOf(evse)), null)
      return
    }
    const binding = bindingA(evse, this.#now)
    if (amps > binding) {
      const held = last !== undefined && this.#now.getTime() - last.queuedAt.getTime() < this.#settings.raiseHoldMs
      if (last?.state === 'open' || held || !this.#hasRoom(evse, amps)) return
    } else if (amps === binding && !this.#isToBeRenewed(evse, last, amps, until)) return
    this.#tell(evse, amps, until)
  }

  #isToBeRenewed(evse: LoadEvse, last: Told | undefined, amps: number, until: Date | null): boolean {
    if (last === undefined || last.state === 'open') return false
    // Nobody knows whether it has it.
    if (last.state === 'unknown') return last.until > this.#now
    if (amps === fallbackOf(evse) || last.until <= this.#now) return false
    if (last.endedAt !== null && evse.bootedAt !== null && last.endedAt < evse.bootedAt) return true
    const life = last.until.getTime() - last.queuedAt.getTime()
    const left = last.until.getTime() - this.#now.getTime()
    return left < life / 2 && until !== null && until.getTime() > last.until.getTime()
  }

  #tell(evse: LoadEvse, amps: number, until: Date | null): void {
    const { limitMs } = this.#settings
    const told: Told = {
      amps,
      queuedAt: this.#now,
      until: until ?? new Date(this.#now.getTime() + limitMs),
      state: 'open',
      endedAt: null,
    }
    const after = { ...evse, told: [...evse.told, told] }
    for (const { at, accounts } of this.#accounts) accounts.take(evse, this.#worst(after, at) - this.#worst(evse, at))
    this.#evses.set(evse.evseId, after)
    this.commands.push({ evseId: evse.evseId, amps, until: told.until })
  }

  #worst(evse: LoadEvse, at: Date): number {
    return worstOf(evse, at, this.#now, this.#settings)
  }

  #hasRoom(evse: LoadEvse, amps: number): boolean {
    const more = amps - this.#worst(evse, this.#now)
    return more <= 0 || this.accounts.fits(evse, more)
  }

  /** How long this limit may hold: until a reading gets stale without which there is no room for it. Null: not long enough. */
  #until(evse: LoadEvse, amps: number): Date | null {
    const { limitMs, slackMs, leastMs } = this.#settings
    const end = this.#now.getTime() + limitMs
    if (amps <= fallbackOf(evse)) return new Date(end)
    const tight = this.#accounts
      .slice(1)
      .find(({ at, accounts }) => at.getTime() < end + slackMs && !accounts.fits(evse, amps - this.#worst(evse, at)))
    const until = tight === undefined ? end : Math.min(end, tight.at.getTime() - slackMs)
    return until - this.#now.getTime() < leastMs ? null : new Date(until)
  }
}

/** After a refusal, or an answer that did not come, a station is left alone for a while. */
function isPausing({ told }: LoadEvse, now: Date, { retryMs }: GuardSettings): boolean {
  const last = told.at(-1)
  if (last === undefined || (last.state !== 'refused' && last.state !== 'unknown')) return false
  return last.endedAt !== null && now.getTime() - last.endedAt.getTime() < retryMs
}

function whyOf(evse: LoadEvse, shareA: number, now: Date, settings: GuardSettings): Why {
  if (evse.ignoringSince !== null) return 'ignores_limit'
  if (refusalsOf(evse) >= settings.mostRefusals) return 'refuses_limits'
  if (evse.installedA === null) return 'no_failsafe'
  if (!evse.connected) return 'offline'
  if (!evse.charging) return 'idle'
  if (shareA < evse.minA) return 'suspended'
  return bindingA(evse, now) < shareA ? 'waits_for_room' : 'charging'
}
