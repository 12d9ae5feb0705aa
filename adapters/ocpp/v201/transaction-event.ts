// Owns OCPP 2.x TransactionEvent (E01-E15): every step of a transaction, answered whatever it held.
// Must not order events or fill gaps; the core has the sequence numbers.
import type { OCPP20 } from 'typed-ocpp'
import type { ChargingState, TransactionReported, TransactionTerms } from '../../../core/plugin/index.ts'
import { deviceTime } from '../device-time.ts'
import { factMessage, type Loose, type Reading } from '../message.ts'
import { positiveNumber, smallNumber } from '../whole-number.ts'
import { idTokenInfo, tokenOf } from './id-token.ts'
import { readSamples, registerAt } from './sampled-values.ts'
import type { Words } from './words.ts'

type Request = OCPP20.TransactionEventRequest

const phases = new Map<string, TransactionReported['phase']>([
  ['Started', 'started'],
  ['Updated', 'updated'],
  ['Ended', 'ended'],
])

const chargingStates = new Map<string, ChargingState>([
  ['Charging', 'charging'],
  ['EVConnected', 'vehicle_connected'],
  ['SuspendedEV', 'suspended_vehicle'],
  ['SuspendedEVSE', 'suspended_station'],
  ['Idle', 'idle'],
])

const nothing = Object.freeze({})

/** An unreadable event type is told from the rest: only an end has a stop reason, and the first event has number 0. */
function phaseOf(
  { eventType, seqNo, transactionInfo }: Loose<Request>,
  reading: Reading,
): TransactionReported['phase'] {
  const phase = phases.get(eventType ?? '')
  if (phase !== undefined) return phase
  reading.note('T15', `eventType ${eventType}`)
  if (transactionInfo?.stoppedReason !== undefined) return 'ended'
  return seqNo === 0 ? 'started' : 'updated'
}

/** @param termsOf what a later version tells beside; 2.0.1 has none of it */
export const transactionEventIn = (
  words: Words,
  termsOf: (sent: object, reading: Reading) => TransactionTerms | undefined = () => undefined,
) =>
  factMessage<TransactionReported, Request>({
    action: 'TransactionEvent',
    kept: true,
    read(payload, reading, receivedAt) {
      const { evse, idToken, transactionInfo, triggerReason } = payload
      const seqNo = smallNumber(payload.seqNo, 'seqNo', reading)
      const phase = phaseOf(payload, reading)
      const samples = readSamples(payload.meterValue, reading, receivedAt)
      const fact: TransactionReported = {
        kind: 'transaction',
        phase,
        name: { by: 'station', ref: transactionInfo?.transactionId ?? '' },
        time: deviceTime(payload.timestamp, receivedAt, reading.profile.clockZone, reading),
        samples,
        offline: payload.offline ?? false,
      }
      if (seqNo === undefined) reading.note('T15', 'no seqNo')
      else {
        fact.sequence = seqNo
        if (seqNo === 0 && phase !== 'started') reading.note('X5')
      }
      const evseId = positiveNumber(evse?.id, 'evse', reading)
      if (evseId !== undefined) {
        fact.evse = evseId
        const connector = positiveNumber(evse?.connectorId, 'connectorId', reading)
        if (connector !== undefined) fact.connector = connector
        else reading.note('T16')
      }
      const token = tokenOf(idToken, reading)
      if (token !== null) fact.token = token
      if (phase !== 'updated') {
        const register = registerAt(samples, phase)
        if (register !== undefined) fact.registerWh = register
      }
      if (triggerReason !== undefined) fact.trigger = triggerReason
      const state = chargingStates.get(transactionInfo?.chargingState ?? '')
      if (state !== undefined) fact.chargingState = state
      // 2.0.1 TransactionType: an absent reason at the end means Local.
      if (phase === 'ended') fact.stopReason = transactionInfo?.stoppedReason ?? 'Local'
      const remoteStartId = smallNumber(transactionInfo?.remoteStartId, 'remoteStartId', reading)
      if (remoteStartId !== undefined) fact.remoteStartId = remoteStartId
      const reservationId = positiveNumber(payload.reservationId, 'reservationId', reading)
      if (reservationId !== undefined) fact.reservationId = reservationId
      const terms = termsOf(payload, reading)
      if (terms !== undefined) fact.terms = terms
      return fact
    },
    reply(outcome, fact, reading): OCPP20.TransactionEventResponse {
      const { authorization, disposition } = outcome
      // E01.FR.12: the verdict on a token belongs into the answer to the event that presented it.
      if (fact.token === undefined) return nothing
      if (authorization !== undefined) return { idTokenInfo: idTokenInfo(authorization, reading, words) }
      return { idTokenInfo: { status: reading.served && disposition !== 'review' ? 'Accepted' : 'Invalid' } }
    },
  })
