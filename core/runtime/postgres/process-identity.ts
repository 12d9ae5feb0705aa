// Owns telling one operating-system process from a later one that got the same number.
// Must not signal any process except to ask whether it exists.
import { spawnSync } from 'node:child_process'
import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'

/** False for a zombie too: killed, it waits for a parent that may never ask (a container without an init). */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false
  }
  return process.platform !== 'linux' || statField(pid, 3) !== 'Z'
}

/** A mark of when the process began, comparable only with marks made here; undefined if unknown or gone. */
export function startMark(pid: number): string | undefined {
  if (process.platform === 'win32') return undefined
  if (process.platform !== 'linux') {
    const { stdout } = spawnSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8', env: { LC_ALL: 'C' } })
    return stdout?.trim() || undefined
  }
  return statField(pid, 22)
}

/** A field of /proc/<pid>/stat, numbered as in proc(5), from the third on. */
function statField(pid: number, field: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The second field, the command in parentheses, may hold spaces and parentheses itself.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[field - 3]
  } catch {
    return undefined
  }
}

/** Names the space in which process numbers are unique: host, boot and (in containers) the process namespace. */
export function processSpace(): string {
  const read = (get: () => string) => {
    try {
      return get().trim()
    } catch {
      return ''
    }
  }
  const boot = read(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8'))
  return [hostname(), boot, read(() => readlinkSync('/proc/self/ns/pid'))].join('/')
}
