// Owns the rows of what is asked of parking systems: adding, finding the next one of a connection, moving one on.
// Must not decide what follows from an answer (core/domain/parking-action-state.ts does), nor call anybody.
import { type Selectable, sql } from 'kysely'
import type { ParkingActionKind } from '../domain/parking-action.ts'
import type { ParkingActionState } from '../domain/parking-action-state.ts'
import type { NewJob } from './event-log.ts'
import { jsonText } from './json-text.ts'
import { type Db, from, is, recordTable } from './record-table.ts'
import type { ParkingActionTable } from './schema.ts'
import type { NewTimer } from './timers.ts'

export type ActionSubject = 'stay' | 'credential' | 'lane' | 'counter'
export type ParkingActionRow = Selectable<ParkingActionTable>

export interface ParkingActionRecord {
  actionId: string
  siteId: string
  connectionId: string
  kind: ParkingActionKind
  subjectType: ActionSubject
  subjectKey: string
  data: Record<string, unknown>
  state: ParkingActionState
  needsPerson: boolean
  attempt: number
  asks: number
  billId: string | null
  requestedBy: string
  deadline: Date | null
  nextAt: Date | null
  sentAt: Date | null
  unknownSince: Date | null
  finishedAt: Date | null
  reason: string | null
  code: string | null
  reference: string | null
  version: number
  createdAt: Date
  updatedAt: Date
}

export const parkingActions = recordTable<ParkingActionRecord>()('parking_action', {
  type: 'parking_action',
  id: 'action_id',
  columns: {
    actionId: 'action_id',
    siteId: 'site_id',
    connectionId: 'connection_id',
    kind: 'kind',
    subjectType: 'subject_type',
    subjectKey: 'subject_key',
    data: 'data',
    state: 'state',
    needsPerson: 'needs_person',
    attempt: 'attempt',
    asks: 'asks',
    billId: 'bill_id',
    requestedBy: 'requested_by',
    deadline: 'deadline',
    nextAt: 'next_at',
    sentAt: 'sent_at',
    unknownSince: 'unknown_since',
    finishedAt: 'finished_at',
    reason: 'reason',
    code: 'code',
    reference: 'reference',
    version: 'version',
    createdAt: 'created_at',
    updatedAt: 'updated_at',
  },
  reach: 'site',
  sorts: {
    createdAt: [
      { expression: 't.created_at', type: 'timestamptz' },
      { expression: 't.action_id', type: 'uuid' },
    ],
  },
  defaultSort: '-createdAt',
  filters: {
    siteId: is('site_id'),
    connectionId: is('connection_id'),
    kind: is('kind'),
    state: is('state'),
    needsPerson: is('needs_person'),
    subjectType: is('subject_type'),
    subjectKey: is('subject_key'),
    billId: is('bill_id'),
    from: from('t.created_at'),
    open: (value: boolean) =>
      value
        ? sql<boolean>`t.state in ('queued', 'sent', 'unknown')`
        : sql<boolean>`t.state not in ('queued', 'sent', 'unknown')`,
  },
})

export interface NewParkingAction {
  organizationId: string
  siteId: string
  connectionId: string
  actionId: string
  kind: ParkingActionKind
  subjectType: ActionSubject
  subjectKey: string
  data: object
  /** What is taken first: 0 before 1 before 2, and in the order of asking within one. */
  priority: number
  idempotencyKey: string
  billId: string | null
  requestedBy: string
  deadline: Date | null
  at: Date
}

