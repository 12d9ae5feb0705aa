// Owns what the hub shows of itself to a parking system that asks: places, occupancy, stays, charging, rights.
// Must not show more than the connection's own site.
import type { ParkerKind } from './parking-fact.ts'

export interface Page<T> {
  items: readonly T[]
  /** Give it back as `after` for the next page; null at the end. */
  next: string | null
}

export interface PageQuery {
  after?: string
  /** 1 to 500; default 100. */
  limit?: number
}

/** Longer than a transaction of the hub may take: its statements and its idle sessions end after 30 s. */
export const changeOverlapMs = 60_000

export interface BookedSite {
  siteId: string
  name: string
  zone: string
  currency: string
  address: string | null
  latitude: number | null
  longitude: number | null
  /** Grow with every change of the site, its areas, bays, lanes or chargers; live states leave them alone. */
  version?: number
  updatedAt?: Date
  areas: readonly { areaId: string; code: string; name: string }[]
  bays: readonly {
    bayId: string
    code: string
    areaId: string | null
    occupied: boolean | null
    since: Date | null
    /** The EVSE that serves it. */
    evse: BookedEvse | null
  }[]
  lanes: readonly { laneId: string; code: string; name: string; direction: 'entry' | 'exit' | 'both' | 'internal' }[]
}

export interface BookedEvse {
  stationIdentity: string
  evse: number
  maxPowerW: number | null
  connectors: readonly { connector: number; kind: string | null }[]
  state: 'free' | 'in_use' | 'out_of_order' | 'unknown'
}

export interface BookedCounter {
  counter: string
  category: string
  area: string | null
  free: number | null
  occupied: number | null
  capacity: number | null
  at: Date
}

export interface BookedStay {
  stayId: string
  /** What the asking connection itself calls this stay; left out for stays that another connection told of. */
  stayRef?: string
  version: number
  state: 'open' | 'closed' | 'exit_only' | 'voided'
  parkerKind: ParkerKind
  enteredAt: Date | null
  exitedAt: Date | null
  credentials: readonly { kind: string; value: string }[]
  plate: string | null
  accountNumber: string | null
  bays: readonly { code: string; from: Date; to: Date | null }[]
  charging: readonly { sessionId: string; pluggedAt: Date; unpluggedAt: Date | null; energyWh: number }[]
  paidMinor: number
  currency: string
  updatedAt: Date
}

/** Somebody charging now or lately: whoever enforces needs to know that this car may stand there. */
export interface BookedCharging {
  sessionId: string
  stationIdentity: string
  evse: number
  bay: string | null
  pluggedAt: Date
  unpluggedAt: Date | null
  stayId: string | null
  plates: readonly { text: string; country: string | null }[]
  updatedAt: Date
}

/** A standing right: who may park or charge here, by which credential. */
export interface BookedRight {
  credentialId: string
  version: number
  kind: string
  keys: readonly string[]
  values: readonly string[]
  plates: readonly { text: string; country: string | null }[]
  accountNumber: string | null
  holder: string | null
  groups: readonly string[]
  rights: readonly ('park' | 'charge')[]
  status: 'active' | 'blocked' | 'revoked'
  validFrom: Date | null
  validUntil: Date | null
  updatedAt: Date
}

export interface BookedTariff {
  tariffId: string
  version: number
  name: string
  kind: 'parking' | 'charging' | 'both'
  currency: string
  validFrom: Date
  validUntil: Date | null
  /** The tariff engine's own rules. */
  rules: unknown
}

/**
 * What one connection may read of its site. Lists with `changedSince` come in the order of their last change, ties broken by id: a
 * row that changes while pages are read moves behind the cursor and is met again. A change is stamped before it is committed, so a
 * list begins `changeOverlapMs` earlier than it was asked to: whoever asks with the time at which it last began to ask sees every
 * change at least once, and some twice. What an account may no longer use is told as a change, too.
 */
export interface ParkingBook {
  site(): Promise<BookedSite>
  counters(): Promise<readonly BookedCounter[]>
  stays(
    query: PageQuery & { changedSince?: Date; open?: boolean; plate?: string; stayIds?: readonly string[] },
  ): Promise<Page<BookedStay>>
  charging(query: PageQuery & { now?: boolean; changedSince?: Date; plate?: string }): Promise<Page<BookedCharging>>
  rights(
    query: PageQuery & { changedSince?: Date; plate?: string; credentialIds?: readonly string[] },
  ): Promise<Page<BookedRight>>
  tariffs(): Promise<readonly BookedTariff[]>
}
