// Owns OCPP 2.x Heartbeat (G02): the time, at once.
// Must not wait for storage; a heartbeat changes nothing.
import type { OCPP20 } from 'typed-ocpp'
import { replyTime } from '../device-time.ts'
import { notice } from '../message.ts'

export const heartbeat = notice<OCPP20.HeartbeatRequest>({
  action: 'Heartbeat',
  immediate: true,
  reply: (_payload, reading): OCPP20.HeartbeatResponse => ({
    currentTime: replyTime(reading.now(), reading.profile),
  }),
})
