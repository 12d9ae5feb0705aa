// Owns connections to PostgreSQL: the two roles, how column types are read, session limits, and surviving server restarts.
// Must not know any table; transactions are core/store/transaction.ts.
import { Kysely, PostgresDialect, type PostgresPool, type PostgresPoolClient, type RawBuilder, sql } from 'kysely'
import { type ClientBase, Pool, type PoolClient, type PoolConfig, types } from 'pg'
import type { Log } from '../domain/log.ts'
import { frequentStatements } from './frequent-statements.ts'
import type { HubTables } from './schema.ts'
import { turnsOn } from './turn.ts'

export interface ConnectOptions {
  /** A postgres:// URL, or the parts of one (a socket folder as host is fine). */
  to: string | { host: string; port: number; user: string; password: string; database: string }
  /** `owner` migrates and makes partitions; `app` serves, bound to the rights that baywatt_app was granted. */
  role: 'owner' | 'app'
  log: Log
  /** Most connections at once. */
  max?: number
  /** Shown in pg_stat_activity. */
  applicationName?: string
  /** Longest a single statement may run; 0 for no limit. Default 30 s for the app, none for the owner. */
  statementTimeoutMs?: number
}

export interface Connected<DB> {
  pool: Pool
  db: Kysely<DB>
  /**
   * Whether the database itself refuses changes to append-only tables. False for the owner, and where a hosted database
   * did not let the migrations create the role.
   */
  appendOnlyEnforced: boolean
  close(): Promise<void>
}

/** Made by the first migration; has no login of its own. */
export const appRole = 'baywatt_app'
const oid = { int8: 20, date: 1082, int8Array: 1016, dateArray: 1182, textArray: 1009 } as const
type Oid = Parameters<typeof types.getTypeParser>[0]

/** Opens a pool. Fails only if the database cannot be reached now; later outages surface in the queries they hit. */
export async function connect<DB = HubTables>(options: ConnectOptions): Promise<Connected<DB>> {
  const { log } = options
  const base: PoolConfig = {
    ...(typeof options.to === 'string' ? { connectionString: options.to } : options.to),
    types: { getTypeParser: typeParser as typeof types.getTypeParser },
    keepAlive: true,
    connectionTimeoutMillis: 10_000,
  }
  const settings = sessionSettings(options)
  const appendOnlyEnforced = options.role === 'app' && (await canTakeRole(base, log))
  if (appendOnlyEnforced) settings.push(`set role ${appRole}`)
  const pool = new Pool({
    ...base,
    max: options.max ?? 10,
    idleTimeoutMillis: 30_000,
    // Awaited by the pool: a connection that did not get its role is closed, never handed out with the owner's rights.
    onConnect: (client: ClientBase) => client.query(settings.join('; ')),
  })
  // An idle connection's end (server restart, terminated by an administrator) is not an error of any unit of work.
  pool.on('error', (error) => {
    if (!pool.ending) log.warn({ err: error }, 'an idle database connection was lost')
  })
  // A connection in use reports its loss to the query it breaks; without a listener the same event would end the process.
  pool.on('connect', (client) => client.on('error', () => undefined))
  const db = new Kysely<DB>({ dialect: new PostgresDialect({ pool: commitChecked(pool) }) })
  return { pool, db, appendOnlyEnforced, close: () => db.destroy().then(() => (pool.ended ? undefined : pool.end())) }
}

const prepareMark = '/* prepare '

const beginning = /^(begin|start transaction[a-z ]*)$/

function markedName(text: string): string | undefined {
  return text.startsWith(prepareMark)
    ? text.slice(prepareMark.length, text.indexOf(' ', prepareMark.length))
    : undefined
}

/**
 * Put before a statement, has each connection plan it once: for statements that take longer to plan than to run. One text per name,
 * and no `*` in it: a connection outlives a migration.
 */
export function prepared(name: string): RawBuilder<unknown> {
  return sql.raw(`${prepareMark}${name} */`)
}

/**
 * PostgreSQL answers the commit of a failed transaction with a rollback and no error. A body that swallowed an error would
 * then look stored; here it fails.
 */
function commitChecked(pool: Pool): PostgresPool {
  const wrapped = new WeakMap<PoolClient, PostgresPoolClient>()
  const frequent = frequentStatements()
  const wrap = (client: PoolClient): PostgresPoolClient => {
    const turns = turnsOn(client)
    let inTransaction = false
    const query = async (text: string, parameters: readonly unknown[]) => {
      if (beginning.test(text)) {
        inTransaction = true
        turns.askWithNext(text)
        return { command: 'BEGIN', rowCount: 0, rows: [] }
      }
      const name = markedName(text)
      if (!inTransaction) {
        const values = parameters as unknown[]
        return name === undefined ? client.query(text, values) : client.query({ name, text, values })
      }
      if (text === 'commit' || text === 'rollback') inTransaction = false
      const result = await turns.ask(text, parameters, name ?? frequent.nameOf(text))
      if (text === 'commit' && result.command !== 'COMMIT')
        throw new Error('the transaction had failed and its body went on regardless; nothing was stored')
      return result
    }
    return { query: query as unknown as PostgresPoolClient['query'], release: () => client.release() }
  }
  return {
    async connect() {
      const client = await pool.connect()
      const known = wrapped.get(client) ?? wrap(client)
      wrapped.set(client, known)
      return known
    },
    end: () => pool.end(),
  }
}

function sessionSettings(options: ConnectOptions): string[] {
  const statementTimeout = options.statementTimeoutMs ?? (options.role === 'app' ? 30_000 : 0)
  const name = (options.applicationName ?? `baywatt ${options.role}`).replaceAll("'", '')
  return [
    `set application_name = '${name}'`,
    `set statement_timeout = ${Math.trunc(statementTimeout)}`,
    // A transaction forgotten open holds back vacuum for everyone (measured: a queue fell from 1,357 to 202 jobs/s in 30 s).
    'set idle_in_transaction_session_timeout = 30000',
    "set timezone = 'UTC'",
  ]
}

async function canTakeRole(base: PoolConfig, log: Log): Promise<boolean> {
  const probe = new Pool({ ...base, max: 1 })
  probe.on('error', () => undefined)
  try {
    await probe.query(`set role ${appRole}`)
    return true
  } catch (error) {
    const code = (error as { code?: unknown }).code
    // 22023: no such role; 42501: it may not be taken. Anything else (no server, wrong password) is the caller's to see.
    if (code !== '22023' && code !== '42501') throw error
    log.warn(
      { role: appRole },
      'the database does not let the hub drop its rights: append-only tables are kept by the code alone',
    )
    return false
  } finally {
    await probe.end()
  }
}

const parsers = new Map<number, (text: string) => unknown>([
  [oid.int8, safeInteger],
  [oid.date, (text) => text],
  [oid.int8Array, (text) => arrayOf(text, safeInteger)],
  [oid.dateArray, (text) => arrayOf(text, (item) => item)],
])

/** int8 as a number (refused past 2^53), date as its text; numeric stays text and timestamptz a Date, as pg has them. */
function typeParser(type: number, format?: 'text' | 'binary') {
  return (format !== 'binary' && parsers.get(type)) || types.getTypeParser(type as Oid, format ?? 'text')
}

function safeInteger(text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value)) throw new RangeError(`the database holds an integer too large to be exact: ${text}`)
  return value
}

function arrayOf<T>(text: string, item: (text: string) => T): (T | null)[] {
  const texts = types.getTypeParser(oid.textArray as Oid)(text) as (string | null)[]
  return texts.map((each) => (each === null ? null : item(each)))
}
