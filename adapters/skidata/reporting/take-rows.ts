// Owns what becomes of rows: each told once, again when its content changed, and with the stay of its card.
// Must not tell what it has not written down first: the row is read again after a crash, and has to be told as the same.
import { createHash } from 'node:crypto'
import type { Kysely } from 'kysely'
import type { Log, ParcsSink, ParkingFact } from '../../../core/plugin/index.ts'
import { type MovementTypes, rowFact, rowSays, text } from './row-facts.ts'
import type { Row } from './row-source.ts'
import type { ReportingTables } from './tables.ts'
import { type ViewName, views } from './views.ts'
import { instantOf, readWall, type Wall } from './wall-time.ts'

export interface TakeDeps extends MovementTypes {
  db: Kysely<ReportingTables>
  connectionId: string
  sink: Pick<ParcsSink, 'record'>
  facilityNos: readonly number[]
  log: Log
}

export interface ReadRow {
  view: ViewName
  row: Row
}

interface Place {
  zone: string
  currency: string
  readAt: Date
}

interface Telling {
  rowKey: string
  fact: ParkingFact | string | null
}

/** Above it a backlog, below it a row as it happens. */
const lateMs = 600_000
/** A payment may be stamped a little before the entry it is for (observed). */
const payAheadMs = 10_000
const lot = 200

/** Rows of one window of time, of all views. Rejects when the hub cannot store now. */
export async function takeRows(deps: TakeDeps, rows: readonly ReadRow[], place: Place): Promise<void> {
  const { db, connectionId, sink, log } = deps
  const fresh = await news(deps, nameRows(deps, rows))
  const tellings = await db.transaction().execute(async (trx) => {
    const all: Telling[] = []
    for (const one of fresh) {
      const telling = await write({ ...deps, db: trx }, one, place)
      if (telling) all.push(telling)
    }
    return all
  })
  for (let from = 0; from < tellings.length; from += lot) {
    const some = tellings.slice(from, from + lot)
    const facts = some.flatMap(({ fact }) => (fact === null || typeof fact === 'string' ? [] : [fact]))
    const results = facts.length > 0 ? await sink.record(facts) : []
    const rejected = new Map(
      results.flatMap((one) =>
        one.status === 'rejected' ? [[one.id, `${one.reason} ${one.pointer ?? ''}`.trim()]] : [],
      ),
    )
    for (const { rowKey, fact } of some) {
      const reason = typeof fact === 'string' ? fact : fact ? (rejected.get(fact.id) ?? null) : null
      if (reason !== null) log.warn({ row: rowKey, reason }, 'a row of the reporting database was not kept')
      await db
        .updateTable('seen')
        .set({ told: true, reason })
        .where('connection_id', '=', connectionId)
        .where('row_key', '=', rowKey)
        .execute()
    }
  }
}

interface NamedRow extends ReadRow {
  wall: Wall
  rowKey: string
  /** Rows that are alike in everything that names them: in the hour that comes twice they are two. */
  occurrence: number
  alike: number
}

function nameRows({ facilityNos, log }: TakeDeps, rows: readonly ReadRow[]): NamedRow[] {
  const groups = new Map<string, NamedRow[]>()
  for (const { view, row } of rows) {
    const wall = readWall(row.Time)
    if (wall === null) {
      log.warn({ view, time: row.Time }, 'a row of the reporting database has no time that can be read')
      continue
    }
    const facility = row.FacilityNo
    if (facilityNos.length > 0 && facility !== undefined && !facilityNos.includes(Number(facility ?? Number.NaN)))
      continue
    const names = views[view].key.map((column) => row[column] ?? '')
    const digest = createHash('sha256').update(JSON.stringify(names)).digest('hex').slice(0, 20)
    const base = `${view}/${wall}/${digest}`
    const group = groups.get(base) ?? []
    const occurrence = group.length + 1
    groups.set(base, group)
    group.push({ view, row, wall, rowKey: occurrence === 1 ? base : `${base}/${occurrence}`, occurrence, alike: 0 })
  }
  return [...groups.values()]
    .flatMap((group) => group.map((one) => ({ ...one, alike: group.length })))
    .sort((a, b) => (a.wall < b.wall ? -1 : a.wall > b.wall ? 1 : 0))
}

interface FreshRow extends NamedRow {
  hash: string
  known: ReportingTables['seen'] | undefined
}

