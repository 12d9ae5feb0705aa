// Owns reconciliations: their runs, the rows that were brought in, the items a run ended in.
// Must not compare rows.
import { sql } from 'kysely'
import type {
  BookRow,
  Compared,
  DifferenceClass,
  Reason,
  ReconciliationKind,
  RowSort,
} from '../domain/reconciliation/book-row.ts'
import type { SortTotal } from '../domain/reconciliation/compare-rows.ts'
import { jsonText } from './json-text.ts'
import { type Db, from, is, recordTable } from './record-table.ts'

export interface Reconciliation {
  reconciliationId: string
  siteId: string
  kind: ReconciliationKind
  from: string
  to: string
  currency: string
  fileHash: string | null
  fileName: string | null
  options: Record<string, unknown>
  state: 'agreed' | 'differs'
  totals: SortTotal[]
  /** Items by class and by state. */
  counts: { classes: Record<string, number>; states: Record<string, number> }
  openItems: number
  runs: number
  lastRunAt: Date
  createdBy: string
  version: number
  createdAt: Date
  updatedAt: Date
}

export const reconciliations = recordTable<Reconciliation>()('reconciliation', {
  type: 'reconciliation',
  id: 'reconciliation_id',
  columns: {
    reconciliationId: 'reconciliation_id',
    siteId: 'site_id',
    kind: 'kind',
    from: 'from_date',
    to: 'to_date',
    currency: 'currency',
    fileHash: 'file_hash',
    fileName: 'file_name',
    options: 'options',
    state: 'state',
    totals: 'totals',
    counts: 'counts',
    openItems: 'open_items',
    runs: 'runs',
    lastRunAt: 'last_run_at',
    createdBy: 'created_by',
    version: 'version',
    createdAt: 'created_at',
    updatedAt: 'updated_at',
  },
  json: ['options', 'totals', 'counts'],
  reach: 'site',
  sorts: {
    createdAt: [
      { expression: 't.created_at', type: 'timestamptz' },
      { expression: 't.reconciliation_id', type: 'uuid' },
    ],
  },
  defaultSort: '-createdAt',
  filters: {
    siteId: is('site_id'),
    kind: is('kind'),
    state: is('state'),
    from: from('t.to_date'),
    to: (day: string) => sql<boolean>`t.from_date <= ${day}::date`,
  },
})

export const itemStates = ['agreed', 'open', 'explained', 'accepted', 'closed'] as const
export type ItemState = (typeof itemStates)[number]

export interface ReconciliationItem {
  itemId: string
  siteId: string
  reconciliationId: string
  class: DifferenceClass
  reasons: Reason[]
  words: string
  sort: RowSort
  unit: string
  businessDate: string
  matchedBy: 'reference' | 'likeness' | 'person' | null
  ours: BookRow[]
  theirs: BookRow[]
  candidates: string[]
  oursAmount: number
  theirsAmount: number
  difference: number
  state: ItemState
  note: string | null
  decidedBy: string | null
  decidedAt: Date | null
  closedAt: Date | null
  createdAt: Date
  updatedAt: Date
}

export const reconciliationItems = recordTable<ReconciliationItem>()('reconciliation_item', {
  type: 'reconciliation_item',
  id: 'item_id',
  columns: {
    itemId: 'item_id',
    siteId: 'site_id',
    reconciliationId: 'reconciliation_id',
    class: 'class',
    reasons: 'reasons',
    words: 'words',
    sort: 'sort',
    unit: 'unit',
    businessDate: 'business_date',
    matchedBy: 'matched_by',
    ours: 'ours',
    theirs: 'theirs',
    candidates: 'candidates',
    oursAmount: 'ours_amount',
    theirsAmount: 'theirs_amount',
    difference: 'difference',
    state: 'state',
    note: 'note',
    decidedBy: 'decided_by',
    decidedAt: 'decided_at',
    closedAt: 'closed_at',
    createdAt: 'created_at',
    updatedAt: 'updated_at',
  },
  json: ['ours', 'theirs'],
  reach: 'site',
  sorts: {
    businessDate: [
      { expression: 't.business_date', type: 'date' },
      { expression: 't.item_id', type: 'uuid' },
    ],
  },
  filters: {
    reconciliationId: is('reconciliation_id'),
    class: is('class'),
    state: is('state'),
    standing: () => sql<boolean>`t.state <> 'closed'`,
    reason: (name: string) => sql<boolean>`${name} = any(t.reasons)`,
  },
})

