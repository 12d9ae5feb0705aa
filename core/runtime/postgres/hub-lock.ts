// Owns `<dataDir>/hub.lock`: at most one hub works on a data directory; a lock left by a dead hub is taken over.
// Must not touch the database.
import { randomUUID } from 'node:crypto'
import {
  constants,
  copyFileSync,
  linkSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { HubError } from '../../domain/hub-error.ts'
import { isAlive, processSpace, startMark } from './process-identity.ts'

const heartbeatMs = 2_000
/** How long a lock from another host or container is watched for a sign of life before it counts as left behind. */
const defaultWatchMs = 4 * heartbeatMs

interface Holder {
  pid: number
  /** When the process began (null where unknown): tells a reused pid. */
  began: string | null
  hostname: string
  space: string
  startedAt: string
  token: string
}

export interface HubLock {
  release(): void
}

/** Takes the data directory for this process, or throws `data_dir_in_use` naming the hub that has it. */
export async function acquireHubLock(dataDir: string, now: Date, watchMs = defaultWatchMs): Promise<HubLock> {
  const path = join(dataDir, 'hub.lock')
  const self: Holder = {
    pid: process.pid,
    began: startMark(process.pid) ?? null,
    hostname: hostname(),
    space: processSpace(),
    startedAt: now.toISOString(),
    token: randomUUID(),
  }
  const draft = `${path}.${self.token}`
  writeFileSync(draft, `${JSON.stringify(self)}\n`, { mode: 0o644 })
  try {
    await claim(path, draft, dataDir, watchMs)
  } finally {
    rmSync(draft, { force: true })
  }
  const heartbeat = setInterval(() => {
    // A lock taken from us (this process was stopped for long) or a full disk must not end the hub here.
    try {
      if (readHolder(path)?.token === self.token) utimesSync(path, new Date(), new Date())
    } catch {}
  }, heartbeatMs)
  heartbeat.unref()
  return {
    release() {
      clearInterval(heartbeat)
      if (readHolder(path)?.token === self.token) rmSync(path, { force: true })
    },
  }
}

async function claim(path: string, draft: string, dataDir: string, watchMs: number): Promise<void> {
  // Linking a finished file is atomic and never shows a half-written lock.
  if (tryLink(draft, path)) return
  const holder = readHolder(path)
  if (await holds(path, holder, watchMs)) throw inUse(dataDir, path, holder)
  // Two hubs may find the same dead lock: the one that gets the guard replaces it, the other then sees a live one.
  const guard = `${path}.takeover`
  const guardOwner = readHolder(guard)
  if (guardOwner && !(await holds(guard, guardOwner, watchMs))) rmSync(guard, { force: true })
  if (!tryLink(draft, guard)) throw inUse(dataDir, path, readHolder(guard))
  try {
    const present = readHolder(path)
    if (present?.token !== holder?.token) throw inUse(dataDir, path, present)
    renameSync(draft, path)
  } finally {
    rmSync(guard, { force: true })
  }
}

function tryLink(from: string, to: string): boolean {
  try {
    linkSync(from, to)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
  }
  // File systems without hard links (exFAT, some network shares).
  try {
    copyFileSync(from, to, constants.COPYFILE_EXCL)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

async function holds(path: string, holder: Holder | undefined, watchMs: number): Promise<boolean> {
  if (!holder) return false
  if (holder.space === processSpace()) {
    if (!isAlive(holder.pid)) return false
    const began = startMark(holder.pid)
    return holder.began === null || began === undefined || began === holder.began
  }
  // Another host, an earlier boot or another container: its pids say nothing here, but a living hub touches the file.
  const before = modified(path)
  await sleep(watchMs)
  return modified(path) !== before
}

function modified(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0
}

function readHolder(path: string): Holder | undefined {
  try {
    const value = JSON.parse(readFileSync(path, 'utf8')) as Partial<Holder> | null
    if (typeof value?.pid !== 'number' || typeof value.token !== 'string') return undefined
    return { began: null, hostname: '', space: '', startedAt: '', ...value } as Holder
  } catch {
    return undefined
  }
}

function inUse(dataDir: string, path: string, holder: Holder | undefined): HubError {
  const who = holder ? `process ${holder.pid} on ${holder.hostname}, since ${holder.startedAt}` : 'another process'
  return new HubError(
    'data_dir_in_use',
    `Another hub is working on ${dataDir} (${who}). Stop it first, or give this one its own BAYWATT_DATA_DIR. The lock is ${path}.`,
  )
}
