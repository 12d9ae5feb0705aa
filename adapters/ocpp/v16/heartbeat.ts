// Owns OCPP 1.6 Heartbeat (4.6): the time, at once.
// Must not wait for storage; a heartbeat changes nothing.
import type { OCPP16 } from 'typed-ocpp'
import { replyTime } from '../device-time.ts'
import { notice } from '../message.ts'

export const heartbeat = notice<OCPP16.HeartbeatRequest>({
  action: 'Heartbeat',
  immediate: true,
  reply: (_payload, reading): OCPP16.HeartbeatResponse => ({
    currentTime: replyTime(reading.now(), reading.profile),
  }),
})
