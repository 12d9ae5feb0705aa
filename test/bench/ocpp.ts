// Owns the bench of the charger path: the hub beside two floors made of the same parts, in one run, ratios printed.
// Must not be used as a test: it measures, it does not judge.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { startEmbeddedPostgres } from '../../core/runtime/postgres/index.ts'
import { benchDatabase, password, rootKey, silent } from './ocpp/bench-database.ts'
import type { LoadReport } from './ocpp/load.ts'
import { runLoad, type Server, serverCpuSeconds, startServer, type Usage } from './ocpp/processes.ts'

const { values } = parseArgs({
  options: {
    stations: { type: 'string', default: '100,1000' },
    seconds: { type: 'string', default: '10' },
    rounds: { type: 'string', default: '3' },
    rate: { type: 'string', default: '500' },
    storm: { type: 'string', default: '5000' },
    only: { type: 'string', default: 'closed,open,storm,idle' },
  },
})
const seconds = Number(values.seconds)
const most = Math.max(Number(values.storm), ...values.stations.split(',').map(Number))

interface Measured {
  report: LoadReport
  cpuSeconds: number
  databaseCpuSeconds: number
  before: Usage
  after: Usage
}

const dataDir = mkdtempSync(join(tmpdir(), 'baywatt-bench-'))
const postgres = await startEmbeddedPostgres({
  dataDir,
  log: silent,
  now: () => new Date(),
  settings: { max_connections: '100' },
})

async function measured(
  server: Server,
  order: Omit<Parameters<typeof runLoad>[0], 'url' | 'password' | 'from'>,
): Promise<Measured> {
  const idle = order.mode === 'idle'
  let before = await server.usage('collected')
  let after = before
  let from = 0
  let to = 0
  const report = await runLoad(
    { ...order, from: 0, url: `ws://127.0.0.1:${server.port}/ocpp`, password },
    {
      begin: async () => {
        if (!idle) before = await server.usage()
        from = serverCpuSeconds(postgres.pid)
        if (idle) after = await server.usage('collected')
      },
      end: async () => {
        if (!idle) after = await server.usage()
        to = serverCpuSeconds(postgres.pid)
      },
    },
  )
  const cpu = (u: Usage) => (u.cpu.user + u.cpu.system) / 1e6
  return { report, cpuSeconds: cpu(after) - cpu(before), databaseCpuSeconds: to - from, before, after }
}

type Name = 'echo' | 'commit' | 'hub'
const start: Record<Name, () => Promise<Server>> = {
  echo: () => startServer('./floor-server.ts', ['echo']),
  commit: () => startServer('./floor-server.ts', ['commit', urls.floor]),
  hub: () => startServer('./hub-server.ts', [urls.hub], { BAYWATT_ROOT_KEY: rootKey }),
}
let urls = { floor: '', hub: '' }
let made = 0

/** Each measurement has a fresh process and fresh databases, so that none pays for the rows of the one before. */
async function withServer<T>(name: Name, use: (server: Server) => Promise<T>): Promise<T> {
  made += 1
  if (name === 'commit') urls = { ...urls, floor: await benchDatabase(postgres.connection, `floor_${made}`, most) }
  if (name === 'hub') urls = { ...urls, hub: await benchDatabase(postgres.connection, `hub_${made}`, most) }
  const server = await start[name]()
  try {
    return await use(server)
  } finally {
    await server.stop()
  }
}

const names: Name[] = ['echo', 'commit', 'hub']
const fixed = (n: number, digits = 1) => n.toFixed(digits)
const row = (cells: readonly (string | number)[]) =>
  console.log(cells.map((c, i) => String(c)[i === 0 ? 'padEnd' : 'padStart'](i === 0 ? 24 : 14)).join(''))
const wanted = new Set(values.only.split(','))

/**
 * A machine is not equally fast from one minute to the next, so floor and hub take turns. Prints each round and the median of what
 * `measure` returns; for the hub beside the floor the median of the rounds' ratios.
 */
async function inTurns(title: string, measure: (name: Name) => Promise<number>): Promise<void> {
  await measure('echo')
  const ratios: number[] = []
  for (let round = 0; round < Number(values.rounds); round++) {
    const floor = await measure('commit')
    ratios.push((await measure('hub')) / floor)
  }
  ratios.sort((a, b) => a - b)
  const all = ratios.map((ratio) => fixed(ratio, 2)).join(', ')
  console.log(`hub / commit floor, ${title}: ${fixed(ratios[Math.floor(ratios.length / 2)] ?? 0, 2)} (${all})`)
}

try {
  if (wanted.has('closed')) {
    for (const stations of values.stations.split(',').map(Number)) {
      console.log(`\nclosed loop, ${stations} stations, ${seconds} s`)
      row(['', 'calls/s', 'us CPU/call', 'calls/CPU-s', 'us DB CPU', 'p50 ms', 'p99 ms', 'errors'])
      await inTurns('calls per CPU-second', async (name) => {
        const { report, cpuSeconds, databaseCpuSeconds } = await withServer(name, (server) =>
          measured(server, { mode: 'closed', stations, seconds, rate: 0 }),
        )
        row([
          name,
          fixed(report.calls / report.seconds, 0),
          fixed((cpuSeconds / report.calls) * 1e6),
          fixed(report.calls / cpuSeconds, 0),
          fixed((databaseCpuSeconds / report.calls) * 1e6),
          fixed(report.p50, 2),
          fixed(report.p99, 2),
          report.errors,
        ])
        return report.calls / cpuSeconds
      })
    }
  }
  if (wanted.has('open')) {
    console.log(`\nopen loop, ${values.rate} calls/s over 100 stations, latency from the intended time`)
    row(['', 'p50 ms', 'p99 ms', 'max ms', 'calls'])
    await inTurns('p99', async (name) => {
      const { report } = await withServer(name, (server) =>
        measured(server, { mode: 'open', stations: 100, seconds, rate: Number(values.rate) }),
      )
      row([name, fixed(report.p50, 2), fixed(report.p99, 2), fixed(report.max, 2), report.calls])
      return report.p99
    })
  }
  if (wanted.has('storm')) {
    console.log(`\nstorm: ${values.storm} stations connect and boot at once`)
    const took = new Map<Name, number>()
    for (const name of names) {
      const { report } = await withServer(name, (server) =>
        measured(server, { mode: 'boot', stations: Number(values.storm), seconds: 0, rate: 0 }),
      )
      took.set(name, report.bootMs)
      row([name, `${fixed(report.bootMs / 1_000, 2)} s`])
    }
    console.log(`hub / commit floor: ${fixed((took.get('hub') ?? 0) / (took.get('commit') ?? 1), 2)}`)
  }
  if (wanted.has('idle')) {
    console.log('\nidle connections: 2,000 stations, kB each (resident; heap and buffers)')
    const each = new Map<Name, number>()
    for (const name of ['echo', 'hub'] as const) {
      const { before, after } = await withServer(name, (server) =>
        measured(server, { mode: 'idle', stations: 2_000, seconds: 3, rate: 0 }),
      )
      const resident = (after.rss - before.rss) / 2_000 / 1_024
      const held = (after.heapUsed + after.external - before.heapUsed - before.external) / 2_000 / 1_024
      each.set(name, resident)
      row([name, fixed(resident), fixed(held)])
    }
    console.log(`hub above bare ws: ${fixed((each.get('hub') ?? 0) - (each.get('echo') ?? 0))} kB per connection`)
  }
} catch (error) {
  console.error(error)
  process.exitCode = 1
} finally {
  await postgres.stop()
  rmSync(dataDir, { recursive: true, force: true })
}
process.exit()
