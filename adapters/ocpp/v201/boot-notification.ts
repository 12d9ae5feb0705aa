// Owns OCPP 2.x BootNotification (B01-B04): who the station is, and whether it is admitted.
// Must not admit; the core's outcome says so.
import type { OCPP20 } from 'typed-ocpp'
import type { BootOutcome, StationBooted } from '../../../core/plugin/index.ts'
import { replyTime } from '../device-time.ts'
import { factMessage } from '../message.ts'

const statuses = { accepted: 'Accepted', pending: 'Pending', rejected: 'Rejected' } as const satisfies Record<
  BootOutcome['admission'],
  OCPP20.BootNotificationResponse['status']
>

export const bootNotification = factMessage<StationBooted, OCPP20.BootNotificationRequest>({
  action: 'BootNotification',
  kept: false,
  read({ chargingStation, reason }) {
    const fact: StationBooted = {
      kind: 'station.booted',
      vendor: chargingStation?.vendorName ?? '',
      model: chargingStation?.model ?? '',
    }
    if (chargingStation?.serialNumber !== undefined) fact.serial = chargingStation.serialNumber
    if (chargingStation?.firmwareVersion !== undefined) fact.firmware = chargingStation.firmwareVersion
    if (reason !== undefined) fact.reason = reason
    return fact
  },
  reply: (outcome, _fact, reading): OCPP20.BootNotificationResponse => ({
    status: statuses[outcome.admission],
    currentTime: replyTime(reading.now(), reading.profile),
    interval: outcome.intervalSeconds,
  }),
})
