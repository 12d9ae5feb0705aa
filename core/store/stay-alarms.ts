// Owns the rows of alarms about stays, and what is known of cars that were plugged in when they left.
// Must not decide whether something is alarming.
import { type Insertable, sql } from 'kysely'
import { jsonText } from './json-text.ts'
import type { Db } from './record-table.ts'
import type { StayAlarmTable } from './schema.ts'

export interface StayAlarm {
  kind: 'exited_while_plugged' | 'session_spans_stays'
  sessionId: string
  raisedAt: Date
  withdrawnAt: Date | null
  reason: string | null
}

export interface PluggedExit {
  sessionId: string
  sessionState: string
  pluggedAt: Date
  unpluggedAt: Date | null
  /** When the station was last heard of. */
  heardAt: Date | null
  stayState: string
  exitedAt: Date | null
  linked: boolean
  /** When the same credential came in again after this exit. */
  enteredAgainAt: Date | null
  alarm: { kind: StayAlarm['kind']; raisedAt: Date; withdrawnAt: Date | null } | null
}

/** Of one stay, every session that is or was linked to it, or that an alarm names. */
export async function pluggedExits(db: Db, organizationId: string, stayId: string): Promise<PluggedExit[]> {
  const { rows } = await sql<PluggedExit>`
    select c.session_id as "sessionId", c.state as "sessionState", c.plugged_at as "pluggedAt",
      c.unplugged_at as "unpluggedAt", st.last_seen_at as "heardAt", s.state as "stayState", s.exited_at as "exitedAt",
      l.state = 'linked' as linked,
      (select min(n.entered_at) from stay n where n.organization_id = s.organization_id and n.site_id = s.site_id
        and n.search_keys && array(select k from unnest(s.search_keys) k where k not like 'near:%') and n.stay_id <> s.stay_id and n.state <> 'voided'
        and n.entered_at > s.exited_at and n.entered_at < s.exited_at + interval '7 days') as "enteredAgainAt",
      case when a.stay_id is null then null else json_build_object('kind', a.kind, 'raisedAt', a.raised_at,
        'withdrawnAt', a.withdrawn_at) end as alarm
    from stay s
    join link l on l.organization_id = s.organization_id and l.stay_id = s.stay_id
    join charging_session c on c.organization_id = l.organization_id and c.session_id = l.session_id
    join station st on st.organization_id = c.organization_id and st.station_id = c.station_id
    left join stay_alarm a on a.organization_id = s.organization_id and a.stay_id = s.stay_id and a.session_id = c.session_id
    where s.organization_id = ${organizationId} and s.stay_id = ${stayId} and (l.state = 'linked' or a.stay_id is not null)
    order by c.session_id`.execute(db)
  return rows
}

/** Of these stays, those that a charging session has to do with, or that an alarm is about. */
export async function staysWithSessions(
  db: Db,
  organizationId: string,
  stays: readonly { stayId: string; siteId: string; exitedAt: Date }[],
): Promise<string[]> {
  if (stays.length === 0) return []
  const { rows } = await sql<{ id: string }>`
    select r."stayId" as id from json_to_recordset(${jsonText(stays)}::json) as r("stayId" uuid, "siteId" uuid, "exitedAt" timestamptz)
    where exists (select from link l where l.organization_id = ${organizationId} and l.stay_id = r."stayId"
        and l.state in ('linked', 'review'))
      or exists (select from charging_session c where c.organization_id = ${organizationId} and c.site_id = r."siteId"
        and c.state <> 'closed' and c.state <> 'void' and c.plugged_at <= r."exitedAt")`.execute(db)
  return rows.map(({ id }) => id)
}

export async function writeAlarm(trx: Db, row: Insertable<StayAlarmTable>): Promise<void> {
  await trx
    .insertInto('stay_alarm')
    .values(row)
    .onConflict((conflict) => conflict.columns(['organization_id', 'stay_id', 'session_id']).doUpdateSet(row))
    .execute()
}

export async function alarmsOf(db: Db, organizationId: string, stayId: string): Promise<StayAlarm[]> {
  const rows = await db
    .selectFrom('stay_alarm')
    .selectAll()
    .where('organization_id', '=', organizationId)
    .where('stay_id', '=', stayId)
    .orderBy('raised_at')
    .orderBy('session_id')
    .execute()
  return rows.map((row) => ({
    kind: row.kind as StayAlarm['kind'],
    sessionId: row.session_id,
    raisedAt: row.raised_at,
    withdrawnAt: row.withdrawn_at,
    reason: row.reason,
  }))
}
