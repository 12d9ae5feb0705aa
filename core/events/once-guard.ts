// Owns "effectively once": a handler's effect on the database and the mark that it happened are one transaction.
// Must not wrap calls to the outside: those go with the event's id as their idempotency key.
import type { Kysely } from 'kysely'
import { markHandled } from '../store/handled-events.ts'
import type { HubTables } from '../store/schema.ts'
import { transaction } from '../store/transaction.ts'

export interface HandledBy {
  organizationId: string
  connectionId: string
  eventId: string
  /** The schema that the effect's statements go to. */
  schema: string
}

/** The guard handed to a plugin's handler for one event; its shape is `OnceGuard` of the plugin contract. */
export function onceGuard(db: Kysely<HubTables>, by: HandledBy) {
  return {
    once: (key: string, effect: (db: Kysely<unknown>) => Promise<void>): Promise<'done' | 'repeat'> =>
      transaction(db, async (trx) => {
        if (!(await markHandled(trx, { ...by, key }))) return 'repeat'
        await effect(trx.withSchema(by.schema) as unknown as Kysely<unknown>)
        return 'done'
      }),
  }
}

export type OnceGuard = ReturnType<typeof onceGuard>
