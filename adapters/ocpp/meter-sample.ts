// Owns the gathering of single readings, taken at one instant in one context, into one sample of integer base units.
// Must not judge whether energy is plausible over time; the core knows the session.
import type { DeviceTime, MeterSample, SignedReading } from '../../core/plugin/index.ts'
import { sampleOf } from './deviations.ts'
import type { Reading } from './message.ts'
import { hasFraction, scaled } from './scaled-number.ts'
import { fits32 } from './whole-number.ts'

/** One sampled value in the words of the standard, with the defaults of the standard left out. */
export interface RawReading {
  /** The number as text, exactly as sent. */
  text: string
  measurand: string | undefined
  phase: string | undefined
  location: string | undefined
  unit: string | undefined
  /** Power of ten beside the unit (2.x `multiplier`). */
  multiplier: number
}

/** One quantity over the phases; `total` is what was sent without a phase. */
interface Phased {
  total: number | null
  phases: [number | null, number | null, number | null]
}

/** A sample in the making. */
export interface Draft {
  time: DeviceTime
  context: string
  quantities: Map<string, Phased>
  soc: string | null
  extra: Record<string, string> | null
  signed: SignedReading[]
  /** The import register, if its decimals mean that it counts kWh under the wrong label. */
  registerIfKwhWh: number | null
}

const contexts = new Map([
  ['Transaction.Begin', 'begin'],
  ['Transaction.End', 'end'],
  ['Sample.Periodic', 'periodic'],
  ['Sample.Clock', 'clock'],
  ['Interruption.Begin', 'interruption'],
  ['Interruption.End', 'interruption'],
  ['Trigger', 'trigger'],
])

export function neutralContext(context: string | undefined): string {
  return context === undefined ? 'periodic' : (contexts.get(context) ?? 'other')
}

/** Exponents from the sent unit to the base unit that is stored: Wh, W, mA, mV. Only the milli and mega forms depend on case. */
const toBase: Readonly<Record<string, ReadonlyMap<string, number>>> = {
  energy: new Map([
    ['Wh', 0],
    ['kWh', 3],
    ['mWh', -3],
    ['wh', 0],
    ['kwh', 3],
    ['mwh', 6],
  ]),
  power: new Map([
    ['W', 0],
    ['kW', 3],
    ['mW', -3],
    ['w', 0],
    ['kw', 3],
    ['mw', 6],
  ]),
  current: new Map([
    ['A', 3],
    ['a', 3],
    ['ma', 0],
    ['ka', 6],
  ]),
  voltage: new Map([
    ['V', 3],
    ['v', 3],
    ['mv', 0],
    ['kv', 6],
  ]),
}

/** The measurands that have a field of their own. Everything else is passed on as sent. */
const fields = new Map([
  ['Energy.Active.Import.Register', { quantity: 'energy', unit: 'Wh' }],
  ['Energy.Active.Export.Register', { quantity: 'energy', unit: 'Wh' }],
  ['Power.Active.Import', { quantity: 'power', unit: 'W' }],
  ['Current.Import', { quantity: 'current', unit: 'A' }],
  ['Voltage', { quantity: 'voltage', unit: 'V' }],
])

const importRegister = 'Energy.Active.Import.Register'
const exponents = new Map([
  [1, 0],
  [10, 1],
  [100, 2],
  [1000, 3],
])

const phaseIndex = new Map([
  ['L1', 0],
  ['L1-N', 0],
  ['L2', 1],
  ['L2-N', 1],
  ['L3', 2],
  ['L3-N', 2],
])

const aliases = new Map([
  ['c', 'Celsius'],
  ['°c', 'Celsius'],
  ['celcius', 'Celsius'],
])

function draft(time: DeviceTime, context: string): Draft {
  return { time, context, quantities: new Map(), soc: null, extra: null, signed: [], registerIfKwhWh: null }
}

export function putExtra(into: Draft, name: string, value: string): void {
  into.extra ??= {}
  // A null prototype is not needed: names come from enumerations or are prefixed, and `__proto__` is no measurand.
  if (name !== '__proto__') into.extra[name] = value
}

function extraName(raw: RawReading, measurand: string): string {
  const phase = raw.phase === undefined ? '' : `.${raw.phase}`
  const location = raw.location === undefined || raw.location === 'Outlet' ? '' : `@${raw.location}`
  return measurand + phase + location
}

function passOn(into: Draft, raw: RawReading, measurand: string, reading: Reading): void {
  let { unit } = raw
  const alias = unit === undefined ? undefined : aliases.get(unit.trim().toLowerCase())
  if (alias !== undefined) {
    reading.note('M15', unit)
    unit = alias
  }
  const tens = raw.multiplier === 0 ? '' : `e${raw.multiplier}`
  putExtra(into, extraName(raw, measurand), unit === undefined ? raw.text + tens : `${raw.text}${tens} ${unit}`)
}

/** The value in the base unit; null, with the reason noted, when the reading cannot be understood. */
function understood(into: Draft, raw: RawReading, measurand: string, reading: Reading): number | null {
  const field = fields.get(measurand)
  if (field === undefined) return null
  const unit = raw.unit ?? field.unit
  const exponent = toBase[field.quantity]?.get(unit) ?? toBase[field.quantity]?.get(unit.trim().toLowerCase())
  if (exponent === undefined) {
    reading.note('M16', `${measurand} in ${sampleOf(unit)}`)
    return null
  }
  const scale = measurand === importRegister ? (exponents.get(reading.profile.energyScale) ?? 0) : 0
  const value = scaled(raw.text, exponent + raw.multiplier + scale)
  // Energy is held in 64 bits, everything else in 32: two million kW, A or V are no reading.
  if (value === null || (field.quantity !== 'energy' && !fits32(value))) {
    reading.note('M21', `${measurand}: ${sampleOf(raw.text)}`)
    return null
  }
  if (field.quantity !== 'energy') return value
  if (value < 0) {
    reading.note('M9', raw.text)
    return null
  }
  if (scale !== 0) {
    reading.note('M4', raw.text)
    reading.profile.used('energyScale')
  } else if (measurand === importRegister && exponent === 0 && raw.multiplier === 0 && hasFraction(raw.text)) {
    // Meters count whole Wh; decimals under the label Wh are often kWh (M4, X6). The core knows the session and decides.
    if (value < 1000) reading.note('M4', raw.text)
    into.registerIfKwhWh = scaled(raw.text, 3)
  }
  return value
}

