// Owns the OCPP 1.6 form of a neutral charging profile, and what 1.6 cannot carry, named by its field.
// Must not choose a purpose, unit or stack level; the commands do.
import type { OCPP16 } from 'typed-ocpp'
import type {
  ChargingProfile,
  ChargingSchedule,
  CommandReply,
  ProfilePurpose,
  SchedulePeriod,
} from '../../../core/plugin/index.ts'
import { refused } from '../command.ts'
import type { StationProfile } from '../profile.ts'
import { instantText, noInstant } from './instant-text.ts'

export type ChargingProfile16 = OCPP16.SetChargingProfileRequest['csChargingProfiles']
type Schedule16 = ChargingProfile16['chargingSchedule']

/** 7.9 ChargingProfilePurposeType has three. */
export const purposes = {
  station_max: 'ChargePointMaxProfile',
  default: 'TxDefaultProfile',
  transaction: 'TxProfile',
} as const satisfies Partial<Record<ProfilePurpose, ChargingProfile16['chargingProfilePurpose']>>

export function purposeOf(purpose: ProfilePurpose): ChargingProfile16['chargingProfilePurpose'] | undefined {
  return Object.hasOwn(purposes, purpose) ? purposes[purpose as keyof typeof purposes] : undefined
}

const kinds = {
  absolute: { chargingProfileKind: 'Absolute' },
  daily: { chargingProfileKind: 'Recurring', recurrencyKind: 'Daily' },
  weekly: { chargingProfileKind: 'Recurring', recurrencyKind: 'Weekly' },
  relative: { chargingProfileKind: 'Relative' },
} as const

/** Limits go out in tenths, never above what was asked (X8); the small part undoes what floating point took. */
export const tenthsDown = (value: number) => Math.floor(value * 10 + 1e-6) / 10

class NotCarried extends Error {}

function no(why: string): never {
  throw new NotCarried(why)
}

/** The profile as 1.6 carries it, or the reply that says why it cannot be sent to this station. */
export function toProfile16(
  profile: ChargingProfile,
  station: StationProfile,
): { carried: ChargingProfile16 } | { ended: CommandReply } {
  if (!station.allowedPurposes.includes(profile.purpose)) {
    return { ended: { kind: 'unsupported', reason: `purpose: this model takes no ${profile.purpose} profile` } }
  }
  try {
    return { carried: translate(profile, station) }
  } catch (cause) {
    if (cause instanceof NotCarried) return { ended: refused(cause.message) }
    throw cause
  }
}

function translate(profile: ChargingProfile, station: StationProfile): ChargingProfile16 {
  const { profileId, stackLevel, purpose, kind, validFrom, validUntil, schedules } = profile
  const chargingProfilePurpose = purposeOf(purpose) ?? no(`purpose: OCPP 1.6 has no ${purpose} profile`)
  if (kind === 'dynamic') no('kind: OCPP 1.6 has no dynamic profile')
  if (profile.updateIntervalSeconds !== undefined) no('updateIntervalSeconds: OCPP 1.6 has no dynamic profile')
  if (profile.maxOfflineSeconds !== undefined) no('maxOfflineSeconds: OCPP 1.6 does not carry it')
  const [schedule] = schedules
  if (schedule === undefined || schedules.length > 1) no(`schedules: OCPP 1.6 carries one, not ${schedules.length}`)
  if (stackLevel < station.minStack || stackLevel > (station.maxStack ?? stackLevel)) {
    no(`stackLevel: this model takes ${station.minStack} to ${station.maxStack ?? 'any'}, not ${stackLevel}`)
  }
  const carried: ChargingProfile16 = {
    chargingProfileId: profileId,
    stackLevel,
    chargingProfilePurpose,
    ...kinds[kind],
    chargingSchedule: translateSchedule(schedule, kind === 'relative', station),
  }
  if (validFrom !== undefined) carried.validFrom = instant('validFrom', validFrom, station)
  if (validUntil !== undefined) carried.validTo = instant('validUntil', validUntil, station)
  return carried
}

function instant(field: string, text: string, station: StationProfile): string {
  return instantText(text, station) ?? no(noInstant(field, text))
}

function translateSchedule(schedule: ChargingSchedule, relative: boolean, station: StationProfile): Schedule16 {
  const { unit, startAt, durationSeconds, minRate, periods } = schedule
  if (station.limitUnit !== 'any' && station.limitUnit !== unit) no(`schedules[0].unit: this model takes no ${unit}`)
  if (periods.length === 0) no('schedules[0].periods: at least one is needed')
  if (periods[0]?.startSeconds !== 0) no('schedules[0].periods[0].startSeconds: the first period begins at 0')
  const carried: Schedule16 = {
    chargingRateUnit: unit,
    chargingSchedulePeriod: periods.map((period, index) => translatePeriod(period, index)),
  }
  if (durationSeconds !== undefined) carried.duration = durationSeconds
  if (minRate !== undefined) carried.minChargingRate = tenthsDown(minRate)
  // 7.13: a schedule without its start is taken from the start of charging, which is what relative means.
  if (relative) {
    if (startAt !== undefined) no('schedules[0].startAt: a relative profile has none')
  } else if (startAt === undefined) no('schedules[0].startAt: only a relative profile goes without')
  else carried.startSchedule = instant('schedules[0].startAt', startAt, station)
  return carried
}

const foreign = [
  'phaseToUse',
  'dischargeLimit',
  'setpoint',
  'operationMode',
] as const satisfies (keyof SchedulePeriod)[]

function translatePeriod(period: SchedulePeriod, index: number): Schedule16['chargingSchedulePeriod'][number] {
  const field = `schedules[0].periods[${index}]`
  for (const name of foreign) if (period[name] !== undefined) no(`${field}.${name}: OCPP 1.6 does not carry it`)
  const { startSeconds, limit, phases } = period
  if (limit === undefined || !(limit >= 0)) no(`${field}.limit: OCPP 1.6 needs a limit of at least 0`)
  const carried: Schedule16['chargingSchedulePeriod'][number] = { startPeriod: startSeconds, limit: tenthsDown(limit) }
  if (phases !== undefined) carried.numberPhases = phases
  return carried
}
