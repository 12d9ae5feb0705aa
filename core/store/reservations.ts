// Owns how reservations are read and written.
// Must not decide their state; core/domain/reservation.ts does.
import { sql } from 'kysely'
import type { ReservationState } from '../domain/reservation.ts'
import { before, type Db, from, is, recordTable } from './record-table.ts'

export interface Reservation {
  reservationId: string
  siteId: string | null
  number: number
  stationId: string
  evseNumber: number | null
  connectorType: string | null
  token: string
  tokenKind: string
  groupToken: string | null
  groupTokenKind: string | null
  from: Date
  until: Date
  askedUntil: Date | null
  state: ReservationState
  reserveCommandId: string | null
  cancelCommandId: string | null
  sessionId: string | null
  reason: string | null
  createdBy: string
  version: number
  createdAt: Date
  updatedAt: Date
}

const idColumn = { expression: 't.reservation_id', type: 'uuid' } as const

export const reservations = recordTable<Reservation>()('reservation', {
  type: 'reservation',
  id: 'reservation_id',
  columns: {
    reservationId: 'reservation_id',
    siteId: 'site_id',
    number: 'number',
    stationId: 'station_id',
    evseNumber: 'evse_number',
    connectorType: 'connector_type',
    token: 'token',
    tokenKind: 'token_kind',
    groupToken: 'group_token',
    groupTokenKind: 'group_token_kind',
    from: 'from_at',
    until: 'until_at',
    askedUntil: 'asked_until',
    state: 'state',
    reserveCommandId: 'reserve_command_id',
    cancelCommandId: 'cancel_command_id',
    sessionId: 'session_id',
    reason: 'reason',
    createdBy: 'created_by',
    version: 'version',
    createdAt: 'created_at',
    updatedAt: 'updated_at',
  },
  reach: 'site',
  search: ['token'],
  sorts: {
    from: [{ expression: 't.from_at', type: 'timestamptz' }, idColumn],
    createdAt: [{ expression: 't.created_at', type: 'timestamptz' }, idColumn],
  },
  defaultSort: '-from',
  filters: {
    siteId: is('site_id'),
    stationId: is('station_id'),
    evse: is('evse_number'),
    state: is('state'),
    token: is('token'),
    from: from('t.until_at'),
    to: before('t.from_at'),
  },
})

/** The next number of a station: stations know reservations by it, and it is not used again. Others wait for this transaction. */
export async function takeReservationNumber(db: Db, organizationId: string, stationId: string): Promise<number> {
  await sql`select pg_advisory_xact_lock(hashtextextended('reservation ' || ${stationId}, 0))`.execute(db)
  const row = await db
    .selectFrom('reservation')
    .select((eb) => eb.fn.max('number').as('number'))
    .where('organization_id', '=', organizationId)
    .where('station_id', '=', stationId)
    .executeTakeFirst()
  return (row?.number ?? 0) + 1
}

/** The id by the number that the station knows, or by either of its commands; locked. */
export async function findReservation(
  db: Db,
  of: { organizationId: string; stationId: string; number: number },
): Promise<string | undefined> {
  const row = await db
    .selectFrom('reservation')
    .select('reservation_id')
    .where('organization_id', '=', of.organizationId)
    .where('station_id', '=', of.stationId)
    .where('number', '=', of.number)
    .forUpdate()
    .executeTakeFirst()
  return row?.reservation_id
}

/** Until when the station holds it: what the latest of its accepted commands says, in whatever order their ends are heard. */
export async function heldUntil(
  db: Db,
  of: { organizationId: string; stationId: string; number: number },
): Promise<Date | undefined> {
  const { rows } = await sql<{ until: string }>`
    select args->>'until' as until from command
    where organization_id = ${of.organizationId} and station_id = ${of.stationId} and name = 'reserve'
      and outcome = 'accepted' and (args->>'reservationId')::int = ${of.number}
    order by created_at desc, command_id desc limit 1`.execute(db)
  return rows[0] === undefined ? undefined : new Date(rows[0].until)
}

/** Every command that asked the station for it, the oldest first. */
export async function reserveCommands(
  db: Db,
  of: { organizationId: string; stationId: string; number: number },
): Promise<string[]> {
  const { rows } = await sql<{ command_id: string }>`
    select command_id from command
    where organization_id = ${of.organizationId} and station_id = ${of.stationId} and name = 'reserve'
      and (args->>'reservationId')::int = ${of.number}
    order by created_at, command_id`.execute(db)
  return rows.map((row) => row.command_id)
}