/** Exact text of a percentage; null for anything else, which no column takes. */
function percentOf({ text, multiplier }: RawReading): string | null {
  const plain = text.trim().replace(',', '.')
  return multiplier === 0 && /^\d{1,3}(\.\d{1,18})?$/.test(plain) ? plain : null
}

/** Adds one reading to the sample. What has no field of its own, or cannot be understood, is passed on as sent. */
export function addReading(into: Draft, raw: RawReading, reading: Reading): void {
  const measurand = raw.measurand ?? importRegister
  if (measurand === 'SoC') {
    const soc = percentOf(raw)
    if (soc !== null) into.soc = soc
    else {
      reading.note('M21', `${measurand}: ${sampleOf(raw.text)}`)
      passOn(into, raw, measurand, reading)
    }
    return
  }
  const value = understood(into, raw, measurand, reading)
  if (value === null) passOn(into, raw, measurand, reading)
  else place(into, raw, measurand, value, reading)
}

function place(into: Draft, raw: RawReading, measurand: string, value: number, reading: Reading): void {
  let phased = into.quantities.get(measurand)
  if (phased === undefined) {
    phased = { total: null, phases: [null, null, null] }
    into.quantities.set(measurand, phased)
  }
  const inlet = raw.location === 'Inlet'
  if (inlet) passOn(into, raw, measurand, reading)
  if (raw.phase === undefined) {
    // The outlet is what the driver pays for; the inlet counts only where nothing else was sent.
    if (!inlet || phased.total === null) phased.total = value
    return
  }
  const index = phaseIndex.get(raw.phase)
  if (!inlet) passOn(into, raw, measurand, reading)
  if (index !== undefined && (!inlet || phased.phases[index] === null)) phased.phases[index] = value
}

function sum(phased: Phased | undefined): number | null {
  if (phased === undefined) return null
  if (phased.total !== null) return phased.total
  const [a, b, c] = phased.phases
  return a === null && b === null && c === null ? null : (a ?? 0) + (b ?? 0) + (c ?? 0)
}

/** Current: the most loaded phase, which is what a breaker sees. */
function highest(phased: Phased | undefined): number | null {
  if (phased === undefined) return null
  if (phased.total !== null) return phased.total
  let most: number | null = null
  for (const each of phased.phases) if (each !== null && (most === null || each > most)) most = each
  return most
}

function first(phased: Phased | undefined): number | null {
  if (phased === undefined) return null
  return phased.total ?? phased.phases[0] ?? phased.phases[1] ?? phased.phases[2]
}

/** mV times mA is µW. */
const microwattsPerWatt = 1_000_000

function derivedPower(into: Draft): number | null {
  const current = into.quantities.get('Current.Import')
  const voltage = into.quantities.get('Voltage')
  const common = first(voltage)
  if (current === undefined || common === null) return null
  let power: number | null = null
  for (let i = 0; i < 3; i++) {
    const amps = current.phases[i] ?? null
    if (amps !== null) power = (power ?? 0) + amps * (voltage?.phases[i] ?? common)
  }
  power ??= current.total === null ? null : current.total * common
  return power === null ? null : Math.round(power / microwattsPerWatt)
}

export function finishSample(from: Draft, reading: Reading): MeterSample {
  const sample: MeterSample = { time: from.time, context: from.context }
  const held = (value: number | null, fits: (value: number) => boolean): value is number => {
    if (value === null) return false
    if (!fits(value)) reading.note('M21', String(value))
    return fits(value)
  }
  const register = sum(from.quantities.get(importRegister))
  if (held(register, Number.isSafeInteger)) sample.registerWh = register
  const sent = sum(from.quantities.get('Energy.Active.Export.Register'))
  if (held(sent, Number.isSafeInteger)) sample.exportWh = sent
  let power = sum(from.quantities.get('Power.Active.Import'))
  if (power === null && reading.profile.powerDerivation) {
    power = derivedPower(from)
    if (power !== null) {
      reading.note('M13')
      reading.profile.used('powerDerivation')
    }
  }
  // Phases that fit one by one may not fit together.
  if (held(power, fits32)) sample.powerW = power
  const current = highest(from.quantities.get('Current.Import'))
  if (current !== null) sample.currentMa = current
  const voltage = first(from.quantities.get('Voltage'))
  if (voltage !== null) sample.voltageMv = voltage
  if (from.soc !== null) sample.soc = from.soc
  if (from.extra !== null) sample.extra = from.extra
  if (from.signed.length > 0) sample.signed = from.signed
  if (from.registerIfKwhWh !== null) sample.registerIfKwhWh = from.registerIfKwhWh
  return sample
}

/** Collects readings of one instant, one draft per context (nearly always one). */
export function draftFor(drafts: Draft[], time: DeviceTime, context: string): Draft {
  for (const each of drafts) if (each.context === context) return each
  const fresh = draft(time, context)
  drafts.push(fresh)
  return fresh
}
