// Owns the rows of readers: their records, when they were last heard, and what each reported with its pictures.
// Must not say what a report means; core/services/readers does.
import { type Insertable, type Selectable, sql } from 'kysely'
import type { DecodeProfile } from '../domain/credential/index.ts'
import type { PassagePolicy, ReaderRole } from '../domain/reader-binding.ts'
import { jsonText } from './json-text.ts'
import { type Stamped, stampColumns } from './places.ts'
import { before, type Db, from, is, recordTable } from './record-table.ts'
import type { ReaderImageTable, ReaderReportTable, ReaderTable } from './schema.ts'

export interface Reader extends Stamped {
  readerId: string
  siteId: string | null
  connectionId: string | null
  name: string
  label: string
  kind: 'plate' | 'card' | 'space'
  model: string | null
  /** Null while nobody has said where it stands. */
  role: ReaderRole | null
  laneId: string | null
  areaId: string | null
  bayId: string | null
  spaces: Record<string, string>
  reversed: boolean
  passage: PassagePolicy
  staysConnectionId: string | null
  repeatSeconds: number
  decodeProfile: DecodeProfile | null
  imageDays: number
  heartbeatSeconds: number | null
  seenAt: Date | null
  silent: boolean
}

const life = (column: string) =>
  `(select l.${column} from reader_life l where l.organization_id = t.organization_id and l.reader_id = t.reader_id)`

export const readers = recordTable<Reader>()('reader', {
  type: 'reader',
  id: 'reader_id',
  columns: {
    readerId: 'reader_id',
    siteId: 'site_id',
    connectionId: 'connection_id',
    name: 'name',
    label: 'label',
    kind: 'kind',
    model: 'model',
    role: 'role',
    laneId: 'lane_id',
    areaId: 'area_id',
    bayId: 'bay_id',
    spaces: 'spaces',
    reversed: 'reversed',
    passage: 'passage',
    staysConnectionId: 'stays_connection_id',
    repeatSeconds: 'repeat_seconds',
    decodeProfile: 'decode_profile',
    imageDays: 'image_days',
    heartbeatSeconds: 'heartbeat_seconds',
    ...stampColumns,
  },
  expressions: { seenAt: life('seen_at'), silent: `coalesce(${life('silent')}, false)` },
  json: ['spaces', 'decode_profile'],
  // A reader whose site nobody has named is not a site's to see.
  reach: 'site',
  archives: true,
  search: ['name', 'label', 'model'],
  sorts: {
    label: [
      { expression: 't.label', type: 'text' },
      { expression: 't.reader_id', type: 'uuid' },
    ],
    createdAt: [
      { expression: 't.created_at', type: 'timestamptz' },
      { expression: 't.reader_id', type: 'uuid' },
    ],
  },
  filters: {
    siteId: is('site_id'),
    connectionId: is('connection_id'),
    laneId: is('lane_id'),
    kind: is('kind'),
    role: is('role'),
    bound: (bound: boolean) => sql<boolean>`(t.role is not null) = ${bound}`,
  },
})

export interface ReaderReportRecord {
  reportId: string
  siteId: string | null
  connectionId: string
  readerId: string
  id: string
  revision: number
  kind: Reader['kind']
  takenAt: Date
  receivedAt: Date
  backfilled: boolean
  state: ReportState
  reason: string | null
  plate: string | null
  arrivalId: string | null
  decision: { [name: string]: unknown } | null
  data: { [name: string]: unknown }
  images: {
    number: number
    kind: 'plate' | 'vehicle' | 'scene'
    contentType: string | null
    sizeBytes: number | null
    kept: boolean
  }[]
}

export type ReportState = 'stored' | 'repeat' | 'superseded' | 'unbound' | 'ignored' | 'backed_out'