/** Where a run is kept. */
export interface RunPlace {
  organizationId: string
  siteId: string
  reconciliationId: string
}

/** The run of the same input for the same days. */
export async function sameRun(
  db: Db,
  of: { organizationId: string; siteId: string; kind: string; from: string; to: string; inputHash: string },
): Promise<string | undefined> {
  const row = await db
    .selectFrom('reconciliation')
    .select('reconciliation_id')
    .where('organization_id', '=', of.organizationId)
    .where('site_id', '=', of.siteId)
    .where('kind', '=', of.kind)
    .where('from_date', '=', of.from)
    .where('to_date', '=', of.to)
    .where('input_hash', '=', of.inputHash)
    .executeTakeFirst()
  return row?.reconciliation_id
}

/** Until the transaction ends nobody else begins a run of this site; two of the same file are one after the other. */
export async function lockSiteRuns(trx: Db, organizationId: string, siteId: string): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended('reconciliation ' || ${organizationId} || ' ' || ${siteId}, 0))`.execute(
    trx,
  )
}

export async function insertLines(trx: Db, place: RunPlace, lines: readonly { line: number }[]): Promise<void> {
  for (const some of chunks(lines, 2_000)) {
    await sql`insert into reconciliation_row (organization_id, site_id, reconciliation_id, line, data)
      select ${place.organizationId}, ${place.siteId}, ${place.reconciliationId}, (l ->> 'line')::integer, l
      from jsonb_array_elements(${jsonText(some)}::jsonb) l`.execute(trx)
  }
}

/** As they were read, in the order of the file. */
export async function linesOf<L>(db: Db, { organizationId, reconciliationId }: RunPlace): Promise<L[]> {
  const rows = await db
    .selectFrom('reconciliation_row')
    .select('data')
    .where('organization_id', '=', organizationId)
    .where('reconciliation_id', '=', reconciliationId)
    .orderBy('line')
    .execute()
  return rows.map(({ data }) => data as L)
}

/** Of these ids on one side, what stands for them now: one entry for each that is in an item. */
export async function rowsNamed(
  db: Db,
  { organizationId, reconciliationId }: RunPlace,
  side: 'ours' | 'theirs',
  ids: readonly string[],
): Promise<{ id: string; sort: string; unit: string; byPerson: boolean }[]> {
  const { rows } = await sql<{ id: string; sort: string; unit: string; byPerson: boolean }>`
    select r ->> 'id' as id, i.sort, i.unit, coalesce(i.matched_by = 'person', false) as "byPerson"
    from reconciliation_item i cross join lateral jsonb_array_elements(i.${sql.raw(side)}) r
    where i.organization_id = ${organizationId} and i.reconciliation_id = ${reconciliationId} and i.state <> 'closed'
      and r ->> 'id' = any(${[...ids]}::text[])`.execute(db)
  return rows
}

export async function keyOfItem(db: Db, organizationId: string, itemId: string): Promise<string> {
  const { item_key: key } = await db
    .selectFrom('reconciliation_item')
    .select('item_key')
    .where('organization_id', '=', organizationId)
    .where('item_id', '=', itemId)
    .executeTakeFirstOrThrow()
  return key
}

/** What a person said of one item, at once and without another run. */
export async function setItemState(
  trx: Db,
  { organizationId, reconciliationId }: RunPlace,
  itemId: string,
  said: { state: 'accepted' | 'open'; note: string; by: string; at: Date },
): Promise<{ states: Record<string, number> }> {
  await sql`update reconciliation_item set state = ${said.state}, note = ${said.note}, decided_by = ${said.by},
      decided_at = ${said.at}, updated_at = ${said.at}
    where organization_id = ${organizationId} and item_id = ${itemId}`.execute(trx)
  const { rows } = await sql<{ state: string; count: number }>`
    select state, count(*)::int as count from reconciliation_item
    where organization_id = ${organizationId} and reconciliation_id = ${reconciliationId} and state <> 'closed'
    group by state order by state`.execute(trx)
  return { states: Object.fromEntries(rows.map(({ state, count }) => [state, count])) }
}

/** An item as this run has it. */
export interface FreshItem extends Omit<Compared, 'key'> {
  itemId: string
  itemKey: string
  state: Exclude<ItemState, 'closed'>
  note: string | null
  decidedBy: string | null
  decidedAt: Date | null
}

/** Writes the items of a run: known ones keep their id, those that are no more are closed and kept. */
export async function writeItems(
  trx: Db,
  place: RunPlace,
  items: readonly FreshItem[],
  { run, now }: { run: number; now: Date },
): Promise<void> {
  const { organizationId, siteId, reconciliationId } = place
  for (const some of chunks(items, 1_000)) {
    const rows = some.map((item) => ({
      item_id: item.itemId,
      item_key: item.itemKey,
      class: item.class,
      reasons: item.reasons,
      words: item.words,
      sort: item.sort,
      unit: item.unit,
      business_date: item.day,
      matched_by: item.matchedBy,
      ours: item.ours,
      theirs: item.theirs,
      candidates: item.candidates,
      ours_amount: item.oursAmount,
      theirs_amount: item.theirsAmount,
      difference: item.difference,
      state: item.state,
      note: item.note,
      decided_by: item.decidedBy,
      decided_at: item.decidedAt,
    }))
    await sql`
      insert into reconciliation_item as i (organization_id, site_id, reconciliation_id, item_id, item_key, class, reasons, words,
        sort, unit, business_date, matched_by, ours, theirs, candidates, ours_amount, theirs_amount, difference, state, note,
        decided_by, decided_at, run, created_at, updated_at)
      select ${organizationId}, ${siteId}, ${reconciliationId}, r.item_id, r.item_key, r.class, r.reasons, r.words, r.sort, r.unit,
        r.business_date, r.matched_by, r.ours, r.theirs, r.candidates, r.ours_amount, r.theirs_amount, r.difference, r.state,
        r.note, r.decided_by, r.decided_at, ${run}, ${now}, ${now}
      from jsonb_to_recordset(${jsonText(rows)}::jsonb) as r (item_id uuid, item_key text, class text, reasons text[], words text,
        sort text, unit text, business_date date, matched_by text, ours jsonb, theirs jsonb, candidates text[],
        ours_amount bigint, theirs_amount bigint, difference bigint, state text, note text, decided_by text,
        decided_at timestamptz)
      on conflict (organization_id, reconciliation_id, item_key) do update set class = excluded.class, reasons = excluded.reasons,
        words = excluded.words, sort = excluded.sort, unit = excluded.unit, business_date = excluded.business_date,
        matched_by = excluded.matched_by, ours = excluded.ours, theirs = excluded.theirs, candidates = excluded.candidates,
        ours_amount = excluded.ours_amount, theirs_amount = excluded.theirs_amount, difference = excluded.difference,
        state = excluded.state, note = excluded.note, decided_by = excluded.decided_by, decided_at = excluded.decided_at,
        closed_at = null, run = excluded.run, updated_at = case when (i.class, i.state, i.difference, i.words)
          is distinct from (excluded.class, excluded.state, excluded.difference, excluded.words)
          then excluded.updated_at else i.updated_at end`.execute(trx)
  }
  await sql`
    update reconciliation_item i set state = 'closed', closed_at = ${now}, updated_at = ${now}
    where i.organization_id = ${organizationId} and i.reconciliation_id = ${reconciliationId} and i.state <> 'closed'
      and i.run < ${run}`.execute(trx)
}

function* chunks<T>(all: readonly T[], size: number): Generator<readonly T[]> {
  for (let i = 0; i < all.length; i += size) yield all.slice(i, i + size)
}
