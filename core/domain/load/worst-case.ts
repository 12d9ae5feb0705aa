// Owns the accounts of the load guard: the most that each EVSE and each other load may draw at an instant, and what that is per circuit.
// Must not choose limits.
import { type Circuit, type GuardSettings, type LoadEvse, type LoadSite, type Told, tinyA } from './load-site.ts'

/** What it may draw without any limit: its failsafe share once that stands there, else all that it can. */
export function fallbackOf({ installedA, failsafeA, maxA }: LoadEvse): number {
  return installedA === null ? maxA : Math.min(maxA, Math.max(installedA, failsafeA))
}

/** Refusals since it last took a limit. */
export function refusalsOf({ told }: LoadEvse): number {
  const since = told.findLastIndex(({ state }) => state === 'accepted')
  return told.slice(since + 1).filter(({ state }) => state === 'refused').length
}

/** Whether limits bind it at all; what is not under control may draw all that its hardware can. */
export function isControlled(evse: LoadEvse, { mostRefusals }: GuardSettings): boolean {
  return evse.ignoringSince === null && refusalsOf(evse) < mostRefusals
}

/**
 * The most that the EVSE may draw at `at`, as far as the answers up to `known` tell. A station is bound by the last limit that it took,
 * or by one told later whose answer is out; a limit that has ended, or a restart that lost it, leaves the failsafe share.
 */
export function worstOf(evse: LoadEvse, at: Date, known: Date, settings: GuardSettings): number {
  if (!isControlled(evse, settings)) return evse.maxA
  return Math.min(evse.maxA, Math.max(fallbackOf(evse), ...possible(evse.told, at, known, settings)))
}

function possible(told: readonly Told[], at: Date, known: Date, { slackMs }: GuardSettings): number[] {
  const last = told.findLastIndex(({ state, endedAt }) => state === 'accepted' && endedAt !== null && endedAt <= known)
  return told
    .slice(Math.max(last, 0))
    .filter(({ state, until }) => state !== 'refused' && until.getTime() + slackMs > at.getTime())
    .map(({ amps }) => amps)
}

/** Amps of the busiest phase that other loads of this circuit alone may draw at `at`. */
export function otherAt({ otherLoad }: Circuit, at: Date): number {
  if (otherLoad === null) return 0
  const { reserveA, riseA, reading } = otherLoad
  if (reading === null || at >= staleAt(otherLoad, reading)) return Math.max(reserveA, reading?.amps ?? 0)
  // Who draws more than was said is believed.
  return Math.max(reading.amps, Math.min(reserveA, reading.amps + riseA))
}

function staleAt({ staleAfterMs }: { staleAfterMs: number }, { readAt }: { readAt: Date }): Date {
  return new Date(readAt.getTime() + staleAfterMs)
}

/** When readings that count now will be stale, soonest first. */
export function staleTimes(circuits: readonly Circuit[], now: Date): Date[] {
  return circuits
    .flatMap(({ otherLoad }) => (otherLoad?.reading ? [staleAt(otherLoad, otherLoad.reading)] : []))
    .filter((at) => at > now)
    .sort((a, b) => a.getTime() - b.getTime())
}

type Place = Pick<LoadEvse, 'circuitId' | 'phases' | 'phase'>
type PhaseAmps = readonly [number, number, number]

function weightOf({ phases, phase }: Place): PhaseAmps {
  if (phases === 3 || phase === null) return [1, 1, 1]
  return [phase === 1 ? 1 : 0, phase === 2 ? 1 : 0, phase === 3 ? 1 : 0]
}

/** From the circuit up to the root. */
function pathsOf(circuits: readonly Circuit[]): (circuitId: string) => readonly Circuit[] {
  const byId = new Map(circuits.map((circuit) => [circuit.circuitId, circuit]))
  const paths = new Map<string, Circuit[]>()
  return (circuitId) => {
    const known = paths.get(circuitId)
    if (known !== undefined) return known
    const path: Circuit[] = []
    for (let at = byId.get(circuitId); at !== undefined && !path.includes(at); at = byId.get(at.parentId ?? ''))
      path.push(at)
    paths.set(circuitId, path)
    return path
  }
}

/** What is taken of each circuit, phase by phase; `take` and `fits` keep the sums while shares are found. */
export class Accounts {
  readonly #taken = new Map<string, [number, number, number]>()
  readonly #limits = new Map<string, number>()
  readonly #path: (circuitId: string) => readonly Circuit[]

  constructor({ circuits }: Pick<LoadSite, 'circuits'>, at: Date) {
    this.#path = pathsOf(circuits)
    for (const { circuitId, limitA } of circuits) {
      this.#taken.set(circuitId, [0, 0, 0])
      this.#limits.set(circuitId, limitA)
    }
    for (const circuit of circuits) this.#add(circuit.circuitId, [1, 1, 1], otherAt(circuit, at))
  }

  take(evse: Place, amps: number): void {
    this.#add(evse.circuitId, weightOf(evse), amps)
  }

  /** Whether this much more would still be within the limits of all circuits above. */
  fits(evse: Place, more: number): boolean {
    const weight = weightOf(evse)
    return this.#path(evse.circuitId).every(({ circuitId, limitA }) => {
      const taken = this.#taken.get(circuitId) ?? [0, 0, 0]
      return taken.every((amps, i) => weight[i] === 0 || amps + more <= limitA + tinyA)
    })
  }

  /** Amps of the busiest phase. */
  takenOf(circuitId: string): number {
    return Math.max(...(this.#taken.get(circuitId) ?? [0]))
  }

  isOver(circuitId: string): boolean {
    return this.takenOf(circuitId) > (this.#limits.get(circuitId) ?? 0) + tinyA
  }

  /** Whether a circuit on the way up is over its limit. */
  isSqueezed(evse: Place): boolean {
    return this.#path(evse.circuitId).some(({ circuitId }) => this.isOver(circuitId))
  }

  #add(circuitId: string, weight: PhaseAmps, amps: number): void {
    for (const { circuitId: id } of this.#path(circuitId)) {
      const taken = this.#taken.get(id)
      if (taken !== undefined) for (const i of [0, 1, 2] as const) taken[i] += weight[i] * amps
    }
  }
}

/** What may be drawn at `at` by all of the site, as far as the answers up to `known` tell. */
export function worstAccounts(site: LoadSite, at: Date, known: Date, settings: GuardSettings): Accounts {
  const accounts = new Accounts(site, at)
  for (const evse of site.evses) accounts.take(evse, worstOf(evse, at, known, settings))
  return accounts
}
