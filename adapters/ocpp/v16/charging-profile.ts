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
import type { AppliedProfile } from '../profile.ts'
import { instantText, noInstant } from './instant-text.ts'

export type ChargingProfile16 = OCPP16.SetChargingProfileRequest['csChargingProfiles']
type Schedule16 = ChargingProfile16['chargingSchedule']

/** 7.10 ChargingProfilePurposeType has three. */
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

/** The profile as 1.6 carries it, or the reply that says why it cannot be sent to this station. */
export function toProfile16(
  profile: ChargingProfile,
  station: AppliedProfile,
): { carried: ChargingProfile16 } | { ended: CommandReply } {
  if (!station.allowedPurposes.includes(profile.purpose)) {
    station.used('allowedPurposes')
    return { ended: { kind: 'unsupported', reason: `purpose: this model takes no ${profile.purpose} profile` } }
  }
  const carried = translate(profile, station)
  return typeof carried === 'string' ? { ended: refused(carried) } : { carried }
}

/** Like each of the following: the translation, or which field cannot be carried and why. */
function translate(profile: ChargingProfile, station: AppliedProfile): ChargingProfile16 | string {
  const { profileId, stackLevel, purpose, kind, validFrom, validUntil, schedules } = profile
  const chargingProfilePurpose = purposeOf(purpose)
  if (chargingProfilePurpose === undefined) return `purpose: OCPP 1.6 has no ${purpose} profile`
  if (kind === 'dynamic') return 'kind: OCPP 1.6 has no dynamic profile'
  if (profile.updateIntervalSeconds !== undefined) return 'updateIntervalSeconds: OCPP 1.6 has no dynamic profile'
  if (profile.maxOfflineSeconds !== undefined) return 'maxOfflineSeconds: OCPP 1.6 does not carry it'
  const [schedule] = schedules
  if (schedule === undefined || schedules.length > 1) return `schedules: OCPP 1.6 carries one, not ${schedules.length}`
  if (stackLevel < station.minStack) station.used('minStack')
  else if (stackLevel > (station.maxStack ?? stackLevel)) station.used('maxStack')
  if (stackLevel < station.minStack || stackLevel > (station.maxStack ?? stackLevel)) {
    return `stackLevel: this model takes ${station.minStack} to ${station.maxStack ?? 'any'}, not ${stackLevel}`
  }
  const chargingSchedule = translateSchedule(schedule, kind === 'relative', station)
  if (typeof chargingSchedule === 'string') return chargingSchedule
  const carried: ChargingProfile16 = {
    chargingProfileId: profileId,
    stackLevel,
    chargingProfilePurpose,
    ...kinds[kind],
    chargingSchedule,
  }
  if (validFrom !== undefined) {
    const from = instantText(validFrom, station)
    if (from === null) return noInstant('validFrom', validFrom)
    carried.validFrom = from
  }
  if (validUntil !== undefined) {
    const to = instantText(validUntil, station)
    if (to === null) return noInstant('validUntil', validUntil)
    carried.validTo = to
  }
  return carried
}

function translateSchedule(
  schedule: ChargingSchedule,
  relative: boolean,
  station: AppliedProfile,
): Schedule16 | string {
  const { unit, startAt, durationSeconds, minRate, periods } = schedule
  if (station.limitUnit !== 'any' && station.limitUnit !== unit) {
    station.used('limitUnit')
    return `schedules[0].unit: this model takes no ${unit}`
  }
  if (periods.length === 0) return 'schedules[0].periods: at least one is needed'
  if (periods[0]?.startSeconds !== 0) return 'schedules[0].periods[0].startSeconds: the first period begins at 0'
  const chargingSchedulePeriod: Schedule16['chargingSchedulePeriod'] = []
  for (const [index, period] of periods.entries()) {
    const translated = translatePeriod(period, `schedules[0].periods[${index}]`)
    if (typeof translated === 'string') return translated
    chargingSchedulePeriod.push(translated)
  }
  const carried: Schedule16 = { chargingRateUnit: unit, chargingSchedulePeriod }
  if (durationSeconds !== undefined) carried.duration = durationSeconds
  if (minRate !== undefined) carried.minChargingRate = tenthsDown(minRate)
  // 7.13: a schedule without its start is taken from the start of charging, which is what relative means.
  if (relative) return startAt === undefined ? carried : 'schedules[0].startAt: a relative profile has none'
  if (startAt === undefined) return 'schedules[0].startAt: only a relative profile goes without'
  const startSchedule = instantText(startAt, station)
  return startSchedule === null ? noInstant('schedules[0].startAt', startAt) : { ...carried, startSchedule }
}

const foreign = [
  'phaseToUse',
  'dischargeLimit',
  'setpoint',
  'operationMode',
] as const satisfies (keyof SchedulePeriod)[]

function translatePeriod(period: SchedulePeriod, field: string): Schedule16['chargingSchedulePeriod'][number] | string {
  for (const name of foreign) if (period[name] !== undefined) return `${field}.${name}: OCPP 1.6 does not carry it`
  const { startSeconds, limit, phases } = period
  if (limit === undefined || !(limit >= 0)) return `${field}.limit: OCPP 1.6 needs a limit of at least 0`
  const carried: Schedule16['chargingSchedulePeriod'][number] = { startPeriod: startSeconds, limit: tenthsDown(limit) }
  if (phases !== undefined) carried.numberPhases = phases
  return carried
}
