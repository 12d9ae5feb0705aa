// Owns what charging profiles allow at an instant, and the composite schedule that follows (1.6 section 5.7, 2.x K08).
// Must not answer messages.
import { type Core, list, part } from './core.ts'
import type { Payload } from './options.ts'
import type { Evse, StoredProfile } from './state.ts'

const volts = 230
const station: ReadonlySet<string> = new Set([
  'ChargePointMaxProfile',
  'ChargingStationMaxProfile',
  'ChargingStationExternalConstraints',
])

const wattsOf = (limit: number, unit: unknown, phases: unknown) =>
  unit === 'A' ? limit * volts * (typeof phases === 'number' ? phases : 3) : limit

const ms = (text: unknown) => (typeof text === 'string' ? Date.parse(text) : Number.NaN)

/** The limit of one profile at an instant; undefined where it says nothing. */
function profileW({ profile }: StoredProfile, at: Date, startedAt: Date | null): number | undefined {
  if (ms(profile.validFrom) > at.getTime() || ms(profile.validTo) <= at.getTime()) return undefined
  const schedule = schedulesOf(profile)[0]
  if (schedule === undefined) return undefined
  const start =
    profile.chargingProfileKind === 'Relative' || Number.isNaN(ms(schedule.startSchedule))
      ? (startedAt?.getTime() ?? at.getTime())
      : ms(schedule.startSchedule)
  let offset = (at.getTime() - start) / 1000
  if (profile.chargingProfileKind === 'Recurring') {
    const span = profile.recurrencyKind === 'Weekly' ? 7 * 86_400 : 86_400
    offset = ((offset % span) + span) % span
  }
  if (offset < 0 || offset >= Number(schedule.duration ?? Number.POSITIVE_INFINITY)) return undefined
  const period = list(schedule.chargingSchedulePeriod).findLast((one) => Number(one.startPeriod) <= offset)
  return typeof period?.limit === 'number'
    ? wattsOf(period.limit, schedule.chargingRateUnit, period.numberPhases)
    : undefined
}

export function schedulesOf(profile: Payload): Payload[] {
  const schedule = profile.chargingSchedule
  return Array.isArray(schedule) ? (schedule as Payload[]) : schedule === undefined ? [] : [part(schedule)]
}

/** Watts that the EVSE may take; undefined without a limit. */
export function limitW(core: Core, evse: Evse | null, at: Date): number | undefined {
  const best = (fits: (purpose: string, stored: StoredProfile) => boolean) => {
    const fitting = core.state.profiles.filter((one) => fits(String(one.profile.chargingProfilePurpose), one))
    const byLevel = fitting.sort((a, b) => Number(b.profile.stackLevel) - Number(a.profile.stackLevel))
    for (const one of byLevel) {
      const watts = profileW(one, at, evse?.transaction?.startedAt ?? null)
      if (watts !== undefined) return watts
    }
    return undefined
  }
  const here = (one: StoredProfile) => one.evse === 0 || one.evse === evse?.id
  const transaction = evse?.transaction ? best((purpose, one) => purpose === 'TxProfile' && here(one)) : undefined
  const limits = [
    best((purpose) => station.has(purpose)),
    transaction ?? best((purpose, one) => purpose === 'TxDefaultProfile' && here(one)),
  ].filter((each) => each !== undefined)
  return limits.length === 0 ? undefined : Math.min(...limits)
}

/** The limits of the coming seconds, one period per change. */
export function compositePeriods(core: Core, evse: Evse | null, seconds: number, unit: 'A' | 'W', maxW: number) {
  const now = core.now()
  const marks = new Set([0])
  for (const { profile } of core.state.profiles) {
    const mark = (at: number) => {
      const offset = Math.ceil((at - now.getTime()) / 1000)
      if (offset > 0 && offset < seconds) marks.add(offset)
    }
    for (const time of [profile.validFrom, profile.validTo]) mark(ms(time))
    for (const schedule of schedulesOf(profile)) {
      const start = ms(schedule.startSchedule)
      const from = Number.isNaN(start) ? (evse?.transaction?.startedAt.getTime() ?? now.getTime()) : start
      for (const period of list(schedule.chargingSchedulePeriod)) mark(from + Number(period.startPeriod) * 1000)
      mark(from + Number(schedule.duration ?? Number.NaN) * 1000)
    }
  }
  const periods: { startPeriod: number; limit: number }[] = []
  for (const startPeriod of [...marks].sort((a, b) => a - b)) {
    const watts = limitW(core, evse, new Date(now.getTime() + startPeriod * 1000)) ?? maxW
    const limit = unit === 'W' ? watts : Math.round((watts / volts / 3) * 10) / 10
    if (periods.at(-1)?.limit !== limit) periods.push({ startPeriod, limit })
  }
  return periods
}
