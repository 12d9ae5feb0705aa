// Owns SecurityEventNotification of the 1.6 security extension: something happened that an auditor wants to know.
// Must not judge an event; new types pass.
import type { OCPP16 } from 'typed-ocpp'
import type { StationNotice } from '../../../core/plugin/index.ts'
import { deviceTime } from '../device-time.ts'
import { factMessage } from '../message.ts'

type SecurityEvent = Extract<StationNotice, { topic: 'security.event' }>

export const securityEventNotification = factMessage<SecurityEvent, OCPP16.SecurityEventNotificationRequest>({
  action: 'SecurityEventNotification',
  // The station forgets it once it is answered, and an audit trail must not lose it to a missing field or a failing store.
  kept: true,
  read: ({ type, timestamp, techInfo }, reading, receivedAt) => ({
    kind: 'notice',
    topic: 'security.event',
    data: techInfo === undefined ? { type: type ?? 'unknown' } : { type: type ?? 'unknown', info: techInfo },
    time: deviceTime(timestamp, receivedAt, reading.profile.clockZone, reading),
  }),
  reply: (): OCPP16.SecurityEventNotificationResponse => ({}),
})
