// Owns a hub's API on a database of its own, called without a socket: what most tests of core/http start from.
// Must not hide what is sent or answered.
import { createHmac, randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { Registry } from 'prom-client'
import { readEvents, tailEvents } from '../../core/events/stream.ts'
import { createHost, type Host } from '../../core/host/host.ts'
import { type AppDeps, createApp } from '../../core/http/app.ts'
import { type Contract, loadContract } from '../../core/http/contract.ts'
import type { AnyPlugin, ChargerPort, ParcsSink } from '../../core/plugin/index.ts'
import { systemNewId } from '../../core/runtime/random.ts'
import { systemClock } from '../../core/runtime/system-clock.ts'
import type { FilePorts } from '../../core/services/files/file-deps.ts'
import { ensureFirstKey } from '../../core/services/keys/ensure-first-key.ts'
import type { ServiceDeps } from '../../core/services/service-deps.ts'
import { diskFiles } from '../../core/store/disk-files.ts'
import { type ManualClock, manualClock } from '../../core/testing/manual-clock.ts'
import { certificateDeps } from '../services/certificates/certificate-bench.ts'
import { createTestDatabase, silent, type TestDatabase } from '../setup/database.ts'

export interface HubApi {
  database: TestDatabase
  service: ServiceDeps
  /** The hub's own clock. */
  clock: ManualClock
  /** Real time as keys and callers see it. */
  realClock: ManualClock
  host: Host
  files: FilePorts
  /** Where the hub keeps files. */
  filesDir: string
  contract: Contract
  organizationId: string
  /** The first key: it may do everything. */
  owner: string
  app: ReturnType<typeof createApp>
  /** Stations that were told that their record changed, and that a command waits. */
  refreshed: string[]
  woken: string[]
  /** What the API logged as an error. */
  errors: readonly string[]
  call(method: string, path: string, options?: CallOptions): Promise<Answer>
  close(): Promise<void>
}

export interface CallOptions {
  body?: unknown
  /** Sent as it is. */
  text?: string
  key?: string | null
  headers?: Record<string, string>
}

// biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
export type Json = any

export interface Answer {
  status: number
  headers: Headers
  body: Json
}

export const entropy = (into: Uint8Array) => {
  into.set(randomBytes(into.length))
}

export async function startHubApi(
  options: {
    plugins?: readonly AnyPlugin[]
    charger?: ChargerPort
    parcs?: () => ParcsSink
    settings?: Partial<AppDeps['settings']>
    app?: Partial<AppDeps>
  } = {},
): Promise<HubApi> {
  const database = await createTestDatabase()
  const clock = manualClock(new Date('2026-03-10T08:00:00Z'))
  const realClock = manualClock(new Date('2026-03-10T08:00:00Z'))
  const { db } = database
  const errors: string[] = []
  const log = {
    ...silent,
    error: (fields: object, message: string) => errors.push(`${message} ${inspect(fields, { depth: 4 })}`),
  }
  const service: ServiceDeps = { db, clock, newId: systemNewId, log }
  const now = () => realClock.now()
  const first = await ensureFirstKey({ ...service, entropy, now })({ organizationName: 'Test' })
  const hostOptions = {
    db,
    clock,
    pace: systemClock,
    newId: systemNewId,
    log: silent,
    random: () => 0.5,
    entropy: (bytes: number) => randomBytes(bytes),
    secretKey: randomBytes(32),
    hubVersion: '0.1.0',
    plugins: options.plugins ?? [],
    ports: {
      ...(options.charger === undefined ? {} : { charger: options.charger }),
      ...(options.parcs === undefined ? {} : { parcs: options.parcs }),
    },
  }
  const host = createHost(hostOptions)
  await host.start()
  await host.settled()
  const contract = loadContract()
  const refreshed: string[] = []
  const woken: string[] = []
  const filesDir = mkdtempSync(join(tmpdir(), 'baywatt-files-'))
  const files: FilePorts = {
    disk: diskFiles(filesDir, systemNewId),
    sign: (bytes) => createHmac('sha256', 'links').update(bytes).digest(),
    settings: {
      publicUrl: 'http://hub.test',
      fileLimitBytes: 200_000,
      uploadLimitBytes: 100_000,
      logRetentionDays: 30,
    },
  }
  const closing = new AbortController()
  const app = createApp({
    service,
    ports: {
      chargers: {
        wake: (id) => woken.push(id),
        refresh: (id) => refreshed.push(id),
        hashSecret: (secret) => createHmac('sha256', 'stations').update(secret).digest(),
      },
      certificates: certificateDeps({ ...service, wake: (id) => woken.push(id) }),
      events: {
        read: (query) => readEvents(db, query),
        tail: (query) => tailEvents({ ...query, db, pollMs: 20 }),
      },
      files,
      host,
      service: {
        readiness: async () => [{ name: 'database', ok: true, detail: null }],
        metrics: new Registry(),
      },
    },
    settings: { publicUrl: 'http://hub.test', rateLimit: { burst: 100_000, perSecond: 1000 }, ...options.settings },
    secret: randomBytes(32),
    entropy,
    now,
    version: '0.1.0',
    closing: closing.signal,
    contract,
    checkAnswers: true,
    ...options.app,
  })
  const owner = first.key ?? ''
  return {
    database,
    service,
    clock,
    realClock,
    host,
    files,
    filesDir,
    contract,
    organizationId: first.organizationId,
    owner,
    app,
    refreshed,
    woken,
    errors,
    async call(method, path, { body, text, key = owner, headers = {} } = {}) {
      const response = await app.request(path.startsWith('/api/') || !path.startsWith('/') ? path : `/api/v1${path}`, {
        method,
        headers: {
          ...(key === null ? {} : { Authorization: `Bearer ${key}` }),
          ...(body === undefined && text === undefined ? {} : { 'Content-Type': 'application/json' }),
          ...headers,
        },
        ...(text !== undefined ? { body: text } : body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      const content = await response.text()
      const json = /\bjson\b/.test(response.headers.get('content-type') ?? '')
      return {
        status: response.status,
        headers: response.headers,
        body: json && content !== '' ? JSON.parse(content) : content,
      }
    },
    async close() {
      closing.abort()
      await host.stop()
      await database.drop()
      rmSync(filesDir, { recursive: true, force: true })
    },
  }
}
