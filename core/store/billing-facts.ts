// Owns reading what a bill is made from: a stay or session with its links, the site, and whose groups count.
// Must not write, and must not decide what any of it means for a bill.
import { type Kysely, sql } from 'kysely'
import {
  type LinkFacts,
  type SessionFacts,
  type StayFacts,
  type SubjectFacts,
  type SubjectKey,
  subjectOf,
} from '../domain/bill/index.ts'
import { evseKindOf } from '../domain/evse-kind.ts'
import type { ParkerKind } from '../domain/parking-fact.ts'
import type { AppliedDiscount, SessionPeriod } from '../domain/price.ts'
import type { StayPrice } from '../domain/stay/index.ts'
import type { HubTables } from './schema.ts'
import { paymentsUnder } from './subject-standing.ts'
import { notTakenBack } from './taken-back.ts'

type Db = Kysely<HubTables>

export interface BillingSite {
  siteId: string
  code: string
  name: string
  address: string | null
  country: string | null
  zone: string
  currency: string
  settings: unknown
  organizationName: string
}

export async function readBillingSite(
  db: Db,
  organizationId: string,
  siteId: string,
): Promise<BillingSite | undefined> {
  return db
    .selectFrom('site as s')
    .innerJoin('organization as o', 'o.organization_id', 's.organization_id')
    .select([
      's.site_id as siteId',
      's.code',
      's.name',
      's.address',
      's.country',
      's.time_zone as zone',
      's.currency',
      's.settings',
      'o.name as organizationName',
    ])
    .where('s.organization_id', '=', organizationId)
    .where('s.site_id', '=', siteId)
    .executeTakeFirst()
}

/** Where a subject stands and which sessions it holds: what has to be known before it is locked. Null: nothing stored. */
export async function readSubjectScope(
  db: Db,
  organizationId: string,
  key: SubjectKey,
): Promise<{ siteId: string | null; sessionIds: string[] } | null> {
  const subject = subjectOf(key)
  if (subject === null) return null
  const { rows } =
    subject.kind === 'session'
      ? await sql<{ siteId: string | null; sessionIds: string[] }>`
          select site_id as "siteId", array[session_id]::text[] as "sessionIds" from charging_session
          where organization_id = ${organizationId} and session_id = ${subject.id}`.execute(db)
      : await sql<{ siteId: string | null; sessionIds: string[] }>`
          select s.site_id as "siteId", array(select c.session_id::text from link l
            join charging_session c on c.organization_id = l.organization_id and c.session_id = l.session_id
            where l.organization_id = s.organization_id and l.stay_id = s.stay_id and l.state = 'linked'
            order by c.plugged_at, c.session_id) as "sessionIds"
          from stay s where s.organization_id = ${organizationId} and s.stay_id = ${subject.id}`.execute(db)
  return rows[0] ?? null
}

/** Null for a key that names nothing stored. */
export async function readSubjectFacts(db: Db, organizationId: string, key: SubjectKey): Promise<SubjectFacts | null> {
  const subject = subjectOf(key)
  if (subject === null) return null
  const [found, rows, links] = await Promise.all([
    subject.kind === 'stay' ? readStay(db, organizationId, subject.id) : null,
    readSessions(db, organizationId, subject.kind === 'stay' ? { kind: 'stay', id: subject.id } : [subject.id]),
    readLinks(db, organizationId, subject),
  ])
  const siteId = subject.kind === 'stay' ? found?.siteId : rows[0]?.siteId
  if (siteId === undefined) return null
  return {
    key,
    siteId,
    stay: found?.stay ?? null,
    sessions: rows.map((row) => row.session),
    links,
  }
}

