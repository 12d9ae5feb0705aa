// Owns how a car takes a given energy in a given time: full power, then a taper, in whole watt-hours that add up exactly.
// Must not know chargers, meters or messages.

export interface PowerCurve {
  /** How long power flows. */
  seconds: number
  /** Watt-hours delivered after `seconds` of charging; never falls, ends exactly at the whole energy. */
  deliveredAt(seconds: number): number
  powerAt(seconds: number): number
}

/** Share of the energy that is taken at falling power, and the power at the end against the beginning. */
const taperShare = 0.2
const finalPower = 0.3

/**
 * @param energyWh what the car takes, whole watt-hours
 * @param powerW what it would like to take
 * @param availableSeconds the time there is; power rises above the wish if the energy would not fit
 */
export function createPowerCurve(energyWh: number, powerW: number, availableSeconds: number): PowerCurve {
  const meanTaper = (1 + finalPower) / 2
  const hoursAt = (power: number) =>
    ((1 - taperShare) * energyWh) / power + (taperShare * energyWh) / (meanTaper * power)
  const hours = availableSeconds / 3600
  if (hoursAt(powerW) > hours) return flat(energyWh, availableSeconds)

  const full = (((1 - taperShare) * energyWh) / powerW) * 3600
  const taper = ((taperShare * energyWh) / (meanTaper * powerW)) * 3600
  const seconds = full + taper
  const powerAt = (at: number) => {
    if (at >= seconds) return 0
    if (at <= full) return Math.round(powerW)
    return Math.round(powerW * (1 - (1 - finalPower) * ((at - full) / taper)))
  }
  const exact = (at: number) => {
    if (at <= full) return (powerW * at) / 3600
    const into = at - full
    const slope = (1 - finalPower) / taper
    return (powerW * full) / 3600 + (powerW * (into - (slope * into * into) / 2)) / 3600
  }
  return {
    seconds,
    powerAt,
    deliveredAt: (at) => (at >= seconds ? energyWh : Math.min(energyWh, Math.floor(exact(Math.max(0, at))))),
  }
}

/** No time for a taper: the whole stay at the power that it takes. */
function flat(energyWh: number, seconds: number): PowerCurve {
  const powerW = (energyWh / seconds) * 3600
  return {
    seconds,
    powerAt: (at) => (at >= seconds ? 0 : Math.round(powerW)),
    deliveredAt: (at) => (at >= seconds ? energyWh : Math.floor((energyWh * Math.max(0, at)) / seconds)),
  }
}
