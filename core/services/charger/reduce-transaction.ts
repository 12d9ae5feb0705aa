// Owns what the beginning, progress and end of a transaction change, for numbered (1.6) and self-named (2.x) ones alike.
// Must never refuse one: what does not fit is kept with its reason for review.
import type { Authorization, TransactionOutcome, TransactionReported } from '../../domain/charger-fact.ts'
import { isPayment } from '../../domain/credential/index.ts'
import { effect } from '../../store/charger-effects.ts'
import type { ChargerDeps } from './charger-deps.ts'
import { countTrait } from './count-deviation.ts'
import { matchRemoteStart } from './match-remote-start.ts'
import { addSamples } from './reduce-meter.ts'
import { addEvse, reduceStatus } from './reduce-status.ts'
import { allTransactions, resolveTransaction } from './resolve-transaction.ts'
import { settleSessions } from './settle-sessions.ts'
import { endedAt, endNotBeforeStart, fillStart, startTransaction } from './start-transaction.ts'
import { evseOf, type StationState, type TransactionState } from './station-state.ts'
import { addReview, inStation, type StationWork } from './station-work.ts'

export async function reduceTransaction(
  deps: ChargerDeps,
  station: StationState,
  work: StationWork,
  fact: TransactionReported,
): Promise<TransactionOutcome> {
  const found = fact.phase === 'started' ? null : await findOrPlace(deps, station, work, fact)
  const start = fact.phase === 'started' ? await startTransaction(deps, station, work, fact) : null
  const transaction = start?.transaction ?? found?.transaction ?? null
  if (transaction === null) return unmatched(deps, station, work, fact)
  const evse = evseOf(station, transaction.row.evse_number)
  if (evse.evseId === null) addEvse(deps, station, work, evse.number)
  const repeat = (start?.repeat ?? false) || isRepeat(transaction, fact)
  const touched = new Set<TransactionState>([transaction])
  const authorization = await authoriseOnce(deps, transaction, fact, work.receivedAt)
  addEventRow(station, work, transaction, fact)
  addStates(transaction, fact)
  if (fact.phase === 'ended') endTransaction(deps, station, work, transaction, fact)
  addSamples(station, work, evse.number, transaction, samplesOf(fact))
  if (fact.time.at > transaction.lastSeenAt) transaction.lastSeenAt = fact.time.at
  noteSequence(transaction, fact)
  noteTerms(transaction, fact)
  await settleSessions(deps, station, evse, work, touched, new Set([transaction]))
  if (!repeat) tellCostLater(deps, station, work, transaction)
  if (!repeat) matchRemoteStart(deps, station, work, transaction)
  if (fact.reservationId !== undefined) noteReservation(station, work, transaction, fact.reservationId)
  if (station.record.traits.statusWithoutNotification === true)
    await inferStatus(deps, station, work, transaction, fact)
  return {
    number: transaction.row.number ?? 0,
    disposition: repeat ? 'repeat' : 'new',
    ...(authorization === undefined ? {} : { authorization }),
  }
}

/** Events come late and out of order: what is newest stands, and older ones fill what it left out. */
function noteTerms(transaction: TransactionState, { terms, time }: TransactionReported): void {
  if (terms === undefined) return
  const { row } = transaction
  const at = time.at.toISOString()
  const known = row.terms
  const merged =
    known === null ? { at, ...terms } : known.at <= at ? { ...known, ...terms, at } : { ...terms, ...known }
  transaction.row = { ...row, terms: merged }
}

/** Who pays at the terminal sees there what it comes to, and the terminal takes that much. */
function tellCostLater(
  { settings }: ChargerDeps,
  station: StationState,
  work: StationWork,
  { row: { transaction_id: transactionId, id_token_kind: kind, station_ref: ref } }: TransactionState,
): void {
  if (ref === null || !isPayment({ kind })) return
  const { organization_id: organizationId, station_id: stationId } = station.record
  const key = `cost:${transactionId}`
  const payload = { organizationId, stationId, transactionId }
  work.effects.push(
    effect.job({
      task: 'terminal.cost',
      payload,
      key,
      queue: key,
      delayMs: settings.settleAfterMs,
      delayFrom: 'first',
    }),
  )
}

/** 2.x may name it in every event of the transaction; one look is enough. */
function noteReservation(
  station: StationState,
  work: StationWork,
  { row: { transaction_id } }: TransactionState,
  number: number,
): void {
  const { organization_id, station_id } = station.record
  work.effects.push(
    effect.job({
      task: 'reservation.follow',
      payload: { organizationId: organization_id, stationId: station_id, number, transactionId: transaction_id },
      queue: `reservation:${station_id}`,
      key: `reservation:${transaction_id}`,
    }),
  )
}

