// Owns the plugin's own tables: events as they came, the visits they are about, identifiers it created, prices before a reduction.
// Must not be asked for money or stays; those are the hub's.
import type { Kysely } from 'kysely'
import type { PluginMigration } from '../../../core/plugin/index.ts'

export interface MobileTables {
  /** Everything the socket said, before anything is made of it. */
  inbox: {
    connection_id: string
    event_id: string
    /** Another content under the same EventID is a correction. */
    revision: number
    body: string
    received_at: Date
    state: 'new' | 'told' | 'unfit'
    reason: string | null
  }
  /** One stay of a ticket or identifier; an identifier may come again. */
  visit: {
    connection_id: string
    visit_ref: string
    ticket_type: number
    ticket_no: string
    facility_no: number
    started_at: Date | null
    started_event: string | null
    completed_at: Date | null
    completed_event: string | null
    completed_facility: number | null
    asked_at: Date | null
    /** The service does not know it any more, and told no end. */
    lost_at: Date | null
  }
  identifier: {
    connection_id: string
    ticket_type: number
    ticket_no: string
    reference_no: string
    asked_at: Date | null
  }
  /** What stood before a reduction was asked for: an unknown outcome is told by what changed. */
  attempt: {
    connection_id: string
    action_id: string
    price: string
    rate_ends_at: Date | null
  }
}

export const mobileMigration: PluginMigration = {
  name: '0001-mobile',
  async up(db) {
    await db.schema
      .createTable('inbox')
      .addColumn('connection_id', 'uuid', (column) => column.notNull())
      .addColumn('event_id', 'text', (column) => column.notNull())
      .addColumn('revision', 'integer', (column) => column.notNull())
      .addColumn('body', 'text', (column) => column.notNull())
      .addColumn('received_at', 'timestamptz', (column) => column.notNull())
      .addColumn('state', 'text', (column) => column.notNull())
      .addColumn('reason', 'text')
      .addPrimaryKeyConstraint('inbox_key', ['connection_id', 'event_id', 'revision'])
      .execute()
    await db.schema.createIndex('inbox_state').on('inbox').columns(['connection_id', 'state', 'received_at']).execute()
    await db.schema
      .createTable('visit')
      .addColumn('connection_id', 'uuid', (column) => column.notNull())
      .addColumn('visit_ref', 'text', (column) => column.notNull())
      .addColumn('ticket_type', 'integer', (column) => column.notNull())
      .addColumn('ticket_no', 'text', (column) => column.notNull())
      .addColumn('facility_no', 'integer', (column) => column.notNull())
      .addColumn('started_at', 'timestamptz')
      .addColumn('started_event', 'text')
      .addColumn('completed_at', 'timestamptz')
      .addColumn('completed_event', 'text')
      .addColumn('completed_facility', 'integer')
      .addColumn('asked_at', 'timestamptz')
      .addColumn('lost_at', 'timestamptz')
      .addPrimaryKeyConstraint('visit_key', ['connection_id', 'visit_ref'])
      .execute()
    await db.schema
      .createIndex('visit_ticket')
      .on('visit')
      .columns(['connection_id', 'ticket_no', 'ticket_type'])
      .execute()
    await db.schema
      .createTable('identifier')
      .addColumn('connection_id', 'uuid', (column) => column.notNull())
      .addColumn('ticket_type', 'integer', (column) => column.notNull())
      .addColumn('ticket_no', 'text', (column) => column.notNull())
      .addColumn('reference_no', 'text', (column) => column.notNull())
      .addColumn('asked_at', 'timestamptz')
      .addPrimaryKeyConstraint('identifier_key', ['connection_id', 'ticket_type', 'ticket_no'])
      .execute()
    await db.schema
      .createTable('attempt')
      .addColumn('connection_id', 'uuid', (column) => column.notNull())
      .addColumn('action_id', 'text', (column) => column.notNull())
      .addColumn('price', 'text', (column) => column.notNull())
      .addColumn('rate_ends_at', 'timestamptz')
      .addPrimaryKeyConstraint('attempt_key', ['connection_id', 'action_id'])
      .execute()
  },
}

export const mobileTables = (db: Kysely<unknown>) => db as Kysely<MobileTables>
