// Owns what the reconciliation needs to know of the hub's records, and nothing more of them.
// Must not fetch; hub-client.ts does.

export interface HubStay {
  id: string
  /** The parking system's number. */
  ref: string | null
  state: string
  parkerKind: string
  enteredAt: Date | null
  exitedAt: Date | null
  flags: readonly string[]
}

export interface HubSession {
  id: string
  /** The code that the station dials in with. */
  station: string
  evse: number
  state: string
  pluggedAt: Date
  unpluggedAt: Date | null
  endedAt: Date | null
  energyWh: number
  flags: readonly string[]
}

export interface HubLink {
  id: string
  stayId: string
  sessionId: string
  state: string
  method: string
}

export interface HubLine {
  kind: string
  stayId: string | null
  sessionId: string | null
  /** Exact decimal as text. */
  quantity: string
  unit: string
  netMinor: number
  taxMinor: number
  totalMinor: number
}

export interface HubBill {
  id: string
  number: string
  kind: string
  subjectKey: string
  stayId: string | null
  sessionId: string | null
  netMinor: number
  taxMinor: number
  totalMinor: number
  lines: readonly HubLine[]
}

export interface HubEntry {
  id: string
  sourceType: string
  sourceId: string
  postings: readonly { debitAccount: string; creditAccount: string; amountMinor: number; billId: string | null }[]
}

export interface HubPayment {
  id: string
  kind: string
  stayId: string | null
  amountMinor: number
}

export interface HubReview {
  id: string
  kind: string
  reason: string
}

export interface HubAnswers {
  stays: readonly HubStay[]
  sessions: readonly HubSession[]
  links: readonly HubLink[]
  bills: readonly HubBill[]
  journal: readonly HubEntry[]
  payments: readonly HubPayment[]
  reviews: readonly HubReview[]
}