/** A station that never tells its state: charging from the start of a transaction, available from its end. */
async function inferStatus(
  deps: ChargerDeps,
  station: StationState,
  work: StationWork,
  { row }: TransactionState,
  fact: TransactionReported,
): Promise<void> {
  if (fact.phase === 'updated') return
  const { disposition } = await reduceStatus(deps, station, work, {
    kind: 'connector.status',
    evse: row.evse_number,
    connector: row.connector_number,
    status: fact.phase === 'started' ? 'charging' : 'available',
    rawStatus: '',
    time: fact.time,
  })
  if (disposition === 'new') countTrait(station, work, 'statusWithoutNotification')
}

/** 2.x events may come before their Started (out of order, or it was lost): the transaction begins with what there is. */
async function findOrPlace(
  deps: ChargerDeps,
  station: StationState,
  work: StationWork,
  fact: TransactionReported,
): Promise<{ transaction: TransactionState } | null> {
  const found =
    (await resolveTransaction(deps, station, fact.name, fact.time.at, fact.evse ?? 0)) ?? matchStop(station, fact)
  if (found !== null) {
    fillStart(station, found, fact)
    return { transaction: found }
  }
  if (fact.name.by === 'hub') return null
  const placed = await startTransaction(deps, station, work, fact)
  return { transaction: placed.transaction }
}

/** A stop without a usable id (T1, T2, T12): the open transaction with that card, else the only one open. */
function matchStop(station: StationState, fact: TransactionReported): TransactionState | null {
  if (fact.phase !== 'ended' || fact.name.by !== 'hub') return null
  const open = allTransactions(station).filter((t) => t.row.state === 'open' && t.row.started_at <= fact.time.at)
  const sameCard = open.filter((t) => fact.token !== undefined && t.row.id_token === fact.token.value)
  if (sameCard.length === 1) return sameCard[0] ?? null
  return open.length === 1 ? (open[0] ?? null) : null
}

/** The stop is answered and kept; its start may still come (T8), and a person sees it either way. */
function unmatched(
  deps: ChargerDeps,
  station: StationState,
  work: StationWork,
  fact: TransactionReported,
): TransactionOutcome {
  addSamples(station, work, fact.evse ?? 0, null, fact.samples)
  addReview(deps, station, work, {
    contentKey: `stop:${fact.time.at.toISOString()}:${fact.registerWh ?? ''}:${fact.token?.value ?? ''}`,
    kind: 'stop_unmatched',
    reason: 'The charger stopped a transaction that the hub does not know; nothing is billed until it is matched.',
    data: { fact },
    at: fact.time.at,
  })
  return { number: 0, disposition: 'review' }
}

function isRepeat(transaction: TransactionState, fact: TransactionReported): boolean {
  const { row } = transaction
  if (fact.phase === 'ended') {
    return row.state === 'ended' && !isEstimated(row.flags) && endedAt(row, fact.time.at)
  }
  return false
}

const ours: readonly string[] = ['end_estimated', 'orphan_closed']
const isEstimated = (flags: readonly string[]) => flags.some((f) => ours.includes(f))

/** Begin and end registers are samples like any other, so that every sum is made from one list. */
function samplesOf(fact: TransactionReported): TransactionReported['samples'] {
  if (fact.registerWh === undefined || fact.registerWh < 0) return fact.samples
  const context = fact.phase === 'started' ? 'begin' : fact.phase === 'ended' ? 'end' : 'other'
  return [...fact.samples, { time: fact.time, context, registerWh: fact.registerWh }]
}

function addEventRow(
  station: StationState,
  work: StationWork,
  transaction: TransactionState,
  fact: TransactionReported,
): void {
  work.effects.push(
    effect.transactionEvent({
      ...inStation(station),
      transaction_id: transaction.row.transaction_id,
      event_key: `${fact.phase}:${fact.sequence ?? ''}:${fact.time.at.toISOString()}`,
      kind: fact.phase,
      sequence: fact.sequence ?? null,
      at: fact.time.at,
      device_at: fact.time.device,
      received_at: work.receivedAt,
      trigger: fact.trigger ?? null,
      charging_state: fact.chargingState ?? null,
      stop_reason: fact.stopReason ?? null,
      id_token: fact.token?.value ?? null,
      register_wh: fact.registerWh ?? null,
      offline: fact.offline,
    }),
  )
}

function addStates(transaction: TransactionState, fact: TransactionReported): void {
  const { chargingState } = fact
  if (chargingState === undefined) return
  const at = fact.time.at
  if (transaction.states.some((s) => s.at.getTime() === at.getTime() && s.state === chargingState)) return
  transaction.states.push({ at, state: chargingState })
}

