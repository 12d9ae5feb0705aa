// Owns the words of the load guard: circuits, the EVSEs on them, what each was told, and the times that the guard goes by.
// Must not decide anything.

/** What draws from a circuit besides the EVSEs on it and on those below, in amps of its busiest phase. */
export interface OtherLoad {
  /** The most it ever draws; counts while no fresh reading says less. */
  reserveA: number
  /** By how much it can rise within the time after which a reading is stale. */
  riseA: number
  staleAfterMs: number
  reading: { amps: number; readAt: Date } | null
}

export interface Circuit {
  circuitId: string
  parentId: string | null
  /** Continuous rating of each phase. */
  limitA: number
  otherLoad: OtherLoad | null
}

/** One limit that was put in a station's queue. A refused one changed nothing; nobody knows whether an unknown one did. */
export interface Told {
  amps: number
  queuedAt: Date
  until: Date
  state: 'open' | 'accepted' | 'unknown' | 'refused'
  endedAt: Date | null
}

export interface LoadEvse {
  evseId: string
  circuitId: string
  /** Where the phase of a single-phase EVSE is not known, it counts in full on each. */
  phases: 1 | 3
  phase: 1 | 2 | 3 | null
  /** Below this a car cannot charge; less is none (IEC 61851-1). */
  minA: number
  /** What the hardware can draw, whatever it was told. */
  maxA: number
  /** What its station falls back to by the failsafe profile. */
  failsafeA: number
  /** The failsafe profile stands at the station; null while that is not known. Another value may stand there until it is replaced. */
  installedA: number | null
  connected: boolean
  /** Its station's last start: a limit that was taken before may be lost. */
  bootedAt: Date | null
  charging: boolean
  /** Oldest first; a station takes them in this order. */
  told: readonly Told[]
  measured: { amps: number; at: Date } | null
  /** First sample of those that are above what it may draw; null while it keeps to it. */
  overSince: Date | null
  /** It was seen to ignore its limit; a person trusts it again. */
  ignoringSince: Date | null
}

export interface LoadSite {
  circuits: readonly Circuit[]
  evses: readonly LoadEvse[]
}

export interface GuardSettings {
  /** A limit expires after this unless it is told again. */
  limitMs: number
  /** By how much a station's clock may be behind: an expired limit counts for this much longer. */
  slackMs: number
  /** A limit that would hold for less is not worth telling. */
  leastMs: number
  /** Between two limits of one EVSE, where the later one is higher. */
  raiseHoldMs: number
  /** Before a limit that was refused or got no answer is told again. */
  retryMs: number
  /** What a station may take to follow a lower limit, before a meter tells. */
  settleMs: number
  /** How long it may draw more than it may. */
  graceMs: number
  /** What meters are off by: amps, or this part of the limit where that is more. */
  toleranceA: number
  tolerancePart: number
  /** Refusals one after another from which on a station is not under control. */
  mostRefusals: number
  /** Where not all can charge at once, others have their turn after this. */
  turnMs: number
}

const second = 1_000
const minute = 60 * second

export const guardSettings: GuardSettings = {
  limitMs: 15 * minute,
  slackMs: minute,
  leastMs: 30 * second,
  raiseHoldMs: 10 * second,
  retryMs: minute,
  settleMs: 15 * second,
  graceMs: 30 * second,
  toleranceA: 1,
  tolerancePart: 0.05,
  mostRefusals: 3,
  turnMs: 15 * minute,
}

/** Amps are compared as meters and sums of decimals give them. */
export const tinyA = 1e-6
