// Owns what is heard of reservations: answers to their commands, notices, transactions, the end of their time.
// Must not depend on the order in which it is heard; the table in core/domain/reservation.ts does not.
import { HubError } from '../../domain/hub-error.ts'
import { nextReservationState, noticedFacts, type ReservationFact } from '../../domain/reservation.ts'
import { type CommandRow, getCommand } from '../../store/commands.ts'
import { appendEvents } from '../../store/event-log.ts'
import { getRecord, updateRecord } from '../../store/record-table.ts'
import { findReservation, heldUntil, type Reservation, reservations } from '../../store/reservations.ts'
import { setTimer } from '../../store/timers.ts'
import { transaction } from '../../store/transaction.ts'
import type { ServiceDeps } from '../service-deps.ts'

/** What a job knows: a command that ended, a word of the station, or a transaction that names the number. */
export type ReservationNews = { organizationId: string; stationId: string } & (
  | { commandId: string }
  | { number: number; status: string }
  | { number: number; transactionId: string }
)

interface Heard {
  fact: ReservationFact
  number: number
  reason?: string | null
  sessionId?: string | null
  /** The station holds it until then. */
  until?: Date
  /** The command whose question is settled, whatever came of it. */
  settled?: string
}

/** Task `reservation.follow`. */
export function followReservation(deps: ServiceDeps) {
  return async (news: ReservationNews): Promise<void> => {
    const { organizationId, stationId } = news
    await transaction(deps.db, async (trx) => {
      const inside = { ...deps, db: trx }
      const heard = await hear(inside, news)
      if (heard === null) return
      const id = await findReservation(trx, { organizationId, stationId, number: heard.number })
      const sight = { organizationId, siteIds: null }
      const found = id === undefined ? undefined : await getRecord(trx, reservations, sight, id, 'lock')
      if (found === undefined) return
      await applyFact(inside, organizationId, found, heard.fact, heard)
    })
  }
}

/** Task `reservation.end`: its time is over, unless it was moved meanwhile. */
export function endReservation(deps: ServiceDeps) {
  return async (of: { organizationId: string; reservationId: string }): Promise<void> => {
    const { organizationId } = of
    await transaction(deps.db, async (trx) => {
      const inside = { ...deps, db: trx }
      const found = await getRecord(trx, reservations, { organizationId, siteIds: null }, of.reservationId, 'lock')
      if (found === undefined || found.until > deps.clock.now()) return
      await applyFact(inside, organizationId, found, 'expired', { reason: 'Its time was over.' })
    })
  }
}

async function hear(deps: ServiceDeps, news: ReservationNews): Promise<Heard | null> {
  const { organizationId } = news
  if ('commandId' in news) {
    const command = await getCommand(deps.db, organizationId, news.commandId)
    const heard = command === undefined ? null : ofCommand(command)
    if (heard?.fact !== 'confirmed' && heard?.fact !== 'refused') return heard
    const until = await heldUntil(deps.db, { ...news, number: heard.number })
    // A change that the station refuses leaves what it said yes to before.
    return until === undefined ? heard : { ...heard, fact: 'confirmed', reason: null, until }
  }
  if ('status' in news) {
    const fact = noticedFacts[news.status]
    return fact === undefined ? null : { fact, number: news.number, reason: 'The station said so.' }
  }
  const row = await deps.db
    .selectFrom('ocpp_transaction')
    .select('session_id')
    .where('organization_id', '=', organizationId)
    .where('transaction_id', '=', news.transactionId)
    .executeTakeFirst()
  if (row === undefined) throw new HubError('not_yet', 'the transaction is not stored yet', { level: 'info' })
  return { fact: 'used', number: news.number, reason: null, sessionId: row.session_id }
}

function ofCommand(command: CommandRow): Heard | null {
  const number = (command.args as { reservationId?: number }).reservationId
  if (number === undefined) return null
  const { outcome, state, reason } = command
  if (command.name === 'cancel_reservation') {
    if (outcome === 'accepted') return { fact: 'cancelled', number, reason: `Cancelled by ${command.requested_by}.` }
    // OCPP: Rejected means that the station has no such reservation.
    if (outcome === 'refused' && state === 'answered') {
      return { fact: 'removed', number, reason: 'The station did not know it any more.' }
    }
    return null
  }
  const settled = command.command_id
  if (outcome === 'accepted') return { fact: 'confirmed', number, reason: null, settled }
  const never = outcome === 'refused' || state === 'expired' || state === 'cancelled'
  // No answer is no refusal: the station may hold it.
  return never ? { fact: 'refused', number, reason: reason ?? 'The station refused.', settled } : null
}

/** The reservation as it is afterwards; an event when its state is another one. */
export async function applyFact(
  deps: ServiceDeps,
  organizationId: string,
  before: Reservation,
  fact: ReservationFact,
  heard: Omit<Heard, 'fact' | 'number'>,
): Promise<Reservation> {
  const now = deps.clock.now()
  const state = nextReservationState(before.state, fact)
  const moved = state !== before.state
  const later = heard.until !== undefined && heard.until.getTime() !== before.until.getTime()
  const changes = {
    ...(moved ? { state, reason: heard.reason ?? null } : {}),
    ...(later ? { until_at: heard.until } : {}),
    ...(heard.settled === before.reserveCommandId && before.askedUntil !== null ? { asked_until: null } : {}),
    ...(heard.sessionId != null && before.sessionId === null ? { session_id: heard.sessionId } : {}),
  }
  if (Object.keys(changes).length === 0) return before
  const { reservationId, siteId, stationId, number } = before
  const after = await updateRecord(deps.db, reservations, organizationId, reservationId, {
    ...changes,
    updated_at: now,
  })
  if (later && heard.until !== undefined) {
    await setTimer(deps.db, {
      organizationId,
      siteId,
      kind: 'reservation.end',
      key: `reservation:${reservationId}:end`,
      dueAt: heard.until,
      data: { organizationId, reservationId },
    })
  }
  if (moved) {
    await appendEvents(deps.db, [
      {
        id: deps.newId(),
        type: 'reservation.changed',
        organizationId,
        siteId,
        subject: { type: 'reservation', id: reservationId, version: after.version },
        occurredAt: now,
        recordedAt: now,
        data: { reservationId, stationId, number, state, previous: before.state, sessionId: after.sessionId },
      },
    ])
  }
  return after
}