export const readerReports = recordTable<ReaderReportRecord>()('reader_report', {
  type: 'reader_report',
  id: 'report_id',
  columns: {
    reportId: 'report_id',
    siteId: 'site_id',
    connectionId: 'connection_id',
    readerId: 'reader_id',
    id: 'vendor_id',
    revision: 'revision',
    kind: 'kind',
    takenAt: 'taken_at',
    receivedAt: 'received_at',
    backfilled: 'backfilled',
    state: 'state',
    reason: 'reason',
    plate: 'plate',
    arrivalId: 'arrival_id',
    decision: 'decision',
    data: 'data',
  },
  expressions: {
    images: `(select coalesce(json_agg(json_build_object('number', i.number, 'kind', i.kind, 'contentType', i.content_type,
      'sizeBytes', i.size_bytes, 'kept', i.sha256 is not null) order by i.number), '[]') from reader_image i
      where i.organization_id = t.organization_id and i.report_id = t.report_id)`,
  },
  reach: 'site',
  sorts: {
    takenAt: [
      { expression: 't.taken_at', type: 'timestamptz' },
      { expression: 't.report_id', type: 'uuid' },
    ],
  },
  defaultSort: '-takenAt',
  filters: {
    readerId: is('reader_id'),
    plateText: is('plate'),
    state: is('state'),
    from: from('t.taken_at'),
    to: before('t.taken_at'),
  },
})

/** A reader with the codes of where it stands. */
export interface PlacedReader extends Selectable<ReaderTable> {
  lane: string | null
  bay: string | null
  /** Codes of bays by the vendor's name of the space. */
  bays: Record<string, string>
}

/** Locked against changes of the record until the transaction ends, so that a report is either seen by the binding or sees it. */
export async function placedReaders(
  trx: Db,
  organizationId: string,
  by: { connectionId: string; names: readonly string[] } | { readerId: string },
): Promise<PlacedReader[]> {
  const whom =
    'readerId' in by
      ? sql`r.reader_id = ${by.readerId}`
      : sql`r.connection_id = ${by.connectionId} and r.name = any(${by.names}::text[])`
  const { rows } = await sql<PlacedReader>`
    select r.*, l.code as lane, b.code as bay,
      coalesce((select json_object_agg(s.key, sb.code) from jsonb_each_text(r.spaces) s
        join bay sb on sb.organization_id = r.organization_id and sb.bay_id = s.value::uuid), '{}') as bays
    from reader r
    left join lane l on l.organization_id = r.organization_id and l.lane_id = r.lane_id
    left join bay b on b.organization_id = r.organization_id and b.bay_id = r.bay_id
    where r.organization_id = ${organizationId} and ${whom}
    order by r.reader_id for share of r`.execute(trx)
  return rows
}

/** Adds those of a connection that are not known yet, unless it has too many that nobody has placed. */
export async function addUnknownReaders(
  trx: Db,
  rows: readonly Insertable<ReaderTable>[],
  of: { organizationId: string; connectionId: string },
  most: number,
): Promise<void> {
  if (rows.length === 0) return
  const { rows: counted } = await sql<{ unbound: number }>`
    select count(*)::int as unbound from reader
    where organization_id = ${of.organizationId} and connection_id = ${of.connectionId} and role is null`.execute(trx)
  const room = Math.max(0, most - (counted[0]?.unbound ?? 0))
  if (room === 0) return
  await trx
    .insertInto('reader')
    .values(rows.slice(0, room))
    .onConflict((conflict) => conflict.doNothing())
    .execute()
}

export type ReportRow = Selectable<ReaderReportTable>

export async function reportsOfVendor(
  trx: Db,
  of: { organizationId: string; connectionId: string },
  ids: readonly string[],
): Promise<ReportRow[]> {
  return trx
    .selectFrom('reader_report')
    .selectAll()
    .where('organization_id', '=', of.organizationId)
    .where('connection_id', '=', of.connectionId)
    .where('vendor_id', '=', sql<string>`any(${ids}::text[])`)
    .execute()
}

