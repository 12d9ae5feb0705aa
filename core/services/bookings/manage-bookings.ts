// Owns bookings and visitor passes as people make, change and cancel them.
// Must not touch those that a parking system holds: it says what becomes of them.
import { type CredentialKind, canonicalise } from '../../domain/credential/index.ts'
import type { ReportedCredential } from '../../domain/parking-fact.ts'
import { searchKeysOf } from '../../domain/stay/index.ts'
import { type ParkingReservation, parkingReservations } from '../../store/bookings.ts'
import { accounts } from '../../store/people.ts'
import { columns, columnsOf, type Managed, manage } from '../manage/manage-record.ts'
import { type Access, invalid, type Outcome, type Refusal } from '../manage/outcome.ts'
import { broken, theSite } from '../manage/references.ts'
import type { ServiceDeps } from '../service-deps.ts'
import { settleBookings } from './settle-bookings.ts'

export interface BookingFields {
  name?: string | null
  accountId?: string | null
  from?: string
  until?: string
  rights?: ParkingReservation['rights']
  uses?: ParkingReservation['uses']
  credentials?: readonly ReportedCredential[]
  note?: string | null
}
export type BookingCreate = BookingFields & {
  siteId: string
  from: string
  until: string
  kind?: ParkingReservation['kind']
}
type BookingPatch = BookingFields & { cancelled?: true }

export interface BookingDeps extends ServiceDeps {
  entropy(into: Uint8Array): void
}

const longestMs = 366 * 86_400_000
/** No letters that a person mistakes for a digit. */
const alphabet = 'ABCDEFGHJKLMNPQRSTUVWXYZ23456789'

/** 16 letters of 5 bits: nobody guesses one of them at a gate. */
function qrText(entropy: BookingDeps['entropy']): string {
  const bytes = new Uint8Array(16)
  entropy(bytes)
  return `BW${[...bytes].map((byte) => alphabet[byte % alphabet.length]).join('')}`
}

const account = (id: string | null | undefined) => ({ pointer: '/accountId', table: accounts, id })

export function manageBookings(deps: BookingDeps): Managed<ParkingReservation, BookingCreate, BookingPatch> {
  return manage<ParkingReservation, BookingCreate, BookingPatch>({
    table: parkingReservations,
    idOf: (booking) => booking.reservationId,
    siteOf: (booking) => booking.siteId,
    async create({ trx, access }, input) {
      const { credentials = [{ kind: 'qr', value: qrText(deps.entropy) }], kind = 'visitor' } = input
      return (
        brokenWindow(new Date(input.from), new Date(input.until)) ??
        brokenCredentials(credentials) ??
        (await broken(trx, access, [theSite(input.siteId), account(input.accountId)])) ??
        columns({
          ...columnsOf(parkingReservations, { ...input, kind, credentials }),
          ...keys(credentials),
          state: 'booked',
        })
      )
    },
    async update({ trx, access }, before, { cancelled, ...input }) {
      const { from = before.from, until = before.until, credentials } = input
      if (before.connectionId !== null)
        return { kind: 'conflict', message: 'A parking system holds this booking; change it there.' }
      if (before.state === 'cancelled') return { kind: 'conflict', message: 'The booking is cancelled.' }
      if (cancelled) return columns({ state: 'cancelled' })
      return (
        brokenWindow(new Date(from), new Date(until)) ??
        (credentials ? brokenCredentials(credentials) : undefined) ??
        (await broken(trx, access, [account(input.accountId)])) ??
        columns({ ...columnsOf(parkingReservations, input), ...(credentials ? keys(credentials) : {}) })
      )
    },
    async changed({ trx, access, now, newId }, before, { reservationId, siteId }) {
      const of = { organizationId: access.organizationId, siteId }
      await settleBookings({ trx, now, newId }, of, [{ id: reservationId, previous: before?.state ?? null }])
      return undefined
    },
  })(deps)
}

export function cancelBooking(deps: BookingDeps) {
  return (access: Access, id: string): Promise<Outcome<ParkingReservation>> =>
    manageBookings(deps).update(access, id, { cancelled: true })
}

function brokenWindow(from: Date, until: Date): Refusal | undefined {
  if (until <= from) return invalid('/until', 'must be after from')
  return until.getTime() - from.getTime() > longestMs ? invalid('/until', 'is more than a year after from') : undefined
}

/** What no reader could show opens no gate. */
function brokenCredentials(credentials: readonly ReportedCredential[]): Refusal | undefined {
  if (credentials.length === 0) return invalid('/credentials', 'must name one, or be left out')
  for (const [i, { value, kind, country }] of credentials.entries()) {
    const name = canonicalise({ raw: value, kind: kind as CredentialKind, country }, { country })
    if (name.outcome === 'refused') return invalid(`/credentials/${i}/value`, name.detail)
  }
  return undefined
}

function keys(credentials: readonly ReportedCredential[]): { search_keys: string[] } {
  return { search_keys: searchKeysOf(credentials) }
}
