// Owns the neutral charging profile in the form of OCPP 2.x, and what 2.0.1 cannot carry of it.
// Must not pick a purpose or unit; limit.ts does for the plain word.
import type { OCPP20, OCPP21 } from 'typed-ocpp'
import type { ChargingProfile, ChargingSchedule, CommandReply, SchedulePeriod } from '../../../core/plugin/index.ts'
import { lacks, type Words } from './words.ts'

type Profile = OCPP21.SetChargingProfileRequest['chargingProfile']
type Schedule = Profile['chargingSchedule'][number]
type Period = Schedule['chargingSchedulePeriod'][number]

/** Stations refuse more than one decimal (X8). Down: never more than was allowed; towards zero where it is given back. */
export function tenths(value: number): number {
  return (value < 0 ? Math.ceil(value * 10) : Math.floor(value * 10)) / 10
}

const kinds = {
  absolute: { chargingProfileKind: 'Absolute' },
  relative: { chargingProfileKind: 'Relative' },
  daily: { chargingProfileKind: 'Recurring', recurrencyKind: 'Daily' },
  weekly: { chargingProfileKind: 'Recurring', recurrencyKind: 'Weekly' },
  dynamic: { chargingProfileKind: 'Dynamic' },
} as const satisfies Record<ChargingProfile['kind'], Partial<Profile>>

function periodType(period: SchedulePeriod): Period {
  const { startSeconds, limit, phases, phaseToUse, dischargeLimit, setpoint, operationMode } = period
  const made: Period = { startPeriod: startSeconds }
  if (limit !== undefined) made.limit = tenths(limit)
  if (phases !== undefined) made.numberPhases = phases
  if (phaseToUse !== undefined) made.phaseToUse = phaseToUse
  if (dischargeLimit !== undefined) made.dischargeLimit = tenths(dischargeLimit)
  if (setpoint !== undefined) made.setpoint = tenths(setpoint)
  if (operationMode !== undefined) made.operationMode = operationMode as NonNullable<Period['operationMode']>
  return made
}

function scheduleType(schedule: ChargingSchedule, index: number): Schedule {
  const { unit, startAt, durationSeconds, minRate, periods } = schedule
  const made: Schedule = {
    id: index + 1,
    chargingRateUnit: unit,
    chargingSchedulePeriod: periods.map(periodType) as Schedule['chargingSchedulePeriod'],
  }
  if (startAt !== undefined) made.startSchedule = startAt
  if (durationSeconds !== undefined) made.duration = durationSeconds
  if (minRate !== undefined) made.minChargingRate = tenths(minRate)
  return made
}

/** What 2.0.1 has no field for, by its neutral name. */
function beyond201({ kind, updateIntervalSeconds, maxOfflineSeconds, schedules }: ChargingProfile): string | null {
  if (kind === 'dynamic') return 'profile.kind dynamic'
  if (updateIntervalSeconds !== undefined) return 'profile.updateIntervalSeconds'
  if (maxOfflineSeconds !== undefined) return 'profile.maxOfflineSeconds'
  for (const { limit, dischargeLimit, setpoint, operationMode } of schedules.flatMap(({ periods }) => periods)) {
    if (dischargeLimit !== undefined) return 'dischargeLimit in a period'
    if (setpoint !== undefined) return 'setpoint in a period'
    if (operationMode !== undefined) return 'operationMode in a period'
    if (limit === undefined) return 'period without limit'
  }
  return null
}

/** @param transactionId only for a profile of a transaction that the station has named */
export function profileType(
  profile: ChargingProfile,
  words: Words,
  transactionId?: string,
): { profile: OCPP20.SetChargingProfileRequest['chargingProfile'] } | { ended: CommandReply } {
  const purpose = words.purposes[profile.purpose]
  if (purpose === undefined) return { ended: lacks(words, `profile.purpose ${profile.purpose}`) }
  const beyond = words.bidirectional ? null : beyond201(profile)
  if (beyond !== null) return { ended: lacks(words, beyond) }
  const made: Profile = {
    id: profile.profileId,
    stackLevel: profile.stackLevel,
    chargingProfilePurpose: purpose,
    ...kinds[profile.kind],
    chargingSchedule: profile.schedules.map(scheduleType) as Profile['chargingSchedule'],
  }
  if (profile.validFrom !== undefined) made.validFrom = profile.validFrom
  if (profile.validUntil !== undefined) made.validTo = profile.validUntil
  if (transactionId !== undefined) made.transactionId = transactionId
  if (profile.updateIntervalSeconds !== undefined) made.dynUpdateInterval = profile.updateIntervalSeconds
  if (profile.maxOfflineSeconds !== undefined) made.maxOfflineDuration = profile.maxOfflineSeconds
  // 2.0.1's type is the narrower one; the words and the check above keep a 2.0.1 profile within it.
  return { profile: made as OCPP20.SetChargingProfileRequest['chargingProfile'] }
}
