// Owns the operations on schedules, holidays and bookings, and the question why.
// Must not hold rules; core/services and core/domain/access do.
import { askAccess } from '../../services/access/ask-access.ts'
import { cancelBooking, manageBookings } from '../../services/bookings/manage-bookings.ts'
import type { Entropy } from '../../services/keys/api-key-text.ts'
import { manageCalendars, manageSchedules } from '../../services/manage/manage-access.ts'
import { resetPassback } from '../../services/manage/manage-people.ts'
import { withGroups } from '../../services/manage/read-records.ts'
import { listQuery } from '../cursor.ts'
import type { CallContext, Part } from '../operation-types.ts'
import { done, found, listed, made, mapped, shown } from '../replies.ts'

type Ids =
  | 'listAccessSchedules'
  | 'createAccessSchedule'
  | 'getAccessSchedule'
  | 'updateAccessSchedule'
  | 'archiveAccessSchedule'
  | 'listHolidayCalendars'
  | 'createHolidayCalendar'
  | 'getHolidayCalendar'
  | 'updateHolidayCalendar'
  | 'archiveHolidayCalendar'
  | 'listParkingReservations'
  | 'createParkingReservation'
  | 'getParkingReservation'
  | 'updateParkingReservation'
  | 'cancelParkingReservation'
  | 'resetPassback'
  | 'askAccess'

export function access({ entropy }: { entropy: Entropy }): Part<Ids> {
  const bookings = ({ deps }: CallContext) => manageBookings({ ...deps, entropy })
  return {
    listAccessSchedules: async ({ query }, { deps, access }) =>
      listed(await manageSchedules(deps).list(access, listQuery(query))),
    createAccessSchedule: async ({ body }, { deps, access }) =>
      made(await manageSchedules(deps).create(access, body), (one) => `/access-schedules/${one.scheduleId}`),
    getAccessSchedule: async ({ path }, { deps, access }) =>
      found(await manageSchedules(deps).get(access, path.scheduleId)),
    updateAccessSchedule: async ({ path, body, version }, { deps, access }) =>
      found(await manageSchedules(deps).update(access, path.scheduleId, body, version)),
    archiveAccessSchedule: async ({ path, version }, { deps, access }) =>
      done(await manageSchedules(deps).archive(access, path.scheduleId, version)),

    listHolidayCalendars: async ({ query }, { deps, access }) =>
      listed(await manageCalendars(deps).list(access, listQuery(query))),
    createHolidayCalendar: async ({ body }, { deps, access }) =>
      made(await manageCalendars(deps).create(access, body), (one) => `/holiday-calendars/${one.calendarId}`),
    getHolidayCalendar: async ({ path }, { deps, access }) =>
      found(await manageCalendars(deps).get(access, path.calendarId)),
    updateHolidayCalendar: async ({ path, body, version }, { deps, access }) =>
      found(await manageCalendars(deps).update(access, path.calendarId, body, version)),
    archiveHolidayCalendar: async ({ path, version }, { deps, access }) =>
      done(await manageCalendars(deps).archive(access, path.calendarId, version)),

    listParkingReservations: async ({ query }, context) =>
      listed(await bookings(context).list(context.access, listQuery(query))),
    createParkingReservation: async ({ body }, context) =>
      made(await bookings(context).create(context.access, body), (one) => `/parking-reservations/${one.reservationId}`),
    getParkingReservation: async ({ path }, context) =>
      found(await bookings(context).get(context.access, path.parkingReservationId)),
    updateParkingReservation: async ({ path, body, version }, context) =>
      found(await bookings(context).update(context.access, path.parkingReservationId, body, version)),
    cancelParkingReservation: async ({ path }, { deps, access }) =>
      found(await cancelBooking({ ...deps, entropy })(access, path.parkingReservationId)),

    resetPassback: async ({ path }, { deps, access }) =>
      found(
        await mapped(resetPassback(deps)(access, path.accountId), async (account) => ({
          ...account,
          groupIds: (await withGroups(deps)(access, [account]))[0]?.groupIds ?? [],
        })),
      ),
    askAccess: async ({ body }, { deps, access }) => shown(await askAccess(deps)(access, body)),
  }
}
