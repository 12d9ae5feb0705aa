// Owns where and when a message of OCPP 2.x says that something was, in the neutral words of notices and inquiries.
// Must not know what it was.
import type { DeviceTime } from '../../../core/plugin/index.ts'
import { deviceTime } from '../device-time.ts'
import type { Reading } from '../message.ts'
import { smallNumber } from '../whole-number.ts'

export interface Placed {
  evse?: number | undefined
  /** When it happened, as the station wrote it. */
  at?: string | undefined
}

export function placed({ evse, at }: Placed, reading: Reading, receivedAt: Date): { evse?: number; time: DeviceTime } {
  const time = deviceTime(at, receivedAt, reading.profile.clockZone, reading)
  const place = smallNumber(evse, 'evseId', reading)
  return place === undefined ? { time } : { evse: place, time }
}
