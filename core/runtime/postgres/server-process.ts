// Owns one run of the postgres program: spawn, wait until it takes connections, stop, and stopping one left by a dead hub.
// Must not decide when to restart; the supervisor does.
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { readFileSync, readlinkSync, realpathSync } from 'node:fs'
import type { Socket } from 'node:net'
import { basename } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { HubError } from '../../domain/hub-error.ts'
import type { Log } from '../../domain/log.ts'
import type { Binaries } from './binaries.ts'
import { openForServer, readPostmasterFile, removeServerFiles } from './cluster.ts'
import { isAlive } from './process-identity.ts'
import type { ServerAccount } from './server-account.ts'
import { serverEnvironment } from './server-environment.ts'

const run = promisify(execFile)
const pollMs = 20

export interface ServerProcess {
  pid: number
  /** Resolves with a short reason when the process is gone, however it went. */
  exited: Promise<string>
  stop(): Promise<void>
}

export interface ServerRun {
  binaries: Binaries
  dir: string
  account: ServerAccount | undefined
  settings: Readonly<Record<string, string>>
  log: Log
  /** Ends a start that is under way. */
  signal: AbortSignal
}

/** Starts the server and resolves once it is ready; crash recovery may take as long as it needs. */
export async function startServer(options: ServerRun): Promise<ServerProcess> {
  const { binaries, dir, account, log, signal } = options
  const handle = openForServer(dir, account)
  const settings = Object.entries(options.settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  let child: ChildProcess
  try {
    child = spawn(binaries.postgres, ['-D', handle.path, ...settings], {
      ...account,
      cwd: '/',
      env: serverEnvironment(),
      stdio: handle.stdio,
      // Its own session: Ctrl-C in the terminal reaches the hub only, which first finishes its commits, then stops us.
      detached: process.platform !== 'win32',
    })
  } finally {
    handle.close()
  }
  const lastWords: string[] = []
  forwardLog(child, log, lastWords)
  let gone: string | undefined
  const exited = new Promise<string>((resolve) => {
    const end = (reason: string) => {
      gone ??= reason
      resolve(gone)
    }
    child.once('error', (error) => end(error.message))
    child.once('close', (code, killedBy) => end(`ended with ${killedBy ?? code}`))
  })
  // A hub that leaves by process.exit still tells its server to go; a hub that is killed leaves an orphan for the next.
  const onExit = () => void child.kill(process.platform === 'win32' ? 'SIGKILL' : 'SIGINT')
  process.on('exit', onExit)
  void exited.then(() => process.off('exit', onExit))
  while (gone === undefined) {
    if (signal.aborted && child.pid) await stopPostmaster(child.pid, binaries, () => gone !== undefined)
    const file = readPostmasterFile(dir)
    if (file?.pid === child.pid && file?.status === 'ready') break
    await Promise.race([exited, sleep(pollMs)])
  }
  if (gone !== undefined || child.pid === undefined) {
    throw new HubError('start_failed', `The database server did not start (${gone}): ${lastWords.join(' ')}`)
  }
  const pid = child.pid
  // The server alone keeps no program running; whoever ends leaves it the signal to end, too.
  child.unref()
  for (const stream of [child.stdout, child.stderr]) (stream as Socket | null)?.unref()
  return { pid, exited, stop: () => stopPostmaster(pid, binaries, () => gone !== undefined) }
}

function forwardLog(child: ChildProcess, log: Log, lastWords: string[]): void {
  let rest = ''
  const take = (chunk: Buffer) => {
    const lines = (rest + chunk.toString()).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) {
      if (!line.trim()) continue
      lastWords.push(line)
      if (lastWords.length > 5) lastWords.shift()
      // A statement refused (ERROR) is the caller's to report; only the server's own troubles are raised here.
      // So is a session ended on request: by our own stop, mostly.
      const trouble = /\b(PANIC|FATAL):/.test(line) && !line.includes('due to administrator command')
      if (trouble) log.warn({ source: 'postgres' }, line)
      else log.debug({ source: 'postgres' }, line)
    }
  }
  child.stdout?.on('data', take)
  child.stderr?.on('data', take)
}

/** Fast shutdown (open transactions are rolled back, a checkpoint is written); harder means only if that hangs. */
async function stopPostmaster(pid: number, binaries: Binaries, gone: () => boolean): Promise<void> {
  const steps = [
    ['INT', 60_000],
    ['QUIT', 5_000],
    ['KILL', 5_000],
  ] as const
  for (const [signal, patienceMs] of steps) {
    if (gone()) return
    await sendSignal(pid, signal, binaries)
    for (let waited = 0; waited < patienceMs && !gone(); waited += pollMs) await sleep(pollMs)
  }
}

async function sendSignal(pid: number, signal: 'INT' | 'QUIT' | 'KILL', binaries: Binaries): Promise<void> {
  try {
    // Windows has no signals; pg_ctl speaks the server's own signal pipe there.
    if (process.platform === 'win32' && signal !== 'KILL') await run(binaries.pgCtl, ['kill', signal, String(pid)])
    else process.kill(pid, `SIG${signal}`)
  } catch {
    // Gone already.
  }
}

/**
 * Ends a server that a killed hub left running on this cluster, so that a new one can be started under our eyes. A
 * postmaster.pid whose number now belongs to something else is removed: the server would refuse to start over it.
 */
export async function stopOrphan(dir: string, binaries: Binaries, log: Log): Promise<void> {
  const file = readPostmasterFile(dir)
  if (!file) return
  if (isAlive(file.pid) && (await isServerOf(file.pid, dir))) {
    log.warn({ pid: file.pid }, 'stopping a database server left running by a hub that was killed')
    await stopPostmaster(file.pid, binaries, () => !isAlive(file.pid))
  }
  removeServerFiles(dir)
}

async function isServerOf(pid: number, dir: string): Promise<boolean> {
  try {
    const program = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')[0] ?? ''
    // The postmaster's working directory is its cluster.
    return basename(program) === 'postgres' && readlinkSync(`/proc/${pid}/cwd`) === realpathSync(dir)
  } catch (error) {
    if (process.platform === 'linux') return (error as NodeJS.ErrnoException).code !== 'ENOENT'
  }
  if (process.platform === 'win32') return true
  const { stdout } = await run('ps', ['-p', String(pid), '-o', 'comm=']).catch(() => ({ stdout: '' }))
  return basename(stdout.trim()) === 'postgres'
}
