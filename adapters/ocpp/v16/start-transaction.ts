// Owns OCPP 1.6 StartTransaction (4.8): the beginning of a transaction, answered with its number whatever it held.
// Must not refuse: a message that cannot be read still gets a number, and its record goes to review.
import type { OCPP16 } from 'typed-ocpp'
import type { TransactionReported } from '../../../core/plugin/index.ts'
import { deviceTime } from '../device-time.ts'
import { factMessage } from '../message.ts'
import { positiveNumber } from '../whole-number.ts'
import { idTagInfo, tokenOf } from './id-tag.ts'
import { meterReading } from './transaction-number.ts'

export const startTransaction = factMessage<TransactionReported, OCPP16.StartTransactionRequest>({
  action: 'StartTransaction',
  kept: true,
  read(payload, reading, receivedAt) {
    const fact: TransactionReported = {
      kind: 'transaction',
      phase: 'started',
      name: { by: 'hub', number: null },
      time: deviceTime(payload.timestamp, receivedAt, reading.profile.clockZone, reading),
      samples: [],
      offline: false,
    }
    const evse = positiveNumber(payload.connectorId, 'connectorId', reading)
    if (evse !== undefined) {
      fact.evse = evse
      fact.connector = 1
    }
    const token = tokenOf(payload.idTag, reading)
    if (token !== null) fact.token = token
    const register = meterReading(payload.meterStart, reading)
    if (register !== null) fact.registerWh = register
    const reservationId = positiveNumber(payload.reservationId, 'reservationId', reading)
    if (reservationId !== undefined) fact.reservationId = reservationId
    return fact
  },
  reply(outcome, fact, reading): OCPP16.StartTransactionResponse {
    const { number, authorization, disposition } = outcome
    if (authorization !== undefined) return { transactionId: number, idTagInfo: idTagInfo(authorization, reading) }
    // No verdict was made: a replay of a stored start goes on; one without a token, or that nobody could read, does not.
    const anonymous = fact.token === undefined && reading.profile.sessionStartPolicy === 'anonymous'
    if (anonymous) reading.profile.used('sessionStartPolicy')
    const goesOn = reading.served && (fact.token !== undefined || anonymous) && disposition !== 'review'
    return { transactionId: number, idTagInfo: { status: goesOn ? 'Accepted' : 'Invalid' } }
  },
})
