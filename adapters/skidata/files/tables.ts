// Owns the plugin's own tables: what its files said last, and what the hub's next files will say.
// Must not hold of a person what neither direction needs.
import type { PluginMigration } from '../../../core/plugin/index.ts'

export interface FilesTables {
  /** Cards of the system as its files had them last. */
  card: {
    connection_id: string
    ticket_number: string
    hash: string
    revision: number
    /** The hub has this revision. */
    told: boolean
    /** What a list of people needs of it; null for cards that were read before such a list was made. */
    row: string | null
  }
  /** Users and customers of the system as its files had them last. */
  person: {
    connection_id: string
    kind: 'user' | 'customer'
    number: number
    hash: string
    modified: string
    row: string
  }
  /** The hub's credentials as rows of the next file. */
  outgoing: { connection_id: string; credential_id: string; row: string }
  /** The hub's accounts as users and customers of the next file; a number is never given twice. */
  outgoing_person: {
    connection_id: string
    account_number: string
    user_number: number
    row: string
    changed_at: Date
  }
}

export const migrations: PluginMigration[] = [
  {
    name: '0001-files',
    async up(db) {
      await db.schema
        .createTable('card')
        .addColumn('connection_id', 'uuid', (column) => column.notNull())
        .addColumn('ticket_number', 'text', (column) => column.notNull())
        .addColumn('hash', 'text', (column) => column.notNull())
        .addColumn('revision', 'integer', (column) => column.notNull())
        .addPrimaryKeyConstraint('card_key', ['connection_id', 'ticket_number'])
        .execute()
      await db.schema
        .createTable('outgoing')
        .addColumn('connection_id', 'uuid', (column) => column.notNull())
        .addColumn('credential_id', 'text', (column) => column.notNull())
        .addColumn('row', 'text', (column) => column.notNull())
        .addPrimaryKeyConstraint('outgoing_key', ['connection_id', 'credential_id'])
        .execute()
    },
  },
  {
    name: '0002-people',
    async up(db) {
      await db.schema
        .alterTable('card')
        .addColumn('told', 'boolean', (column) => column.notNull().defaultTo(true))
        .addColumn('row', 'text')
        .execute()
      await db.schema
        .createTable('person')
        .addColumn('connection_id', 'uuid', (column) => column.notNull())
        .addColumn('kind', 'text', (column) => column.notNull())
        .addColumn('number', 'integer', (column) => column.notNull())
        .addColumn('hash', 'text', (column) => column.notNull())
        .addColumn('modified', 'text', (column) => column.notNull())
        .addColumn('row', 'text', (column) => column.notNull())
        .addPrimaryKeyConstraint('person_key', ['connection_id', 'kind', 'number'])
        .execute()
      await db.schema
        .createTable('outgoing_person')
        .addColumn('connection_id', 'uuid', (column) => column.notNull())
        .addColumn('account_number', 'text', (column) => column.notNull())
        .addColumn('user_number', 'integer', (column) => column.notNull())
        .addColumn('row', 'text', (column) => column.notNull())
        .addColumn('changed_at', 'timestamptz', (column) => column.notNull())
        .addPrimaryKeyConstraint('outgoing_person_key', ['connection_id', 'account_number'])
        .addUniqueConstraint('outgoing_person_number', ['connection_id', 'user_number'])
        .execute()
    },
  },
]
