// Owns one card as one reader wrote it, while it is not known yet how that reader writes.
// Must not interpret it; profile-forms.ts tries.
import { encodingOf } from './card-readings.ts'
import type { DecodeProfile } from './decode-profile.ts'

export interface ShownCard {
  raw: string
  encoding?: string | undefined
  bitLength?: number | undefined
}

/** What the reader itself says its texts are; null when it says nothing, or not the same of all. */
export function statedAlphabet(cards: readonly ShownCard[]): DecodeProfile['alphabet'] | null {
  const stated = new Set(cards.map((card) => encodingOf(card)))
  const [only] = stated
  if (stated.size !== 1) return null
  switch (only) {
    case 'hex':
    case 'wiegand':
      return 'hex'
    case 'dec':
      return 'dec'
    case 'decconcat':
      return 'decConcat'
    case 'facilitycard':
      return 'facilityCard'
    default:
      return null
  }
}
