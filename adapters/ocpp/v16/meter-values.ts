// Owns OCPP 1.6 MeterValues (4.7): samples of a connector, inside or outside a transaction.
// Must not attach samples to transactions; the core does, with what the message says.
import type { OCPP16 } from 'typed-ocpp'
import type { MeterReported } from '../../../core/plugin/index.ts'
import { factMessage } from '../message.ts'
import { smallNumber } from '../whole-number.ts'
import { readSamples } from './sampled-values.ts'
import { transactionNumber } from './transaction-number.ts'

const nothing = Object.freeze({})

export const meterValues = factMessage<MeterReported, OCPP16.MeterValuesRequest>({
  action: 'MeterValues',
  kept: true,
  read(payload, reading, receivedAt) {
    const { connectorId, transactionId } = payload
    const fact: MeterReported = {
      kind: 'meter',
      evse: smallNumber(connectorId, 'connectorId', reading) ?? 0,
      samples: readSamples(payload.meterValue, reading, receivedAt),
    }
    if (fact.evse > 0) fact.connector = 1
    if (transactionId === undefined) return fact
    // A sum over all connectors belongs to none of their transactions (M18).
    if (connectorId === 0 && reading.profile.connectorZeroIsSum) reading.profile.used('connectorZeroIsSum')
    else fact.name = { by: 'hub', number: transactionNumber(transactionId, reading) }
    return fact
  },
  reply: (): OCPP16.MeterValuesResponse => nothing,
})