async function readStay(
  db: Db,
  organizationId: string,
  stayId: string,
): Promise<{ siteId: string; stay: StayFacts } | null> {
  const row = await db
    .selectFrom('stay')
    .select([
      'site_id',
      'state',
      'parker_kind',
      'account_id',
      'plate',
      'entered_at',
      'exited_at',
      'entry_lane',
      'exit_lane',
    ])
    // A stay's facts_at is the occurrence of its latest fact; what was learnt late, or by a fast clock, counts from when it came.
    .select(['discounts', 'price', 'flags', 'updated_at'])
    .select(
      // Paid for parking, at or before the exit, and not given back.
      sql<Date | null>`(select max(p.at) from payment p
        where p.organization_id = ${organizationId}
          and p.payment_id = ${paymentsUnder(organizationId, sql`array[${`stay:${stayId}`}]`, stayId)}
          and p.kind = 'captured' and p.amount_minor > 0 and p.scope <> 'energy' and p.method is distinct from 'write_off'
          and ${notTakenBack('p')}
          and p.at <= coalesce(stay.exited_at, 'infinity'))`.as('paid_at'),
    )
    .where('organization_id', '=', organizationId)
    .where('stay_id', '=', stayId)
    .executeTakeFirst()
  if (row === undefined) return null
  const stay: StayFacts = {
    stayId,
    state: row.state as StayFacts['state'],
    parkerKind: row.parker_kind as ParkerKind,
    accountId: row.account_id,
    plate: row.plate,
    enteredAt: row.entered_at,
    exitedAt: row.exited_at,
    entryLane: row.entry_lane,
    exitLane: row.exit_lane,
    discounts: row.discounts as AppliedDiscount[],
    price: row.price as StayPrice | null,
    flags: row.flags,
    factsAt: row.updated_at,
    paidAt: row.paid_at,
  }
  return { siteId: row.site_id, stay }
}

/** Of these sessions, or of those linked to the stay; in order of plugging in. */
export async function readSessions(
  db: Db,
  organizationId: string,
  of: readonly string[] | { kind: 'stay'; id: string },
): Promise<{ siteId: string | null; session: SessionFacts }[]> {
  const rows = await db
    .selectFrom('charging_session as c')
    .leftJoin('bay as b', (on) =>
      on.onRef('b.organization_id', '=', 'c.organization_id').onRef('b.bay_id', '=', 'c.bay_id'),
    )
    .leftJoin('account as a', (on) =>
      on.onRef('a.organization_id', '=', 'c.organization_id').onRef('a.account_id', '=', 'c.account_id'),
    )
    .select(['c.site_id', 'c.session_id', 'c.state', 'c.station_id', 'c.evse_number', 'c.account_id', 'c.plugged_at'])
    .select(['c.unplugged_at', 'c.started_at', 'c.ended_at', 'c.energy_wh', 'c.charging_seconds', 'c.idle_seconds'])
    .select(['c.suspended_vehicle_seconds', 'c.suspended_station_seconds', 'c.periods', 'c.flags', 'c.facts_at'])
    .select(['c.tariff_id', 'c.tariff_version', 'b.area_id', 'a.parker_kind'])
    .select([
      sql<Date | null>`(select min(r.from_at) from reservation r where r.organization_id = c.organization_id
        and r.session_id = c.session_id and r.state = 'used')`.as('reserved_from'),
      sql<boolean>`exists (select from signed_meter_value v where v.organization_id = c.organization_id
        and v.station_id = c.station_id and v.evse_number = c.evse_number and v.context = 'end' and (
          v.transaction_id in (select t.transaction_id from ocpp_transaction t
            where t.organization_id = c.organization_id and t.station_id = c.station_id and t.session_id = c.session_id)
          or (v.transaction_id is null and v.at between c.started_at and coalesce(c.ended_at, c.facts_at))))`.as(
        'signed_end',
      ),
      sql<string[]>`array(select k.standard from connector k where k.organization_id = c.organization_id
        and k.station_id = c.station_id and k.evse_number = c.evse_number and k.standard is not null)`.as('standards'),
    ])
    .where('c.organization_id', '=', organizationId)
    // An array, and not a join: each is found by its key, whatever the planner thinks of a table that has just grown.
    .where(
      'c.session_id',
      '=',
      'kind' in of
        ? sql<string>`any(array(select l.session_id from link l
            where l.organization_id = ${organizationId} and l.stay_id = ${of.id} and l.state = 'linked'))`
        : sql<string>`any(${of}::uuid[])`,
    )
    .orderBy('c.plugged_at')
    .orderBy('c.session_id')
    .execute()
  return rows.map((row) => {
    const session: SessionFacts = {
      sessionId: row.session_id,
      state: row.state as SessionFacts['state'],
      stationId: row.station_id,
      evseNumber: row.evse_number,
      areaId: row.area_id,
      accountId: row.account_id,
      accountKind: row.parker_kind as ParkerKind | null,
      pluggedAt: row.plugged_at,
      unpluggedAt: row.unplugged_at,
      startedAt: row.started_at,
      endedAt: row.ended_at,
      energyWh: row.energy_wh,
      chargingSeconds: row.charging_seconds,
      suspendedVehicleSeconds: row.suspended_vehicle_seconds,
      suspendedStationSeconds: row.suspended_station_seconds,
      idleSeconds: row.idle_seconds,
      periods: row.periods as SessionPeriod[],
      flags: row.flags,
      signedEnd: row.signed_end,
      reservedFrom: row.reserved_from,
      evseKind: evseKindOf(row.standards),
      tariffId: row.tariff_id,
      tariffVersion: row.tariff_version,
      factsAt: row.facts_at,
    }
    return { siteId: row.site_id, session }
  })
}

