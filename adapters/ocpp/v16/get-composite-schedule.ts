// Owns OCPP 1.6 GetCompositeSchedule (5.7): what the station makes of all its profiles; a hint, no proof (S15).
// Must not combine schedules itself.
import type { OCPP16 } from 'typed-ocpp'
import { ask, type CommandSteps, refused, type Translator } from '../command.ts'

export const readSchedule: Translator<'read_schedule'> = function* ({ evse, durationSeconds, unit }): CommandSteps {
  const request: OCPP16.GetCompositeScheduleRequest = { connectorId: evse ?? 0, duration: durationSeconds }
  if (unit !== undefined) request.chargingRateUnit = unit
  const said = yield* ask<OCPP16.GetCompositeScheduleRequest, OCPP16.GetCompositeScheduleResponse>(
    'GetCompositeSchedule',
    request,
  )
  if ('ended' in said) return said.ended
  const { status, scheduleStart, chargingSchedule } = said.answer
  if (status !== 'Accepted') return refused(status ?? 'the answer holds no status')
  if (chargingSchedule === undefined) return refused('the answer holds no schedule')
  const { chargingRateUnit, startSchedule, duration, chargingSchedulePeriod } = chargingSchedule
  const periods: Record<string, number>[] = []
  for (const { startPeriod, limit, numberPhases } of chargingSchedulePeriod ?? []) {
    if (startPeriod === undefined || limit === undefined) continue
    periods.push({ startSeconds: startPeriod, limit, ...(numberPhases === undefined ? {} : { phases: numberPhases }) })
  }
  const startAt = scheduleStart ?? startSchedule
  const answeredUnit = chargingRateUnit ?? unit
  const result = {
    ...(answeredUnit === undefined ? {} : { unit: answeredUnit }),
    ...(startAt === undefined ? {} : { startAt }),
    durationSeconds: duration ?? durationSeconds,
    periods,
  }
  return { kind: 'accepted', result }
}
