// Owns starting the servers and the load of the bench as processes of their own, and reading what they use.
// Must not measure from inside a measured process.
import { type ChildProcess, fork } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { LoadOrder, LoadReport } from './load.ts'

export interface Usage {
  cpu: { user: number; system: number }
  rss: number
  heapUsed: number
  external: number
  arrayBuffers: number
}

const path = (name: string) => fileURLToPath(new URL(name, import.meta.url))
const probe = new URL('./usage-probe.ts', import.meta.url).href

export interface Server {
  port: number
  /** `collected`: garbage is collected first, which a server at work would feel. */
  usage(collected?: 'collected'): Promise<Usage>
  stop(): Promise<void>
}

/** A server process that says `{ kind: 'listening', port }`. */
export async function startServer(
  script: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<Server> {
  const child = fork(path(script), [...args], {
    execArgv: [
      '--expose-gc',
      // As `npm start` has it, for the floors too.
      '--initial-old-space-size=256',
      '--max-semi-space-size=32',
      // BENCH_PROFILE=folder: a CPU profile of each server, to look into; the numbers of such a run are not for comparison.
      ...(process.env.BENCH_PROFILE ? ['--cpu-prof', `--cpu-prof-dir=${process.env.BENCH_PROFILE}`] : []),
      '--import',
      'tsx',
      '--import',
      probe,
    ],
    env: { ...process.env, ...env },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const port = await new Promise<number>((resolve, reject) => {
    child.on('message', (m: { kind: string; port: number }) => m.kind === 'listening' && resolve(m.port))
    child.once('exit', (code) => reject(new Error(`${script} ended with ${code} before it listened`)))
  })
  return {
    port,
    usage: (collected) =>
      new Promise((resolve) => {
        const hear = (m: Usage & { kind: string }) => {
          if (m.kind !== 'usage') return
          child.off('message', hear)
          resolve(m)
        }
        child.on('message', hear)
        child.send(collected === undefined ? 'usage' : 'usage collected')
      }),
    stop: () => stopped(child),
  }
}

async function stopped(child: ChildProcess): Promise<void> {
  const gone = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGTERM')
  const force = setTimeout(() => child.kill('SIGKILL'), 10_000)
  await gone
  clearTimeout(force)
}

/** Runs a load; `during` is called when measuring begins and when it ends. */
export async function runLoad(
  order: LoadOrder,
  during: { begin?(): Promise<void>; end?(): Promise<void> } = {},
): Promise<LoadReport> {
  const child = fork(path('./load.ts'), [], {
    execArgv: ['--import', 'tsx'],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  let marks = Promise.resolve()
  return new Promise((resolve, reject) => {
    child.on('message', (m: { kind: string; report: LoadReport; message: string }) => {
      if (m.kind === 'measuring') marks = marks.then(() => during.begin?.())
      else if (m.kind === 'measured') marks = marks.then(() => during.end?.())
      else if (m.kind === 'report') marks.then(() => resolve(m.report), reject)
      else reject(new Error(m.message))
    })
    child.once('exit', (code) => code !== 0 && reject(new Error(`the load ended with ${code}`)))
    child.send(order)
  })
}

/** CPU seconds of a PostgreSQL server with all its children, dead ones included. */
export function serverCpuSeconds(postmaster: number): number {
  const ticks = (pid: string, reaped: boolean) => {
    try {
      const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
      const own = Number(fields[11]) + Number(fields[12])
      return { parent: Number(fields[1]), ticks: own + (reaped ? Number(fields[13]) + Number(fields[14]) : 0) }
    } catch {
      return { parent: -1, ticks: 0 }
    }
  }
  let sum = ticks(String(postmaster), true).ticks
  for (const pid of readdirSync('/proc')) {
    if (!/^\d+$/.test(pid)) continue
    const found = ticks(pid, false)
    if (found.parent === postmaster) sum += found.ticks
  }
  return sum / 100
}
