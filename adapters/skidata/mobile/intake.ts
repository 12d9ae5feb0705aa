// Owns what becomes of a message: kept first, then told to the hub once, whatever is killed or away in between.
// Must not lose what was kept: the service does not queue again what it has handed over.
import { createHash } from 'node:crypto'
import type { Kysely } from 'kysely'
import type { Clock, Log, ParcsSink } from '../../../core/plugin/index.ts'
import { eventFacts } from './event-facts.ts'
import { eventsIn, readEvent, type TransactionEvent } from './read-event.ts'
import type { MobileTables } from './tables.ts'
import { beganAt, visitOf } from './visits.ts'

export interface IntakeDeps {
  db: Kysely<MobileTables>
  connectionId: string
  sink: Pick<ParcsSink, 'record'>
  site(): Promise<{ zone: string; currency: string }>
  facilityNo: number
  carparkNos: readonly number[]
  clock: Clock
  log: Log
}

export interface Intake {
  /** Resolves when the message lies in the database, whatever it says. */
  keep(message: string): Promise<void>
  /** Tells the hub what was kept and not told yet, in the order it came; once at a time. */
  tell(): Promise<void>
  /** Runs when no message is being placed. */
  alone<T>(run: () => Promise<T>): Promise<T>
  /** Messages that could not be taken, for the operator; null when there are none. */
  trouble(): Promise<string | null>
}

const pageSize = 100
/** Above it a backlog after an outage, below it a message as it happens. */
const lateMs = 300_000

export function intake(deps: IntakeDeps): Intake {
  let last: Promise<unknown> = Promise.resolve()
  const inTurn = <T>(run: () => Promise<T>): Promise<T> => {
    const next = last.then(run)
    last = next.catch(() => undefined)
    return next
  }
  return {
    keep: (message) => inTurn(() => keep(deps, message)),
    tell: () => inTurn(() => tell(deps)),
    alone: inTurn,
    async trouble() {
      const { db, connectionId } = deps
      const rows = await db
        .selectFrom('inbox')
        .select(['reason'])
        .where('connection_id', '=', connectionId)
        .where('state', '=', 'unfit')
        .where('received_at', '>', new Date(deps.clock.now().getTime() - 86_400_000))
        .orderBy('received_at', 'desc')
        .limit(pageSize)
        .execute()
      const many = rows.length === pageSize ? `${pageSize} or more` : rows.length
      return rows[0] ? `${many} messages of the last day could not be taken whole; the last: ${rows[0].reason}` : null
    },
  }
}

async function keep({ db, connectionId, clock }: IntakeDeps, message: string): Promise<void> {
  const read = eventsIn(message)
  // PostgreSQL keeps no zero characters in a text; what is JSON has them escaped.
  const items =
    read.kind === 'ok'
      ? read.items.map((item) => JSON.stringify(item))
      : [message.replaceAll('\0', '').slice(0, 10_000)]
  for (const body of items) {
    const eventId = eventIdOf(body)
    const known = await db
      .selectFrom('inbox')
      .select(['revision', 'body'])
      .where('connection_id', '=', connectionId)
      .where('event_id', '=', eventId)
      .orderBy('revision', 'desc')
      .execute()
    // Any version of it that came before is a repeat: the service sends again what it is not sure of.
    if (known.some((one) => one.body === body)) continue
    const revision = (known[0]?.revision ?? 0) + 1
    await db
      .insertInto('inbox')
      .values({
        connection_id: connectionId,
        event_id: eventId,
        revision,
        body,
        received_at: clock.now(),
        state: 'new',
        reason: null,
      })
      .execute()
  }
}

/** What has no EventID is named by what it says, so that a repeat of it is one, too. */
function eventIdOf(body: string): string {
  const read = eventsIn(body)
  const item = read.kind === 'ok' ? read.items[0] : undefined
  const id = typeof item === 'object' && item !== null ? (item as Record<string, unknown>).EventID : undefined
  const fit = (typeof id === 'string' || typeof id === 'number') && /^[^\p{Cc}\p{Cs}]{1,200}$/u.test(String(id).trim())
  return fit ? `e:${String(id).trim()}` : `h:${createHash('sha256').update(body).digest('hex')}`
}

