// Owns bringing a schema forward: numbered files, each applied once, in its own transaction, by one node at a time.
// Must not go backward and must not know what a migration contains.
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { Kysely, PostgresDialect, type PostgresPool, type PostgresPoolClient, sql } from 'kysely'
import { Client, type ClientConfig } from 'pg'
import { HubError } from '../domain/hub-error.ts'
import type { Log } from '../domain/log.ts'
import { appRole } from './pool.ts'

export interface Migration {
  /** `0001-foundation`: number, dash, words. Names sort in the order of application. */
  name: string
  up(db: Kysely<unknown>): Promise<void>
}

export interface MigrateOptions {
  /** Where and as whom: the owner of the schema. A direct connection, not one through a transaction pooler. */
  connection: ClientConfig
  migrations: readonly Migration[]
  now(): Date
  /** Written beside each applied migration. */
  version: string
  log: Log
  /** Schema to create objects in (made if missing); default `public`. A plugin has its own. */
  schema?: string
  /** Table that remembers what was applied; default `hub_migration`. */
  table?: string
}

/**
 * Applies what is missing and returns the names applied. Any number of nodes may call it at once: they take turns on an
 * advisory lock. A database that knows migrations this hub does not have is refused untouched.
 */
export async function migrate(options: MigrateOptions): Promise<string[]> {
  const { schema = 'public', table = 'hub_migration' } = options
  const migrations = ordered(options.migrations)
  const client = new Client({ ...options.connection, application_name: 'baywatt migrator' })
  client.on('error', () => undefined)
  await client.connect()
  const db = new Kysely<unknown>({ dialect: new PostgresDialect({ pool: single(client) }) })
  const ledger = sql.id(schema, table)
  try {
    await sql`select pg_advisory_lock(hashtextextended(${`baywatt migrations ${schema}.${table}`}, 0))`.execute(db)
    if (schema !== 'public') await sql`create schema if not exists ${sql.id(schema)}`.execute(db)
    await sql`set search_path to ${sql.id(schema)}${schema === 'public' ? sql`` : sql`, public`}`.execute(db)
    await sql`create table if not exists ${ledger} (
      name text primary key, applied_at timestamptz not null, hub_version text not null
    )`.execute(db)
    const applied = await sql<{ name: string }>`select name from ${ledger} order by name`.execute(db)
    const missing = pending(
      migrations,
      applied.rows.map((row) => row.name),
    )
    for (const migration of missing) {
      await db.transaction().execute(async (trx) => {
        await migration.up(trx)
        await sql`insert into ${ledger} (name, applied_at, hub_version)
          values (${migration.name}, ${options.now()}, ${options.version})`.execute(trx)
      })
      options.log.info({ migration: migration.name, schema }, 'schema brought forward')
    }
    if (schema !== 'public' && missing.length > 0) await openToApp(db, schema)
    return missing.map((migration) => migration.name)
  } finally {
    // Closing the session gives the lock free, also after an error.
    await client.end()
  }
}

/** A plugin's tables are its own to change; the hub's (the public schema) grant table by table in their migrations. */
async function openToApp(db: Kysely<unknown>, schema: string): Promise<void> {
  const role = await sql`select 1 from pg_roles where rolname = ${appRole}`.execute(db)
  if (role.rows.length === 0) return
  const [to, of] = [sql.id(appRole), sql.id(schema)]
  await sql`grant usage on schema ${of} to ${to}`.execute(db)
  await sql`grant select, insert, update, delete, truncate on all tables in schema ${of} to ${to}`.execute(db)
  await sql`grant usage, select on all sequences in schema ${of} to ${to}`.execute(db)
}

/** The migrations of a folder: every `NNNN-words.ts` (or `.js` in a build) exporting `up`. */
export async function migrationsIn(folder: URL | string): Promise<Migration[]> {
  const path = typeof folder === 'string' ? folder : fileURLToPath(folder)
  const files = (await readdir(path)).filter((file) => /^\d{4}-[a-z0-9-]+\.(ts|js|mjs)$/.test(file)).sort()
  return Promise.all(
    files.map(async (file) => {
      const module = (await import(pathToFileURL(join(path, file)).href)) as Partial<Migration>
      if (typeof module.up !== 'function') throw new TypeError(`the migration ${file} exports no function "up"`)
      return { name: file.replace(/\.\w+$/, ''), up: module.up }
    }),
  )
}

function ordered(migrations: readonly Migration[]): Migration[] {
  const sorted = [...migrations].sort((a, b) => (a.name < b.name ? -1 : 1))
  const numbers = new Map<string, string>()
  for (const { name } of sorted) {
    const number = /^(\d{4})-/.exec(name)?.[1]
    if (!number) throw new TypeError(`a migration's name begins with four digits and a dash: ${name}`)
    const other = numbers.get(number)
    if (other) throw new TypeError(`two migrations have the number ${number}: ${other} and ${name}`)
    numbers.set(number, name)
  }
  return sorted
}

function pending(migrations: readonly Migration[], applied: readonly string[]): Migration[] {
  const known = new Set(migrations.map((migration) => migration.name))
  const unknown = applied.filter((name) => !known.has(name))
  if (unknown.length > 0) {
    throw new HubError(
      'database_newer',
      `This database was brought forward by a newer version (it has ${unknown.join(', ')}, unknown here). Start that version or restore a backup; nothing was changed.`,
    )
  }
  const last = applied.at(-1) ?? ''
  const missing = migrations.filter((migration) => !applied.includes(migration.name))
  const late = missing.find((migration) => migration.name < last)
  if (late) {
    throw new HubError(
      'migration_out_of_order',
      `The migration ${late.name} is missing in this database although ${last} was applied. Migrations are only ever added at the end; nothing was changed.`,
    )
  }
  return missing
}

/** Kysely over one client: the advisory lock and the transactions must be on the same session. */
function single(client: Client): PostgresPool {
  const connection: PostgresPoolClient = {
    query: client.query.bind(client) as PostgresPoolClient['query'],
    release() {},
  }
  return { connect: async () => connection, end: async () => undefined }
}
