// Owns what one connection remembers in the plugin's own schema: how far each poll got, what was told of each key, which calls were heard.
// Must not interpret a record.
import { createHash } from 'node:crypto'
import type { Kysely } from 'kysely'
import type { ParkingFact, PluginMigration } from '../../core/plugin/index.ts'

interface Tables {
  cursor: { connection_id: string; poll: string; value: string }
  told: { connection_id: string; fact_id: string; digest: string; revision: number; at: Date }
  heard: { connection_id: string; digest: string; at: Date }
}

export const memoryMigration: PluginMigration = {
  name: '0001-memory',
  async up(db) {
    await db.schema
      .createTable('cursor')
      .addColumn('connection_id', 'uuid', (column) => column.notNull())
      .addColumn('poll', 'text', (column) => column.notNull())
      .addColumn('value', 'text', (column) => column.notNull())
      .addPrimaryKeyConstraint('cursor_key', ['connection_id', 'poll'])
      .execute()
    await db.schema
      .createTable('told')
      .addColumn('connection_id', 'uuid', (column) => column.notNull())
      .addColumn('fact_id', 'text', (column) => column.notNull())
      .addColumn('digest', 'text', (column) => column.notNull())
      .addColumn('revision', 'integer', (column) => column.notNull())
      .addColumn('at', 'timestamptz', (column) => column.notNull())
      .addPrimaryKeyConstraint('told_key', ['connection_id', 'fact_id', 'digest'])
      .addUniqueConstraint('told_revision', ['connection_id', 'fact_id', 'revision'])
      .execute()
    await db.schema.createIndex('told_at').on('told').columns(['connection_id', 'at']).execute()
    await db.schema
      .createTable('heard')
      .addColumn('connection_id', 'uuid', (column) => column.notNull())
      .addColumn('digest', 'text', (column) => column.notNull())
      .addColumn('at', 'timestamptz', (column) => column.notNull())
      .addPrimaryKeyConstraint('heard_key', ['connection_id', 'digest'])
      .execute()
  },
}

export interface Memory {
  cursor(poll: string): Promise<string | undefined>
  moveCursor(poll: string, value: string): Promise<void>
  /** The revision under which this content of this fact is told: the same content the same one, for ever. */
  revisionOf(fact: ParkingFact, now: Date): Promise<number>
  heard(signature: string): Promise<boolean>
  hear(signature: string, now: Date): Promise<void>
  forget(toldBefore: Date, heardBefore: Date): Promise<void>
}

/** Two nodes may find the same next number at once; one of them looks again. */
const mostTries = 5

export function memory(db: Kysely<unknown>, connectionId: string): Memory {
  const tables = db as Kysely<Tables>
  return {
    async cursor(poll) {
      const row = await tables
        .selectFrom('cursor')
        .select('value')
        .where('connection_id', '=', connectionId)
        .where('poll', '=', poll)
        .executeTakeFirst()
      return row?.value
    },
    async moveCursor(poll, value) {
      await tables
        .insertInto('cursor')
        .values({ connection_id: connectionId, poll, value })
        .onConflict((conflict) => conflict.columns(['connection_id', 'poll']).doUpdateSet({ value }))
        .execute()
    },
    async revisionOf(fact, now) {
      const { id, revision: _, backfilled: __, ...content } = fact
      const digest = digestOf(JSON.stringify(content))
      for (let tries = 0; tries < mostTries; tries++) {
        const rows = await tables
          .selectFrom('told')
          .select(['digest', 'revision'])
          .where('connection_id', '=', connectionId)
          .where('fact_id', '=', id)
          .execute()
        const known = rows.find((row) => row.digest === digest)
        if (known) return known.revision
        const revision = Math.max(0, ...rows.map((row) => row.revision)) + 1
        const made = await tables
          .insertInto('told')
          .values({ connection_id: connectionId, fact_id: id, digest, revision, at: now })
          .onConflict((conflict) => conflict.doNothing())
          .returning('revision')
          .executeTakeFirst()
        if (made) return made.revision
      }
      throw new Error(`the revision of ${id} could not be settled`)
    },
    async heard(signature) {
      const row = await tables
        .selectFrom('heard')
        .select('at')
        .where('connection_id', '=', connectionId)
        .where('digest', '=', digestOf(signature))
        .executeTakeFirst()
      return row !== undefined
    },
    async hear(signature, now) {
      await tables
        .insertInto('heard')
        .values({ connection_id: connectionId, digest: digestOf(signature), at: now })
        .onConflict((conflict) => conflict.doNothing())
        .execute()
    },
    async forget(toldBefore, heardBefore) {
      await tables.deleteFrom('told').where('connection_id', '=', connectionId).where('at', '<', toldBefore).execute()
      await tables.deleteFrom('heard').where('connection_id', '=', connectionId).where('at', '<', heardBefore).execute()
    },
  }
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('base64url')
}
