// Owns the energy of one transaction: the sum of plausible positive steps of its import register.
// Must not trust any single reading: registers reset, lie at the beginning, and change scale (catalogue M4-M9, X6).

import type { RegisterKind } from '../station-model.ts'

/** One register reading; `wh` is an integer. */
export interface RegisterReading {
  at: Date
  wh: number
  /** The same register if its number was meant in kWh (catalogue M4, X6). */
  ifKwhWh?: number
  /** Power at that instant, where it was measured. */
  powerW?: number
}

/** A reading without the fields that are not known. */
export function readingOf(at: Date, wh: number, ifKwhWh: number | null, powerW: number | null): RegisterReading {
  return { at, wh, ...(ifKwhWh === null ? {} : { ifKwhWh }), ...(powerW === null ? {} : { powerW }) }
}

export interface RegisterState {
  energyWh: number
  /** Last reading that the sum rests on. */
  base: RegisterReading | null
  /** A reading that did not fit: an outlier if the next one fits `base` again, a new beginning if the next one fits this. */
  doubtful: RegisterReading | null
  /** Catalogue-style reasons met so far. */
  flags: readonly RegisterFlag[]
}

export type RegisterFlag =
  | 'register_restarted'
  | 'register_reset'
  | 'implausible_step'
  | 'kwh_labelled_wh'
  | 'scale_doubtful'
  | 'clock_set_back'

export const emptyRegister: RegisterState = { energyWh: 0, base: null, doubtful: null, flags: [] }

/** How the register of this model counts; left out, it goes on for ever (catalogue M5, M6). */
export interface RegisterRule {
  kind: RegisterKind
  /** When the transaction began: a register of the session counts from there. */
  since: Date
}

/** Power assumed for a station that told nothing: above the largest connector on the market, below a lifetime register's jump. */
export const assumedMaxPowerW = 400_000

// Meters round to whole kWh at worst and clocks of meter and charger differ by seconds: one kWh and two minutes of slack
// never matter for money on top of real energy, yet a lifetime register (M6, M7) is thousands of kWh away.
const slackWh = 1_000
export const slackMs = 120_000

/** Most energy that can have flowed between two readings. */
function plausibleWh(from: RegisterReading, to: RegisterReading, maxPowerW: number): number {
  const ms = Math.max(0, to.at.getTime() - from.at.getTime()) + slackMs
  return Math.ceil((maxPowerW * ms) / 3_600_000) + slackWh
}

/** Whether so much can have flowed between the two. */
export function fits(from: RegisterReading, to: RegisterReading, maxPowerW: number): boolean {
  return to.wh >= from.wh && to.wh - from.wh <= plausibleWh(from, to, maxPowerW)
}

function withFlag(flags: readonly RegisterFlag[], flag: RegisterFlag): readonly RegisterFlag[] {
  return flags.includes(flag) ? flags : [...flags, flag]
}

/**
 * Adds the next reading in time order.
 * @param maxPowerW rated power of the EVSE in watts
 */
export function addReading(
  state: RegisterState,
  reading: RegisterReading,
  maxPowerW: number,
  rule?: RegisterRule,
): RegisterState {
  const { base, doubtful } = state
  if (base === null) {
    const counts = rule?.kind === 'session' && reading.wh > 0 && fits({ at: rule.since, wh: 0 }, reading, maxPowerW)
    return counts ? restarted({ ...state, energyWh: reading.wh, base: reading }) : { ...state, base: reading }
  }
  if (fits(base, reading, maxPowerW)) {
    return { ...state, energyWh: state.energyWh + (reading.wh - base.wh), base: reading, doubtful: null }
  }
  if (doubtful !== null && fits(doubtful, reading, maxPowerW)) {
    const after = { ...state, energyWh: state.energyWh + (reading.wh - doubtful.wh), base: reading, doubtful: null }
    // It began anew at zero, so what it shows since then has flowed, too.
    return restarts(rule, base, doubtful, maxPowerW)
      ? restarted({ ...after, energyWh: after.energyWh + doubtful.wh })
      : after
  }
  if (restarts(rule, base, reading, maxPowerW)) return { ...state, doubtful: reading }
  const flag = reading.wh < base.wh ? 'register_reset' : 'implausible_step'
  return { ...state, doubtful: reading, flags: withFlag(state.flags, flag) }
}

