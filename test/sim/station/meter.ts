// Owns the arithmetic of a simulated meter: power that the car wants and the profiles allow, times time, is energy.
// Must not send anything.

import { limitW } from './charging-limit.ts'
import type { Core } from './core.ts'
import { registerWh } from './core.ts'
import type { Payload } from './options.ts'
import type { Evse } from './state.ts'

const volts = 230

export function powerNow(core: Core, evse: Evse): number {
  if (evse.transaction?.energising !== true) return 0
  if (core.quirks.ignoresProfiles === true) return evse.demandW
  return Math.max(0, Math.floor(Math.min(evse.demandW, limitW(core, evse, core.now()) ?? evse.demandW)))
}

/** Lets time pass for the registers. */
export function elapse(core: Core, seconds: number): void {
  for (const evse of core.state.evses) evse.registerWs += powerNow(core, evse) * Math.floor(seconds)
}

interface Reading {
  measurand: string
  value: number
  unit: string
}

export function readings(core: Core, evse: Evse): Reading[] {
  const power = powerNow(core, evse)
  const register = registerWh(core, evse)
  return [
    {
      measurand: 'Energy.Active.Import.Register',
      value: core.quirks.kwhAsWh === true ? register / 1000 : register,
      unit: 'Wh',
    },
    { measurand: 'Power.Active.Import', value: power, unit: 'W' },
    { measurand: 'Current.Import', value: Math.round((power / volts / 3) * 10) / 10, unit: 'A' },
    { measurand: 'Voltage', value: volts, unit: 'V' },
  ]
}

/** One sample as 1.6 (texts) or 2.x (numbers) has it. */
export function meterValue(core: Core, evse: Evse, context: string): Payload {
  return {
    timestamp: core.stamp(),
    sampledValue: readings(core, evse).map(({ measurand, value, unit }) =>
      core.v16
        ? { value: String(value), context, measurand, unit }
        : { value, context, measurand, unitOfMeasure: { unit } },
    ),
  }
}
