// Owns a hub as a process of its own for tests that kill it: launch, wait for it, arm, kill, start again on the same data.
// Must not share memory with it.
import { type ChildProcess, spawn } from 'node:child_process'
import { createServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import type { KillOrder } from './steps.ts'

const main = fileURLToPath(new URL('../../../core/runtime/main.ts', import.meta.url))
const killAt = new URL('./kill-at.ts', import.meta.url).href
const root = fileURLToPath(new URL('../../..', import.meta.url))

export interface Ended {
  code: number | null
  signal: NodeJS.Signals | null
}

export interface HubProcess {
  readonly url: string
  readonly dataDir: string
  readonly pid: number
  /** Starts the process and does not wait for anything. */
  launch(): void
  /** Resolves once it is ready to work. */
  ready(): Promise<void>
  start(): Promise<void>
  /** Has the running process kill itself at a step; resolves when it has understood. */
  arm(order: KillOrder): Promise<void>
  alive(): boolean
  /** Resolves when the process is gone, whoever ended it; fails when it lives on for longer than anybody waits. */
  gone(): Promise<Ended>
  kill(signal: NodeJS.Signals): Promise<Ended>
  /** What it wrote since its last start, both streams. */
  output(): string
}

/** Generous: tests of others may be running beside these. */
export const patienceMs = 120_000

export async function hubProcess(options: {
  dataDir: string
  adminKey: string
  env?: NodeJS.ProcessEnv
  port?: number
}): Promise<HubProcess> {
  const port = options.port ?? (await freePort())
  const url = `${options.env?.BAYWATT_TLS_CERT === undefined ? 'http' : 'https'}://127.0.0.1:${port}`
  let child: ChildProcess | undefined
  let ended: Promise<Ended> = Promise.resolve({ code: null, signal: null })
  let output = ''
  const alive = () => child !== undefined && child.exitCode === null && child.signalCode === null
  const self: HubProcess = {
    url,
    dataDir: options.dataDir,
    get pid() {
      return child?.pid ?? 0
    },
    launch() {
      const { PATH, HOME, TMPDIR } = process.env
      const started = spawn(process.execPath, ['--import', 'tsx', '--import', killAt, main], {
        cwd: root,
        env: {
          PATH,
          HOME,
          TMPDIR,
          BAYWATT_DATA_DIR: options.dataDir,
          BAYWATT_PORT: String(port),
          BAYWATT_ADMIN_KEY: options.adminKey,
          BAYWATT_LOG_LEVEL: 'warn',
          ...options.env,
        },
        stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      })
      output = ''
      const keep = (text: Buffer) => {
        output = (output + text.toString()).slice(-200_000)
      }
      started.stdout?.on('data', keep)
      started.stderr?.on('data', keep)
      started.on('error', (error) => keep(Buffer.from(String(error))))
      ended = new Promise((resolve) => started.once('close', (code, signal) => resolve({ code, signal })))
      child = started
    },
    async ready() {
      const limit = Date.now() + patienceMs
      while (Date.now() < limit) {
        if (!alive()) throw new Error(`the hub ended before it was ready:\n${output.slice(-3_000)}`)
        const answer = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(10_000) }).catch(() => undefined)
        if (answer?.ok) return
        await new Promise((resolve) => setTimeout(resolve, 25))
      }
      throw new Error(`the hub was not ready in time:\n${output.slice(-3_000)}`)
    },
    async start() {
      self.launch()
      await self.ready()
    },
    async arm(order) {
      const target = child
      if (target === undefined || !alive()) throw new Error('there is no hub to arm')
      const armed = new Promise<void>((resolve) => target.once('message', () => resolve()))
      target.send(order)
      await Promise.race([armed, ended])
    },
    alive,
    gone() {
      let timer: NodeJS.Timeout | undefined
      const late = new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(new Error(`the hub lives on:\n${output.slice(-3_000)}`)), patienceMs)
      })
      return Promise.race([ended, late]).finally(() => clearTimeout(timer))
    },
    async kill(signal) {
      child?.kill(signal)
      return ended
    },
    output: () => output,
  }
  return self
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (typeof address !== 'object' || address === null) throw new Error('no free port')
  return address.port
}
