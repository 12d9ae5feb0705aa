// Owns the hot path of writing: units of work of many stations share one commit, and each hears when it is stored.
// Must not know any table but station_link; what is written is in the effects.
import type { Pool, PoolClient } from 'pg'
import type { Clock } from '../domain/clock.ts'
import { HubError } from '../domain/hub-error.ts'
import type { Log } from '../domain/log.ts'
import { databaseTrouble } from './database-error.ts'
import { type Effect, gather } from './effect.ts'
import { type Fence, fenceBroken, fenceKey, fenceStatement, liveFences } from './fence.ts'
import { runBatch, type Statement } from './statement-batch.ts'

export { defineEffect, type Effect } from './effect.ts'

export interface Unit {
  /** Stored together or not at all. */
  readonly effects: readonly Effect[]
  /** Stored only if this connection still holds its station. */
  readonly fence?: Fence
  /** Units of one partition are stored in the order of their `commit` calls. Default: the fence's station; else none. */
  readonly partition?: string
}

export type CommitResult =
  | { readonly kind: 'committed' }
  /** A newer connection holds the station: nothing of the unit was stored. */
  | { readonly kind: 'fenced' }

export interface GroupCommitOptions {
  /** Connections to write on, at least `flushers`; its statement timeout bounds a lock wait. */
  pool: Pool
  /** Real time: it paces retries against a real server. */
  clock: Clock
  log: Log
  random?: () => number
  /** Commits under way at once. */
  flushers?: number
  /** Most rows in one commit. */
  maxRows?: number
  /** Most rows waiting or under way; past it `commit` refuses with `commit_overload`. */
  maxQueuedRows?: number
  /** How long a unit is retried while the database is away. */
  maxRetryMs?: number
  /** How long one round trip may take before its connection is given up. Longer than the pool's statement timeout. */
  stallMs?: number
  onFlush?(flush: { units: number; rows: number; ms: number }): void
}

export interface GroupCommitStats {
  readonly queuedUnits: number
  readonly queuedRows: number
  readonly flushes: number
  readonly committed: number
  readonly fenced: number
  readonly rejected: number
  /** Flushes run again because of a conflict or a lost connection. */
  readonly retries: number
}

export interface GroupCommit {
  /**
   * Resolves once the unit is stored (synced to disk), or fenced. Rejects with the database's error if this unit cannot be
   * stored, with `commit_overload` if too much waits, with `database_unavailable` if the database stays away, with
   * `commit_closed` after `close`. A unit can be written twice (a connection lost between commit and answer): its
   * statements must be idempotent.
   */
  commit(unit: Unit): Promise<CommitResult>
  /** Resolves when nothing waits and nothing is under way. */
  drain(): Promise<void>
  /** Refuses new units and drains. The pool stays open. */
  close(): Promise<void>
  readonly stats: GroupCommitStats
}

interface Waiting {
  readonly effects: readonly Effect[]
  readonly fence: Fence | undefined
  readonly partition: string | undefined
  readonly rows: number
  readonly since: number
  readonly resolve: (result: CommitResult) => void
  readonly reject: (error: unknown) => void
}

const committed: CommitResult = Object.freeze({ kind: 'committed' })
const fenced: CommitResult = Object.freeze({ kind: 'fenced' })
/** Fewer rows than this are not worth a second commit. */
const leastShare = 200
const firstPauseMs = 10
const longestPauseMs = 1_000
/** feature_not_supported ("cached plan must not change result type") and invalid_sql_statement_name: prepare anew. */
const stalePlan = new Set(['0A000', '26000'])

