// Owns what a simulated meter says at one instant, with the units and labels that its quirks make of it.
// Must not know frames or transactions.
import type { Reading } from './model.ts'
import type { Quirks } from './quirks.ts'

export interface Measurement {
  measurand: string
  value: number
  unit?: string
  phase?: string
}

/**
 * @param ordinal which sample of the transaction this is; mixed units alternate over it
 */
export function measurements(reading: Reading, quirks: Quirks, ordinal: number): Measurement[] {
  const out: Measurement[] = [energy(reading.registerWh, quirks, ordinal)]
  if (!quirks.omitPower) out.push({ measurand: 'Power.Active.Import', value: reading.powerW, unit: 'W' })
  const current = quirks.currentInMilliamps ? Math.round(reading.currentA * 1000) : reading.currentA
  const currentUnit = quirks.currentInMilliamps ? 'mA' : 'A'
  if (quirks.totalCurrentOnly) out.push({ measurand: 'Current.Import', value: current, unit: currentUnit })
  else {
    out.push({ measurand: 'Current.Import', value: current, unit: currentUnit, phase: 'L1' })
    out.push({ measurand: 'Voltage', value: reading.voltageV, unit: 'V', phase: 'L1-L2' })
  }
  if (reading.soc !== undefined) out.push({ measurand: 'SoC', value: reading.soc, unit: 'Percent' })
  if (quirks.temperature) out.push({ measurand: 'Temperature', value: 31, unit: quirks.temperature })
  if (quirks.frequency) out.push({ measurand: 'Frequency', value: 60, unit: quirks.frequency })
  return out
}

function energy(registerWh: number, quirks: Quirks, ordinal: number): Measurement {
  const measurand = 'Energy.Active.Import.Register'
  const inKwh =
    quirks.energy === 'kWhAsWh' || quirks.energy === 'kWhNoUnit' || (quirks.energy === 'mixed' && ordinal % 2 === 1)
  const value = inKwh ? registerWh / 1000 : registerWh
  return quirks.energy === undefined || quirks.energy === 'kWhAsWh'
    ? { measurand, value, unit: 'Wh' }
    : { measurand, value }
}

/** OCPP 1.6 section 7.43: the value is text, the unit a word beside it. */
export function sampledValues16(list: readonly Measurement[], context: string, quirks: Quirks): unknown[] {
  if (quirks.emptySampledValue) return []
  return list.map((m) => ({
    value: quirks.numericValues ? m.value : String(m.value),
    ...contextOf(context, quirks),
    measurand: m.measurand,
    ...(m.phase ? { phase: m.phase } : {}),
    ...(m.unit ? { unit: m.unit } : {}),
  }))
}

/** OCPP 2.0.1 part 2, SampledValueType: the value is a number, the unit an object. */
export function sampledValues201(list: readonly Measurement[], context: string, quirks: Quirks): unknown[] {
  if (quirks.emptySampledValue) return []
  return list.map((m) => ({
    value: m.value,
    ...contextOf(context, quirks),
    measurand: m.measurand,
    ...(m.phase ? { phase: m.phase } : {}),
    ...(m.unit ? { unitOfMeasure: { unit: m.unit } } : {}),
  }))
}

function contextOf(context: string, quirks: Quirks): { context?: string } {
  if (quirks.context === 'none') return {}
  return { context: quirks.context ?? context }
}
