// Owns telling which process is the database server of a data directory.
// Must not signal it.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** 0 while there is none that takes connections (postmaster.pid: line 1 is the pid, line 8 the state). */
export function postmaster(dataDir: string): number {
  try {
    const lines = readFileSync(join(dataDir, 'postgres', 'postmaster.pid'), 'utf8').split('\n')
    return lines[7]?.trim() === 'ready' ? Number(lines[0]) : 0
  } catch {
    return 0
  }
}
