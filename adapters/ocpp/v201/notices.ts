// Owns the OCPP 2.0.1 messages that are answered validly and kept in the journal.
// Must not act on them.
import type { OCPP20 } from 'typed-ocpp'
import { acknowledged, declined } from '../message.ts'

export const notices = [
  acknowledged('ClearedChargingLimit'),
  acknowledged('FirmwareStatusNotification'),
  acknowledged('LogStatusNotification'),
  acknowledged('NotifyChargingLimit'),
  acknowledged('NotifyCustomerInformation'),
  acknowledged('NotifyDisplayMessages'),
  acknowledged('NotifyEvent'),
  acknowledged('NotifyMonitoringReport'),
  acknowledged('NotifyReport'),
  acknowledged('PublishFirmwareStatusNotification'),
  acknowledged('ReportChargingProfiles'),
  acknowledged('ReservationStatusUpdate'),
  acknowledged('SecurityEventNotification'),
  declined('NotifyEVChargingNeeds', { status: 'Rejected' } satisfies OCPP20.NotifyEVChargingNeedsResponse),
  declined('NotifyEVChargingSchedule', { status: 'Accepted' } satisfies OCPP20.NotifyEVChargingScheduleResponse),
  declined('SignCertificate', { status: 'Rejected' } satisfies OCPP20.SignCertificateResponse),
  declined('GetCertificateStatus', { status: 'Failed' } satisfies OCPP20.GetCertificateStatusResponse),
  declined('Get15118EVCertificate', {
    status: 'Failed',
    exiResponse: '',
  } satisfies OCPP20.Get15118EVCertificateResponse),
]
