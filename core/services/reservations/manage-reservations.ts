// Owns reservations as operators make, extend and cancel them.
// Must not take a station's word for granted: what came of a command is heard in follow-reservation.ts.
import type { IdToken } from '../../domain/device-words.ts'
import type { StationCommand } from '../../domain/station-command.ts'
import { appendAudit } from '../../store/audit.ts'
import { type Db, getRecord, insertRecord, listRecords, updateRecord } from '../../store/record-table.ts'
import { type Reservation, reservations, reserveCommands, takeReservationNumber } from '../../store/reservations.ts'
import { evses, stations } from '../../store/stations.ts'
import { setTimer } from '../../store/timers.ts'
import { cancelCommand } from '../charger/finish-command.ts'
import { type QueueCommandDeps, queueCommand } from '../charger/queue-command.ts'
import { refusable } from '../manage/manage-record.ts'
import { type Access, invalid, notFound, type Outcome, ok, type Refusal } from '../manage/outcome.ts'
import { applyFact } from './follow-reservation.ts'

export interface ReservationCreate {
  stationId: string
  evse?: number
  connectorType?: string
  token: IdToken
  groupToken?: IdToken
  /** Now, when left out. */
  from?: string
  until: string
}

export type ReservationDeps = QueueCommandDeps

const longest = 7 * 24 * 3_600_000
/** A station that cannot be reached for this long keeps nothing free. */
const commandTtlMs = 120_000

export function makeReservation(deps: ReservationDeps) {
  return (access: Access, input: ReservationCreate): Promise<Outcome<Reservation>> =>
    refusable(deps, async (trx) => {
      const now = deps.clock.now()
      const from = input.from === undefined || new Date(input.from) < now ? now : new Date(input.from)
      const until = new Date(input.until)
      const refusal = brokenTimes(now, from, until) ?? (await brokenPlace(trx, access, input))
      if (refusal) return refusal
      const station = await getRecord(trx, stations, access, input.stationId)
      if (!station) return notFound
      const { token, groupToken } = input
      const made = await insertRecord(trx, reservations, {
        organization_id: access.organizationId,
        site_id: station.siteId,
        reservation_id: deps.newId(),
        number: await takeReservationNumber(trx, access.organizationId, station.stationId),
        station_id: station.stationId,
        evse_number: input.evse ?? null,
        connector_type: input.connectorType ?? null,
        token: token.value,
        token_kind: token.kind,
        group_token: groupToken?.value ?? null,
        group_token_kind: groupToken?.kind ?? null,
        from_at: from,
        until_at: until,
        state: 'requested',
        created_by: access.actor,
        created_at: now,
        updated_at: now,
      })
      const inside = { ...deps, db: trx }
      if (from > now) await at(trx, access.organizationId, made, 'reservation.begin', from)
      await at(trx, access.organizationId, made, 'reservation.end', until)
      const asked = from > now ? ok(made) : await ask(inside, access, made, until)
      if (asked.kind === 'ok') await log(inside, access, 'created', null, asked.value)
      return asked
    })
}

/** Its end is moved: the station is asked to replace its reservation by one of the same number (OCPP 1.6 5.13, 2.0.1 H01). */
export function extendReservation(deps: ReservationDeps) {
  return (access: Access, id: string, input: { until: string }, version?: number): Promise<Outcome<Reservation>> =>
    refusable(deps, async (trx) => {
      const before = await getRecord(trx, reservations, access, id, 'lock')
      if (!before) return notFound
      if (version !== undefined && before.version !== version) return { kind: 'stale', version: before.version }
      const now = deps.clock.now()
      const until = new Date(input.until)
      if (before.state !== 'requested' && before.state !== 'confirmed') {
        return { kind: 'conflict', message: `The reservation is ${before.state}.` }
      }
      const refusal = brokenTimes(now, before.from, until)
      if (refusal) return refusal
      const inside = { ...deps, db: trx }
      const { organizationId } = access
      const waiting = before.reserveCommandId === null
      const after = waiting
        ? await updateRecord(trx, reservations, organizationId, id, { until_at: until, updated_at: now })
        : await ask(inside, access, before, until)
      const outcome = 'kind' in after ? after : ok(after)
      if (outcome.kind !== 'ok') return outcome
      if (waiting) await at(trx, organizationId, before, 'reservation.end', until)
      await log(inside, access, 'extended', before, outcome.value)
      return outcome
    })
}

export function cancelReservation(deps: ReservationDeps) {
  return (access: Access, id: string): Promise<Outcome<Reservation>> =>
    refusable(deps, async (trx) => {
      const before = await getRecord(trx, reservations, access, id, 'lock')
      if (!before) return notFound
      if (before.state !== 'requested' && before.state !== 'confirmed') {
        return { kind: 'conflict', message: `The reservation is ${before.state}.` }
      }
      const inside = { ...deps, db: trx }
      const { organizationId } = access
      const reason = `Cancelled by ${access.actor}.`
      if (await takeBack(inside, access, before)) {
        const after = await applyFact(inside, organizationId, before, 'cancelled', { reason })
        await log(inside, access, 'cancelled', before, after)
        return ok(after)
      }
      const command = { name: 'cancel_reservation', reservationId: before.number } as const
      const commandId = await send(inside, organizationId, before.stationId, command, access.actor)
      if (typeof commandId !== 'string') return commandId
      const after = await updateRecord(trx, reservations, organizationId, id, {
        cancel_command_id: commandId,
        updated_at: deps.clock.now(),
      })
      await log(inside, access, 'cancelled', before, after)
      return ok(after)
    })
}

