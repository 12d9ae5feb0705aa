// Owns the choice between amperes and watts for a limit, by what the station takes, and the conversion where it takes one only.
// Must not send anything.
import type { AppliedProfile } from '../profile.ts'

export const rateUnitKey = 'ChargingScheduleAllowedChargingRateUnit'

/** What conversion assumes where nobody says better; the result of the command names it. */
const volts = 230
const defaultPhases = 3

export interface Rate {
  unit: 'A' | 'W'
  limit: number
  /** In words, where the limit was converted. */
  assumed?: string
}

type Units = 'A' | 'W' | 'any'

/** 9.4.2: a list of `Current` and `Power`; some stations list the units instead. Nothing readable allows both. */
function unitsIn(told: string | null | undefined): Units {
  const current = /\b(current|a|amps?|amperes?)\b/i.test(told ?? '')
  const power = /\b(power|w|watts?)\b/i.test(told ?? '')
  if (current === power) return 'any'
  return current ? 'A' : 'W'
}

/** Null when neither amps nor watts are given. What was given is kept where the station takes it. */
export function rateFor(
  given: { amps?: number; watts?: number; phases?: 1 | 3 },
  station: AppliedProfile,
  told: string | null | undefined,
): Rate | null {
  const { amps, watts, phases = defaultPhases } = given
  if (station.limitUnit !== 'any') station.used('limitUnit')
  const takes = station.limitUnit === 'any' ? unitsIn(told) : station.limitUnit
  if (amps !== undefined && (takes !== 'W' || watts === undefined)) {
    if (takes !== 'W') return { unit: 'A', limit: amps }
    return { unit: 'W', limit: amps * volts * phases, assumed: assumption(phases) }
  }
  if (watts === undefined) return null
  if (takes !== 'A') return { unit: 'W', limit: watts }
  return { unit: 'A', limit: watts / (volts * phases), assumed: assumption(phases) }
}

const assumption = (phases: number) => `${volts} V, ${phases} ${phases === 1 ? 'phase' : 'phases'}`
