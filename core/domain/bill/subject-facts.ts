// Owns what a bill is made from: the facts of one subject (a stay with its sessions, or a session without a stay) at one moment.
// Must not hold anything that was not stored as a fact or a setting.
import type { ParkerKind } from '../parking-fact.ts'
import type { AppliedDiscount, SessionPeriod } from '../price.ts'
import type { StayPrice } from '../stay/stay.ts'

export type SubjectKey = `stay:${string}` | `session:${string}`

/** What is billed without a stay or session: one period of a membership, or the correction of an invoice. */
export type AccountSubjectKey = `membership:${string}` | `invoice:${string}`

export interface StayFacts {
  stayId: string
  state: 'open' | 'closed' | 'exit_only' | 'voided'
  parkerKind: ParkerKind
  accountId: string | null
  plate: string | null
  enteredAt: Date | null
  exitedAt: Date | null
  entryLane: string | null
  exitLane: string | null
  discounts: readonly AppliedDiscount[]
  /** What the parking system asks for it, as last told. */
  price: StayPrice | null
  flags: readonly string[]
  factsAt: Date
  /** When parking was last paid for, at or before the exit. */
  paidAt?: Date | null
}

export interface SessionFacts {
  sessionId: string
  state: 'active' | 'ended' | 'closed' | 'void'
  stationId: string
  evseNumber: number
  areaId: string | null
  accountId: string | null
  accountKind: ParkerKind | null
  pluggedAt: Date
  unpluggedAt: Date | null
  startedAt: Date
  endedAt: Date | null
  energyWh: number
  chargingSeconds: number
  suspendedVehicleSeconds: number
  suspendedStationSeconds: number
  idleSeconds: number
  periods: readonly SessionPeriod[]
  flags: readonly string[]
  /** Signed meter data of its end has come. */
  signedEnd: boolean
  /** Since when the EVSE was held free for it; null without a reservation. */
  reservedFrom: Date | null
  evseKind: 'AC' | 'DC' | null
  /** Fixed on the session, at its start or when it was first billed. */
  tariffId: string | null
  tariffVersion: number | null
  factsAt: Date
}

export interface LinkFacts {
  stayId: string
  sessionId: string
  state: 'linked' | 'review' | 'rejected' | 'unlinked' | 'withdrawn'
  stayState: StayFacts['state']
  /** Another stay holds the session, so this link decides nothing about it. */
  decidedElsewhere: boolean
  /** Since when it is in this state; what was written anew about why it is so is no news for a bill. */
  decidedAt: Date
}

export interface SubjectFacts {
  key: SubjectKey
  /** Null for a session of a station that stands at no site. */
  siteId: string | null
  stay: StayFacts | null
  /** Of a stay: those linked to it. Otherwise the one session. */
  sessions: readonly SessionFacts[]
  /** All links that touch the stay or the session. */
  links: readonly LinkFacts[]
}

/** Null for every other key. */
export function subjectOf(key: string): { kind: 'stay' | 'session'; id: string } | null {
  const match = /^(stay|session):([0-9a-f-]{36})$/.exec(key)
  return match === null ? null : { kind: match[1] as 'stay' | 'session', id: match[2] ?? '' }
}
