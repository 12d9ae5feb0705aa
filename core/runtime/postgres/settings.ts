// Owns the server's settings and where it listens.
// Must not hold anything that differs between two hubs except the socket's place.
import { join } from 'node:path'

/** sockaddr_un holds 108 bytes with the closing zero on Linux, 104 on macOS. */
const longestSocketPath = 103

/** Chosen for a small box (2 cores, 2 GB) that also runs the hub; every one may be overridden by configuration. */
export const smallBoxSettings: Readonly<Record<string, string>> = {
  shared_buffers: '256MB',
  max_connections: '100',
  work_mem: '8MB',
  maintenance_work_mem: '64MB',
  effective_cache_size: '768MB',
  // One hub feeds one disk: parallel plans would take the cores from the charger path, and need more /dev/shm than
  // the 64 MB that containers give.
  max_parallel_workers_per_gather: '0',
  max_wal_size: '1GB',
  min_wal_size: '128MB',
  checkpoint_timeout: '15min',
  checkpoint_completion_target: '0.9',
  random_page_cost: '1.1',
  // Queue and session tables live by quick vacuums.
  autovacuum_naptime: '20s',
  jit: 'off',
  timezone: 'UTC',
  log_timezone: 'UTC',
  log_line_prefix: '',
  log_checkpoints: 'off',
  // Terse: the detail lines of a refused row would put card numbers and plates into the log.
  log_error_verbosity: 'terse',
}

/** What an acknowledged fact rests on; not open to configuration. */
export const durableSettings: Readonly<Record<string, string>> = {
  fsync: 'on',
  synchronous_commit: 'on',
  full_page_writes: 'on',
}

export interface Listening {
  host: string
  port: number
  settings: Record<string, string>
}

/**
 * A socket inside the cluster directory (which only the server's account and root can enter) where the platform has them
 * and the path fits; else the loopback interface. `.` is relative to the cluster, so the server needs no path to it.
 */
export function listening(clusterDir: string, freePort: number): Listening {
  const port = 5432
  const fits = Buffer.byteLength(join(clusterDir, `.s.PGSQL.${port}`)) <= longestSocketPath
  if (process.platform !== 'win32' && fits) {
    return {
      host: clusterDir,
      port,
      settings: {
        listen_addresses: '',
        unix_socket_directories: '.',
        unix_socket_permissions: '0700',
        port: `${port}`,
      },
    }
  }
  return {
    host: '127.0.0.1',
    port: freePort,
    settings: { listen_addresses: '127.0.0.1', unix_socket_directories: '', port: `${freePort}` },
  }
}
