// Owns the shapes of what is known about a charging bay, and of what follows from it.
// Must not hold rules; derive-ev-bay.ts does.

export const evBayStates = [
  'free',
  'charging',
  'plugged_idle',
  'occupied_not_charging',
  'out_of_order',
  'reserved',
] as const
export type EvBayState = (typeof evBayStates)[number]

/** In any order; what lies after the instant asked about does not count. */
export interface EvBayEvidence {
  /** The chargers at the bay. */
  evses: readonly string[]
  /** Reports of the bay's sensor, or of a camera that says free and occupied. */
  sensor: readonly { at: Date; occupied: boolean }[]
  /** Instants at which a camera or reader saw a car in the bay. */
  reads: readonly Date[]
  sessions: readonly BaySession[]
  statuses: readonly ConnectorMark[]
}

export interface BaySession {
  sessionId: string
  pluggedAt: Date
  /** When the cable came out, or the car is known to have left by the gate. */
  endedAt: Date | null
  /** Stretches in which the car could have taken energy and did not; the last may be open. */
  idle: readonly { from: Date; to: Date | null }[]
}

export interface ConnectorMark {
  /** Station, EVSE and connector, as one name. */
  connector: string
  evse: string
  at: Date
  status: string
}

export interface EvBaySettings {
  /** A car may stand in the bay this long without a cable. */
  graceMs: number
  /** A car may pause or be full this long before it counts as idle. */
  idleGraceMs: number
  /** From the beginning of idling. */
  overstayMs: number
  /** Without a sensor, a car that was seen is taken to be there this long. */
  seenMs: number
}

export interface EvBayInterval {
  state: EvBayState
  from: Date
  /** Null: until now. */
  to: Date | null
  sessionId: string | null
}

export interface EvBayNow {
  state: EvBayState
  since: Date
  /** It may have begun before anything that the evidence tells of. */
  sinceOpen: boolean
  /** At least one charger at the bay could charge. */
  working: boolean
  occupied: boolean
  sessionId: string | null
  /** Of `plugged_idle`. */
  idleSince: Date | null
  overstay: boolean
  /** When time alone makes something else of it. */
  nextAt: Date | null
}

const minuteMs = 60_000

export function evBaySettings(settings: unknown): EvBaySettings {
  const given: Record<string, unknown> = typeof settings === 'object' && settings !== null ? { ...settings } : {}
  const minutes = (name: string, standard: number) => {
    const value = given[name]
    return (typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : standard) * minuteMs
  }
  return {
    graceMs: minutes('ev_bay_grace_minutes', 5),
    idleGraceMs: minutes('ev_idle_grace_minutes', 10),
    overstayMs: minutes('ev_overstay_minutes', 30),
    seenMs: minutes('ev_seen_minutes', 30),
  }
}
