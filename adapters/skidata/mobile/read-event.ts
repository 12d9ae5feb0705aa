// Owns reading what the event socket and CalculateRate say, field by field, into values that can be trusted.
// Must not guess: a message that lacks what it is about is unfit, and says which field.
import { instantOfWall, parseJson } from '../../../core/plugin/index.ts'

/** 0 a ticket, 4 a plate, 5 a barcode or card of another system. */
export type TicketType = 0 | 4 | 5

export interface Ticket {
  ticketType: TicketType
  ticketNo: string
}

interface EventBase extends Ticket {
  eventId: string
  facilityNo: number
  carparkNo: number | null
  referenceNo: string | null
  at: Date
}

export type TransactionEvent =
  | (EventBase & { kind: 'started' })
  | (EventBase & {
      kind: 'completed'
      /** As it was written; the currency is the site's. */
      amount: unknown
      rateNo: string | null
      durationMinutes: number | null
    })

export interface Rate {
  price: unknown
  rateNo: string | null
  rateEndsAt: Date | null
  enteredAt: Date | null
  paidUntil: Date | null
}

export type ReadEvent = { kind: 'ok'; event: TransactionEvent } | { kind: 'unfit'; reason: string }

type Fields = Record<string, unknown>
const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const mostInOne = 1_000

/** The objects of a message. What was queued may come as one list; the documents show single objects. */
export function eventsIn(text: string): { kind: 'ok'; items: unknown[] } | { kind: 'unfit'; reason: string } {
  const read = parseJson(text)
  if (read.kind === 'bad') return { kind: 'unfit', reason: read.detail }
  const items = Array.isArray(read.value) ? read.value : [read.value]
  return items.length <= mostInOne
    ? { kind: 'ok', items }
    : { kind: 'unfit', reason: `more than ${mostInOne} events in one message` }
}

/** Local times without a zone are the site's; of an hour that comes twice the one nearer to `near`. */
export function readEvent(value: unknown, zone: string, near: Date): ReadEvent {
  const unfit = (reason: string): ReadEvent => ({ kind: 'unfit', reason })
  if (!isFields(value)) return unfit('not an object')
  const ticket = ticketOf(value)
  if (typeof ticket === 'string') return unfit(ticket)
  const eventId = text(value.EventID, 200)
  if (eventId === null) return unfit('/EventID is missing')
  const facilityNo = count(value.FacilityNo)
  if (facilityNo === null) return unfit('/FacilityNo is no number')
  const base = {
    ...ticket,
    eventId,
    facilityNo,
    carparkNo: count(value.CarparkNo),
    referenceNo: text(value.ReferenceNo, 200),
  }
  // A message does not name its kind in the documents; each has a time of its own.
  const [started, completed] = [value.StartTime, value.CompletionTime]
  if (completed !== undefined && completed !== null) {
    const at = instant(completed, zone, near)
    if (at === null) return unfit('/CompletionTime is no time')
    return {
      kind: 'ok',
      event: {
        ...base,
        kind: 'completed',
        at,
        amount: value.Amount,
        rateNo: text(value.RateNo, 50),
        durationMinutes: count(value.ParkingDuration),
      },
    }
  }
  const at = instant(started, zone, near)
  return at === null ? unfit('/StartTime is no time') : { kind: 'ok', event: { ...base, kind: 'started', at } }
}

export function readRate(value: unknown, zone: string, near: Date): Rate | null {
  if (!isFields(value) || value.Price === undefined || value.Price === null) return null
  return {
    price: value.Price,
    rateNo: text(value.RateNo, 50),
    rateEndsAt: instant(value.RateEndTime, zone, near),
    enteredAt: instant(value.EntryTime, zone, near),
    paidUntil: instant(value.PaidUntil, zone, near),
  }
}

function ticketOf(value: Fields): Ticket | string {
  const ticketNo = text(value.TicketNo, 200)
  if (ticketNo === null) return '/TicketNo is missing'
  const ticketType = Number(value.TicketType)
  return ticketType === 0 || ticketType === 4 || ticketType === 5
    ? { ticketType, ticketNo }
    : '/TicketType is none of 0, 4 and 5'
}

function text(value: unknown, longest: number): string | null {
  const given = typeof value === 'number' ? String(value) : value
  if (typeof given !== 'string') return null
  const trimmed = given.trim()
  return trimmed === '' || trimmed.length > longest || /[\p{Cc}\p{Cs}]/u.test(trimmed) ? null : trimmed
}

function count(value: unknown): number | null {
  const number = typeof value === 'string' && /^\d{1,9}$/.test(value) ? Number(value) : value
  return Number.isSafeInteger(number) && (number as number) >= 0 && (number as number) <= 2_147_483_647
    ? (number as number)
    : null
}

function instant(value: unknown, zone: string, near: Date): Date | null {
  if (typeof value !== 'string' || !/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)?$/.test(value))
    return null
  if (!/(Z|[+-]\d\d:\d\d)$/.test(value)) return instantOfWall(value, zone, near)
  const at = new Date(value)
  // What .NET writes for no time at all is in the year 1.
  return Number.isNaN(at.getTime()) || at.getUTCFullYear() < 2000 ? null : at
}