async function tell(deps: IntakeDeps): Promise<void> {
  const { db, connectionId, log } = deps
  for (;;) {
    const rows = await db
      .selectFrom('inbox')
      .selectAll()
      .where('connection_id', '=', connectionId)
      .where('state', '=', 'new')
      .orderBy('received_at')
      .orderBy('event_id')
      .orderBy('revision')
      .limit(pageSize)
      .execute()
    for (const row of rows) {
      const reason = await tellOne(deps, row)
      if (reason !== null) log.warn({ event: row.event_id, reason }, 'a message of the MobileAPI was not taken whole')
      await db
        .updateTable('inbox')
        .set({ state: reason === null ? 'told' : 'unfit', reason })
        .where('connection_id', '=', connectionId)
        .where('event_id', '=', row.event_id)
        .where('revision', '=', row.revision)
        .execute()
    }
    if (rows.length < pageSize) return
  }
}

/** Null when the hub has all of it. Rejects when the hub cannot store now: the row stays as it is. */
async function tellOne(deps: IntakeDeps, row: MobileTables['inbox']): Promise<string | null> {
  const { sink, facilityNo, carparkNos } = deps
  const { zone, currency } = await deps.site()
  const read = eventsIn(row.body)
  if (read.kind === 'unfit') return read.reason
  const [item] = read.items
  const found = readEvent(item, zone, row.received_at)
  if (found.kind === 'unfit') return found.reason
  const { event } = found
  const ours = event.carparkNo === null || carparkNos.length === 0 || carparkNos.includes(event.carparkNo)
  if (event.facilityNo !== facilityNo || !ours)
    return `facility ${event.facilityNo}, car park ${event.carparkNo ?? '?'} is not of this connection`
  const stayRef = await placed(deps, event)
  const backfilled = row.received_at.getTime() - event.at.getTime() > lateMs
  const { facts, unfit } = eventFacts(event, { stayRef, revision: row.revision, currency, backfilled })
  const rejected = (await sink.record(facts)).find(({ status }) => status === 'rejected')
  if (rejected?.status === 'rejected') return `not kept by the hub: ${rejected.reason} ${rejected.pointer ?? ''}`.trim()
  return unfit
}

/** Joins the event to its visit, or begins one. The same event finds the same visit for ever. */
async function placed({ db, connectionId }: IntakeDeps, event: TransactionEvent): Promise<string> {
  const visits = await db
    .selectFrom('visit')
    .select(['visit_ref', 'started_at', 'started_event', 'completed_at', 'completed_event'])
    .where('connection_id', '=', connectionId)
    .where('ticket_no', '=', event.ticketNo)
    .where('ticket_type', '=', event.ticketType)
    .orderBy('started_at', 'desc')
    .limit(pageSize)
    .execute()
  const known = visitOf(event, visits)
  const told =
    event.kind === 'started'
      ? { started_at: event.at, started_event: event.eventId }
      : {
          completed_at: event.at,
          completed_event: event.eventId,
          completed_facility: event.facilityNo,
          lost_at: null,
          // Until its beginning is told: where to look for it.
          ...(known ? {} : { started_at: beganAt(event) }),
        }
  if (known) {
    await db
      .updateTable('visit')
      .set(told)
      .where('connection_id', '=', connectionId)
      .where('visit_ref', '=', known.visit_ref)
      .execute()
    return known.visit_ref
  }
  await db
    .insertInto('visit')
    .values({
      connection_id: connectionId,
      visit_ref: event.eventId,
      ticket_type: event.ticketType,
      ticket_no: event.ticketNo,
      facility_no: event.facilityNo,
      started_at: null,
      started_event: null,
      completed_at: null,
      completed_event: null,
      completed_facility: null,
      asked_at: null,
      lost_at: null,
      ...told,
    })
    .execute()
  return event.eventId
}
