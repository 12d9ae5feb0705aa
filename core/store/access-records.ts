// Owns how schedules and holiday calendars are read and written.
// Must not say what a schedule means; core/domain/access does.
import { sql } from 'kysely'
import type { Holiday, HolidayRule, Period } from '../domain/access/index.ts'
import type { LocalWindow } from '../domain/local-time.ts'
import { type Stamped, stampColumns, usualSorts } from './places.ts'
import { type Db, is, recordTable } from './record-table.ts'

export interface AccessSchedule extends Stamped {
  scheduleId: string
  code: string
  name: string
  windows: LocalWindow[]
  periods: Period[]
  onHolidays: HolidayRule
}

export interface HolidayCalendar extends Stamped {
  calendarId: string
  siteId: string | null
  code: string
  name: string
  days: Holiday[]
}

export const accessSchedules = recordTable<AccessSchedule>()('access_schedule', {
  type: 'access_schedule',
  id: 'schedule_id',
  columns: {
    scheduleId: 'schedule_id',
    code: 'code',
    name: 'name',
    windows: 'windows',
    periods: 'periods',
    onHolidays: 'on_holidays',
    ...stampColumns,
  },
  json: ['windows', 'periods'],
  reach: 'organization',
  archives: true,
  search: ['code', 'name'],
  sorts: usualSorts('schedule_id'),
})

export const holidayCalendars = recordTable<HolidayCalendar>()('holiday_calendar', {
  type: 'holiday_calendar',
  id: 'calendar_id',
  columns: {
    calendarId: 'calendar_id',
    siteId: 'site_id',
    code: 'code',
    name: 'name',
    days: 'days',
    ...stampColumns,
  },
  json: ['days'],
  reach: 'site_or_all',
  archives: true,
  search: ['code', 'name'],
  sorts: usualSorts('calendar_id'),
  filters: { siteId: is('site_id') },
})

/** Number or code of a live account or group that goes by this schedule; undefined when none does. */
export async function userOfSchedule(db: Db, organizationId: string, scheduleId: string): Promise<string | undefined> {
  const named = sql`access -> 'scheduleIds' ? ${scheduleId}`
  const { rows } = await sql<{ name: string }>`
    select 'account ' || number as name from account
      where organization_id = ${organizationId} and archived_at is null and ${named}
    union all
    select 'group ' || code from account_group
      where organization_id = ${organizationId} and archived_at is null and ${named}
    limit 1`.execute(db)
  return rows[0]?.name
}
