// Owns how stays, what they are made of, links and reviews are listed; and how a review is closed.
// Must not write stays or links: those are derived, or decided in core/services/linking.
import { type RawBuilder, sql } from 'kysely'
import type { Evidence } from '../domain/link/index.ts'
import type { StayDiscount, StayPlace, StayPresentation, StayPrice } from '../domain/stay/index.ts'
import { after, keyOf, type Order, orderBy, type Page, type Place, page } from './keyset.ts'
import { all, before, type Db, from, is, recordTable } from './record-table.ts'

export interface Stay {
  stayId: string
  siteId: string
  connectionId: string
  stayRef: string | null
  state: 'open' | 'closed' | 'exit_only' | 'voided'
  parkerKind: 'transient' | 'contract' | 'member' | 'reservation'
  accountId: string | null
  vehicleId: string | null
  credentialId: string | null
  plate: string | null
  enteredAt: Date | null
  exitedAt: Date | null
  entryLane: string | null
  exitLane: string | null
  presentations: StayPresentation[]
  bays: StayPlace[]
  discounts: StayDiscount[]
  paidMinor: number
  currency: string
  paidUntil: Date | null
  price: StayPrice | null
  presumedLeftAt: Date | null
  presumedLeftBy: string | null
  flags: string[]
  version: number
  createdAt: Date
  updatedAt: Date
}

export type LinkState = 'linked' | 'review' | 'rejected' | 'unlinked' | 'withdrawn'

export interface Link {
  linkId: string
  siteId: string
  stayId: string
  sessionId: string
  state: LinkState
  method: string
  score: number
  evidence: Evidence[]
  explanation: string[]
  decidedBy: string
  decidedAt: Date
  version: number
  createdAt: Date
  updatedAt: Date
}

export interface Review {
  reviewId: string
  siteId: string | null
  kind: string
  stationId: string | null
  subjectType: string | null
  subjectId: string | null
  reason: string
  data: Record<string, unknown>
  state: 'open' | 'resolved'
  at: Date
  resolvedAt: Date | null
  resolvedBy: string | null
  resolution: string | null
}

// A stay whose entry nobody saw is sorted by its exit.
const entered = 'coalesce(t.entered_at, t.exited_at, t.created_at)'

export const stays = recordTable<Stay>()('stay', {
  type: 'stay',
  id: 'stay_id',
  columns: {
    stayId: 'stay_id',
    siteId: 'site_id',
    connectionId: 'connection_id',
    stayRef: 'stay_ref',
    state: 'state',
    parkerKind: 'parker_kind',
    accountId: 'account_id',
    vehicleId: 'vehicle_id',
    credentialId: 'credential_id',
    plate: 'plate',
    enteredAt: 'entered_at',
    exitedAt: 'exited_at',
    entryLane: 'entry_lane',
    exitLane: 'exit_lane',
    presentations: 'presentations',
    bays: 'bays',
    discounts: 'discounts',
    paidMinor: 'paid_minor',
    paidUntil: 'paid_until',
    price: 'price',
    presumedLeftAt: 'presumed_left_at',
    presumedLeftBy: 'presumed_left_by',
    flags: 'flags',
    version: 'version',
    createdAt: 'created_at',
    updatedAt: 'updated_at',
  },
  expressions: {
    currency: '(select s.currency from site s where s.organization_id = t.organization_id and s.site_id = t.site_id)',
  },
  reach: 'site',
  sorts: {
    enteredAt: [
      { expression: entered, type: 'timestamptz' },
      { expression: 't.stay_id', type: 'uuid' },
    ],
  },
  defaultSort: '-enteredAt',
  filters: {
    siteId: is('site_id'),
    state: is('state'),
    accountId: is('account_id'),
    plateText: (plate: string) =>
      sql<boolean>`upper(regexp_replace(coalesce(t.plate, ''), '[^A-Za-z0-9]', '', 'g')) = ${plate}`,
    from: from(entered),
    to: before(entered),
  },
})

export const links = recordTable<Link>()('link', {
  type: 'link',
  id: 'link_id',
  columns: {
    linkId: 'link_id',
    siteId: 'site_id',
    stayId: 'stay_id',
    sessionId: 'session_id',
    state: 'state',
    method: 'method',
    evidence: 'evidence',
    explanation: 'explanation',
    decidedBy: 'decided_by',
    decidedAt: 'decided_at',
    version: 'version',
    createdAt: 'created_at',
    updatedAt: 'updated_at',
  },
  expressions: { score: 't.score::float8' },
  reach: 'site',
  sorts: {
    createdAt: [
      { expression: 't.created_at', type: 'timestamptz' },
      { expression: 't.link_id', type: 'uuid' },
    ],
  },
  defaultSort: '-createdAt',
  filters: { siteId: is('site_id'), state: is('state'), stayId: is('stay_id'), sessionId: is('session_id') },
})

export interface LinkHistoryItem {
  at: Date
  fromState: LinkState | null
  toState: LinkState
  actor: string
  reason: string | null
  score: number
}

export async function linkHistory(db: Db, organizationId: string, linkId: string): Promise<LinkHistoryItem[]> {
  const { rows } = await sql<LinkHistoryItem>`
    select at, from_state as "fromState", to_state as "toState", actor, reason, score::float8 as score from link_history
    where organization_id = ${organizationId} and link_id = ${linkId} order by at, history_id`.execute(db)
  return rows
}