/** Sequence gaps are noted on the transaction; stations that always say 0 (X5) raise none. */
function noteSequence(transaction: TransactionState, fact: TransactionReported): void {
  if (fact.sequence === undefined) return
  const { row } = transaction
  const highest = row.highest_sequence
  transaction.row = { ...row, highest_sequence: highest === null ? fact.sequence : Math.max(highest, fact.sequence) }
}

/**
 * Who pays is asked once per transaction, with the first card seen in it. Facts behind their time may bring an earlier
 * card: then that one counts, so that the order of arrival does not matter.
 */
async function authoriseOnce(
  deps: ChargerDeps,
  transaction: TransactionState,
  fact: TransactionReported,
  receivedAt: Date,
): Promise<Authorization | undefined> {
  const { token } = fact
  if (token === undefined || token.value === '') return undefined
  const { row } = transaction
  const first = row.id_token === null || fact.phase === 'started'
  const authorization = await deps.authorise({
    organizationId: row.organization_id,
    siteId: row.site_id,
    stationId: row.station_id,
    token,
    evse: row.evse_number,
    at: fact.time.at,
    receivedAt,
    ...(isOver(fact, receivedAt) ? { places: 'settled' } : {}),
  })
  // A card that only ends a transaction is not the one who pays for it (T12).
  if (!first || (fact.phase === 'ended' && row.number !== null)) return authorization
  transaction.row = {
    ...transaction.row,
    id_token: token.value,
    id_token_kind: token.kind,
    authorization_status: authorization.status,
    account_id: authorization.accountId ?? null,
    credential_id: authorization.credentialId ?? null,
    vehicle_id: authorization.vehicleId ?? null,
    flags: authorization.status === 'accepted' ? row.flags : withFlag(row.flags, 'not_authorized'),
  }
  return authorization
}

/** Reports that come this late tell of what the station allowed by itself. */
const longAgoMs = 5 * 60_000

function isOver({ phase, offline, time }: TransactionReported, receivedAt: Date): boolean {
  return phase === 'ended' || offline || receivedAt.getTime() - time.at.getTime() > longAgoMs
}

/** Closed all the same (T12); where the operator wants to know, a person looks at it. */
function noteOtherCard(
  deps: ChargerDeps,
  station: StationState,
  work: StationWork,
  row: TransactionState['row'],
  { token, time }: TransactionReported,
): void {
  if (station.record.traits.acceptStopTagMismatch !== false || token === undefined || row.id_token === null) return
  if (token.value.toLowerCase() === row.id_token.toLowerCase()) return
  countTrait(station, work, 'acceptStopTagMismatch')
  addReview(deps, station, work, {
    contentKey: `stop_tag:${row.transaction_id}`,
    kind: 'stop_tag_mismatch',
    reason: 'The transaction was stopped with another card than it was started with.',
    data: { started: row.id_token, stopped: token.value },
    subjectType: 'ocpp_transaction',
    subjectId: row.transaction_id,
    at: time.at,
  })
}

function withFlag(flags: readonly string[], flag: string): readonly string[] {
  return flags.includes(flag) ? flags : [...flags, flag]
}

/** The first real end stands; an end that we had guessed gives way to it; a second, different one is for review. */
function endTransaction(
  deps: ChargerDeps,
  station: StationState,
  work: StationWork,
  transaction: TransactionState,
  fact: TransactionReported,
): void {
  const { row } = transaction
  if (row.state === 'ended' && !isEstimated(row.flags)) {
    if (!endedAt(row, fact.time.at)) {
      addReview(deps, station, work, {
        contentKey: `stop2:${row.transaction_id}:${fact.time.at.toISOString()}`,
        kind: 'stop_conflict',
        reason: 'The charger ended the same transaction twice with different times; the first end stands.',
        data: { fact },
        subjectType: 'ocpp_transaction',
        subjectId: row.transaction_id,
        at: fact.time.at,
      })
    }
    return
  }
  noteOtherCard(deps, station, work, row, fact)
  const missing = fact.registerWh === undefined || fact.registerWh < 0
  const flags = row.flags.filter((f) => !ours.includes(f))
  transaction.row = endNotBeforeStart({
    ...row,
    state: 'ended',
    ended_at: fact.time.at,
    end_received_at: work.receivedAt,
    meter_stop_wh: missing ? null : (fact.registerWh ?? null),
    stop_reason: fact.stopReason ?? null,
    flags: missing && row.number !== null ? withFlag(flags, 'meter_stop_missing') : flags,
  })
}
