// Owns which time of a stay costs no parking because the car was charging, or because the idle fee runs instead.
// Must not price either.
import type { PricedSession } from '../../core/plugin/index.ts'
import { idlePeriods } from './idle-time.ts'
import { durationText } from './line.ts'
import type { TimeOff } from './parking-rate.ts'
import type { ParkingRules } from './rules.ts'
import type { Stretch } from './stay-days.ts'

export function timeOff(
  rules: ParkingRules,
  sessions: readonly PricedSession[],
  enteredAt: number,
  exitedAt: number,
): TimeOff {
  const rule = rules.charging
  if (rule === undefined || sessions.length === 0) return { stretches: [], notes: [] }
  const notes: string[] = []
  const free: Stretch[] = []
  if (rule.freeMinutes !== undefined) {
    const charging = merged(
      sessions.flatMap((session) => chargingOf(session, rule.counts)),
      enteredAt,
      exitedAt,
    )
    let left = rule.freeMinutes * 60_000
    for (const { from, to } of charging) {
      const ms = Math.min(to - from, left)
      if (ms <= 0) break
      free.push({ from, to: from + ms })
      left -= ms
    }
    const taken = rule.freeMinutes * 60_000 - left
    if (taken > 0) notes.push(`${durationText(taken)} at the charger are free (at most ${rule.freeMinutes} minutes).`)
  }
  const idle = rule.idleReplacesParking
    ? merged(
        sessions.flatMap((session) => idlePeriods(session.periods, 'afterCharging')),
        enteredAt,
        exitedAt,
      )
    : []
  const idleMs = idle.reduce((sum, { from, to }) => sum + to - from, 0)
  if (idleMs > 0) notes.push(`${durationText(idleMs)} after the car was full are charged as idle time, not as parking.`)
  return { stretches: merged([...free, ...idle], enteredAt, exitedAt), notes }
}

/** The station holding the energy back is none of the driver's doing. */
function chargingOf(session: PricedSession, counts: 'charging' | 'plugged' = 'charging'): Stretch[] {
  if (counts === 'plugged') return [{ from: Date.parse(session.pluggedAt), to: Date.parse(session.unpluggedAt) }]
  return session.periods
    .filter(({ state }) => state === 'charging' || state === 'suspended_station')
    .map(({ from, to }) => ({ from: Date.parse(from), to: Date.parse(to) }))
}

/** In order and apart from each other, inside the stay. */
function merged(stretches: readonly Stretch[], start: number, end: number): Stretch[] {
  const result: Stretch[] = []
  const inside = stretches.map(({ from, to }) => ({ from: Math.max(from, start), to: Math.min(to, end) }))
  for (const each of inside.filter(({ from, to }) => from < to).sort((a, b) => a.from - b.from)) {
    const last = result.at(-1)
    if (last !== undefined && each.from <= last.to) last.to = Math.max(last.to, each.to)
    else result.push({ ...each })
  }
  return result
}
