// Owns the bench of the gate's answer: the whole hub with charger traffic running, gates asking at a steady rate, then a slow database.
// Must not be used as a test: it measures, it does not judge. `npm run bench:gate -- --seconds 20 --stations 200`
import { createHmac, randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { Client } from 'pg'
import { startEmbeddedPostgres } from '../../core/runtime/postgres/index.ts'
import { benchDatabase, password, rootKey, silent } from './ocpp/bench-database.ts'
import { runLoad, startServer } from './ocpp/processes.ts'

const { values } = parseArgs({
  options: {
    stations: { type: 'string', default: '200' },
    seconds: { type: 'string', default: '20' },
    /** Charger calls per second over all stations. */
    rate: { type: 'string', default: '200' },
    /** Gate questions per second. */
    gates: { type: 'string', default: '20' },
    accounts: { type: 'string', default: '300' },
  },
})
const seconds = Number(values.seconds)
const accounts = Number(values.accounts)
const everyMs = 1_000 / Number(values.gates)
const adminKey = randomBytes(24).toString('hex')
const signing = randomBytes(32)

const dataDir = mkdtempSync(join(tmpdir(), 'baywatt-bench-gate-'))
const postgres = await startEmbeddedPostgres({
  dataDir,
  log: silent,
  now: () => new Date(),
  settings: { max_connections: '100' },
})
const url = await benchDatabase(postgres.connection, 'gate', Number(values.stations))
const server = await startServer('./hub-server.ts', [url], { BAYWATT_ROOT_KEY: rootKey, BAYWATT_ADMIN_KEY: adminKey })
const base = `http://127.0.0.1:${server.port}`

interface Reply {
  ms: number
  decision: string
  reasonCode: string
}

// biome-ignore lint/suspicious/noExplicitAny: answers of every shape
async function api(method: string, path: string, body?: object): Promise<any> {
  const response = await fetch(`${base}/api/v1${path}`, {
    method,
    headers: { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  if (response.status === 429) {
    await sleep(Number(response.headers.get('retry-after') ?? 1) * 1_000)
    return api(method, path, body)
  }
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`)
  return response.json()
}

const cardOf = (n: number) => `04B0${n.toString(16).toUpperCase().padStart(10, '0')}`

/** Every third account has a limit, so that its answers take a place. */
async function setUp(): Promise<string> {
  const { items } = await api('GET', '/sites')
  const { siteId } = items[0]
  const secrets = { signing: `whsec_${signing.toString('base64')}` }
  const { connectionId } = await api('POST', '/connections', { pluginId: 'parcs-http', siteId, name: 'Gates', secrets })
  for (let n = 0; n < accounts; n++) {
    const access = n % 3 === 0 ? { maxInside: 1 + (n % 4) } : {}
    const { accountId } = await api('POST', '/accounts', { name: `Parker ${n}`, kind: 'person', access })
    await api('POST', '/credentials', { accountId, kind: 'card', presentations: [{ value: cardOf(n) }] })
  }
  while ((await api('GET', `/connections/${connectionId}`)).state !== 'running') await sleep(100)
  return connectionId
}

let asked = 0
async function ask(connectionId: string): Promise<Reply> {
  const id = `q-${++asked}`
  const credentials = [{ kind: 'card', value: cardOf((asked * 7) % (accounts + accounts / 10)) }]
  const lane = `in-${asked % 4}`
  const now = new Date()
  const body = JSON.stringify({ requestId: id, lane, direction: 'entry', occurredAt: now.toISOString(), credentials })
  const timestamp = String(Math.floor(now.getTime() / 1_000))
  const signature = createHmac('sha256', signing).update(`${id}.${timestamp}.${body}`).digest('base64')
  const headers = { 'content-type': 'application/json', 'webhook-id': id, 'webhook-timestamp': timestamp }
  const from = performance.now()
  const response = await fetch(`${base}/in/${connectionId}/gate-requests`, {
    method: 'POST',
    headers: { ...headers, 'webhook-signature': `v1,${signature}` },
    body,
  })
  const { decision, reasonCode } = (await response.json()) as Reply
  return { ms: performance.now() - from, decision, reasonCode }
}

async function askFor(connectionId: string, ms: number): Promise<Reply[]> {
  const replies: Promise<Reply>[] = []
  const begin = performance.now()
  for (let next = begin; next < begin + ms; next += everyMs) {
    await sleep(Math.max(0, next - performance.now()))
    replies.push(ask(connectionId))
  }
  return Promise.all(replies)
}

function tell(name: string, replies: readonly Reply[]): void {
  const sorted = replies.map(({ ms }) => ms).sort((a, b) => a - b)
  const at = (share: number) => (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0).toFixed(1)
  const counts: Record<string, number> = {}
  for (const { decision, reasonCode } of replies) {
    const what = `${decision}/${reasonCode}`
    counts[what] = (counts[what] ?? 0) + 1
  }
  console.log(`${name}: ${sorted.length} answers, p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, longest ${at(1)} ms`)
  console.log(`  ${JSON.stringify(counts)}`)
}

try {
  const connectionId = await setUp()
  tell('quiet hub', await askFor(connectionId, 5_000))
  let busy: Reply[] = []
  const report = await runLoad(
    {
      url: `ws://127.0.0.1:${server.port}/ocpp`,
      from: 0,
      stations: Number(values.stations),
      password,
      mode: 'open',
      seconds,
      rate: Number(values.rate),
    },
    {
      begin: async () => {
        busy = await askFor(connectionId, (seconds - 1) * 1_000)
      },
    },
  )
  console.log(
    `chargers: ${report.calls} calls in ${report.seconds.toFixed(1)} s, p50 ${report.p50.toFixed(1)} ms, p99 ${report.p99.toFixed(1)} ms`,
  )
  tell('with charger traffic', busy)
  const blocker = new Client({ connectionString: url })
  await blocker.connect()
  await blocker.query('begin; lock table presentation_key in access exclusive mode')
  tell('database slow (locked)', await askFor(connectionId, 5_000))
  await blocker.query('rollback')
  await blocker.end()
  await sleep(1_000)
  tell('database back', await askFor(connectionId, 3_000))
} finally {
  await server.stop()
  await postgres.stop()
  rmSync(dataDir, { recursive: true, force: true })
}
