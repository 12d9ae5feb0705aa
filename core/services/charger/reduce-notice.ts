// Owns what a notice leaves behind: its row, its event, and what its topic changes besides.
// Must not answer with content; inquiries do.
import { withoutCardNumbersIn } from '../../domain/card-number.ts'
import { withoutSecretValue } from '../../domain/secret-setting.ts'
import type { NoticeData, NoticeOutcome, NoticeTopic, StationNotice } from '../../domain/station-notice.ts'
import { effect } from '../../store/charger-effects.ts'
import { noticeEffect } from '../../store/notice-effects.ts'
import type { ChargerDeps } from './charger-deps.ts'
import { campaignJob } from './command-followers.ts'
import { deviceVariables } from './device-variables.ts'
import type { StationState } from './station-state.ts'
import { addEvent, inStation, type StationWork } from './station-work.ts'

/** What a topic changes beside its own row, in the same commit. */
export type NoticeReducer<T extends NoticeTopic> = (
  deps: ChargerDeps,
  station: StationState,
  work: StationWork,
  data: NoticeData[T],
  notice: { noticeId: string; evse: number | null; at: Date },
) => void

const follow: NoticeReducer<'firmware.status' | 'publish_firmware.status' | 'log.status' | 'report.part'> = (
  { settings: _ },
  station,
  work,
  data,
  { noticeId },
) => {
  const { organization_id, station_id } = station.record
  work.effects.push(
    effect.job({
      task: 'command.follow',
      payload: { organizationId: organization_id, stationId: station_id, noticeId, requestId: data.requestId ?? null },
      queue: `command:${station_id}`,
    }),
  )
}

const campaigns: NoticeReducer<'firmware.status'> = (_deps, station, work) => {
  const { organization_id, station_id } = station.record
  work.effects.push(effect.job(campaignJob(organization_id, station_id)))
}

const reservations: NoticeReducer<'reservation.status'> = (_deps, station, work, { reservationId, status }) => {
  const { organization_id, station_id } = station.record
  work.effects.push(
    effect.job({
      task: 'reservation.follow',
      payload: { organizationId: organization_id, stationId: station_id, number: reservationId, status },
      queue: `reservation:${station_id}`,
    }),
  )
}

const reducers: { [T in NoticeTopic]?: readonly NoticeReducer<T>[] } = {
  'firmware.status': [follow, campaigns],
  'reservation.status': [reservations],
  'publish_firmware.status': [follow],
  'log.status': [follow],
  'report.part': [deviceVariables, follow],
}

export function reduceNotice(
  deps: ChargerDeps,
  station: StationState,
  work: StationWork,
  fact: StationNotice,
): NoticeOutcome {
  const noticeId = deps.newId()
  const { topic, evse = null, time } = fact
  const told =
    fact.topic === 'report.part' ? { ...fact.data, items: fact.data.items.map(withoutSecretValue) } : fact.data
  // Before anything is made of it: the row, the event and what a report leaves are all kept.
  const data = withoutCardNumbersIn(told) as typeof told
  const parts = data as { requestId?: number; sequence?: number }
  work.effects.push(
    noticeEffect.notice({
      ...inStation(station),
      notice_id: noticeId,
      topic,
      evse_number: evse,
      at: time.at,
      device_at: time.device,
      received_at: work.receivedAt,
      request_id: parts.requestId ?? null,
      sequence: parts.sequence ?? null,
      data,
      answer: null,
      content_key: null,
    }),
  )
  // A report may have hundreds of parts; the command that asked for it tells its end once.
  if (topic !== 'report.part' && topic !== 'stream.values') {
    const stationId = station.record.station_id
    addEvent(deps, station, work, {
      type: 'station.notice',
      subject: { type: 'station', id: stationId },
      occurredAt: time.at,
      data: { stationId, noticeId, topic, evse, data: data as unknown as Record<string, unknown> },
    })
  }
  for (const reduce of reducers[topic] ?? []) {
    ;(reduce as NoticeReducer<NoticeTopic>)(deps, station, work, data, { noticeId, evse, at: time.at })
  }
  return { noticeId }
}
