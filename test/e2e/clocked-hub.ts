// Owns a whole hub in this process on a clock of the test's: real sockets, a real database, the real jobs.
// Must not furnish it, nor look into its tables.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readConfig } from '../../core/runtime/config.ts'
import { startHub } from '../../core/runtime/hub.ts'
import { type ManualClock, manualClock } from '../../core/testing/manual-clock.ts'
import { createTestDatabase } from '../setup/database.ts'
import { eventually } from '../setup/eventually.ts'
import { type Api, api } from './kill/garage.ts'
import { createTroubleLog } from './trouble-log.ts'

const adminKey = 'bwk_test_clocked_0123456789abcdefghij'

export interface ClockedHub extends Api {
  readonly url: string
  readonly ocppUrl: string
  readonly clock: ManualClock
  /** What the hub logged as an error. */
  readonly errors: readonly string[]
  /** Every record of a list, which fits on one page. */
  // biome-ignore lint/suspicious/noExplicitAny: records of the API in every shape
  all(path: string): Promise<any[]>
  /** Makes a connection and waits until it is at work. */
  connect(body: object): Promise<string>
  /** Moves the clock on and lets all be done that is due then. */
  until(at: Date): Promise<void>
  minutes(count: number): Promise<void>
  stop(): Promise<void>
}

export async function clockedHub(start: string): Promise<ClockedHub> {
  const clock = manualClock(new Date(start))
  const database = await createTestDatabase()
  const dataDir = mkdtempSync(join(tmpdir(), 'baywatt-clocked-'))
  const { log, errors } = createTroubleLog()
  const env = { BAYWATT_PORT: '0', BAYWATT_ADMIN_KEY: adminKey, DATABASE_URL: database.url, BAYWATT_DATA_DIR: dataDir }
  const hub = await startHub({ config: readConfig(env), log, clock })
  const { call } = api(hub.url, adminKey)
  const until = async (at: Date) => {
    await clock.settle(at)
    await hub.idle()
  }
  return {
    url: hub.url,
    ocppUrl: `${hub.url.replace(/^http/, 'ws')}/ocpp`,
    clock,
    errors,
    call,
    async all(path) {
      const { items, nextCursor } = await call<{ items: unknown[]; nextCursor: string | null }>(
        'GET',
        `${path}${path.includes('?') ? '&' : '?'}limit=200`,
      )
      if (nextCursor !== null) throw new Error(`${path} has more than one page`)
      return items
    },
    async connect(body) {
      const { connectionId } = await call('POST', 'connections', body)
      await eventually(
        async () => (await call('GET', `connections/${connectionId}`)).state === 'running',
        'the connection',
      )
      return String(connectionId)
    },
    until,
    minutes: (count) => until(new Date(clock.now().getTime() + count * 60_000)),
    async stop() {
      await hub.stop()
      await database.drop()
      rmSync(dataDir, { recursive: true, force: true })
    },
  }
}
