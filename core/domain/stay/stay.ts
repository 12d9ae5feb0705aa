// Owns the shape of a stay as the facts tell it, and the names of what can be odd about one.
// Must not hold rules; derive-stays.ts and the folds do.
import type { DiscountData, ParkerKind, PricedData } from '../parking-fact.ts'
import type { SeenCredential } from './stay-fact.ts'

/** Oddities kept on a stay, with what each says to a person. */
export const stayFlagWords = {
  exit_missing: 'the car came in again before an exit was reported',
  exit_before_entry: 'the exit was reported for a time before the entry; counted as no time at all',
  entry_missing: 'an exit was reported, but no entry',
  two_entries: 'more than one entry was reported; the first counts',
  two_exits: 'more than one exit was reported; the first counts',
  entered_again: 'came in again under the same reference after leaving',
  lost_ticket: 'let out as one whose ticket was lost',
  foreign_currency: 'a payment is in another currency than the site and is not added up',
  foreign_price: 'the parking system priced it in another currency than the site; that price is not billed',
  paired_by_plate:
    'entry and exit were read as two plates that cameras mix up, and no other car inside came near; taken for one car',
  entry_unsure: 'a plate like this one came in, but it is not sure that it was this car; kept apart',
  exit_unsure: 'a plate like this one went out, but it is not sure that it was this car; kept apart',
  exit_unknown: 'no exit was reported; it is taken to have left',
  account_ambiguous: 'its credentials belong to more than one account',
  withdrawn: 'no fact speaks for this stay any more',
} as const
export type StayFlag = keyof typeof stayFlagWords

export type StayState = 'open' | 'closed' | 'exit_only' | 'voided'

/** One form in which a credential was seen during the stay. `key` is null when nothing canonical could be made of it. */
export interface StayPresentation extends Omit<SeenCredential, 'value'> {
  raw: string
  key: string | null
  at: string
  lane: string | null
  role: 'request' | 'entry' | 'exit' | 'internal' | 'gate' | 'charger' | 'bay' | 'record' | 'correction'
  /** Why a passage with another plate counts as one of this stay. */
  paired?: PairedPlate
}

/** Two readings taken for one plate. */
export interface PairedPlate {
  /** The plate of the stay that this was taken for. */
  plate: string
  /** In the errors that cameras make: 0.25 is one swap that they often make. */
  distance: number
  /** Version of what the site's cameras were known to mix up; 0 is the usual alone. */
  model: number
}

/** Where in the site the car was seen, by code. */
export interface StayPlace {
  at: string
  bay: string | null
  evse: string | null
  lane: string | null
}

export interface StayDiscount extends DiscountData {
  factId: string
  at: string
}

/** What the parking system asks for the stay. */
export interface StayPrice extends Omit<PricedData, 'credentials'> {
  factId: string
  at: string
}

export interface DerivedStay {
  /** Natural key within its connection: `ref:<vendor's reference>`, or `gate:<id of the fact that begins it>`. */
  key: string
  stayRef: string | null
  state: StayState
  /** Null when no fact says it. */
  parkerKind: ParkerKind | null
  enteredAt: Date | null
  exitedAt: Date | null
  /** The car must have left before this, although its exit was never reported. */
  exitBefore: Date | null
  entryLane: string | null
  exitLane: string | null
  /** Normalised plate for people to read. */
  plate: string | null
  presentations: readonly StayPresentation[]
  searchKeys: readonly string[]
  places: readonly StayPlace[]
  discounts: readonly StayDiscount[]
  /** Captured less refunded, in the site's currency. */
  paidMinor: number
  paidUntil: Date | null
  price: StayPrice | null
  flags: readonly StayFlag[]
  /** Instant of the latest fact, requests aside. */
  factsAt: Date
  /** Instant of the latest fact that says where the car is: no money, no requests. */
  presentAt: Date
  factIds: readonly string[]
}
