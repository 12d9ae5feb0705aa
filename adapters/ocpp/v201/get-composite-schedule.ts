// Owns OCPP 2.x GetCompositeSchedule (K08): what all profiles come to, as the station computes it.
// Must not be believed: stations get it wrong (S15); it is told on as a hint.
import type { OCPP21 } from 'typed-ocpp'
import type { SchedulePeriod } from '../../../core/plugin/index.ts'
import type { CommandSteps } from '../command.ts'
import type { Loose } from '../message.ts'
import { askAndTell } from './said.ts'
import type { Translator2 } from './words.ts'

type Response = OCPP21.GetCompositeScheduleResponse
type Period = NonNullable<Response['schedule']>['chargingSchedulePeriod'][number]

function neutralPeriod(sent: Loose<Period>): Record<string, unknown> {
  const period: { [K in keyof SchedulePeriod]?: unknown } = {
    startSeconds: sent.startPeriod ?? 0,
    limit: sent.limit,
    phases: sent.numberPhases,
    phaseToUse: sent.phaseToUse,
    dischargeLimit: sent.dischargeLimit,
    setpoint: sent.setpoint,
    operationMode: sent.operationMode,
  }
  return Object.fromEntries(Object.entries(period).filter(([, value]) => value !== undefined))
}

export const readSchedule: Translator2<'read_schedule'> = function* ({ evse, durationSeconds, unit }): CommandSteps {
  const request: OCPP21.GetCompositeScheduleRequest = { evseId: evse ?? 0, duration: durationSeconds }
  if (unit !== undefined) request.chargingRateUnit = unit
  return yield* askAndTell<typeof request, Response>('GetCompositeSchedule', request, {
    Accepted: ({ schedule }) => ({
      unit: schedule?.chargingRateUnit,
      startAt: schedule?.scheduleStart,
      durationSeconds: schedule?.duration,
      periods: (schedule?.chargingSchedulePeriod ?? []).map(neutralPeriod),
    }),
  })
}
