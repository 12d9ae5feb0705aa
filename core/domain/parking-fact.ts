// Owns the vendor-neutral language of the parking side: what a PARCS, camera or reader reported, and the gate question.
// Must not know a vendor's words; adapters translate on their side of this line.

export const parkingFactTypes = [
  'gate.requested',
  'gate.decided',
  'gate.passed',
  'gate.backedOut',
  'stay.opened',
  'stay.closed',
  'stay.corrected',
  'stay.voided',
  'payment.captured',
  'payment.refunded',
  'payment.failed',
  'discount.applied',
  'occupancy.changed',
  'equipment.changed',
  'credential.observed',
  'bay.changed',
  'stay.priced',
  'reservation.changed',
] as const
export type ParkingFactType = (typeof parkingFactTypes)[number]

export type ParkerKind = 'transient' | 'contract' | 'member' | 'reservation'
export type Direction = 'entry' | 'exit' | 'internal'

/** A credential as one reader reported it. */
export interface ReportedCredential {
  kind: 'plate' | 'card' | 'ticket' | 'qr' | 'app' | 'emaid' | 'phone'
  value: string
  encoding?: string
  bitLength?: number
  reader?: string
  /** 0..1 */
  confidence?: number
  /** 0..1 per character of `value`. */
  charConfidence?: readonly number[]
  country?: string
  /** State or province, as ISO 3166-2 names it after the hyphen. */
  region?: string
  candidates?: readonly { value: string; confidence?: number }[]
}

export interface GateData {
  direction: Direction
  requestId?: string
  credentials: readonly ReportedCredential[]
  decision?: 'granted' | 'declined' | 'unknown'
  reasonCode?: string
  /** Of the hub's own decisions: in plain words for the operator. */
  explanation?: string
  parkerKind?: ParkerKind
}

export interface StayData {
  parkerKind?: ParkerKind
  enteredAt?: string
  exitedAt?: string
  credentials?: readonly ReportedCredential[]
  reason?: string
}

export interface StayCorrection {
  changed: {
    enteredAt?: string | null
    exitedAt?: string | null
    credentials?: readonly ReportedCredential[]
    plate?: string
    parkerKind?: ParkerKind
  }
  operator?: string
}

export interface PaymentData {
  amountMinor: number
  currency: string
  method?: string
  scope: 'parking' | 'energy' | 'both'
  vendorTransaction?: string
  paidUntil?: string
}

export interface DiscountData {
  kind: 'validation' | 'promotion' | 'product' | 'prepaid'
  amountMinor?: number
  percent?: number
  minutes?: number
  providerNo?: string
  reason?: string
}

export interface OccupancyData {
  counter: string
  free?: number
  occupied?: number
  capacity?: number
  category?: string
  area?: string
}

export interface EquipmentData {
  state: 'ok' | 'warning' | 'fault' | 'offline'
  code?: string
  text?: string
}

export interface ObservationData {
  role: 'gate' | 'charger' | 'bay'
  credentials: readonly ReportedCredential[]
  bay?: string
  evse?: string
}

export interface BayData {
  bay: string
  occupied: boolean
  credentials?: readonly ReportedCredential[]
}

/** What the parking system itself asks for the parking of this stay. */
export interface PricedData {
  /** Tax included. */
  amountMinor: number
  currency: string
  taxMinor?: number
  /** The vendor's rate, in its own words. */
  rate?: string
  durationMinutes?: number
  /** The stay is over and the price will not change: the hub may bill it. */
  final: boolean
  /** The vendor's name of this price, to confirm it by. */
  priceRef?: string
  credentials?: readonly ReportedCredential[]
}

/** A booking that the parking system or its partner holds. */
export interface ParkingReservationData {
  reservationRef: string
  state: 'booked' | 'changed' | 'used' | 'expired' | 'cancelled'
  from?: string
  until?: string
  credentials: readonly ReportedCredential[]
  product?: string
  amountMinor?: number
  currency?: string
}

interface DataByType {
  'gate.requested': GateData
  'gate.decided': GateData
  'gate.passed': GateData
  'gate.backedOut': GateData
  'stay.opened': StayData
  'stay.closed': StayData
  'stay.corrected': StayCorrection
  'stay.voided': StayData
  'payment.captured': PaymentData
  'payment.refunded': PaymentData
  'payment.failed': PaymentData
  'discount.applied': DiscountData
  'occupancy.changed': OccupancyData
  'equipment.changed': EquipmentData
  'credential.observed': ObservationData
  'bay.changed': BayData
  'stay.priced': PricedData
  'reservation.changed': ParkingReservationData
}

/** One fact of a connection. The pair (id, revision) names it for ever; a higher revision of the same id replaces the lower. */
export type ParkingFact = {
  [T in ParkingFactType]: {
    id: string
    revision: number
    type: T
    occurredAt: Date
    backfilled: boolean
    stayRef?: string
    lane?: string
    device?: string
    data: DataByType[T]
  }
}[ParkingFactType]

export type ParkingResult =
  | { id: string; revision: number; status: 'stored' | 'duplicate' | 'superseded' }
  | { id: string; revision: number; status: 'rejected'; reason: string; pointer?: string }

export interface GateQuestion {
  requestId: string
  lane: string
  direction: Direction
  credentials: readonly ReportedCredential[]
  occurredAt: Date
  /** Asked a second time, because what was shown had been read as this before and was another thing. */
  instead?: string
}

export interface GateDecision {
  requestId: string
  decision: 'granted' | 'declined' | 'notFound'
  reasonCode: string
  /** In plain words, fit for the lane's display: short, and nothing about people. */
  message: string
  validUntil?: Date
}

/** The door of one parking connection into the core. */
export interface ParcsSink {
  /** Stores each fact or says why not, one by one; resolves once the stored ones are committed. */
  record(facts: readonly ParkingFact[]): Promise<ParkingResult[]>
  /** Answers "may this credential enter?" before the deadline, whatever the database does. */
  decide(question: GateQuestion): Promise<GateDecision>
}
