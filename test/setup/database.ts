// Owns a fresh, migrated database per test file (or per test): a copy of the template, dropped when done.
// Must not hold anything between two callers.

import type { Kysely } from 'kysely'
import { Client, type Pool } from 'pg'
import { inject } from 'vitest'
import { type ConnectionDetails, connectionUrl } from '../../core/runtime/postgres/index.ts'
import { connect } from '../../core/store/pool.ts'
import type { HubTables } from '../../core/store/schema.ts'
import { silent } from './silent-log.ts'

const templateDatabase = 'baywatt_template'

export interface TestDatabase<DB = HubTables> {
  /** For whatever opens its own connections (the hub itself, the job queue). Connects as the owner. */
  url: string
  connection: ConnectionDetails
  /** Kysely with the rights of the hub at work (append-only tables are append-only). */
  db: Kysely<DB>
  pool: Pool
  /** With all rights, for arranging and for looking. */
  ownerPool: Pool
  drop(): Promise<void>
}

export { silent }

let count = 0

/** `empty` gives a database without the hub's schema; tables that the owner makes in it are open to the app. */
export async function createTestDatabase<DB = HubTables>(options: { empty?: boolean } = {}): Promise<TestDatabase<DB>> {
  const server = inject('testServer')
  const name = `test_${process.pid}_${++count}`
  await asAdmin(server, `create database ${name}${options.empty ? '' : ` template ${templateDatabase}`}`)
  const connection = { ...server, database: name }
  const app = await connect<DB>({ to: connection, role: 'app', log: silent, max: 20 })
  const owner = await connect<DB>({ to: connection, role: 'owner', log: silent, max: 5 })
  if (options.empty) await owner.pool.query('alter default privileges grant all on tables to baywatt_app')
  return {
    url: connectionUrl(connection),
    connection,
    db: app.db,
    pool: app.pool,
    ownerPool: owner.pool,
    async drop() {
      await Promise.all([app.close(), owner.close()])
      await asAdmin(server, `drop database if exists ${name} with (force)`)
    },
  }
}

async function asAdmin(server: ConnectionDetails, statement: string): Promise<void> {
  const admin = new Client({ ...server, database: 'postgres' })
  await admin.connect()
  try {
    await admin.query(statement)
  } finally {
    await admin.end()
  }
}
