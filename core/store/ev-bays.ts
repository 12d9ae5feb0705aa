// Owns the rows of charging bays: what is known about one, the state that follows, and how bays are listed.
// Must not derive a state.
import { type RawBuilder, type Selectable, sql } from 'kysely'
import type { BaySession, ConnectorMark, EvBayEvidence, EvBayState } from '../domain/ev-bay/index.ts'
import type { ReportedCredential } from '../domain/parking-fact.ts'
import type { SessionPeriod } from '../domain/price.ts'
import { type Db, is, recordTable } from './record-table.ts'
import type { EvBayStateTable } from './schema.ts'

export interface EvBay {
  bayId: string
  siteId: string
  areaId: string | null
  code: string
  name: string
  state: EvBayState
  since: Date | null
  working: boolean
  occupied: boolean
  sessionId: string | null
  /** Who stands there, where it can be told: the stay linked to the session, else one of which a credential was seen at the bay. */
  stayId: string | null
  accountId: string | null
  plate: string | null
  evseCodes: string[]
  updatedAt: Date | null
}

const at = 'from ev_bay_state b where b.organization_id = t.organization_id and b.bay_id = t.bay_id'
const stayId = `(select coalesce(
    (select l.stay_id from link l where l.organization_id = b.organization_id and l.session_id = b.session_id and l.state = 'linked'),
    (select s.stay_id from stay s where s.organization_id = b.organization_id and s.site_id = b.site_id and s.state = 'open'
      and s.search_keys && b.seen_keys order by s.entered_at desc, s.stay_id limit 1)) ${at})`
const ofStay = (column: string) =>
  `(select s.${column} from stay s where s.organization_id = t.organization_id and s.stay_id = ${stayId})`
const evses =
  'from evse e where e.organization_id = t.organization_id and e.bay_id = t.bay_id and e.archived_at is null'

/** Bays that a charger stands at. */
export const evBays = recordTable<EvBay>()('bay', {
  type: 'bay',
  id: 'bay_id',
  columns: { bayId: 'bay_id', siteId: 'site_id', areaId: 'area_id', code: 'code', name: 'name' },
  expressions: {
    state: `coalesce((select b.state ${at}), 'free')`,
    since: `(select b.since ${at})`,
    working: `coalesce((select b.working ${at}), true)`,
    occupied: `coalesce((select b.occupied ${at}), false)`,
    sessionId: `(select b.session_id ${at})`,
    stayId,
    accountId: ofStay('account_id'),
    plate: `coalesce(${ofStay('plate')}, (select b.plate ${at}))`,
    evseCodes: `array(select e.code ${evses} order by e.code)`,
    updatedAt: `(select b.updated_at ${at})`,
  },
  reach: 'site',
  archives: true,
  sorts: {
    code: [
      { expression: 't.code', type: 'text' },
      { expression: 't.bay_id', type: 'uuid' },
    ],
  },
  filters: {
    siteId: is('site_id'),
    areaId: is('area_id'),
    withEvse: (): RawBuilder<boolean> => sql<boolean>`exists (select ${sql.raw(evses)})`,
    state: (state: string) => sql<boolean>`coalesce((select b.state ${sql.raw(at)}), 'free') = ${state}`,
  },
})

export interface BayScope {
  organizationId: string
  siteId: string
  bayId: string
}

export interface BayPlace extends BayScope {
  code: string
  settings: unknown
  evses: { code: string; stationId: string; number: number }[]
}

