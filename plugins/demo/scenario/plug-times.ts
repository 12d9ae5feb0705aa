// Owns when each cable really went in and out, inside the 5-minute rounding of the data.
// Must not move a time by more than that rounding, nor let two cars share one cable.
import type { Random } from '../random.ts'
import type { AcnSession } from './acn.ts'

export interface PlugTime {
  session: AcnSession
  pluggedAt: Date
  unpluggedAt: Date
}

const second = 1000
/** Half of the data's rounding step. */
const roundingMs = 150 * second
/** Above this mean power the rounding must have cut the session short: 32 A at 208 V is 6.66 kW. */
const busyW = 6000
/** Between one car's leaving the bay and the next one's plugging in. */
const turnaroundMs = 150 * second

export function plugTimes(sessions: readonly AcnSession[], random: Random): PlugTime[] {
  const byStation = new Map<string, AcnSession[]>()
  for (const session of sessions)
    byStation.set(session.stationId, [...(byStation.get(session.stationId) ?? []), session])
  const out: PlugTime[] = []
  for (const list of byStation.values()) {
    list.sort((a, b) => a.arrival.getTime() - b.arrival.getTime())
    for (const [i, session] of list.entries()) {
      const hours = (session.departure.getTime() - session.arrival.getTime()) / 3_600_000
      const tight = session.energyWh / hours > busyW
      const next = list[i + 1]
      const afterTouch =
        out.at(-1)?.session.stationId === session.stationId &&
        out.at(-1)?.session.departure.getTime() === session.arrival.getTime()
      const beforeTouch = next?.arrival.getTime() === session.departure.getTime()
      const wander = () => random.int(-120, 120) * second
      const arrive = afterTouch ? turnaroundMs / 2 : tight ? -roundingMs : wander()
      const depart = beforeTouch ? -turnaroundMs / 2 : tight ? roundingMs : wander()
      out.push({
        session,
        pluggedAt: new Date(session.arrival.getTime() + arrive),
        unpluggedAt: new Date(session.departure.getTime() + depart),
      })
    }
  }
  return out.sort((a, b) => a.pluggedAt.getTime() - b.pluggedAt.getTime() || (a.session.id < b.session.id ? -1 : 1))
}
