// Owns the rows that say how far each subject's billing has come, and the locks that keep one energy on one bill.
// Must not issue bills.
import { type Kysely, sql } from 'kysely'
import type { SubjectKey } from '../domain/bill/index.ts'
import type { HubTables } from './schema.ts'
import { clearTimer, setTimer } from './timers.ts'

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
  await trx
    .updateTable('billing_subject')
    .set({ state: next.state, reason: next.reason, due_at: next.dueAt, site_id: place.siteId, updated_at: now })
    .where('organization_id', '=', place.organizationId)
    .where('subject_key', '=', place.subjectKey)
    .where((row) =>
      row.or([
        row('state', '<>', next.state),
        row('reason', 'is distinct from', next.reason),
        row('due_at', 'is distinct from', next.dueAt),
        row('site_id', '<>', place.siteId),
      ]),
    )
    .execute()
  const timer = { organizationId: place.organizationId, kind: 'bill.evaluate', key: `bill:${place.subjectKey}` }
  if (next.dueAt === null) await clearTimer(trx, timer)
  else await setTimer(trx, { ...timer, siteId: place.siteId, dueAt: next.dueAt, data: { ...place } })
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
