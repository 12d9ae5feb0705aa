// Owns the partitions of the hub's three large tables: made ahead of time, dropped when their days are over.
// Must not be in the way of traffic: every lock it waits for has a limit, and what cannot be done now is reported and left.
import type { Pool, PoolClient } from 'pg'

interface PartitionedTable {
  table: string
  /** The column it is cut by. */
  by: string
  span: 'day' | 'month'
}

const partitioned = [
  { table: 'meter_value', by: 'at', span: 'day' },
  { table: 'station_message', by: 'received_at', span: 'day' },
  { table: 'event', by: 'recorded_at', span: 'month' },
] as const satisfies readonly PartitionedTable[]

export type PartitionedName = (typeof partitioned)[number]['table']

/** How long a statement may wait for a lock: while it waits, everything that comes after it on the table waits too. */
const lockTimeoutMs = 2_000

export interface PartitionReport {
  created: string[]
  /** Not made: rows of the range are in the default partition already (they stay there), or the table was busy. */
  skipped: { name: string; reason: string }[]
}

/**
 * Makes the partitions that hold `around` and the `ahead` days after it, as the owner. Never fails because of what is in the
 * tables. Safe to call from several nodes at once.
 */
export async function createPartitions(ownerPool: Pool, around: Date, ahead = 7): Promise<PartitionReport> {
  const report: PartitionReport = { created: [], skipped: [] }
  for (const each of partitioned) {
    for (const range of rangesOf(each, around, ahead)) {
      const outcome = await inTransaction(ownerPool, each.table, (client) => createPartition(client, each, range))
      if (outcome === 'created') report.created.push(range.name)
      else if (outcome !== 'exists') report.skipped.push({ name: range.name, reason: outcome })
    }
  }
  return report
}

interface Range {
  name: string
  from: Date
  to: Date
}

const dayMs = 86_400_000

/** Bounds are UTC, so that a partition means the same on every node and in every zone. */
function rangesOf({ table, span }: PartitionedTable, around: Date, ahead: number): Range[] {
  const ranges = new Map<string, Range>()
  for (let day = 0; day <= ahead; day++) {
    const at = new Date(around.getTime() + day * dayMs)
    const [year, month, date] = [at.getUTCFullYear(), at.getUTCMonth(), at.getUTCDate()]
    const from = new Date(Date.UTC(year, month, span === 'day' ? date : 1))
    const to = new Date(Date.UTC(year, span === 'day' ? month : month + 1, span === 'day' ? date + 1 : 1))
    const stamp = from
      .toISOString()
      .slice(0, span === 'day' ? 10 : 7)
      .replaceAll('-', '')
    ranges.set(stamp, { name: `${table}_p${stamp}`, from, to })
  }
  return [...ranges.values()]
}

async function createPartition(client: PoolClient, { table, by }: PartitionedTable, range: Range): Promise<string> {
  const { rows } = await client.query('select from pg_class where oid = to_regclass($1)', [`public.${range.name}`])
  if (rows.length > 0) return 'exists'
  const { rows: held } = await client.query(`select from ${table}_default where ${by} >= $1 and ${by} < $2 limit 1`, [
    range.from,
    range.to,
  ])
  if (held.length > 0) return 'the default partition holds rows of this range'
  // Bounds cannot be parameters of a DDL statement; they are made above, from numbers.
  await client.query(
    `create table ${range.name} partition of ${table} for values from ('${range.from.toISOString()}') to ('${range.to.toISOString()}')`,
  )
  return 'created'
}

export interface DropReport {
  dropped: string[]
  /** Rows removed from the default partition. */
  deleted: number
  skipped: { name: string; reason: string }[]
}

/**
 * Drops what lies wholly more than `keepDays` before `now`, and deletes such rows from the default partition. Only for tables
 * whose rows nothing depends on after that time: a closed session's evidence was copied to the session.
 */
export async function dropPartitions(
  ownerPool: Pool,
  options: { table: 'meter_value' | 'station_message'; keepDays: number; now: Date },
): Promise<DropReport> {
  const { table, keepDays, now } = options
  const by = table === 'meter_value' ? 'at' : 'received_at'
  const cutoff = new Date(now.getTime() - keepDays * dayMs)
  const report: DropReport = { dropped: [], deleted: 0, skipped: [] }
  const { rows } = await ownerPool.query<{ name: string }>(
    `select c.relname as name from pg_inherits i join pg_class c on c.oid = i.inhrelid
     where i.inhparent = $1::regclass and c.relname ~ ('^' || $2 || '_p[0-9]{8}$') order by 1`,
    [`public.${table}`, table],
  )
  for (const { name } of rows) {
    if (endOf(name) > cutoff) continue
    const outcome = await inTransaction(ownerPool, table, async (client) => {
      // Not CONCURRENTLY: PostgreSQL refuses that while there is a default partition.
      await client.query(`alter table ${table} detach partition ${name}`)
      await client.query(`drop table ${name}`)
      return 'dropped'
    })
    if (outcome === 'dropped') report.dropped.push(name)
    else report.skipped.push({ name, reason: outcome })
  }
  for (;;) {
    const { rowCount } = await ownerPool.query(
      `delete from ${table}_default where ctid = any(array(select ctid from ${table}_default where ${by} < $1 limit 5000))`,
      [cutoff],
    )
    report.deleted += rowCount ?? 0
    if (!rowCount) return report
  }
}

/** The day after the one in a partition's name. */
function endOf(name: string): Date {
  const stamp = name.slice(-8)
  return new Date(Date.UTC(Number(stamp.slice(0, 4)), Number(stamp.slice(4, 6)) - 1, Number(stamp.slice(6)) + 1))
}

/** SQLSTATEs that mean "not now" or "another node was quicker", never a bug. */
const notNow: Readonly<Record<string, string>> = {
  '55P03': 'the table was busy',
  '40P01': 'the table was busy',
  '42P07': 'exists',
  '42P17': 'another partition covers this range',
  '23514': 'the default partition holds rows of this range',
}

async function inTransaction(
  pool: Pool,
  table: string,
  body: (client: PoolClient) => Promise<string>,
): Promise<string> {
  const client = await pool.connect()
  try {
    await client.query('begin')
    await client.query(`set local lock_timeout = ${lockTimeoutMs}`)
    await client.query(`select pg_advisory_xact_lock(hashtextextended('baywatt partitions of ' || $1, 0))`, [table])
    const outcome = await body(client)
    await client.query('commit')
    client.release()
    return outcome
  } catch (error) {
    await client.query('rollback').then(
      () => client.release(),
      () => client.release(true),
    )
    const reason = notNow[String((error as { code?: unknown }).code)]
    if (reason === undefined) throw error
    return reason
  }
}
