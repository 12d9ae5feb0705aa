// Owns the answers to what stations ask with content: one handler for each topic, the question and the answer kept as one row.
// Must not call the outside without a deadline: the station's other messages wait meanwhile.
import { holdsCardNumber, withoutCardNumbersIn } from '../../domain/card-number.ts'
import type { InquiryAnswer, InquiryTopic, StationInquiry } from '../../domain/station-inquiry.ts'
import { noticeEffect, noticeOfContent } from '../../store/notice-effects.ts'
import type { ChargerDeps } from './charger-deps.ts'
import type { InquiryHandler } from './inquiry-handlers.ts'
import type { StationState } from './station-state.ts'
import { addEvent, inStation, type StationWork } from './station-work.ts'

/** What a station may tell again after it was answered, and must not count twice. */
function contentKeyOf({ topic, ask }: StationInquiry): string | null {
  if (topic !== 'payment.settled') return null
  const { pspRef, transaction, receiptId, status, amount, at } = ask
  // Its clock may have been set right since: where there is a receipt, the time of day says nothing.
  const receipt =
    receiptId && !holdsCardNumber(receiptId, 'identifier') ? `receipt/${receiptId}/${at.slice(0, 10)}` : at
  return JSON.stringify([topic, pspRef, transaction ?? null, status, amount, pspRef === '' ? receipt : null])
}

export async function reduceInquiry(
  deps: ChargerDeps,
  station: StationState,
  work: StationWork,
  fact: StationInquiry,
): Promise<InquiryAnswer<InquiryTopic>> {
  const noticeId = deps.newId()
  const { topic, ask, evse = null, time } = fact
  const contentKey = contentKeyOf(fact)
  const place = inStation(station)
  if (contentKey !== null) {
    const known = await noticeOfContent(deps.pool, { ...place, content_key: contentKey })
    if (known !== undefined) return known as InquiryAnswer<InquiryTopic>
  }
  const handle = deps.inquiries[topic] as InquiryHandler<InquiryTopic>
  const answer = await handle(ask, { station, work, evse, at: time.at, noticeId })
  // Vendors' own words are no identifiers: a terminal's may hold a card number in any field.
  const data = withoutCardNumbersIn(ask, topic === 'data_transfer' ? 'text' : 'identifier')
  work.effects.push(
    noticeEffect.notice({
      ...place,
      notice_id: noticeId,
      topic,
      evse_number: evse,
      at: time.at,
      device_at: time.device,
      received_at: work.receivedAt,
      request_id: (ask as { requestId?: number }).requestId ?? null,
      sequence: null,
      data,
      answer,
      content_key: contentKey,
    }),
  )
  const stationId = station.record.station_id
  addEvent(deps, station, work, {
    type: 'station.notice',
    subject: { type: 'station', id: stationId },
    occurredAt: time.at,
    data: { stationId, noticeId, topic, evse, data: data as Record<string, unknown> },
  })
  return answer
}
