// Owns telling apart what went wrong with the database: a conflict worth trying again, a lost connection, a real refusal.
// Must not retry anything itself.

export type DatabaseTrouble =
  /** The server undid the transaction because of others (serialization failure, deadlock); again is safe. */
  | 'conflict'
  /** The connection or server went away, or could not be reached; what was not committed is undone. */
  | 'connection'
  /** The server is there but cannot write now (disk full, out of memory, an I/O error); nothing was stored. */
  | 'resources'

/** SQLSTATEs: serialization_failure, deadlock_detected, invalid_sql_statement_name (a plan that a pooler lost; it is made anew). */
const conflicts = new Set(['40001', '40P01', '26000'])
/**
 * admin_shutdown, crash_shutdown, cannot_connect_now, idle_session_timeout, too_many_connections,
 * idle_in_transaction_session_timeout, read_only_sql_transaction (a primary that became a standby); sockets' own codes.
 */
const outages = new Set([
  '57P01',
  '57P02',
  '57P03',
  '57P05',
  '53300',
  '25P03',
  '25006',
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
])
/** pg gives these no code (pg 8.23 lib/client.js, pg-pool 3.14 index.js). */
const lostConnection =
  /^(Connection terminated|Client has encountered a connection error|Client was closed|timeout exceeded when trying to connect|timeout expired)/

/** SQLSTATE class 22, data exception: a value that its column cannot hold. */
export function isUnfitData(error: unknown): boolean {
  return error instanceof Error && /^22...$/.test(String((error as Error & { code?: unknown }).code))
}

/** Undefined for everything that trying again would not help. */
export function databaseTrouble(error: unknown): DatabaseTrouble | undefined {
  if (!(error instanceof Error)) return undefined
  const { code, syscall } = error as Error & { code?: unknown; syscall?: unknown }
  if (typeof code === 'string') {
    if (conflicts.has(code) || (code === '0A000' && error.message.startsWith('cached plan'))) return 'conflict'
    // Class 08 is connection_exception; a socket file that is not there means a server that is not (yet) up.
    if (outages.has(code) || /^08...$/.test(code) || (code === 'ENOENT' && syscall === 'connect')) return 'connection'
    // Classes 53 (insufficient resources) and 58 (system error).
    return /^5[38]...$/.test(code) ? 'resources' : undefined
  }
  return lostConnection.test(error.message) ? 'connection' : undefined
}
