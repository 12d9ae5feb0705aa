// Owns getting the hub a database that is ready for work: embedded or the operator's own, migrated, with its pools.
// Must not know what the hub does with it.
import type { Kysely } from 'kysely'
import type { Pool } from 'pg'
import type { Log } from '../domain/log.ts'
import { installJobs } from '../store/jobs.ts'
import { migrate, migrationsIn } from '../store/migrator.ts'
import { createPartitions } from '../store/partitions.ts'
import { connect } from '../store/pool.ts'
import type { HubTables } from '../store/schema.ts'
import type { HubConfig } from './config.ts'
import { startEmbeddedPostgres } from './postgres/index.ts'

export interface OpenDatabase {
  db: Kysely<HubTables>
  pool: Pool
  /** For the charger path alone: its commits never wait for a connection that a report holds. */
  writePool: Pool
  ownerPool: Pool
  ownerUrl: string
  appendOnlyEnforced: boolean
  embedded: boolean
  close(): Promise<void>
}

export async function openDatabase(
  config: Pick<HubConfig, 'databaseUrl' | 'dataDir'>,
  options: { log: Log; version: string; now(): Date; realNow(): Date },
): Promise<OpenDatabase> {
  const { log, version, now, realNow } = options
  const server =
    config.databaseUrl === null ? await startEmbeddedPostgres({ dataDir: config.dataDir, log, now: realNow }) : null
  const ownerUrl = server?.url ?? config.databaseUrl ?? ''
  const opened: { close(): Promise<void> }[] = []
  const close = async () => {
    for (const each of opened.reverse()) await each.close()
    await server?.stop()
  }
  try {
    const owner = await connect({ to: ownerUrl, role: 'owner', log, max: 6, applicationName: 'baywatt owner' })
    opened.push(owner)
    await installJobs(owner.pool, log)
    const migrations = await migrationsIn(new URL('../../migrations/', import.meta.url))
    const applied = await migrate({
      connection: { connectionString: ownerUrl },
      migrations,
      now: realNow,
      version,
      log,
    })
    if (applied.length > 0) log.info({ applied }, 'the database schema was brought forward')
    await createPartitions(owner.pool, now())
    const app = await connect({ to: ownerUrl, role: 'app', log, max: 16, applicationName: 'baywatt' })
    opened.push(app)
    const writer = await connect({ to: ownerUrl, role: 'app', log, max: 4, applicationName: 'baywatt chargers' })
    opened.push(writer)
    return {
      db: app.db,
      pool: app.pool,
      writePool: writer.pool,
      ownerPool: owner.pool,
      ownerUrl,
      appendOnlyEnforced: app.appendOnlyEnforced,
      embedded: server !== null,
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}
