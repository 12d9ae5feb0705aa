// Owns the one way to write several rows as one: begin, run, commit, and run again when the database asks for it.
// Must not be used around calls to the outside: its body may run more than once.
import { setTimeout as sleep } from 'node:timers/promises'
import {
  type ControlledTransaction,
  type DatabaseConnection,
  type IsolationLevel,
  type Kysely,
  PostgresDialect,
  Transaction,
} from 'kysely'
import type { Clock } from '../domain/clock.ts'
import { HubError } from '../domain/hub-error.ts'
import { type DatabaseTrouble, databaseTrouble } from './database-error.ts'

export interface TransactionOptions {
  isolation?: IsolationLevel
  /** Runs of the body before giving up. The default, 8, rides out a database restart of about two seconds. */
  maxAttempts?: number
  /** For the pauses between attempts. Real time by default, never the hub's business clock, which a demo may speed up. */
  clock?: Pick<Clock, 'after'>
  /** 0 to 1, spreads the pauses of several writers in conflict. */
  random?: () => number
}

const firstPauseMs = 20
const longestPauseMs = 1_000

/**
 * Runs `body` in a transaction and returns its result once committed. The body runs again from the start on a
 * serialization failure (40001), a deadlock (40P01), and a connection lost before the commit was sent; so it must do
 * nothing but read and write this database. Inside another transaction it joins it: one commit, one retry, the outermost.
 *
 * @throws HubError `commit_unknown` when the connection was lost while committing (it may or may not be stored),
 * `database_busy` or `database_unavailable` when the attempts are used up; otherwise whatever the body threw.
 */
export async function transaction<DB, T>(
  db: Kysely<DB> | Transaction<DB>,
  body: (trx: Transaction<DB>) => Promise<T>,
  options: TransactionOptions = {},
): Promise<T> {
  if (db.isTransaction) return body(db as Transaction<DB>)
  const { maxAttempts = 8 } = options
  for (let attempt = 1; ; attempt++) {
    try {
      return await once(db, body, options.isolation)
    } catch (error) {
      const trouble = databaseTrouble(error)
      if (!trouble) throw error
      if (attempt >= maxAttempts) throw gaveUp(trouble, attempt, error)
    }
    await pause(attempt, options)
  }
}

async function once<DB, T>(
  db: Kysely<DB>,
  body: (trx: Transaction<DB>) => Promise<T>,
  isolation: IsolationLevel | undefined,
): Promise<T> {
  const begin = db.startTransaction()
  const controlled = await (isolation ? begin.setIsolationLevel(isolation) : begin).execute()
  const trx = await sideBySide(controlled)
  const left: Promise<unknown>[] = []
  unawaited.set(trx, left)
  let result: T
  try {
    result = await body(trx)
  } catch (error) {
    // What was not waited for comes first: all that follows a failed statement fails because of it.
    const cause = await firstFailure(left)
    await rollback(controlled)
    throw cause === undefined ? error : cause.reason
  }
  try {
    const ends = [...left, controlled.commit().execute()]
    const cause = await firstFailure(ends)
    if (cause !== undefined) throw cause.reason
  } catch (error) {
    // Kysely keeps the connection after a failed commit; the rollback gives it back.
    await rollback(controlled)
    // The server's own refusal (a deferred constraint, a serialization failure) is an answer: nothing was stored.
    if (databaseTrouble(error) !== 'connection') throw error
    throw new HubError(
      'commit_unknown',
      'The database went away while it was saving; the change may or may not be stored.',
      {
        status: 503,
        cause: error,
      },
    )
  }
  return result
}

/** What the bodies of transactions under way left to be waited for before the commit. */
const unawaited = new WeakMap<object, Promise<unknown>[]>()

/**
 * Sends a statement whose rows nobody needs, and lets the body go on: the commit goes out right behind it. If it fails, the
 * transaction does, with its error. Where the transaction is not one of `transaction`, it is waited for.
 */
export async function withoutWaiting(trx: object, statement: { execute(): Promise<unknown> }): Promise<void> {
  const left = unawaited.get(trx)
  const work = statement.execute()
  if (left === undefined) {
    await work
    return
  }
  work.catch(() => undefined)
  left.push(work)
}

async function firstFailure(works: readonly Promise<unknown>[]): Promise<PromiseRejectedResult | undefined> {
  return (await Promise.allSettled(works)).find((settled) => settled.status === 'rejected')
}

/** Never asked for anything: a transaction has its connection already. */
const dialect = new PostgresDialect({ pool: () => Promise.reject(new Error('a transaction has its connection')) })
const driver = dialect.createDriver()

/** The same transaction, whose statements need not wait for each other (core/store/turn.ts sends them in order). */
async function sideBySide<DB>(controlled: ControlledTransaction<DB>): Promise<Transaction<DB>> {
  const executor = controlled.getExecutor()
  const connection = await executor.provideConnection(async (one) => one)
  const provider = { provideConnection: <T>(use: (one: DatabaseConnection) => Promise<T>) => use(connection) }
  return new Transaction<DB>({
    config: { dialect },
    dialect,
    driver,
    executor: executor.withConnectionProvider(provider),
  })
}

/** On a lost connection there is nothing left to roll back, and the first error is the one that matters. */
async function rollback<DB>(trx: ControlledTransaction<DB>): Promise<void> {
  await trx
    .rollback()
    .execute()
    .catch(() => undefined)
}

function gaveUp(trouble: DatabaseTrouble, attempts: number, cause: unknown): HubError {
  return trouble === 'conflict'
    ? new HubError(
        'database_busy',
        `Other changes kept getting in the way (${attempts} attempts); nothing was stored.`,
        {
          status: 503,
          cause,
        },
      )
    : new HubError(
        'database_unavailable',
        `The database could not be used (${attempts} attempts); nothing was stored.`,
        {
          status: 503,
          cause,
        },
      )
}

async function pause(attempt: number, options: TransactionOptions): Promise<void> {
  const longest = Math.min(firstPauseMs * 2 ** (attempt - 1), longestPauseMs)
  const ms = longest * (0.5 + 0.5 * (options.random?.() ?? 1))
  const { clock } = options
  await (clock ? new Promise<void>((resolve) => clock.after(ms, resolve)) : sleep(ms))
}
