// Owns the plugin's own tables: files met and taken, lines refused, what each fact was told as, uploads that wait.
// Must not hold SQL text, only statements that the schema's builder makes; nor decide what a file means.
import type { Generated, Kysely } from 'kysely'
import type { PluginMigration } from '../../../core/plugin/index.ts'

export interface FileTables {
  /** Files as they lie at the source: unchanged ones are not read again. */
  met_file: {
    connection_id: string
    name: string
    size: string | number
    modified: string
    since: Date
    /** What of it was taken, in this shape; null for none. */
    taken_as: string | null
  }
  taken_file: {
    connection_id: string
    file_id: string
    name: string
    sha256: string
    mapping: string
    state: 'taking' | 'done' | 'refused'
    reason: string | null
    size: string | number
    next_offset: string | number
    next_line: number
    stored: number
    known: number
    passed_over: number
    rejected: number
    begun_at: Date
    ended_at: Date | null
  }
  rejected_line: {
    connection_id: string
    file_id: string
    line: number
    number: number
    column_name: string | null
    field: string
    message: string
  }
  /** Every content a fact was ever told with, so that one that comes again is known whatever file it stands in. */
  told_fact: {
    connection_id: string
    fact_id: string
    content: string
    revision: number
    /** The hub has it. */
    told: boolean
  }
  upload: { connection_id: string; upload_id: string; name: string; size: string | number; received_at: Date }
  upload_part: { connection_id: string; upload_id: string; number: number; bytes: Generated<Buffer> }
}

export type FileDb = Kysely<FileTables>

export const fileMigration: PluginMigration = {
  name: '0001-files',
  async up(db) {
    const table = (name: string) => db.schema.createTable(name).addColumn('connection_id', 'uuid', (c) => c.notNull())
    await table('met_file')
      .addColumn('name', 'text', (c) => c.notNull())
      .addColumn('size', 'bigint', (c) => c.notNull())
      .addColumn('modified', 'text', (c) => c.notNull())
      .addColumn('since', 'timestamptz', (c) => c.notNull())
      .addColumn('taken_as', 'text')
      .addPrimaryKeyConstraint('met_file_key', ['connection_id', 'name'])
      .execute()
    await table('taken_file')
      .addColumn('file_id', 'uuid', (c) => c.notNull())
      .addColumn('name', 'text', (c) => c.notNull())
      .addColumn('sha256', 'text', (c) => c.notNull())
      .addColumn('mapping', 'text', (c) => c.notNull())
      .addColumn('state', 'text', (c) => c.notNull())
      .addColumn('reason', 'text')
      .addColumn('size', 'bigint', (c) => c.notNull())
      .addColumn('next_offset', 'bigint', (c) => c.notNull())
      .addColumn('next_line', 'integer', (c) => c.notNull())
      .addColumn('stored', 'integer', (c) => c.notNull())
      .addColumn('known', 'integer', (c) => c.notNull())
      .addColumn('passed_over', 'integer', (c) => c.notNull())
      .addColumn('rejected', 'integer', (c) => c.notNull())
      .addColumn('begun_at', 'timestamptz', (c) => c.notNull())
      .addColumn('ended_at', 'timestamptz')
      .addPrimaryKeyConstraint('taken_file_key', ['connection_id', 'file_id'])
      .addUniqueConstraint('taken_file_content', ['connection_id', 'sha256', 'mapping'])
      .execute()
    await db.schema.createIndex('taken_file_newest').on('taken_file').columns(['connection_id', 'begun_at']).execute()
    await table('rejected_line')
      .addColumn('file_id', 'uuid', (c) => c.notNull())
      .addColumn('line', 'integer', (c) => c.notNull())
      .addColumn('number', 'integer', (c) => c.notNull())
      .addColumn('column_name', 'text')
      .addColumn('field', 'text', (c) => c.notNull())
      .addColumn('message', 'text', (c) => c.notNull())
      .addPrimaryKeyConstraint('rejected_line_key', ['connection_id', 'file_id', 'line', 'number'])
      .execute()
    await table('told_fact')
      .addColumn('fact_id', 'text', (c) => c.notNull())
      .addColumn('content', 'text', (c) => c.notNull())
      .addColumn('revision', 'integer', (c) => c.notNull())
      .addColumn('told', 'boolean', (c) => c.notNull())
      .addPrimaryKeyConstraint('told_fact_key', ['connection_id', 'fact_id', 'content'])
      .execute()
    await table('upload')
      .addColumn('upload_id', 'uuid', (c) => c.notNull())
      .addColumn('name', 'text', (c) => c.notNull())
      .addColumn('size', 'bigint', (c) => c.notNull())
      .addColumn('received_at', 'timestamptz', (c) => c.notNull())
      .addPrimaryKeyConstraint('upload_key', ['connection_id', 'upload_id'])
      .execute()
    await table('upload_part')
      .addColumn('upload_id', 'uuid', (c) => c.notNull())
      .addColumn('number', 'integer', (c) => c.notNull())
      .addColumn('bytes', 'bytea', (c) => c.notNull())
      .addPrimaryKeyConstraint('upload_part_key', ['connection_id', 'upload_id', 'number'])
      .execute()
  },
}
