// Owns the life of the hub's private PostgreSQL: lock, first creation, start, restart after a crash, clean stop.
// Must not know the hub's schema; whoever asked for the server connects and migrates.
import { randomBytes } from 'node:crypto'
import {
  accessSync,
  chmodSync,
  constants,
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'pg'
import { HubError } from '../../domain/hub-error.ts'
import type { Log } from '../../domain/log.ts'
import { installedNative, usableBinaries } from './binaries.ts'
import { claimOwnership, clusterVersion, createCluster, superuser } from './cluster.ts'
import { acquireHubLock } from './hub-lock.ts'
import { serverAccount } from './server-account.ts'
import { type ServerProcess, type ServerRun, startServer, stopOrphan } from './server-process.ts'
import { durableSettings, listening, smallBoxSettings } from './settings.ts'

const longestBackoffMs = 10_000

export interface ConnectionDetails {
  host: string
  port: number
  user: string
  password: string
  database: string
}

export interface EmbeddedPostgresOptions {
  /** Absolute or relative; made if missing (0700). */
  dataDir: string
  log: Log
  now(): Date
  /** Overrides of the small-box settings. */
  settings?: Readonly<Record<string, string>>
  /** Only for throwaway test servers: no fsync at all. */
  unsafe?: boolean
  database?: string
  /** The server went away on its own; it is being restarted. */
  onDown?(reason: string): void
  /** It takes connections again. */
  onUp?(): void
}

export interface EmbeddedPostgres {
  readonly connection: ConnectionDetails
  /** The same as a connection string. */
  readonly url: string
  readonly pid: number
  /** Fast shutdown, then gives the data directory free. Safe to call twice. */
  stop(): Promise<void>
}

/**
 * @throws HubError with a sentence for the operator: `data_dir_in_use`, `data_dir_unusable`, `binaries_unusable`,
 * `account_unusable`, `password_missing`, `database_version`, `init_failed`, `start_failed`.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const dataDir = usableFolder(options.dataDir)
  const lock = await acquireHubLock(dataDir, options.now())
  try {
    return await startLocked(options, dataDir, lock.release)
  } catch (error) {
    lock.release()
    throw error
  }
}

function usableFolder(path: string): string {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 })
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK)
    return realpathSync(path)
  } catch (cause) {
    throw new HubError('data_dir_unusable', `The data directory ${path} cannot be used: ${(cause as Error).message}`, {
      cause,
    })
  }
}

async function startLocked(options: EmbeddedPostgresOptions, dataDir: string, release: () => void) {
  const { log } = options
  const dir = join(dataDir, 'postgres')
  const account = serverAccount(dir)
  const native = await installedNative()
  const version = clusterVersion(dir)
  if (version !== undefined && version !== native.version.split('.')[0]) {
    throw new HubError(
      'database_version',
      `The database in ${dir} was made by PostgreSQL ${version}; this hub brings ${native.version}. Export it with the hub that made it and import it here, or set DATABASE_URL to a PostgreSQL of your own.`,
    )
  }
  const binaries = await usableBinaries(native, account)
  const password = serverPassword(dataDir, version !== undefined)
  if (version === undefined) {
    log.info({ dir }, 'creating the database')
    await createCluster({ dir, initdb: binaries.initdb, account, password, fsync: !options.unsafe })
  }
  claimOwnership(dir, account)
  await stopOrphan(dir, binaries, log)
  const listen = listening(dir, await freePort())
  const safety = options.unsafe ? { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' } : durableSettings
  const settings = { ...smallBoxSettings, ...options.settings, ...safety, ...listen.settings }
  const server = await supervise({ binaries, dir, account, settings, log }, options)
  const database = options.database ?? 'baywatt'
  const connection = { host: listen.host, port: listen.port, user: superuser, password, database }
  try {
    await ensureDatabase(connection)
  } catch (error) {
    await server.stop()
    throw error
  }
  let stopping: Promise<void> | undefined
  return {
    connection,
    url: connectionUrl(connection),
    get pid() {
      return server.pid()
    },
    stop() {
      stopping ??= server.stop().finally(release)
      return stopping
    },
  }
}

export function connectionUrl(to: ConnectionDetails): string {
  const login = `${encodeURIComponent(to.user)}:${encodeURIComponent(to.password)}`
  if (!to.host.startsWith('/')) return `postgresql://${login}@${to.host}:${to.port}/${to.database}`
  return `postgresql://${login}@/${to.database}?host=${encodeURIComponent(to.host)}&port=${to.port}`
}

async function supervise(settings: Omit<ServerRun, 'signal'>, watch: Pick<EmbeddedPostgresOptions, 'onDown' | 'onUp'>) {
  const stopping = new AbortController()
  const { signal } = stopping
  const run = { ...settings, signal }
  let current = await startPatiently(run)

  async function keepUp(): Promise<void> {
    for (;;) {
      const reason = await current.exited
      if (signal.aborted) return
      run.log.error({ reason }, 'the database server went away; restarting it')
      watch.onDown?.(reason)
      const again = await restart()
      if (!again) return
      current = again
      run.log.warn({}, 'the database server is back')
      watch.onUp?.()
    }
  }

  async function restart(): Promise<ServerProcess | undefined> {
    for (let backoffMs = 100; !signal.aborted; backoffMs = Math.min(backoffMs * 2, longestBackoffMs)) {
      await sleep(backoffMs, undefined, { signal }).catch(() => undefined)
      if (signal.aborted) return undefined
      try {
        await stopOrphan(run.dir, run.binaries, run.log)
        const again = await startPatiently(run)
        if (!signal.aborted) return again
        await again.stop()
      } catch (error) {
        if (!signal.aborted) run.log.error({ err: error }, 'the database server could not be restarted; trying again')
      }
    }
    return undefined
  }

  const kept = keepUp()
  return {
    pid: () => current.pid,
    async stop() {
      stopping.abort()
      await current.stop()
      await kept
    },
  }
}

/** After its postmaster was killed, a server's children hold the shared memory for a moment; wait them out. */
async function startPatiently(run: ServerRun): Promise<ServerProcess> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await startServer(run)
    } catch (error) {
      const lingering = error instanceof Error && /pre-existing shared memory|already in use/.test(error.message)
      if (!lingering || attempt === 20 || run.signal.aborted) throw error
      await sleep(250)
    }
  }
}

function serverPassword(dataDir: string, clusterHasOne: boolean): string {
  const path = join(dataDir, 'postgres.password')
  if (existsSync(path)) return readFileSync(path, 'utf8').trim()
  if (clusterHasOne) {
    throw new HubError(
      'password_missing',
      `The database in ${dataDir} exists but its password file ${path} does not. Restore it from the backup of the data directory.`,
    )
  }
  const password = randomBytes(24).toString('base64url')
  writeFileSync(path, `${password}\n`, { mode: 0o600 })
  chmodSync(path, 0o600)
  return password
}

async function ensureDatabase(connection: ConnectionDetails): Promise<void> {
  const client = new Client({ ...connection, database: 'postgres' })
  await client.connect()
  try {
    const found = await client.query('select 1 from pg_database where datname = $1', [connection.database])
    if (found.rowCount === 0) await client.query(`create database ${client.escapeIdentifier(connection.database)}`)
  } finally {
    await client.end()
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
    })
  })
}
