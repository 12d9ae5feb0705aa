// Owns what OCPP 2.x stations tell and ask about charging: limits of others, a car's schedule and needs, reservations that ended.
// Must not plan; the core has the needs and makes profiles.
import type { OCPP20, OCPP21 } from 'typed-ocpp'
import type { InquiryAnswer } from '../../../core/plugin/index.ts'
import type { AnyFactMessage, Loose, Reading } from '../message.ts'
import { smallNumber } from '../whole-number.ts'
import { inquiryMessage } from './inquiry-message.ts'
import { noticeMessage, numberOf } from './notice-message.ts'
import { snakeCase } from './snake-case.ts'

type Needs = NonNullable<OCPP21.NotifyEVChargingNeedsResponse['status']>

export const chargingNotices = [
  noticeMessage<'charging_limit.set', OCPP21.NotifyChargingLimitRequest>({
    action: 'NotifyChargingLimit',
    topic: 'charging_limit.set',
    read: ({ chargingLimit, chargingSchedule, evseId }) => ({
      data: {
        source: snakeCase(chargingLimit?.chargingLimitSource),
        ...(chargingLimit?.isGridCritical === undefined ? {} : { gridCritical: chargingLimit.isGridCritical }),
        schedules: chargingSchedule ?? [],
      },
      evse: evseId,
    }),
  }),
  noticeMessage<'charging_limit.cleared', OCPP21.ClearedChargingLimitRequest>({
    action: 'ClearedChargingLimit',
    topic: 'charging_limit.cleared',
    read: ({ chargingLimitSource, evseId }) => ({ data: { source: snakeCase(chargingLimitSource) }, evse: evseId }),
  }),
  noticeMessage<'ev.schedule', OCPP21.NotifyEVChargingScheduleRequest>({
    action: 'NotifyEVChargingSchedule',
    topic: 'ev.schedule',
    read({ chargingSchedule, selectedChargingScheduleId, timeBase, evseId }, reading) {
      const selected = smallNumber(selectedChargingScheduleId, 'selectedChargingScheduleId', reading)
      return {
        data: { schedule: chargingSchedule ?? null, ...(selected === undefined ? {} : { selectedTuple: selected }) },
        evse: evseId,
        at: timeBase,
      }
    },
    // K17: the hub takes note of the car's plan; it has no reason to refuse one that keeps within the profile.
    answer: { status: 'Accepted' } satisfies OCPP20.NotifyEVChargingScheduleResponse,
  }),
  noticeMessage<'reservation.status', OCPP21.ReservationStatusUpdateRequest>({
    action: 'ReservationStatusUpdate',
    topic: 'reservation.status',
    read: ({ reservationId, reservationUpdateStatus }, reading) => ({
      data: {
        reservationId: numberOf(reservationId, 'reservationId', reading),
        status: snakeCase(reservationUpdateStatus),
      },
    }),
  }),
]

/** PostgreSQL and every consumer can hold years up to 9999. */
const endOfTime = Date.UTC(9999, 11, 31)

type Asked = Loose<OCPP21.NotifyEVChargingNeedsRequest['chargingNeeds']>

/** What of the needs every car tells in some form. */
function common(needs: Asked, reading: Reading) {
  const { departureTime, requestedEnergyTransfer, acChargingParameters: ac, dcChargingParameters: dc } = needs
  const wanted = ac?.energyAmount ?? dc?.energyAmount ?? needs.v2xChargingParameters?.evTargetEnergyRequest
  const energyWh = smallNumber(wanted === undefined ? undefined : Math.round(wanted), 'energyAmount', reading)
  const departure = Date.parse(departureTime ?? '')
  return {
    // The instant lies ahead: it says nothing about the device's clock.
    ...(departure > 0 && departure < endOfTime ? { departureAt: new Date(departure).toISOString() } : {}),
    ...(energyWh === undefined ? {} : { energyWh }),
    ...(requestedEnergyTransfer === undefined ? {} : { transfer: snakeCase(requestedEnergyTransfer) }),
  }
}

/** @param noProfile 2.0.1 has no word of its own for it */
export function chargingNeeds(noProfile: Needs): AnyFactMessage {
  const statuses: Readonly<Record<InquiryAnswer<'ev.needs'>['status'], Needs>> = {
    accepted: 'Accepted',
    rejected: 'Rejected',
    processing: 'Processing',
    no_profile: noProfile,
  }
  return inquiryMessage<'ev.needs', OCPP21.NotifyEVChargingNeedsRequest>({
    action: 'NotifyEVChargingNeeds',
    topic: 'ev.needs',
    read({ chargingNeeds: needs, maxScheduleTuples, evseId, timestamp }, reading) {
      const tuples = smallNumber(maxScheduleTuples, 'maxScheduleTuples', reading)
      return {
        ask: {
          needs: { ...needs },
          ...(tuples === undefined ? {} : { maxScheduleTuples: tuples }),
          ...common(needs ?? {}, reading),
        },
        evse: evseId,
        at: timestamp,
      }
    },
    reply: ({ status }) => ({ status: statuses[status] }),
    refuse: () => ({ status: 'Rejected' }),
  })
}