/** What a reader saw around these instants, and all of the arrivals that these belong to. */
export async function arrivalsAround(
  trx: Db,
  organizationId: string,
  spans: readonly { readerId: string; from: Date; to: Date }[],
): Promise<ReportRow[]> {
  if (spans.length === 0) return []
  const { rows } = await sql<ReportRow>`
    with near as (
      select distinct r.arrival_id from json_to_recordset(${jsonText(spans)}::json)
        as s("readerId" uuid, "from" timestamptz, "to" timestamptz)
      join reader_report r on r.organization_id = ${organizationId} and r.reader_id = s."readerId"
        and r.taken_at between s."from" and s."to" and r.arrival_id is not null
    )
    select r.* from reader_report r join near on near.arrival_id = r.arrival_id
    where r.organization_id = ${organizationId} order by r.taken_at, r.report_id`.execute(trx)
  return rows
}

export async function insertReports(
  trx: Db,
  reports: readonly Insertable<ReaderReportTable>[],
  images: readonly Insertable<ReaderImageTable>[],
): Promise<void> {
  if (reports.length > 0)
    await trx
      .insertInto('reader_report')
      .values([...reports])
      .execute()
  if (images.length > 0)
    await trx
      .insertInto('reader_image')
      .values([...images])
      .execute()
}

export interface ReportMeaning {
  reportId: string
  siteId: string | null
  state: ReportState
  reason: string | null
  plate: string | null
  arrivalId: string | null
}

export async function writeMeanings(trx: Db, organizationId: string, rows: readonly ReportMeaning[]): Promise<void> {
  if (rows.length === 0) return
  await sql`
    update reader_report r set site_id = m."siteId", state = m.state, reason = m.reason, plate = m.plate, arrival_id = m."arrivalId"
    from json_to_recordset(${jsonText(rows)}::json)
      as m("reportId" uuid, "siteId" uuid, state text, reason text, plate text, "arrivalId" uuid)
    where r.organization_id = ${organizationId} and r.report_id = m."reportId"`.execute(trx)
}

export async function writeDecision(
  db: Db,
  organizationId: string,
  arrivalId: string,
  decision: object,
): Promise<void> {
  await db
    .updateTable('reader_report')
    .set({ decision: jsonText(decision) })
    .where('organization_id', '=', organizationId)
    .where('arrival_id', '=', arrivalId)
    .execute()
}

/** What a reader reported before anybody said where it stands, oldest first. */
export async function unboundReports(
  trx: Db,
  organizationId: string,
  readerId: string,
  since: Date,
  after: { takenAt: Date; reportId: string } | null,
  limit: number,
): Promise<ReportRow[]> {
  return trx
    .selectFrom('reader_report')
    .selectAll()
    .where('organization_id', '=', organizationId)
    .where('reader_id', '=', readerId)
    .where('state', '=', 'unbound')
    .where('taken_at', '>=', since)
    .where(
      after === null ? sql<boolean>`true` : sql<boolean>`(taken_at, report_id) > (${after.takenAt}, ${after.reportId})`,
    )
    .orderBy('taken_at')
    .orderBy('report_id')
    .limit(limit)
    .execute()
}

export interface ReaderPicture {
  kind: string
  contentType: string | null
  sizeBytes: number | null
  sha256: string | null
  url: string | null
  urlUntil: Date | null
}

export async function pictureOf(
  db: Db,
  organizationId: string,
  reportId: string,
  number: number,
): Promise<ReaderPicture | undefined> {
  return db
    .selectFrom('reader_image')
    .select([
      'kind',
      'content_type as contentType',
      'size_bytes as sizeBytes',
      'sha256',
      'url',
      'url_until as urlUntil',
    ])
    .where('organization_id', '=', organizationId)
    .where('report_id', '=', reportId)
    .where('number', '=', number)
    .executeTakeFirst()
}

export interface ArrivalPicture {
  arrivalId: string
  reportId: string
  number: number
  kind: string
  /** Where the vendor keeps it; null when the hub does. */
  url: string | null
}