async function readLinks(
  db: Db,
  organizationId: string,
  subject: { kind: 'stay' | 'session'; id: string },
): Promise<LinkFacts[]> {
  const rows = await db
    .selectFrom('link as l')
    .innerJoin('stay as s', (on) =>
      on.onRef('s.organization_id', '=', 'l.organization_id').onRef('s.stay_id', '=', 'l.stay_id'),
    )
    .select(['l.stay_id', 'l.session_id', 'l.state', 'l.decided_at', 's.state as stay_state'])
    .select(
      sql<boolean>`exists (select from link o where o.organization_id = l.organization_id and o.session_id = l.session_id
        and o.stay_id <> l.stay_id and o.state = 'linked')`.as('decided_elsewhere'),
    )
    .where('l.organization_id', '=', organizationId)
    .where(subject.kind === 'stay' ? 'l.stay_id' : 'l.session_id', '=', subject.id)
    .orderBy('l.link_id')
    .execute()
  return rows.map((row) => ({
    stayId: row.stay_id,
    sessionId: row.session_id,
    state: row.state as LinkFacts['state'],
    stayState: row.stay_state as LinkFacts['stayState'],
    decidedElsewhere: row.decided_elsewhere,
    decidedAt: row.decided_at,
  }))
}

export async function readGroups(
  db: Db,
  organizationId: string,
  accountId: string,
): Promise<{ groupId: string; code: string }[]> {
  return db
    .selectFrom('account_group_member as m')
    .innerJoin('account_group as g', (on) =>
      on.onRef('g.organization_id', '=', 'm.organization_id').onRef('g.group_id', '=', 'm.group_id'),
    )
    .select(['g.group_id as groupId', 'g.code'])
    .where('m.organization_id', '=', organizationId)
    .where('m.account_id', '=', accountId)
    .where('g.archived_at', 'is', null)
    .orderBy('g.group_id')
    .execute()
}

export interface PlaceRow {
  sessionId: string
  stationCode: string
  stationName: string
  evseCode: string | null
  bay: string | null
  maxPowerW: number | null
  connectors: string[]
  registers: [string, number][]
}

/** Where sessions took place, as a receipt says it. */
export async function readPlaces(db: Db, organizationId: string, sessionIds: readonly string[]): Promise<PlaceRow[]> {
  if (sessionIds.length === 0) return []
  const { rows } = await sql<PlaceRow>`
    select c.session_id as "sessionId", coalesce(s.code, c.station_id::text) as "stationCode", coalesce(s.name, '') as "stationName",
      e.code as "evseCode", b.code as bay, coalesce(e.max_power_w, s.max_power_w) as "maxPowerW", c.registers,
      array(select k.standard from connector k where k.organization_id = c.organization_id and k.station_id = c.station_id
        and k.evse_number = c.evse_number and k.standard is not null order by k.number) as connectors
    from charging_session c
    left join station s on s.organization_id = c.organization_id and s.station_id = c.station_id
    left join evse e on e.organization_id = c.organization_id and e.station_id = c.station_id and e.number = c.evse_number
    left join bay b on b.organization_id = c.organization_id and b.bay_id = c.bay_id
    where c.organization_id = ${organizationId} and c.session_id = any(${sessionIds}::uuid[])`.execute(db)
  return rows
}
