// Owns when a session was idle for the purpose of the idle fee, and what of it lies in quiet hours.
// Must not count time in which the station held the energy back, nor time before anything was authorised.
import { localSegments, type SessionPeriod } from '../../core/plugin/index.ts'
import type { ChargingPrices } from './rules.ts'
import type { Stretch } from './stay-days.ts'

type IdleRule = NonNullable<ChargingPrices['idle']>

/** @param periods in order of time */
export function idlePeriods(periods: readonly SessionPeriod[], counts: IdleRule['counts']): Stretch[] {
  const lastCharging = periods.findLastIndex((period) => period.state === 'charging')
  return periods
    .filter(({ state }, i) => {
      if (state !== 'suspended_vehicle' && state !== 'finished') return false
      return counts === 'everyPause' || i >= lastCharging
    })
    .map(({ from, to }) => ({ from: Date.parse(from), to: Date.parse(to) }))
}

/** @returns the idle time that counts, in order, and how much lies in quiet hours */
export function countedIdle(
  periods: readonly SessionPeriod[],
  zone: string,
  rule: IdleRule,
): { stretches: Stretch[]; idleMs: number; quietMs: number } {
  const idle = idlePeriods(periods, rule.counts)
  const stretches = idle.flatMap(({ from, to }) =>
    localSegments(from, to, zone, rule.quietHours ?? []).filter((segment) => segment.window === -1),
  )
  const lengthOf = (all: readonly Stretch[]) => all.reduce((sum, { from, to }) => sum + to - from, 0)
  const idleMs = lengthOf(idle)
  return { stretches, idleMs, quietMs: idleMs - lengthOf(stretches) }
}
