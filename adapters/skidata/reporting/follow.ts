// Owns how far the reporting database was read: windows of local time, overlapping, and the cursor behind what was told.
// Must not move the cursor past anything that was not stored, nor ahead of the wall clock.
import type { Clock } from '../../../core/plugin/index.ts'
import type { RowSource } from './row-source.ts'
import { type FoundSchema, findSchema } from './schema-check.ts'
import { type ReadRow, type TakeDeps, takeRows } from './take-rows.ts'
import { selectRows, viewNames, views } from './views.ts'
import { step, type Wall, wallNow } from './wall-time.ts'

export interface FollowDeps extends TakeDeps {
  source: RowSource
  schema: string
  site(): Promise<{ zone: string; currency: string }>
  backfillHours: number
  lateHours: number
  clock: Clock
}

export interface Follower {
  /** Reads what is new; with `late` as far back as rows may still come. Once at a time. */
  follow(late: boolean, signal?: AbortSignal): Promise<void>
  /** Null when the last reading worked. */
  trouble(): string | null
}

const hourMs = 3_600_000
/** More than the hour by which the wall clock goes back. */
const overlapMs = 75 * 60_000
const windowMs = 6 * hourMs
const aheadMs = 24 * hourMs
const mostRows = 5_000
const shortestMs = 1_000

export function follower(deps: FollowDeps): Follower {
  let trouble: string | null = null
  let found: FoundSchema | undefined
  let last: Promise<unknown> = Promise.resolve()
  const run = async (late: boolean, signal: AbortSignal | undefined) => {
    try {
      // Asked anew until all is there: views come with updates of the parking system.
      if (found === undefined || found.missing.length > 0) found = await findSchema(deps.source, deps.schema, signal)
      trouble = found.missing.length > 0 ? found.missing.join(' ') : null
      if (trouble === null) await read(deps, found, late, signal)
    } catch (error) {
      trouble = error instanceof Error ? error.message : String(error)
      throw error
    }
  }
  return {
    follow(late, signal) {
      const next = last.then(() => run(late, signal))
      last = next.catch(() => undefined)
      return next
    },
    trouble: () => trouble,
  }
}

async function read(
  deps: FollowDeps,
  found: FoundSchema,
  late: boolean,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { db, connectionId, clock, backfillHours, lateHours } = deps
  const { zone } = await deps.site()
  const now = wallNow(clock.now(), zone)
  const cursor = await db
    .selectFrom('cursor')
    .select('since')
    .where('connection_id', '=', connectionId)
    .executeTakeFirst()
  const since = cursor?.since ?? step(now, -backfillHours * hourMs)
  // The first reading looks back as far as it was told to, and no further.
  const back = cursor === undefined ? 0 : late ? lateHours * hourMs : overlapMs
  const end = step(now, aheadMs)
  for (let from = step(since, -back); from < end; ) {
    signal?.throwIfAborted()
    const stepped = step(from, windowMs)
    const until = stepped < now ? stepped : end
    await readWindow(deps, found, { from, until }, signal)
    // What lies ahead of the clock may still be followed by earlier rows.
    await moveTo(deps, [until, now].sort()[0] ?? now, since)
    from = until
  }
  await db
    .deleteFrom('seen')
    .where('connection_id', '=', connectionId)
    .where('occurred_at', '<', new Date(clock.now().getTime() - (lateHours + 30 * 24) * hourMs))
    .where('told', '=', true)
    .execute()
}

/** Halved until it fits: what one answer may hold is bounded, and rows of one instant stay together. */
async function readWindow(
  deps: FollowDeps,
  found: FoundSchema,
  { from, until }: { from: Wall; until: Wall },
  signal: AbortSignal | undefined,
): Promise<void> {
  const { source, schema } = deps
  const rows: ReadRow[] = []
  for (const view of viewNames) {
    const sql = selectRows(schema, views[view], found.columns[view])
    const some = await source.query(sql, { most: mostRows, from, until }, signal)
    const lengthMs = Date.parse(`${until}Z`) - Date.parse(`${from}Z`)
    if (some.length >= mostRows && lengthMs > shortestMs) {
      const middle = step(from, Math.ceil(lengthMs / 2))
      await readWindow(deps, found, { from, until: middle }, signal)
      return readWindow(deps, found, { from: middle, until }, signal)
    }
    rows.push(...some.map((row) => ({ view, row })))
  }
  await takeRows(deps, rows, { ...(await deps.site()), readAt: deps.clock.now() })
}

async function moveTo({ db, connectionId }: FollowDeps, reached: Wall, since: Wall): Promise<void> {
  if (reached <= since) return
  await db
    .insertInto('cursor')
    .values({ connection_id: connectionId, since: reached })
    .onConflict((conflict) => conflict.column('connection_id').doUpdateSet({ since: reached }))
    .execute()
}
