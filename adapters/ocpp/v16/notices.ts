// Owns the OCPP 1.6 messages, security whitepaper included, that are acknowledged and kept in the journal.
// Must not act on them.
import type { OCPP16 } from 'typed-ocpp'
import { acknowledged, declined } from '../message.ts'

export const notices = [
  acknowledged('DiagnosticsStatusNotification'),
  acknowledged('FirmwareStatusNotification'),
  acknowledged('SecurityEventNotification'),
  acknowledged('LogStatusNotification'),
  acknowledged('SignedFirmwareStatusNotification'),
  declined('SignCertificate', { status: 'Rejected' } satisfies OCPP16.SignCertificateResponse),
]
