// Owns the proof of the migrator: once each, in order, all or nothing, any number of nodes at once.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type MigrateOptions, type Migration, migrate, migrationsIn } from '../../core/store/migrator.ts'
import { createTestDatabase, silent, type TestDatabase } from '../setup/database.ts'

let database: TestDatabase
beforeEach(async () => {
  database = await createTestDatabase({ empty: true })
})
afterEach(() => database.drop())

const now = new Date('2026-01-02T03:04:05Z')
const run = (migrations: readonly Migration[], more: Partial<MigrateOptions> = {}) =>
  migrate({ connection: database.connection, migrations, now: () => now, version: '1.2.3', log: silent, ...more })

/** Creates one table; applied twice, it fails. */
const creates = (name: string, table: string): Migration => ({
  name,
  up: async (db) => void (await sql`create table ${sql.table(table)} (id int)`.execute(db)),
})
const first = creates('0001-first', 'one')
const second = creates('0002-second', 'two')
const rows = async (text: string) => (await database.ownerPool.query(text)).rows
const tables = async () =>
  (
    await rows(
      `select schemaname || '.' || tablename as t from pg_tables where schemaname !~ '^pg_|^information' order by 1`,
    )
  ).map((row) => row.t)

describe('migrate', () => {
  test('applies what is missing, in the order of the numbers, and remembers when and by whom', async () => {
    expect(await run([second, first])).toEqual(['0001-first', '0002-second'])
    expect(await run([first, second])).toEqual([])
    expect(await rows('select * from hub_migration order by name')).toEqual([
      { name: '0001-first', applied_at: now, hub_version: '1.2.3' },
      { name: '0002-second', applied_at: now, hub_version: '1.2.3' },
    ])
    expect(await run([first, second, creates('0003-third', 'three')])).toEqual(['0003-third'])
  })

  test('ten nodes at once: each migration runs once', async () => {
    const slow: Migration = {
      name: '0003-slow',
      up: async (db) => void (await sql`select pg_sleep(0.05)`.execute(db)),
    }
    const applied = await Promise.all(Array.from({ length: 10 }, () => run([first, second, slow])))
    expect(applied.flat().sort()).toEqual(['0001-first', '0002-second', '0003-slow'])
  })

  test('one that fails leaves nothing of itself, keeps those before it, and frees the lock', async () => {
    const broken: Migration = {
      name: '0002-broken',
      async up(db) {
        await sql`create table half (id int)`.execute(db)
        await sql`select no_such_function()`.execute(db)
      },
    }
    await expect(run([first, broken])).rejects.toMatchObject({ code: '42883' })
    expect(await tables()).toEqual(['public.hub_migration', 'public.one'])
    expect(await run([first, { ...second, name: '0002-broken' }])).toEqual(['0002-broken'])
  })

  test('refuses a database that a newer hub brought forward, and changes nothing', async () => {
    await run([first, second])
    await expect(run([first])).rejects.toMatchObject({
      code: 'database_newer',
      message: expect.stringContaining('0002-second'),
    })
  })

  test('refuses one that was slipped in before the last applied', async () => {
    await run([first, creates('0003-third', 'three')])
    await expect(run([first, second, creates('0003-third', 'three')])).rejects.toMatchObject({
      code: 'migration_out_of_order',
    })
    expect(await tables()).not.toContain('public.two')
  })

  test('refuses names without a number and numbers used twice', async () => {
    await expect(run([creates('first', 'one')])).rejects.toThrow(/four digits/)
    await expect(run([first, creates('0001-other', 'two')])).rejects.toThrow(/0001-first and 0001-other/)
    expect(await tables()).toEqual([])
  })

  test("a plugin's migrations live in its own schema with their own ledger", async () => {
    await run([first])
    const own = { schema: 'plugin_fleet', table: 'migration' }
    expect(await run([first, second], own)).toEqual(['0001-first', '0002-second'])
    expect(await tables()).toEqual([
      'plugin_fleet.migration',
      'plugin_fleet.one',
      'plugin_fleet.two',
      'public.hub_migration',
      'public.one',
    ])
    expect(await run([first])).toEqual([])
    // The hub at work may write there, though the owner made the tables.
    await database.pool.query('insert into plugin_fleet.one values (1); delete from plugin_fleet.one')
  })

  test('a schema name cannot break out of its quotes', async () => {
    await run([first], { schema: 'odd" name', table: 'm' })
    expect(await tables()).toEqual(['odd" name.m', 'odd" name.one'])
  })
})

describe('migrations in a folder', () => {
  let folder: string
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'baywatt-migrations-'))
  })
  afterEach(() => rm(folder, { recursive: true }))

  test('are the numbered files that export up', async () => {
    await writeFile(join(folder, '0002-b.mjs'), 'export async function up() {}')
    await writeFile(join(folder, '0001-a.mjs'), 'export async function up() {}')
    await writeFile(join(folder, 'notes.md'), 'not one')
    await writeFile(join(folder, '0003-c.d.ts'), 'nor this')
    expect((await migrationsIn(folder)).map(({ name }) => name)).toEqual(['0001-a', '0002-b'])
  })

  test('without up are refused', async () => {
    await writeFile(join(folder, '0001-a.mjs'), 'export const down = 1')
    await expect(migrationsIn(folder)).rejects.toThrow(/0001-a.mjs exports no function "up"/)
  })
})
