// Owns the answers to what stations ask with content: one handler for each topic, the question and the answer kept as one row.
// Must not call the outside without a deadline: the station's other messages wait meanwhile.
import type { InquiryAnswer, InquiryTopic, StationInquiry } from '../../domain/station-inquiry.ts'
import { noticeEffect } from '../../store/notice-effects.ts'
import type { ChargerDeps } from './charger-deps.ts'
import type { InquiryHandler } from './inquiry-handlers.ts'
import type { StationState } from './station-state.ts'
import { addEvent, inStation, type StationWork } from './station-work.ts'

export async function reduceInquiry(
  deps: ChargerDeps,
  station: StationState,
  work: StationWork,
  fact: StationInquiry,
): Promise<InquiryAnswer<InquiryTopic>> {
  const noticeId = deps.newId()
  const { topic, ask, evse = null, time } = fact
  const handle = deps.inquiries[topic] as InquiryHandler<InquiryTopic>
  const answer = await handle(ask, { station, work, evse, at: time.at, noticeId })
  work.effects.push(
    noticeEffect.notice({
      ...inStation(station),
      notice_id: noticeId,
      topic,
      evse_number: evse,
      at: time.at,
      device_at: time.device,
      received_at: work.receivedAt,
      request_id: (ask as { requestId?: number }).requestId ?? null,
      sequence: null,
      data: ask,
      answer,
    }),
  )
  const stationId = station.record.station_id
  addEvent(deps, station, work, {
    type: 'station.notice',
    subject: { type: 'station', id: stationId },
    occurredAt: time.at,
    data: { stationId, noticeId, topic, evse, data: ask as unknown as Record<string, unknown> },
  })
  return answer
}
