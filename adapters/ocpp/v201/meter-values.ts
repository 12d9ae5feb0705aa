// Owns OCPP 2.x MeterValues (J01): samples outside a transaction.
// Must not attach samples to transactions; inside one they come with TransactionEvent.
import type { OCPP20 } from 'typed-ocpp'
import type { MeterReported } from '../../../core/plugin/index.ts'
import { factMessage } from '../message.ts'
import { smallNumber } from '../whole-number.ts'
import { readSamples } from './sampled-values.ts'

const nothing = Object.freeze({})

export const meterValues = factMessage<MeterReported, OCPP20.MeterValuesRequest>({
  action: 'MeterValues',
  kept: true,
  read: ({ evseId, meterValue }, reading, receivedAt) => ({
    kind: 'meter',
    evse: smallNumber(evseId, 'evseId', reading) ?? 0,
    samples: readSamples(meterValue, reading, receivedAt),
  }),
  reply: (): OCPP20.MeterValuesResponse => nothing,
})