/** Adds those whose key is new to their connection; returns the ids of these. */
export async function insertParkingActions(trx: Db, actions: readonly NewParkingAction[]): Promise<Set<string>> {
  if (actions.length === 0) return new Set()
  const rows = actions.map((one) => ({
    organization_id: one.organizationId,
    site_id: one.siteId,
    action_id: one.actionId,
    connection_id: one.connectionId,
    kind: one.kind,
    subject_type: one.subjectType,
    subject_key: one.subjectKey,
    data: one.data,
    priority: one.priority,
    idempotency_key: one.idempotencyKey,
    bill_id: one.billId,
    requested_by: one.requestedBy,
    deadline: one.deadline,
    at: one.at,
  }))
  const { rows: added } = await sql<{ id: string }>`
    insert into parking_action (organization_id, site_id, action_id, connection_id, kind, subject_type, subject_key, data, state,
      priority, idempotency_key, bill_id, requested_by, deadline, created_at, updated_at)
    select organization_id, site_id, action_id, connection_id, kind, subject_type, subject_key, data, 'queued', priority,
      idempotency_key, bill_id, requested_by, deadline, at, at
    from jsonb_to_recordset(${jsonText(rows)}::jsonb) as r(organization_id uuid, site_id uuid, action_id uuid, connection_id uuid,
      kind text, subject_type text, subject_key text, data jsonb, priority smallint, idempotency_key text, bill_id uuid,
      requested_by text, deadline timestamptz, at timestamptz)
    on conflict (organization_id, connection_id, idempotency_key) do nothing
    returning action_id as id`.execute(trx)
  return new Set(added.map(({ id }) => id))
}

export async function actionIdByKey(
  db: Db,
  of: { organizationId: string; connectionId: string },
  idempotencyKey: string,
): Promise<string | undefined> {
  const row = await db
    .selectFrom('parking_action')
    .select('action_id')
    .where('organization_id', '=', of.organizationId)
    .where('connection_id', '=', of.connectionId)
    .where('idempotency_key', '=', idempotencyKey)
    .executeTakeFirst()
  return row?.action_id
}

/** A row that is still to be carried out, locked. */
export async function lockParkingAction(
  trx: Db,
  organizationId: string,
  actionId: string,
): Promise<ParkingActionRow | undefined> {
  return trx
    .selectFrom('parking_action')
    .selectAll()
    .where('organization_id', '=', organizationId)
    .where('action_id', '=', actionId)
    .forUpdate()
    .executeTakeFirst()
}

/** Open actions about these subjects at one connection, locked, in the order they were asked for. */
export async function lockOpenAbout(
  trx: Db,
  of: { organizationId: string; connectionId: string },
  subjectType: ActionSubject,
  subjectKeys: readonly string[],
): Promise<ParkingActionRow[]> {
  if (subjectKeys.length === 0) return []
  return trx
    .selectFrom('parking_action')
    .selectAll()
    .where('organization_id', '=', of.organizationId)
    .where('connection_id', '=', of.connectionId)
    .where('subject_type', '=', subjectType)
    .where('subject_key', '=', sql<string>`any(${subjectKeys}::text[])`)
    .where('state', 'in', ['queued', 'sent', 'unknown'])
    .orderBy('position')
    .forUpdate()
    .execute()
}

/**
 * The next one of the connection, locked: what was on its way when somebody died, then by priority and order. What is about a
 * stay or a credential waits for everything that was asked about it before; a lane does not wait for its last opening.
 */
export async function lockNextAction(
  trx: Db,
  of: { organizationId: string; connectionId: string },
  /** Nobody can be called: what is too late, and what was on its way, is all that can be settled. */
  away: boolean,
  now: Date,
): Promise<ParkingActionRow | undefined> {
  const { rows } = await sql<ParkingActionRow>`
    select a.* from parking_action a
    where a.organization_id = ${of.organizationId} and a.connection_id = ${of.connectionId}
      and a.state in ('queued', 'sent', 'unknown')
      and (not ${away} or a.state = 'sent' or (a.state = 'queued' and a.deadline <= ${now}))
      and (a.next_at <= ${now} or a.deadline <= ${now} and a.state = 'queued' or (a.next_at is null and not a.needs_person))
      and (a.subject_type in ('lane', 'counter') or a.state <> 'queued' or a.deadline <= ${now} or not exists (
        select from parking_action b
        where b.organization_id = a.organization_id and b.connection_id = a.connection_id and b.subject_type = a.subject_type
          and b.subject_key = a.subject_key and b.state in ('queued', 'sent', 'unknown') and b.position < a.position))
    order by (a.state = 'sent') desc, a.priority, a.position limit 1
    for update of a`.execute(trx)
  return rows[0]
}

export type ActionChange = Partial<
  Pick<
    ParkingActionRow,
    | 'state'
    | 'needs_person'
    | 'attempt'
    | 'asks'
    | 'next_at'
    | 'sent_at'
    | 'unknown_since'
    | 'finished_at'
    | 'reason'
    | 'code'
    | 'reference'
  >
