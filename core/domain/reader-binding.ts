// Owns what a read means where its reader stands: in, out, by, against the lane, and whether two reads are one arrival.
// Must not look anything up.
import { countriesConflict, normalisePlate, plateDistance, unknownCountry } from './credential/index.ts'
import type { PlateRead } from './reader.ts'

export type ReaderRole = 'entry' | 'exit' | 'both' | 'zone' | 'bay'
/** `evidence`: a parking system runs the gate. `passes`: no gate, the read is the passage. `asks`: the read asks the gate. */
export type PassagePolicy = 'evidence' | 'passes' | 'asks'

export type ReadMeaning =
  | { kind: 'passage'; direction: 'entry' | 'exit' | 'internal' }
  | { kind: 'bay' }
  /** The car moved the other way: the payload may veto the lane, never overrule it. */
  | { kind: 'against' }
  /** A lane for both directions, and the camera does not tell which way. */
  | { kind: 'undirected' }

/** Research 3.2: direction is a property of the lane binding. `reversed` is for a camera that sees cars from behind. */
export function meaningOf(role: ReaderRole, reversed: boolean, movement: PlateRead['movement']): ReadMeaning {
  if (role === 'bay') return { kind: 'bay' }
  if (role === 'zone') return { kind: 'passage', direction: 'internal' }
  const shown = movement === undefined ? undefined : reversed ? opposite[movement] : movement
  if (role === 'both') {
    if (shown === undefined) return { kind: 'undirected' }
    return { kind: 'passage', direction: shown === 'towards' || shown === 'in' ? 'entry' : 'exit' }
  }
  const against = shown === 'away' || shown === (role === 'entry' ? 'out' : 'in')
  return against ? { kind: 'against' } : { kind: 'passage', direction: role }
}

const opposite = { towards: 'away', away: 'towards', in: 'out', out: 'in' } as const

/** One look-alike (a quarter each) or two swaps within an OCR class: further apart it is rather the next car. */
const oneCarWithin = 0.5

/** Whether two reads at one place within moments can be the same plate. */
export function samePlate(a: { text: string; country?: string }, b: { text: string; country?: string }): boolean {
  const [one, other] = [normalisePlate(a.text, a.country), normalisePlate(b.text, b.country)]
  if (one.outcome !== 'plate' || other.outcome !== 'plate') return false
  if (countriesConflict(one.country, other.country)) return false
  return plateDistance(one.text, other.text) <= oneCarWithin
}

/** Text to search plates by; null when it is none. */
export function plateText(text: string, country?: string): string | null {
  const reading = normalisePlate(text, country === undefined ? unknownCountry : country)
  return reading.outcome === 'plate' ? reading.text : null
}
