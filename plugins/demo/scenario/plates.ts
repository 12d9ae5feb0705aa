// Owns number plates of the simulated cars and what cameras make of them.
// Must not know drivers or stays.
import type { Random } from '../random.ts'

/** Classes of characters that readers take for one another (Genetec's published OCR equivalence). */
const classes = ['0ODQ', '1I', '2Z', '5S', '8B', '6G']
/** Weaker pairs from a published fuzzy table, for plates without any of the above. */
const near = ['EF', 'FP', 'KX', 'HM', 'TY', 'VY']

const letters = 'ABCDEFGHJKLMNPRSTUVWXYZ'

/** California's form since 1980: digit, three letters, three digits. */
export function createPlates(random: Random): () => string {
  const seen = new Set<string>()
  return () => {
    for (;;) {
      const letter = () => letters[random.int(0, letters.length - 1)] ?? 'A'
      const plate = `${random.int(4, 9)}${letter()}${letter()}${letter()}${String(random.int(0, 999)).padStart(3, '0')}`
      // Two plates that one misread could swap would make truth itself doubtful; such pairs are made on purpose elsewhere.
      if (seen.has(confusionKey(plate))) continue
      seen.add(confusionKey(plate))
      return plate
    }
  }
}

/** The same for all plates that a camera may take for one another. */
function confusionKey(plate: string): string {
  return [...plate].map((char) => classes.find((group) => group.includes(char))?.[0] ?? char).join('')
}

/** The plate with one character taken for a similar one. */
export function misread(plate: string, random: Random): string {
  const options = similarAt(plate, classes)
  const found = options.length > 0 ? options : similarAt(plate, near)
  if (found.length === 0) return `${plate.slice(0, -1)}${plate.at(-1) === '1' ? '7' : '1'}`
  const { index, char } = random.pick(found)
  return `${plate.slice(0, index)}${char}${plate.slice(index + 1)}`
}

function similarAt(plate: string, groups: readonly string[]): { index: number; char: string }[] {
  return [...plate].flatMap((char, index) =>
    groups
      .filter((group) => group.includes(char))
      .flatMap((group) => [...group].filter((other) => other !== char).map((other) => ({ index, char: other }))),
  )
}
