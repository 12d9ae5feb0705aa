// Owns the rows that say how far each subject's billing has come, and the locks that keep one energy on one bill.
// Must not issue bills.
import { type Kysely, sql } from 'kysely'
import type { SubjectKey } from '../domain/bill/index.ts'
import { jsonText } from './json-text.ts'
import type { HubTables } from './schema.ts'
import { clearTimer, setTimers } from './timers.ts'
import { withoutWaiting } from './transaction.ts'

type Db = Kysely<HubTables>

export interface SubjectPlace {
  organizationId: string
  siteId: string
  subjectKey: SubjectKey
}

export interface SubjectState {
  state: 'pending' | 'held' | 'settled'
  reason: string | null
  /** When it is looked at again without any new fact. */
  dueAt: Date | null
}

/**
 * Until the transaction ends, nobody else bills these sessions. Advisory, so that the charger's own writes to the session are
 * never held up; in one order, so that two bills never wait for each other.
 */
export async function lockSessions(trx: Db, organizationId: string, sessionIds: readonly string[]): Promise<void> {
  if (sessionIds.length === 0) return
  await sql`select pg_advisory_xact_lock(hashtextextended('bill.session ' || ${organizationId} || ' ' || id, 0))
    from unnest(${[...sessionIds].sort()}::text[]) with ordinality as s(id, place) order by place`.execute(trx)
}

/** Locks the rows of several subjects, made if need be, in one order. */
export async function lockSubjects(
  trx: Db,
  place: Omit<SubjectPlace, 'subjectKey'>,
  keys: readonly SubjectKey[],
  now: Date,
): Promise<void> {
  const rows = [...keys].sort().map((key) => {
    const [kind, id = ''] = key.split(':')
    return {
      organization_id: place.organizationId,
      site_id: place.siteId,
      subject_key: key,
      stay_id: kind === 'stay' ? id : null,
      session_id: kind === 'session' ? id : null,
      state: 'pending',
      updated_at: now,
    }
  })
  // A conflict locks the row that is there; setting what it already holds changes nothing.
  await trx
    .insertInto('billing_subject')
    .values(rows)
    .onConflict((conflict) =>
      conflict
        .columns(['organization_id', 'subject_key'])
        .doUpdateSet((set) => ({ subject_key: set.ref('billing_subject.subject_key') })),
    )
    .execute()
}

/** The state, and the appointment that goes with it. The row must be locked. */
export async function setSubject(trx: Db, place: SubjectPlace, next: SubjectState, now: Date): Promise<void> {
  const { organizationId, subjectKey } = place
  await setSubjects(trx, place, new Map([[subjectKey, next]]), now)
  if (next.dueAt !== null) return
  const timer = { organizationId, kind: 'bill.evaluate', key: `bill:${subjectKey}` }
  await withoutWaiting(trx, { execute: () => clearTimer(trx, timer) })
}

/** Of several; appointments are made and moved, and none is taken back. The rows must be locked. */
export async function setSubjects(
  trx: Db,
  { organizationId, siteId }: Omit<SubjectPlace, 'subjectKey'>,
  states: ReadonlyMap<SubjectKey, SubjectState>,
  now: Date,
): Promise<void> {
  if (states.size === 0) return
  const rows = [...states].map(([subject_key, { state, reason, dueAt }]) => ({
    subject_key,
    state,
    reason,
    due_at: dueAt,
  }))
  const update = sql`update billing_subject b
    set state = r.state, reason = r.reason, due_at = r.due_at, site_id = ${siteId}::uuid, updated_at = ${now}
    from json_to_recordset(${jsonText(rows)}::json) as r(subject_key text, state text, reason text, due_at timestamptz)
    where b.organization_id = ${organizationId} and b.subject_key = r.subject_key
      and b.subject_key = any(${[...states.keys()]}::text[])
      and (b.state, b.reason, b.due_at, b.site_id) is distinct from (r.state, r.reason, r.due_at, ${siteId}::uuid)`
  await withoutWaiting(trx, { execute: () => update.execute(trx) })
  await setTimers(
    trx,
    [...states].flatMap(([subjectKey, { dueAt }]) => {
      if (dueAt === null) return []
      const data = { organizationId, siteId, subjectKey }
      return [{ organizationId, siteId, kind: 'bill.evaluate', key: `bill:${subjectKey}`, dueAt, data }]
    }),
  )
}

/** Of these sessions, those that are on a bill, or that somebody paid for. */
export async function sessionsInBooks(
  db: Db,
  organizationId: string,
  sessionIds: readonly string[],
): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    select s.id from unnest(${sessionIds}::uuid[]) as s(id)
    where exists (select from bill_line l where l.organization_id = ${organizationId} and l.session_id = s.id)
      or exists (select from bill b where b.organization_id = ${organizationId} and b.subject_key = 'session:' || s.id)
      or exists (select from payment p where p.organization_id = ${organizationId} and p.subject_key = 'session:' || s.id)
    `.execute(db)
  return rows.map(({ id }) => id)
}

/** Subjects that wait for a person or a tariff. */
export async function heldSubjects(db: Db, organizationId: string, siteId: string): Promise<SubjectKey[]> {
  const rows = await db
    .selectFrom('billing_subject')
    .select('subject_key')
    .where('organization_id', '=', organizationId)
    .where('site_id', '=', siteId)
    .where('state', '=', 'held')
    .orderBy('subject_key')
    .execute()
  return rows.map((row) => row.subject_key as SubjectKey)
}
