// Owns what facts do to bookings: a parking system's own word about one, and entries made on any.
// Must not be called before the stays of the facts are derived.
import type { ParkingReservationData } from '../../domain/parking-fact.ts'
import { credentialsOf, type StayFact, searchKeysOf } from '../../domain/stay/index.ts'
import { bookingsTouched, upsertBooking } from '../../store/bookings.ts'
import { factOfRow, factsOfPlaces } from '../../store/parking-facts.ts'
import { settleBookings, type Touched } from '../bookings/settle-bookings.ts'
import type { ParkingChange } from './parking-change.ts'

type BookingFact = Extract<StayFact, { type: 'reservation.changed' }>

/** Words about one booking that are looked at; more would be a system that repeats itself. */
const history = 50

export async function updateBookings(change: ParkingChange): Promise<void> {
  const { trx, source } = change
  const told = await updateHeldBookings(change)
  const moved = [...change.gained, ...change.lost].filter(
    ({ type }) => type.startsWith('gate.') || type.startsWith('stay.'),
  )
  const entered =
    moved.length === 0
      ? []
      : await bookingsTouched(trx, source, {
          vendorIds: moved.map(({ id }) => id),
          searchKeys: [...new Set(moved.flatMap((fact) => searchKeysOf(credentialsOf(fact))))],
        })
  const touched = new Map<string, Touched>(entered.map((id) => [id, { id }]))
  for (const one of told) touched.set(one.id, one)
  await settleBookings(change, source, [...touched.values()])
}

async function updateHeldBookings(change: ParkingChange): Promise<Touched[]> {
  const { trx, source, now, newId } = change
  const refs = [...change.gained, ...change.lost].flatMap((fact) =>
    fact.type === 'reservation.changed' ? [fact.data.reservationRef] : [],
  )
  const rows = await factsOfPlaces(trx, source, 'reservation.changed', [...new Set(refs)].sort(), history)
  const facts = rows.filter((row) => row.connection_id === source.connectionId).map(factOfRow) as BookingFact[]
  const touched: Touched[] = []
  for (const [reference, ofOne] of byReference(facts)) {
    const { state, from, until, credentials = [], product, amountMinor, currency } = foldBooking(ofOne)
    if (from === undefined || until === undefined || new Date(until) <= new Date(from)) {
      change.log.warn(
        { reservation: reference, connectionId: source.connectionId },
        'a booking without a time is of no use yet',
      )
      continue
    }
    const stored = await upsertBooking(trx, {
      organization_id: source.organizationId,
      site_id: source.siteId,
      reservation_id: newId(),
      connection_id: source.connectionId,
      reservation_ref: reference,
      kind: 'reservation',
      state: state === 'cancelled' ? 'cancelled' : 'booked',
      said: state === 'used' || state === 'expired' ? state : null,
      from_at: new Date(from),
      until_at: new Date(until),
      credentials: credentials as unknown as string,
      search_keys: searchKeysOf(credentials),
      product: product ?? null,
      amount_minor: amountMinor ?? null,
      currency: currency ?? null,
      created_at: now,
      updated_at: now,
    })
    if (stored) touched.push({ id: stored.id, previous: stored.isNew ? null : 'booked' })
  }
  return touched
}

function byReference(facts: readonly BookingFact[]): Map<string, BookingFact[]> {
  const groups = new Map<string, BookingFact[]>()
  for (const fact of facts) {
    const { reservationRef } = fact.data
    groups.set(reservationRef, [...(groups.get(reservationRef) ?? []), fact])
  }
  return groups
}

/** Oldest first; what a later word leaves out stays as it was said. The last word is the state. */
export function foldBooking(facts: readonly BookingFact[]): Partial<ParkingReservationData> {
  const known: Partial<ParkingReservationData> = {}
  for (const { data } of facts) {
    const { credentials, ...said } = data
    Object.assign(known, said, credentials.length > 0 ? { credentials } : {})
  }
  return known
}
