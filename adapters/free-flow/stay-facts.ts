// Owns the facts that any free-flow parking makes: its beginning, its end and its price, under names that corrections share.
// Must not know a vendor's fields.
import type { ParkingFact, ReportedCredential } from '../../core/plugin/index.ts'
import type { Price } from './price.ts'

/** What all facts of one message share. */
export interface FactFrame {
  /** The vendor's name of the parking. */
  stayRef: string
  revision: number
  backfilled: boolean
}

const framed = ({ stayRef, revision, backfilled }: FactFrame, part: string) => ({
  id: `parking/${stayRef}/${part}`,
  revision,
  backfilled,
  stayRef,
})

export function beganFact(
  frame: FactFrame,
  began: { at: Date; credentials: readonly ReportedCredential[]; lane?: string },
): ParkingFact {
  const { at, credentials, lane } = began
  return {
    ...framed(frame, 'began'),
    type: 'stay.opened',
    occurredAt: at,
    ...(lane === undefined ? {} : { lane }),
    data: { enteredAt: at.toISOString(), credentials },
  }
}

export function endedFact(frame: FactFrame, at: Date, reason?: string): ParkingFact {
  return {
    ...framed(frame, 'ended'),
    type: 'stay.closed',
    occurredAt: at,
    data: { exitedAt: at.toISOString(), ...(reason === undefined ? {} : { reason }) },
  }
}

export function pricedFact(
  frame: FactFrame,
  at: Date,
  price: Price,
  said: { priceRef: string; rate?: string },
): ParkingFact {
  return {
    ...framed(frame, 'price'),
    type: 'stay.priced',
    occurredAt: at,
    data: { ...price, final: true, ...said },
  }
}

/** The vendor has the money already; what the hub bills for parking is paid by it. */
export function collectedFact(frame: FactFrame, at: Date, price: Price, method: string): ParkingFact {
  const { amountMinor, currency } = price
  return {
    ...framed(frame, 'money'),
    type: 'payment.captured',
    occurredAt: at,
    data: { amountMinor, currency, scope: 'parking', method, vendorTransaction: frame.stayRef },
  }
}

export function plate(value: string, country: string | undefined): ReportedCredential {
  return { kind: 'plate', value, ...(country === undefined ? {} : { country }) }
}
