// Owns reading everything that a stopped hub has stored, from its own data directory.
// Must not run beside a hub, nor judge what it finds.
import type { Selectable } from 'kysely'
import { startEmbeddedPostgres } from '../../../core/runtime/postgres/index.ts'
import { connect } from '../../../core/store/pool.ts'
import type { HubTables } from '../../../core/store/schema.ts'
import { silent } from '../../setup/silent-log.ts'

export type Row<T extends keyof HubTables> = Selectable<HubTables[T]>

export interface Stored {
  station: Row<'station'>[]
  connector_status: Row<'connector_status'>[]
  ocpp_transaction: Row<'ocpp_transaction'>[]
  transaction_event: Row<'transaction_event'>[]
  meter_value: Row<'meter_value'>[]
  charging_session: Row<'charging_session'>[]
  station_message: Row<'station_message'>[]
  review_item: Row<'review_item'>[]
  parking_fact: Row<'parking_fact'>[]
  stay: Row<'stay'>[]
  link: Row<'link'>[]
  payment: Row<'payment'>[]
  bill: Row<'bill'>[]
  bill_line: Row<'bill_line'>[]
  journal_entry: Row<'journal_entry'>[]
  journal_posting: Row<'journal_posting'>[]
  event: Row<'event'>[]
}

/** Runs `look` on the database of a stopped hub. */
export async function withDatabase<T>(
  dataDir: string,
  look: (opened: Awaited<ReturnType<typeof connect<HubTables>>>) => Promise<T>,
): Promise<T> {
  const server = await startEmbeddedPostgres({ dataDir, log: silent, now: () => new Date() })
  try {
    const opened = await connect<HubTables>({ to: server.connection, role: 'owner', log: silent, max: 2 })
    try {
      return await look(opened)
    } finally {
      await opened.close()
    }
  } finally {
    await server.stop()
  }
}

export function readStored(dataDir: string): Promise<Stored> {
  return withDatabase(dataDir, async ({ db }) => {
    const all = <T extends keyof Stored>(table: T) => db.selectFrom(table).selectAll().execute() as Promise<Stored[T]>
    return {
      station: await all('station'),
      connector_status: await all('connector_status'),
      ocpp_transaction: await all('ocpp_transaction'),
      transaction_event: await all('transaction_event'),
      meter_value: await all('meter_value'),
      charging_session: await all('charging_session'),
      station_message: await all('station_message'),
      review_item: await all('review_item'),
      parking_fact: await all('parking_fact'),
      stay: await all('stay'),
      link: await all('link'),
      payment: await all('payment'),
      bill: await all('bill'),
      bill_line: await all('bill_line'),
      journal_entry: await all('journal_entry'),
      journal_posting: await all('journal_posting'),
      event: await all('event'),
    }
  })
}

/** Only what belongs to these stations. */
export function ofStations(stored: Stored, codes: readonly string[]): Stored {
  const ids = new Set(stored.station.filter((row) => codes.includes(row.code)).map((row) => row.station_id))
  const mine = <T extends { station_id: string | null }>(rows: readonly T[]) =>
    rows.filter((row) => ids.has(row.station_id ?? ''))
  return {
    ...stored,
    station: mine(stored.station),
    connector_status: mine(stored.connector_status),
    ocpp_transaction: mine(stored.ocpp_transaction),
    transaction_event: mine(stored.transaction_event),
    meter_value: mine(stored.meter_value),
    charging_session: mine(stored.charging_session),
    station_message: mine(stored.station_message),
    review_item: mine(stored.review_item),
  }
}
