// Owns bringing a card file in: each card that is new or changed is told as the booking that it is.
// Must not tell a revision that was not written down first: after a kill another content under its number would be a conflict for ever.
import { createHash } from 'node:crypto'
import type { Kysely } from 'kysely'
import { type ParcsSink, type ParkingFact, startOfLocalDate } from '../../../core/plugin/index.ts'
import type { CardRow, card } from './layouts.ts'
import type { ReadFile, Reject } from './record-file.ts'
import type { FilesTables } from './tables.ts'

export interface TakenRecords {
  stored: number
  unchanged: number
  rejects: Reject[]
}

interface TakeDeps {
  db: Kysely<FilesTables>
  connectionId: string
  sink: Pick<ParcsSink, 'record'>
  zone: string
  now: Date
}

const lot = 200
/** As far ahead as the hub believes a time. */
const furthestMs = 360 * 86_400_000

/** What a list of people needs of a card. */
export type KeptCard = Pick<
  CardRow,
  'ticketNumber' | 'userNumber' | 'articleNumber' | 'serialNo' | 'blocked' | 'expires'
>

export async function takeCards(
  { db, connectionId, sink, zone, now }: TakeDeps,
  file: Extract<ReadFile<typeof card>, { kind: 'ok' }>,
): Promise<TakenRecords> {
  const taken: TakenRecords = { stored: 0, unchanged: 0, rejects: [...file.rejects] }
  const date = String(file.header.date)
  for (let from = 0; from < file.records.length; from += lot) {
    const some = file.records.slice(from, from + lot)
    const numbers = some.map(({ fields }) => String(fields.ticketNumber))
    const known = await db
      .selectFrom('card')
      .selectAll()
      .where('connection_id', '=', connectionId)
      .where('ticket_number', 'in', numbers)
      .execute()
    const before = new Map(known.map((one) => [one.ticket_number, one]))
    const fresh = some.flatMap(({ line, fields }) => {
      const number = String(fields.ticketNumber)
      const hash = createHash('sha256').update(JSON.stringify(fields)).digest('hex')
      const last = before.get(number)
      if (last?.told && last.row !== null && last.hash === hash) return []
      // One that was not told to its end may stand at the hub in part: the next number replaces it.
      const revision = (last?.revision ?? 0) + 1
      const { ticketNumber, userNumber, articleNumber, serialNo, blocked, expires } = fields
      const kept: KeptCard = { ticketNumber, userNumber, articleNumber, serialNo, blocked, expires }
      const row = {
        connection_id: connectionId,
        ticket_number: number,
        hash,
        revision,
        told: false,
        row: JSON.stringify(kept),
      }
      return [{ line, row, fact: cardFact(fields, { revision, date, zone, now }) }]
    })
    taken.unchanged += some.length - fresh.length
    if (fresh.length === 0) continue
    await db
      .insertInto('card')
      .values(fresh.map(({ row }) => row))
      .onConflict((conflict) =>
        conflict.columns(['connection_id', 'ticket_number']).doUpdateSet((row) => ({
          hash: row.ref('excluded.hash'),
          revision: row.ref('excluded.revision'),
          told: row.ref('excluded.told'),
          row: row.ref('excluded.row'),
        })),
      )
      .execute()
    const results = await sink.record(fresh.map(({ fact }) => fact))
    const told = fresh.flatMap(({ line, row }, index) => {
      const result = results[index]
      if (result?.status !== 'rejected') return [row.ticket_number]
      const message = `is not kept by the hub: ${result.reason}`
      taken.rejects.push({ line, field: result.pointer ?? '', message })
      return []
    })
    taken.stored += told.length
    if (told.length > 0)
      await db
        .updateTable('card')
        .set({ told: true })
        .where('connection_id', '=', connectionId)
        .where('ticket_number', 'in', told)
        .execute()
  }
  return taken
}

/** A standing right of the parking system, told as its booking: who may come from when until when. */
function cardFact(
  row: CardRow,
  { revision, date, zone, now }: { revision: number; date: string; zone: string; now: Date },
): ParkingFact {
  const from = typeof row.validFrom === 'string' ? startOfLocalDate(row.validFrom, zone) : null
  // The day it expires is its last.
  const until = typeof row.expires === 'string' ? dayAfter(row.expires, zone) : null
  const serial = String(row.serialNo)
  const believed = (at: Date | null) =>
    at !== null && at.getTime() - now.getTime() < furthestMs && at.getUTCFullYear() > 2000
  const expired = typeof row.expires === 'string' && row.expires < date
  return {
    id: `card/${row.ticketNumber}`,
    revision,
    type: 'reservation.changed',
    occurredAt: startOfLocalDate(date, zone),
    backfilled: true,
    data: {
      reservationRef: `card/${row.ticketNumber}`,
      state: row.blocked === true ? 'cancelled' : expired ? 'expired' : 'booked',
      ...(believed(from) ? { from: from?.toISOString() ?? '' } : {}),
      ...(believed(until) ? { until: until?.toISOString() ?? '' } : {}),
      ...(row.articleNumber === null ? {} : { product: String(row.articleNumber) }),
      credentials: [
        { kind: 'card', value: String(row.ticketNumber) },
        ...(serial === '' || serial === row.ticketNumber ? [] : [{ kind: 'card' as const, value: serial }]),
      ],
    },
  }
}

export const dayAfter = (date: string, zone: string): Date =>
  startOfLocalDate(new Date(Date.parse(`${date}T00:00:00Z`) + 86_400_000).toISOString().slice(0, 10), zone)
