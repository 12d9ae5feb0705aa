// Owns how payments of chargers' terminals are found in the books, and the transactions they may belong to.
// Must not decide what is booked; core/domain/payment/terminal-payment.ts does.
import { sql } from 'kysely'
import { type TerminalBooked, terminalSlots } from '../domain/payment/index.ts'
import type { Db } from './record-table.ts'

export interface BookedRow extends TerminalBooked {
  subjectKey: string | null
  /** The name it is booked under. */
  name: string
}

export const terminalKey = (stationId: string, name: string, slot: string) => `settlement/${stationId}/${name}/${slot}`

/** Whoever else books a payment of this station's terminal waits until the transaction has ended. */
export async function lockTerminal(trx: Db, organizationId: string, stationId: string): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`terminal payments ${organizationId} ${stationId}`}, 0))`.execute(
    trx,
  )
}

/** What is booked under these names. */
export async function terminalRows(
  trx: Db,
  of: { organizationId: string; stationId: string },
  names: readonly string[],
): Promise<BookedRow[]> {
  const places = new Map(
    names.flatMap((name) => terminalSlots.map((slot) => [terminalKey(of.stationId, name, slot), { name, slot }])),
  )
  const rows = await trx
    .selectFrom('payment')
    .select(['content_key', 'amount_minor', 'at', 'movement', 'subject_key'])
    .where('organization_id', '=', of.organizationId)
    .where('content_key', '=', sql<string>`any(${[...places.keys()]}::text[])`)
    .orderBy('recorded_at')
    .orderBy('payment_id')
    .execute()
  return rows.flatMap((row) => {
    const place = places.get(row.content_key)
    if (place === undefined) return []
    const { movement: refund, subject_key: subjectKey, at } = row
    return [{ ...place, amountMinor: Number(row.amount_minor), at, refund, subjectKey }]
  })
}

export interface Telling {
  noticeId: string
  at: Date
  receivedAt: Date
  said: { pspRef: string; status: string; amount: string; transaction?: string; receiptId?: string }
}

const tellingDays = 31

/** What a station has told of payments lately. */
export async function tellingsOf(
  trx: Db,
  { organizationId, stationId }: { organizationId: string; stationId: string },
  now: Date,
): Promise<Telling[]> {
  const rows = await trx
    .selectFrom('station_notice')
    .select(['notice_id', 'at', 'received_at', 'data'])
    .where('organization_id', '=', organizationId)
    .where('station_id', '=', stationId)
    .where('topic', '=', 'payment.settled')
    .where('received_at', '>', new Date(now.getTime() - tellingDays * 86_400_000))
    .execute()
  return rows.map((row) => ({
    noticeId: row.notice_id,
    at: row.at,
    receivedAt: row.received_at,
    said: row.data as Telling['said'],
  }))
}

export interface TerminalTrace {
  organizationId: string
  stationId: string
  /** The station's own name of the transaction, or the number that the hub gave it. */
  transaction: string | null
  /** What the terminal had the station present as a card. */
  tokens: readonly string[]
  at: Date
}

/** The session that the money is for, found by the transaction, else by the card that stood for the payment. */
export async function paidSession(trx: Db, trace: TerminalTrace): Promise<string | null> {
  const { organizationId, stationId, transaction, tokens, at } = trace
  const number = transaction !== null && /^\d{1,9}$/.test(transaction) ? Number(transaction) : null
  if (transaction !== null) {
    const { rows } = await sql<{ session_id: string | null }>`
      select session_id from ocpp_transaction
      where organization_id = ${organizationId} and station_id = ${stationId}
        and (station_ref = ${transaction} or number = ${number}::int)
      order by started_at desc limit 1`.execute(trx)
    if (rows[0] !== undefined) return rows[0].session_id
  }
  if (tokens.length === 0) return null
  const { rows } = await sql<{ session_id: string | null }>`
    select session_id from ocpp_transaction
    where organization_id = ${organizationId} and station_id = ${stationId} and id_token = any(${[...tokens]}::text[])
      and started_at <= ${at}
    order by started_at desc limit 1`.execute(trx)
  return rows[0]?.session_id ?? null
}
