// Owns the life of a reservation: what can be heard of it, and what it is afterwards, as a table.
// Must not touch anything.

export type ReservationState = 'requested' | 'confirmed' | 'refused' | 'used' | 'expired' | 'removed' | 'cancelled'

/** What is heard: the station's answers and notices, its transactions, the clock. */
export type ReservationFact =
  | 'confirmed'
  | 'refused'
  | 'used'
  /** Said by the station, or by the clock when its time was over. */
  | 'expired'
  /** The station gave it up: the connector failed, or it does not know of it. */
  | 'removed'
  | 'cancelled'

/**
 * State × fact → state; what is not listed changes nothing. Stations answer, tell and start in any order, twice, and late, so
 * the table is made such that the order does not matter: each fact can only lead on to what it says, past everything that
 * says less. A car that charged on it counts more than any word about it.
 */
export const reservationSteps: Readonly<
  Record<ReservationState, Readonly<Partial<Record<ReservationFact, ReservationState>>>>
> = {
  requested: {
    confirmed: 'confirmed',
    expired: 'expired',
    removed: 'removed',
    cancelled: 'cancelled',
    refused: 'refused',
    used: 'used',
  },
  confirmed: { expired: 'expired', removed: 'removed', cancelled: 'cancelled', refused: 'refused', used: 'used' },
  expired: { removed: 'removed', cancelled: 'cancelled', refused: 'refused', used: 'used' },
  removed: { cancelled: 'cancelled', refused: 'refused', used: 'used' },
  cancelled: { refused: 'refused', used: 'used' },
  refused: { used: 'used' },
  used: {},
}

export function nextReservationState(state: ReservationState, fact: ReservationFact): ReservationState {
  return reservationSteps[state][fact] ?? state
}

/** Words of a station's notice (2.x ReservationUpdateStatusEnumType) as facts; undefined for ones not known. */
export const noticedFacts: Readonly<Record<string, ReservationFact>> = {
  expired: 'expired',
  removed: 'removed',
  no_transaction: 'expired',
}