>

/** The row must be locked. */
export async function changeParkingAction(
  trx: Db,
  row: Pick<ParkingActionRow, 'organization_id' | 'action_id'>,
  change: ActionChange,
  now: Date,
): Promise<ParkingActionRow> {
  return trx
    .updateTable('parking_action')
    .set(({ eb }) => ({ ...change, version: eb('version', '+', 1), updated_at: now }))
    .where('organization_id', '=', row.organization_id)
    .where('action_id', '=', row.action_id)
    .returningAll()
    .executeTakeFirstOrThrow()
}

/** The vendor's name of the same thing, from the latest action about it that was done. */
export async function lastReference(
  db: Db,
  row: Pick<ParkingActionRow, 'organization_id' | 'connection_id' | 'subject_type' | 'subject_key'>,
): Promise<string | undefined> {
  const found = await db
    .selectFrom('parking_action')
    .select('reference')
    .where('organization_id', '=', row.organization_id)
    .where('subject_type', '=', row.subject_type)
    .where('subject_key', '=', row.subject_key)
    .where('connection_id', '=', row.connection_id)
    .where('state', '=', 'done')
    .where('reference', 'is not', null)
    .orderBy('position', 'desc')
    .limit(1)
    .executeTakeFirst()
  return found?.reference ?? undefined
}

/** Connections at which something about the subject waits for a person. */
export async function parkingActionsNeedingPerson(
  db: Db,
  organizationId: string,
  subjectType: ActionSubject,
  subjectKey: string,
): Promise<Set<string>> {
  const rows = await db
    .selectFrom('parking_action')
    .select('connection_id')
    .where('organization_id', '=', organizationId)
    .where('subject_type', '=', subjectType)
    .where('subject_key', '=', subjectKey)
    .where('needs_person', '=', true)
    .where('state', 'in', ['queued', 'sent', 'unknown'])
    .execute()
  return new Set(rows.map((row) => row.connection_id))
}

/** When something of the connection has to be looked at again; null when nothing has. While it is away only deadlines count. */
export async function nextActionLook(
  db: Db,
  of: { organizationId: string; connectionId: string },
  away: boolean,
  now: Date,
): Promise<Date | null> {
  const { rows } = await sql<{ at: Date | null }>`
    select min(least(case when not ${away} and next_at > ${now} then next_at end,
      case when state = 'queued' and deadline > ${now} then deadline end)) as at from parking_action
    where organization_id = ${of.organizationId} and connection_id = ${of.connectionId}
      and state in ('queued', 'sent', 'unknown')`.execute(db)
  return rows[0]?.at ?? null
}

/** Connections for which something is open that does not wait for a person alone. */
export async function connectionsWithOpenActions(db: Db): Promise<{ organizationId: string; connectionId: string }[]> {
  const { rows } = await sql<{ organizationId: string; connectionId: string }>`
    select distinct organization_id as "organizationId", connection_id as "connectionId" from parking_action
    where state in ('queued', 'sent', 'unknown') and (next_at is not null or not needs_person)`.execute(db)
  return rows
}

/** Ended actions about credentials are news for a while only: thousands come with every import. */
export async function pruneCredentialActions(db: Db, before: Date): Promise<void> {
  await db
    .deleteFrom('parking_action')
    .where('subject_type', '=', 'credential')
    .where('state', 'not in', ['queued', 'sent', 'unknown'])
    .where('finished_at', '<', before)
    .execute()
}

/** One at a time for each connection, whoever adds it. */
export function parkingActionJob(of: { organizationId: string; connectionId: string }): NewJob {
  const { organizationId, connectionId } = of
  const name = `parking:${connectionId}`
  return { task: 'parking.act', payload: { organizationId, connectionId }, key: name, queue: name }
}

export function parkingActionTimer(
  of: { organizationId: string; siteId: string | null; connectionId: string },
  dueAt: Date,
): NewTimer {
  const { organizationId, siteId, connectionId } = of
  const key = `parking:${connectionId}`
  return { organizationId, siteId, kind: 'parking.act', key, dueAt, data: { organizationId, connectionId } }
}