export const reviews = recordTable<Review>()('review_item', {
  type: 'review',
  id: 'review_id',
  columns: {
    reviewId: 'review_id',
    siteId: 'site_id',
    kind: 'kind',
    stationId: 'station_id',
    subjectType: 'subject_type',
    subjectId: 'subject_id',
    reason: 'reason',
    data: 'data',
    state: 'state',
    at: 'at',
    resolvedAt: 'resolved_at',
    resolvedBy: 'resolved_by',
    resolution: 'resolution',
  },
  reach: 'site',
  sorts: {
    at: [
      { expression: 't.at', type: 'timestamptz' },
      { expression: 't.review_id', type: 'uuid' },
    ],
  },
  defaultSort: '-at',
  filters: { siteId: is('site_id'), state: is('state'), kind: is('kind'), stationId: is('station_id') },
})

/** False when somebody closed it before. */
export async function closeReview(
  db: Db,
  organizationId: string,
  reviewId: string,
  resolution: { by: string; at: Date; text: string },
): Promise<boolean> {
  const closed = await db
    .updateTable('review_item')
    .set({ state: 'resolved', resolved_at: resolution.at, resolved_by: resolution.by, resolution: resolution.text })
    .where('organization_id', '=', organizationId)
    .where('review_id', '=', reviewId)
    .where('state', '=', 'open')
    .returning('review_id')
    .executeTakeFirst()
  return closed !== undefined
}

export interface TimelineItem {
  id: string
  kind: 'fact' | 'payment'
  type: string
  occurredAt: Date
  receivedAt: Date
  superseded: boolean
  backfilled: boolean
  lane: string | null
  data: Record<string, unknown>
}

/** Facts of one stay (by the key that its connection groups them under) and its payments, in the order they happened. */
export async function stayTimeline(
  db: Db,
  stay: { organizationId: string; stayId: string },
  limit: number,
  place: Place | undefined,
): Promise<Page<TimelineItem>> {
  const order: Order = {
    name: 'occurredAt',
    columns: [
      { expression: 't."occurredAt"', type: 'timestamptz' },
      { expression: 't.id', type: 'uuid' },
    ],
    descending: false,
  }
  const conditions: (RawBuilder<boolean> | undefined)[] = [sql<boolean>`true`, after(order, place)]
  const { rows } = await sql<TimelineItem & { key: string[] }>`
    select t.*, ${keyOf(order)} as key from (
      select f.fact_id as id, 'fact' as kind, f.type, f.occurred_at as "occurredAt", f.received_at as "receivedAt",
        f.superseded, f.backfilled, f.lane_code as lane, f.data
      from parking_fact f
      join stay s on s.organization_id = f.organization_id and s.connection_id = f.connection_id
        and (s.stay_id = f.stay_id or s.stay_key = f.stay_key)
      where s.organization_id = ${stay.organizationId} and s.stay_id = ${stay.stayId}
      union all
      select p.payment_id, 'payment', 'payment.' || p.kind, p.at, p.recorded_at, false, false, null, jsonb_build_object(
        'amountMinor', p.amount_minor, 'currency', p.currency, 'method', p.method, 'scope', p.scope)
      from payment p
      where p.organization_id = ${stay.organizationId} and p.stay_id = ${stay.stayId} and not exists (
        select from parking_fact f where f.organization_id = p.organization_id and f.fact_id = p.payment_id)
    ) t
    where ${all(conditions)} order by ${orderBy(order)} limit ${limit + 1}`.execute(db)
  return page(rows, limit, order, ({ key: _, ...item }) => item)
}

/** A stay with what its parking system may know it by. */
export async function stayNamed(
  db: Db,
  organizationId: string,
  stayId: string,
): Promise<
  | (Pick<Stay, 'stayId' | 'siteId' | 'connectionId' | 'stayRef' | 'enteredAt' | 'exitedAt' | 'presentations'> & {
      organizationId: string
    })
  | undefined
> {
  const row = await db
    .selectFrom('stay')
    .select(['stay_id', 'site_id', 'connection_id', 'stay_ref', 'entered_at', 'exited_at', 'presentations'])
    .where('organization_id', '=', organizationId)
    .where('stay_id', '=', stayId)
    .executeTakeFirst()
  return (
    row && {
      organizationId,
      stayId: row.stay_id,
      siteId: row.site_id,
      connectionId: row.connection_id,
      stayRef: row.stay_ref,
      enteredAt: row.entered_at,
      exitedAt: row.exited_at,
      presentations: row.presentations as StayPresentation[],
    }
  )
}

/** The vendor's name of the price it last told for the stay. */
export async function latestPriceRef(
  db: Db,
  { organizationId, stayId }: { organizationId: string; stayId: string },
): Promise<string | null> {
  const { rows } = await sql<{ ref: string | null }>`
    select f.data ->> 'priceRef' as ref from parking_fact f
    join stay s on s.organization_id = f.organization_id and s.connection_id = f.connection_id
      and (s.stay_id = f.stay_id or s.stay_key = f.stay_key)
    where s.organization_id = ${organizationId} and s.stay_id = ${stayId} and f.type = 'stay.priced' and not f.superseded
    order by f.occurred_at desc, f.fact_id desc limit 1`.execute(db)
  return rows[0]?.ref ?? null
}
