// Owns how the cameras of the benchmark misread: a matrix of their own for each, drawn from shapes of letters.
// Must not import what the matcher costs or classes are: a matcher that is tested on its own table proves nothing.
import type { PlateRead } from '../../../core/domain/link/index.ts'
import type { Chance } from './seeded.ts'

const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'
const digits = '0123456789'

/**
 * What dirt, frames, fonts and shadows make of a letter, with how much of that letter's errors it takes. Written from looking at plate
 * fonts (FE-Schrift, Mandatory, Penitentiary), and on purpose not the list of the matcher: some of these are in no class of it, and
 * the weights are skewed otherwise.
 */
const shapes: Readonly<Record<string, readonly (readonly [string, number])[]>> = {
  '0': [
    ['O', 5],
    ['D', 3],
    ['8', 1],
    ['C', 1],
  ],
  '1': [
    ['I', 5],
    ['7', 2],
    ['L', 1],
    ['T', 1],
  ],
  '2': [
    ['Z', 5],
    ['7', 1],
  ],
  '3': [
    ['8', 4],
    ['B', 1],
    ['9', 1],
  ],
  '4': [
    ['A', 3],
    ['1', 1],
  ],
  '5': [
    ['S', 5],
    ['6', 1],
  ],
  '6': [
    ['G', 3],
    ['8', 1],
    ['5', 1],
  ],
  '7': [
    ['1', 3],
    ['T', 2],
    ['Z', 1],
  ],
  '8': [
    ['B', 5],
    ['3', 2],
    ['6', 1],
  ],
  '9': [
    ['8', 1],
    ['G', 1],
    ['3', 1],
  ],
  A: [
    ['4', 2],
    ['R', 1],
  ],
  B: [
    ['8', 5],
    ['R', 1],
    ['3', 1],
  ],
  C: [
    ['G', 2],
    ['0', 1],
    ['O', 1],
  ],
  D: [
    ['0', 4],
    ['O', 3],
  ],
  E: [
    ['F', 3],
    ['B', 1],
  ],
  F: [
    ['P', 2],
    ['E', 2],
  ],
  G: [
    ['6', 3],
    ['C', 2],
    ['0', 1],
  ],
  H: [
    ['M', 1],
    ['N', 1],
    ['W', 1],
  ],
  I: [
    ['1', 6],
    ['T', 1],
    ['L', 1],
  ],
  J: [
    ['1', 1],
    ['U', 1],
  ],
  K: [
    ['X', 2],
    ['H', 1],
    ['R', 1],
  ],
  L: [
    ['1', 2],
    ['I', 1],
    ['E', 1],
  ],
  M: [
    ['N', 2],
    ['H', 2],
    ['W', 1],
  ],
  N: [
    ['M', 2],
    ['H', 1],
    ['W', 1],
  ],
  O: [
    ['0', 6],
    ['Q', 2],
    ['D', 2],
  ],
  P: [
    ['F', 2],
    ['R', 2],
  ],
  Q: [
    ['O', 4],
    ['0', 3],
  ],
  R: [
    ['P', 2],
    ['K', 1],
    ['A', 1],
  ],
  S: [
    ['5', 5],
    ['8', 1],
  ],
  T: [
    ['Y', 2],
    ['7', 2],
    ['1', 1],
  ],
  U: [
    ['V', 2],
    ['J', 1],
    ['0', 1],
  ],
  V: [
    ['Y', 2],
    ['U', 2],
    ['W', 1],
  ],
  W: [
    ['VV', 2],
    ['M', 1],
    ['H', 1],
  ],
  X: [
    ['K', 2],
    ['Y', 1],
  ],
  Y: [
    ['V', 3],
    ['T', 2],
  ],
  Z: [
    ['2', 5],
    ['7', 1],
  ],
}

export type Camera = (plate: string, at: Date) => PlateRead

/**
 * One camera. Of its misreads about two of three follow its own matrix, one in seven loses a character, one in twenty-five makes one up,
 * the rest are anything; one of eight misreads has two errors. Some cameras guess again, and are then right half of the time.
 */
export function camera(lane: string, errors: number, { happens, next, pick, below, char }: Chance): Camera {
  const guesses = happens(0.4)
  const tilt = new Map<string, number>()
  const weightOf = (pair: string, weight: number) => {
    const known = tilt.get(pair) ?? weight * (0.3 + 1.7 * next())
    tilt.set(pair, known)
    return known
  }
  const confused = (is: string): string => {
    const choices = (shapes[is] ?? []).map(([as, weight]) => [as, weightOf(is + as, weight)] as const)
    let roll = next() * choices.reduce((sum, [, weight]) => sum + weight, 0)
    for (const [as, weight] of choices) {
      roll -= weight
      if (roll <= 0) return as
    }
    return is
  }
  const spoilt = (text: string): string => {
    const at = below(text.length)
    const [before, is, after] = [text.slice(0, at), text.charAt(at), text.slice(at + 1)]
    const roll = next()
    if (roll < 0.68) return before + confused(is) + after
    if (roll < 0.82) return before + after
    if (roll < 0.86) return before + is + char(digits) + after
    return before + char(letters + digits) + after
  }
  return (plate, at) => {
    const wrong = happens(errors)
    let text = plate
    if (wrong) {
      text = spoilt(text)
      if (happens(0.125)) text = spoilt(text)
    }
    const confidence = text === plate ? 0.86 + 0.14 * next() : 0.62 + 0.38 * next()
    const second = pick([plate, spoilt(plate)])
    const candidates = guesses && text !== plate && second !== text ? [{ text: second, confidence: 0.5 }] : undefined
    return { text, at, lane, confidence, candidates }
  }
}