function restarts(
  rule: RegisterRule | undefined,
  base: RegisterReading,
  low: RegisterReading,
  maxPowerW: number,
): boolean {
  if (rule === undefined || rule.kind === 'lifetime' || low.wh >= base.wh) return false
  return fits({ at: base.at, wh: 0 }, low, maxPowerW)
}

function restarted(state: RegisterState): RegisterState {
  return { ...state, flags: withFlag(state.flags, 'register_restarted') }
}

/** Time order; readings of one instant by value, so that the result does not depend on how they arrived. */
export function compareReadings(a: RegisterReading, b: RegisterReading): number {
  return a.at.getTime() - b.at.getTime() || a.wh - b.wh
}

export interface SummedReadings {
  state: RegisterState
  /** Each reading that the sum rests on, with the energy up to it. */
  points: { at: Date; energyWh: number }[]
}

/**
 * Energy of a set of readings, in whatever order they are given. Where numbers look like kWh under the label Wh, both meanings
 * are summed, and the one stands that the register's own steps and the measured power bear out.
 */
export function sumReadings(
  readings: readonly RegisterReading[],
  maxPowerW: number,
  rule?: RegisterRule,
): SummedReadings {
  const sorted = [...readings].sort(compareReadings)
  const asSaid = fold(sorted, maxPowerW, rule)
  if (!sorted.some((r) => r.ifKwhWh !== undefined)) return asSaid
  const asKwh = fold(sorted.map((r) => ({ at: r.at, wh: r.ifKwhWh ?? r.wh })).sort(compareReadings), maxPowerW, rule)
  const choice = meant(asSaid.state, asKwh.state, powerEnergyWh(sorted))
  return choice === 'kwh'
    ? flagged(asKwh, 'kwh_labelled_wh')
    : choice === 'wh'
      ? asSaid
      : flagged(asSaid, 'scale_doubtful')
}

function fold(sorted: readonly RegisterReading[], maxPowerW: number, rule: RegisterRule | undefined): SummedReadings {
  let state = emptyRegister
  const points: { at: Date; energyWh: number }[] = []
  let before: RegisterReading | null = null
  for (const reading of sorted) {
    // What is told twice is no second witness of a doubtful reading.
    if (before !== null && compareReadings(before, reading) === 0) continue
    before = reading
    state = addReading(state, reading, maxPowerW, rule)
    if (state.base === reading) points.push({ at: reading.at, energyWh: state.energyWh })
  }
  return { state, points }
}

function flagged(sum: SummedReadings, flag: RegisterFlag): SummedReadings {
  return { ...sum, state: { ...sum.state, flags: withFlag(sum.state.flags, flag) } }
}

/** Energy by the measured power, in Wh; null when power was never measured. Good to a factor of two, which is all it is asked. */
function powerEnergyWh(sorted: readonly RegisterReading[]): number | null {
  let wh: number | null = null
  let before: { at: number; powerW: number } | null = null
  for (const { at, powerW } of sorted) {
    if (powerW === undefined) continue
    const now = at.getTime()
    if (before !== null) wh = (wh ?? 0) + ((before.powerW + powerW) / 2) * ((now - before.at) / 3_600_000)
    before = { at: now, powerW }
  }
  return wh
}

function meant(asSaid: RegisterState, asKwh: RegisterState, byPowerWh: number | null): 'wh' | 'kwh' | 'unknown' {
  const [saidFits, kwhFits] = [asSaid, asKwh].map((s) => s.flags.every((flag) => flag === 'register_restarted'))
  if (saidFits !== kwhFits) return saidFits ? 'wh' : 'kwh'
  if (byPowerWh === null || byPowerWh < 50) return asKwh.energyWh === asSaid.energyWh ? 'wh' : 'unknown'
  // A thousandfold apart: whichever is nearer on a logarithmic scale.
  const apart = (s: RegisterState) => Math.abs(Math.log((s.energyWh + 1) / byPowerWh))
  return apart(asKwh) < apart(asSaid) ? 'kwh' : 'wh'
}
