// Owns the neutral form of a charging profile: what a station may draw or give, when, and for whom.
// Must not name a protocol's words; the adapters translate, and say what a version cannot carry.

/** Whom a profile binds: the whole station, every transaction, one transaction, or what others have set. */
export type ProfilePurpose =
  | 'station_max'
  | 'default'
  | 'transaction'
  | 'station_external'
  | 'priority'
  | 'local_generation'

export type ProfileKind = 'absolute' | 'daily' | 'weekly' | 'relative' | 'dynamic'

export interface SchedulePeriod {
  /** Seconds from the start of the schedule. */
  startSeconds: number
  /** In the schedule's unit; absent only where a set-point or an operation mode says it instead (2.1). */
  limit?: number
  phases?: 1 | 2 | 3
  /** Which phase, where the station may use one of three. */
  phaseToUse?: 1 | 2 | 3
  /** 2.1 V2X: the most to give back (at most 0), the wanted value, how the car is to be run. */
  dischargeLimit?: number
  setpoint?: number
  operationMode?: string
}

export interface ChargingSchedule {
  unit: 'A' | 'W'
  /** ISO 8601; absent for relative profiles. */
  startAt?: string
  durationSeconds?: number
  minRate?: number
  periods: SchedulePeriod[]
}

export interface ChargingProfile {
  /** Unique at the station; the hub's choice. */
  profileId: number
  stackLevel: number
  purpose: ProfilePurpose
  kind: ProfileKind
  validFrom?: string
  validUntil?: string
  /** One, or up to three alternatives that a car may choose from (ISO 15118). */
  schedules: ChargingSchedule[]
  /** 2.1: how often a dynamic profile is asked for, and how long one holds offline. */
  updateIntervalSeconds?: number
  maxOfflineSeconds?: number
}