/** Until the transaction ends, nobody else decides about this bay. Undefined: no bay of a charger. */
export async function lockEvBay(trx: Db, { organizationId, siteId, bayId }: BayScope): Promise<BayPlace | undefined> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`baywatt ev bay ${bayId}`}, 0))`.execute(trx)
  return readEvBay(trx, { organizationId, siteId, bayId })
}

export async function readEvBay(db: Db, { organizationId, siteId, bayId }: BayScope): Promise<BayPlace | undefined> {
  const { rows } = await sql<BayPlace>`
    select b.organization_id as "organizationId", b.site_id as "siteId", b.bay_id as "bayId", b.code, s.settings,
      (select json_agg(json_build_object('code', e.code, 'stationId', e.station_id, 'number', e.number) order by e.code)
        from evse e where e.organization_id = b.organization_id and e.bay_id = b.bay_id and e.archived_at is null) as evses
    from bay b join site s on s.organization_id = b.organization_id and s.site_id = b.site_id
    where b.organization_id = ${organizationId} and b.site_id = ${siteId} and b.bay_id = ${bayId}
      and b.archived_at is null`.execute(db)
  const row = rows[0]
  return row && row.evses !== null && row.evses.length > 0 ? row : undefined
}

export interface BayFacts extends EvBayEvidence {
  seen: readonly { at: Date; credentials: readonly ReportedCredential[] }[]
  /** When the last fact came in that was told late; null when none was. */
  lateAt: Date | null
}

/** All that bears on the bay between two instants, with the last word before them. */
export async function bayFacts(db: Db, bay: BayPlace, from: Date, to: Date): Promise<BayFacts> {
  const { organizationId, siteId } = bay
  const codes = bay.evses.map(({ code }) => code)
  const sensor = await sql<{
    at: Date
    occupied: boolean
    credentials: ReportedCredential[] | null
    lateAt: Date | null
  }>`
    select occurred_at as at, (data->>'occupied')::boolean as occupied, data->'credentials' as credentials,
      case when backfilled then received_at end as "lateAt"
    from parking_fact
    where organization_id = ${organizationId} and site_id = ${siteId} and type = 'bay.changed'
      and place_code = ${bay.code} and not superseded and occurred_at <= ${to}
      and occurred_at >= coalesce((select max(f.occurred_at) from parking_fact f
        where f.organization_id = ${organizationId} and f.site_id = ${siteId} and f.type = 'bay.changed'
          and f.place_code = ${bay.code} and not f.superseded and f.occurred_at < ${from}
          and f.data->>'occupied' = 'false'), '-infinity')`.execute(db)
  const reads = await sql<{ at: Date; credentials: ReportedCredential[]; lateAt: Date | null }>`
    select occurred_at as at, data->'credentials' as credentials, case when backfilled then received_at end as "lateAt"
    from parking_fact
    where organization_id = ${organizationId} and site_id = ${siteId} and type = 'credential.observed'
      and place_code = any(${[bay.code, ...codes]}::text[]) and not superseded and data->>'role' = 'bay'
      and occurred_at between ${from} and ${to}`.execute(db)
  const all = [...sensor.rows, ...reads.rows]
  const late = all.flatMap(({ lateAt }) => lateAt ?? []).map((at) => at.getTime())
  return {
    evses: codes,
    sensor: sensor.rows,
    reads: reads.rows.map(({ at }) => at),
    seen: all.flatMap(({ at, credentials }) => (credentials === null ? [] : [{ at, credentials }])),
    lateAt: late.length === 0 ? null : new Date(Math.max(...late)),
    sessions: await sessionsOf(db, bay, from, to),
    statuses: await statusesOf(db, bay, from, to),
  }
}

interface SessionRow {
  sessionId: string
  state: string
  pluggedAt: Date
  unpluggedAt: Date | null
  endedAt: Date | null
  leftAt: Date | null
  periods: SessionPeriod[]
}

async function sessionsOf(db: Db, { organizationId, evses }: BayPlace, from: Date, to: Date): Promise<BaySession[]> {
  const { rows } = await sql<SessionRow>`
    select c.session_id as "sessionId", c.state, c.plugged_at as "pluggedAt", c.unplugged_at as "unpluggedAt",
      c.ended_at as "endedAt", c.periods,
      (select s.exited_at from link l join stay s on s.organization_id = l.organization_id and s.stay_id = l.stay_id
        where l.organization_id = c.organization_id and l.session_id = c.session_id and l.state = 'linked'
          and s.state = 'closed') as "leftAt"
    from json_to_recordset(${JSON.stringify(evses)}::json) as e("stationId" uuid, number int)
    join charging_session c on c.organization_id = ${organizationId} and c.station_id = e."stationId"
      and c.evse_number = e.number and c.state <> 'void' and c.plugged_at <= ${to}
      and c.plugged_at > ${from}::timestamptz - interval '14 days'
      and coalesce(c.unplugged_at, 'infinity') >= ${from}`.execute(db)
  return rows.map(baySession)
}

const idling: ReadonlySet<SessionPeriod['state']> = new Set(['suspended_vehicle', 'finished', 'connected'])

function baySession({ sessionId, state, pluggedAt, unpluggedAt, endedAt, leftAt, periods }: SessionRow): BaySession {
  const gone = leftAt !== null && leftAt > pluggedAt ? leftAt : null
  const end = unpluggedAt !== null && gone !== null && gone < unpluggedAt ? gone : (unpluggedAt ?? gone)
  const idle: { from: Date; to: Date | null }[] = []
  for (const [i, period] of periods.entries()) {
    if (!idling.has(period.state)) continue
    const to = i === periods.length - 1 && end === null ? null : new Date(period.to)
    const before = idle.at(-1)
    if (before?.to && before.to.getTime() === Date.parse(period.from)) before.to = to
    else idle.push({ from: new Date(period.from), to })
  }
  if (state !== 'active' && endedAt !== null && !idle.some((one) => one.to === null || one.to > endedAt)) {
    idle.push({ from: endedAt, to: end })
  }
  return { sessionId, pluggedAt, endedAt: end, idle }
}

async function statusesOf(db: Db, { organizationId, evses }: BayPlace, from: Date, to: Date): Promise<ConnectorMark[]> {
  const { rows } = await sql<ConnectorMark>`
    select e.code as evse, e.code || '/' || c.connector_number as connector, c.at, c.status
    from json_to_recordset(${JSON.stringify(evses)}::json) as e(code text, "stationId" uuid, number int)
    cross join lateral (
      select s.connector_number, s.at, s.status from connector_status s
      where s.organization_id = ${organizationId} and s.station_id = e."stationId" and s.evse_number = e.number
        and s.at between ${from} and ${to} and s.connector_number > 0
      union all
      select distinct on (s.connector_number) s.connector_number, s.at, s.status from connector_status s
      where s.organization_id = ${organizationId} and s.station_id = e."stationId" and s.evse_number = e.number
        and s.at < ${from} and s.connector_number > 0
      order by 1, 2 desc
    ) c`.execute(db)
  return rows
}

export type EvBayRow = Selectable<EvBayStateTable>

export async function evBayRow(db: Db, { organizationId, bayId }: BayScope): Promise<EvBayRow | undefined> {
  return db
    .selectFrom('ev_bay_state')
    .selectAll()
    .where('organization_id', '=', organizationId)
    .where('bay_id', '=', bayId)
    .executeTakeFirst()
}

export async function writeEvBay(trx: Db, row: EvBayRow): Promise<void> {
  await trx
    .insertInto('ev_bay_state')
    .values(row)
    .onConflict((conflict) => conflict.columns(['organization_id', 'bay_id']).doUpdateSet(row))
    .execute()
}

/** Charging bays that these codes (of bays or EVSEs) name. */
export async function evBaysByCode(
  db: Db,
  { organizationId, siteId }: Omit<BayScope, 'bayId'>,
  codes: readonly string[],
): Promise<string[]> {
  if (codes.length === 0) return []
  const { rows } = await sql<{ id: string }>`
    select distinct b.bay_id as id from bay b
    join evse e on e.organization_id = b.organization_id and e.bay_id = b.bay_id
    where b.organization_id = ${organizationId} and b.site_id = ${siteId}
      and (b.code = any(${codes}::text[]) or e.code = any(${codes}::text[]))`.execute(db)
  return rows.map(({ id }) => id)
}

/** Charging bays at which cars of these stays are plugged in, as far as is known. */
export async function evBaysOfStays(
  db: Db,
  { organizationId }: Pick<BayScope, 'organizationId'>,
  stayIds: readonly string[],
): Promise<string[]> {
  if (stayIds.length === 0) return []
  const { rows } = await sql<{ id: string }>`
    select distinct b.bay_id as id from ev_bay_state b
    join link l on l.organization_id = b.organization_id and l.session_id = b.session_id and l.state = 'linked'
    where b.organization_id = ${organizationId} and l.stay_id = any(${stayIds}::uuid[])`.execute(db)
  return rows.map(({ id }) => id)
}
