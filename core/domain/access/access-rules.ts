// Owns what the rules of access are written in: of accounts and groups, of what is held, and of the place that is asked about.
// Must not decide; judge-access.ts does.
import type { Schedule, SiteTime } from './schedule.ts'

export type AccessRight = 'park' | 'charge'
export type Antipassback = 'none' | 'soft' | 'hard'

/** The rules of one account or group. What is left out limits nothing. */
export interface AccessRules {
  /** Where: sites and areas for gates and chargers alike. */
  siteIds?: readonly string[]
  areaIds?: readonly string[]
  laneIds?: readonly string[]
  stationIds?: readonly string[]
  evseIds?: readonly string[]
  stationTags?: readonly string[]
  /** When: inside any of them. */
  scheduleIds?: readonly string[]
  /** Cars inside a site at once; of a group, of all its members together. */
  maxInside?: number
  /** Charging sessions at once, at all sites. */
  maxCharging?: number
  /** A car of the account is inside and another entry is asked for. */
  antipassback?: Antipassback
  /** The account is known to be outside and an exit is asked for. */
  exitWithoutEntry?: 'grant' | 'decline'
}

export interface HeldGroup {
  groupId: string
  code: string
  siteIds: readonly string[] | null
  rights: readonly string[]
  access: AccessRules
}

/** An account whose places this one draws on. */
export interface PoolAccount {
  accountId: string
  number: string
  name: string
  status: string
  access: AccessRules
}

export interface HeldAccount {
  accountId: string
  number: string
  name: string
  status: string
  validFrom: Date | null
  validUntil: Date | null
  settings: Record<string, unknown>
  access: AccessRules
  pool: PoolAccount | null
  groups: readonly HeldGroup[]
  /** The live ones that the account and its groups name. */
  schedules: readonly Schedule[]
  /** Its stays at the asked site since the last reset; empty unless they were asked for. */
  openStays: readonly OpenStay[]
  /** Its last exit from the asked site since the last reset. */
  lastExitAt: Date | null
}

export interface OpenStay {
  enteredAt: Date | null
  credentialId: string | null
  vehicleId: string | null
}

/** One identified credential, as it is held at the instant that is asked about. */
export interface HeldCredential {
  credentialId: string
  kind: string
  label: string | null
  status: string
  rights: readonly string[]
  siteIds: readonly string[] | null
  validFrom: Date | null
  validUntil: Date | null
  vehicleId: string | null
  accountId: string | null
  /** Antipassback does not look at it. */
  neutral: boolean
  account: HeldAccount | null
}

export interface GatePlace {
  place: 'gate'
  direction: 'entry' | 'exit' | 'internal'
  /** As the question named it. */
  lane: string
  /** Null: no such lane is set up. */
  laneId: string | null
  areaId: string | null
}

export interface ChargerPlace {
  place: 'charger'
  stationId: string | null
  tags: readonly string[]
  /** All that the card may be meant for: the EVSE that is asked about, or every one of the station. */
  evses: readonly { evseId: string; areaId: string | null }[]
}

export type AccessPlace = (GatePlace | ChargerPlace) & {
  siteId: string | null
  at: Date
  /** Null where the site is not known. */
  time: SiteTime | null
}

/** Whoever is asked must ask the hub, because the answer depends on the hour, the plug or others: no list at a station can hold it. */
export function dependsOnMoment(account: Pick<HeldAccount, 'access' | 'pool' | 'groups'>): boolean {
  const rules = [account.access, ...account.groups.map(({ access }) => access)]
  return (
    rules.some(({ scheduleIds, evseIds, maxCharging }) => scheduleIds || evseIds || maxCharging !== undefined) ||
    account.pool?.access.maxCharging !== undefined
  )
}

/** The same for a gate: no parking system that was told beforehand knows the hour, the lane, or who else of a pool or group is inside. */
export function dependsOnMomentAtGate(account: Pick<HeldAccount, 'access' | 'pool' | 'groups'>): boolean {
  const { access, pool, groups } = account
  const rules = [access, ...groups.map((group) => group.access)]
  return (
    rules.some(({ scheduleIds, laneIds, areaIds }) => scheduleIds || laneIds || areaIds) ||
    [...groups.map((group) => group.access), ...(pool ? [pool.access] : [])].some(
      ({ maxInside }) => maxInside !== undefined,
    )
  )
}
