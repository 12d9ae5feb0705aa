// Owns the plugin's own tables: how far the database was read, which rows were told as what, and the visits they belong to.
// Must not be asked for money or stays; those are the hub's.
import type { Kysely } from 'kysely'
import type { PluginMigration } from '../../../core/plugin/index.ts'

export interface ReportingTables {
  cursor: {
    connection_id: string
    /** A local time of the site, as the database has them. */
    since: string
  }
  seen: {
    connection_id: string
    row_key: string
    hash: string
    revision: number
    occurred_at: Date
    visit_ref: string | null
    told: boolean
    /** Why the hub did not keep it. */
    reason: string | null
  }
  visit: {
    connection_id: string
    visit_ref: string
    facility: string
    card: string
    entered_at: Date | null
    exited_at: Date | null
  }
}

export const reportingMigration: PluginMigration = {
  name: '0001-reporting',
  async up(db) {
    await db.schema
      .createTable('cursor')
      .addColumn('connection_id', 'uuid', (column) => column.primaryKey())
      .addColumn('since', 'text', (column) => column.notNull())
      .execute()
    await db.schema
      .createTable('seen')
      .addColumn('connection_id', 'uuid', (column) => column.notNull())
      .addColumn('row_key', 'text', (column) => column.notNull())
      .addColumn('hash', 'text', (column) => column.notNull())
      .addColumn('revision', 'integer', (column) => column.notNull())
      .addColumn('occurred_at', 'timestamptz', (column) => column.notNull())
      .addColumn('visit_ref', 'text')
      .addColumn('told', 'boolean', (column) => column.notNull())
      .addColumn('reason', 'text')
      .addPrimaryKeyConstraint('seen_key', ['connection_id', 'row_key'])
      .execute()
    await db.schema.createIndex('seen_at').on('seen').columns(['connection_id', 'occurred_at']).execute()
    await db.schema
      .createTable('visit')
      .addColumn('connection_id', 'uuid', (column) => column.notNull())
      .addColumn('visit_ref', 'text', (column) => column.notNull())
      .addColumn('facility', 'text', (column) => column.notNull())
      .addColumn('card', 'text', (column) => column.notNull())
      .addColumn('entered_at', 'timestamptz')
      .addColumn('exited_at', 'timestamptz')
      .addPrimaryKeyConstraint('visit_key', ['connection_id', 'visit_ref'])
      .execute()
    await db.schema.createIndex('visit_card').on('visit').columns(['connection_id', 'card']).execute()
  },
}

export const reportingTables = (db: Kysely<unknown>) => db as Kysely<ReportingTables>
