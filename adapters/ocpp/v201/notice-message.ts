// Owns the frame of messages that only tell: a notice of one topic in, an empty answer out.
// Must not know any topic.
import type { NoticeData, NoticeTopic, StationNotice } from '../../../core/plugin/index.ts'
import { bounded } from '../bounded.ts'
import { type AnyFactMessage, factMessage, type Loose, type Reading } from '../message.ts'
import { smallNumber } from '../whole-number.ts'
import { type Placed, placed } from './placed.ts'

const nothing = Object.freeze({})

interface Told<T extends NoticeTopic> extends Placed {
  data: NoticeData[T]
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
      const { data, ...where } = read(payload, reading, receivedAt)
      return { kind: 'notice', topic, data: bounded(data), ...placed(where, reading, receivedAt) } as StationNotice
    },
    reply: () => answer,
  })
}

/** Numbers that the records hold: 0 where the station sent none that could be one. */
export function numberOf(value: number | undefined, field: string, reading: Reading): number {
  return smallNumber(value, field, reading) ?? 0
}
