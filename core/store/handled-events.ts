// Owns the marks "this connection has handled this event", which make a second delivery harmless.
// Must not run the effect; the mark shares the caller's transaction with it.
import { type Kysely, sql } from 'kysely'
import type { HubTables } from './schema.ts'

/** False when the mark was there. A second transaction that tries the same waits for the first to end. */
export async function markHandled(
  trx: Kysely<HubTables>,
  mark: { organizationId: string; connectionId: string; eventId: string; key: string },
): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await trx
    .insertInto('handled_event')
    .values({
      organization_id: mark.organizationId,
      connection_id: mark.connectionId,
      event_id: mark.eventId,
      key: mark.key,
      handled_at: sql`now()`,
    })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst()
  return numInsertedOrUpdatedRows === 1n
}

/** Forgets marks of events that can no longer be delivered again: older than `days` and with nothing waiting. */
export async function forgetHandled(db: Kysely<HubTables>, days: number): Promise<number> {
  const { numDeletedRows } = await db
    .deleteFrom('handled_event as h')
    .where('h.handled_at', '<', sql<Date>`now() - ${days} * interval '1 day'`)
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('delivery as d')
            .select('d.event_id')
            .whereRef('d.organization_id', '=', 'h.organization_id')
            .whereRef('d.connection_id', '=', 'h.connection_id')
            .whereRef('d.event_id', '=', 'h.event_id'),
        ),
      ),
    )
    .executeTakeFirst()
  return Number(numDeletedRows)
}
