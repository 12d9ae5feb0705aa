// Owns the revisions of messages whose vendor has none: each new content of one name is the next, and what was told before stays what it was.
// Must not keep the content; a hash of it is enough to know it again.
import { createHash } from 'node:crypto'
import type { Kysely } from 'kysely'
import type { PluginMigration } from '../../core/plugin/index.ts'

interface Tables {
  message: { connection_id: string; name: string; content_hash: string; revision: number; told_at: Date }
}

export interface Told {
  revision: number
  /** Highest revision that is known of this name. */
  standing: number
  /** When this content was first told. */
  firstAt: Date
}

export interface MessageBook {
  /** The same for the same content, however often it comes and wherever the hub died before. */
  told(name: string, content: unknown, at: Date): Promise<Told>
  forget(before: Date): Promise<void>
}

export const messageMigration: PluginMigration = {
  name: '0001-message',
  async up(db) {
    await db.schema
      .createTable('message')
      .addColumn('connection_id', 'uuid', (column) => column.notNull())
      .addColumn('name', 'text', (column) => column.notNull())
      .addColumn('content_hash', 'text', (column) => column.notNull())
      .addColumn('revision', 'integer', (column) => column.notNull())
      .addColumn('told_at', 'timestamptz', (column) => column.notNull())
      .addPrimaryKeyConstraint('message_key', ['connection_id', 'name', 'content_hash'])
      .addUniqueConstraint('message_revision', ['connection_id', 'name', 'revision'])
      .execute()
    await db.schema.createIndex('message_age').on('message').columns(['connection_id', 'told_at']).execute()
  },
}

/** Two deliveries of one name at a time are two attempts; more only meet when a vendor sends in a loop. */
const mostAttempts = 20

export function messageBook(db: Kysely<unknown>, connectionId: string): MessageBook {
  const tables = db as Kysely<Tables>
  const ofName = (name: string) =>
    tables
      .selectFrom('message')
      .select(['content_hash', 'revision', 'told_at'])
      .where('connection_id', '=', connectionId)
      .where('name', '=', name)
      .execute()
  return {
    async told(name, content, at) {
      const hash = createHash('sha256').update(ordered(content)).digest('hex')
      for (let attempt = 0; attempt < mostAttempts; attempt++) {
        const known = await ofName(name)
        const standing = Math.max(0, ...known.map(({ revision }) => revision))
        const same = known.find(({ content_hash }) => content_hash === hash)
        if (same) return { revision: same.revision, standing, firstAt: same.told_at }
        await tables
          .insertInto('message')
          .values({ connection_id: connectionId, name, content_hash: hash, revision: standing + 1, told_at: at })
          .onConflict((conflict) => conflict.doNothing())
          .execute()
      }
      throw new Error(`the message ${name} is told in too many ways at once`)
    },
    async forget(before) {
      await tables
        .deleteFrom('message')
        .where('connection_id', '=', connectionId)
        .where('told_at', '<', before)
        .execute()
    },
  }
}

/** The order of names in an object says nothing. */
function ordered(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  )
}
