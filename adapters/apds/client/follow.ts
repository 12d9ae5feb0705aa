// Owns following the partner: what changed since the last time, in the order that lets money find its stay, and how far that got.
// Must not move the cursor past anything that was not stored.
import type { Kysely } from 'kysely'
import type { Clock, Log, PluginMigration } from '../../../core/plugin/index.ts'
import type { Intake, Taken } from '../intake.ts'
import { readPlace, readRight, readSession } from '../object-schemas.ts'
import type { Api } from './api.ts'
import { walk } from './walk.ts'

interface Tables {
  cursor: { connection_id: string; list: string; since: number }
}

export const cursorMigration: PluginMigration = {
  name: '0002-cursor',
  async up(db) {
    await db.schema
      .createTable('cursor')
      .addColumn('connection_id', 'uuid', (column) => column.notNull())
      .addColumn('list', 'text', (column) => column.notNull())
      .addColumn('since', 'bigint', (column) => column.notNull())
      .addPrimaryKeyConstraint('cursor_key', ['connection_id', 'list'])
      .execute()
  },
}

export interface FollowDeps {
  db: Kysely<unknown>
  connectionId: string
  api: Api
  intake: Intake
  backfillHours: number
  clock: Clock
  log: Log
}

export interface Followed {
  /** What did not work; null when all is read. */
  trouble: string | null
  refusedUs: boolean
}

export interface Follower {
  /** Reads all lists; runs once at a time, and not before the partner said it may. */
  follow(signal?: AbortSignal): Promise<Followed>
}

/** Read again at every look: a partner's late commits, and the second that `modified_since` rounds away. */
const overlapSeconds = 120

export function follower(deps: FollowDeps): Follower {
  const { clock } = deps
  let running: Promise<Followed> | undefined
  let notBefore = 0
  let last: Followed = { trouble: null, refusedUs: false }
  const run = async (signal: AbortSignal | undefined): Promise<Followed> => {
    const troubles: string[] = []
    // Rights before sessions: a payment that knows its session at once needs no correction.
    for (const list of ['rights/assigned', 'sessions', 'places'] as const) {
      if (signal?.aborted) break
      const { trouble, pauseSeconds, refusedUs } = await followList(deps, list, signal)
      if (trouble) troubles.push(trouble)
      if (pauseSeconds) notBefore = clock.now().getTime() + pauseSeconds * 1_000
      if (pauseSeconds || refusedUs) return { trouble: troubles.join('; '), refusedUs: refusedUs === true }
    }
    return { trouble: troubles.join('; ') || null, refusedUs: false }
  }
  return {
    async follow(signal) {
      if (clock.now().getTime() < notBefore) return last
      running ??= run(signal).finally(() => {
        running = undefined
      })
      last = await running
      return last
    },
  }
}

interface ListOutcome {
  trouble?: string
  pauseSeconds?: number
  refusedUs?: boolean
}

async function followList(
  deps: FollowDeps,
  list: 'rights/assigned' | 'sessions' | 'places',
  signal: AbortSignal | undefined,
): Promise<ListOutcome> {
  const { api, intake, log, connectionId, clock, backfillHours } = deps
  const tables = deps.db as Kysely<Tables>
  const known = await tables
    .selectFrom('cursor')
    .select('since')
    .where('connection_id', '=', connectionId)
    .where('list', '=', list)
    .executeTakeFirst()
  const first = Math.max(0, Math.floor(clock.now().getTime() / 1_000) - backfillHours * 3_600)
  const since = known?.since ?? first
  const query = { modified_since: String(since), expand: list === 'places' ? 'occupancy' : 'all' }
  const read = await walk(api, list, query, signal)
  if (read.kind === 'failed') {
    const waits = read.called?.kind === 'not_done' ? read.called : undefined
    return {
      trouble: read.reason,
      ...(waits?.retryAfterSeconds ? { pauseSeconds: waits.retryAfterSeconds } : {}),
      ...(waits?.refusedUs ? { refusedUs: true } : {}),
    }
  }
  let unfit = 0
  for (const item of read.items) {
    const taken = await take(intake, list, item)
    if (taken === 'unfit' || taken.kind === 'refused' || taken.kind === 'conflict') {
      unfit += 1
      log.warn(
        {
          list,
          id: (item as { id?: unknown } | null)?.id,
          why: taken === 'unfit' ? 'not as APDS has it' : taken.message,
        },
        'an item of the APDS partner was left out',
      )
    }
  }
  for (const { id, className } of read.deleted) {
    if (className === 'Session') await intake.removeSession(id)
    else if (className === 'AssignedRight') await intake.removeRight(id)
  }
  // By the partner's clock, however wrong it is; without one, by ours and what was asked.
  const reached = (read.referenceInstant ?? Math.floor(clock.now().getTime() / 1_000)) - overlapSeconds
  if (read.whole && reached > since)
    await tables
      .insertInto('cursor')
      .values({ connection_id: connectionId, list, since: reached })
      .onConflict((conflict) => conflict.columns(['connection_id', 'list']).doUpdateSet({ since: reached }))
      .execute()
  if (!read.whole)
    return { trouble: `${list} changes faster than it can be read; it is read again from the same place` }
  return unfit > 0 ? { trouble: `${list}: ${unfit} of ${read.items.length} items could not be taken` } : {}
}

async function take(intake: Intake, list: string, item: unknown): Promise<Taken | 'unfit'> {
  if (list === 'sessions') {
    const read = readSession(item)
    return read.kind === 'ok' ? intake.session(read.value) : 'unfit'
  }
  if (list === 'places') {
    const read = readPlace(item)
    return read.kind === 'ok' ? intake.place(read.value) : 'unfit'
  }
  const read = readRight(item)
  return read.kind === 'ok' ? intake.right(read.value) : 'unfit'
}
