// Owns reading reservations within the caller's limits.
// Must not write.
import type { Page } from '../../store/keyset.ts'
import { getRecord, type ListQuery, listRecords } from '../../store/record-table.ts'
import { type Reservation, reservations } from '../../store/reservations.ts'
import { type Access, notFound, type Outcome, ok } from '../manage/outcome.ts'
import type { ServiceDeps } from '../service-deps.ts'

export function listReservations({ db }: Pick<ServiceDeps, 'db'>) {
  return (access: Access, query: ListQuery): Promise<Page<Reservation>> => listRecords(db, reservations, access, query)
}

export function getReservation({ db }: Pick<ServiceDeps, 'db'>) {
  return async (access: Access, id: string): Promise<Outcome<Reservation>> => {
    const found = await getRecord(db, reservations, access, id)
    return found ? ok(found) : notFound
  }
}
