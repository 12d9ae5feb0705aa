// Owns the partner's sessions and rights as they were sent: the newest version of each, in the plugin's own schema.
// Must not interpret them; and holds no SQL text, only statements that the schema's builder makes.
import type { Generated, Kysely } from 'kysely'
import type { PluginMigration } from '../../core/plugin/index.ts'
import { type AssignedRight, isWholeRight, type Session } from './objects.ts'

export interface DocumentTable {
  connection_id: string
  class_name: 'Session' | 'AssignedRight'
  id: string
  version: number
  body: Generated<unknown>
  /** Of a session: the rights its segments use. */
  right_ids: string[]
  modified_at: Date
  deleted_at: Date | null
}

export interface DocumentTables {
  document: DocumentTable
}

interface Bodies {
  Session: Session
  AssignedRight: AssignedRight
}
export type ClassName = keyof Bodies

export interface Stored<T> {
  body: T
  version: number
  modifiedAt: Date
  deletedAt: Date | null
}

export interface Documents {
  get<C extends ClassName>(className: C, id: string): Promise<Stored<Bodies[C]> | undefined>
  /** Keeps it unless a higher version is kept already. */
  put<C extends ClassName>(className: C, body: Bodies[C], at: Date): Promise<void>
  remove(className: ClassName, id: string, at: Date): Promise<void>
  /** Changed or deleted since; all that live when nothing is said. */
  list<C extends ClassName>(className: C, since?: Date): Promise<Stored<Bodies[C]>[]>
  /** The session that uses a right; the first of several. */
  sessionOf(rightId: string): Promise<string | undefined>
}

export const documentMigration: PluginMigration = {
  name: '0001-documents',
  async up(db) {
    await db.schema
      .createTable('document')
      .addColumn('connection_id', 'uuid', (column) => column.notNull())
      .addColumn('class_name', 'text', (column) => column.notNull())
      .addColumn('id', 'text', (column) => column.notNull())
      .addColumn('version', 'integer', (column) => column.notNull())
      .addColumn('body', 'jsonb', (column) => column.notNull())
      .addColumn('right_ids', 'jsonb', (column) => column.notNull())
      .addColumn('modified_at', 'timestamptz', (column) => column.notNull())
      .addColumn('deleted_at', 'timestamptz')
      .addPrimaryKeyConstraint('document_key', ['connection_id', 'class_name', 'id'])
      .execute()
    await db.schema
      .createIndex('document_changed')
      .on('document')
      .columns(['connection_id', 'class_name', 'modified_at'])
      .execute()
    await db.schema.createIndex('document_rights').on('document').using('gin').column('right_ids').execute()
  },
}

export function documents(db: Kysely<unknown>, connectionId: string): Documents {
  const tables = db as Kysely<DocumentTables>
  const of = (className: ClassName) =>
    tables.selectFrom('document').where('connection_id', '=', connectionId).where('class_name', '=', className)
  const columns = ['body', 'version', 'modified_at as modifiedAt', 'deleted_at as deletedAt'] as const
  return {
    async get(className, id) {
      const row = await of(className).select(columns).where('id', '=', id).executeTakeFirst()
      return row as Stored<Bodies[typeof className]> | undefined
    },
    async put(className, body, at) {
      const row = {
        version: body.version,
        body: JSON.stringify(body),
        right_ids: JSON.stringify(className === 'Session' ? rightIdsOf(body as Session) : []) as never,
        modified_at: at,
      }
      await tables
        .insertInto('document')
        .values({ connection_id: connectionId, class_name: className, id: body.id, ...row, deleted_at: null })
        .onConflict((conflict) =>
          conflict
            .columns(['connection_id', 'class_name', 'id'])
            .doUpdateSet(row)
            .where('document.version', '<', body.version)
            .where('document.deleted_at', 'is', null),
        )
        .execute()
    },
    async remove(className, id, at) {
      await tables
        .updateTable('document')
        .set({ deleted_at: at, modified_at: at })
        .where('connection_id', '=', connectionId)
        .where('class_name', '=', className)
        .where('id', '=', id)
        .where('deleted_at', 'is', null)
        .execute()
    },
    async list(className, since) {
      const some =
        since === undefined
          ? of(className).where('deleted_at', 'is', null)
          : of(className).where('modified_at', '>=', since)
      return (await some.select(columns).orderBy('modified_at').orderBy('id').execute()) as Stored<
        Bodies[typeof className]
      >[]
    },
    async sessionOf(rightId) {
      const row = await of('Session')
        .select('id')
        .where('right_ids', '@>', JSON.stringify([rightId]) as never)
        .orderBy('id')
        .limit(1)
        .executeTakeFirst()
      return row?.id
    },
  }
}

export function rightIdsOf({ segments = [] }: Session): string[] {
  return [...new Set(segments.flatMap(({ assignedRight }) => (assignedRight ? [assignedRight.id] : [])))]
}

export function wholeRightsOf({ segments = [] }: Session): AssignedRight[] {
  return segments.flatMap(({ assignedRight }) => (assignedRight && isWholeRight(assignedRight) ? [assignedRight] : []))
}
