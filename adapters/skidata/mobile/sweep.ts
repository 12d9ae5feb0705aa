// Owns closing gaps by questions: whether visits that are open here are open there, and whether identifiers of the hub are inside.
// Must not end a visit whose end nobody told: when it ended is not known, and money hangs on it.
import type { Kysely } from 'kysely'
import { type Clock, type ParcsSink, succeeded } from '../../../core/plugin/index.ts'
import type { MobileApi } from './api.ts'
import { foundEntry } from './event-facts.ts'
import { readRate, type Ticket, type TicketType } from './read-event.ts'
import type { MobileTables } from './tables.ts'
import { visitOf } from './visits.ts'

export interface SweepDeps {
  db: Kysely<MobileTables>
  connectionId: string
  api: MobileApi
  sink: Pick<ParcsSink, 'record'>
  site(): Promise<{ zone: string }>
  /** Runs while no event is being placed. */
  alone<T>(run: () => Promise<T>): Promise<T>
  facilityNo: number
  clock: Clock
}

/** Questions of one sweep: the service is there for drivers first. */
const mostAsked = 50
const keptDays = 90
const dayMs = 86_400_000

/** Asks about those asked longest ago. Stops at the first question that finds nobody there. */
export async function sweep(deps: SweepDeps, signal?: AbortSignal): Promise<void> {
  const { db, connectionId, clock } = deps
  const open = await db
    .selectFrom('visit')
    .select(['ticket_type', 'ticket_no', 'facility_no', 'asked_at'])
    .where('connection_id', '=', connectionId)
    .where('completed_event', 'is', null)
    .where('lost_at', 'is', null)
    .orderBy('asked_at', (order) => order.asc().nullsFirst())
    .limit(mostAsked)
    .execute()
  const identifiers = await db
    .selectFrom('identifier')
    .select(['ticket_type', 'ticket_no', 'asked_at'])
    .where('connection_id', '=', connectionId)
    .orderBy('asked_at', (order) => order.asc().nullsFirst())
    .limit(mostAsked)
    .execute()
  const tickets = [...open, ...identifiers.map((one) => ({ ...one, facility_no: deps.facilityNo }))]
    .sort((a, b) => (a.asked_at?.getTime() ?? 0) - (b.asked_at?.getTime() ?? 0))
    .slice(0, mostAsked)
  for (const { ticket_type, ticket_no, facility_no } of tickets) {
    if (signal?.aborted) return
    const ticket = { ticketType: ticket_type as TicketType, ticketNo: ticket_no }
    if ((await ask(deps, ticket, facility_no, signal)) === 'nobody') return
  }
  await db
    .deleteFrom('inbox')
    .where('connection_id', '=', connectionId)
    .where('received_at', '<', new Date(clock.now().getTime() - keptDays * dayMs))
    .execute()
  await db
    .deleteFrom('visit')
    .where('connection_id', '=', connectionId)
    .where('completed_at', '<', new Date(clock.now().getTime() - keptDays * dayMs))
    .execute()
}

async function ask(
  deps: SweepDeps,
  ticket: Ticket,
  facilityNo: number,
  signal: AbortSignal | undefined,
): Promise<'asked' | 'nobody'> {
  const { api, clock } = deps
  const now = clock.now()
  const answer = await api(
    'CalculateRate',
    { FacilityNo: facilityNo, TicketNo: ticket.ticketNo, TicketType: ticket.ticketType },
    signal,
  )
  const unknown = answer.kind === 'answered' && answer.status === 404
  const rate = succeeded(answer) ? readRate(answer.json, (await deps.site()).zone, now) : null
  if (!unknown && rate === null) return answer.kind === 'answered' && answer.status < 500 ? 'asked' : 'nobody'
  await deps.alone(() => place(deps, ticket, facilityNo, now, unknown ? 'unknown' : (rate?.enteredAt ?? null)))
  return 'asked'
}

/** `enteredAt`: since when it is inside, null when the service does not say. */
async function place(
  deps: SweepDeps,
  ticket: Ticket,
  facilityNo: number,
  now: Date,
  enteredAt: Date | 'unknown' | null,
): Promise<void> {
  const { db, connectionId, sink } = deps
  const unknown = enteredAt === 'unknown'
  const at = unknown ? null : enteredAt
  const visits = await db
    .selectFrom('visit')
    .selectAll()
    .where('connection_id', '=', connectionId)
    .where('ticket_no', '=', ticket.ticketNo)
    .where('ticket_type', '=', ticket.ticketType)
    .orderBy('started_at', 'desc')
    .limit(100)
    .execute()
  // As an entry would be placed that was told now: with the visit of the same beginning, whether that was told or found.
  const known =
    at === null
      ? undefined
      : (visits.find(
          ({ started_at }) => started_at !== null && Math.abs(started_at.getTime() - at.getTime()) <= 120_000,
        ) ??
        visitOf(
          { kind: 'started', eventId: '', facilityNo, carparkNo: null, referenceNo: null, at, ...ticket },
          visits,
        ))
  const gone = visits.filter((one) => one.completed_event === null && one !== known && (unknown || at !== null))
  for (const { visit_ref } of gone) await set(deps, visit_ref, { asked_at: now, lost_at: now })
  if (known) await set(deps, known.visit_ref, { asked_at: now })
  else if (at !== null) {
    const visitRef = `found:${ticket.ticketType}:${ticket.ticketNo}:${at.toISOString()}`
    await sink.record([foundEntry(ticket, at, visitRef)])
    await db
      .insertInto('visit')
      .values({
        connection_id: connectionId,
        visit_ref: visitRef,
        ticket_type: ticket.ticketType,
        ticket_no: ticket.ticketNo,
        facility_no: facilityNo,
        started_at: at,
        started_event: null,
        completed_at: null,
        completed_event: null,
        completed_facility: null,
        asked_at: now,
        lost_at: null,
      })
      .onConflict((conflict) => conflict.columns(['connection_id', 'visit_ref']).doNothing())
      .execute()
  }
  await db
    .updateTable('identifier')
    .set({ asked_at: now })
    .where('connection_id', '=', connectionId)
    .where('ticket_no', '=', ticket.ticketNo)
    .where('ticket_type', '=', ticket.ticketType)
    .execute()
}

async function set(
  { db, connectionId }: SweepDeps,
  visitRef: string,
  change: { asked_at: Date; lost_at?: Date },
): Promise<void> {
  await db
    .updateTable('visit')
    .set(change)
    .where('connection_id', '=', connectionId)
    .where('visit_ref', '=', visitRef)
    .execute()
}

/** Stays that the service no longer knows and whose end it never told; null when there are none. */
export async function lostVisits({ db, connectionId, clock }: Pick<SweepDeps, 'db' | 'connectionId' | 'clock'>) {
  const rows = await db
    .selectFrom('visit')
    .select(['visit_ref'])
    .where('connection_id', '=', connectionId)
    .where('lost_at', '>', new Date(clock.now().getTime() - dayMs))
    .limit(mostAsked)
    .execute()
  return rows.length === 0
    ? null
    : `${rows.length} stays are no longer known to the service, and it told no end of them; look at them there.`
}
