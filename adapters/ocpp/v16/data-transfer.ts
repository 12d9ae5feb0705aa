// Owns OCPP 1.6 DataTransfer (4.3): no vendor extension is known yet, and the answer says so.
// Must not interpret vendor data.
import type { OCPP16 } from 'typed-ocpp'
import { notice } from '../message.ts'

export const dataTransfer = notice<OCPP16.DataTransferRequest>({
  action: 'DataTransfer',
  reply: (): OCPP16.DataTransferResponse => ({ status: 'UnknownVendorId' }),
})
