// Owns how long a session was idle for the purpose of the idle fee, and how much of that lies in quiet hours.
// Must not count time in which the station held the energy back, nor time before anything was authorised.
import { localSegments, type SessionPeriod } from '../../core/plugin/index.ts'
import type { ChargingRules } from './rules.ts'

/** @param periods in order of time */
export function countedIdle(
  periods: readonly SessionPeriod[],
  zone: string,
  rule: NonNullable<ChargingRules['idle']>,
): { idleMs: number; quietMs: number } {
  const lastCharging = periods.findLastIndex((period) => period.state === 'charging')
  const quiet = rule.quietHours ?? []
  let idleMs = 0
  let quietMs = 0
  for (const [i, period] of periods.entries()) {
    if (period.state !== 'suspended_vehicle' && period.state !== 'finished') continue
    if (rule.counts !== 'everyPause' && i < lastCharging) continue
    const from = Date.parse(period.from)
    const to = Date.parse(period.to)
    idleMs += to - from
    if (quiet.length === 0) continue
    for (const segment of localSegments(from, to, zone, quiet)) {
      if (segment.window !== -1) quietMs += segment.to - segment.from
    }
  }
  return { idleMs, quietMs }
}
