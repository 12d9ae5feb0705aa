// Owns the one PostgreSQL server of a test run: started before the first test file, gone with its folder after the last.
// Must not be used by tests directly; test/setup/database.ts gives each its own database.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runMigrations as migrateQueue } from 'graphile-worker'
import { Client, Pool } from 'pg'
import type { TestProject } from 'vitest/node'
import { type ConnectionDetails, startEmbeddedPostgres } from '../../core/runtime/postgres/index.ts'
import { migrate, migrationsIn } from '../../core/store/migrator.ts'

declare module 'vitest' {
  interface ProvidedContext {
    testServer: ConnectionDetails
  }
}

export const templateDatabase = 'baywatt_template'

const quiet = {
  debug() {},
  info() {},
  warn() {},
  error: (fields: object, message: string) => console.error(message, fields),
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const dataDir = mkdtempSync(join(tmpdir(), 'baywatt-test-'))
  const server = await startEmbeddedPostgres({
    dataDir,
    log: quiet,
    now: () => new Date(),
    // The server is thrown away, so nothing is synced; two workers' pools and killed connections need room.
    unsafe: true,
    settings: { max_connections: '300', shared_buffers: '128MB', autovacuum: 'off' },
  })
  const stop = async () => {
    await server.stop()
    rmSync(dataDir, { recursive: true, force: true })
  }
  try {
    await buildTemplate(server.connection)
  } catch (error) {
    await stop()
    throw error
  }
  project.provide('testServer', server.connection)
  return stop
}

async function buildTemplate(connection: ConnectionDetails): Promise<void> {
  const admin = new Client(connection)
  await admin.connect()
  await admin.query(`create database ${templateDatabase}`)
  const template = { ...connection, database: templateDatabase }
  const pool = new Pool({ ...template, max: 2 })
  await migrateQueue({ pgPool: pool })
  await pool.end()
  await migrate({
    connection: template,
    migrations: await migrationsIn(new URL('../../migrations/', import.meta.url)),
    now: () => new Date(),
    version: 'test',
    log: quiet,
  })
  // A template may have no connection while it is copied.
  await admin.query(`alter database ${templateDatabase} allow_connections false`)
  await admin.end()
}
