// Owns OCPP 2.0.1 DataTransfer (P02): no vendor extension is known yet, and the answer says so.
// Must not interpret vendor data.
import type { OCPP20 } from 'typed-ocpp'
import { notice } from '../message.ts'

export const dataTransfer = notice<OCPP20.DataTransferRequest>({
  action: 'DataTransfer',
  reply: (): OCPP20.DataTransferResponse => ({ status: 'UnknownVendorId' }),
})
