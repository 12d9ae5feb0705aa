// Owns OCPP 1.6 BootNotification (4.2): who the station is, and whether it is admitted.
// Must not admit; the core's outcome says so.
import type { OCPP16 } from 'typed-ocpp'
import type { BootOutcome, StationBooted } from '../../../core/plugin/index.ts'
import { replyTime } from '../device-time.ts'
import { factMessage } from '../message.ts'

const statuses = { accepted: 'Accepted', pending: 'Pending', rejected: 'Rejected' } as const satisfies Record<
  BootOutcome['admission'],
  OCPP16.BootNotificationResponse['status']
>

export const bootNotification = factMessage<StationBooted, OCPP16.BootNotificationRequest>({
  action: 'BootNotification',
  kept: false,
  read(payload) {
    const fact: StationBooted = {
      kind: 'station.booted',
      vendor: payload.chargePointVendor ?? '',
      model: payload.chargePointModel ?? '',
    }
    const serial = payload.chargePointSerialNumber ?? payload.chargeBoxSerialNumber
    if (serial !== undefined) fact.serial = serial
    if (payload.firmwareVersion !== undefined) fact.firmware = payload.firmwareVersion
    return fact
  },
  reply: (outcome, _fact, reading): OCPP16.BootNotificationResponse => ({
    status: statuses[outcome.admission],
    currentTime: replyTime(reading.now(), reading.profile),
    interval: outcome.intervalSeconds,
  }),
})
