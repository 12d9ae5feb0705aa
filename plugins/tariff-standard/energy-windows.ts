// Owns how much of a session's energy was taken in which price window.
// Must not create or lose a watt-hour: cumulative energy is rounded at each change of price.
import { type LocalWindow, localSegments, type PricedSession, windowAt } from '../../core/plugin/index.ts'

export interface EnergyShare {
  /** Index of the window; -1: none. */
  window: number
  energyWh: number
  /** Some of it was measured across a change of price. */
  shared: boolean
}

/**
 * @param session its periods in order of time
 * @returns a share for each window with energy, and always at least one
 */
export function energyByWindow(session: PricedSession, zone: string, windows: readonly LocalWindow[]): EnergyShare[] {
  if (windows.length === 0) return [{ window: -1, energyWh: session.energyWh, shared: false }]
  const shares = new Map<number, EnergyShare>()
  const add = (window: number, energyWh: number, shared: boolean) => {
    const share = shares.get(window) ?? { window, energyWh: 0, shared: false }
    shares.set(window, { window, energyWh: share.energyWh + energyWh, shared: share.shared || shared })
  }
  const place = (from: number, to: number, energyWh: number) => {
    if (energyWh === 0) return
    if (to <= from) return add(windowAt(from, zone, windows), energyWh, false)
    const segments = localSegments(from, to, zone, windows)
    let counted = 0
    for (const segment of segments) {
      const upTo = segment.to === to ? energyWh : shareOf(energyWh, segment.to - from, to - from)
      if (upTo > counted) add(segment.window, upTo - counted, segments.length > 1)
      counted = upTo
    }
  }
  let known = 0
  for (const period of session.periods) {
    known += period.energyWh
    place(Date.parse(period.from), Date.parse(period.to), period.energyWh)
  }
  // Energy that no period holds is known for the session only.
  place(Date.parse(session.startedAt), Date.parse(session.endedAt), session.energyWh - known)
  if (shares.size === 0) add(windowAt(Date.parse(session.startedAt), zone, windows), 0, false)
  return [...shares.values()].sort((a, b) => a.window - b.window)
}

/** energy × part / whole, half up, in integers: milliseconds times watt-hours outgrow a double. */
function shareOf(energyWh: number, part: number, whole: number): number {
  return Number((2n * BigInt(energyWh) * BigInt(part) + BigInt(whole)) / (2n * BigInt(whole)))
}