export function groupCommit(options: GroupCommitOptions): GroupCommit {
  const { pool, clock, log } = options
  const { flushers = 2, maxRows = 3_000, maxQueuedRows = 200_000, maxRetryMs = 30_000, stallMs = 45_000 } = options
  const stats = { queuedUnits: 0, queuedRows: 0, flushes: 0, committed: 0, fenced: 0, rejected: 0, retries: 0 }
  let queue: Waiting[] = []
  /** Partitions being written; kept only where a second flusher could overtake. */
  const busy = new Set<string>()
  const idlers: (() => void)[] = []
  let running = 0
  let writingRows = 0
  let scheduled = false
  let closed = false

  function commit(unit: Unit): Promise<CommitResult> {
    const rows = unit.effects.length
    if (closed) return Promise.reject(new HubError('commit_closed', 'The hub is shutting down.', { status: 503 }))
    if (stats.queuedRows + rows > maxQueuedRows) {
      stats.rejected += 1
      return Promise.reject(
        new HubError('commit_overload', `More waits to be stored (${stats.queuedRows} rows) than the hub will hold.`, {
          status: 503,
          level: 'warn',
        }),
      )
    }
    return new Promise((resolve, reject) => {
      const { effects, fence, partition = fence?.stationId } = unit
      queue.push({ effects, fence, partition, rows, since: clock.now().getTime(), resolve, reject })
      stats.queuedUnits += 1
      stats.queuedRows += rows
      schedule()
    })
  }

  /**
   * A flush begins at the end of the event loop's turn, so that all frames read in it share the commit. Waiting longer
   * for more does not pay: with 2 ms, 16 units in a closed loop fell from 9,136 to 4,067 commits/s and 256 from 25,913
   * to 20,261, at more CPU per unit; while a commit is under way the next batch gathers anyway.
   */
  function schedule(): void {
    if (scheduled || running === flushers || queue.length === 0) return
    scheduled = true
    setImmediate(() => {
      scheduled = false
      while (running < flushers) {
        const units = take()
        if (units.length === 0) break
        void flush(units)
      }
    })
  }

  /** The longest waiting units that fit one commit, leaving those whose partition is being written. */
  function take(): Waiting[] {
    const units: Waiting[] = []
    const left: Waiting[] = []
    const most = share()
    let rows = 0
    let seen = 0
    for (const unit of queue) {
      if (rows > 0 && rows + unit.rows > most) break
      seen += 1
      if (unit.partition !== undefined && busy.has(unit.partition)) {
        left.push(unit)
        continue
      }
      rows += unit.rows
      units.push(unit)
    }
    queue = seen === queue.length ? left : left.concat(queue.slice(seen))
    return units
  }

  /**
   * Much that waits is divided among the flushers that are free: a statement's work is the server's, one core for each
   * connection. Units/s in a closed loop of 256, 1,000 and 3,000 (medians, 2 busy cores): one flusher 9,777, 12,862 and
   * 11,930; two taking all they find 8,677, 13,101 and 21,526; two that share 11,698, 17,268 and 20,143.
   */
  function share(): number {
    const waitingRows = stats.queuedRows - writingRows
    return Math.min(maxRows, Math.max(leastShare, Math.ceil(waitingRows / (flushers - running))))
  }

  async function flush(units: Waiting[]): Promise<void> {
    running += 1
    if (flushers > 1) for (const { partition } of units) if (partition !== undefined) busy.add(partition)
    const began = clock.now().getTime()
    let rows = 0
    for (const unit of units) rows += unit.rows
    writingRows += rows
    try {
      await write(units)
    } catch (error) {
      // Only a bug here comes out this way; it must not leave a station waiting for ever.
      for (const unit of units) unit.reject(error)
      log.error({ err: error }, 'a flush failed in an unforeseen way')
    }
    running -= 1
    writingRows -= rows
    if (flushers > 1) for (const { partition } of units) if (partition !== undefined) busy.delete(partition)
    stats.flushes += 1
    stats.queuedUnits -= units.length
    stats.queuedRows -= rows
    schedule()
    if (running === 0 && queue.length === 0) for (const idle of idlers.splice(0)) idle()
    options.onFlush?.({ units: units.length, rows, ms: clock.now().getTime() - began })
  }

  /** Settles every one of the units. A refusal by the database is narrowed down by halves to the units that cause it. */
  async function write(units: Waiting[], suspectFences = false): Promise<void> {
    let left = units
    let looking = suspectFences
    const began = clock.now().getTime()
    for (let attempt = 1; ; attempt++) {
      const outcome = looking ? await attemptLooking(left) : await attemptBetting(left)
      if (outcome.ok) {
        stats.committed += outcome.stored.length
        for (const unit of outcome.stored) unit.resolve(committed)
        return
      }
      // Epochs only grow, so what is stale now stays so.
      left = outcome.units
      if (left.length === 0) return
      const { error } = outcome
      if (outcome.kind === 'fence') {
        looking = true
        continue
      }
      const trouble = databaseTrouble(error) ?? (attempt === 1 && stalePlan.has(codeOf(error)) ? 'conflict' : undefined)
      if (!trouble) return narrow(left, error, looking)
      stats.retries += 1
      if (attempt === 1) log.warn({ err: error, units: left.length }, 'a commit failed for now; trying again')
      await pause(attempt)
      // A unit that waited long behind others still gets its turns when the trouble is only a conflict.
      left = withoutExpired(left, error, trouble === 'conflict' ? began : 0)
      if (left.length === 0) return
    }
  }

  async function narrow(units: Waiting[], error: Error, looking: boolean): Promise<void> {
    const [only] = units
    if (units.length === 1 && only) {
      stats.rejected += 1
      only.reject(error)
      return
    }
    const middle = units.length >> 1
    await write(units.slice(0, middle), looking)
    await write(units.slice(middle), looking)
  }

  function withoutExpired(units: Waiting[], cause: Error, notBefore: number): Waiting[] {
    const now = clock.now().getTime()
    const expired = (unit: Waiting) => now - Math.max(unit.since, notBefore) >= maxRetryMs
    const left = units.filter((unit) => !expired(unit))
    if (left.length === units.length) return units
    log.error({ err: cause, units: units.length - left.length }, 'the database stayed away; units are given up')
    for (const unit of units) {
      if (!expired(unit)) continue
      stats.rejected += 1
      unit.reject(
        new HubError(
          'database_unavailable',
          'The database could not be used for too long; it is unknown whether this was stored.',
          {
            status: 503,
            cause,
          },
        ),
      )
    }
    return left
  }

  type Attempt =
    | { ok: true; stored: Waiting[] }
    | { ok: false; kind: 'fence' | 'error'; error: Error; units: Waiting[] }

  /** One round trip: fences, statements and commit together. */
  async function attemptBetting(units: Waiting[]): Promise<Attempt> {
    const fence = fenceStatement(units)
    let statements: Statement[]
    try {
      statements = gather(units)
    } catch (error) {
      // A row that cannot be written as JSON or has no key is its unit's fault, as a row that the database refuses.
      return { ok: false, kind: 'error', error: error as Error, units }
    }
    if (fence) statements.unshift(fence)
    if (statements.length === 0) return { ok: true, stored: units }
    return onClient(units, async (client) => {
      const outcome = await runBatch(client, statements)
      if (outcome.ok) return { ok: true, stored: units }
      const broken = fence && outcome.at === 0 && codeOf(outcome.error) === fenceBroken
      return { ok: false, kind: broken ? 'fence' : 'error', error: outcome.error, units }
    })
  }

  /** After a lost bet: see which fences hold, settle the stale units, store the rest. */
  async function attemptLooking(units: Waiting[]): Promise<Attempt> {
    return onClient(units, async (client) => {
      let left = units
      try {
        await client.query('begin')
        const live = await liveFences(client, units)
        left = withoutStale(units, live)
        const statements = gather(left)
        if (statements.length > 0) {
          const outcome = await runBatch(client, statements)
          if (!outcome.ok) throw outcome.error
        }
        await client.query('commit')
        return { ok: true, stored: left }
      } catch (error) {
        await client.query('rollback').catch(() => undefined)
        return { ok: false, kind: 'error', error: error as Error, units: left }
      }
    })
  }

  function withoutStale(units: Waiting[], live: ReadonlySet<string>): Waiting[] {
    return units.filter((unit) => {
      if (!unit.fence || live.has(fenceKey(unit.fence))) return true
      stats.fenced += 1
      unit.resolve(fenced)
      return false
    })
  }

  async function onClient(units: Waiting[], work: (client: PoolClient) => Promise<Attempt>): Promise<Attempt> {
    let client: PoolClient | undefined
    let outcome: Attempt
    let cancelStall: (() => void) | undefined
    try {
      const taken = await pool.connect()
      client = taken
      // A network that swallows everything raises no error for a quarter of an hour; ending the client does.
      cancelStall = clock.after(stallMs, () => void (taken as unknown as { end(): Promise<void> }).end())
      outcome = await work(taken)
    } catch (error) {
      outcome = { ok: false, kind: 'error', error: error as Error, units }
    }
    cancelStall?.()
    // Whatever state a failed connection is in, the next attempt gets another; a refused statement leaves it sound.
    const sound = outcome.ok || outcome.kind === 'fence' || isRefusal(outcome.error)
    client?.release(!sound)
    return outcome
  }

  function pause(attempt: number): Promise<void> {
    const ms = Math.min(firstPauseMs * 2 ** (attempt - 1), longestPauseMs) * (0.5 + 0.5 * (options.random?.() ?? 1))
    return new Promise((resolve) => {
      clock.after(ms, resolve)
    })
  }

  function drain(): Promise<void> {
    if (running === 0 && queue.length === 0) return Promise.resolve()
    return new Promise((resolve) => {
      idlers.push(resolve)
    })
  }

  return {
    commit,
    drain,
    close() {
      closed = true
      return drain()
    },
    stats,
  }
}

function codeOf(error: Error): string {
  const { code } = error as Error & { code?: unknown }
  return typeof code === 'string' ? code : ''
}

/** An answer of the server about a statement (five-character SQLSTATE) that leaves the session usable. */
function isRefusal(error: Error): boolean {
  return /^[0-9A-Z]{5}$/.test(codeOf(error)) && databaseTrouble(error) !== 'connection' && !stalePlan.has(codeOf(error))
}
