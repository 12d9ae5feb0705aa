// Owns the cutting of a session into periods with their energy, and the seconds that each clock shows.
// Must not round energy twice: cumulative energy is rounded at the cuts, so the periods add up to the whole.
import type { SessionPeriod } from '../price.ts'
import type { DerivedSession, PlugState } from './derive-sessions.ts'

/** Energy delivered up to an instant; non-decreasing, in time order. */
export interface EnergyPoint {
  at: Date
  energyWh: number
}

export interface SessionClocks {
  chargingSeconds: number
  suspendedVehicleSeconds: number
  suspendedStationSeconds: number
  /** Plugged after the last energy, the car could not or would not take more, and it was not us who paused it. */
  idleSeconds: number
}

function energyAt(points: readonly EnergyPoint[], at: number): number {
  let before: EnergyPoint | null = null
  for (const point of points) {
    const t = point.at.getTime()
    if (t > at) {
      if (before === null) return 0
      const from = before.at.getTime()
      const share = (at - from) / (t - from)
      return Math.round(before.energyWh + (point.energyWh - before.energyWh) * share)
    }
    before = point
  }
  return before?.energyWh ?? 0
}

/**
 * Periods from plug to `until`. Energy that the points place outside every charging period stays where it was measured:
 * a period of any state may carry energy, the sum is the session's.
 */
export function sessionPeriods(
  timeline: DerivedSession['timeline'],
  until: Date,
  points: readonly EnergyPoint[],
): SessionPeriod[] {
  const total = points.at(-1)?.energyWh ?? 0
  const periods: SessionPeriod[] = []
  let counted = 0
  for (const [i, entry] of timeline.entries()) {
    const next = timeline[i + 1]
    const to = next?.at ?? until
    if (to < entry.at) continue
    const upTo = next === undefined ? total : energyAt(points, to.getTime())
    periods.push({
      from: entry.at.toISOString(),
      to: to.toISOString(),
      state: entry.state satisfies PlugState,
      energyWh: upTo - counted,
    })
    counted = upTo
  }
  return periods
}

export function sessionClocks(periods: readonly SessionPeriod[]): SessionClocks {
  const seconds = (state: PlugState) => periods.reduce((sum, p) => (p.state === state ? sum + spanMs(p) : sum), 0)
  const lastCharging = periods.findLastIndex((p) => p.state === 'charging')
  const idle = periods.reduce(
    (sum, p, i) =>
      i > lastCharging && (p.state === 'finished' || p.state === 'suspended_vehicle') ? sum + spanMs(p) : sum,
    0,
  )
  return {
    chargingSeconds: Math.round(seconds('charging') / 1000),
    suspendedVehicleSeconds: Math.round(seconds('suspended_vehicle') / 1000),
    suspendedStationSeconds: Math.round(seconds('suspended_station') / 1000),
    idleSeconds: Math.round(idle / 1000),
  }
}

function spanMs(period: SessionPeriod): number {
  return Date.parse(period.to) - Date.parse(period.from)
}