/** Task `reservation.begin`: its time has come. */
export function beginReservation(deps: ReservationDeps) {
  return async (of: { organizationId: string; reservationId: string }): Promise<void> => {
    const access = { organizationId: of.organizationId, siteIds: null, actor: 'hub', requestId: 'reservation' }
    const begun = await refusable(deps, async (trx) => {
      const found = await getRecord(trx, reservations, access, of.reservationId, 'lock')
      if (found?.state !== 'requested' || found.reserveCommandId !== null) return notFound
      return ask({ ...deps, db: trx }, access, found, found.until)
    })
    if (begun.kind !== 'forbidden') return
    const found = await getRecord(deps.db, reservations, access, of.reservationId)
    if (found) await applyFact(deps, of.organizationId, found, 'refused', { reason: begun.message })
  }
}

async function ask(
  deps: ReservationDeps,
  access: Access,
  reservation: Reservation,
  until: Date,
): Promise<Outcome<Reservation>> {
  const { number, evseNumber, connectorType, token, tokenKind, groupToken, groupTokenKind } = reservation
  const command: StationCommand = {
    name: 'reserve',
    reservationId: number,
    token: { value: token, kind: tokenKind },
    until: until.toISOString(),
    ...(evseNumber === null ? {} : { evse: evseNumber }),
    ...(connectorType === null ? {} : { connectorType }),
    ...(groupToken === null ? {} : { groupToken: { value: groupToken, kind: groupTokenKind ?? 'central' } }),
  }
  const commandId = await send(deps, access.organizationId, reservation.stationId, command, access.actor)
  if (typeof commandId !== 'string') return commandId
  return ok(
    await updateRecord(deps.db, reservations, access.organizationId, reservation.reservationId, {
      reserve_command_id: commandId,
      asked_until: until,
      updated_at: deps.clock.now(),
    }),
  )
}

async function send(
  deps: ReservationDeps,
  organizationId: string,
  stationId: string,
  command: StationCommand,
  requestedBy: string,
): Promise<string | Refusal> {
  const queued = await queueCommand(deps)({ organizationId, stationId, command, requestedBy, ttlMs: commandTtlMs })
  switch (queued.kind) {
    case 'queued':
      return queued.command.command_id
    case 'no_such_station':
      return notFound
    case 'vetoed':
      return { kind: 'forbidden', message: queued.reason }
  }
}

/** Takes back what waits in the queue; true when the station was told nothing of it. */
async function takeBack(deps: ReservationDeps, access: Access, reservation: Reservation): Promise<boolean> {
  const { organizationId } = access
  const asked = await reserveCommands(deps.db, { ...reservation, organizationId })
  let told = false
  for (const commandId of asked) {
    const cancelled = await cancelCommand(deps, 0)(organizationId, commandId, access.actor)
    if (cancelled.kind === 'too_late' && !never.includes(cancelled.command.state)) told = true
  }
  return !told
}

/** A command in these states did not go out. */
const never: readonly string[] = ['cancelled', 'expired', 'superseded']

function brokenTimes(now: Date, from: Date, until: Date): Refusal | undefined {
  if (until <= now || until <= from) return invalid('/until', 'must be after its beginning and in the future')
  if (until.getTime() - from.getTime() > longest) return invalid('/until', 'is more than 7 days after the beginning')
  return undefined
}

async function brokenPlace(db: Db, access: Access, input: ReservationCreate): Promise<Refusal | undefined> {
  const station = await getRecord(db, stations, access, input.stationId)
  if (!station || station.archivedAt !== null) return invalid('/stationId', 'no such station')
  if (station.admission !== 'accepted') return { kind: 'conflict', message: 'The station has not been accepted.' }
  if (input.evse === undefined) return undefined
  const { items } = await listRecords(db, evses, access, { stationId: input.stationId, limit: 200 })
  return items.some((one) => one.number === input.evse) ? undefined : invalid('/evse', 'the station has no such EVSE')
}

async function at(
  trx: Db,
  organizationId: string,
  { reservationId, siteId }: Reservation,
  kind: 'reservation.begin' | 'reservation.end',
  dueAt: Date,
): Promise<void> {
  const key = `reservation:${reservationId}:${kind === 'reservation.begin' ? 'begin' : 'end'}`
  await setTimer(trx, { organizationId, siteId, kind, key, dueAt, data: { organizationId, reservationId } })
}

async function log(
  deps: ReservationDeps,
  access: Access,
  action: string,
  before: Reservation | null,
  after: Reservation,
): Promise<void> {
  await appendAudit(deps.db, access.organizationId, {
    auditId: deps.newId(),
    siteId: after.siteId,
    at: deps.clock.now(),
    actor: access.actor,
    action: `reservation.${action}`,
    subjectType: 'reservation',
    subjectId: after.reservationId,
    before: before === null ? null : { ...before },
    after: { ...after },
    requestId: access.requestId,
  })
}
