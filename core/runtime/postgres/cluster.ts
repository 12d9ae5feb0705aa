// Owns the cluster directory on disk: creating it, opening it for the server's account, reading postmaster.pid.
// Must not start or stop the server.
import { spawn } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  closeSync,
  constants,
  existsSync,
  fsyncSync,
  lchownSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { HubError } from '../../domain/hub-error.ts'
import type { ServerAccount } from './server-account.ts'
import { serverEnvironment } from './server-environment.ts'

export const superuser = 'baywatt'

export interface ClusterHandle {
  /** What to pass as `-D` to a child process that got `stdio`. */
  path: string
  stdio: (number | 'ignore' | 'pipe')[]
  close(): void
}

/**
 * Opens a directory for a child that runs as `account`. As root on Linux the child inherits the open directory as
 * descriptor 3 and names it /proc/self/fd/3: then no parent folder has to be open to that account (a data directory
 * below /root, or one that is 0700 itself, stays closed). Measured with initdb and postgres 18.
 */
export function openForServer(dir: string, account: ServerAccount | undefined): ClusterHandle {
  if (!account || !existsSync('/proc/self/fd')) return { path: dir, stdio: ['ignore', 'pipe', 'pipe'], close() {} }
  const fd = openSync(dir, constants.O_RDONLY | constants.O_DIRECTORY)
  return { path: '/proc/self/fd/3', stdio: ['ignore', 'pipe', 'pipe', fd], close: () => closeSync(fd) }
}

/** The major version that made the cluster, or undefined if there is none. */
export function clusterVersion(dir: string): string | undefined {
  const file = join(dir, 'PG_VERSION')
  return existsSync(file) ? readFileSync(file, 'utf8').trim() : undefined
}

/** Creates the cluster in a side folder and renames it when complete: a killed first start leaves no half of one. */
export async function createCluster(options: {
  dir: string
  initdb: string
  account: ServerAccount | undefined
  password: string
  fsync: boolean
}): Promise<void> {
  const { dir, account } = options
  const draft = `${dir}.new`
  rmSync(draft, { recursive: true, force: true })
  mkdirSync(join(draft, 'data'), { recursive: true, mode: 0o700 })
  const passwordFile = join(draft, 'password')
  writeFileSync(passwordFile, `${options.password}\n`, { mode: 0o600 })
  chmodSync(draft, 0o700)
  if (account) for (const path of [draft, join(draft, 'data'), passwordFile]) chownSync(path, account.uid, account.gid)
  const handle = openForServer(draft, account)
  try {
    await initialise(options.initdb, handle, account, options.fsync)
  } finally {
    handle.close()
  }
  renameSync(join(draft, 'data'), dir)
  syncDirectory(join(dir, '..'))
  rmSync(draft, { recursive: true, force: true })
}

function initialise(initdb: string, handle: ClusterHandle, account: ServerAccount | undefined, fsync: boolean) {
  const args = [
    `--pgdata=${handle.path}/data`,
    `--pwfile=${handle.path}/password`,
    `--username=${superuser}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    // The builtin provider (PostgreSQL 17) knows all of Unicode without asking the operating system for a locale,
    // so text sorts and folds alike on every machine and a system upgrade can never break an index.
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    '--locale=C',
    '--data-checksums',
    '--no-instructions',
    ...(fsync ? [] : ['--no-sync']),
  ]
  return new Promise<void>((resolve, reject) => {
    const child = spawn(initdb, args, { ...account, cwd: '/', env: serverEnvironment(), stdio: handle.stdio })
    let output = ''
    const keep = (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-4_000)
    }
    child.stdout?.on('data', keep)
    child.stderr?.on('data', keep)
    const fail = (why: string, cause?: unknown) =>
      reject(new HubError('init_failed', `The database could not be created: ${why}`, { cause }))
    child.once('error', (error) => fail(error.message, error))
    child.once('close', (code, signal) =>
      code === 0 ? resolve() : fail(`${output.trim()} (initdb ended with ${signal ?? code})`),
    )
  })
}

function syncDirectory(dir: string): void {
  if (process.platform === 'win32') return
  const fd = openSync(dir, constants.O_RDONLY)
  fsyncSync(fd)
  closeSync(fd)
}

/** Gives a cluster that was copied or restored to the server's account, and to nobody else, again. */
export function claimOwnership(dir: string, account: ServerAccount | undefined): void {
  // The server refuses a folder that others may enter.
  if ((statSync(dir).mode & 0o077) !== 0 && process.platform !== 'win32') chmodSync(dir, 0o700)
  if (!account || statSync(dir).uid === account.uid) return
  for (const entry of readdirSync(dir, { recursive: true, withFileTypes: true }))
    lchownSync(join(entry.parentPath, entry.name), account.uid, account.gid)
  // Last, so that an interrupted run is seen and repeated.
  chownSync(dir, account.uid, account.gid)
}

export interface PostmasterFile {
  pid: number
  /** starting, ready, standby or stopping (miscadmin.h PM_STATUS_*). */
  status: string
}

/** postmaster.pid: line 1 is the pid, line 8 the state (PostgreSQL's pidfile.h). */
export function readPostmasterFile(dir: string): PostmasterFile | undefined {
  try {
    const lines = readFileSync(join(dir, 'postmaster.pid'), 'utf8').split('\n')
    const pid = Number(lines[0])
    return Number.isInteger(pid) && pid > 0 ? { pid, status: (lines[7] ?? '').trim() } : undefined
  } catch {
    return undefined
  }
}

/** Removes what a dead server leaves: it would refuse to start if the pid in there has gone to another process. */
export function removeServerFiles(dir: string): void {
  for (const name of readdirSync(dir))
    if (name === 'postmaster.pid' || name.startsWith('.s.PGSQL.')) rmSync(join(dir, name), { force: true })
}
