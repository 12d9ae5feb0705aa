// Owns the row of a derived stay, what changed against the stored one, and the events that tell it.
// Must not touch the database.
import { contentText } from '../../domain/content-text.ts'
import type { DerivedStay, StayPrice } from '../../domain/stay/index.ts'
import type { NewEvent } from '../../store/event-log.ts'
import type { ParkingSource } from '../../store/parking-facts.ts'
import type { NewStay, StayRow } from '../../store/stays.ts'
import type { Holder } from './match-holder.ts'

/** Columns that the facts decide, by the name that `stay.corrected` tells. */
const told = {
  state: 'state',
  parker_kind: 'parkerKind',
  account_id: 'accountId',
  vehicle_id: 'vehicleId',
  credential_id: 'credentialId',
  plate: 'plate',
  entered_at: 'enteredAt',
  exited_at: 'exitedAt',
  exit_before: 'exitBefore',
  entry_lane: 'entryLane',
  exit_lane: 'exitLane',
  presentations: 'presentations',
  bays: 'bays',
  discounts: 'discounts',
  paid_minor: 'paidMinor',
  paid_until: 'paidUntil',
  price: 'price',
  flags: 'flags',
} as const satisfies Partial<Record<keyof StayRow, string>>
/** Columns that follow from those told. */
const quiet = ['stay_key', 'stay_ref', 'search_keys', 'facts_at', 'presumed_left_at', 'presumed_left_by'] as const
type Told = keyof typeof told

/** A stay about to be written, beside what was stored under its id. */
export interface StayChange {
  row: NewStay
  before: StayRow | null
  /** Names of what changed, as events tell it. */
  changed: string[]
}

export function stayRow(
  source: ParkingSource,
  stayId: string,
  stay: DerivedStay,
  holder: Holder,
  before: StayRow | null,
  now: Date,
): NewStay {
  // What its facts say counts before what was presumed: an exit, or a later sign of the car.
  const presumed = before?.presumed_left_at ?? null
  const left = stay.state === 'open' && presumed !== null && stay.presentAt <= presumed ? presumed : null
  const flags = [
    ...stay.flags,
    ...(holder.ambiguous ? ['account_ambiguous'] : []),
    ...(left === null ? [] : ['exit_unknown']),
  ].sort()
  return {
    organization_id: source.organizationId,
    site_id: source.siteId,
    stay_id: stayId,
    connection_id: source.connectionId,
    stay_key: stay.key,
    stay_ref: stay.stayRef,
    state: left === null ? stay.state : 'closed',
    parker_kind: stay.parkerKind ?? holder.parkerKind ?? 'transient',
    account_id: holder.accountId,
    vehicle_id: holder.vehicleId,
    credential_id: holder.credentialId,
    plate: stay.plate,
    entered_at: stay.enteredAt,
    exited_at: stay.exitedAt,
    exit_before: left ?? stay.exitBefore,
    presumed_left_at: presumed,
    presumed_left_by: before?.presumed_left_by ?? null,
    entry_lane: stay.entryLane,
    exit_lane: stay.exitLane,
    presentations: JSON.stringify(stay.presentations),
    search_keys: [...stay.searchKeys],
    bays: JSON.stringify(stay.places),
    discounts: JSON.stringify(stay.discounts),
    paid_minor: stay.paidMinor,
    paid_until: stay.paidUntil,
    price: jsonOrNull(stay.price),
    flags,
    facts_at: stay.factsAt,
    version: (before?.version ?? 0) + 1,
    created_at: before?.created_at ?? now,
    updated_at: now,
  }
}

/** What is left of a stay that no fact speaks for any more: its history stays readable, nothing can be found by its keys. */
export function withdrawnRow(before: StayRow, now: Date): NewStay {
  const { presentations, bays, discounts, price, flags, ...rest } = before
  return {
    ...rest,
    state: 'voided',
    search_keys: [],
    presentations: JSON.stringify(presentations),
    bays: JSON.stringify(bays),
    discounts: JSON.stringify(discounts),
    price: jsonOrNull(price),
    flags: [...new Set([...flags, 'withdrawn'])].sort(),
    version: before.version + 1,
    updated_at: now,
  }
}

function jsonOrNull(value: unknown): string | null {
  return value === null || value === undefined ? null : JSON.stringify(value)
}

/** Null when the stored row says the same already. */
export function changeOf(row: NewStay, before: StayRow | null): StayChange | null {
  if (before === null) return { row, before, changed: [] }
  const differs = (name: keyof StayRow) => contentText(columnOf(row, name)) !== contentText(before[name])
  const changed = (Object.keys(told) as Told[]).filter(differs).map((name) => told[name])
  return changed.length > 0 || quiet.some(differs) ? { row, before, changed } : null
}

const jsonColumns: ReadonlySet<keyof StayRow> = new Set(['presentations', 'bays', 'discounts', 'price'] as const)

function columnOf(row: NewStay, name: keyof StayRow): unknown {
  const value = row[name]
  return jsonColumns.has(name) && value !== null ? JSON.parse(String(value)) : value
}

/** A first sight of a stay that has ended tells its opening, too. */
export function stayEvents({ row, before, changed }: StayChange, newId: () => string, now: Date): NewEvent[] {
  const stayId = row.stay_id
  const { entered_at, exited_at } = row as { entered_at: Date | null; exited_at: Date | null }
  const event = (type: NewEvent['type'], at: Date | null, data: object) =>
    ({
      id: newId(),
      type,
      organizationId: row.organization_id,
      siteId: row.site_id,
      subject: { type: 'stay', id: stayId, version: row.version },
      occurredAt: at ?? (row.facts_at as Date),
      recordedAt: now,
      data: { stayId, ...data },
    }) as NewEvent
  const opened = () => event('stay.opened', entered_at, { enteredAt: iso(entered_at) })
  const closed = () => event('stay.closed', exited_at, { enteredAt: iso(entered_at), exitedAt: iso(exited_at) })
  const was = before?.state ?? null
  const ended = row.state === 'closed' || row.state === 'exit_only'
  if (row.state === 'voided') return was === 'voided' ? [] : [event('stay.voided', null, {})]
  const price = before === null || changed.includes('price') ? priced(row) : null
  const prices = price === null ? [] : [event('stay.priced', new Date(price.at), headline(price))]
  if (was === null || was === 'voided')
    return [...(entered_at ? [opened()] : []), ...prices, ...(ended ? [closed()] : [])]
  if (was === 'open' && row.state === 'closed') return [...prices, closed()]
  const others = price === null ? changed : changed.filter((name) => name !== 'price')
  const corrected = others.length > 0 ? [event('stay.corrected', row.facts_at as Date, { changed: others })] : []
  return [...prices, ...corrected]
}

function priced(row: NewStay): StayPrice | null {
  return typeof row.price === 'string' ? (JSON.parse(row.price) as StayPrice) : null
}

function headline({ amountMinor, currency, final }: StayPrice) {
  return { amountMinor, currency, final }
}

function iso(at: Date | null): string | null {
  return at?.toISOString() ?? null
}