/** Of the surest report of each arrival, at most three. */
export async function picturesOfArrivals(
  db: Db,
  organizationId: string,
  arrivalIds: readonly string[],
): Promise<ArrivalPicture[]> {
  if (arrivalIds.length === 0) return []
  const { rows } = await sql<ArrivalPicture>`
    select "arrivalId", "reportId", number, kind, url from (
      select r.arrival_id as "arrivalId", i.report_id as "reportId", i.number, i.kind, i.url,
        row_number() over (partition by r.arrival_id order by r.state <> 'stored', r.revision desc, r.report_id, i.number) as place
      from reader_report r
      join reader_image i on i.organization_id = r.organization_id and i.report_id = r.report_id
      where r.organization_id = ${organizationId} and r.arrival_id = any(${arrivalIds}::uuid[])
    ) p where place <= 3 order by 1, place`.execute(db)
  return rows
}

const perRound = 5_000

/** Pictures past their days first, then reports past theirs with what pictures they still have. Days of 0 keep reports. */
export async function pruneReports(
  db: Db,
  { keepDays, now }: { keepDays: number; now: Date },
): Promise<{ pictures: number; reports: number }> {
  const gone = { pictures: 0, reports: 0 }
  gone.pictures = await inRounds(() =>
    sql`delete from reader_image where ctid = any(array(
      select ctid from reader_image where expires_at <= ${now} limit ${perRound}))`.execute(db),
  )
  if (keepDays <= 0) return gone
  const before = new Date(now.getTime() - keepDays * 86_400_000)
  gone.reports = await inRounds(() =>
    sql`with old as materialized (
      select organization_id, report_id from reader_report where taken_at < ${before} limit ${perRound}
    ), pictures as (
      delete from reader_image i using old where i.organization_id = old.organization_id and i.report_id = old.report_id
    ) delete from reader_report r using old where r.organization_id = old.organization_id and r.report_id = old.report_id`.execute(
      db,
    ),
  )
  return gone
}

async function inRounds(round: () => Promise<{ numAffectedRows?: bigint }>): Promise<number> {
  for (let gone = 0; ; ) {
    const { numAffectedRows = 0n } = await round()
    gone += Number(numAffectedRows)
    if (numAffectedRows < perRound) return gone
  }
}

/** Notes when readers were heard. Those that had been silent are told. */
export async function writeSeen(
  trx: Db,
  organizationId: string,
  seen: readonly { readerId: string; at: Date }[],
): Promise<string[]> {
  if (seen.length === 0) return []
  const ids = seen.map(({ readerId }) => readerId)
  // A statement of its own: one that also writes the rows cannot lock them any more, and would see none silent.
  const { rows } = await sql<{ readerId: string; silent: boolean }>`
    select l.reader_id as "readerId", l.silent from reader_life l
    where l.organization_id = ${organizationId} and l.reader_id = any(${ids}::uuid[]) order by 1 for update`.execute(
    trx,
  )
  await sql`
    insert into reader_life as l (organization_id, reader_id, seen_at)
    select ${organizationId}, "readerId", at
    from json_to_recordset(${jsonText(seen)}::json) as s("readerId" uuid, at timestamptz) order by 2
    on conflict (organization_id, reader_id) do update
      set seen_at = greatest(l.seen_at, excluded.seen_at), silent = false`.execute(trx)
  return rows.filter(({ silent }) => silent).map(({ readerId }) => readerId)
}

export interface SilentReader {
  organizationId: string
  siteId: string
  connectionId: string
  readerId: string
  name: string
  label: string
  seenAt: Date
}

/** Marks those that have not been heard for longer than they may be quiet; each is returned to one caller only. */
export async function markSilent(trx: Db, now: Date): Promise<SilentReader[]> {
  const { rows } = await sql<SilentReader>`
    update reader_life l set silent = true from reader r
    where r.organization_id = l.organization_id and r.reader_id = l.reader_id and not l.silent
      and r.archived_at is null and r.site_id is not null and r.connection_id is not null
      and l.seen_at + r.heartbeat_seconds * interval '1 second' < ${now}
    returning r.organization_id as "organizationId", r.site_id as "siteId", r.connection_id as "connectionId",
      r.reader_id as "readerId", r.name, r.label, l.seen_at as "seenAt"`.execute(trx)
  return rows
}
