// Owns the rules of schedules and holiday calendars, and what accounts and groups may name in their rules of access.
// Must not say who may do what and when; core/domain/access does.
import type { AccessRules } from '../../domain/access/index.ts'
import {
  type AccessSchedule,
  accessSchedules,
  type HolidayCalendar,
  holidayCalendars,
  userOfSchedule,
} from '../../store/access-records.ts'
import { areas, lanes, sites } from '../../store/places.ts'
import type { Db, RecordTable } from '../../store/record-table.ts'
import { evses, stations } from '../../store/stations.ts'
import { columns, columnsOf, manage } from './manage-record.ts'
import { type Access, invalid, type Refusal } from './outcome.ts'
import { broken, theSite } from './references.ts'

export type ScheduleFields = Partial<Pick<AccessSchedule, 'code' | 'name' | 'windows' | 'periods' | 'onHolidays'>>
export type ScheduleCreate = ScheduleFields & Pick<AccessSchedule, 'code'>
export type CalendarFields = Partial<Pick<HolidayCalendar, 'code' | 'name' | 'days'>>
export type CalendarCreate = CalendarFields & Pick<HolidayCalendar, 'code'> & { siteId?: string | null }

/** An end before the beginning would be valid on no day. */
function brokenPeriods({ periods = [] }: ScheduleFields): Refusal | undefined {
  const wrong = periods.findIndex(({ from, until }) => from !== undefined && until !== undefined && until < from)
  return wrong < 0 ? undefined : invalid(`/periods/${wrong}/until`, 'is before its beginning')
}

export const manageSchedules = manage<AccessSchedule, ScheduleCreate, ScheduleFields>({
  table: accessSchedules,
  idOf: (schedule) => schedule.scheduleId,
  siteOf: () => null,
  create: async (_making, input) =>
    brokenPeriods(input) ?? columns(columnsOf(accessSchedules, { ...input, name: input.name ?? input.code })),
  update: async (_making, _before, input) => brokenPeriods(input) ?? columns(columnsOf(accessSchedules, input)),
  async changed({ trx, access }, _before, after) {
    if (after.archivedAt === null) return undefined
    const user = await userOfSchedule(trx, access.organizationId, after.scheduleId)
    return user === undefined ? undefined : { kind: 'conflict', message: `It is in use by ${user}.` }
  },
})

export const manageCalendars = manage<HolidayCalendar, CalendarCreate, CalendarFields>({
  table: holidayCalendars,
  idOf: (calendar) => calendar.calendarId,
  siteOf: (calendar) => calendar.siteId,
  create: async ({ trx, access }, input) =>
    beyondSites(access, input.siteId ?? null) ??
    (await broken(trx, access, [theSite(input.siteId)])) ??
    columns(columnsOf(holidayCalendars, { ...input, name: input.name ?? input.code })),
  update: async ({ access }, before, input) =>
    beyondSites(access, before.siteId) ?? columns(columnsOf(holidayCalendars, input)),
})

/** Holidays of every site are not for a key that is limited to some. */
function beyondSites(access: Access, siteId: string | null): Refusal | undefined {
  if (access.siteIds === null || (siteId !== null && access.siteIds.includes(siteId))) return undefined
  return { kind: 'forbidden', message: 'A key limited to sites has to name the site.' }
}

/** Every place and schedule that the rules name must exist. */
export async function brokenRules(
  db: Db,
  access: Access,
  rules: AccessRules | undefined,
): Promise<Refusal | undefined> {
  if (rules === undefined) return undefined
  // biome-ignore lint/suspicious/noExplicitAny: tables of records of different kinds
  const named: [keyof AccessRules, RecordTable<any>, readonly string[] | undefined][] = [
    ['siteIds', sites, rules.siteIds],
    ['areaIds', areas, rules.areaIds],
    ['laneIds', lanes, rules.laneIds],
    ['stationIds', stations, rules.stationIds],
    ['evseIds', evses, rules.evseIds],
    ['scheduleIds', accessSchedules, rules.scheduleIds],
  ]
  return broken(
    db,
    access,
    named.flatMap(([field, table, ids = []]) => ids.map((id, i) => ({ pointer: `/access/${field}/${i}`, table, id }))),
  )
}
