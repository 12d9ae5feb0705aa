// Owns the rows of card pairings, and finding the cards that were shown to their readers meanwhile.
// Must not say which reads are one card; core/domain/credential/pair-reads.ts does.
import { sql } from 'kysely'
import type { DecodeProfile, SidedRead } from '../domain/credential/index.ts'
import { type Stamped, stampColumns } from './places.ts'
import { type Db, is, recordTable } from './record-table.ts'

/** What accepting changed, so that it can be undone. */
export type PairingChange =
  | { kind: 'reader'; readerId: string; before: DecodeProfile | null; after: DecodeProfile }
  | { kind: 'profile'; profileId: string; before: DecodeProfile | null; after: DecodeProfile }

export interface CardPairing extends Omit<Stamped, 'archivedAt'> {
  pairingId: string
  siteId: string
  firstReaderId: string
  secondReaderId: string | null
  secondStationId: string | null
  state: 'open' | 'accepted' | 'undone' | 'cancelled'
  /** Cards shown later do not count. */
  endsAt: Date
  accepted: PairingChange[] | null
}

const { archivedAt: _, ...stamps } = stampColumns

export const cardPairings = recordTable<CardPairing>()('card_pairing', {
  type: 'card_pairing',
  id: 'pairing_id',
  columns: {
    pairingId: 'pairing_id',
    siteId: 'site_id',
    firstReaderId: 'first_reader_id',
    secondReaderId: 'second_reader_id',
    secondStationId: 'second_station_id',
    state: 'state',
    endsAt: 'ends_at',
    accepted: 'accepted',
    ...stamps,
  },
  json: ['accepted'],
  reach: 'site',
  archives: false,
  sorts: {
    createdAt: [
      { expression: 't.created_at', type: 'timestamptz' },
      { expression: 't.pairing_id', type: 'uuid' },
    ],
  },
  defaultSort: '-createdAt',
  filters: { siteId: is('site_id'), state: is('state') },
})

/** A pairing of the same reader or station that still collects. */
export async function collectingPairing(
  db: Db,
  organizationId: string,
  of: { readerIds: readonly string[]; stationId: string | null },
  now: Date,
): Promise<string | undefined> {
  const { rows } = await sql<{ id: string }>`
    select pairing_id as id from card_pairing
    where organization_id = ${organizationId} and state = 'open' and ends_at > ${now}
      and (first_reader_id = any(${of.readerIds}::uuid[]) or second_reader_id = any(${of.readerIds}::uuid[])
        or second_station_id = ${of.stationId}::uuid)
    limit 1`.execute(db)
  return rows[0]?.id
}

/** Stations at which a card is waited for. */
export async function stationsInPairing(
  db: Db,
  organizationId: string,
  now: Date,
): Promise<{ stationId: string; pairingId: string }[]> {
  const { rows } = await sql<{ stationId: string; pairingId: string }>`
    select second_station_id as "stationId", pairing_id as "pairingId" from card_pairing
    where organization_id = ${organizationId} and state = 'open' and ends_at > ${now} and second_station_id is not null`.execute(
    db,
  )
  return rows
}

export async function addPairingRead(
  db: Db,
  organizationId: string,
  { pairingId, readId, ...read }: SidedRead & { pairingId: string; readId: string },
): Promise<void> {
  await db
    .insertInto('card_pairing_read')
    .values({
      organization_id: organizationId,
      pairing_id: pairingId,
      read_id: readId,
      side: read.side,
      raw: read.raw,
      encoding: read.encoding ?? null,
      bit_length: read.bitLength ?? null,
      at: read.at,
    })
    .execute()
}

/** Most cards of one pairing that are looked at: more say nothing new, and a reader gone mad fills no answer. */
const mostReads = 200

/**
 * By the hub's clock: cards that readers reported themselves, those that gates told of with the reader's name, those shown to the
 * station, and those typed in.
 */
export async function readsOfPairing(db: Db, organizationId: string, pairing: CardPairing): Promise<SidedRead[]> {
  const { rows } = await sql<SidedRead & { encoding: string | null; bitLength: number | null }>`
    with side as (
      select r.*, case when r.reader_id = ${pairing.firstReaderId}::uuid then 1 else 2 end as side from reader r
      where r.organization_id = ${organizationId}
        and r.reader_id in (${pairing.firstReaderId}::uuid, ${pairing.secondReaderId}::uuid)
    )
    select * from (
      select side, raw, encoding, bit_length as "bitLength", at from card_pairing_read
      where organization_id = ${organizationId} and pairing_id = ${pairing.pairingId} and at < ${pairing.endsAt}
      union all
      select side.side, p.data->>'raw', p.data->>'encoding', (p.data->>'bitLength')::int, p.received_at
      from side join reader_report p on p.organization_id = side.organization_id and p.reader_id = side.reader_id
      where p.kind = 'card' and p.received_at >= ${pairing.createdAt} and p.received_at < ${pairing.endsAt} and not p.backfilled
      union all
      select side.side, c->>'value', c->>'encoding', (c->>'bitLength')::int, f.received_at
      from side
      join parking_fact f on f.organization_id = side.organization_id and f.site_id = side.site_id
        and (side.connection_id is null or f.connection_id = side.connection_id)
      cross join lateral jsonb_array_elements(
        case when jsonb_typeof(f.data->'credentials') = 'array' then f.data->'credentials' else '[]' end) c
      where f.received_at >= ${pairing.createdAt} and f.received_at < ${pairing.endsAt} and not f.backfilled
        and f.occurred_at >= ${new Date(pairing.createdAt.getTime() - 86_400_000)}
        and f.vendor_event_id not like 'hub:%'
        and c->>'kind' = 'card' and (c->>'reader' = side.name or (c->>'reader' is null and f.device_code = side.name))
    ) reads order by at, side limit ${mostReads}`.execute(db)
  return rows.map(({ encoding, bitLength, ...read }) => ({
    ...read,
    ...(encoding === null ? {} : { encoding }),
    ...(bitLength === null ? {} : { bitLength }),
  }))
}

/** The numbers of cards go with the reports of readers; what was learned stays. */
export async function prunePairingReads(db: Db, before: Date): Promise<void> {
  await db.deleteFrom('card_pairing_read').where('at', '<', before).execute()
}
