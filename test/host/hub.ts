// Owns a hub of nothing but the plugin host, on a fresh organization: two clocks moved by hand, a log that can be read.
// Must not stand in for any part of the host.
import { randomBytes } from 'node:crypto'
import { createHost, type Host, type HostOptions } from '../../core/host/host.ts'
import type { ConnectionAccess } from '../../core/host/manage-connections.ts'
import type { AnyPlugin, Log, PluginDef } from '../../core/plugin/index.ts'
import { systemNewId } from '../../core/runtime/random.ts'
import { type JobWorker, runWorker } from '../../core/store/job-worker.ts'
import { countJobs } from '../../core/store/jobs.ts'
import { type ManualClock, manualClock } from '../../core/testing/manual-clock.ts'
import { silent, type TestDatabase } from '../setup/database.ts'
import { eventually } from '../setup/eventually.ts'
import { insertOrganization, someInstant } from '../setup/records.ts'

export interface LogLine {
  level: keyof Log
  fields: Record<string, unknown>
  message: string
}

export function memoryLog(): { log: Log; lines: LogLine[] } {
  const lines: LogLine[] = []
  const at = (level: keyof Log) => (fields: object, message: string) =>
    void lines.push({ level, fields: fields as Record<string, unknown>, message })
  return { log: { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }, lines }
}

export interface TestHub {
  host: Host
  organizationId: string
  access: ConnectionAccess
  /** The hub's clock. */
  clock: ManualClock
  /** The clock of limits and pauses. */
  pace: ManualClock
  lines: LogLine[]
  database: TestDatabase
  /** Makes a connection and waits for what becomes of it. */
  connect(
    plugin: AnyPlugin,
    input?: { config?: unknown; secrets?: Record<string, string>; siteId?: string },
  ): Promise<string>
  state(
    connectionId: string,
  ): Promise<{ state: string; reason: string | null; pointer: string | null; next: Date | null }>
  /** The states a connection went through, from its events. */
  history(connectionId: string): Promise<string[]>
  /** Runs the hub's jobs until the hub is stopped. */
  work(): Promise<void>
  /** Nothing due, nothing running, nothing waiting for a running connection. */
  idle(): Promise<void>
  stop(): Promise<void>
}

export async function testHub(
  database: TestDatabase,
  plugins: readonly AnyPlugin[],
  options: Partial<HostOptions> & { organizationId?: string } = {},
): Promise<TestHub> {
  const organizationId = options.organizationId ?? (await insertOrganization(database.db))
  const clock = manualClock(someInstant)
  const pace = manualClock(someInstant)
  const { log, lines } = memoryLog()
  const host = createHost({
    db: database.db,
    owner: { connection: database.connection, pool: database.ownerPool },
    clock,
    pace,
    newId: systemNewId,
    log,
    random: () => 1,
    entropy: randomBytes,
    secretKey: Buffer.alloc(32, 7),
    hubVersion: '0.1.0',
    plugins,
    ports: {},
    deliveryPausesMs: [1, 1, 1],
    ...options,
  })
  await host.start()
  await host.settled()
  const access = { organizationId, siteIds: null, actor: 'test', requestId: 'test' }
  let worker: JobWorker | undefined
  return {
    host,
    organizationId,
    access,
    clock,
    pace,
    lines,
    database,
    async connect(plugin, input = {}) {
      const made = await host.connections.create(access, { pluginId: plugin.id, name: plugin.id, ...input })
      if (made.kind !== 'ok') throw new Error(JSON.stringify(made))
      await host.settled()
      return made.value.connectionId
    },
    async state(connectionId) {
      const row = await database.db
        .selectFrom('connection')
        .select(['state', 'state_reason', 'state_pointer', 'next_attempt_at'])
        .where('connection_id', '=', connectionId)
        .executeTakeFirstOrThrow()
      return { state: row.state, reason: row.state_reason, pointer: row.state_pointer, next: row.next_attempt_at }
    },
    async history(connectionId) {
      const { rows } = await database.pool.query<{ state: string }>(
        `select data ->> 'state' as state from event where type = 'connection.state_changed' and subject_id = $1 order by event_id`,
        [connectionId],
      )
      return rows.map(({ state }) => state)
    },
    async work() {
      worker = await runWorker({
        ownerPool: database.ownerPool,
        tasks: host.tasks,
        concurrency: 2,
        log: silent,
        pollIntervalMs: 10,
      })
    },
    idle: () =>
      eventually(async () => {
        const { due, running } = await countJobs(database.ownerPool)
        return due + running === 0
      }),
    async stop() {
      await worker?.stop()
      const stopped = host.stop()
      // Whatever hangs while stopping is given up after its limit.
      const moving = setInterval(() => pace.advance(60_000), 20)
      await stopped
      clearInterval(moving)
    },
  }
}

/** Between two tests of one database: the next hub would run the connections of the last. */
export async function forgetConnections({ ownerPool }: TestDatabase): Promise<void> {
  await ownerPool.query(`delete from graphile_worker._private_jobs; delete from connection_secret; delete from subscription;
    delete from delivery; delete from schedule; delete from connection; delete from organization`)
}

/** A plugin with everything it must have, changed as the test needs. */
export function testPlugin<C = Record<string, unknown>>(change: Partial<PluginDef<C, never>> & object = {}): AnyPlugin {
  return {
    id: 'tester',
    title: 'A plugin of the tests',
    version: '1.0.0',
    apiVersion: 1,
    hub: '*',
    capabilities: [],
    config: { type: 'object' },
    setup: async () => undefined,
    ...change,
  } as AnyPlugin
}
