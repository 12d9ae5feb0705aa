// Owns holding signed readings against the energy that was billed, with the reason in words.
// Must not correct either of them.
import { Decimal } from '../money.ts'
import type { OcmfReading } from './ocmf.ts'

export interface EnergyVerdict {
  /** End less begin, exact. */
  signedWh: string | null
  verdict: 'agrees' | 'differs' | 'incomplete' | 'none'
  explanation: string
}

const ends = new Set(['E', 'L', 'R', 'A', 'P'])

/** @param readings of one session, in order of time; the same reading may come in several records */
export function compareEnergy(readings: readonly OcmfReading[], billedWh: number): EnergyVerdict {
  if (readings.length === 0) return { signedWh: null, verdict: 'none', explanation: 'There are no signed readings.' }
  const begins = readings.filter(({ kind, energyWh }) => kind === 'B' && energyWh !== null)
  const finals = readings.filter(({ kind, energyWh }) => kind !== null && ends.has(kind) && energyWh !== null)
  const begin = begins[0]
  const end = finals.findLast(({ register }) => register === begin?.register)
  if (begin === undefined || end === undefined) {
    const lacking = [begin === undefined ? 'begin' : null, end === undefined ? 'end' : null].filter(
      (one) => one !== null,
    )
    const explanation = `A signed reading of the ${lacking.join(' and of the ')} is missing.`
    return { signedWh: null, verdict: 'incomplete', explanation }
  }
  const signed = new Decimal(end.energyWh ?? 0).minus(begin.energyWh ?? 0)
  const difference = signed.minus(billedWh)
  const doubts = [begin, end].flatMap(({ clock, errors }) => [
    ...(clock === 'S' ? [] : ['a clock was not synchronised']),
    ...(errors === '' ? [] : [`the meter flagged an error (${errors})`]),
  ])
  const doubt = doubts.length === 0 ? '' : ` But ${[...new Set(doubts)].join(', ')}.`
  const told = { signedWh: signed.toString() }
  if (difference.isZero())
    return { ...told, verdict: 'agrees', explanation: `Signed and billed energy are the same.${doubt}` }
  // Bills hold whole watt-hours, and readings of 1.6 stations often whole ones too.
  if (difference.abs().lt(1)) {
    return {
      ...told,
      verdict: 'agrees',
      explanation: `They differ by ${difference} Wh: bills hold whole watt-hours.${doubt}`,
    }
  }
  const more = difference.isPositive() ? 'more' : 'less'
  const explanation = `The signed readings say ${difference.abs()} Wh ${more} than was billed.${doubt}`
  return { ...told, verdict: 'differs', explanation }
}
