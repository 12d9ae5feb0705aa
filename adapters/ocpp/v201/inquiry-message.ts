// Owns the frame of messages that ask: an inquiry of one topic in, its answer out, the polite no while a station is not served.
// Must not know any topic.
import type { Inquiries, InquiryAnswer, InquiryTopic, StationInquiry } from '../../../core/plugin/index.ts'
import { bounded } from '../bounded.ts'
import { type AnyFactMessage, factMessage, type Loose, type Reading } from '../message.ts'
import { type Placed, placed } from './placed.ts'

interface Asked<T extends InquiryTopic> extends Placed {
  ask: Inquiries[T]['ask']
}

interface InquiryMessage<T extends InquiryTopic, P> {
  action: string
  topic: T
  read(payload: Loose<P>, reading: Reading, receivedAt: Date): Asked<T>
  reply(answer: InquiryAnswer<T>, ask: Inquiries[T]['ask'], evse: number | undefined, reading: Reading): object
  /** To a station that waits for approval or was rejected. */
  refuse(ask: Inquiries[T]['ask'], reading: Reading): object
}

export function inquiryMessage<T extends InquiryTopic, P>({
  action,
  topic,
  read,
  reply,
  refuse,
}: InquiryMessage<T, P>): AnyFactMessage {
  return factMessage<StationInquiry, P>({
    action,
    kept: false,
    read(payload, reading, receivedAt) {
      const { ask, ...where } = read(payload, reading, receivedAt)
      return { kind: 'inquiry', topic, ask: bounded(ask), ...placed(where, reading, receivedAt) } as StationInquiry
    },
    reply(outcome, fact, reading) {
      const ask = fact.ask as Inquiries[T]['ask']
      return reading.served ? reply(outcome as InquiryAnswer<T>, ask, fact.evse, reading) : refuse(ask, reading)
    },
  })
}

/** Why not, for StatusInfoType: a code of at most 20 characters and 512 of text. */
export function because(reason: string | undefined): { statusInfo?: { reasonCode: string; additionalInfo: string } } {
  if (reason === undefined || reason === '') return {}
  return { statusInfo: { reasonCode: 'Unspecified', additionalInfo: reason.slice(0, 512) } }
}
