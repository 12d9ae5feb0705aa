// Owns how payments of chargers' terminals are found in the books, and the transactions they may belong to.
// Must not decide what is booked; core/domain/payment/terminal-payment.ts does.
import { sql } from 'kysely'
import type { TerminalBooked } from '../domain/payment/index.ts'
import type { Db } from './record-table.ts'

export interface BookedRow extends TerminalBooked {
  subjectKey: string | null
}

/** The rows at these content keys; whoever else looks at this payment waits until the transaction has ended. */
export async function terminalRows(
  trx: Db,
  organizationId: string,
  base: string,
  slots: readonly string[],
): Promise<BookedRow[]> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`terminal payment ${organizationId} ${base}`}, 0))`.execute(
    trx,
  )
  const rows = await trx
    .selectFrom('payment')
    .select(['content_key', 'amount_minor', 'at', 'movement', 'subject_key'])
    .where('organization_id', '=', organizationId)
    .where(
      'content_key',
      'in',
      slots.map((slot) => `${base}${slot}`),
    )
    .execute()
  return rows.map((row) => ({
    slot: row.content_key.slice(base.length),
    amountMinor: Number(row.amount_minor),
    at: row.at,
    refund: row.movement,
    subjectKey: row.subject_key,
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