/** What was not told yet as it is now; windows overlap, so that most rows were. */
async function news(deps: TakeDeps, named: readonly NamedRow[]): Promise<FreshRow[]> {
  const { db, connectionId } = deps
  const fresh: FreshRow[] = []
  for (let from = 0; from < named.length; from += lot) {
    const some = named.slice(from, from + lot)
    const rows = await db
      .selectFrom('seen')
      .selectAll()
      .where('connection_id', '=', connectionId)
      .where(
        'row_key',
        'in',
        some.map(({ rowKey }) => rowKey),
      )
      .execute()
    const seen = new Map(rows.map((one) => [one.row_key, one]))
    for (const one of some) {
      const known = seen.get(one.rowKey)
      const hash = createHash('sha256')
        .update(JSON.stringify(Object.entries(one.row).sort()))
        .digest('hex')
      const silent = known === undefined && rowSays(one.view, one.row, deps) === 'other'
      if (!silent && !(known?.told && known.hash === hash)) fresh.push({ ...one, hash, known })
    }
  }
  return fresh
}

async function write(deps: TakeDeps, one: FreshRow, place: Place): Promise<Telling | null> {
  const { db, connectionId } = deps
  const { view, row, rowKey, hash, known } = one
  const revision = known === undefined ? 1 : known.hash === hash ? known.revision : known.revision + 1
  const placed = known
    ? { occurredAt: known.occurred_at, stayRef: known.visit_ref }
    : await firstPlaced(deps, one, place)
  if (placed === null) return null
  const { occurredAt, stayRef } = placed
  await db
    .insertInto('seen')
    .values({
      connection_id: connectionId,
      row_key: rowKey,
      hash,
      revision,
      occurred_at: occurredAt,
      visit_ref: stayRef,
      told: false,
      reason: null,
    })
    .onConflict((conflict) =>
      conflict.columns(['connection_id', 'row_key']).doUpdateSet({ hash, revision, told: false }),
    )
    .execute()
  const backfilled = place.readAt.getTime() - occurredAt.getTime() > lateMs
  const context = { id: rowKey, revision, occurredAt, backfilled, currency: place.currency, stayRef }
  return { rowKey, fact: rowFact(view, row, deps, context) }
}

/** When it was and which stay it belongs to: decided once, from what is known then. */
async function firstPlaced(
  deps: TakeDeps,
  { view, row, wall, rowKey, occurrence, alike }: NamedRow,
  { zone, readAt }: Place,
): Promise<{ occurredAt: Date; stayRef: string | null } | null> {
  const { db, connectionId } = deps
  const says = rowSays(view, row, deps)
  const card = text(row.CardNo)
  const facility = text(row.FacilityNo)
  const visits =
    card === null
      ? []
      : (
          await db
            .selectFrom('visit')
            .selectAll()
            .where('connection_id', '=', connectionId)
            .where('card', '=', card)
            .orderBy('entered_at', (order) => order.desc().nullsLast())
            .limit(50)
            .execute()
        ).filter((visit) => facility === null || visit.facility === '' || visit.facility === facility)
  const open = visits.find(({ entered_at, exited_at }) => entered_at !== null && exited_at === null)
  const notBefore = says === 'entry' ? null : (open?.entered_at ?? null)
  const occurredAt = instantOf(wall, zone, { readAt, occurrence, alike, notBefore })
  if (occurredAt === null) return null
  if (card === null || says === 'refused' || says === 'other') return { occurredAt, stayRef: null }
  if (says === 'payment') {
    const limit = occurredAt.getTime() + payAheadMs
    const paid = visits.find(({ entered_at }) => entered_at !== null && entered_at.getTime() <= limit)
    return { occurredAt, stayRef: paid?.visit_ref ?? null }
  }
  const left =
    says === 'exit'
      ? visits.find((one) => one.exited_at === null && one.entered_at !== null && one.entered_at <= occurredAt)
      : undefined
  if (left) {
    await db
      .updateTable('visit')
      .set({ exited_at: occurredAt })
      .where('connection_id', '=', connectionId)
      .where('visit_ref', '=', left.visit_ref)
      .execute()
    return { occurredAt, stayRef: left.visit_ref }
  }
  // An entry that is read after its exit, within the day: a device that was cut off delivered late.
  const ended =
    says === 'entry'
      ? visits.find((one) => one.entered_at === null && one.exited_at !== null && soonAfter(occurredAt, one.exited_at))
      : undefined
  const times = says === 'entry' ? { entered_at: occurredAt } : { exited_at: occurredAt }
  if (ended) {
    await db
      .updateTable('visit')
      .set(times)
      .where('connection_id', '=', connectionId)
      .where('visit_ref', '=', ended.visit_ref)
      .execute()
    return { occurredAt, stayRef: ended.visit_ref }
  }
  await db
    .insertInto('visit')
    .values({
      connection_id: connectionId,
      visit_ref: rowKey,
      facility: facility ?? '',
      card,
      entered_at: null,
      exited_at: null,
      ...times,
    })
    .execute()
  return { occurredAt, stayRef: rowKey }
}

const soonAfter = (entered: Date, exited: Date) =>
  exited >= entered && exited.getTime() - entered.getTime() <= 86_400_000
