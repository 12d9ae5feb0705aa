// Owns OCPP 1.6 StopTransaction (4.10): the end of a transaction with its final register and stored samples.
// Must never refuse to close, whoever's tag ends it (T12).
import type { OCPP16 } from 'typed-ocpp'
import type { TransactionReported } from '../../../core/plugin/index.ts'
import { deviceTime } from '../device-time.ts'
import { factMessage } from '../message.ts'
import { idTagInfo, tokenOf } from './id-tag.ts'
import { readSamples } from './sampled-values.ts'
import { meterReading, transactionNumber } from './transaction-number.ts'

const nothing = Object.freeze({})

export const stopTransaction = factMessage<TransactionReported, OCPP16.StopTransactionRequest>({
  action: 'StopTransaction',
  kept: true,
  read(payload, reading, receivedAt) {
    const fact: TransactionReported = {
      kind: 'transaction',
      phase: 'ended',
      name: { by: 'hub', number: transactionNumber(payload.transactionId, reading) },
      time: deviceTime(payload.timestamp, receivedAt, reading.profile.clockZone, reading),
      samples: readSamples(payload.transactionData, reading, receivedAt),
      offline: false,
    }
    const token = tokenOf(payload.idTag, reading)
    if (token !== null) fact.token = token
    const register = meterReading(payload.meterStop, reading)
    if (register !== null) fact.registerWh = register
    // 7.36: an absent reason means Local.
    fact.stopReason = payload.reason ?? 'Local'
    return fact
  },
  reply(outcome, fact, reading): OCPP16.StopTransactionResponse {
    const { authorization } = outcome
    if (fact.token === undefined || authorization === undefined || !reading.served) return nothing
    return { idTagInfo: idTagInfo(authorization, reading) }
  },
})
