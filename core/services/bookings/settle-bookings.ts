// Owns what became of bookings: used, not shown up, over. It follows from the stays and the clock, however late those arrive.
// Must not open a gate.
import { bookingState, patienceOf } from '../../domain/access/index.ts'
import { type BookedEntries, bookedEntries, writeBookingUse } from '../../store/bookings.ts'
import { appendEvents } from '../../store/event-log.ts'
import { sites } from '../../store/places.ts'
import { type Db, getRecord } from '../../store/record-table.ts'
import { setTimers } from '../../store/timers.ts'
import { transaction } from '../../store/transaction.ts'
import type { ServiceDeps } from '../service-deps.ts'

export interface SettleDeps extends Pick<ServiceDeps, 'newId'> {
  trx: Db
  now: Date
}

interface OfSite {
  organizationId: string
  siteId: string
}

export interface Touched {
  id: string
  /** State before the change that is told of; null for a new one. Left out: nothing but what follows here changed. */
  previous?: string | null
}

/** Brings bookings up to date with their entries, tells what changed, and makes the appointment for the end of each. */
export async function settleBookings(
  { trx, now, newId }: SettleDeps,
  { organizationId, siteId }: OfSite,
  touched: readonly Touched[],
): Promise<void> {
  if (touched.length === 0) return
  const site = await getRecord(trx, sites, { organizationId, siteIds: null }, siteId)
  const patience = patienceOf(site?.settings ?? {})
  const told = new Map(touched.map((one) => [one.id, one]))
  const rows = await bookedEntries(trx, organizationId, [...told.keys()], patience)
  for (const row of rows) {
    const { reservationId, entries, firstAt, lastAt } = row
    const state = stateOf(row, now, patience)
    const changed =
      state !== row.state || entries !== row.usedCount || firstAt?.getTime() !== row.firstUsedAt?.getTime()
    if (changed) await writeBookingUse(trx, organizationId, reservationId, { state, entries, firstAt, lastAt, now })
    const { previous = row.state } = told.get(reservationId) ?? {}
    const news = told.get(reservationId)?.previous !== undefined || state !== row.state
    if (!news) continue
    await appendEvents(trx, [
      {
        id: newId(),
        type: 'parking_reservation.changed',
        organizationId,
        siteId,
        subject: { type: 'parking_reservation', id: reservationId, version: row.version + (changed ? 1 : 0) },
        occurredAt: now,
        recordedAt: now,
        data: { reservationId, state, previous, from: row.from.toISOString(), until: row.until.toISOString() },
      },
    ])
  }
  const later = rows.filter(
    ({ until, state }) => state !== 'cancelled' && until.getTime() + patience.lateMs > now.getTime(),
  )
  await setTimers(
    trx,
    later.map(({ reservationId, until }) => ({
      organizationId,
      siteId,
      kind: 'parking_reservation.end',
      key: `parking_reservation:${reservationId}`,
      dueAt: new Date(until.getTime() + patience.lateMs),
      data: { organizationId, siteId, reservationId },
    })),
  )
}

function stateOf(row: BookedEntries, now: Date, patience: ReturnType<typeof patienceOf>): BookedEntries['state'] {
  const used = row.said === 'used' ? Math.max(row.entries, 1) : row.entries
  // What the parking system calls over is over.
  const at = row.said === 'expired' ? new Date(Math.max(now.getTime(), row.until.getTime() + patience.lateMs)) : now
  return bookingState(row, used, at, patience)
}

/** The task `parking_reservation.end`: the window of a booking is over. */
export function endBooking(deps: ServiceDeps) {
  return ({ organizationId, siteId, reservationId }: OfSite & { reservationId: string }): Promise<void> =>
    transaction(deps.db, (trx) =>
      settleBookings({ trx, now: deps.clock.now(), newId: deps.newId }, { organizationId, siteId }, [
        { id: reservationId },
      ]),
    )
}
