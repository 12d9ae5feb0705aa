// Owns the shape of the reckoning: counts, sums and the list of differences.
// Must not judge; the reconcile files do.

export interface Difference {
  /** What it is, in a few words; equal differences count together. */
  class: string
  explained: boolean
  /** Session, stay or bill concerned. */
  subject: string
  detail: string
}

export interface LinkCounts {
  right: number
  wrong: number
}

export interface Reconciliation {
  stays: { true: number; recorded: number; matched: number; voided: number }
  sessions: { true: number; recorded: number; matched: number }
  links: {
    /** Linked automatically, by the hub's method. */
    byMethod: ReadonlyMap<string, LinkCounts>
    linkable: number
    doubtful: number
    unlinkable: number
    right: number
    wrong: number
    /** Waiting for a person, with the right stay or with another one. */
    review: number
    reviewOther: number
    missed: number
    /** Right links among the sessions whose evidence is exact, in thousandths. */
    rightPerMille: number
  }
  energy: { trueWh: number; recordedWh: number; billedWh: number }
  money: {
    bills: number
    adjustments: number
    byKind: ReadonlyMap<string, { lines: number; netMinor: number; taxMinor: number; totalMinor: number }>
    netMinor: number
    taxMinor: number
    totalMinor: number
    /** What the journal puts on receivables for bills. */
    postedMinor: number
    payments: number
    paidMinor: number
  }
  openReviews: ReadonlyMap<string, number>
  differences: readonly Difference[]
  /** No difference is left unexplained. */
  clean: boolean
}

/** What the player of the month knows beside the truth. */
export interface PlayedMoney {
  payments: number
  paidMinor: number
}
