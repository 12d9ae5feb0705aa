// Owns the frame of messages that only tell: a notice of one topic in, an empty answer out.
// Must not know any topic.
import type { NoticeData, NoticeTopic, StationNotice } from '../../../core/plugin/index.ts'
import { deviceTime } from '../device-time.ts'
import { type AnyFactMessage, factMessage, type Loose, type Reading } from '../message.ts'
import { smallNumber } from '../whole-number.ts'
import { bounded } from './bounded.ts'

const nothing = Object.freeze({})

interface Told<T extends NoticeTopic> {
  data: NoticeData[T]
  evse?: number | undefined
  /** When it happened, as the station wrote it. */
  at?: string | undefined
}

interface NoticeMessage<T extends NoticeTopic, P> {
  action: string
  topic: T
  read(payload: Loose<P>, reading: Reading, receivedAt: Date): Told<T>
  answer?: object
}

export function noticeMessage<T extends NoticeTopic, P>({
  action,
  topic,
  read,
  answer = nothing,
}: NoticeMessage<T, P>): AnyFactMessage {
  return factMessage<StationNotice, P>({
    action,
    kept: false,
    read(payload, reading, receivedAt) {
      const { data, evse, at } = read(payload, reading, receivedAt)
      const time = deviceTime(at, receivedAt, reading.profile.clockZone, reading)
      const place = smallNumber(evse, 'evseId', reading)
      return {
        kind: 'notice',
        topic,
        data: bounded(data),
        ...(place === undefined ? {} : { evse: place }),
        time,
      } as StationNotice
    },
    reply: () => answer,
  })
}

/** Numbers that the records hold: 0 where the station sent none that could be one. */
export function numberOf(value: number | undefined, field: string, reading: Reading): number {
  return smallNumber(value, field, reading) ?? 0
}
